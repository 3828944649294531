"""The window of the CD import: header, rail, pages, footer, and what they need of the desk.

Connects; the pages show and the case knows. Closing it loses nothing: what was typed is a draft, what was started is in
the ledger. Asks the desk only through `queries`, so that the loop is never blocked.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.medium import Drive, Finding, MediumPatient
from iep_desktop.core.model import Hospital
from iep_desktop.core.transaction import Details
from iep_desktop.settings import StateStore
from iep_desktop.ui.disc_wizard import drafts
from iep_desktop.ui.disc_wizard.assessor import Assessor
from iep_desktop.ui.disc_wizard.case import Case, Source, Step
from iep_desktop.ui.disc_wizard.draft_keeper import DraftKeeper, KeptDraft
from iep_desktop.ui.disc_wizard.exam_rows import KnownCode
from iep_desktop.ui.disc_wizard.focus import FocusKeeper
from iep_desktop.ui.disc_wizard.footer_bar import FooterBar
from iep_desktop.ui.disc_wizard.header_bar import HeaderBar
from iep_desktop.ui.disc_wizard.page import Page
from iep_desktop.ui.disc_wizard.page_call import CallPage
from iep_desktop.ui.disc_wizard.page_contents import ContentsPage
from iep_desktop.ui.disc_wizard.page_disc import DiscPage
from iep_desktop.ui.disc_wizard.page_go import GoPage
from iep_desktop.ui.disc_wizard.page_match import MatchPage
from iep_desktop.ui.disc_wizard.page_ris import RisPage
from iep_desktop.ui.disc_wizard.parts import column, row
from iep_desktop.ui.disc_wizard.previews import Previews
from iep_desktop.ui.disc_wizard.rail import Rail
from iep_desktop.ui.disc_wizard.reader import DiscReader
from iep_desktop.ui.disc_wizard.receipt import Receipt, receipt_of
from iep_desktop.ui.disc_wizard.starter import Starter
from iep_desktop.ui.disc_wizard.steps import step_views
from iep_desktop.ui.disc_wizard.tree_view import THUMBNAIL_PX
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.labels import Hairline
from iep_desktop.workers.queries import Queries

if TYPE_CHECKING:
    from iep_desktop.workers.desk import Desk

_STATE = "disc-wizard"
_ROOM_FOR_RAIL = 900


class DiscWizard(QWidget):
    """One case from the call to the start. A window of its own; several may be open, each with its own draft."""

    closed = Signal()
    import_started = Signal(object)  # Transaction

    def __init__(
        self, desk: Desk, queries: Queries, state: StateStore, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._desk = desk
        self._queries = queries
        self._state = state
        self._theme = theme
        self._hospital_names: dict[str, str] = {}
        self._offered: tuple[str, str] | None = None  # key and text of a draft that is offered
        self._finished = False
        self._resume_at: Step | None = None
        self.case = Case(desk.me.user, self, desk.me.numbers)
        self.reader = DiscReader(desk.discs, queries, self)
        self.assessor = Assessor(desk.imports, queries, self)
        self.starter = Starter(desk.imports, desk.reading, queries, self)
        self.drafts = DraftKeeper(desk.drafts, queries, self._draft_text, self)
        previews = Previews(desk.discs, queries, 2 * THUMBNAIL_PX, self)
        self.call = CallPage(theme, self.case)
        self.disc = DiscPage(theme, self.case)
        self.contents = ContentsPage(theme, self.case, self.reader, previews)
        self.match = MatchPage(theme, self.case, self.assessor)
        self.ris = RisPage(theme, self.case)
        self.go = GoPage(theme, self.case, self.assessor, self.starter, self._receipt)
        self.pages: dict[Step, Page] = {
            Step.CALL: self.call,
            Step.DISC: self.disc,
            Step.CONTENTS: self.contents,
            Step.MATCH: self.match,
            Step.RIS: self.ris,
            Step.GO: self.go,
        }
        self._step = Step.CALL
        self._lay_out()
        self._focus = FocusKeeper(self, self._first_focus)
        self._refresh_soon = QTimer(self)
        self._refresh_soon.setSingleShot(True)
        self._refresh_soon.setInterval(0)
        self._refresh_soon.timeout.connect(self._refresh)
        self._connect()
        self._ask_for_lists()
        self.show_step(Step.CALL)

    # --- building -----------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.setWindowTitle("Import CD")
        self.setProperty("ground", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.header = HeaderBar(self._theme)
        self.rail = Rail(self._theme)
        self.error = ErrorBanner(self._theme)
        self.footer = FooterBar(self._theme)
        self._stack = QStackedWidget()
        for page in self.pages.values():
            self._stack.addWidget(page)
        right = column(self.error, self._stack, self.footer, spacing=0)
        right.setStretch(1, 1)
        body = row(self.rail, Hairline(Qt.Orientation.Vertical), spacing=0)
        body.addLayout(right, 1)
        layout = column(self.header, spacing=0)
        layout.addLayout(body, 1)
        self.setLayout(layout)
        self.resize(1280, 800)
        geometry = self._state.load(_STATE)
        if geometry:
            self.restoreGeometry(geometry)

    def _connect(self) -> None:
        self.case.changed.connect(self._changed)
        for page in self.pages.values():
            page.go.connect(self.show_step)
            page.footer_changed.connect(self._refresh_soon.start)
            page.focus_let_go.connect(self._focus.let_go)
        self.footer.back.connect(self.go_back)
        self.footer.next.connect(self.go_on)
        self.rail.chosen.connect(self.show_step)
        self.header.close_asked.connect(self.close)
        self.call.draft_taken.connect(self._take_draft)
        self.call.draft_dropped.connect(self._drop_draft)
        self.call.file_chosen.connect(self._read_form)
        self.disc.source_chosen.connect(self._read)
        self.contents.read_again.connect(self._read_again)
        self.contents.eject_asked.connect(self._eject)
        self.reader.state_changed.connect(self._refresh_soon.start)
        self.reader.finished.connect(self._look_for_earlier)
        self.reader.finished.connect(self._resume)
        self.go.eject_asked.connect(self._eject)
        self.go.next_disc_asked.connect(self._next_disc)
        self.go.next_patient_asked.connect(self._next_patient)
        self.go.finished.connect(self.close)
        self.starter.created.connect(self._created)
        self.drafts.saved.connect(self._draft_saved)
        self.drafts.failed.connect(self._draft_failed)
        self._queries.drives_changed.connect(self.disc.show_drives)

    def _ask_for_lists(self) -> None:
        desk, ask = self._desk, self._queries.ask
        ask(lambda _: desk.reading.hospitals(), self._hospitals_came, owner=self)
        ask(lambda _: desk.reading.exam_codes(), self._exam_codes_came, owner=self)
        ask(lambda _: desk.imports.pacs_name(), self.go.set_pacs, owner=self)
        ask(lambda _: desk.discs.drives(), self._drives_came, owner=self)
        ask(lambda _: desk.drafts.list(drafts.KIND), self._drafts_came, owner=self)

    def _hospitals_came(self, hospitals: tuple[Hospital, ...]) -> None:
        self._hospital_names = {hospital.ods: hospital.name for hospital in hospitals}
        self.call.editor.set_hospitals(hospitals)
        self._refresh_soon.start()

    def _exam_codes_came(self, codes: tuple[KnownCode, ...]) -> None:
        self.call.editor.set_exam_codes(codes)

    def _drives_came(self, drives: tuple[Drive, ...]) -> None:
        self.disc.show_drives(drives)
        if self.case.source is not None and self.case.source.drive is None:
            self.case.put_in(
                self.disc.drive_at(self.case.source.path)
            )  # offered before the drives were known

    # --- going about --------------------------------------------------------------------------------------

    @property
    def step(self) -> Step:
        return self._step

    @property
    def page(self) -> Page:
        return self.pages[self._step]

    def show_step(self, step: Step) -> None:
        """Show a page and put the focus where its work begins."""
        self._step = Step(step)
        page = self.page
        self._stack.setCurrentWidget(page)
        self._refresh()
        page.enter()
        self._focus.let_go()
        self._focus.give()
        if self._step is not Step.CALL or not self.case.is_blank:
            self.drafts.note_change()

    def _first_focus(self) -> QWidget:
        return self.page.first_focus() or self.footer.next_button

    def go_back(self) -> None:
        if self._can_go_back:
            self.show_step(Step(self._step - 1))

    def go_on(self) -> None:
        """What Enter and the primary button do, where it is allowed."""
        if self.page.footer().next_enabled:
            self.page.next()

    @property
    def _can_go_back(self) -> bool:
        return self._step > Step.CALL

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.go_on()
            case Qt.Key.Key_Escape:
                self.close()
            case _:
                super().keyPressEvent(event)

    # --- showing ------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        self._refresh_soon.start()
        self.drafts.note_change()

    def _refresh(self) -> None:
        self._refresh_soon.stop()
        self.go.set_origin(self._hospital_names.get(self.case.text.hospital, ""))
        self.page.refresh()
        self.rail.show_views(step_views(self.case, self._step, self.reader, self.assessor))
        self._show_footer()
        self.header.show_case(self.case)
        self._focus.give()

    @property
    def refresh_is_due(self) -> bool:
        """Something changed that is not shown yet."""
        return self._refresh_soon.isActive()

    def _show_footer(self) -> None:
        held = self.footer.next_button.hasFocus()
        self.footer.show_footer(self.page.footer(), can_go_back=self._can_go_back)
        if held and not self.footer.next_button.isEnabled():
            # Else the focus would wander on to Close, and the next Enter would close the window.
            self._focus.let_go()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.rail.fold(self.width() < self._theme.sizes.of(_ROOM_FOR_RAIL))

    # --- the form's file ----------------------------------------------------------------------------------

    def look_for_forms_in(self, folder: str) -> None:
        self.call.form_folder = folder

    def _read_form(self, path: str) -> None:
        discs = self._desk.discs
        self._queries.ask(lambda _ctx: discs.form_text(path), self.call.fill_from, self._say, owner=self)

    # --- the disc -----------------------------------------------------------------------------------------

    def offer_disc(self, path: str) -> None:
        """The disc is known already: it is read while the form is typed."""
        self.case.set_source(Source(path, Path(path).name or path))
        self.contents.read(path)

    def _read(self, source: Source) -> None:
        self.case.set_source(source)
        self.show_step(Step.CONTENTS)
        self.contents.read(source.path)

    def _read_again(self) -> None:
        if self.case.source is not None:
            self.contents.read(self.case.source.path)

    def _look_for_earlier(self) -> None:
        """R-GATE-10: has this disc, or a study on it, been imported before?"""
        contents, imports = self.case.contents, self._desk.imports
        if contents is None:
            return

        def answered(findings: tuple[Finding, ...]) -> None:
            if self.case.contents is contents:
                self.case.set_earlier(findings)

        self._queries.ask(lambda _ctx: imports.already_imported(contents), answered, owner=self)

    def _eject(self) -> None:
        drive, discs = (self.case.source.drive if self.case.source else None), self._desk.discs
        if drive is None:
            return
        self._queries.ask(lambda _ctx: discs.eject(drive), lambda _: self._ejected(), self._say, owner=self)

    def _ejected(self) -> None:
        """Before the start the disc is given up; after it, what is needed has been copied."""
        if self.case.started_now is None:
            self.case.set_source(None)
            self.show_step(Step.DISC)

    def _say(self, error: IepError) -> None:
        self.error.show_error(error)

    # --- starting, and what comes after -------------------------------------------------------------------

    def _created(self, transaction: object) -> None:
        self.import_started.emit(transaction)
        self._finished = not self.case.patients_left

    def _next_disc(self) -> None:
        self.reader.cancel()
        self.starter.follow(None)
        self.case.next_disc()
        self._finished = False
        self.show_step(Step.DISC)

    def _next_patient(self, patient: MediumPatient) -> None:
        self.starter.follow(None)
        self.case.next_patient(patient)
        self.show_step(Step.CALL)

    def _receipt(self, details: Details) -> Receipt:
        sender = details.transaction.sender
        return receipt_of(details, self._hospital_names.get(sender, sender), self._desk.me.workstation)

    # --- drafts -------------------------------------------------------------------------------------------

    def _draft_text(self, now: datetime) -> str:
        return drafts.to_text(self.case, self._step, now)

    def _draft_saved(self, when: datetime) -> None:
        self.header.say_saved(f"Draft saved {when:%H:%M}")

    def _draft_failed(self, error: IepError) -> None:
        self.header.say_saved("Draft not saved", str(error))

    def _drafts_came(self, kept: tuple[KeptDraft, ...]) -> None:
        """The newest is offered, while nothing has been typed yet."""
        if not kept or not self.case.is_blank:
            return
        self._offered = (kept[0].key, kept[0].text)
        self.call.offer_draft(drafts.title(self._offered[1]))
        if self._step is Step.CALL:
            self.call.take.setFocus()

    def _take_draft(self) -> None:
        if self._offered is None:
            return
        key, text = self._offered
        self._offered = None
        self.call.offer_draft("")
        self.drafts.take_over(key)
        restored = drafts.restore(self.case, text)
        if restored.source is None:
            self.show_step(min(restored.step, Step.DISC))
            return
        self.case.put_in(self.disc.drive_at(restored.source.path))
        self._resume_at = restored.step
        self.contents.read(restored.source.path)
        self.show_step(min(restored.step, Step.CONTENTS))

    def _resume(self) -> None:
        """The disc of a draft has been read again: back to the page that it was left on."""
        step, self._resume_at = self._resume_at, None
        if step is not None and step > Step.CONTENTS and self._step is Step.CONTENTS:
            self.show_step(step)

    def _drop_draft(self) -> None:
        if self._offered is None:
            return
        (key, _), store = self._offered, self._desk.drafts
        self._offered = None
        self.call.offer_draft("")
        self._queries.ask(
            lambda _ctx: store.delete(drafts.KIND, key), lambda _: None, self._draft_failed, owner=self
        )
        self.call.editor.control("call_ref").setFocus()

    # --- closing ------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nothing is asked, because nothing is lost: the draft is kept, or, with all started, has served."""
        self.reader.cancel()
        self._state.save(_STATE, bytes(self.saveGeometry().data()))
        if self._finished:
            self.drafts.discard()
        elif not self.case.is_blank:
            self.drafts.save_now()
        self.closed.emit()
        event.accept()
