"""Hospitals, nodes, exam codes, people and drafts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from iep_desktop.core.errors import InvalidInput, Refused
from iep_desktop.core.identifiers import parse_ods_code
from iep_desktop.core.model import Hospital, Node, NodeRole
from iep_desktop.store.database import Database
from iep_desktop.store.directory import Directory, ExamCode, Person
from iep_desktop.store.drafts import Drafts
from tests.store.conftest import Clock
from tests.store.samples import THEM, US

PACS = Node("PACS", NodeRole.PACS, US, "ARCHIVE", "pacs.example", 104, "IEP", True)


@pytest.fixture
def directory(database: Database) -> Directory:
    return Directory(database)


def test_a_new_ledger_knows_the_hospitals_by_code(directory: Directory) -> None:
    known = directory.hospitals()
    assert 60 <= len(known) <= 200
    assert all(parse_ods_code(hospital.ods) == hospital.ods and hospital.name for hospital in known)
    assert [h.name for h in known] == sorted(h.name for h in known)
    leicester = directory.hospital("rwe ")
    assert leicester == Hospital("RWE", "University Hospitals of Leicester NHS Trust", "Leicester")
    assert directory.hospital("NONE") is None


@pytest.mark.parametrize(
    ("typed", "code"), [("nottingham", "RX1"), ("ettering", "RNQ"), ("RNS", "RNS"), ("king's lynn", "RCX")]
)
def test_a_hospital_is_found_by_any_part_of_name_town_or_code(
    directory: Directory, typed: str, code: str
) -> None:
    assert code in [hospital.ods for hospital in directory.hospitals(typed)]


def test_a_hospital_can_be_added_corrected_and_removed(directory: Directory) -> None:
    directory.put_hospital(Hospital("XX1", "Test Hospital", "Testtown"))
    directory.put_hospital(Hospital("XX1", "Test Infirmary"))
    assert directory.hospitals("infirmary") == (Hospital("XX1", "Test Infirmary"),)
    assert directory.hospitals("testtown") == ()
    directory.remove_hospital("XX1")
    assert directory.hospital("XX1") is None


def test_a_hospital_with_nodes_stays(directory: Directory) -> None:
    directory.put_node(PACS)
    with pytest.raises(Refused, match="nodes"):
        directory.remove_hospital(US)


def test_nodes_are_listed_by_name_and_hospital(directory: Directory) -> None:
    theirs = replace(PACS, name="GATEWAY", hospital=THEM, role=NodeRole.GATEWAY)
    directory.put_node(PACS)
    directory.put_node(theirs)
    assert directory.nodes() == (theirs, PACS)
    assert directory.nodes(US) == (PACS,)


def test_a_node_of_the_same_name_is_replaced(directory: Directory) -> None:
    directory.put_node(PACS)
    moved = replace(PACS, host="other.example", port=11112, tls=False)
    directory.put_node(moved)
    assert directory.nodes() == (moved,)


def test_a_node_can_be_removed_once(directory: Directory) -> None:
    directory.put_node(PACS)
    directory.remove_node("PACS")
    assert directory.nodes() == ()
    with pytest.raises(InvalidInput):
        directory.remove_node("PACS")


def test_a_node_of_an_unknown_hospital_is_not_taken(directory: Directory) -> None:
    with pytest.raises(InvalidInput, match="XX9"):
        directory.put_node(replace(PACS, hospital="XX9"))


def test_a_port_that_is_none_is_not_taken(directory: Directory) -> None:
    with pytest.raises(Refused):
        directory.put_node(replace(PACS, port=70_000))


def test_exam_codes_are_found_by_code_and_words(directory: Directory) -> None:
    assert directory.exam_codes("xches") == (ExamCode("XCHES", "XR Chest", "CR"),)
    assert {code.code for code in directory.exam_codes("knee mri")} == {"MKNEL", "MKNER"}
    assert len(directory.exam_codes()) >= 24
    directory.put_exam_code(ExamCode("XCHES", "XR Chest PA", "DX"))
    assert directory.exam_codes("xches")[0].modality == "DX"


def test_a_person_keeps_the_day_of_adding_when_the_role_changes(directory: Directory, clock: Clock) -> None:
    added = clock()
    directory.put_person(Person("A. Operator", "operator", hospital=US))
    clock.forward(days=1)
    directory.put_person(Person("A. Operator", "admin", hospital=US))
    directory.put_person(Person("A. Operator", "operator", hospital=THEM))
    assert directory.people(US) == (Person("A. Operator", "admin", added, US),)
    directory.remove_person("A. Operator", US)
    directory.remove_person("A. Operator", US)
    assert [person.hospital for person in directory.people()] == [THEM]


def test_a_draft_is_kept_replaced_listed_and_forgotten(database: Database, clock: Clock) -> None:
    drafts = Drafts(database, "A. Operator")
    drafts.save("cd-import", "1", '{"step": 1}')
    clock.forward(minutes=1)
    drafts.save("cd-import", "2", "{}")
    drafts.save("request", "1", "[]")
    clock.forward(minutes=1)
    drafts.save("cd-import", "1", '{"step": 2}')
    assert [(draft.key, draft.text) for draft in drafts.list("cd-import")] == [
        ("1", '{"step": 2}'),
        ("2", "{}"),
    ]
    assert drafts.list("cd-import")[0].updated_at == clock()
    drafts.delete("cd-import", "1")
    drafts.delete("cd-import", "1")
    assert drafts.load("cd-import", "1") is None
    assert drafts.load("request", "1") == "[]"


def test_a_draft_is_its_owners_alone(database: Database) -> None:
    Drafts(database, "A. Operator").save("cd-import", "1", "{}")
    other = Drafts(database, "B. Operator")
    assert other.load("cd-import", "1") is None
    assert other.list("cd-import") == ()
    other.delete("cd-import", "1")
    assert Drafts(database, "A. Operator").load("cd-import", "1") == "{}"
