from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from iep_desktop.core.clocks import Alarm, Countdown, late_requirement
from iep_desktop.core.model import Exam, Priority, RisState
from iep_desktop.core.transaction import Direction, Status, Transaction
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.worklist.required_list import GroupRow, RequiredModel, RequiredView
from iep_desktop.ui.worklist.required_rows import Entry, Group, entries_of, merge
from tests.ui.exchange_rows import REWORK, due, exchange_desk, transfer
from tests.ui.fake_desk import NO_ADDRESS, NOT_MATCHED, NOT_REGISTERED, NOW, RIS, SECOND, transaction

NAMES = {"NT1": "Riverside Clinic"}
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


def waiting(id: int, *required: object, **changes: object) -> Transaction:
    return transaction(
        id, required=required, status=changes.pop("status", Status.STARTED), queued=False, **changes
    )


URGENT = waiting(1, NOT_REGISTERED, priority=Priority.BLUE_LIGHT, ago=timedelta(minutes=21))
TODAY = waiting(2, NOT_MATCHED, ago=timedelta(hours=5))
WEEK = waiting(3, NO_ADDRESS, ago=timedelta(days=8))
LATER = waiting(4, NO_ADDRESS, ago=timedelta(days=1))
ON_RIS = waiting(
    5,
    RIS,
    status=Status.DELIVERED,
    ago=timedelta(days=1),
    exams=(Exam(modality="CT"), Exam(modality="MR", ris_state=RisState.ENTERED)),
)
ALL = (LATER, WEEK, ON_RIS, TODAY, URGENT)


def entries(*transactions: Transaction) -> tuple[Entry, ...]:
    return entries_of(transactions or ALL, NAMES, NOW)


def test_what_is_due_first_stands_first_under_its_group() -> None:
    assert [(e.transaction.id, e.due.group) for e in entries()] == [
        (1, Group.NOW),
        (5, Group.TODAY),
        (2, Group.TODAY),
        (3, Group.WEEK),
        (4, Group.LATER),
    ]


def test_each_row_says_what_is_required_when_and_with_which_act() -> None:
    said = {e.transaction.id: (e.title, e.due.words, e.due.below, e.act) for e in entries()}
    assert said == {
        1: ("Look the patient up: not shown to be registered on the PAS", "3:39 left", "due 17:48", Act.REGISTER),
        2: ("Match the patient: date of birth: form and disc differ", "today", "waiting since 09:09", Act.DECIDE),
        3: ("Complete the details: address is missing", "in 6 days", "cancelled on 30/11/2026", Act.CORRECT_FORM),
        4: ("Complete the details: address is missing", "in 13 days", "cancelled on 07/12/2026", Act.CORRECT_FORM),
        5: (
            "Enter on RIS: 1 of 2 imported exams have no RIS event",
            "since yesterday",
            "waiting since 23/11 14:09",
            Act.ENTER_RIS,
        ),
    }  # fmt: skip


def test_a_second_person_confirms_and_what_holds_up_images_comes_first() -> None:
    entry = entries(waiting(1, RIS, SECOND, NO_ADDRESS))[0]
    assert entry.act is Act.CONFIRM
    assert entry.title == "Confirm as second person: form and disc have nothing in common, and 2 more"
    assert entry.what.endswith("§2.3a")


def test_news_mark_what_is_lifted_and_move_nothing() -> None:
    shown = entries(URGENT, TODAY, WEEK)
    lifted = replace(TODAY, required=(), status=Status.UPLOADING)
    fresh = entries(URGENT, WEEK, waiting(9, NOT_MATCHED, ago=timedelta(minutes=1)))
    merged = merge(shown, fresh, {2: lifted})
    assert [entry.transaction.id for entry in merged] == [1, 2, 9, 3]
    done = merged[1]
    assert (done.act, done.due.words, done.due.below) == (None, "done", "Uploading")


@pytest.fixture
def view(theme: Theme, qtbot: QtBot) -> RequiredView:
    model = RequiredModel()
    made = RequiredView(model, theme)
    model.setParent(made)
    qtbot.addWidget(made)
    made.resize(1280, 500)
    model.show_entries(entries())
    made.show()
    made.select_first()
    return made


def model_of(view: RequiredView) -> RequiredModel:
    model = view.model()
    assert isinstance(model, RequiredModel)
    return model


def rows(view: RequiredView) -> list[object]:
    model = model_of(view)
    found = [model.row(model.index(at)) for at in range(model.rowCount())]
    return [row.group.value if isinstance(row, GroupRow) else row.transaction.id for row in found if row]


def test_groups_stand_above_their_rows_with_counts(view: RequiredView) -> None:
    assert rows(view) == ["Now", 1, "Today", 5, 2, "Next 7 days", 3, "Later", 4]
    assert model_of(view).index(2).data() == "Today, 2"
    assert str(model_of(view).index(1).data()).startswith("Look the patient up")


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_the_keyboard_presses_the_one_button(view: RequiredView, qtbot: QtBot, key: Qt.Key) -> None:
    with qtbot.waitSignal(view.wished) as wished:
        qtbot.keyClick(view, key)
    assert wished.args == [Wish(Act.REGISTER, URGENT)]


