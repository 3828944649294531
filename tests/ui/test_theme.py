from __future__ import annotations

import re
from dataclasses import asdict, fields
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetrics
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from iep_desktop.core.transaction import Status
from iep_desktop.ui import acts, icons
from iep_desktop.ui.theme import DARK, LIGHT, Colors, Sizes, Theme, ThemeChoice, contrast, stylesheet
from iep_desktop.ui.widgets.chip import status_tone

THEMES = pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert contrast("#FFFFFF", "#777777") == contrast("#777777", "#FFFFFF")


@THEMES
@pytest.mark.parametrize("text", ["text", "text2", "text3"])
@pytest.mark.parametrize("ground", ["surface", "window", "sunk", "selection"])
def test_text_can_be_read_on_every_ground(colors: Colors, text: str, ground: str) -> None:
    assert contrast(getattr(colors, text), getattr(colors, ground)) >= 4.5


@THEMES
@pytest.mark.parametrize("tone", ["accent", "danger", "warn", "ok", "neutral"])
def test_words_of_a_tone_can_be_read_on_their_soft_fill_and_in_a_row(colors: Colors, tone: str) -> None:
    for ground in (f"{tone}_soft", "surface", "selection"):
        assert contrast(getattr(colors, tone), getattr(colors, ground)) >= 4.5, ground


@THEMES
def test_words_on_a_primary_button_can_be_read(colors: Colors) -> None:
    assert contrast(colors.on_fill, colors.accent_fill) >= 4.5


@THEMES
def test_borders_of_fields_lights_and_bars_can_be_seen(colors: Colors) -> None:
    assert contrast(colors.border, colors.surface) >= 3
    for light in (colors.green, colors.amber, colors.bar, colors.danger):
        assert contrast(light, colors.surface) >= 3


@THEMES
def test_every_status_has_a_chip_whose_word_can_be_read(colors: Colors) -> None:
    for status in Status:
        tone = status_tone(status)
        fill, word = ("surface", "accent") if tone == "outline" else (f"{tone}_soft", tone)
        assert contrast(getattr(colors, word), getattr(colors, fill)) >= 4.5, status


@THEMES
def test_every_token_is_a_colour_and_the_columns_differ(colors: Colors) -> None:
    assert all(re.fullmatch("#[0-9A-F]{6}", value) for value in asdict(colors).values())
    same = {f.name for f in fields(Colors) if getattr(LIGHT, f.name) == getattr(DARK, f.name)}
    assert same == {"on_fill", "image"}  # white on strong colours, black below images


def test_the_stylesheet_is_filled_in_and_names_no_colour_of_its_own(
    tmp_path: Path, qapp: QApplication
) -> None:
    sheet = stylesheet(LIGHT, Sizes(16), 13, tmp_path)
    assert "$" not in sheet
    used = set(re.findall(r"#[0-9A-Fa-f]{6}\b", sheet))
    assert used <= set(asdict(LIGHT).values())


def test_the_pictures_of_the_stylesheet_exist_in_the_colours_of_the_theme(
    tmp_path: Path, qapp: QApplication
) -> None:
    sheet = stylesheet(DARK, Sizes(16), 13, tmp_path)
    pictures = [Path(path) for path in re.findall(r'url\("([^"]+)"\)', sheet)]
    assert len(pictures) > 4
    assert all(path.exists() for path in pictures)
    check = next(path for path in pictures if path.name.startswith("check"))
    assert DARK.on_fill in check.read_text("utf-8")


def test_inter_is_there_in_three_weights_with_figures_of_one_width(theme: Theme) -> None:
    assert theme.font().family() == "Inter"
    assert {"Regular", "Medium", "SemiBold"} <= set(QFontDatabase.styles("Inter"))
    for weight in (400, 500, 600):
        metrics = QFontMetrics(theme.font(weight))
        assert metrics.horizontalAdvance("1111") == metrics.horizontalAdvance("8888")


def test_heights_follow_the_font() -> None:
    assert (Sizes(16).row, Sizes(16).two_line_row, Sizes(16).chip) == (32, 48, 20)
    assert (Sizes(32).row, Sizes(32).two_line_row, Sizes(32).chip) == (64, 96, 40)


def test_a_larger_system_font_makes_text_and_rows_larger(theme: Theme, qapp: QApplication) -> None:
    before = qapp.font()
    try:
        font = QFont(before)
        font.setPointSizeF(22)
        qapp.setFont(font)
        large = Theme(qapp, ThemeChoice.LIGHT)
        assert large.font().pixelSize() > 20
        assert large.sizes.row > 50
    finally:
        qapp.setFont(before)
        theme._apply()


def test_switching_changes_colours_and_tells(theme: Theme, qtbot: QtBot, qapp: QApplication) -> None:
    with qtbot.waitSignal(theme.changed):
        theme.set_choice(ThemeChoice.DARK)
    assert theme.is_dark
    assert theme.color("surface") == QColor("#1A2028")
    assert qapp.palette().window().color() == QColor("#1A2028")
    with qtbot.assertNotEmitted(theme.changed):
        theme.set_choice(ThemeChoice.DARK)


def test_a_button_keeps_its_icon_in_the_colours_of_the_theme(theme: Theme, qtbot: QtBot) -> None:
    button = QPushButton("Send")
    qtbot.addWidget(button)
    theme.set_icon(button, "send")
    light = button.icon().pixmap(16).toImage()
    theme.set_choice(ThemeChoice.DARK)
    assert button.icon().pixmap(16).toImage() != light


def test_a_button_may_die_before_the_theme_changes(theme: Theme) -> None:
    button = QPushButton("Send")
    theme.set_icon(button, "send")
    del button
    theme.set_choice(ThemeChoice.DARK)
    assert theme.is_dark


def test_every_icon_that_code_names_is_there(qapp: QApplication) -> None:
    package = Path(icons.__file__).parent
    source = "\n".join(path.read_text("utf-8") for path in package.rglob("*.py"))
    there = {path.stem for path in (package.parent / "resources" / "icons").glob("*.svg")}
    named = set(re.findall(r'icon="([a-z0-9-]+)"', source)) | set(
        re.findall(r'(?:set_icon|IconLabel|pixmap|IconButton|EmptyState)\(\s*"([a-z0-9-]+)"', source)
    )
    named |= {acts.icon_of(act) for act in acts.Act}
    assert named - there == set()
    assert len(named) > 20


def test_an_icon_is_drawn_in_the_colour_asked_for(qapp: QApplication) -> None:
    image = icons.pixmap("minus", QColor("#B3261E"), 16, 2.0).toImage()
    assert image.width() == 32
    assert image.pixelColor(16, 16).name().upper() == "#B3261E"


def test_licences_lie_beside_icons_and_fonts() -> None:
    resources = Path(icons.__file__).parent.parent / "resources"
    assert "ISC" in (resources / "icons" / "LICENSE").read_text("utf-8")
    assert "SIL Open Font License" in (resources / "fonts" / "LICENSE").read_text("utf-8")
