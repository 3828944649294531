"""Who is asked what before images move: ledger and rules are real, PACS is a function that answers as told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from iep_desktop.core.errors import InvalidInput, NodeUnreachable
from iep_desktop.core.forms import parse_form
from iep_desktop.core.imports import Assessment, ImportOrder
from iep_desktop.core.job import Context
from iep_desktop.core.medium import MediumContents, MediumPatient
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.core.queries import PacsPatient, PacsStudy
from iep_desktop.core.transaction import MatchDecision
from iep_desktop.store.directory import Directory
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.upgrade import open_ledger
from iep_desktop.workers.discs import Discs
from iep_desktop.workers.gatekeeper import Gatekeeper
from iep_desktop.workers.imports import all_series
from tests.hospital import S_NUMBER, ct_disc, form

ANNA_ON_PACS = PacsPatient(S_NUMBER, "TESTING^ANNA", date(1980, 1, 1), "F")
Answer = Callable[[str], tuple[PacsPatient, ...]]
Ask = Callable[..., Assessment]


@pytest.fixture
def contents(tmp_path: Path) -> MediumContents:
    return Discs().read(str(ct_disc(tmp_path / "cd").root), Context(), lambda _: None)


@pytest.fixture
def ask(tmp_path: Path, contents: MediumContents) -> Iterator[Ask]:
    """Assess an order for the disc, where PACS answers as `answer` says."""
    database = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    directory = Directory(database)
    for name in ("ARCHIVE", "UHLPACSWFM01"):
        directory.put_node(Node(name, NodeRole.PACS, "RWE", name, "127.0.0.1", 104))
    asked: list[tuple[str, str]] = []

    def assess(
        answer: Answer = lambda _: (ANNA_ON_PACS,), holder: str = S_NUMBER, **changes: object
    ) -> Assessment:
        """`holder`: under whose number PACS has every study it is asked for."""

        def find(node: Node, number: str, _ctx: Context) -> tuple[PacsPatient, ...]:
            asked.append((node.name, number))
            return answer(number)

        def find_study(_node: Node, study_uid: str, _ctx: Context) -> tuple[PacsStudy, ...]:
            return (PacsStudy(study_uid, patient_id=holder),)

        ledger = Transactions(database, "RWE")
        gatekeeper = Gatekeeper(ledger, directory, "RWE", "UHLPACSWFM01", find, find_study)
        (patient,) = contents.patients
        order = ImportOrder(parse_form(json.dumps(form())), contents, patient, all_series(patient))
        return gatekeeper.assess_order(replace(order, **changes), Context())  # type: ignore[arg-type]

    assess.asked = asked  # type: ignore[attr-defined]
    yield assess
    database.dispose()


def test_a_complete_order_for_a_known_patient_opens_the_gate(ask: Ask) -> None:
    assessment = ask()
    assert assessment.gate.is_open
    assert assessment.pacs is not None


@pytest.mark.parametrize("holder", [S_NUMBER, "RWE" + S_NUMBER, ""])
def test_a_study_that_pacs_has_under_the_same_number_however_written_is_no_bar(ask: Ask, holder: str) -> None:
    assert ask(holder=holder).gate.is_open


def test_a_study_that_pacs_has_under_another_patient_stays_out(ask: Ask) -> None:
    """Two patients, one UID: PACS would file these images under the patient it knows."""
    (check,) = ask(holder="S999333").gate.blocking
    assert (check.code, check.rule) == ("study-elsewhere", "R-GATE-5")


def test_the_delivery_node_is_asked_where_no_other_is_named(ask: Ask) -> None:
    ask()
    ask(node="ARCHIVE")
    assert [name for name, _ in ask.asked] == ["UHLPACSWFM01", "ARCHIVE"]  # type: ignore[attr-defined]


def test_both_ways_to_write_the_hospital_number_are_asked_for(ask: Ask) -> None:
    assessment = ask(lambda number: (ANNA_ON_PACS,) if number.startswith("RWES") else ())
    assert [number for _, number in ask.asked] == [S_NUMBER, "RWE" + S_NUMBER]  # type: ignore[attr-defined]
    assert assessment.gate.is_open


def test_a_pacs_that_does_not_answer_is_part_of_the_answer(ask: Ask) -> None:
    def silent(_: str) -> tuple[PacsPatient, ...]:
        raise NodeUnreachable("PACS does not answer")

    assessment = ask(silent)
    assert assessment.pacs_error is not None
    assert [check.code for check in assessment.gate.blocking] == ["registered"]


def test_of_several_patients_under_one_number_the_one_who_contradicts_counts(ask: Ask) -> None:
    other = replace(ANNA_ON_PACS, name="OTHER^PERSON")
    assessment = ask(lambda _: (ANNA_ON_PACS, other))
    assert "pacs-contradicts" in {check.code for check in assessment.gate.blocking}


def test_a_decision_about_another_patient_of_the_disc_is_none(ask: Ask, contents: MediumContents) -> None:
    (patient,) = contents.patients
    stranger = replace(patient, name="STRANGER^X", birth_date=date(1990, 5, 5))
    about = MatchDecision(patient.patient_id, patient.name, "compared", "operator", datetime.now(UTC))
    shut = ask(patient=replace(stranger, patient_id="X9"), decision=replace(about, confirmed_by="second"))
    assert "second-person" in {check.code for check in shut.gate.blocking}
    own = replace(about, medium_patient_id="X9", medium_patient_name="STRANGER^X", confirmed_by="second")
    assert ask(patient=replace(stranger, patient_id="X9"), decision=own).gate.is_open


def test_series_whose_files_are_all_missing_are_no_selection(ask: Ask, contents: MediumContents) -> None:
    assessment = ask(patient=_all_missing(contents.patients[0]))
    assert "selection" in {check.code for check in assessment.gate.blocking}


def test_without_a_pacs_node_it_is_said_where_to_add_one(tmp_path: Path, contents: MediumContents) -> None:
    database = open_ledger(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    gatekeeper = Gatekeeper(
        Transactions(database, "RWE"), Directory(database), "RWE", "", lambda *_: (), lambda *_: ()
    )
    with pytest.raises(InvalidInput, match="No PACS node") as caught:
        gatekeeper.pacs_node("")
    assert "nodes add" in caught.value.hint
    database.dispose()


def _all_missing(patient: MediumPatient) -> MediumPatient:
    studies = tuple(
        replace(
            study,
            series=tuple(
                replace(series, instances=tuple(replace(i, present=False) for i in series.instances))
                for series in study.series
            ),
        )
        for study in patient.studies
    )
    return replace(patient, studies=studies)
