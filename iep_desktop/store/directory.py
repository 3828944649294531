"""Hospitals, DICOM nodes, exam codes and people: what an installation knows of its surroundings."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import resources

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from iep_desktop.core.errors import InvalidInput, Refused
from iep_desktop.core.model import Hospital, Node
from iep_desktop.store.database import Database
from iep_desktop.store.directory_tables import ExamCodeRow, HospitalRow, NodeRow, PersonRow
from iep_desktop.store.search import fold, matches


@dataclass(frozen=True)
class ExamCode:
    """A code of the national list (NICIP) or a hospital's own."""

    code: str
    description: str
    modality: str = ""


@dataclass(frozen=True)
class Person:
    name: str
    role: str = ""
    added_at: datetime | None = None
    hospital: str = ""  # ODS


class Directory:
    """Looks up and keeps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- hospitals

    def hospitals(self, text: str = "") -> tuple[Hospital, ...]:
        """Those whose code, name or town holds every word of `text`, A–Z."""
        wanted = select(HospitalRow).where(matches(HospitalRow.search, text)).order_by(HospitalRow.name)
        with self._database.read() as session:
            return tuple(_hospital(row) for row in session.scalars(wanted))

    def hospital(self, ods: str) -> Hospital | None:
        with self._database.read() as session:
            row = session.get(HospitalRow, ods.strip().upper())
            return _hospital(row) if row else None

    def put_hospital(self, hospital: Hospital) -> None:
        """Add it, or replace the one of that code."""
        with self._database.write() as session:
            session.merge(_hospital_row(hospital))

    def remove_hospital(self, ods: str) -> None:
        """Raises Refused where nodes belong to it."""
        with self._database.write() as session:
            if session.scalar(select(func.count()).where(NodeRow.hospital == ods)):
                raise Refused("The hospital has nodes", hint="Remove its nodes first.")
            session.execute(delete(HospitalRow).where(HospitalRow.ods == ods))

    # -- nodes

    def nodes(self, hospital: str = "") -> tuple[Node, ...]:
        """All, or those of one hospital, by name."""
        wanted = select(NodeRow).order_by(NodeRow.name)
        if hospital:
            wanted = wanted.where(NodeRow.hospital == hospital)
        with self._database.read() as session:
            return tuple(_node(row) for row in session.scalars(wanted))

    def put_node(self, node: Node) -> None:
        """Add it, or replace the one of that name.

        Raises:
            InvalidInput: its hospital is not known.
        """
        with self._database.write() as session:
            if session.get(HospitalRow, node.hospital) is None:
                raise InvalidInput(
                    f"No hospital has the code {node.hospital}", hint="Add the hospital first."
                )
            row = session.scalar(select(NodeRow).where(NodeRow.name == node.name)) or NodeRow(name=node.name)
            for field, value in vars(node).items():
                setattr(row, field, value)
            session.add(row)

    def remove_node(self, name: str) -> None:
        """Raises InvalidInput where there is none of that name."""
        with self._database.write() as session:
            row = session.scalar(select(NodeRow).where(NodeRow.name == name))
            if row is None:
                raise InvalidInput(f"There is no node {name}")
            session.delete(row)

    # -- exam codes

    def exam_codes(self, text: str = "") -> tuple[ExamCode, ...]:
        """Those whose code or description holds every word of `text`, by code."""
        with self._database.read() as session:
            rows = session.scalars(select(ExamCodeRow).order_by(ExamCodeRow.code))
            found = [ExamCode(row.code, row.description, row.modality) for row in rows]
        words = fold(text).split()
        return tuple(code for code in found if _holds(code, words))

    def put_exam_code(self, code: ExamCode) -> None:
        with self._database.write() as session:
            session.merge(ExamCodeRow(**vars(code)))

    # -- people

    def people(self, hospital: str = "") -> tuple[Person, ...]:
        wanted = select(PersonRow).order_by(PersonRow.name)
        if hospital:
            wanted = wanted.where(PersonRow.hospital == hospital)
        with self._database.read() as session:
            return tuple(Person(r.name, r.role, r.added_at, r.hospital) for r in session.scalars(wanted))

    def put_person(self, person: Person) -> None:
        """Add the person, or change the role; the day of adding stays."""
        with self._database.write() as session:
            row = session.scalar(_person(person.name, person.hospital)) or PersonRow(
                name=person.name, hospital=person.hospital, added_at=person.added_at or self._database.now()
            )
            row.role = person.role
            session.add(row)

    def remove_person(self, name: str, hospital: str = "") -> None:
        with self._database.write() as session:
            row = session.scalar(_person(name, hospital))
            if row is not None:
                session.delete(row)


def listed_hospitals() -> tuple[Hospital, ...]:
    """Those that a new ledger knows, A–Z."""
    known = (Hospital(r["ods"], r["name"], r["town"]) for r in _records("hospitals.csv"))
    return tuple(sorted(known, key=lambda hospital: hospital.name))


def seed(session: Session) -> None:
    """The hospitals and exam codes that a new ledger knows."""
    session.add_all(map(_hospital_row, listed_hospitals()))
    session.add_all(
        ExamCodeRow(code=r["code"], description=r["description"], modality=r["modality"])
        for r in _records("exam_codes.csv")
    )


def _records(name: str) -> Iterator[dict[str, str]]:
    text = resources.files("iep_desktop").joinpath("resources", name).read_text("utf-8")
    return csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))


def _hospital_row(hospital: Hospital) -> HospitalRow:
    search = fold(f"{hospital.ods} {hospital.name} {hospital.town}")
    return HospitalRow(ods=hospital.ods, name=hospital.name, town=hospital.town, search=search)


def _hospital(row: HospitalRow) -> Hospital:
    return Hospital(row.ods, row.name, row.town)


def _node(row: NodeRow) -> Node:
    return Node(
        row.name,
        row.role,
        row.hospital,
        row.ae_title,
        row.host,
        row.port,
        row.calling_ae,
        row.tls,
        row.rest_url,
        row.dicomweb,
        row.commitment,
        row.associations,
    )


def _person(name: str, hospital: str) -> Select[PersonRow]:
    return select(PersonRow).where(PersonRow.name == name, PersonRow.hospital == hospital)


def _holds(code: ExamCode, words: list[str]) -> bool:
    text = fold(f"{code.code} {code.description}")
    return all(word in text for word in words)
