"""The ways to a viewer: a row, the details, a disc that is being imported; and what is said where there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import InvalidInput, LedgerBusy
from iep_desktop.core.medium import MediumContents
from iep_desktop.core.reviewing import Reviewed, reviewed
from iep_desktop.core.transaction import Direction, InstanceCounts, Requirement, Status, Tab, Transaction
from iep_desktop.core.viewing import Review, ViewPatient
from iep_desktop.ui.acts import Act, Wish, lifting
from iep_desktop.ui.details.compare_dialog import CompareDialog
from iep_desktop.ui.details.match_dialog import MatchDialog
from iep_desktop.ui.disc_wizard import DiscWizard
from iep_desktop.ui.disc_wizard.case import Step
from iep_desktop.ui.main_window import MainWindow
from iep_desktop.ui.possible import has_images
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.window import ViewerWindow
from iep_desktop.ui.widgets.errors import ErrorDialog
from iep_desktop.workers.thumbnails import Thumbnails
from iep_desktop.workers.viewings import Viewing
from tests.ui.create.fake_desk import study
from tests.ui.disc_wizard.conftest import PATH
from tests.ui.disc_wizard.fake_desk import FakeDesk as DiscDesk
from tests.ui.disc_wizard.samples import ONE_PATIENT
from tests.ui.exchange_rows import transfer
from tests.ui.fake_desk import FakeDesk, transaction
from tests.viewing import FolderSource, slices, view

Open = Callable[..., MainWindow]

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


@dataclass
class Finds:
    """Answers every question with the same set."""

    viewing: Viewing
    error: InvalidInput | None = None
    asked: list[Any] = field(default_factory=list)

    def of_transaction(self, id: int, ctx: object) -> Viewing:
        self.asked.append(id)
        if self.error:
            raise self.error
        return self.viewing

    def of_studies(self, node: str, studies: Any, ctx: object, asked: ViewPatient) -> Viewing:
        self.asked.append((node, studies, asked))
        return self.viewing

    def of_medium(self, contents: MediumContents, asked: ViewPatient | None) -> Viewing:
        self.asked.append((contents, asked))
        return self.viewing


@pytest.fixture
def finds(desk: FakeDesk, tmp_path: Path) -> Finds:
    found = Finds(Viewing(view(slices(tmp_path / "a", 2), slices(tmp_path / "b", 3)), FolderSource()))
    desk.viewings = found  # type: ignore[attr-defined]
    desk.thumbnails = Thumbnails()  # type: ignore[attr-defined]
    return found


def test_space_on_a_row_opens_its_images(open_window: Open, finds: Finds, qtbot: QtBot) -> None:
    window = open_window()
    page = window.worklists[Tab.IN_PROGRESS]
    with qtbot.waitSignal(window.viewers.opened, timeout=5000):
        qtbot.keyClick(page.view, Qt.Key.Key_Space)
    chosen = page.view.current()
    assert chosen is not None
    assert finds.asked == [chosen.id]
    (shown,) = window.viewers.windows
    qtbot.waitUntil(lambda: shown.rail.model.rowCount() == 1)
    pictures = shown.rail.tree.viewport()
    qtbot.waitUntil(lambda: pictures.grab().toImage().pixelColor(60, 76).red() > 100)  # its bright quarter


def test_the_details_lead_to_the_images_and_a_second_viewer_stands_beside_the_first(
    open_window: Open, finds: Finds, qtbot: QtBot
) -> None:
    window = open_window()
    details = window.worklists[Tab.IN_PROGRESS].details
    qtbot.waitUntil(details.images.link.isVisible, timeout=5000)
    for count in (1, 2):
        with qtbot.waitSignal(window.viewers.opened, timeout=5000):
            qtbot.mouseClick(details.images.link, Qt.MouseButton.LeftButton)
        assert len(window.viewers.windows) == count
    window.viewers.windows[0].close()
    assert len(window.viewers.windows) == 1


def test_viewers_close_with_the_main_window(open_window: Open, finds: Finds, qtbot: QtBot) -> None:
    window = open_window()
    with qtbot.waitSignal(window.viewers.opened, timeout=5000):
        window.viewers.of_transaction(transaction(4))
    window.close()
    assert window.viewers.windows == []


def test_where_there_are_no_images_the_reason_is_said(open_window: Open, finds: Finds, qtbot: QtBot) -> None:
    finds.error = InvalidInput("There are no images yet", "They are listed when the transfer begins.")
    window = open_window()
    window.viewers.of_transaction(transaction(4))
    qtbot.waitUntil(lambda: bool(window.findChildren(ErrorDialog)))
    assert window.viewers.windows == []
    window.viewers.of_transaction(transaction(4))
    qtbot.waitUntil(lambda: finds.asked == [4, 4])


@pytest.mark.parametrize(
    ("changes", "there"),
    [
        ({"counts": InstanceCounts()}, False),
        ({"counts": InstanceCounts(spooled=3)}, True),
        ({"counts": InstanceCounts(verified=3), "status": Status.DELIVERED}, True),
        ({"counts": InstanceCounts(sent=3), "status": Status.CANCELLED}, False),
    ],
)
def test_images_are_offered_where_somebody_holds_them(changes: dict[str, Any], there: bool) -> None:
    assert has_images(transaction(1, **changes)) is there


def test_what_was_purged_is_offered_to_its_sender_alone() -> None:
    counts = InstanceCounts(verified=3)
    assert has_images(transfer(1, Direction.OUT, status=Status.PURGED, counts=counts))
    assert not has_images(transfer(1, Direction.IN, status=Status.PURGED, counts=counts))


def test_the_wizard_shows_a_series_of_its_disc_beside_the_forms_patient(
    open_window: Open, finds: Finds, theme: Any, queries: Any, state: Any, qtbot: QtBot
) -> None:
    window = open_window()
    disc = DiscDesk()
    disc.discs.media[PATH] = ONE_PATIENT
    wizard = DiscWizard(disc, queries, state, theme)  # type: ignore[arg-type]
    qtbot.addWidget(wizard)
    wizard.contents.view_wanted.connect(window.viewers.of_contents)
    wizard.show()
    wizard.show_step(Step.CONTENTS)
    wizard.contents.read(PATH)
    tree = wizard.contents.tree
    qtbot.waitUntil(lambda: wizard.contents.model.totals[0] > 0 and tree.isVisible(), timeout=5000)
    qtbot.waitUntil(wizard.contents.view_button.isVisible)
    study = wizard.contents.model.index(0, 0, wizard.contents.model.index(0, 0))
    series = wizard.contents.model.index(1, 0, study)
    with qtbot.waitSignal(wizard.contents.view_wanted) as heard:
        tree.setCurrentIndex(series)
        qtbot.mouseClick(wizard.contents.view_button, Qt.MouseButton.LeftButton)
    assert heard.args[2] == "1.2.1.2"
    qtbot.waitUntil(lambda: len(window.viewers.windows) == 1, timeout=5000)
    ((contents, asked),) = finds.asked
    assert contents.patients == ONE_PATIENT.patients
    assert isinstance(asked, ViewPatient)


@dataclass
class KeepsReviews:
    """The ledger's reviews; `error` is what writing meets."""

    mandatory_for: tuple[str, ...] = ()
    error: LedgerBusy | None = None
    written: list[tuple[int, Review]] = field(default_factory=list)

    def mandatory(self, *destinations: str) -> bool:
        return bool(set(destinations) & set(self.mandatory_for))

    def of(self, transaction_id: int) -> Reviewed | None:
        return reviewed(self.written[-1][1]) if self.written else None

    def record(self, transaction_id: int, review: Review) -> None:
        if self.error:
            raise self.error
        self.written.append((transaction_id, review))


