"""Collects the facts of an import (from the ledger, the form, PACS) and asks the gate. Every door goes through here.

The rules themselves are in `core.rules`; here is only who is asked what.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from iep_desktop.core import identifiers
from iep_desktop.core.errors import IepError, InvalidInput
from iep_desktop.core.form_rules import Check, Gate, block
from iep_desktop.core.identifiers import UHL_NUMBERS, NumberFormat
from iep_desktop.core.imports import Assessment, EarlierTransaction, ImportOrder
from iep_desktop.core.job import Context
from iep_desktop.core.matching import Identity, Match, compare, identity_of_form, identity_of_medium
from iep_desktop.core.medium import MediumPatient, MediumStudy
from iep_desktop.core.model import Form, Node, NodeRole
from iep_desktop.core.queries import PacsPatient, PacsStudy
from iep_desktop.core.rules import ImportFacts, Registration, import_gate
from iep_desktop.core.transaction import MatchDecision, Transaction, TransactionType
from iep_desktop.store.directory import Directory
from iep_desktop.store.transactions import Transactions

UNASKED = "engine"
"""Who has asked for a download that no person has asked for."""

FindStudy = Callable[[Node, str, Context], tuple[PacsStudy, ...]]
FindPatients = Callable[[Node, str, Context], tuple[PacsPatient, ...]]


@dataclass(frozen=True)
class _Case:
    """What an order and a transaction have in common for the gate."""

    form: Form
    patient: MediumPatient | None
    patients_on_medium: int
    studies: tuple[MediumStudy, ...]
    decision: MatchDecision | None
    registered: bool
    everything_reason: str
    node: str
    number: str = ""  # of the transaction itself, which is no history


class Gatekeeper:
    """Asks PACS and ledger, then the rules."""

    def __init__(
        self,
        transactions: Transactions,
        directory: Directory,
        hospital: str,
        delivery_node: str,
        find_patients: FindPatients,
        find_study: FindStudy,
        numbers: NumberFormat = UHL_NUMBERS,
    ) -> None:
        self._transactions = transactions
        self._directory = directory
        self._hospital = hospital
        self._delivery_node = delivery_node
        self._find_patients = find_patients
        self._find_study = find_study
        self._numbers = numbers

    def assess_order(self, order: ImportOrder, ctx: Context) -> Assessment:
        """Before anything is created. A PACS that does not answer is part of the answer, not an error."""
        patients = len(order.contents.patients)
        case = _Case(
            order.form,
            order.patient,
            patients,
            tuple(study for study in order.studies if study.present),
            _about(order.patient, order.decision),
            bool(order.registered_by),
            order.everything_reason,
            order.node,
        )
        try:
            pacs, elsewhere = self._ask_pacs(case, ctx), self._elsewhere(case, ctx)
        except IepError as error:
            ctx.check()
            return self._judge(case, None, error)
        return self._judge(case, pacs, None, elsewhere)

    def assess_transaction(self, transaction: Transaction, ctx: Context) -> Assessment:
        """Before any image leaves the spool.

        Raises:
            Retriable, Permanent: PACS cannot be asked; nothing may be sent until it can.
        """
        if _has_no_form_of_ours(transaction):
            return Assessment(Gate((_UNMATCHED,)), None)
        case = case_of(transaction)
        assessment = self._judge(case, self._ask_pacs(case, ctx), None, self._elsewhere(case, ctx))
        more = _nobody_looked(transaction, case)
        return replace(assessment, gate=Gate((*assessment.gate.checks, *more))) if more else assessment

    def pacs_node(self, name: str) -> Node:
        """The PACS that is meant; where none is named, the delivery node (R-FORM), else the first.

        Raises:
            InvalidInput: there is none.
        """
        nodes = {n.name: n for n in self._directory.nodes(self._hospital) if n.role is NodeRole.PACS}
        found = nodes.get(name or self._delivery_node)
        if found is None and not name:
            found = next(iter(nodes.values()), None)
        if found is None:
            title = f"There is no PACS node {name}" if name else "No PACS node is set up"
            raise InvalidInput(title, "", "Add it in Admin, Nodes, or with: iep-desktop nodes add")
        return found

    def _ask_pacs(self, case: _Case, ctx: Context) -> tuple[PacsPatient, ...]:
        """Patients that PACS has under the form's hospital number, in either way of writing it (R-ID-3)."""
        node = self.pacs_node(case.node)
        for number in self._numbers.ways_to_write(case.form.patient.hospital_no):
            found = self._find_patients(node, number, ctx)
            if found:
                return found
        return ()

    def _elsewhere(self, case: _Case, ctx: Context) -> int:
        """How many of the studies PACS has under another hospital number than the form's."""
        node = self.pacs_node(case.node)
        ours = identifiers.normalise_hospital_number(case.form.patient.hospital_no)
        shown = (study for one in case.studies for study in self._find_study(node, one.study_uid, ctx))
        return sum(
            bool(study.patient_id) and identifiers.normalise_hospital_number(study.patient_id) != ours
            for study in shown
        )

    def _judge(
        self,
        case: _Case,
        pacs: tuple[PacsPatient, ...] | None,
        error: IepError | None,
        elsewhere: int = 0,
    ) -> Assessment:
        match, known = _compare(case, pacs or ())
        earlier = tuple(
            e
            for e in self._transactions.earlier(case.form.patient, case.form.exams)
            if e.number != case.number
        )
        facts = ImportFacts(
            form=case.form,
            hospital_known=self._directory.hospital(case.form.hospital) is not None,
            registration=_registration(case, pacs),
            match=match,
            patients_on_medium=case.patients_on_medium,
            decision=case.decision,
            studies=case.studies,
            everything_reason=case.everything_reason,
            earlier=tuple(e.line for e in earlier),
            elsewhere=elsewhere,
            numbers=self._numbers,
        )
        return Assessment(import_gate(facts), match, known, error, _distinct(earlier))


