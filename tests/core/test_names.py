"""Names as DICOM PN: components, what is shown, and which names are one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.names import components, display_name, from_parts, parse_name, same_name

_PART = st.text(st.characters(exclude_characters="^=\\", exclude_categories=("Cs", "Cc")), max_size=12)


def test_the_five_components_come_apart() -> None:
    assert components("MOUSE^Minnie^Anne^Dr^BSc") == ("MOUSE", "Minnie", "Anne", "Dr", "BSc")
    assert components(" MOUSE ^ Minnie ") == ("MOUSE", "Minnie", "", "", "")


@pytest.mark.parametrize("pn", ["", "^", "^^^^", "=", "==", " ", "^^=^^=", "=^"])
def test_a_name_of_separators_alone_is_empty(pn: str) -> None:
    assert components(pn) == ("",) * 5
    assert display_name(pn) == ""


def test_the_first_group_that_says_something_is_shown() -> None:
    assert display_name("Yamada^Tarou=山田^太郎=やまだ^たろう") == "Yamada, Tarou"
    assert display_name("=山田^太郎=やまだ^たろう") == "山田, 太郎"
    assert display_name("^=山田^太郎") == "山田, 太郎"


@pytest.mark.parametrize(
    ("pn", "shown"),
    [
        ("MOUSE^Minnie", "MOUSE, Minnie"),
        ("MOUSE^Minnie^Anne", "MOUSE, Minnie Anne"),
        ("MOUSE^Minnie^^Dr", "MOUSE, Minnie"),
        ("MOUSE", "MOUSE"),
        ("^Minnie", "Minnie"),
    ],
)
def test_a_name_is_shown_family_first(pn: str, shown: str) -> None:
    assert display_name(pn) == shown


@given(_PART, _PART, _PART)
def test_typed_parts_come_back_as_components(family: str, given_name: str, middle: str) -> None:
    pn = from_parts(family, given_name, middle)
    assert components(pn)[:3] == (family.strip(), given_name.strip(), middle.strip())


def test_a_separator_typed_into_a_part_shifts_nothing() -> None:
    assert from_parts("MOU^SE", "Min=nie", "A\\B") == "MOU SE^Min nie^A B"
    assert from_parts("MOUSE") == "MOUSE"


@given(st.text(max_size=30))
def test_no_text_breaks_the_functions(text: str) -> None:
    assert len(components(text)) == 5
    assert "^" not in display_name(text)
    assert same_name(text, text) in (True, False)


@given(st.text(max_size=20), st.text(max_size=20))
def test_comparing_does_not_depend_on_the_order(one: str, other: str) -> None:
    assert same_name(one, other) is same_name(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MOUSE^Minnie", "Mouse^MINNIE"),
        ("MOUSE^Minnie", "MOUSE^Minnie^Anne"),
        ("MOUSE^Minnie^Anne", "MOUSE^Minnie^Betty"),
        ("MOUSE^Minnie^^Mrs", "MOUSE^Minnie"),
        ("O'Neill^Sinéad", "ONEILL^Sinead"),
        ("O’Neill^Sinéad", "O'NEILL^SINEAD"),
        ("Smith-Jones^Ann", "SMITH JONES^ANN"),
        ("Smith\u2011Jones^Ann", "SMITH\u2013JONES^ANN"),
        ("Smith-Jones^Ann-Marie", "SMITHJONES^ANN MARIE"),
        ("Müller^Jürgen", "MULLER^Jurgen"),
        ("Mu\u0308ller^Ju\u0308rgen", "Müller^Jürgen"),
        ("Groß^Anna", "GROSS^Anna"),
        ("St. John^Ann", "St John^Ann"),
        ("İnci^Ali", "inci^ali"),
        ("Yamada^Tarou=山田^太郎", "YAMADA^TAROU"),
        ("Yamada^Tarou=山田^太郎", "=山田^太郎"),
        ("=山田^太郎=やまだ^たろう", "==やまだ^たろう"),
        ("山田^太郎", "山田^太郎^"),
    ],
)
def test_these_names_are_one(one: str, other: str) -> None:
    assert same_name(one, other)
    assert same_name(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MOUSE^Minnie", "MOUSE^Mickey"),
        ("MOUSE^Minnie", "DUCK^Minnie"),
        ("MOUSE^Minnie", "Minnie^MOUSE"),
        ("MOUSE^Minnie", "MOUSE"),
        ("MOUSEM^innie", "MOUSE^Minnie"),
        ("MOUSE^Minnie", ""),
        ("", ""),
        ("^", "^"),
        ("-^-", "-^-"),
        ("Yamada^Tarou", "=山田^太郎"),
        ("Yamada^Tarou=山田^太郎", "Yamada^Jirou=山田^太郎"),
        ("かとう^はな", "がとう^はな"),  # voicing marks are letters, not accents
        ("はな^かとう", "ばな^かとう"),
        ("राम^सिंह", "रामा^सिंह"),  # vowel signs too
    ],
)
def test_these_names_are_two(one: str, other: str) -> None:
    assert not same_name(one, other)
    assert not same_name(other, one)


def test_a_name_is_tidied() -> None:
    assert parse_name(" MOUSE^Minnie\n  Anne\t") == "MOUSE^Minnie Anne"
    assert parse_name("") == ""
    assert parse_name(f"{'A' * 64}={'山' * 64}") == f"{'A' * 64}={'山' * 64}"


@pytest.mark.parametrize("pn", ["A\\B", "A" * 65, "A^B^C^D^E^F", "A=B=C=D", f"A={'山' * 65}"])
def test_a_name_that_dicom_cannot_hold_is_refused_without_being_repeated(pn: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_name(pn)
    assert pn not in str(caught.value)
