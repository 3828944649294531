from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from iep_desktop.core.transaction import InstanceCounts, Status
from iep_desktop.ui.acts import Act
from iep_desktop.ui.details.failure import explain, fixes, for_service_desk, status_words
from iep_desktop.ui.possible import possible
from tests.ui.fake_desk import NOW, REFUSED, RIS, SILENT, transaction

PARTLY = transaction(
    15,
    status=Status.FAILED,
    failure=REFUSED,
    attempts=3,
    queued=False,
    counts=InstanceCounts(verified=809, failed=14),
)
SILENCE = transaction(
    16, status=Status.FAILED, failure=SILENT, queued=False, counts=InstanceCounts(spooled=300)
)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0xA700, "A700, Refused: Out of Resources (PS3.4 B.2.3)"),
        (0xA900, "A900, Error: Data Set does not match SOP Class (PS3.4 B.2.3)"),
        (0xC000, "C000, Error: Cannot Understand (PS3.4 B.2.3)"),
        (0xC123, "C123, Error: Cannot Understand (PS3.4 B.2.3)"),
        (0x0122, "0122, Refused: SOP Class Not Supported (PS3.7 C.5.6)"),
        (0xB000, "B000, Warning (PS3.4 B.2.3)"),
        (0x1234, "1234, not one of the standard’s words"),
    ],
)
def test_a_status_is_shown_as_it_came_and_in_the_standards_words(code: int, words: str) -> None:
    assert status_words(code) == words


def test_whose_move_what_happens_by_itself_and_the_status() -> None:
    facts = {fact.label: fact.fact for fact in explain(PARTLY, NOW)}
    assert facts == {
        "Whose move": "The PACS office",
        "By itself": "Tried 3 times, nothing more",
        "DICOM status": "A700, Refused: Out of Resources (PS3.4 B.2.3)",
    }


def test_the_next_try_is_told_with_its_time() -> None:
    again = replace(PARTLY, not_before=NOW + timedelta(minutes=27))
    assert explain(again, NOW)[1].fact == "Tried 3 times, next at 14:36"
    queued = replace(PARTLY, queued=True, attempts=1)
    assert explain(queued, NOW)[1].fact == "Tried once, next when a slot is free"


def test_no_dicom_status_no_line_for_it() -> None:
    assert [fact.label for fact in explain(SILENCE, NOW)] == ["Whose move", "By itself"]


def test_an_unknown_kind_goes_to_the_service_desk() -> None:
    odd = replace(SILENCE, failure=replace(SILENT, kind="something-new"))
    assert explain(odd, NOW)[0].fact == "The service desk"


def test_the_next_right_thing_comes_first() -> None:
    assert fixes(PARTLY) == (Act.RETRY_FAILED, Act.RETRY, Act.COPY)
    assert fixes(SILENCE) == (Act.RETRY, Act.EDIT_NODE, Act.COPY)


def test_the_service_desk_gets_the_case_and_no_patient() -> None:
    text = for_service_desk(PARTLY)
    assert "2026-000015" in text
    assert "06396375" in text
    assert "A700" in text
    assert "14 failed" in text
    for secret in ("MOUSE", "Minnie", "9990000018", "999 000 0018", "S999111", "1961", "Harbour"):
        assert secret not in text


def test_the_menu_offers_what_works_only() -> None:
    assert possible(PARTLY, "A. Operator") == (
        Act.DETAILS, Act.RETRY_FAILED, Act.RETRY, Act.VIEW, Act.ASSIGN, Act.RAISE, Act.PRINT_FORM, Act.CANCEL,
    )  # fmt: skip
    running = transaction(1, assigned_to="A. Operator")
    assert possible(running, "A. Operator") == (Act.DETAILS, Act.VIEW, Act.RAISE, Act.PRINT_FORM, Act.CANCEL)
    delivered = transaction(2, status=Status.DELIVERED, required=(RIS,))
    assert possible(delivered, "A. Operator") == (Act.DETAILS, Act.ENTER_RIS, Act.VIEW, Act.PRINT_FORM)
    cancelled = transaction(3, status=Status.CANCELLED)
    assert possible(cancelled, "A. Operator") == (Act.DETAILS, Act.PRINT_FORM)
