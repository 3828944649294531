"""The review's bar and its list of signs: what is counted, asked and handed on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import NodeUnreachable
from iep_desktop.core.reviewing import Reviewed, mark_of
from iep_desktop.core.viewing import Review, Sign, SignKind, ViewSeries, ViewSet, ViewStudy
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.review_bar import ReviewBar
from iep_desktop.ui.viewer.signs_list import SignsList

AT = datetime(2026, 11, 24, 14, 2, tzinfo=UTC)
OTHER = Sign(SignKind.OTHER_PATIENT, "2 images say another patient", "9", "1.1", ("1.2",))
TEXT = Sign(SignKind.BURNED_IN, "Likely burned-in text in 3 of 5 images looked at", "9", "1.1", ("1.2",))
CAPTURE = Sign(SignKind.SECONDARY_CAPTURE, "4 images are secondary captures", "9", "1.2", ("1.3",))


@pytest.fixture
def bar(qtbot: QtBot, theme: Theme) -> ReviewBar:
    widget = ReviewBar(theme, "A. Operator", lambda: AT)
    qtbot.addWidget(widget)
    widget.resize(1280, 64)
    widget.show()
    widget.set_seen(3, 4)
    widget.set_ticked(["1.2", "1.3"])
    return widget


def test_it_says_how_much_was_looked_at_and_ticked(bar: ReviewBar) -> None:
    assert bar.words == "Reviewed: 3 of 4 series, 2 images ticked"
    bar.set_mandatory(True)
    assert bar.words == "Review needed: 3 of 4 series, 2 images ticked"
    assert bar.accessibleDescription() == bar.words


def test_confirming_hands_on_who_when_and_what_is_ticked(qtbot: QtBot, bar: ReviewBar) -> None:
    with qtbot.waitSignal(bar.confirmed) as caught:
        qtbot.mouseClick(bar.button, Qt.MouseButton.LeftButton)
    assert caught.args == [Review("A. Operator", AT, ("1.2", "1.3"), ())]
    assert bar.is_reviewed
    assert bar.words == "Reviewed by A. Operator, 24/11/2026 14:02: 2 images ticked"
    assert not bar.button.isVisible()


def test_nothing_ticked_cannot_be_confirmed(bar: ReviewBar) -> None:
    bar.set_ticked([])
    assert not bar.button.isEnabled()
    assert bar.button.toolTip() == "Tick the images that are to be sent."


def test_warning_signs_must_be_seen_first_and_go_into_the_review(qtbot: QtBot, bar: ReviewBar) -> None:
    bar.set_signs((TEXT, OTHER, TEXT), looking=True)
    assert bar.warning.text() == "Another patient, likely burned-in text, still looking for warning signs"
    assert not bar.button.isEnabled()
    bar.seen_signs.setFocus()
    qtbot.keyClick(bar.seen_signs, Qt.Key.Key_Space)
    assert bar.button.isEnabled()
    with qtbot.waitSignal(bar.confirmed) as caught:
        qtbot.keyClick(bar.button, Qt.Key.Key_Return)
    assert caught.args[0].signs == (SignKind.OTHER_PATIENT, SignKind.BURNED_IN)


def test_a_new_kind_of_sign_asks_again(bar: ReviewBar) -> None:
    bar.set_signs((TEXT,))
    bar.seen_signs.setChecked(True)
    bar.set_signs((TEXT, TEXT))
    assert bar.seen_signs.isChecked()
    bar.set_signs((TEXT, OTHER))
    assert not bar.seen_signs.isChecked()


def test_other_ticks_need_another_review(qtbot: QtBot, bar: ReviewBar) -> None:
    bar.set_reviewed(Reviewed("B", AT, 2, mark_of(["1.2", "1.3"])))
    assert bar.is_reviewed
    bar.set_ticked(["1.2"])
    assert not bar.is_reviewed
    assert bar.words == "Ticks have changed since the review, 1 image ticked"
    assert bar.button.isVisible()


def test_a_serious_sign_is_red_and_has_its_icon(bar: ReviewBar) -> None:
    bar.set_signs((OTHER,))
    image = bar.grab().toImage()
    colours = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    assert sum(colour.red() - colour.green() > 90 for colour in colours) > 30
    assert bar.icon._name == "circle-x"


def test_a_narrow_bar_wraps_and_cuts_nothing(qtbot: QtBot, bar: ReviewBar) -> None:
    bar.set_signs((OTHER, TEXT, CAPTURE), looking=True)
    bar.resize(640, bar.height())
    qtbot.waitUntil(lambda: bar.height() > 90, timeout=2000)
    for widget in (bar.state, bar.warning, bar.seen_signs, bar.button):
        assert bar.rect().contains(widget.geometry())


# --- the list ---------------------------------------------------------------------------------------------------


@pytest.fixture
def signs(qtbot: QtBot, theme: Theme) -> SignsList:
    widget = SignsList(theme)
    qtbot.addWidget(widget)
    widget.resize(320, 400)
    widget.show()
    series = (ViewSeries("1.1", "CT", 1, "Head axial"), ViewSeries("1.2", "US", 2))
    widget.set_view(ViewSet("x", (ViewStudy("9", series=series),)))
    return widget


def test_serious_signs_stand_first_with_their_series(signs: SignsList) -> None:
    signs.show_signs((CAPTURE, TEXT, OTHER))
    items = [signs.list.item(row) for row in range(signs.list.count())]
    assert [item.text().split("\n") for item in items] == [
        [OTHER.text, "Head axial"], [TEXT.text, "Head axial"], [CAPTURE.text, "US series 2"],
    ]  # fmt: skip
    assert items[0].data(Qt.ItemDataRole.AccessibleTextRole) == f"Serious: {OTHER.text}. Head axial"
    assert not items[0].icon().isNull()


def test_enter_goes_to_the_images_of_a_sign(qtbot: QtBot, signs: SignsList) -> None:
    signs.show_signs((TEXT, OTHER))
    signs.list.setCurrentRow(1)
    with qtbot.waitSignal(signs.chosen) as caught:
        qtbot.keyClick(signs.list, Qt.Key.Key_Return)
    assert caught.args == [TEXT]


def test_while_it_looks_it_says_how_far_and_none_is_not_said_too_early(signs: SignsList) -> None:
    assert signs._empty.title.text() == "Not looked at yet"
    signs.show_progress(120, 835)
    assert signs.progress.isVisible()
    assert signs.progress.text() == "Looking for warning signs: 120 of 835 images"
    signs.show_signs(())
    assert signs._empty.title.text() == "No warning signs so far"
    signs.show_progress(835, 835)
    signs.show_signs(())
    assert not signs.progress.isVisible()
    assert signs._empty.title.text() == "No warning signs"


def test_an_error_is_not_taken_for_no_signs(signs: SignsList) -> None:
    signs.show_error(NodeUnreachable("PACS does not answer", "", "Ask again later."))
    assert signs._empty.title.text() == "PACS does not answer"
    assert signs._empty.isVisible()
