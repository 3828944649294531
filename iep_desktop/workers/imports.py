"""CD imports as a person acts on them: assess, create, decide, complete. Plain and blocking.

Every act is an event of the transaction and passes the gate again when the engine takes it up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from iep_desktop.core.drafts import TransactionDraft
from iep_desktop.core.errors import InvalidInput, Refused
from iep_desktop.core.imports import Assessment, ImportOrder
from iep_desktop.core.job import Context
from iep_desktop.core.matching import asked_studies, compare, identity_of_form, identity_of_medium
from iep_desktop.core.me import Me
from iep_desktop.core.medium import (
    Finding,
    FindingCode,
    MediumContents,
    MediumPatient,
    MediumStudy,
    Severity,
)
from iep_desktop.core.model import Exam, Form, RisState
from iep_desktop.core.ris import ris_requirements
from iep_desktop.core.transaction import (
    Direction,
    Instance,
    MatchDecision,
    Medium,
    Status,
    Transaction,
    TransactionType,
)
from iep_desktop.store.transactions import Transactions
from iep_desktop.workers.gatekeeper import Gatekeeper, without_instances

_INTO_PACS = (TransactionType.CD_IMPORT, TransactionType.TRANSFER, TransactionType.DIRECT_ROUTING)


class Imports:
    """The acts on CD imports."""

    def __init__(
        self,
        me: Me,
        transactions: Transactions,
        gatekeeper: Gatekeeper,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._me = me
        self._transactions = transactions
        self._gatekeeper = gatekeeper
        self._now = now

    # -- before it exists

    def assess(self, order: ImportOrder, ctx: Context) -> Assessment:
        """What the gate says to an order, without creating anything."""
        return self._gatekeeper.assess_order(order, ctx)

    def pacs_name(self) -> str:
        """The PACS that an import goes to where nobody says otherwise; empty where none is set up."""
        try:
            return self._gatekeeper.pacs_node("").name
        except InvalidInput:
            return ""

    def already_imported(self, contents: MediumContents) -> tuple[Finding, ...]:
        """Findings for what was imported before: the same disc, or studies of it."""
        studies = [study.study_uid for study in contents.studies]
        earlier = self._transactions.imports_of(contents.fingerprint, studies)
        return tuple(
            Finding(
                FindingCode.ALREADY_IMPORTED,
                Severity.WARNING,
                f"Imported before as {e.number} on {e.when:%d/%m/%Y}",
                e.study_uid,
            )
            for e in earlier
        )

    def create(self, order: ImportOrder, assessment: Assessment) -> Transaction:
        """Make the transaction. It is always made: a blocked one is spooled and then waits in Action Required.

        Raises:
            InvalidInput: the medium holds no images at all.
        """
        if order.patient is None:
            raise InvalidInput("There are no images on this medium", "", "Is it the right disc?")
        draft = TransactionDraft(
            type=TransactionType.CD_IMPORT,
            sender=order.form.hospital,
            recipient=self._me.hospital,
            priority=order.form.priority,
            form=order.form,
            created_by=self._me.user,
            node=self._gatekeeper.pacs_node(order.node).name,
            instances=instances_of(order.studies),
            exams=order.exams or exams_of(order.form, order.studies),
            medium=_medium(order),
            match=order.decision or self._decide_alone(order, assessment),
            registered_by=order.registered_by,
            everything_reason=order.everything_reason,
            required=assessment.gate.requirements,
            queued=True,
            event=f"Created, call {order.form.call_ref or 'not given'}",
        )
        return self._transactions.create(draft)

    def decision(self, patient: MediumPatient, grounds: str) -> MatchDecision:
        """A decision of the person who is signed in."""
        return MatchDecision(patient.patient_id, patient.name, grounds, self._me.user, self._now())

    # -- while it waits

    def confirm(self, id: int, grounds: str, by: str = "", seen: Transaction | None = None) -> None:
        """The second person's confirmation of a match (screens.md page 4), as it was `seen`.

        Raises:
            Refused: the second person is the first, or another decision stands by now.
        """
        transaction = self._import(id)
        decision = transaction.match or self._first_decision(transaction, grounds)
        second = by or self._me.user
        if decision.decided_by.casefold() == second.casefold():
            raise Refused(
                "A second person must confirm it",
                f"{second} has decided it already.",
                "Ask a colleague to confirm it in the window.",
                rule="R-GATE-3",
            )
        text = f"Match confirmed by {second}: {grounds}"
        self._transactions.decide(
            id,
            replace(decision, confirmed_by=second, grounds=grounds),
            text,
            self._me.user,
            instead_of=(seen or transaction).match,
        )
        self._again(id)

    def decide(self, id: int, grounds: str, seen: Transaction | None = None) -> None:
        """A person has compared form, disc and PACS, as they were `seen`, and says that they belong together.

        Raises:
            Refused: somebody has decided it meanwhile.
        """
        transaction = self._import(id)
        decision = self._first_decision(transaction, grounds)
        text = f"Matched by {decision.decided_by}: {grounds}"
        self._transactions.decide(id, decision, text, self._me.user, instead_of=(seen or transaction).match)
        self._again(id)

    def register(self, id: int) -> None:
        """R-GATE-5: this person has looked the patient up on the PAS."""
        self._transactions.set_registered(self._import(id).id, self._me.user)
        self._again(id)

    def correct_form(self, id: int, form: Form, seen: Form | None = None) -> None:
        """`seen` is the form that the person had before them. Raises Refused where it is another one by now."""
        stands = self._import(id).form
        self._transactions.set_form(id, form, self._me.user, instead_of=seen or stands)
        self._again(id)

    def enter_ris(self, id: int, position: int, accession: str, seen: str | None = None) -> None:
        """R-RIS: the exam has its RIS event, with this accession number instead of the one that was `seen`.

        Raises:
            InvalidInput: more than 16 characters (SH, PS3.5 6.2), or none.
            Refused: it has another one by now.
        """
        accession = accession.strip()
        if not 1 <= len(accession) <= 16 or "\\" in accession or not accession.isprintable():
            raise InvalidInput("An accession number has 1 to 16 characters", rule="R-RIS")
        self._transactions.set_exam_ris(
            id, position, accession, RisState.ENTERED, self._me.user, instead_of=seen
        )
        transaction = self._transactions.by_id(id)
        if transaction.status is Status.DELIVERED:
            self._transactions.require(id, ris_requirements(transaction.exams))

    # -- inside

    def _import(self, id: int) -> Transaction:
        """What comes into our PACS. Raises Refused where it is something else, which these acts would spoil."""
        transaction = self._transactions.by_id(id)
        if transaction.type not in _INTO_PACS or transaction.direction is not Direction.IN:
            raise Refused(
                f"{transaction.number} is a {transaction.type.value}: nothing of it comes to our PACS"
            )
        return transaction

    def _again(self, id: int) -> None:
        if self._transactions.status(id) is Status.ON_IEP:  # a download is asked for by itself
            return
        self._transactions.clear_failure(id)
        self._transactions.queue(id, not_before=None, attempts=0)

    def _first_decision(self, transaction: Transaction, grounds: str) -> MatchDecision:
        patient = transaction.medium.patient if transaction.medium else None
        return self.decision(patient or MediumPatient(), grounds)

    def _decide_alone(self, order: ImportOrder, assessment: Assessment) -> MatchDecision | None:
        """The program decides only where form and medium agree and nobody else is on the medium (cli.md)."""
        match = assessment.match
        if (
            order.patient is None
            or match is None
            or not match.medium_agrees
            or len(order.contents.patients) > 1
        ):
            return None
        grounds = "Name and date of birth agree on form and disc; no other patient on it."
        return replace(self.decision(order.patient, grounds), decided_by="the program")


def likely_patient(form: Form, contents: MediumContents) -> MediumPatient | None:
    """The medium's patient who agrees best with the form; deciding is somebody else's."""
    wanted = identity_of_form(form.patient)
    return max(
        contents.patients,
        key=lambda patient: compare(wanted, identity_of_medium(patient), None).score,
        default=None,
    )


def asked_series(form: Form, patient: MediumPatient) -> frozenset[str]:
    """The series of the studies that the form asks for (R-GATE-8: nothing else is taken by itself)."""
    asked = asked_studies(form.exams, patient.studies)
    return frozenset(
        s.series_uid for study in patient.studies if study.study_uid in asked for s in study.series
    )


def all_series(patient: MediumPatient) -> frozenset[str]:
    return frozenset(series.series_uid for study in patient.studies for series in study.series)


def instances_of(studies: tuple[MediumStudy, ...]) -> tuple[Instance, ...]:
    """The ledger's rows for what is to be imported; missing files cannot be."""
    return tuple(
        Instance(
            item.sop_instance_uid,
            item.sop_class_uid,
            item.transfer_syntax_uid,
            study.study_uid,
            series.series_uid,
            modality=series.modality,
            series_description=series.description,
            source_path=item.path,
            size=item.size,
        )
        for study in studies
        for series in study.series
        for item in series.present
    )


def exams_of(form: Form, studies: tuple[MediumStudy, ...]) -> tuple[Exam, ...]:
    """R-RIS: one line an imported study, dated when its images were acquired, coded as the form says."""
    asked = asked_studies(form.exams, studies)
    return tuple(
        Exam(
            date=study.date,
            modality=asked[study.study_uid].modality
            if study.study_uid in asked
            else ", ".join(study.modalities),
            description=(asked[study.study_uid].description if study.study_uid in asked else "")
            or study.description,
            exam_code=asked[study.study_uid].exam_code if study.study_uid in asked else "",
            study_uid=study.study_uid,
        )
        for study in studies
    )


def _medium(order: ImportOrder) -> Medium:
    contents = order.contents
    held = f"{len(contents.patients)} patients, {len(contents.studies)} studies, {contents.instances} images"
    return Medium(
        source=contents.source,
        label=contents.label,
        fingerprint=contents.fingerprint,
        disc_no=order.disc_no,
        discs=order.form.discs,
        contents=held + (f", {contents.missing} missing" if contents.missing else ""),
        patient=without_instances(replace(order.patient or MediumPatient(), studies=order.studies)),
        patients=len(contents.patients),
    )
