import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.core.forms import form_to_json
from iep_desktop.core.model import FormKind, Priority
from iep_desktop.ui.disc_wizard.form_text import ExamText, FormText
from iep_desktop.ui.disc_wizard.paste import parse_exam, parse_pasted
from tests.ui.disc_wizard.samples import MINNIE_FORM

MAIL = """Hi team,
Call ref: 06396375
Disc: 2 of 3
Labelled: yes
Patient details
Name: MOUSE, Minnie
DOB: 17/03/1961
NHS No.: 999 000 0018
S number: S999111
Sex: Female
Address: 12 Harbour Rd
LE99 9ZZ

Images from: Riverside General Hospital (RX1)
Exam 1: CT chest with contrast (CCHESC), 02/11/2026
Staff details:
Name: Dr A Consultant
E-mail: a.consultant@example.nhs.uk
Contact number: 18000
Priority: Clinical Emergency
Reason: theatre tonight
Favourite colour: green
Kind regards
"""


def test_an_email_of_labelled_lines_fills_the_form() -> None:
    text = parse_pasted(MAIL, FormText()).text
    assert (text.call_ref, text.disc_no, text.discs, text.labelled) == ("06396375", "2", "3", True)
    assert (text.family, text.given, text.birth_date, text.sex) == ("MOUSE", "Minnie", "17/03/1961", "F")
    assert (text.nhs_no, text.hospital_no) == ("999 000 0018", "S999111")
    assert text.address == "12 Harbour Rd, LE99 9ZZ"
    assert (text.hospital, text.hospital_typed) == ("RX1", "Riverside General Hospital")
    assert text.exams == (ExamText("CT", "chest with contrast", "CCHESC", "02/11/2026"),)
    assert (text.requester_name, text.requester_phone) == ("Dr A Consultant", "18000")
    assert (text.priority, text.priority_reason) == (Priority.BLUE_LIGHT, "theatre tonight")


def test_what_was_not_understood_is_named_line_by_line() -> None:
    assert parse_pasted(MAIL, FormText()).unknown == ("Hi team,", "Favourite colour: green", "Kind regards")


def test_what_was_filled_is_named_in_words() -> None:
    filled = parse_pasted(MAIL, FormText()).filled
    assert {"NHS number", "S number", "name", "requester", "exam"} <= set(filled)


def test_fields_that_the_email_does_not_name_stay_as_they_are() -> None:
    text = parse_pasted("Surname: DUCK", MINNIE_FORM).text
    assert (text.family, text.given, text.call_ref) == ("DUCK", "Minnie", "06396375")


def test_a_json_form_is_taken_whole() -> None:
    document = json.dumps(form_to_json(MINNIE_FORM.to_form()))
    assert parse_pasted(document, FormText()).text.to_form() == MINNIE_FORM.to_form()


def test_a_json_form_with_mistakes_changes_nothing_and_says_where() -> None:
    result = parse_pasted('{"kind": "cd", "patient": {"birth_date": "31/02/1961"}}', MINNIE_FORM)
    assert result.text == MINNIE_FORM
    assert "patient.birth_date" in result.unknown[0]


def test_an_export_form_is_refused() -> None:
    result = parse_pasted(json.dumps({"kind": FormKind.EXPORT}), FormText())
    assert "A3" in result.unknown[0]


def test_words_in_place_of_an_nhs_number_are_the_reason_why_there_is_none() -> None:
    text = parse_pasted("NHS number: visitor from abroad", FormText()).text
    assert (text.nhs_no, text.nhs_no_absent_reason) == ("", "visitor from abroad")


@pytest.mark.parametrize(
    ("line", "exam"),
    [
        ("CT head 01/10/2026", ExamText("CT", "head", "", "01/10/2026")),
        ("MRI knee left on 2026-10-29", ExamText("MR", "MRI knee left", "", "29/10/2026")),
        ("X-ray wrist, 3/11/2026", ExamText("CR", "X-ray wrist", "", "03/11/2026")),
        ("Chest", ExamText("", "Chest", "", "")),
    ],
)
def test_one_line_of_an_exam_is_taken_apart(line: str, exam: ExamText) -> None:
    assert parse_exam(line) == exam


def test_parts_of_several_exams_on_lines_of_their_own_are_kept_apart() -> None:
    mail = "Study date: 02/11/2026\nModality: CT\nDescription: chest\nStudy date: 03/11/2026\nModality: MRI"
    assert parse_pasted(mail, FormText()).text.exams == (
        ExamText("CT", "chest", "", "02/11/2026"),
        ExamText("MR", "", "", "03/11/2026"),
    )


LINES = st.lists(
    st.one_of(
        st.text(), st.sampled_from(MAIL.splitlines()), st.builds("{}: {}".format, st.text(), st.text())
    ),
    max_size=12,
).map("\n".join)


@given(LINES)
def test_nothing_that_can_be_pasted_raises(mail: str) -> None:
    result = parse_pasted(mail, FormText())
    assert result.text.to_form().kind is FormKind.CD


@given(st.text().map(lambda text: "{" + text))
def test_no_broken_json_raises(text: str) -> None:
    assert parse_pasted(text, FormText()).text is not None