def test_a_click_on_the_painted_button_presses_it_and_beside_it_does_not(
    view: RequiredView, qtbot: QtBot
) -> None:
    index = model_of(view).index(4)
    button = view.button_rect(index)
    with qtbot.waitSignal(view.wished) as wished:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=button.center())
    assert wished.args == [Wish(Act.DECIDE, TODAY)]
    with qtbot.assertNotEmitted(view.wished), qtbot.waitSignal(view.selected, raising=False):
        qtbot.mouseClick(
            view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(model_of(view).index(6)).center()
        )


def test_groups_fold_with_the_keyboard(view: RequiredView, qtbot: QtBot) -> None:
    view.setCurrentIndex(model_of(view).index(2))
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert rows(view) == ["Now", 1, "Today", "Next 7 days", 3, "Later", 4]
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert rows(view)[2:5] == ["Today", 5, 2]


def test_the_chosen_row_is_kept_over_a_change(view: RequiredView) -> None:
    view.setCurrentIndex(model_of(view).index(6))
    model_of(view).show_entries(entries(URGENT, WEEK))
    chosen = view.transaction()
    assert chosen is not None
    assert chosen.id == 3


def test_the_button_of_the_chosen_row_is_the_primary_one(view: RequiredView, theme: Theme) -> None:
    image = view.viewport().grab().toImage()
    chosen, other = (view.button_rect(model_of(view).index(at)) for at in (1, 4))
    assert image.pixelColor(chosen.left() + 6, chosen.center().y()) == theme.color("accent_fill")
    assert image.pixelColor(other.left() + 6, other.center().y()) == theme.color("surface")


def test_words_fit_into_their_buttons(view: RequiredView, theme: Theme) -> None:
    from iep_desktop.ui.acts import button_of

    metrics = view.fontMetrics()
    width = view.button_rect(model_of(view).index(1)).width()
    for act in (Act.REGISTER, Act.DECIDE, Act.CONFIRM, Act.CORRECT_FORM, Act.ENTER_RIS):
        assert metrics.horizontalAdvance(button_of(act)) * 1.06 < width - 8


def test_a_blue_light_that_will_be_late_stands_first_with_its_due_time_and_its_one_button() -> None:
    alarm = late_requirement(Countdown(NOW + timedelta(minutes=20), timedelta(), None, Alarm.FORECAST))
    row = waiting(9, alarm, priority=Priority.BLUE_LIGHT, ago=timedelta(hours=3, minutes=40))
    entry = entries(row, *ALL)[0]
    assert (entry.transaction.id, entry.due.group, entry.act) == (9, Group.NOW, Act.DETAILS)
    assert entry.title.startswith("Blue Light will be late: ")
    assert (entry.due.words, entry.due.below, entry.due.tone) == (
        "0:20 left",
        "due 14:29, will be late",
        "warn",
    )
    (before,) = entries(waiting(9, alarm, NOT_MATCHED, priority=Priority.BLUE_LIGHT))
    assert before.act is Act.DECIDE  # what holds the images up is the next right thing
    assert before.due.below.endswith("will be late")


# --- between hospitals


def test_each_requirement_of_the_exchange_has_its_words_its_date_and_its_one_button() -> None:
    rows = [row for row in exchange_desk().reading.rows if row.required]
    said = {
        e.transaction.id: (e.due.group, e.title, e.due.words, e.due.below, e.act)
        for e in entries_of(rows, NAMES, NOW)
    }
    assert said == {
        1: (Group.NOW, "Respond to a Blue Light request", "3:39 left", "due 17:48", Act.RESPOND),
        5: (Group.NOW, "Download: 980 images are On IEP", "3:56 left", "due 18:05", Act.DOWNLOAD),
        3: (Group.TODAY, "Re-work: declined: study does not exist", "since yesterday",
            "waiting since 23/11 08:09", Act.REWORK),
        2: (Group.TODAY, "Choose the images and send them", "today", "waiting since 11:09", Act.SEND),
        6: (Group.WEEK, "Download: 1204 images are On IEP", "in 3 days", "purged on 27/11/2026", Act.DOWNLOAD),
        4: (Group.WEEK, "Complete the details: which side is the knee, please?", "in 6 days",
            "cancelled on 30/11/2026", Act.COMPLETE),
    }  # fmt: skip


def test_what_is_sent_on_from_another_hospital_lacks_our_form() -> None:
    row = transfer(1, Direction.IN, status=Status.DOWNLOADING, on_iep_at=NOW, required=(NO_ADDRESS,))
    (entry,) = entries_of([row], NAMES, NOW)
    assert (entry.title, entry.act) == ("Complete our form: address is missing", Act.OWN_FORM)


def test_an_unwanted_transfer_asks_its_sender_for_a_message() -> None:
    row = transfer(1, Direction.OUT, status=Status.DECLINED, on_iep_at=NOW, required=(REWORK,))
    (entry,) = entries_of([row], NAMES, NOW)
    assert entry.act is Act.MESSAGE


def test_a_title_that_says_it_itself_is_not_said_twice() -> None:
    row = transfer(1, Direction.IN, status=Status.ON_IEP, on_iep_at=NOW)
    wanted = due("download", "Download 24 images", NOW + timedelta(days=15), blocking=False)
    (entry,) = entries_of([replace(row, required=(wanted,))], NAMES, NOW)
    assert (entry.title, entry.due.words) == ("Download 24 images", "in 15 days")