def _shown(window: MainWindow, row: Transaction, qtbot: QtBot) -> ViewerWindow:
    with qtbot.waitSignal(window.viewers.opened, timeout=5000):
        window.viewers.of_transaction(row)
    return window.viewers.windows[-1]


def test_what_is_sent_is_reviewed_and_the_review_goes_into_its_history(
    open_window: Open, finds: Finds, desk: FakeDesk, qtbot: QtBot
) -> None:
    kept = KeepsReviews(("RX1",))
    desk.reviews = kept  # type: ignore[attr-defined]
    window, row = open_window(), transfer(7, Direction.OUT, counts=InstanceCounts(listed=5))
    shown = _shown(window, row, qtbot)
    assert shown.reviewing is not None
    bar = shown.reviewing.bar
    assert "Review needed" in bar.words
    assert "5 images ticked" in bar.words
    qtbot.waitUntil(lambda: shown.reviewing is not None and shown.reviewing._running is None, timeout=20_000)
    bar.seen_signs.setChecked(True)
    qtbot.mouseClick(bar.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(kept.written))
    number, review = kept.written[0]
    assert (number, review.by, len(review.sop_instance_uids)) == (7, desk.me.user, 5)
    again = _shown(window, row, qtbot)
    assert again.reviewing is not None
    assert again.reviewing.bar.is_reviewed


