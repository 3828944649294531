from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QLineEdit, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import Cancelled, NodeUnreachable, Refused
from iep_desktop.core.flow import Flow, LightState, NodeLight
from iep_desktop.core.model import NodeRole
from iep_desktop.core.transaction import Slot, SlotKind, Status
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.bar import Bar
from iep_desktop.ui.widgets.buttons import Button, ChoiceButton, IconButton, Kind, MenuButton
from iep_desktop.ui.widgets.chip import Chip
from iep_desktop.ui.widgets.confirm import ConfirmDialog
from iep_desktop.ui.widgets.errors import ErrorBanner, ErrorDialog, show_error
from iep_desktop.ui.widgets.field import CalendarPopup, DateEdit, Field, Select, parse_day, show_day
from iep_desktop.ui.widgets.flow_layout import FlowLayout
from iep_desktop.ui.widgets.flow_strip import FlowStrip
from iep_desktop.ui.widgets.labels import ElidedLabel, Label
from iep_desktop.ui.widgets.search import SearchBox
from iep_desktop.ui.widgets.segmented import Segmented
from iep_desktop.ui.widgets.tabs import CountedTabs
from iep_desktop.ui.widgets.toast import Toast

# The offscreen platform's way to say that it has no window manager.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)

SILENT = NodeUnreachable("PACS does not answer", "Nothing listens at port 104.", "Check address and port.")


def test_labels_never_take_text_for_markup(qtbot: QtBot) -> None:
    label = Label("<b>DUCK</b>")
    qtbot.addWidget(label)
    assert label.textFormat() is Qt.TextFormat.PlainText


def test_a_cut_label_tells_the_whole_in_its_tip(theme: Theme, qtbot: QtBot) -> None:
    label = ElidedLabel("University Hospitals of Derby and Burton NHS Foundation Trust")
    qtbot.addWidget(label)
    label.resize(80, 20)
    label.show()
    assert label.toolTip() == label.text()
    label.resize(900, 20)
    assert label.toolTip() == ""


def test_enter_presses_a_button(theme: Theme, qtbot: QtBot) -> None:
    button = Button("&Retry", theme, Kind.PRIMARY, "refresh-cw")
    qtbot.addWidget(button)
    with qtbot.waitSignal(button.clicked):
        qtbot.keyClick(button, Qt.Key.Key_Return)


def test_down_opens_the_menu_of_a_button(theme: Theme, qtbot: QtBot) -> None:
    menu = QMenu()
    menu.addAction("Nodes…")
    button = MenuButton("&Admin", theme, menu)
    qtbot.addWidget(button)
    button.show()
    qtbot.keyClick(button, Qt.Key.Key_Down)
    assert menu.isVisible()
    menu.close()


def test_an_icon_alone_has_a_name(theme: Theme, qtbot: QtBot) -> None:
    button = IconButton("trash-2", "Remove", theme)
    qtbot.addWidget(button)
    assert (button.accessibleName(), button.toolTip()) == ("Remove", "Remove")


def test_a_chip_is_painted_in_its_soft_fill_with_its_word(theme: Theme, qtbot: QtBot) -> None:
    chip = Chip("", "neutral", theme)
    qtbot.addWidget(chip)
    chip.set_status(Status.FAILED)
    chip.resize(chip.sizeHint())
    image = chip.grab().toImage()
    assert image.pixelColor(4, image.height() // 2) == theme.color("danger_soft")
    assert chip.accessibleName() == "Failed"
    assert chip.sizeHint().width() > chip.fontMetrics().horizontalAdvance("Failed")


def test_a_bar_shows_what_is_done_and_what_was_refused(theme: Theme, qtbot: QtBot) -> None:
    bar = Bar(theme)
    qtbot.addWidget(bar)
    bar.resize(200, 8)
    bar.set(50, 100, failed=20)
    image = bar.grab().toImage()
    assert image.pixelColor(50, 4) == theme.color("bar")
    assert image.pixelColor(120, 4) == theme.color("danger")
    assert image.pixelColor(180, 4) == theme.color("track")
    assert bar.accessibleDescription() == "50%"


def test_a_field_says_what_is_wrong_beside_its_label(theme: Theme, qtbot: QtBot) -> None:
    field = Field("NHS n&umber", QLineEdit(), theme, mandatory=True, hint="10 digits")
    qtbot.addWidget(field)
    field.set_error("check digit wrong")
    assert field.error == "check digit wrong"
    assert field.editor.property("error") is True
    assert field.editor.accessibleName() == "NHS number, mandatory"
    assert field.editor.accessibleDescription() == "check digit wrong"
    assert field.label.buddy() is field.editor
    field.set_error("")
    assert field.error == ""
    assert field.editor.accessibleDescription() == "10 digits"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("17/03/1961", date(1961, 3, 17)),
        ("1.2.2026", date(2026, 2, 1)),
        ("31/02/2026", None),
        ("", None),
        ("x", None),
    ],
)
def test_a_date_is_typed_as_day_month_year(theme: Theme, qtbot: QtBot, text: str, day: date | None) -> None:
    edit = DateEdit(theme)
    qtbot.addWidget(edit)
    edit.setText(text)
    assert edit.day() == day == parse_day(text)
    assert edit.is_wrong() == (bool(text) and day is None)


