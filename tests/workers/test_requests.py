"""A request between two hospitals over one ledger, by the command line at both ends, which are told the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from iep_desktop.core.errors import InvalidInput, Refused
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.core.replies import Decline, DeclineReason
from iep_desktop.core.transaction import Status
from tests.hospital import FAST, Hospital, ct_disc, form

NOWHERE = Node("PACS", NodeRole.PACS, "RWE", "PACS", "127.0.0.1", 1)
NO_STUDY = Decline(DeclineReason.NO_STUDY)


@dataclass
class Ends:
    """The hospital that asks, the one that is asked, and one that has nothing to do with it."""

    asks: Hospital
    asked: Hospital
    other: Hospital

    def request(self, **changes: Any) -> tuple[int, Any]:
        path = self.asks.write_form(form(**changes))
        return self.asks.run("request", "--to", "RX1", "--form", path)

    def both(self, number: str) -> tuple[Any, Any]:
        """The row as each end's tab All shows it: nobody's look is counted."""
        return _row(self.asks, number), _row(self.asked, number)


def _row(hospital: Hospital, number: str) -> Any:
    code, answer = hospital.run("worklist", "--search", number)
    assert code == 0
    return next((row for row in answer["transactions"] if row["number"] == number), None)


@pytest.fixture
def ends(tmp_path: Path) -> Ends:
    ledger = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    return Ends(
        *(
            Hospital(
                tmp_path / ods, NOWHERE, replace(FAST, hospital=ods, ledger_url=ledger, user=f"of {ods}")
            )
            for ods in ("RWE", "RX1", "RR8")
        )
    )


def test_a_request_is_new_at_both_ends_and_waits_for_the_hospital_that_is_asked(ends: Ends) -> None:
    code, sent = ends.request()
    assert (code, sent["type"], sent["direction"], sent["status"]) == (0, "Request", "Out", "New")
    asks, asked = ends.both(sent["number"])
    assert (asks["tab"], asks["hospital"], asks["required"]) == ("In Progress", "RX1", [])
    assert (asked["tab"], asked["direction"], asked["hospital"]) == ("Action Required", "In", "RWE")
    assert asked["status"] == "New"
    assert asked["required"] == ["Answer the request for images (R-TX-4, A1)"]
    assert asked["exams"][0]["description"] == "Head"
    assert _row(ends.other, sent["number"]) is None


def test_it_is_started_once_somebody_there_has_looked_and_not_when_the_asker_looks(ends: Ends) -> None:
    number = ends.request()[1]["number"]
    ends.asks.run("show", number)
    assert {row["status"] for row in ends.both(number)} == {"New"}
    code, seen = ends.asked.run("show", number)
    assert (code, seen["status"]) == (0, "New")
    assert {row["status"] for row in ends.both(number)} == {"Started"}


@pytest.mark.parametrize(
    ("change", "rule", "clause"),
    [
        ({"call_ref": ""}, "R-GATE-1", "§2.7a"),
        (
            {"exams": [{"date": "2024-01-10", "modality": "CT", "description": "all imaging"}]},
            "R-GATE-7",
            "A2",
        ),
        ({"patient__nhs_no": ""}, "R-ID-4", "§2.3a"),
        ({"priority": "Blue Light"}, "R-TIME-2", "§2.3a"),
    ],
)
def test_what_a_rule_stops_is_refused_with_its_clause_and_nobody_is_asked(
    ends: Ends, change: dict[str, Any], rule: str, clause: str
) -> None:
    code, answer = ends.request(**change)
    assert (code, answer["error"]["rule"]) == (5, rule)
    assert clause in answer["error"]["message"]
    assert ends.asked.run("worklist")[1]["total"] == 0


def test_another_institution_than_the_forms_is_refused(ends: Ends) -> None:
    code, answer = ends.request(hospital="RR8")
    assert (code, answer["error"]["rule"]) == (2, "R-TX-2")
    assert ends.asked.run("worklist")[1]["total"] == ends.other.run("worklist")[1]["total"] == 0


def test_a_form_that_leaves_the_institution_open_takes_the_one_that_is_asked(ends: Ends) -> None:
    code, answer = ends.request(hospital="")
    assert (code, answer["hospital"]) == (0, "RX1")


def test_messages_go_both_ways_and_are_unread_until_somebody_looks(ends: Ends) -> None:
    number = ends.request()[1]["number"]
    assert ends.asked.run("message", number, "Which head?\n<b>Left</b>")[0] == 0
    assert [row["messages"] for row in ends.both(number)] == [1, 0]
    ends.asks.run("message", number, "The only one")
    assert [row["messages"] for row in ends.both(number)] == [1, 1]
    thread = ends.asks.run("show", number)[1]["thread"]
    assert [(m["author"], m["hospital"], m["text"]) for m in thread] == [
        ("of RX1", "RX1", "Which head?\n<b>Left</b>"),
        ("of RWE", "RWE", "The only one"),
    ]
    assert [row["messages"] for row in ends.both(number)] == [0, 1]


def test_a_message_of_a_hundred_thousand_characters_is_refused(ends: Ends) -> None:
    number = ends.request()[1]["number"]
    code, answer = ends.asks.run("message", number, "x" * 100_000)
    assert (code, answer["error"]["title"]) == (2, "The message is too long")
    assert ends.asks.run("show", number)[1]["thread"] == []


def test_a_declined_request_goes_back_to_the_asker_with_its_reason(ends: Ends) -> None:
    number = ends.request()[1]["number"]
    code, _ = ends.asked.run("decline", number, "--reason", "study-does-not-exist", "--text", "No CT")
    assert code == 0
    asks, asked = ends.both(number)
    assert {asks["status"], asked["status"]} == {"Decline"}
    assert (asks["tab"], asked["tab"], asked["required"]) == ("Action Required", "All", [])
    assert asks["required"] == ["Declined: study does not exist (R-TX-6, §2.5)"]
    for end in (ends.asks, ends.asked):
        with end.desk() as desk:
            events = desk.reading.details(desk.reading.transaction(number).id).events
            assert (events[-1].text, events[-1].actor) == ("Declined: study does not exist: No CT", "of RX1")


def test_a_reworked_request_is_new_again_with_its_thread(ends: Ends) -> None:
    number = ends.request()[1]["number"]
    ends.asked.run("message", number, "That day there was an MR")
    ends.asked.run("decline", number, "--reason", "study does not exist")
    better = form(exams=[{"date": "2024-01-10", "modality": "MR", "description": "Head"}])
    code, answer = ends.asks.run("retry", number, "--form", ends.asks.write_form(better))
    assert (code, answer["status"]) == (0, "New")
    asks, asked = ends.both(number)
    assert asks["required"] == ["Answer a message (R-TX-5, A1)"]  # what was written has not been looked at
    assert asked["required"] == ["Answer the request for images (R-TX-4, A1)"]
    assert [exam["modality"] for exam in asked["exams"]] == ["MR"]
    assert len(ends.asked.run("show", number)[1]["thread"]) == 1


@pytest.mark.parametrize("change", [{"call_ref": ""}, {"hospital": "RR8"}])
def test_a_request_that_is_spoilt_is_not_sent_again(ends: Ends, change: dict[str, Any]) -> None:
    number = ends.request()[1]["number"]
    ends.asked.run("decline", number, "--reason", "clinically-inappropriate")
    before = ends.both(number)
    code, _ = ends.asks.run("retry", number, "--form", ends.asks.write_form(form(**change)))
    assert code in (2, 5)
    assert ends.both(number) == before


def test_a_request_that_is_not_declined_cannot_be_sent_again(ends: Ends) -> None:
    number = ends.request()[1]["number"]
    code, answer = ends.asks.run("retry", number)
    assert (code, answer["error"]["kind"]) == (5, "refused")


def test_only_the_hospital_that_is_asked_declines_and_only_once(ends: Ends) -> None:
    number = ends.request()[1]["number"]
    reason = ("--reason", "other", "--text", "Not ours")
    assert ends.asks.run("decline", number, *reason)[0] == 5
    assert ends.other.run("decline", number, *reason)[0] == 2
    assert ends.both(number)[0]["status"] == "New"
    assert ends.asked.run("decline", number, *reason)[0] == 0
    code, answer = ends.asked.run("decline", number, *reason)
    assert (code, answer["error"]["title"]) == (5, f"{number} is declined already")


def test_only_the_asker_withdraws_and_both_see_it(ends: Ends) -> None:
    number = ends.request()[1]["number"]
    assert ends.asked.run("cancel", number)[0] == 5
    assert ends.both(number)[0]["status"] == "New"
    assert ends.asks.run("cancel", number)[0] == 0
    for row in ends.both(number):
        assert (row["status"], row["tab"], row["required"]) == ("Cancelled", "All", [])
    assert ends.asked.run("decline", number, "--reason", "study does not exist")[0] == 5


def test_a_withdrawn_and_a_declined_request_meet_and_the_second_is_told(ends: Ends) -> None:
    number = ends.request()[1]["number"]
    with ends.asks.desk() as asks, ends.asked.desk() as asked:
        id_ = asks.reading.transaction(number).id
        asked.replies.decline(id_, NO_STUDY)
        asks.requests.cancel(id_)
        with pytest.raises(Refused):
            asked.replies.decline(id_, NO_STUDY)
        asked.replies.look(id_)
        assert asked.reading.by_id(id_).status is Status.CANCELLED


def test_what_is_for_imports_spoils_no_request(ends: Ends) -> None:
    number = ends.request()[1]["number"]
    before = ends.both(number)
    with ends.asks.desk() as desk:
        id_ = desk.reading.transaction(number).id
        acts: tuple[Callable[[], None], ...] = (
            lambda: desk.imports.register(id_),
            lambda: desk.imports.decide(id_, "same"),
            lambda: desk.imports.confirm(id_, "same"),
            lambda: desk.imports.correct_form(id_, desk.reading.by_id(id_).form),
        )
        for act in acts:
            with pytest.raises(Refused, match="nothing of it comes to our PACS"):
                act()
        assert len(desk.reading.details(id_).events) == 1
    assert ends.both(number) == before


def test_nobody_is_written_to_about_a_disc_of_ours(ends: Ends, tmp_path: Path) -> None:
    disc = ct_disc(tmp_path / "cd", images=1)
    path = ends.asks.write_form(form(call_ref=""))
    number = ends.asks.run("import", disc.root, "--form", path)[1]["number"]
    code, answer = ends.asks.run("message", number, "Hello")
    assert (code, answer["error"]["rule"]) == (5, "R-TX-5")


def test_an_unknown_hospital_is_not_asked(ends: Ends) -> None:
    path = ends.asks.write_form(form(hospital=""))
    code, answer = ends.asks.run("request", "--to", "ZZ9", "--form", path)
    assert (code, answer["error"]["rule"]) == (5, "R-GATE-3")


def test_the_same_exam_asked_for_twice_is_said_and_not_stopped(ends: Ends) -> None:
    number = ends.request()[1]["number"]
    with ends.asks.desk() as desk:
        gate = desk.requests.assess(desk.reading.transaction(number).form)
        assert any(number in check.title and check.rule == "R-GATE-10" for check in gate.warnings)
    assert ends.request()[0] == 0


def test_a_message_needs_words(ends: Ends) -> None:
    number = ends.request()[1]["number"]
    with ends.asks.desk() as desk, pytest.raises(InvalidInput):
        desk.replies.message(desk.reading.transaction(number).id, " \x00 ")
