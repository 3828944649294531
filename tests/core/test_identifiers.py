"""R-ID: what people type and what is kept."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.identifiers import (
    UHL_NUMBERS,
    format_nhs_number,
    is_uid,
    normalise_hospital_number,
    normalise_nhs_number,
    number_format,
    parse_call_reference,
    parse_hospital_number,
    parse_nhs_number,
    parse_ods_code,
)
from tests.core.samples import NHS_NUMBER

_BETWEEN = st.sampled_from(["", " ", "-", "  ", " - ", "\t", "\u00a0"])
_DIGITS = "0123456789"


@st.composite
def nhs_numbers(draw: st.DrawFn) -> str:
    nine = draw(st.text(_DIGITS, min_size=9, max_size=9))
    check = (11 - sum(int(d) * w for d, w in zip(nine, range(10, 1, -1), strict=True)) % 11) % 11
    assume(check != 10)
    return f"{nine}{check}"


@given(nhs_numbers(), st.data())
def test_an_nhs_number_is_the_same_in_any_spacing(number: str, data: st.DataObject) -> None:
    typed = "".join(data.draw(_BETWEEN) + digit for digit in number) + data.draw(_BETWEEN)
    assert parse_nhs_number(typed) == number


@given(nhs_numbers())
def test_an_nhs_number_shown_is_read_back(number: str) -> None:
    shown = format_nhs_number(number)
    assert [len(part) for part in shown.split(" ")] == [3, 3, 4]
    assert parse_nhs_number(shown) == number


@given(nhs_numbers(), st.integers(0, 9), st.integers(1, 9))
def test_one_mistyped_digit_is_always_noticed(number: str, place: int, change: int) -> None:
    wrong = number[:place] + str((int(number[place]) + change) % 10) + number[place + 1 :]
    with pytest.raises(InvalidInput) as caught:
        parse_nhs_number(wrong)
    assert caught.value.rule == "R-ID-1"


@given(nhs_numbers(), st.integers(0, 8))
def test_two_neighbours_exchanged_are_noticed(number: str, place: int) -> None:
    assume(number[place] != number[place + 1])
    wrong = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    with pytest.raises(InvalidInput):
        parse_nhs_number(wrong)


def test_a_number_whose_check_digit_would_be_ten_is_no_nhs_number() -> None:
    nine = next(
        n
        for n in (f"99900{i:04}" for i in range(100))
        if sum(int(d) * w for d, w in zip(n, range(10, 1, -1), strict=True)) % 11 == 1
    )
    for last in _DIGITS:
        with pytest.raises(InvalidInput):
            parse_nhs_number(nine + last)


@pytest.mark.parametrize(
    "text", ["", "999", "99900000180", "999000001X", "٩٩٩٠٠٠٠٠١٨", "９９９０００００１８"]
)
def test_what_is_not_ten_plain_digits_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_nhs_number(text)
    assert not text or text not in str(caught.value)  # it may be logged


@given(st.text(max_size=20))
def test_any_text_is_an_nhs_number_or_refused(text: str) -> None:
    try:
        number = parse_nhs_number(text)
    except InvalidInput:
        return
    assert len(number) == 10
    assert set(number) <= set(_DIGITS)


def test_normalising_keeps_a_wrong_nhs_number_to_be_seen() -> None:
    assert normalise_nhs_number(f" {NHS_NUMBER[:3]}-{NHS_NUMBER[3:]} ") == NHS_NUMBER
    assert normalise_nhs_number(" 123 ") == "123"
    assert format_nhs_number("123") == "123"


@given(
    st.text(_DIGITS, min_size=6, max_size=6), st.sampled_from(["S", "s", "RWES", "rwes", "RweS"]), st.data()
)
def test_an_s_number_and_its_rwes_number_are_one(digits: str, prefix: str, data: st.DataObject) -> None:
    typed = "".join(data.draw(_BETWEEN) + character for character in prefix + digits)
    number = parse_hospital_number(typed)
    assert (number.s_number, number.rwes_number) == (f"S{digits}", f"RWES{digits}")
    assert parse_hospital_number(number.s_number) == parse_hospital_number(number.rwes_number) == number
    assert normalise_hospital_number(typed) == number.s_number


@given(st.text(_DIGITS, min_size=6, max_size=6))
def test_a_zero_in_an_s_number_is_accepted_and_said(digits: str) -> None:
    assert bool(parse_hospital_number(f"S{digits}").warning) is ("0" in digits)


@pytest.mark.parametrize(
    "text", ["", "S", "S12345", "S1234567", "999111", "RWE999111", "RX1S999111", "S99911٩", "T999111"]
)
def test_what_is_no_hospital_number_of_ours_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_hospital_number(text)
    assert caught.value.rule == "R-ID-2"


def test_another_hospitals_number_stays_as_it_is() -> None:
    assert normalise_hospital_number(" N-555 12 ") == "N-555 12"


@given(st.text(_DIGITS, min_size=4, max_size=12), st.sampled_from(["", "INC", "sr"]))
def test_a_call_reference_is_read_back_from_what_was_kept(digits: str, prefix: str) -> None:
    kept = parse_call_reference(f" {prefix} {digits}\n")
    assert kept == prefix.upper() + digits
    assert parse_call_reference(kept) == kept


@pytest.mark.parametrize("text", ["", "123", "yes", "1234567890123", "06396375; 1", "٠٦٣٩٦٣٧٥", "ABCDE1234"])
def test_what_is_no_call_reference_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_call_reference(text)
    assert caught.value.rule == "R-ID-5"


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=3, max_size=10))
def test_an_ods_code_is_read_in_any_case(code: str) -> None:
    assert parse_ods_code(f" {code.lower()} ") == code


@pytest.mark.parametrize("text", ["", "RW", "RWE RX1", "RWE'--", "ÄBC", "ABCDEFGHIJK"])
def test_what_is_no_ods_code_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_ods_code(text)


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=5))
def test_numbers_joined_by_points_are_a_uid(parts: list[int]) -> None:
    uid = ".".join(map(str, parts))
    assert is_uid(uid) is (len(uid) <= 64)


@given(st.integers(0, 2**128 - 1))
def test_a_uid_made_of_a_uuid_is_one(number: int) -> None:
    assert is_uid(f"2.25.{number}")


@pytest.mark.parametrize(
    "text", ["", ".", "1.", ".1", "1..2", "1.02", "1.a", "1.2\n", "1.٢", "1 .2", "1" * 65]
)
def test_what_is_no_uid_is_not_taken_for_one(text: str) -> None:
    assert not is_uid(text)


# -- numbers of other hospitals


def test_uhl_has_its_s_numbers_and_other_hospitals_whatever_dicom_can_hold() -> None:
    assert number_format("RWE", "") == UHL_NUMBERS
    assert UHL_NUMBERS.check("rwes 999111") == ("S999111", "")
    with pytest.raises(InvalidInput, match="Not a hospital number"):
        UHL_NUMBERS.check("K0012345")
    theirs = number_format("RX1", "")
    for number in ("K0012345", "12/3456 A", "S999111", "N" * 64):
        assert theirs.check(f" {number} ") == (number, "")
    for none in ("", "  ", "A\\B", "A\nB", "N" * 65):
        with pytest.raises(InvalidInput):
            theirs.check(none)


def test_a_setting_names_the_format_of_our_own_numbers() -> None:
    ours = number_format("RX1", r"[A-Z]\d{7}")
    assert ours.check("K0012345") == ("K0012345", "")
    with pytest.raises(InvalidInput, match="Not a hospital number"):
        ours.check("K001234")
    with pytest.raises(InvalidInput, match="no regular expression"):
        number_format("RX1", "(")


def test_pacs_is_asked_in_every_way_in_which_a_number_is_written() -> None:
    """R-ID-3."""
    assert UHL_NUMBERS.ways_to_write("rwes999111") == ("S999111", "RWES999111")
    assert UHL_NUMBERS.ways_to_write("K0012345") == ()
    assert number_format("RX1", "").ways_to_write(" K0012345 ") == ("K0012345",)