def test_a_date_is_shown_with_four_digits_of_the_year() -> None:
    assert show_day(date(961, 3, 17)) == "17/03/0961"
    assert show_day(None) == ""


def test_a_whole_date_fits_into_its_field(theme: Theme, qtbot: QtBot) -> None:
    edit = DateEdit(theme, date(2026, 12, 28))
    qtbot.addWidget(edit)
    edit.resize(edit.minimumWidth(), 32)
    edit.show()
    edit.deselect()
    edit.setCursorPosition(10)
    assert edit.cursorRect().right() < edit.width() - theme.sizes.icon


def test_a_day_is_picked_from_the_calendar_with_the_keyboard(theme: Theme, qtbot: QtBot) -> None:
    edit = DateEdit(theme, date(2026, 11, 24))
    qtbot.addWidget(edit)
    edit.show()
    edit.open_calendar()
    popup = edit.findChild(CalendarPopup)
    assert popup is not None
    calendar = popup.findChild(QWidget, "qt_calendar_calendarview")
    assert calendar is not None
    with qtbot.waitSignal(edit.picked) as picked:
        qtbot.keyClick(calendar, Qt.Key.Key_Right)
        qtbot.keyClick(calendar, Qt.Key.Key_Return)
    assert picked.args == [date(2026, 11, 25)]
    assert edit.text() == "25/11/2026"


def test_a_choice_gives_its_value(qtbot: QtBot) -> None:
    select = Select({"Female": "F", "Male": "M"})
    qtbot.addWidget(select)
    select.set_value("M")
    assert (select.currentText(), select.value()) == ("Male", "M")


def test_search_asks_once_after_a_rest_at_once_on_enter_and_empties_on_escape(
    theme: Theme, qtbot: QtBot
) -> None:
    box = SearchBox("Search", theme, "Ctrl+F")
    qtbot.addWidget(box)
    asked: list[str] = []
    box.searched.connect(asked.append)
    qtbot.keyClicks(box, "MOUSE")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert asked == ["MOUSE"]
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert asked == ["MOUSE", ""]
    with qtbot.waitSignal(box.searched):
        qtbot.keyClicks(box, "D")
    assert asked[-1] == "D"


def test_an_error_says_what_why_and_what_to_do_with_its_button(theme: Theme, qtbot: QtBot) -> None:
    banner = ErrorBanner(theme)
    qtbot.addWidget(banner)
    tried: list[int] = []
    banner.show_error(SILENT, "Try again", lambda: tried.append(1))
    assert banner.title.text() == "PACS does not answer"
    assert banner.message.text() == "Nothing listens at port 104.\nCheck address and port."
    qtbot.mouseClick(banner.button, Qt.MouseButton.LeftButton)
    assert tried == [1]
    assert banner.isHidden()


