"""Form files: read back as written; every mistake named with its place, at once."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.forms import MAX_LENGTH, form_to_json, parse_form, parse_priority
from iep_desktop.core.identifiers import normalise_hospital_number, normalise_nhs_number
from iep_desktop.core.model import (
    Exam,
    Form,
    FormKind,
    Patient,
    Priority,
    Recipient,
    RecipientKind,
    Requester,
    RisState,
)
from tests.core.samples import CD_FORM, FORM, NHS_NUMBER

_characters = st.characters(exclude_categories=("Cs", "Cc"))
_lines = st.text(_characters, max_size=20).map(lambda text: " ".join(text.split()))
_texts = st.text(st.one_of(_characters, st.sampled_from("\n\t")), max_size=40).map(str.strip)
_names = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\\^="), max_size=20).map(
    lambda text: " ".join(f"{text}^Minnie={text}".split())
)
_days = st.one_of(st.none(), st.dates())
_codes = st.text("ABCDEFXYZ0123456789", max_size=16)
_numbers = st.one_of(st.none(), st.integers(1, 999))

_patients = st.builds(
    Patient,
    name=_names,
    birth_date=_days,
    hospital_no=_lines.map(lambda t: normalise_hospital_number(t.replace("\\", ""))),
    nhs_no=_lines.map(normalise_nhs_number),
    nhs_no_absent_reason=_lines,
    address=_texts,
    sex=st.sampled_from(["", "M", "F", "O"]),
)
_exams = st.builds(
    Exam,
    date=_days,
    modality=_lines,
    description=_lines,
    exam_code=_codes,
    accession=_codes,
    ris_state=st.sampled_from(RisState),
    study_uid=_lines,
)
forms = st.builds(
    Form,
    kind=st.sampled_from(FormKind),
    call_ref=_lines,
    requester=st.builds(Requester, _lines, _lines, _lines, _lines, _lines),
    patient=_patients,
    hospital=_lines,
    recipient=st.builds(Recipient, _lines, _lines, _lines, _lines, st.sampled_from(RecipientKind)),
    exams=st.lists(_exams, max_size=3).map(tuple),
    discs=_numbers,
    disc_no=_numbers,
    labelled=st.sampled_from([None, True, False]),
    priority=st.sampled_from(Priority),
    priority_reason=_texts,
    needed_by=_days,
    comments=_texts,
)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def document(**changes: Any) -> dict[str, Any]:
    return form_to_json(FORM) | changes


def mistakes(changed: Any) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        parse_form(json.dumps(changed))
    return caught.value.message.split("; ")


@given(forms)
def test_a_form_written_is_read_back_the_same(form: Form) -> None:
    assert parse_form(json.dumps(form_to_json(form))) == form
    assert parse_form(json.dumps(form_to_json(form), ensure_ascii=False).encode()) == form


@pytest.mark.parametrize("form", [FORM, CD_FORM])
def test_the_sample_forms_are_read_back(form: Form) -> None:
    assert parse_form(json.dumps(form_to_json(form))) == form


def test_the_smallest_form_has_only_its_kind() -> None:
    assert parse_form('{"kind": "cd"}') == Form(FormKind.CD)


def test_null_is_the_same_as_left_out() -> None:
    nulls = dict.fromkeys(form_to_json(FORM)) | {"kind": "import"}
    assert parse_form(json.dumps(nulls)) == Form(FormKind.IMPORT)


def test_a_null_kind_is_a_missing_kind() -> None:
    assert mistakes({"kind": None}) == ["kind: missing, one of import, export, cd"]


def test_numbers_are_kept_in_their_normal_way_of_writing() -> None:
    spaced = f"{NHS_NUMBER[:3]}-{NHS_NUMBER[3:6]} {NHS_NUMBER[6:]}"
    form = parse_form(
        json.dumps({"kind": "import", "patient": {"nhs_no": spaced, "hospital_no": "rwes 999111"}})
    )
    assert (form.patient.nhs_no, form.patient.hospital_no) == (NHS_NUMBER, "S999111")


def test_a_wrong_number_is_kept_for_the_rules_to_judge() -> None:
    form = parse_form('{"kind": "import", "patient": {"nhs_no": "999 000 0019", "hospital_no": "N1"}}')
    assert (form.patient.nhs_no, form.patient.hospital_no) == ("999 000 0019", "N1")


def test_what_a_paste_brings_along_becomes_one_space() -> None:
    form = parse_form(
        json.dumps(
            {"kind": "import", "patient": {"name": "MOUSE^Minnie\r\n\tAnne\u00a0", "address": "1 A\n2 B"}}
        )
    )
    assert form.patient.name == "MOUSE^Minnie Anne"
    assert form.patient.address == "1 A\n2 B"


# --- mistakes ----------------------------------------------------------------------------------------------------


def test_every_mistake_is_named_with_its_place_at_once() -> None:
    wrong = document(
        kind="fax",
        call_ref=6396375,
        discs="two",
        labelled="yes",
        priority="soon",
        needed_by="31/02/2026",
        unknown=1,
        patient={"name": 1, "birth_date": "1980-13-01", "sex": "female", "shoe_size": 38},
        requester="Dr Field",
        exams=[{"date": "2026-03-09"}, {"date": 20260309, "ris_state": "maybe"}, "CT chest"],
    )
    places = {mistake.partition(":")[0] for mistake in mistakes(wrong)}
    assert places == {
        "form", "kind", "call_ref", "discs", "labelled", "priority", "needed_by", "patient", "patient.name",
        "patient.birth_date", "patient.sex", "requester", "exams[1].date", "exams[1].ris_state", "exams[2]",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "31/02/2026", "2026-02-31", "2025-02-29", "00/01/2026", "2026-00-10", "2026-W01-1", "20260309", "9/3/2026",
        "2026-3-9", "+1/02/2026", "09/03/26", "09-03-2026", "03/13/2026", "٠٩/٠٣/٢٠٢٦", "0000-01-01", "tomorrow", "",
        "2026-03-09T10:00", "2026/03/09",
    ],
)  # fmt: skip
def test_a_day_that_does_not_exist_is_refused_with_its_place(text: str) -> None:
    (mistake,) = mistakes(document(needed_by=text))
    assert mistake.startswith("needed_by: ")


@given(st.dates())
def test_a_day_is_read_in_both_ways_of_writing(day: date) -> None:
    british = f"{day.day:02}/{day.month:02}/{day.year:04}"
    for text in (day.isoformat(), british, f" {british} "):
        assert parse_form(json.dumps({"kind": "cd", "needed_by": text})).needed_by == day


def test_a_wrong_birth_date_is_not_repeated_in_the_message() -> None:
    (mistake,) = mistakes(document(patient={"birth_date": "31/02/1980"}))
    assert "1980" not in mistake


@pytest.mark.parametrize("value", [0, 1000, -1, 1.5, True, "1", [1], 10**30])
def test_a_number_of_discs_is_a_whole_number(value: Any) -> None:
    (mistake,) = mistakes(document(discs=value))
    assert mistake == "discs: expected a whole number from 1 to 999"


@pytest.mark.parametrize("value", [1, 0, "true", [], {}])
def test_labelled_is_true_or_false(value: Any) -> None:
    assert mistakes(document(labelled=value)) == ["labelled: expected true or false"]


@pytest.mark.parametrize("value", [1, True, [], {}, ["x"]])
@pytest.mark.parametrize("key", ["call_ref", "hospital", "comments", "priority", "kind", "needed_by"])
def test_another_type_than_text_is_refused(key: str, value: Any) -> None:
    assert any(mistake.startswith(f"{key}: ") for mistake in mistakes(document(**{key: value})))


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "a\x7fb", "a\x9bb", "a\ud800b", "\udfff"])
def test_control_characters_and_halves_of_characters_are_refused(text: str) -> None:
    assert mistakes(document(comments=text)) == ["comments: holds control characters"]


@pytest.mark.parametrize("name", ["A\\B", "A" * 65, "A^B^C^D^E^F", "A=B=C=D"])
def test_a_name_that_dicom_cannot_hold_is_refused_now_and_not_while_sending(name: str) -> None:
    (mistake,) = mistakes(document(patient={"name": name}))
    assert mistake.startswith("patient.name: not a DICOM name")
    assert name not in mistake


@pytest.mark.parametrize("code", ["X" * 17, "CÄT", "A\\B"])
def test_an_exam_code_that_dicom_cannot_hold_is_refused(code: str) -> None:
    (mistake,) = mistakes(document(exams=[{"exam_code": code}]))
    assert mistake.startswith("exams[0].exam_code: ")


def test_a_hospital_number_that_dicom_cannot_hold_is_refused() -> None:
    (mistake,) = mistakes(document(patient={"hospital_no": "N" * 65}))
    assert mistake.startswith("patient.hospital_no: ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nonsense",
        "{'kind': 'cd'}",
        '{"kind": "cd",}',
        b"\xff\xfe\x00",
        '{"kind": "cd"} x',
        "1" * 5000,
    ],
)
def test_what_is_not_json_says_so(text: str | bytes) -> None:
    with pytest.raises(InvalidInput, match="not JSON"):
        parse_form(text)


@pytest.mark.parametrize("value", [[], "form", 1, None, True])
def test_json_that_is_no_object_says_so(value: Any) -> None:
    assert "form: expected an object" in mistakes(value)


@pytest.mark.parametrize("opening", ["[", '{"kind":', '{"exams":['])
def test_deep_nesting_is_refused(opening: str) -> None:
    with pytest.raises(InvalidInput):
        parse_form(opening * 100_000)


def test_nesting_that_json_can_read_is_a_mistake_of_its_place() -> None:
    nested: Any = "CT"
    for _ in range(200):
        nested = [nested]
    assert mistakes(document(exams=nested)) == ["exams[0]: expected an object"]


def test_a_huge_file_is_refused_at_once() -> None:
    before = time.perf_counter()
    with pytest.raises(InvalidInput, match="too large"):
        parse_form(b" " * (MAX_LENGTH + 1))
    assert time.perf_counter() - before < 0.1


def test_thousands_of_mistakes_are_found_in_reasonable_time() -> None:
    before = time.perf_counter()
    assert len(mistakes(document(exams=[{"date": "x"}] * 20_000))) == 20_000
    assert time.perf_counter() - before < 5


@pytest.mark.parametrize(
    "text",
    [
        '{"kind": "cd", "kind": "import"}',
        '{"kind": "cd", "patient": {"nhs_no": "1", "name": "", "nhs_no": "2"}}',
    ],
)
def test_a_key_that_stands_twice_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_form(text)
    assert "stands twice" in caught.value.message


def test_a_long_unknown_key_is_not_repeated_in_full() -> None:
    (mistake,) = mistakes(document(**{"x" * 5000: 1}))
    assert len(mistake) < 100


@given(json_values)
def test_any_json_is_a_form_or_refused(value: Any) -> None:
    try:
        form = parse_form(json.dumps(value))
    except InvalidInput:
        return
    assert isinstance(form, Form)


@given(st.sampled_from(sorted(form_to_json(FORM))), json_values)
def test_any_value_in_any_place_is_taken_or_refused_with_its_place(key: str, value: Any) -> None:
    message, form = "", None
    try:
        form = parse_form(json.dumps(document(**{key: value})))
    except InvalidInput as error:
        message = error.message
    assert form is not None or key in message
    assert form is None or parse_form(json.dumps(form_to_json(form))) == form


# --- priorities --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "priority"),
    [
        ("Normal", Priority.NORMAL),
        ("standard", Priority.NORMAL),
        ("BATCH", Priority.BATCH),
        ("Blue Light", Priority.BLUE_LIGHT),
        ("blue-light", Priority.BLUE_LIGHT),
        ("blue_light", Priority.BLUE_LIGHT),
        (" Clinical Emergency ", Priority.BLUE_LIGHT),
    ],
)
def test_the_forms_other_words_for_a_priority_are_known(text: str, priority: Priority) -> None:
    assert parse_priority(text) is priority
    assert parse_form(json.dumps({"kind": "cd", "priority": text})).priority is priority


def test_an_unknown_priority_is_refused() -> None:
    with pytest.raises(InvalidInput, match="Unknown priority"):
        parse_priority("soon")


def test_a_changed_form_is_written_changed() -> None:
    changed = replace(FORM, priority=Priority.BLUE_LIGHT, needed_by=date(2026, 3, 11))
    written = form_to_json(changed)
    assert (written["priority"], written["needed_by"]) == ("Blue Light", "2026-03-11")