def test_a_review_that_the_ledger_does_not_take_does_not_count(
    open_window: Open, finds: Finds, desk: FakeDesk, qtbot: QtBot
) -> None:
    kept = KeepsReviews(error=LedgerBusy("The ledger is busy", "", "Try again."))
    desk.reviews = kept  # type: ignore[attr-defined]
    shown = _shown(open_window(), transfer(7, Direction.OUT, counts=InstanceCounts(listed=5)), qtbot)
    assert shown.reviewing is not None
    bar = shown.reviewing.bar
    shown.reviewing.stop()
    bar.set_signs(())
    qtbot.mouseClick(bar.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "The ledger is busy" in bar.words)
    assert not bar.is_reviewed


def test_match_shows_the_images_beside_its_question(
    open_window: Open, finds: Finds, desk: FakeDesk, qtbot: QtBot
) -> None:
    """The viewer can be used while the question stands."""
    window = open_window()
    window.do(Wish(Act.DECIDE, desk.reading.by_id(10)))
    qtbot.waitUntil(lambda: window.doing.dialog is not None)
    asks = window.doing.dialog
    assert isinstance(asks, MatchDialog)
    with qtbot.waitSignal(window.viewers.opened, timeout=5000):
        qtbot.mouseClick(asks.view_button, Qt.MouseButton.LeftButton)
    assert finds.asked == [10]
    assert asks.isVisible()
    (shown,) = window.viewers.windows
    qtbot.mouseClick(shown.toolbar.buttons["two"], Qt.MouseButton.LeftButton)
    assert shown.panes.count == 2


def test_match_offers_no_images_where_nobody_has_any(theme: Theme, qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    row = transaction(10, counts=InstanceCounts())
    dialogs = [kind(row, theme, second=False, parent=parent) for kind in (CompareDialog, MatchDialog)]
    assert all(dialog.view_button.isHidden() for dialog in dialogs)


def test_a_study_that_pacs_has_found_opens_beside_the_forms_patient(
    open_window: Open, finds: Finds, qtbot: QtBot
) -> None:
    window, asked = open_window(), ViewPatient("S999111")
    with qtbot.waitSignal(window.viewers.opened, timeout=5000):
        window.doors.look_wanted.emit(study(1, "Head"), asked)
    assert finds.asked == [("", (study(1, "Head"),), asked)]
    (shown,) = window.viewers.windows
    assert shown.reviewing is None


def test_what_comes_or_has_gone_is_looked_at_without_a_review(
    open_window: Open, finds: Finds, qtbot: QtBot
) -> None:
    window = open_window()
    assert _shown(window, transfer(8, Direction.IN, counts=InstanceCounts(listed=5)), qtbot).reviewing is None


def test_a_missing_review_is_lifted_by_looking_at_the_images() -> None:
    row = transfer(9, Direction.OUT)
    assert lifting(Requirement("review", "The images have not been reviewed"), row) is Act.VIEW
