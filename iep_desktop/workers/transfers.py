"""Transfers as the sending hospital acts on them: search PACS, assess, create, read attachments. Plain and blocking.

A transfer is made only behind an open gate; the engine asks the gate again before the first image leaves PACS.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from iep_desktop.core.drafts import TransactionDraft, TransferPart
from iep_desktop.core.errors import InvalidInput, Refused
from iep_desktop.core.exchange import (
    LARGEST_ATTACHMENT,
    Attachment,
    AttachmentInfo,
    MediaType,
    StudyCriteria,
    StudySearch,
    TransferAssessment,
    TransferOrder,
)
from iep_desktop.core.form_rules import Check, Gate, block
from iep_desktop.core.job import Context
from iep_desktop.core.me import Me
from iep_desktop.core.model import Exam, Form, FormKind, Node, NodeRole, Priority
from iep_desktop.core.queries import PacsStudy
from iep_desktop.core.reviewing import reviewed
from iep_desktop.core.transaction import Instance, Transaction, TransactionType
from iep_desktop.store.directory import Directory
from iep_desktop.store.exchange import Exchange
from iep_desktop.store.transactions import Transactions
from iep_desktop.workers.export_gate import Export, ExportGate

ATTACHED = "attachment:"  # marks an instance whose file is made from an attachment, in Instance.source_path
_SOP_CLASSES = {
    MediaType.PDF: "1.2.840.10008.5.1.4.1.1.104.1",  # Encapsulated PDF Storage
    MediaType.TEXT: "1.2.840.10008.5.1.4.1.1.88.11",  # Basic Text SR Storage
}
_MODALITIES = {MediaType.PDF: "DOC", MediaType.TEXT: "SR"}
_EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"


class FindStudies(Protocol):
    def __call__(
        self, node: Node, criteria: StudyCriteria, patient_id: str, limit: int, ctx: Context
    ) -> tuple[PacsStudy, ...]: ...


class Transfers:
    """The acts of the hospital that sends."""

    def __init__(
        self,
        me: Me,
        transactions: Transactions,
        exchange: Exchange,
        directory: Directory,
        gate: ExportGate,
        find_studies: FindStudies,
        pacs_node: Callable[[str], Node],
        hours: Callable[[Priority, bool], datetime | None],
    ) -> None:
        self._me = me
        self._transactions = transactions
        self._exchange = exchange
        self._directory = directory
        self._gate = gate
        self._find_studies = find_studies
        self._pacs_node = pacs_node
        self._hours = hours

    # -- before it exists

    def search(self, criteria: StudyCriteria, ctx: Context, node: str = "") -> StudySearch:
        """Studies in our PACS, under the first way of writing the number that finds any.

        Raises:
            InvalidInput: nothing to search by.
            Retriable, Permanent: PACS does not answer, or says no.
        """
        if not any((criteria.patient_ids, criteria.accession, criteria.date_from, criteria.date_to)):
            raise InvalidInput(
                "Nothing to search by", hint="Enter a hospital number, an accession number or dates."
            )
        pacs = self._pacs_node(node)
        for number in criteria.patient_ids or ("",):
            found = self._find_studies(pacs, criteria, number, criteria.limit + 1, ctx)
            if found:
                return StudySearch(found[: criteria.limit], more=len(found) > criteria.limit)
        return StudySearch(())

    def as_they_are(self, order: TransferOrder, ctx: Context) -> tuple[PacsStudy, ...]:
        """The order's studies as PACS shows them now. Raises Retriable, Permanent where it cannot be asked."""
        return self._gate.as_they_are(Export(order.form, order.studies, "", order.source_node), ctx)

    def foreign(self, studies: Sequence[PacsStudy]) -> frozenset[str]:
        """R-GATE-8: Study Instance UIDs of those that came from elsewhere."""
        return self._gate.foreign(studies)

    def destinations(self, to: str) -> tuple[Node, ...]:
        """The gateways of a hospital."""
        return tuple(node for node in self._directory.nodes(to) if node.role is NodeRole.GATEWAY)

    def waits_until(self, priority: Priority, *, trauma: bool = False) -> datetime | None:
        """R-TIME-4: until when a transfer that is made now would wait; None where it runs at once."""
        return self._hours(priority, trauma)

    def prefilled(self, request_id: int) -> Form:
        """The export form of the answer to a request. Our own number of the patient is not in it: PACS tells it."""
        request = self._transactions.by_id(request_id)
        form = request.form
        return replace(
            form,
            kind=FormKind.EXPORT,
            hospital=request.sender,
            patient=replace(form.patient, hospital_no=""),
            recipient=replace(
                form.recipient,
                name=form.recipient.name or form.requester.name,
                phone=form.recipient.phone or form.requester.phone,
                email=form.recipient.email or form.requester.email,
            ),
        )

    def assess(self, order: TransferOrder, ctx: Context) -> TransferAssessment:
        """What the gate says, without sending anything."""
        export = Export(
            _addressed(order.form, order.to),
            order.studies,
            order.onward_reason,
            order.source_node,
            trauma=order.trauma,
            destinations=(order.to, order.destination_node),
            review=reviewed(order.review) if order.review else None,
            sending=tuple(one.sop_instance_uid for one in order.instances) or None,
        )
        assessment = self._gate.assess(export, ctx)
        more = (*self._destination(order), *_unticked(order), *_unconfirmed(order))
        return replace(assessment, gate=Gate((*assessment.gate.checks, *more)))

    def create(self, order: TransferOrder, ctx: Context) -> Transaction:
        """Queue a transfer; the engine takes it.

        Raises:
            InvalidInput: the form names another hospital.
            Refused: the gate is shut; the error names the first clause and all that lacks.
            Retriable, Permanent: PACS cannot be asked whether the studies are as they were ticked.
        """
        assessment = self.assess(order, ctx)
        if assessment.pacs_error:
            raise assessment.pacs_error
        _must_be_open(assessment.gate)
        attachments, documents = _documents(order)
        draft = TransactionDraft(
            type=TransactionType.TRANSFER,
            sender=self._me.hospital,
            recipient=order.to,
            priority=order.form.priority,
            form=_addressed(order.form, order.to),
            created_by=self._me.user,
            node=self._destination_node(order).name,
            instances=(*order.instances, *documents),
            exams=tuple(_exam(study) for study in order.studies),
            queued=True,
            not_before=self._hours(order.form.priority, order.trauma),
            event=f"Created, call {order.form.call_ref}",
            review=order.review,
            transfer=TransferPart(
                request_id=order.request_id,
                source_node=order.source_node,
                onward_reason=order.onward_reason,
                trauma=order.trauma,
                attachments=attachments,
                whole_studies=not order.instances,
            ),
        )
        return self._transactions.create(draft)

    # -- attachments

    def read_attachment(self, path: Path) -> Attachment:
        """A document from a file, told by its content and not by its name.

        Raises:
            InvalidInput: too large, unreadable, or neither PDF nor plain text.
        """
        try:
            if path.stat().st_size > LARGEST_ATTACHMENT:
                raise InvalidInput(
                    "The document is too large",
                    f"{path.name} has {path.stat().st_size / 1e6:.0f} MB; "
                    f"{LARGEST_ATTACHMENT / 1e6:.0f} MB may be attached.",
                    "Attach the report only.",
                )
            content = path.read_bytes()
        except OSError as error:
            raise InvalidInput("The document cannot be read", f"{path.name}: {error.strerror}.") from error
        return document(path.name, content)

    def attachments(self, id: int) -> tuple[AttachmentInfo, ...]:
        return self._exchange.attachments(id)

    def attachment(self, id: int, attachment_id: int) -> Attachment:
        """Raises InvalidInput where the transaction has no such attachment."""
        return self._exchange.attachment(id, attachment_id)

    # -- inside

    def _destination(self, order: TransferOrder) -> Iterator[Check]:
        try:
            self._destination_node(order)
        except InvalidInput as error:
            yield block("destination", error.title, "R-FORM", "A4", "Choose a destination", error.hint)

    def _destination_node(self, order: TransferOrder) -> Node:
        gateways = {node.name: node for node in self.destinations(order.to)}
        if not gateways:
            raise InvalidInput(
                "The recipient has no gateway",
                "",
                "An admin adds it in Admin, Nodes, or: iep-desktop nodes add",
            )
        if order.destination_node and order.destination_node not in gateways:
            raise InvalidInput(
                f"{order.destination_node} is no gateway of the recipient", "", "Choose another destination."
            )
        return gateways[order.destination_node] if order.destination_node else next(iter(gateways.values()))


