"""The trauma transfer to NUH (R-TRAUMA): one page, three steps, one button; then it watches until On IEP.

From opening to *Send* by keyboard alone: the numbers, Enter; Space for the right patient; Alt+T for today’s studies;
Alt+R, the report, Alt+C; Ctrl+Enter.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QLineEdit, QStackedWidget, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.exchange import StudyCriteria, TransferAssessment, TransferOrder
from iep_desktop.core.form_rules import Check, Verdict, block
from iep_desktop.core.identifiers import normalise_hospital_number
from iep_desktop.core.model import Node
from iep_desktop.core.queries import EchoResult, PacsStudy
from iep_desktop.core.transaction import Transaction
from iep_desktop.ui.create.asks import CreateDesk
from iep_desktop.ui.create.image_review import ImageReview
from iep_desktop.ui.create.studies_box import StudiesBox, ways_to_write
from iep_desktop.ui.create.trauma.header import TraumaHeader
from iep_desktop.ui.create.trauma.pathway import (
    NUH,
    Pathway,
    destination,
    not_found_yet,
    report_check,
    trauma_form,
)
from iep_desktop.ui.create.trauma.patient import PatientStep
from iep_desktop.ui.create.trauma.report import ReportStep
from iep_desktop.ui.create.trauma.side import TraumaSide
from iep_desktop.ui.create.trauma.step import Step
from iep_desktop.ui.create.trauma.watch import Watch
from iep_desktop.ui.disc_wizard.assessor import GateAsker
from iep_desktop.ui.disc_wizard.parts import Beside, FormField, column, scrolling
from iep_desktop.ui.services import StateStore
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import LinkButton
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.labels import Hairline
from iep_desktop.ui.worklist.texts import local
from iep_desktop.workers.queries import Queries

_STATE = "trauma/geometry"
_ONWARD = "Ticked images came from another hospital: why are they sent on? (§2.6c)"
_EMPTY = "They come with the patient: type the numbers and press Enter."


class TraumaWindow(QWidget):
    """`created` and `shown` carry a Transaction; `import_wanted` asks for the CD wizard."""

    created = Signal(object)
    shown = Signal(object)
    import_wanted = Signal()

    def __init__(
        self,
        desk: CreateDesk,
        queries: Queries,
        theme: Theme,
        state: StateStore,
        *,
        pathway: Pathway = NUH,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._desk, self._queries, self._theme, self._state = desk, queries, theme, state
        self._pathway, self._now = pathway, now
        self._sending = False
        self._node: Node | None = None
        self._node_check: Check | None = None
        self._order: TransferOrder | None = None
        self._facts = {
            "To": pathway.hospital,
            "Node": pathway.node,
            "From": "",
            "Priority": "Clinical Emergency",
        }
        name = f"Trauma transfer to {pathway.short_name}"
        self.setWindowTitle(name)
        self.setProperty("ground", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.header = TraumaHeader(name, theme, now)
        self.error = ErrorBanner(theme)
        self.patient = PatientStep(theme, desk.me.numbers)
        self.studies = StudiesBox(desk.transfers, queries, theme, _EMPTY)
        self.today = LinkButton("&Tick today’s", theme)
        self.review = ImageReview(desk, queries, theme, state)
        self.why = QLineEdit()
        self.onward = FormField(
            "Ticked images came from another hospital: why are they sent on? (§2.6c)", self.why, theme
        )
        self.report = ReportStep(desk.transfers, queries, theme)
        self.side = TraumaSide(f"&Send to {pathway.short_name} now", theme)
        self.watch = Watch(pathway.short_name, desk, queries, theme)
        self.gate = GateAsker[TransferOrder, TransferAssessment](desk.transfers, queries, self)
        self._lay_out()
        self._connect()
        self._ask_where()
        self._changed()

    # -- building

    def _lay_out(self) -> None:
        self._second = Step(2, "Studies", "only the relevant ones are sent (A4)", self._theme)
        self._second.head.addWidget(self.today)
        self._second.body.addWidget(self.studies)
        self._second.body.addWidget(self.review)
        self._second.body.addWidget(self.onward)
        steps = column(spacing=16, margins=(24, 16, 24, 16))
        for at, widget in enumerate((self.patient, self._second, self.report)):
            if at:
                steps.addWidget(Hairline())
            steps.addWidget(widget)
        steps.addStretch(1)
        inner = QWidget()
        inner.setLayout(steps)
        self._stack = QStackedWidget()
        self._stack.addWidget(Beside(scrolling(inner), self.side, 344, self._theme))
        self._stack.addWidget(self.watch)
        layout = column(self.header, self.error, self._stack, spacing=0)
        layout.setStretch(2, 1)
        self.setLayout(layout)
        self.resize(self._theme.sizes.of(1280), self._theme.sizes.of(800))
        geometry = self._state.load(_STATE)
        if geometry:
            self.restoreGeometry(QByteArray(geometry))
        self.patient.number.setFocus()

    def _connect(self) -> None:
        self.patient.find_wanted.connect(self._find)
        self.patient.changed.connect(self._identity_changed)
        self.patient.confirmed.connect(self._confirmed)
        self.studies.found.connect(self._found)
        self.studies.failed.connect(self._not_found)
        self.studies.changed.connect(self._changed)
        self.today.clicked.connect(self._tick_today)
        self.why.textEdited.connect(lambda _: self._changed())
        self.studies.viewed.connect(self.review.look_at)
        self.review.changed.connect(self._changed)
        self.report.changed.connect(self._changed)
        self.gate.changed.connect(self._refresh)
        self.side.sent.connect(self.send)
        self.side.disc_wanted.connect(self.import_wanted)
        self.side.opened.connect(self._open_earlier)
        self.watch.details_wanted.connect(self.shown)
        self.watch.another.connect(self.begin_again)
        self.watch.closed.connect(self.close)
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(key), self).activated.connect(self.send)

    # -- where it goes

    def _ask_where(self) -> None:
        desk, pathway = self._desk, self._pathway

        def question(_ctx: object) -> tuple[str, tuple[Node, ...], str]:
            return (
                desk.reading.hospital_name(pathway.hospital),
                desk.transfers.destinations(pathway.hospital),
                desk.gatekeeper.pacs_node("").name,
            )

        self._queries.ask(question, lambda answer: self._where_came(*answer), self._where_failed, owner=self)

    def _where_failed(self, error: IepError) -> None:
        self.error.show_error(error, "Try again", self._ask_where)

    def _where_came(self, name: str, gateways: tuple[Node, ...], pacs: str) -> None:
        self._node = destination(gateways, self._pathway)
        self._facts |= {"To": name, "Node": self._node.name if self._node else "none", "From": pacs}
        self.side.show_facts(self._facts)
        if self._node is not None:
            self._ask_whether_it_answers(self._node)
        self._changed()

    def _ask_whether_it_answers(self, node: Node) -> None:
        nodes = self._desk.nodes
        self._queries.ask(
            lambda ctx: nodes.echo(node, ctx), self._answers, lambda _: self._is_silent(node), owner=self
        )

    def _answers(self, echo: EchoResult) -> None:
        title, when = f"{echo.node} answers", local(self._now())
        self._node_check = Check("node", Verdict.MET, title, f"C-ECHO {when:%H:%M}", "R-TRAUMA", "A4")
        self._refresh()

    def _is_silent(self, node: Node) -> None:
        detail = "The images are sent as soon as it does."
        title = f"{node.name} does not answer"
        self._node_check = Check("node", Verdict.WARNS, title, detail, "R-TRAUMA", "A4")
        self._refresh()

    # -- step 1

    def _find(self) -> None:
        self.patient.show_found(None)
        form = trauma_form(self._pathway, self.patient.patient(), self._desk.me.user)
        self.studies.search(StudyCriteria(patient_ids=ways_to_write(form.patient.hospital_no)), form)
        self._changed()

    def _found(self) -> None:
        """PACS has answered: who it is stands in title size, and the keyboard is on the tick."""
        self.side.recommend_disc(False)
        found = self.studies.rows.studies
        if not found:
            self._changed()
            return
        self.patient.show_found(_theirs(found, self.patient.patient().hospital_no))
        form = trauma_form(self._pathway, self.patient.patient(), self._desk.me.user)
        self.studies.rows.judge_by(form)
        self.patient.right.setFocus(Qt.FocusReason.OtherFocusReason)
        self._changed()

    def _not_found(self, _error: IepError) -> None:
        """PACS is down: the modality's own disc is the way out (R-TRAUMA)."""
        self.side.recommend_disc(True)
        self.side.disc.setFocus()
        self._changed()

    def _identity_changed(self) -> None:
        """Other numbers: neither the patient nor the studies are theirs any more."""
        if self.patient.is_found or self.studies.is_searching:
            self.patient.show_found(None)
            self.studies.clear("The numbers are other ones now: press Enter to find the patient.")
        self._changed()

    def _confirmed(self, right: bool) -> None:
        self.patient.circle.set_done(right)
        self._changed()
        if right:
            self.studies.focus_first()

    # -- step 2

    def _tick_today(self) -> None:
        today = _today(self._now())
        self.studies.rows.tick(
            frozenset(s.study_uid for s in self.studies.rows.studies if s.study_date == today)
        )

    # -- what still blocks

    def order(self) -> TransferOrder:
        report = self.report.report()
        form = trauma_form(self._pathway, self.patient.patient(), self._desk.me.user, follows=report.follows)
        return TransferOrder(
            to=self._pathway.hospital,
            form=form,
            studies=self.studies.ticked,
            instances=self.review.instances,
            review=self.review.review,
            destination_node=self._node.name if self._node else "",
            onward_reason=self.why.text().strip(),
            attachments=self.report.attachments(),
            trauma=True,
            confirmed_patient=self.patient.is_confirmed,
        )

    def _changed(self) -> None:
        self._second.circle.set_done(bool(self.studies.ticked))
        self.onward.setVisible(bool(self.studies.ticked_foreign))
        to = (self._pathway.hospital, self._node.name if self._node else "")
        self.review.studies_are(self.studies.ticked, self.patient.patient(), to)
        self.today.setVisible(bool(self.studies.rows.studies))
        self._order = self.order() if self.patient.is_found else None
        self.gate.ask_about(self._order)
        self._refresh()

    def checks(self) -> tuple[Check, ...]:
        own = [check for check in (self._node_check,) if check]
        if self._order is None:
            return (not_found_yet(), *own)
        own.insert(0, report_check(self.report.report()))
        if self.report.documents.is_reading:
            own.append(block("reading", "A document is still being read", "R-TRAUMA", "A4", "Wait for it"))
        if self.review.leaves_out_all:
            own.append(block("images", "No image is ticked in the review", "R-TRAUMA", "A4", "Tick them"))
        if self.patient.is_confirmed:
            own.insert(0, Check("right", Verdict.MET, "Right patient confirmed", "", "R-TRAUMA", "A4"))
        answer = self.gate.answer_to(self._order)
        if answer is None:
            return tuple(own)
        if answer.pacs_error is not None:
            error = answer.pacs_error
            own.append(block("pacs", error.title, "R-TRAUMA", "A4", "Import the modality’s disc", error.hint))
        return (*(c for c in answer.gate.checks if not c.code.startswith("attachment-")), *own)

    @property
    def may_send(self) -> bool:
        answer = self.gate.answer_to(self._order)
        blocked = any(check.verdict is Verdict.BLOCKS for check in self.checks())
        return answer is not None and answer.gate.is_open and not blocked and not self._sending

    def _refresh(self) -> None:
        self.side.show_checks(self.checks())
        self.side.send.setEnabled(self.may_send)
        if self.gate.error is not None:
            self.error.show_error(self.gate.error, "Try again", self.gate.ask_again)

    # -- sending

    def send(self) -> None:
        order = self._order
        if order is None or not self.may_send:
            return
        self._sending = True
        self.error.clear()
        self._refresh()
        transfers = self._desk.transfers
        self._queries.ask(lambda ctx: transfers.create(order, ctx), self._sent, self._not_sent, owner=self)

    def _sent(self, transaction: Transaction) -> None:
        self._sending = False
        self.header.sent_at(transaction.created_at)
        self._stack.setCurrentWidget(self.watch)
        self.watch.begin(transaction)
        self.created.emit(transaction)

    def _not_sent(self, error: IepError) -> None:
        self._sending = False
        self.error.show_error(error, "Try again" if error.kind != "refused" else "", self.send)
        self.gate.ask_again()
        self._refresh()

    def begin_again(self) -> None:
        """The next patient: nothing of the one before stays."""
        self.watch.end()
        self.header.sent_at(None)
        self.error.clear()
        self.patient.clear()
        self.studies.clear()
        self.report.clear()
        self._stack.setCurrentIndex(0)
        self._changed()
        self.patient.number.setFocus()

    def _open_earlier(self, number: str) -> None:
        reading = self._desk.reading
        self._queries.ask(
            lambda _ctx: reading.transaction(number), self.shown.emit, self.error.show_error, owner=self
        )

    def closeEvent(self, event: QCloseEvent) -> None:
        self._state.save(_STATE, bytes(self.saveGeometry().data()))
        self.review.close_viewer()
        super().closeEvent(event)


def _today(now: datetime) -> date:
    """In the hospital's own time; the night is where it matters."""
    return local(now).date()


def _theirs(found: tuple[PacsStudy, ...], number: str) -> PacsStudy:
    """The study that tells who it is: one under the very number, where PACS gave others as well."""
    return next((s for s in found if normalise_hospital_number(s.patient_id) == number), found[0])