_ARRIVING = (TransactionType.TRANSFER, TransactionType.DIRECT_ROUTING)

_UNMATCHED = block(
    "match", "Whose images these are here is not decided", "R-GATE-1", "§2.7a", "Match the patient",
    "The sender's form is not ours: it lacks our hospital number and our call reference.",
)  # fmt: skip


def _has_no_form_of_ours(transaction: Transaction) -> bool:
    """What comes from another hospital brings the sender's words; ours are written when it is matched."""
    return transaction.type in _ARRIVING and transaction.their_form is None


def _nobody_looked(transaction: Transaction, case: _Case) -> tuple[Check, ...]:
    """R-GATE-2: what was downloaded unasked does not go to PACS by itself, however well it agrees."""
    if transaction.asked_by != UNASKED or case.decision is not None:
        return ()
    return (
        block(
            "match", "Downloaded unasked: nobody has looked at it", "R-GATE-2", "§2.7c", "Compare and decide"
        ),
    )


def case_of(transaction: Transaction) -> _Case:
    medium = transaction.medium
    patient = medium.patient if medium else None
    return _Case(
        transaction.form,
        patient,
        medium.patients if medium else 0,
        patient.studies if patient else (),
        _about(patient, transaction.match),
        bool(transaction.registered_by),
        transaction.everything_reason or _reason_of_sender(transaction),
        transaction.node,
        transaction.number,
    )


def _reason_of_sender(transaction: Transaction) -> str:
    """R-GATE-8: which studies are relevant is the sender's choice; more than our form names is no bar."""
    return f"Chosen by {transaction.sender}" if transaction.type is TransactionType.TRANSFER else ""


def _about(patient: MediumPatient | None, decision: MatchDecision | None) -> MatchDecision | None:
    """The decision, where it was taken about this patient of the medium: one about another is none."""
    if patient is None or decision is None:
        return None
    same = (decision.medium_patient_id, decision.medium_patient_name) == (patient.patient_id, patient.name)
    return decision if same else None


def _compare(case: _Case, pacs: tuple[PacsPatient, ...]) -> tuple[Match | None, Identity | None]:
    """The comparison; of several patients under one number the one that contradicts the form most counts."""
    form = identity_of_form(case.form.patient)
    known = [_identity(patient) for patient in pacs]
    if case.patient is None:
        return None, known[0] if known else None
    medium = identity_of_medium(case.patient)
    matches = [(compare(form, medium, identity), identity) for identity in known]
    worst = max(matches, key=lambda pair: len(pair[0].pacs_contradictions), default=None)
    return worst or (compare(form, medium, None), None)


def _identity(patient: PacsPatient) -> Identity:
    number = identifiers.normalise_hospital_number(patient.patient_id)
    return Identity(patient.name, patient.birth_date, _nhs_number(patient.other_ids), number, patient.sex)


def _nhs_number(other_ids: tuple[str, ...]) -> str:
    for text in other_ids:
        try:
            return identifiers.parse_nhs_number(text)
        except InvalidInput:
            continue  # another kind of number
    return ""


def _registration(case: _Case, pacs: tuple[PacsPatient, ...] | None) -> Registration:
    if pacs:
        return Registration.KNOWN_TO_PACS
    if case.registered:
        return Registration.LOOKED_UP
    return Registration.UNREACHABLE if pacs is None else Registration.NOT_FOUND


def _distinct(earlier: tuple[EarlierTransaction, ...]) -> tuple[EarlierTransaction, ...]:
    return tuple(dict.fromkeys(earlier))


def without_instances(patient: MediumPatient) -> MediumPatient:
    """What the ledger keeps of a medium's patient: studies and series, whose instances have rows of their own."""
    studies = tuple(
        replace(study, series=tuple(replace(series, instances=()) for series in study.series))
        for study in patient.studies
    )
    return replace(patient, studies=studies)
