"""A hospital for tests: a profile with its ledger and PACS node, used through the real command line.

hospital = Hospital(tmp_path / "profile", orthanc.node)
hospital.admit(orthanc)                       # the form's patient is known to PACS
code, answer = hospital.import_(disc, form())
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication

from iep_desktop import cli, settings
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.dicom import scu
from iep_desktop.settings import Settings
from iep_desktop.workers.desk import Desk, open_desk
from tests.fakes.disc_builder import Disc, Patient, Series, Study, build_disc
from tests.fakes.instances import make_instance

ANNA = Patient()  # TESTING^ANNA, born 01/01/1980, the sender's number N9990001
S_NUMBER = "S999111"
FAST = Settings(
    user="operator",
    retry_limit=3,
    retry_first_seconds=0.05,
    retry_longest_seconds=0.1,
    connect_seconds=3.0,
    answer_seconds=5.0,
    lease_seconds=5.0,
    ledger_busy_seconds=2.0,
)


def form(**changes: Any) -> dict[str, Any]:
    """A complete import form for ANNA's CT of 10/01/2024; a dotted key changes one value inside."""
    document: dict[str, Any] = {
        "kind": "import",
        "call_ref": "06396375",
        "requester": {
            "name": "Consultant, respiratory",
            "email": "clinic@example.invalid",
            "phone": "x00000",
        },
        "patient": {
            "name": "TESTING^ANNA",
            "birth_date": "1980-01-01",
            "hospital_no": S_NUMBER,
            "nhs_no": "9990000018",
            "address": "12 Harbour Rd, LE99 9ZZ",
            "sex": "F",
        },
        "hospital": "RX1",
        "exams": [{"date": "2024-01-10", "modality": "CT", "description": "Head", "exam_code": "CSKUH"}],
        "priority": "Normal",
    }
    for key, value in changes.items():
        place, _, inner = key.partition("__")
        if inner:
            document[place][inner] = value
        else:
            document[place] = value
    return document


def ct_disc(root: Path, images: int = 3, **patient: Any) -> Disc:
    """ANNA's disc: one CT study with one series."""
    return build_disc(
        root, Patient(**{"studies": (Study(series=(Series("CT", images=images),)),), **patient})
    )


@dataclass
class Hospital:
    """One installation, by default without waiting long for anything."""

    root: Path
    node: Node
    settings: Settings = field(default=FAST)

    def __post_init__(self) -> None:
        settings.create_profile(self.root, self.settings)
        with self.desk() as desk:
            address = self.node.ae_title, self.node.host, self.node.port
            several = self.node.associations
            desk.nodes.add(Node("PACS", NodeRole.PACS, "RWE", *address, associations=several))

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        desk = open_desk(settings.open_profile(self.root))
        try:
            yield desk
        finally:
            desk.close()

    def admit(self, folder: Path, **elements: Any) -> None:
        """The form's patient has an earlier study on PACS, under our hospital number."""
        known = {
            "PatientID": S_NUMBER,
            "PatientName": "TESTING^ANNA",
            "PatientBirthDate": "19800101",
            "PatientSex": "F",
        }
        path = make_instance(folder / "earlier.dcm", **{**known, **elements})
        with scu.open_store(self.node, (), Context()) as session:
            assert session.store(path).stored

    def run(self, *arguments: str | Path) -> tuple[int, Any]:
        """A command in this process, which is quicker: exit code and its one JSON document."""
        _ = QApplication.instance() or QApplication([])  # the engine takes the one that is there
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = cli.main(self.command(*arguments)[3:], open_window=_no, draw_screens=_no, open_demo=_no)
        return code, _document(out.getvalue(), err.getvalue())

    def run_process(self, *arguments: str | Path, timeout: float = 60) -> tuple[int, Any]:
        """The same in a process of its own."""
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=timeout)
        return done.returncode, _document(done.stdout, done.stderr)

    def command(self, *arguments: str | Path) -> list[str]:
        front = [sys.executable, "-m", "iep_desktop", "--profile", str(self.root), "--json"]
        return [*front, *map(str, arguments)]

    def write_form(self, document: Any) -> Path:
        path = self.root / "form.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
        return path

    def import_(self, medium: Path, document: Any, *flags: str) -> tuple[int, Any]:
        return self.run("import", medium, "--form", self.write_form(document), "--wait", *flags)


def _document(out: str, err: str) -> Any:
    try:
        return json.loads(out)
    except ValueError:
        raise AssertionError(f"no JSON document: {out!r}\n{err}") from None


def _no(*_: Any) -> Any:
    raise AssertionError("no command opens this door")
