"""Header beside request: what differs is marked by colour and by form, and nothing is cut."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from iep_desktop.core.identity import agrees, compared, differing_fields
from iep_desktop.core.matching import Agreement, Field
from iep_desktop.core.viewing import ViewPatient
from iep_desktop.ui.theme import Theme, ThemeChoice
from iep_desktop.ui.viewer.identity_strip import IMAGES_SAY, REQUEST_SAYS, IdentityStrip

MINNIE = ViewPatient("S999111", "9990000018", "MOUSE^Minnie", date(1961, 3, 17), "F")
OTHER = ViewPatient("S999112", "9990000026", "DUCK^Donald", date(1934, 6, 9), "M")


def _strip(qtbot: QtBot, theme: Theme, width: int = 1280) -> IdentityStrip:
    strip = IdentityStrip(theme)
    qtbot.addWidget(strip)
    strip.resize(width, strip.height())
    strip.show()
    return strip


def _colours(image: QImage) -> dict[str, int]:
    counted: dict[str, int] = {}
    for y in range(image.height()):
        for x in range(image.width()):
            name = image.pixelColor(x, y).name().upper()
            counted[name] = counted.get(name, 0) + 1
    return counted


def test_the_same_patient_agrees_in_every_field(qtbot: QtBot, theme: Theme) -> None:
    strip = _strip(qtbot, theme)
    strip.set_identity(MINNIE, replace(MINNIE, patient_id="RWES999111"))
    assert strip.verdict.text == "Agrees"
    assert strip.text(Field.NAME, IMAGES_SAY) == strip.text(Field.NAME, REQUEST_SAYS) == "MOUSE, Minnie"
    assert strip.text(Field.BIRTH_DATE, IMAGES_SAY) == "17/03/1961"
    assert strip.text(Field.NHS_NUMBER, REQUEST_SAYS) == "999 000 0018"
    assert theme.colors.danger_soft.upper() not in _colours(strip.grab().toImage())


def test_differing_characters_are_underlined_bold_and_red(qtbot: QtBot, theme: Theme) -> None:
    strip = _strip(qtbot, theme)
    strip.set_identity(MINNIE, replace(MINNIE, name="MOUSE^Minny", birth_date=date(1961, 3, 11)))
    assert strip.verdict.text == "Differs: Name, Date of birth"
    images, request = (strip._columns[Field.NAME]._values[row].text() for row in (IMAGES_SAY, REQUEST_SAYS))
    assert "MOUSE, Minn<span" in images.replace("\n", "")
    assert "<u>y</u>" in images
    assert "<u>ie</u>" in request
    assert "<u>11</u>" in strip._columns[Field.BIRTH_DATE]._values[IMAGES_SAY].text()
    assert "<u>" not in strip._columns[Field.SEX]._values[IMAGES_SAY].text()
    colours = _colours(strip.grab().toImage())
    assert colours[theme.colors.danger_soft.upper()] > 5000
    assert "differs" in strip.accessibleDescription()


@pytest.mark.parametrize("choice", [ThemeChoice.LIGHT, ThemeChoice.DARK])
def test_the_marks_follow_the_theme(qtbot: QtBot, theme: Theme, choice: ThemeChoice) -> None:
    strip = _strip(qtbot, theme)
    strip.set_identity(MINNIE, OTHER)
    theme.set_choice(choice)
    colours = _colours(strip.grab().toImage())
    assert colours[theme.colors.danger_soft.upper()] > 10_000
    assert colours[theme.colors.danger.upper()] > 50
    assert strip.verdict.text == "5 of 5 differ"


def test_without_a_request_the_images_line_stands_alone(qtbot: QtBot, theme: Theme) -> None:
    strip = _strip(qtbot, theme)
    strip.set_identity(MINNIE, MINNIE)
    high = strip.height()
    strip.set_identity(None, MINNIE)
    assert strip.verdict.text == "Not compared: no request"
    qtbot.waitUntil(lambda: strip.height() < high, timeout=2000)
    assert "request says" not in strip.accessibleDescription()


def test_what_is_not_given_is_said_and_asks_to_look_twice(qtbot: QtBot, theme: Theme) -> None:
    strip = _strip(qtbot, theme)
    strip.set_identity(MINNIE, ViewPatient("X77", "", "MOUSE^Minnie", None, "O"))
    assert strip.text(Field.BIRTH_DATE, IMAGES_SAY) == "not given"
    assert strip.verdict.text == "Look twice: not all is given"
    assert "the sender’s own number" in strip.accessibleDescription()


def test_names_in_other_scripts_stand_behind_the_alphabetic_one(qtbot: QtBot, theme: Theme) -> None:
    strip = _strip(qtbot, theme)
    strip.set_identity(None, replace(MINNIE, name="Yamada^Tarou=山田^太郎=やまだ^たろう"))
    assert strip.text(Field.NAME, IMAGES_SAY) == "Yamada, Tarou / 山田, 太郎 / やまだ, たろう"


def test_another_hospitals_number_is_shown_with_its_issuer(qtbot: QtBot, theme: Theme) -> None:
    strip = _strip(qtbot, theme)
    strip.set_identity(MINNIE, replace(MINNIE, patient_id="884120", issuer="RX1"))
    assert strip.text(Field.HOSPITAL_NUMBER, IMAGES_SAY) == "884120 / RX1"
    strip.set_identity(MINNIE, replace(MINNIE, issuer="RWE"))
    assert strip.text(Field.HOSPITAL_NUMBER, IMAGES_SAY) == "S999111"


def test_markup_in_a_name_is_shown_and_not_obeyed(qtbot: QtBot, theme: Theme) -> None:
    strip = _strip(qtbot, theme)
    strip.set_identity(MINNIE, replace(MINNIE, name="<b>MOUSE</b>^<img src=x>"))
    text = strip._columns[Field.NAME]._values[IMAGES_SAY].text()
    assert "<b>" not in text
    assert "<img" not in text


def test_in_a_narrow_window_the_fields_wrap_and_none_is_cut(qtbot: QtBot, theme: Theme) -> None:
    strip = _strip(qtbot, theme, width=640)
    strip.set_identity(MINNIE, OTHER)
    qtbot.waitUntil(lambda: strip.height() > 150, timeout=2000)
    for column in strip._columns.values():
        assert strip.rect().contains(column.geometry())


def test_two_numbers_of_ours_that_differ_are_two_patients() -> None:
    fields = compared(MINNIE, replace(MINNIE, patient_id="S999112"))
    assert differing_fields(fields) == (Field.HOSPITAL_NUMBER,)
    assert not agrees(fields)
    foreign = compared(MINNIE, replace(MINNIE, patient_id="884120"))
    assert next(f for f in foreign if f.field is Field.HOSPITAL_NUMBER).agreement is Agreement.OWN
    assert agrees(foreign)
