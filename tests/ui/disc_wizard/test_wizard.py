"""The wizard as a whole: by keyboard alone, kept as a draft, never in the way of the event loop, nothing cut."""

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)
from pytestqt.exceptions import TimeoutError as QtBotTimeout
from pytestqt.qtbot import QtBot

from iep_desktop.core.medium import MediumStudy
from iep_desktop.ui.disc_wizard import DiscWizard, drafts
from iep_desktop.ui.disc_wizard.case import Case, Source, Step
from iep_desktop.ui.disc_wizard.rail import RailStep
from iep_desktop.ui.disc_wizard.tree_view import MediumTree
from iep_desktop.ui.theme import Theme, ThemeChoice
from iep_desktop.ui.widgets.labels import ElidedLabel
from tests.ui.disc_wizard.conftest import DRIVE, PATH, Remembered
from tests.ui.disc_wizard.fake_desk import FakeDesk
from tests.ui.disc_wizard.samples import (
    ACQUIRED,
    DAMAGED,
    MINNIE,
    MINNIE_FORM,
    ONE_PATIENT,
    TWO_PATIENTS,
    disc,
    series,
)

Open = Callable[..., DiscWizard]


# --- by keyboard alone --------------------------------------------------------------------------------------


def _focus(wizard: DiscWizard) -> QWidget:
    return QApplication.focusWidget() or wizard


def _without_list(box: QWidget) -> None:
    """The offscreen platform cannot give a window back what a list took that opened while typing."""
    assert isinstance(box, QComboBox)
    box.setCompleter(None)  # type: ignore[arg-type]  # None takes it away


def _type(wizard: DiscWizard, qtbot: QtBot, *texts: str) -> None:
    """Each text into the focused field, then Tab."""
    for text in texts:
        qtbot.keyClicks(_focus(wizard), text)
        qtbot.keyClick(_focus(wizard), Qt.Key.Key_Tab)


def _tab_to(wizard: DiscWizard, qtbot: QtBot, wanted: QWidget) -> None:
    for _ in range(80):
        if _focus(wizard) is wanted or _focus(wizard).focusProxy() is wanted:
            return
        qtbot.keyClick(_focus(wizard), Qt.Key.Key_Tab)
    raise AssertionError(f"Tab never comes to {wanted.accessibleName() or wanted.objectName()}")


def _enter(wizard: DiscWizard, qtbot: QtBot) -> None:
    qtbot.keyClick(_focus(wizard), Qt.Key.Key_Return)


