"""The fields of one DICOM node, and Test: a C-ECHO whose failure is said in plain words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.evidence import CommitmentUse
from iep_desktop.core.job import Context
from iep_desktop.core.model import MOST_ASSOCIATIONS, Hospital, Node, NodeRole
from iep_desktop.core.queries import EchoResult
from iep_desktop.core.web_address import problem_of, web_node
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button
from iep_desktop.ui.widgets.errors import why_and_what_next
from iep_desktop.ui.widgets.field import Field, FieldGrid, Select
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import Label
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries

Echo = Callable[[Node, Context], EchoResult]
COMMITMENT: dict[str, object] = {
    "Where its report reaches us": CommitmentUse.AUTOMATIC,
    "Always": CommitmentUse.ALWAYS,
    "Off": CommitmentUse.OFF,
}
ROLES: dict[str, object] = {"PACS": NodeRole.PACS, "Gateway": NodeRole.GATEWAY}
ASSOCIATIONS: dict[str, object] = {
    "As many as pay": 0,
    **{str(number): number for number in range(1, MOST_ASSOCIATIONS + 1)},
}


class TestLine(QWidget):
    """A Test button and what came of it."""

    __test__ = False  # not a test, whatever its name

    def __init__(self, theme: Theme, text: str = "&Test") -> None:
        super().__init__()
        self.button = Button(text, theme, icon="plug")
        self._icon = IconLabel("", "text2", theme)
        self.words = Label("", "text2", wrap=True, selectable=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.button)
        row.addWidget(self._icon)
        row.addWidget(self.words, 1)
        self.clear()

    def clear(self) -> None:
        self._say("", "text2", "")

    def say_running(self) -> None:
        self.button.setEnabled(False)
        self._say("", "text2", "Testing…")

    def say_works(self, words: str) -> None:
        self._say("circle-check", "ok", words)

    def say_error(self, error: IepError) -> None:
        self._say(
            "circle-x", "danger", f"{error.title}. {why_and_what_next(error)}".replace("\n", " ").strip()
        )

    def _say(self, icon: str, tone: str, words: str) -> None:
        if words != "Testing…":
            self.button.setEnabled(True)
        self._icon.set(icon, tone)
        self._icon.setVisible(bool(icon))
        self.words.setText(words)
        self.words.set_tone(tone)


class NodeEditor(QWidget):
    """`edited` for every change. `node()` is None while a field is missing or wrong; the fields say which."""

    edited = Signal()

    def __init__(
        self,
        theme: Theme,
        queries: Queries,
        echo: Echo,
        *,
        hospitals: tuple[Hospital, ...] = (),
        role: NodeRole | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._queries, self._echo, self._role = queries, echo, role
        self._running: Running | None = None
        self._hospital_code = ""
        self.name, self.ae_title, self.host = QLineEdit(), QLineEdit(), QLineEdit()
        self.port, self.calling_ae = QLineEdit(), QLineEdit("IEPDESKTOP")
        self.rest_url = QLineEdit()
        self.rest_url.setPlaceholderText("http://host:8042, of a gateway that is an Orthanc")
        self.dicomweb = QLineEdit()
        self.dicomweb.setPlaceholderText(
            "https://host/dicom-web, where it speaks that: no AE title, host and port"
        )
        self.commitment = Select(COMMITMENT)
        self.role = Select(ROLES)
        self.hospital = Select({f"{hospital.name} ({hospital.ods})": hospital.ods for hospital in hospitals})
        self.tls = QCheckBox("T&LS")
        self.tls.setMinimumHeight(theme.sizes.field)  # level with the port beside it
        self.associations = Select(ASSOCIATIONS)
        self.test = TestLine(theme)
        self.test.button.clicked.connect(self.run_test)
        self._fields = {
            "name": Field("&Name", self.name, theme, mandatory=True),
            "ae_title": Field("A&E title", self.ae_title, theme, mandatory=True),
            "host": Field("H&ost or address", self.host, theme, mandatory=True),
            "port": Field("&Port", self.port, theme, mandatory=True),
            "calling_ae": Field("O&ur AE title", self.calling_ae, theme, mandatory=True),
            "rest_url": Field("&Web address, to delete what is to be purged", self.rest_url, theme),
            "dicomweb": Field("&DICOMweb address, instead of DIMSE", self.dicomweb, theme),
            "commitment": Field("&Storage commitment", self.commitment, theme),
            "associations": Field("&Associations at once", self.associations, theme),
            "role": Field("&What it is", self.role, theme),
            "hospital": Field("&Hospital", self.hospital, theme),
        }
        self._lay_out(with_hospital=bool(hospitals))
        self._connect()

    def _lay_out(self, *, with_hospital: bool) -> None:
        grid = FieldGrid()
        fields = self._fields
        grid.addWidget(fields["name"], 0, 0, 1, 2)
        if self._role is None:
            grid.addWidget(fields["role"], 0, 2, 1, 2)
        else:
            grid.addWidget(fields["ae_title"], 0, 2, 1, 2)
        if with_hospital:
            grid.addWidget(fields["hospital"], 1, 0, 1, 4)
        line = 2
        if self._role is None:
            grid.addWidget(fields["ae_title"], line, 0, 1, 2)
            grid.addWidget(fields["calling_ae"], line, 2, 1, 2)
            line += 1
        grid.addWidget(fields["host"], line, 0, 1, 2)
        grid.addWidget(fields["port"], line, 2)
        if self._role is None:
            grid.addWidget(self.tls, line, 3, Qt.AlignmentFlag.AlignBottom)
            grid.addWidget(fields["dicomweb"], line + 1, 0, 1, 4)
            grid.addWidget(fields["rest_url"], line + 2, 0, 1, 4)
            grid.addWidget(fields["associations"], line + 3, 0, 1, 2)
            grid.addWidget(fields["commitment"], line + 3, 2, 1, 2)
        else:
            grid.addWidget(fields["calling_ae"], line, 3)
            grid.addWidget(self.tls, line + 1, 0)
        for column in range(4):
            grid.setColumnStretch(column, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(grid)
        layout.addWidget(self.test)

    def _connect(self) -> None:
        for edit in (*self._of_dimse, self.name, self.rest_url, self.dicomweb):
            edit.textChanged.connect(lambda _: self._changed())
        self.commitment.currentIndexChanged.connect(lambda _: self._changed())
        self.role.currentIndexChanged.connect(lambda _: self._changed())
        self.hospital.currentIndexChanged.connect(lambda _: self._changed())
        self.associations.currentIndexChanged.connect(lambda _: self._changed())
        self.tls.toggled.connect(lambda _: self._changed())

    @property
    def _of_dimse(self) -> tuple[QLineEdit, ...]:
        """What a node that speaks DICOMweb has not."""
        return self.ae_title, self.host, self.port, self.calling_ae

    @property
    def _web(self) -> str:
        return self.dicomweb.text().strip()

    def _changed(self) -> None:
        for widget in (*self._of_dimse, self.tls, self.commitment):
            widget.setEnabled(not self._web)
        self.test.clear()
        self._show_problems(also_missing=False)
        self.edited.emit()

    # -- the node

    def set_hospital(self, ods: str) -> None:
        """The hospital, where there is no field for it."""
        self._hospital_code = ods

    def show_node(self, node: Node | None) -> None:
        """None empties the fields for a new one."""
        self.name.setText(node.name if node else "")
        dimse = node if node and not node.dicomweb else None
        self.ae_title.setText(dimse.ae_title if dimse else "")
        self.host.setText(dimse.host if dimse else "")
        self.port.setText(str(dimse.port) if dimse else "")
        self.calling_ae.setText(node.calling_ae if node else "IEPDESKTOP")
        self.rest_url.setText(node.rest_url if node else "")
        self.dicomweb.setText(node.dicomweb if node else "")
        self.commitment.set_value(node.commitment if node else CommitmentUse.AUTOMATIC)
        self.role.set_value(node.role if node else NodeRole.PACS)
        if node:
            self.hospital.set_value(node.hospital)
        self.tls.setChecked(node.tls if node else False)
        self.associations.set_value(node.associations if node else 0)
        self._show_problems(also_missing=False)
        self.test.clear()

    def node(self) -> Node | None:
        if self.problems():
            return None
        return replace(self._node(), associations=int(str(self.associations.value())))

    def _node(self) -> Node:
        role = self._role or NodeRole(str(self.role.value()))
        name, hospital = self.name.text().strip(), str(self.hospital.value() or self._hospital_code)
        if self._web:
            return web_node(name, role, hospital, self._web, rest_url=self.rest_url.text().strip())
        return Node(
            name,
            role,
            hospital,
            self.ae_title.text().strip(),
            self.host.text().strip(),
            int(self.port.text()),
            self.calling_ae.text().strip(),
            self.tls.isChecked(),
            self.rest_url.text().strip(),
            commitment=CommitmentUse(str(self.commitment.value())),
        )

    def problems(self) -> dict[str, str]:
        """What is missing or wrong, by field."""
        found = {} if self._web else self._dimse_problems()
        if not self.name.text().strip():
            found["name"] = "missing"
        if self._web and (problem := problem_of(self._web)):
            found["dicomweb"] = problem
        url = self.rest_url.text().strip()
        if url and not url.startswith(("http://", "https://")):
            found["rest_url"] = "begins with http:// or https://"
        return found

    def _dimse_problems(self) -> dict[str, str]:
        found = {
            name: "missing"
            for name in ("ae_title", "host", "port", "calling_ae")
            if not getattr(self, name).text().strip()
        }
        for name in ("ae_title", "calling_ae"):
            text = getattr(self, name).text().strip()
            if len(text) > 16 or "\\" in text or not text.isascii() or not text.isprintable():
                found[name] = "at most 16 characters"  # PS3.5 6.2, AE
        port = self.port.text().strip()
        if port and not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
            found["port"] = "1 to 65535"
        if any(c.isspace() for c in self.host.text().strip()):
            found["host"] = "no spaces"
        return found

    @property
    def is_empty(self) -> bool:
        return not any(
            edit.text().strip() for edit in (self.name, self.ae_title, self.host, self.port, self.dicomweb)
        )

    def _show_problems(self, *, also_missing: bool) -> None:
        problems = self.problems()
        for name, field in self._fields.items():
            problem = problems.get(name, "")
            field.set_error(problem if also_missing or problem != "missing" else "")

    # -- Test

    def run_test(self) -> None:
        node = self.node()
        self._show_problems(also_missing=True)
        if node is None:
            self.test.say_error(IepError("Fill in the red fields first"))
            return
        if self._running is not None:
            self._running.cancel()
        self.test.say_running()
        echo = self._echo
        self._running = self._queries.ask(
            lambda ctx: echo(node, ctx), self._answered, self.test.say_error, owner=self
        )

    def _answered(self, result: EchoResult) -> None:
        milliseconds = 1000 * (result.connect_seconds + result.echo_seconds)
        peer = f", {result.peer_version}" if result.peer_version else ""
        asked = "QIDO-RS" if self._web else "C-ECHO"
        self.test.say_works(f"Answers {asked} in {milliseconds:.0f} ms{peer}")
