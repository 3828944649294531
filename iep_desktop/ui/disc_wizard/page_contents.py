"""Page 3, What is on it: the tree while it comes in, progress, disc health, and which series are wanted."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QStackedWidget, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.medium import MediumContents, MediumPatient, MediumSeries, MediumStudy, ReadingStep
from iep_desktop.core.viewing import ViewPatient
from iep_desktop.ui.disc_wizard.case import Case, Step
from iep_desktop.ui.disc_wizard.health import HealthAction, HealthLine, health_lines
from iep_desktop.ui.disc_wizard.health_view import HealthView
from iep_desktop.ui.disc_wizard.list_dialog import ListDialog
from iep_desktop.ui.disc_wizard.page import Act, Footer, Page
from iep_desktop.ui.disc_wizard.parts import Beside, FormField, ThemedIcon, column, row, scrolling
from iep_desktop.ui.disc_wizard.previews import Previews
from iep_desktop.ui.disc_wizard.reader import DiscReader
from iep_desktop.ui.disc_wizard.ticks import patient_key
from iep_desktop.ui.disc_wizard.tree_model import MediumModel
from iep_desktop.ui.disc_wizard.tree_view import MediumTree
from iep_desktop.ui.pace import several, show_count, show_size
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.bar import Bar
from iep_desktop.ui.widgets.buttons import LinkButton
from iep_desktop.ui.widgets.empty import EmptyState
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.labels import ElidedLabel, Label, Title

_SETTLE_MS = 30
ONLY_ASKED = "Only what the form asks for is ticked. Ticking more asks for a reason.  §2.7d"


class ContentsPage(Page):
    """`eject_asked` when the disc may go; `read_again` when the same disc is to be read once more.

    `view_wanted`: MediumContents, the ViewPatient of the form, and the Series Instance UID to begin with.
    """

    eject_asked = Signal()
    read_again = Signal()
    view_wanted = Signal(object, object, str)

    def __init__(self, theme: Theme, case: Case, reader: DiscReader, previews: Previews) -> None:
        super().__init__(case)
        self._theme = theme
        self._reader = reader
        self._previews = previews
        self._step: ReadingStep | None = None
        self.model = MediumModel(self)
        self.tree = MediumTree(self.model, theme)
        self.health = HealthView(theme)
        self.error = ErrorBanner(theme)
        self._subtitle = ElidedLabel("", "text2")
        self.progress = ReadingBar(theme)
        self.reason = QLineEdit()
        self.reason.setPlaceholderText("for example: comparison asked for by the consultant")
        self._reason_field = FormField(
            "&Reason for taking more than the form asks for (§2.7d)", self.reason, theme
        )
        self._note = row(ThemedIcon("info", "text2", theme), Label(ONLY_ASKED, "text2", wrap=True))
        self.view_button = LinkButton("&View images", theme, "image")
        self.view_button.setToolTip("Look at the chosen series (double click)")
        self._empty = EmptyState("disc-3", "Nothing has been read yet", "Go back and choose a disc.", theme)
        self._stack = QStackedWidget()
        self._stack.setMinimumHeight(theme.sizes.of(48))  # its empty text must not keep the window high
        self._look_soon = QTimer(self)  # while a person scrolls on, nothing is asked for
        self._look_soon.setSingleShot(True)
        self._look_soon.setInterval(_SETTLE_MS)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        head = row(Title("What is on it"), self._subtitle, spacing=24)
        head.setStretch(1, 1)
        self._stack.addWidget(self.tree)
        self._stack.addWidget(self._empty)
        main = column(spacing=12, margins=(24, 16, 24, 12))
        main.addLayout(head)
        for widget in (self.error, self.progress, self._stack, self._reason_field):
            main.addWidget(widget)
        main.setStretch(3, 1)
        self._note.setStretch(1, 1)
        self._note.addWidget(self.view_button)
        main.addLayout(self._note)
        left, side = QWidget(), QWidget()
        left.setLayout(main)
        side.setLayout(column(self.health, margins=(24, 20, 16, 16)))
        self.setLayout(column(Beside(left, scrolling(side), 312, self._theme)))

    def _connect(self) -> None:
        self._reader.stepped.connect(self._stepped)
        self._reader.finished.connect(self._finished)
        self._reader.failed.connect(self._failed)
        self._reader.state_changed.connect(self._state_changed)
        self._previews.arrived.connect(self.model.set_picture)
        self.tree.moved.connect(self._look_soon.start)
        self._look_soon.timeout.connect(lambda: self._previews.want(self.tree.in_sight()))
        self.model.tick_asked.connect(self._tick)
        self.tree.view_asked.connect(self._view)
        self.view_button.clicked.connect(lambda: self._view(self.tree.currentIndex()))
        self.reason.textEdited.connect(self.case.set_reason)
        self.health.asked.connect(self._health_asked)
        self.progress.pause.clicked.connect(self._pause)
        self.progress.cancel.clicked.connect(self._reader.cancel)

    # --- reading ------------------------------------------------------------------------------------------

    def read(self, path: str) -> None:
        self.error.clear()
        self._step = None
        self._previews.forget()
        self.model.show(None)
        self._reader.start(path)

    def _stepped(self, step: ReadingStep) -> None:
        self._step = step
        self.case.set_contents(step.contents, finished=False)
        self._previews.know(step.contents, finished=False)
        if not self._look_soon.isActive():  # steps come quicker than it settles
            self._look_soon.start()

    def _finished(self, contents: MediumContents) -> None:
        self.case.set_contents(contents, finished=True)
        self._previews.know(contents, finished=True)
        self._look_soon.start()

    def _failed(self, error: IepError) -> None:
        self.error.show_error(error, "Read it again", lambda: self.read_again.emit())
        self.footer_changed.emit()

    def _pause(self) -> None:
        if self._reader.is_paused:
            self._reader.resume()
        else:
            self._reader.pause()

    def _state_changed(self) -> None:
        self._show_progress()
        self.footer_changed.emit()

    # --- ticking ------------------------------------------------------------------------------------------

    def _tick(
        self, patient: MediumPatient, item: MediumPatient | MediumStudy | MediumSeries, ticked: bool
    ) -> None:
        key = patient_key(patient)
        if key in self.case.done or (not ticked and key != self.case.ticks.patient):
            return
        ticks = self.case.ticks.of_patient(key)
        match item:
            case MediumPatient():
                ticks = ticks.set_patient(item, ticked)
            case MediumStudy():
                ticks = ticks.set_study(item, ticked)
            case MediumSeries():
                ticks = ticks.set_series(item.series_uid, ticked)
        self.case.set_ticks(ticks)
        self.model.set_ticked(
            self.case.ticks.patient, self.case.series
        )  # at once: a second press toggles back

    def _view(self, index: QModelIndex) -> None:
        """At the series that is chosen; of a study or patient at its first one."""
        while index.isValid() and self.model.series_at(index) is None and self.model.hasChildren(index):
            index = self.model.index(0, 0, index.siblingAtColumn(0))
        series = self.model.series_at(index) if index.isValid() else None
        if self.case.contents is not None:
            asked = self.case.form.patient
            patient = ViewPatient(asked.hospital_no, asked.nhs_no, asked.name, asked.birth_date, asked.sex)
            self.view_wanted.emit(self.case.contents, patient, series.series_uid if series else "")

    # --- health -------------------------------------------------------------------------------------------

    def _health_asked(self, action: HealthAction, line: HealthLine) -> None:
        match action:
            case HealthAction.READ_AGAIN:
                self.read_again.emit()
            case HealthAction.COPY_LIST:
                QGuiApplication.clipboard().setText(_for_the_sender(line, self.case))
            case HealthAction.SHOW_LIST:
                dialog = ListDialog(line.title, line.paths, self._theme, self)
                dialog.open()
            case HealthAction.NONE:
                pass

    # --- the page -----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        case = self.case
        self.model.show(case.contents)
        self.model.set_ticked(case.ticks.patient, case.series)
        seen = {finding.path: "already imported" for finding in case.earlier if finding.path}
        self.model.set_remarks(seen, case.ticks.patient)
        self._subtitle.setText(_subtitle(case, *self.model.totals[:2]))
        lines = health_lines(case.contents, case.ticks.patient, case.earlier) if case.contents else ()
        self.health.show_lines(
            lines, "Nothing wrong was found." if case.reading_finished else "Being looked at…"
        )
        self._show_reason()
        self._show_progress()
        self._show_empty()

    def _show_reason(self) -> None:
        beyond = self.case.beyond
        wanted = bool(beyond) or (not self.case.form.exams and bool(self.case.contents))
        self._reason_field.setVisible(wanted)
        if self.reason.text() != self.case.reason:
            self.reason.setText(self.case.reason)
        missing = bool(beyond) and not self.case.reason.strip()
        self._reason_field.set_error(_beyond_words(beyond) if missing else "")

    def _show_progress(self) -> None:
        reading = self._reader.is_reading
        self.progress.setVisible(reading)
        if reading:
            pace = self._reader.pace
            self.progress.show_step(self._step, pace.rate, pace.left, paused=self._reader.is_paused)

    def _show_empty(self) -> None:
        self.view_button.setVisible(bool(self.model.totals[0]))
        reading = self._reader.is_reading
        if self.model.rowCount():
            self._stack.setCurrentWidget(self.tree)
            return
        if reading:
            self._empty.set("Looking at the disc…", "The first patient appears in a moment.")
        elif self.case.reading_finished:
            self._empty.set(
                "There are no images on this disc", "Is it the right one? Go back and choose another."
            )
        else:
            self._empty.set("Nothing has been read", "Go back and choose a disc.")
        self._stack.setCurrentWidget(self._empty)

    def footer(self) -> Footer:
        case = self.case
        images, ticked = self.model.ticked_totals
        total = self.model.totals[2]
        strong = f"{show_count(images)} images ticked" if images else "Nothing is ticked"
        eject = None
        if case.source is not None and case.source.drive is not None and case.started_now is None:
            tip = "Take the disc out without importing anything from it."
            eject = Act("&Eject", self.eject_asked.emit, not self._reader.is_reading, tip)
        ready = bool(images) and not self._reader.is_reading and not self._lacks_reason
        return Footer(
            strong,
            f"{show_size(ticked)} of {show_size(total)}" if total else "",
            eject=eject,
            next_enabled=ready,
        )

    @property
    def _lacks_reason(self) -> bool:
        return bool(self.case.beyond) and not self.case.reason.strip()

    def next(self) -> None:
        self.go.emit(Step.MATCH)

    def first_focus(self) -> QWidget | None:
        return self.reason if self._lacks_reason else self.tree


class ReadingBar(QWidget):
    """How far reading is: files, rate, time left; pause and cancel."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._head = Label("Reading the disc", weight=600)
        self._count = Label("", "text2")
        self._rate = Label("", "text2")
        self._left = Label("", "text2")
        self._left.setMinimumWidth(self._left.fontMetrics().horizontalAdvance("about 10 min left"))
        self.pause = LinkButton("&Pause", theme)
        self.cancel = LinkButton("&Stop", theme)
        self._bar = Bar(theme)
        self._bar.setAccessibleName("Reading the disc")
        line = row(self._head, self._count, spacing=8)
        line.addStretch()
        for widget in (self._rate, self._left, self.pause, self.cancel):
            line.addWidget(widget)
        layout = column(spacing=4)
        layout.addLayout(line)
        layout.addWidget(self._bar)
        self.setLayout(layout)

    def show_step(
        self, step: ReadingStep | None, rate: float, left: Callable[[int], str], *, paused: bool
    ) -> None:
        done, total = (step.done, step.total) if step else (0, 0)
        self._head.setText("Paused" if paused else "Reading the disc")
        of = f" of {show_count(total)}" if total else ""
        self._count.setText(f"{show_count(done)}{of} files")
        self._rate.setText(f"{show_count(round(rate))} files/s" if rate >= 1 and not paused else "")
        self._left.setText("" if paused else left(total))
        self.pause.setText("&Go on" if paused else "&Pause")
        self._bar.set(done, total)

    @property
    def words(self) -> str:
        return " ".join((self._head.text(), self._count.text()))


def _subtitle(case: Case, images: int, missing: int) -> str:
    contents = case.contents
    if contents is None:
        return case.source.label if case.source else ""
    patients, studies = len(contents.patients), len(contents.studies)
    parts = [
        contents.label,
        several(patients, "patient"),
        several(studies, "study", "studies"),
        several(images, "image"),
        f"{show_count(missing)} missing" if missing else "",
    ]
    return ", ".join(part for part in parts if part)


def _beyond_words(studies: tuple[MediumStudy, ...]) -> str:
    names = ", ".join(study.description or "a study" for study in studies[:3])
    more = f" and {len(studies) - 3} more" if len(studies) > 3 else ""
    verb = "is" if len(studies) == 1 else "are"
    return f"{names}{more} {verb} not on the form: say why, or untick."


def _for_the_sender(line: HealthLine, case: Case) -> str:
    """Nothing of the patient: this text goes into an e-mail."""
    head = (
        f"Call reference {case.text.call_ref}, disc {case.text.disc_no} of {case.text.discs}: {line.title}."
    )
    return "\n".join([head, line.detail, "", *line.paths])