def test_from_the_call_to_the_start_by_keyboard_alone(
    wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.discs.media[PATH] = ONE_PATIENT
    editor = wizard.call.editor
    assert _focus(wizard) is editor.control("call_ref")
    _type(wizard, qtbot, "06396375")
    _tab_to(wizard, qtbot, editor.labelled)
    qtbot.keyClick(_focus(wizard), Qt.Key.Key_Space)
    _tab_to(wizard, qtbot, editor.control("family"))
    _type(wizard, qtbot, "MOUSE", "Minnie", "17031961")
    _tab_to(wizard, qtbot, editor.control("hospital_no"))
    _type(wizard, qtbot, "S999111", "9990000018")
    _tab_to(wizard, qtbot, editor.control("address"))
    _type(wizard, qtbot, "12 Harbour Rd")
    _tab_to(wizard, qtbot, editor.control("hospital"))
    _without_list(editor.control("hospital"))
    qtbot.keyClicks(_focus(wizard), "RX1")
    assert wizard.case.text.hospital == "RX1"
    exam = editor.exams.rows[0]
    _tab_to(wizard, qtbot, exam.modality)
    qtbot.keyClicks(_focus(wizard), "CT")
    _tab_to(wizard, qtbot, exam.description)
    _type(wizard, qtbot, "chest")
    _tab_to(wizard, qtbot, exam.date)
    _type(wizard, qtbot, "02/11/2026")
    _tab_to(wizard, qtbot, editor.control("requester_name"))
    _type(wizard, qtbot, "Dr A Consultant", "a@example.nhs.uk", "18000")
    assert wizard.case.form_blocks == ()
    _enter(wizard, qtbot)
    assert wizard.step is Step.DISC
    wizard.disc.show_drives((DRIVE,))
    qtbot.waitUntil(lambda: wizard.case.reading_finished and wizard.page.footer().next_enabled)
    qtbot.waitUntil(lambda: _focus(wizard) is wizard.contents.tree)
    _enter(wizard, qtbot)
    assert wizard.step is Step.MATCH
    qtbot.waitUntil(lambda: wizard.page.footer().next_enabled)
    qtbot.waitUntil(lambda: _focus(wizard) is wizard.footer.next_button)
    _enter(wizard, qtbot)
    assert wizard.step is Step.RIS
    qtbot.keyClicks(_focus(wizard), "RWE1234567")
    _enter(wizard, qtbot)
    assert wizard.step is Step.GO
    qtbot.waitUntil(lambda: _focus(wizard) is wizard.footer.next_button)
    with qtbot.waitSignal(wizard.import_started):
        _enter(wizard, qtbot)
    assert desk.imports.created[0].exams[0].accession == "RWE1234567"
    qtbot.waitUntil(lambda: _focus(wizard) is wizard.footer.next_button)


def test_the_button_that_lifts_what_blocks_has_the_focus(wizard: DiscWizard, qtbot: QtBot) -> None:
    _to(wizard, qtbot, Step.MATCH)
    qtbot.waitUntil(lambda: _focus(wizard) is wizard.match.checks.first_button())
    _enter(wizard, qtbot)
    qtbot.waitUntil(lambda: wizard.page.footer().next_enabled)
    qtbot.waitUntil(lambda: _focus(wizard) is wizard.footer.next_button)  # and then Next has it, not Close


def test_enter_does_nothing_while_next_is_not_allowed(wizard: DiscWizard, qtbot: QtBot) -> None:
    _enter(wizard, qtbot)
    assert wizard.step is Step.CALL


def test_escape_closes_and_keeps_the_draft(wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot) -> None:
    qtbot.keyClicks(_focus(wizard), "06396375")
    with qtbot.waitSignal(wizard.closed):
        qtbot.keyClick(_focus(wizard), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: any("06396375" in text for text in desk.drafts.kept.values()))


def test_no_two_things_on_a_page_share_a_mnemonic(wizard: DiscWizard, qtbot: QtBot) -> None:
    for step in Step:
        _to(wizard, qtbot, step)
        letters = Counter(_mnemonics(wizard))
        assert [letter for letter, count in letters.items() if count > 1] == [], step


def _mnemonics(wizard: DiscWizard) -> Iterator[str]:
    for widget in wizard.findChildren(QWidget):
        if not widget.isVisibleTo(wizard):
            continue
        text = widget.text() if isinstance(widget, QAbstractButton | QLabel) else ""
        plain = text.replace("&&", "")
        if "&" in plain and (not isinstance(widget, QLabel) or widget.buddy() is not None):
            yield plain[plain.index("&") + 1].casefold()


def test_everything_that_takes_the_focus_has_a_name(wizard: DiscWizard, qtbot: QtBot) -> None:
    for step in Step:
        _to(wizard, qtbot, step)
        for widget in wizard.findChildren(QWidget):
            if widget.isVisibleTo(wizard) and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                named = widget.accessibleName() or (
                    widget.text() if isinstance(widget, QAbstractButton) else ""
                )
                inside = isinstance(widget.parent(), QComboBox)
                assert named or inside, f"{step}: {type(widget).__name__} {widget.objectName()}"


# --- drafts -------------------------------------------------------------------------------------------------


def test_what_is_typed_is_kept_while_it_is_typed(wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot) -> None:
    with qtbot.waitSignal(wizard.drafts.saved):
        qtbot.keyClicks(_focus(wizard), "06396375")
    assert any("06396375" in text for text in desk.drafts.kept.values())
    assert "Draft saved" in wizard.header.words


def test_a_wizard_in_which_nothing_was_typed_leaves_no_draft(wizard: DiscWizard, desk: FakeDesk) -> None:
    wizard.close()
    assert desk.drafts.kept == {}


def test_a_draft_of_before_is_offered_and_goes_on_where_it_was(
    open_wizard: Open, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.drafts.kept[(drafts.KIND, "k")] = _draft(Step.CONTENTS)
    wizard = open_wizard()
    qtbot.waitUntil(lambda: wizard.call.offers_draft)
    assert "06396375, MOUSE, Minnie" in wizard.call.offer_text.text()
    wizard.call.take.click()
    qtbot.waitUntil(lambda: wizard.case.reading_finished)
    assert wizard.step is Step.CONTENTS
    assert wizard.case.text == MINNIE_FORM
    assert wizard.drafts.key == "k"


def test_a_draft_whose_disc_is_gone_says_so_and_keeps_the_form(
    open_wizard: Open, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.drafts.kept[(drafts.KIND, "k")] = _draft(Step.MATCH)
    desk.discs.media.clear()
    wizard = open_wizard()
    qtbot.waitUntil(lambda: wizard.call.offers_draft)
    wizard.call.take.click()
    qtbot.waitUntil(lambda: wizard.contents.error.isVisible())
    assert wizard.step is Step.CONTENTS
    assert wizard.case.text == MINNIE_FORM


def test_a_draft_can_be_discarded(open_wizard: Open, desk: FakeDesk, qtbot: QtBot) -> None:
    desk.drafts.kept[(drafts.KIND, "k")] = _draft(Step.CALL)
    wizard = open_wizard()
    qtbot.waitUntil(lambda: wizard.call.offers_draft)
    wizard.call.drop.click()
    qtbot.waitUntil(lambda: desk.drafts.kept == {})
    assert not wizard.call.offers_draft


def test_once_all_is_started_the_draft_has_served(open_wizard: Open, desk: FakeDesk, qtbot: QtBot) -> None:
    desk.discs.media[PATH] = ONE_PATIENT
    wizard = open_wizard()
    _to(wizard, qtbot, Step.GO)
    qtbot.waitUntil(lambda: wizard.page.footer().next_enabled)
    wizard.drafts.save_now()
    qtbot.waitUntil(lambda: bool(desk.drafts.kept))
    with qtbot.waitSignal(wizard.import_started):
        wizard.go_on()
    wizard.close()
    qtbot.waitUntil(lambda: desk.drafts.kept == {})


def test_a_draft_that_cannot_be_kept_says_so_and_is_tried_again(
    wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.drafts.broken = True
    with qtbot.waitSignal(wizard.drafts.failed):
        qtbot.keyClicks(_focus(wizard), "0639")
    assert "Draft not saved" in wizard.header.words
    desk.drafts.broken = False
    with qtbot.waitSignal(wizard.drafts.saved):
        qtbot.keyClicks(_focus(wizard), "6375")


def _draft(step: Step) -> str:
    case = Case("operator")
    case.set_text(MINNIE_FORM)
    case.set_source(Source(PATH, "Drive D:"))
    return drafts.to_text(case, step, datetime(2026, 11, 24, 14, 9, tzinfo=UTC))


def test_the_windows_size_is_remembered(open_wizard: Open, state: Remembered) -> None:
    wizard = open_wizard()
    wizard.resize(780, 730)
    wizard.close()
    assert "disc-wizard" in state.values
    assert open_wizard(size=None).size().toTuple() == (780, 730)


# --- late answers, and the loop -----------------------------------------------------------------------------


def test_a_late_answer_to_another_order_does_not_open_the_gate(
    wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.discs.media[PATH] = ONE_PATIENT
    _to(wizard, qtbot, Step.CONTENTS)
    desk.imports.gate.clear()
    wizard.show_step(Step.MATCH)
    qtbot.waitUntil(lambda: len(desk.imports.asked) == 1)
    wizard.case.set_text(replace(wizard.case.text, birth_date="18/03/1961"))
    qtbot.waitUntil(lambda: wizard.assessor.is_asking)
    desk.imports.gate.set()
    qtbot.waitUntil(lambda: wizard.assessor.assessment is not None)
    assert not wizard.page.footer().next_enabled
    assert desk.imports.asked[-1].form.patient.birth_date != MINNIE.birth_date


def test_closing_while_a_disc_is_read_and_pacs_is_asked_leaves_nothing_behind(
    wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot
) -> None:
    desk.discs.gate.clear()
    wizard.case.set_text(MINNIE_FORM)
    wizard.show_step(Step.DISC)
    wizard.disc.show_drives((DRIVE,))
    qtbot.waitUntil(lambda: wizard.reader.is_reading)
    with qtbot.waitSignal(wizard.closed):
        wizard.close()
    assert not wizard.reader.is_reading
    desk.discs.gate.set()


class LoopWatch:
    """The most work between two turns of the event loop: seconds of this thread's own CPU, so that a busy machine
    does not count."""

    def __init__(self) -> None:
        self._timer = QTimer()
        self._timer.timeout.connect(self._tick)
        self._last = 0.0
        self.longest = 0.0

    def start(self) -> None:
        self._last = time.thread_time()
        self._timer.start(0)

    def stop(self) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        now = time.thread_time()
        self.longest, self._last = max(self.longest, now - self._last), now


@pytest.mark.alone
def test_ten_thousand_images_come_in_without_a_hitch(
    open_wizard: Callable[[], DiscWizard], desk: FakeDesk, qtbot: QtBot
) -> None:
    """The best of three readings counts: a slow moment of the machine falls into one, what is slow falls into each."""
    parts = tuple(series(f"9.{n}", "CT", f"Series {n}", 100) for n in range(100))
    stages = [_ct(parts[:shown]) for shown in range(5, 101, 5)]
    desk.discs.media[PATH] = stages[-1]
    desk.discs.steps[PATH] = stages[:-1]
    desk.discs.pace = 0.05
    longest = [_longest_work_of_a_reading(open_wizard(), qtbot) for _ in range(3)]
    assert min(longest) <= 0.050, longest


def _longest_work_of_a_reading(wizard: DiscWizard, qtbot: QtBot) -> float:
    wizard.case.set_text(MINNIE_FORM)
    wizard.show_step(Step.DISC)
    watch = LoopWatch()
    gc.disable()  # how long the collector looks depends on what earlier tests have left; it is no work of the window
    try:
        watch.start()
        wizard.disc.show_drives((DRIVE,))
        qtbot.waitUntil(lambda: wizard.case.reading_finished, timeout=15_000)
        watch.stop()
    finally:
        gc.enable()
    assert wizard.contents.model.rowCount(wizard.contents.model.index(0, 0)) == 1
    wizard.close()
    return watch.longest


def _ct(parts: tuple) -> object:  # type: ignore[type-arg]
    return disc(replace(MINNIE, studies=(MediumStudy("9", ACQUIRED, "CT chest", series=parts),)))


# --- what is seen -------------------------------------------------------------------------------------------


def _to(wizard: DiscWizard, qtbot: QtBot, step: Step) -> None:
    """Bring a case to where `step` has something to show."""
    if wizard.case.source is None:
        wizard.case.set_text(MINNIE_FORM)
    if step >= Step.CONTENTS and wizard.case.source is None:
        wizard.show_step(Step.DISC)
        wizard.disc.show_drives((DRIVE,))
        qtbot.waitUntil(lambda: wizard.case.reading_finished)
    wizard.show_step(step)
    if step >= Step.MATCH:
        qtbot.waitUntil(lambda: wizard.assessor.assessment is not None or step is Step.RIS)
    qtbot.waitUntil(lambda: not wizard.refresh_is_due)


def _settle(wizard: DiscWizard, qtbot: QtBot) -> None:
    """Layouts come to rest over some turns of the loop; what is still cut after a second stays cut."""
    with suppress(QtBotTimeout):
        qtbot.waitUntil(lambda: not _cut(wizard), timeout=1000)


def _cut(wizard: DiscWizard) -> list[str]:
    """Words that do not fit where they stand (elided ones tell the whole in their tool tip)."""
    cut = []
    for widget in wizard.findChildren(QWidget):
        if not widget.isVisibleTo(wizard) or isinstance(widget, ElidedLabel | RailStep):
            continue
        if isinstance(widget, QLabel) and widget.text():
            needed = (
                widget.heightForWidth(widget.width()) if widget.wordWrap() else widget.sizeHint().height()
            )
            narrow = not widget.wordWrap() and widget.sizeHint().width() > widget.width() + 1
            if needed > widget.height() + 1 or narrow:
                cut.append(f"{widget.text()!r} {widget.size().toTuple()} needs {needed}")
        if (
            isinstance(widget, QAbstractButton)
            and widget.text()
            and widget.sizeHint().width() > widget.width() + 1
        ):
            cut.append(
                f"{type(widget).__name__} {widget.text()!r} {widget.size().toTuple()} {widget.sizeHint().toTuple()}"
            )
        if isinstance(widget, QLineEdit | QPlainTextEdit | MediumTree):
            top = wizard.rect().adjusted(-1, -1, 1, 1)
            if widget.width() < 24 or widget.mapTo(wizard, widget.rect().topRight()).x() > top.right():
                cut.append(f"{type(widget).__name__} {widget.accessibleName()!r} {widget.size().toTuple()}")
    return cut


@pytest.mark.parametrize("size", [(1280, 800), (1280, 720), (1024, 700)])
def test_no_word_is_cut(wizard: DiscWizard, desk: FakeDesk, qtbot: QtBot, size: tuple[int, int]) -> None:
    desk.discs.media[PATH] = disc(*TWO_PATIENTS.patients, findings=DAMAGED.findings)
    wizard.resize(*size)
    for step in Step:
        _to(wizard, qtbot, step)
        _settle(wizard, qtbot)
        assert wizard.size().toTuple() == size, step
        assert _cut(wizard) == [], step


@pytest.fixture
def large(qapp: QApplication, theme: Theme) -> Iterator[Theme]:
    """The system's text at 200 %; the other tests' theme is put back afterwards."""
    before = QFont(qapp.font())
    large = QFont(before)
    large.setPointSizeF(22.0)
    qapp.setFont(large)
    yield Theme(qapp, ThemeChoice.LIGHT)
    qapp.setFont(before)
    theme._apply()


def test_no_word_is_cut_with_the_text_at_200_percent(
    large: Theme, open_wizard: Open, desk: FakeDesk, qtbot: QtBot
) -> None:
    wizard = open_wizard(large, (1280, 720))
    desk.discs.media[PATH] = disc(*TWO_PATIENTS.patients, findings=DAMAGED.findings)
    for step in Step:
        _to(wizard, qtbot, step)
        _settle(wizard, qtbot)
        assert wizard.size().toTuple() == (1280, 720), step
        assert _cut(wizard) == [], step