def document(name: str, content: bytes) -> Attachment:
    """Raises InvalidInput for what is neither PDF nor plain text (UTF-8)."""
    if not content.strip():
        raise InvalidInput("The document is empty", name)
    if content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"%PDF-"):
        if b"%%EOF" not in content[-2048:]:
            raise InvalidInput("The PDF is cut short", f"{name} has no end.", "Save or print it again.")
        return Attachment(name, MediaType.PDF, content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InvalidInput(
            "Only PDF and plain text can be attached", f"{name} is neither.", "Save the report as a PDF."
        )
    return Attachment(name, MediaType.TEXT, text.encode())


def _documents(
    order: TransferOrder,
) -> tuple[tuple[tuple[Attachment, str], ...], tuple[Instance, ...]]:
    """Attachments with the UID of the DICOM document each becomes, and these documents as instances to send."""
    attachments = tuple((attachment, _new_uid()) for attachment in order.attachments)
    study = order.studies[0].study_uid if order.studies else ""
    documents = tuple(
        Instance(
            sop_instance_uid=uid,
            sop_class_uid=_SOP_CLASSES[attachment.media_type],
            transfer_syntax_uid=_EXPLICIT_LITTLE_ENDIAN,
            study_uid=study,
            series_uid=_new_uid(),
            modality=_MODALITIES[attachment.media_type],
            series_description="Report",
            source_path=f"{ATTACHED}{uid}",
            size=len(attachment.content),
        )
        for attachment, uid in attachments
    )
    return attachments, documents


def _new_uid() -> str:
    return f"2.25.{uuid.uuid4().int}"  # PS3.5 B.2


def _exam(study: PacsStudy) -> Exam:
    """The recipient enters its own RIS event and accession number (R-RIS); ours stays in its header."""
    return Exam(study.study_date, "/".join(study.modalities), study.description, study_uid=study.study_uid)


def _addressed(form: Form, to: str) -> Form:
    if form.hospital and form.hospital != to:
        raise InvalidInput(
            "The form names another institution",
            f"It says {form.hospital[:10]}, the images go to {to}.",
            "Correct the form, or choose the other institution.",
            rule="R-TX-2",
        )
    return replace(form, hospital=to, kind=FormKind.EXPORT)


def _unticked(order: TransferOrder) -> Iterator[Check]:
    """R-TRAUMA: a report goes along only when somebody has ticked that its content is correct."""
    for number, attachment in enumerate(order.attachments, start=1):
        if not attachment.correct:
            yield block(
                f"attachment-{number}",
                f"{attachment.name}: not confirmed that its content is correct",
                "R-TRAUMA",
                "A4",
                "Read it and tick that it is correct",
            )


def _unconfirmed(order: TransferOrder) -> Iterator[Check]:
    if order.trauma and not order.confirmed_patient:
        yield block(
            "right-patient", "Not confirmed that it is the right patient", "R-TRAUMA", "A4", "Confirm it"
        )


def _must_be_open(gate: Gate) -> None:
    if not gate.is_open:
        first = gate.blocking[0]
        more = "; ".join(f"{check.title} ({check.clause})" for check in gate.blocking)
        raise Refused("The images cannot be sent yet", f"{more}.", f"{first.lift}.", rule=first.rule)