def test_a_dialog_shows_title_message_hint_and_offers_the_act(theme: Theme, qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    tried: list[int] = []
    dialog = show_error(parent, SILENT, theme, "Try again", lambda: tried.append(1))
    assert isinstance(dialog, ErrorDialog)
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    assert {"PACS does not answer", "Nothing listens at port 104.", "Check address and port."} <= set(texts)
    dialog.act_button.click()
    assert tried == [1]


def test_a_rule_that_stops_is_named_and_a_cancellation_is_not_an_error(theme: Theme, qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = show_error(parent, Refused("No", rule="R-GATE-3"), theme)
    assert dialog is not None
    assert "R-GATE-3" in dialog.windowTitle()
    assert show_error(parent, Cancelled(), theme) is None


def test_one_of_a_few_is_chosen_with_arrow_keys(theme: Theme, qtbot: QtBot) -> None:
    choice = Segmented([("all", "Everyone’s"), ("mine", "Mine 4")], theme, "Show")
    qtbot.addWidget(choice)
    choice.show()
    with qtbot.waitSignal(choice.chosen) as chosen:
        qtbot.keyClick(choice, Qt.Key.Key_Right)
    assert chosen.args == ["mine"]
    assert choice.key == "mine"


def test_a_question_names_the_deed(theme: Theme, qtbot: QtBot) -> None:
    dialog = ConfirmDialog("Cancel it?", "Nothing more is sent.", "Cancel the import", theme, leave="Go on")
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.accepted):
        qtbot.mouseClick(dialog.do_button, Qt.MouseButton.LeftButton)
    assert dialog.leave_button.text() == "Go on"


def test_widgets_wrap_where_the_width_ends(theme: Theme, qtbot: QtBot) -> None:
    bar = QWidget()
    qtbot.addWidget(bar)
    flow = FlowLayout(bar, spacing=8)
    buttons = [QPushButton(f"Button {n}") for n in range(4)]
    for button in buttons:
        flow.addWidget(button)
    one = flow.heightForWidth(2000)
    assert flow.heightForWidth(buttons[0].sizeHint().width() * 2 + 20) > one * 2 - 8
    bar.resize(2000, one)
    bar.show()
    assert len({button.y() for button in buttons}) == 1


def test_tabs_show_counts_tell_them_to_a_screen_reader_and_alarm_on_failures(
    theme: Theme, qtbot: QtBot
) -> None:
    tabs = CountedTabs(theme)
    qtbot.addWidget(tabs)
    for text in ("Create", "All"):
        tabs.add(text)
    failed = tabs.add("Failed", alarming=True)
    narrow = tabs.tabSizeHint(1).width()
    tabs.set_count(1, 2869)
    tabs.set_count(failed, 2)
    assert tabs.count_text(0) == ""
    assert tabs.count_text(1) == "2 869"
    assert tabs.tabSizeHint(1).width() > narrow
    assert tabs.accessibleTabName(1) == "All, 2869"
    tabs.resize(tabs.sizeHint())
    image = tabs.grab().toImage()
    box = tabs.tabRect(failed).right() - theme.sizes.of(16) - 3
    assert image.pixelColor(box, tabs.height() // 2) == theme.color("danger_soft")


def test_a_count_of_one_digit_more_moves_nothing(theme: Theme, qtbot: QtBot) -> None:
    tabs = CountedTabs(theme)
    qtbot.addWidget(tabs)
    tabs.add("Failed")
    tabs.set_count(0, 9)
    before = tabs.tabSizeHint(0)
    tabs.set_count(0, 10)
    assert tabs.tabSizeHint(0) == before


def test_the_strip_says_slots_rates_lights_and_the_next_batch_in_words(theme: Theme, qtbot: QtBot) -> None:
    strip = FlowStrip(theme)
    qtbot.addWidget(strip)
    strip.resize(1280, 40)
    slots = [Slot(SlotKind.INBOUND, no, 7 if no < 3 else None) for no in range(4)]
    slots += [Slot(SlotKind.OUTBOUND, no) for no in range(4)] + [Slot(SlotKind.BLUE_LIGHT, 0, 9)]
    strip.show_flow(Flow(tuple(slots), 82.4, 41_300_000, datetime(2026, 11, 24, 22, tzinfo=UTC)))
    words = {kind: widget.words.text() for kind, widget in strip.slots.items()}
    assert words == {
        SlotKind.INBOUND: "3 of 4",
        SlotKind.OUTBOUND: "0 of 4",
        SlotKind.BLUE_LIGHT: "1 of 1",
    }
    assert strip.rates.text() == "82 images/s  41 MB/s"
    assert (strip._batch_name.text(), strip.next_batch.text()) == ("Next batch", "22:00")
    strip.show_lights((
        NodeLight("UHLPACS", NodeRole.PACS, LightState.UP, "answers C-ECHO"),
        NodeLight("GW", NodeRole.GATEWAY, LightState.DOWN, "nothing listens"),
    ))  # fmt: skip
    assert [(light.name.text(), light.word.text()) for light in strip.lights] == [
        ("PACS", "up"),
        ("Gateway", "down"),
    ]
    assert "nothing listens" in strip.lights[1].toolTip()
    strip.show_lights((NodeLight("A", NodeRole.PACS), NodeLight("B", NodeRole.PACS)))
    assert [light.name.text() for light in strip.lights] == ["A", "B"]
    assert strip.lights[0].word.text() == "not tried yet"


def test_where_the_names_of_nodes_do_not_fit_the_longest_gives_way(theme: Theme, qtbot: QtBot) -> None:
    strip = FlowStrip(theme)
    qtbot.addWidget(strip)
    names = ("Gateway", "UHLPACSWFMGATEWAY01", "GW")  # the first takes 53.48 pixels
    strip.show_lights(tuple(NodeLight(name, NodeRole.PACS, LightState.UP) for name in names))
    strip.resize(1500, 40)
    strip.show()
    widths = [light.name.width() for light in strip.lights]
    whole = [light.name.whole_width for light in strip.lights]
    assert widths == whole
    assert [light.name.shown for light in strip.lights] == list(names)
    strip.resize(1020, 40)
    qtbot.waitUntil(lambda: strip.lights[1].name.width() < whole[1])
    assert [strip.lights[at].name.shown for at in (0, 2)] == ["Gateway", "GW"]
    assert strip.lights[1].name.shown.endswith("…")
    assert strip.lights[1].name.toolTip() == names[1]


def test_a_choice_among_fields_has_its_words_at_the_left_and_the_chevron_at_the_right(
    theme: Theme, qtbot: QtBot
) -> None:
    def inked(words: str) -> list[int]:
        button = ChoiceButton(words, theme, QMenu())
        qtbot.addWidget(button)
        button.resize(400, 32)
        image = button.grab().toImage()
        ground = image.pixelColor(200, 16)
        return [x for x in range(4, 396) if any(image.pixelColor(x, y) != ground for y in range(6, 26))]

    assert max(x for x in inked("All") if x < 200) < 40
    assert min(x for x in inked("All") if x >= 200) > 360
    assert len(inked("CT, MR, CR, DX, US, XA, MG, NM, PT, RF, CT, MR, CR, DX, US, XA, MG, NM")) > 200


def test_the_strip_says_that_the_night_window_is_open(theme: Theme, qtbot: QtBot) -> None:
    strip = FlowStrip(theme)
    qtbot.addWidget(strip)
    strip.resize(1280, 40)
    strip.show_flow(Flow(batch_open=True))
    assert (strip._batch_name.text(), strip.next_batch.text()) == ("Batch", "runs now")
    assert not strip.next_batch.isHidden()


def test_a_slot_in_use_is_painted_in_the_colour_of_bars(theme: Theme, qtbot: QtBot) -> None:
    strip = FlowStrip(theme)
    qtbot.addWidget(strip)
    strip.show_flow(Flow((Slot(SlotKind.INBOUND, 0, 7), Slot(SlotKind.INBOUND, 1))))
    image = strip.slots[SlotKind.INBOUND].blocks.grab().toImage()
    assert image.pixelColor(8, 4) == theme.color("bar")
    assert image.pixelColor(24 + 8, 4) == theme.color("track")


def test_what_was_done_is_said_for_a_while(theme: Theme, qtbot: QtBot) -> None:
    parent = QWidget()
    parent.resize(600, 400)
    qtbot.addWidget(parent)
    parent.show()
    toast = Toast(theme, parent)
    toast.say("2026-000015 is tried again")
    assert toast.isVisible()
    assert parent.rect().contains(toast.geometry())
    assert toast.accessibleName() == "2026-000015 is tried again"
    assert QColor(theme.colors.ok_soft).isValid()
