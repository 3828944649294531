"""The JSON documents of the command line (cli.md), made from core objects; and the same for people to read."""

from __future__ import annotations

from typing import Any

from iep_desktop.core.errors import IepError
from iep_desktop.core.evidence import CommitmentUse
from iep_desktop.core.model import Exam, Node
from iep_desktop.core.names import display_name
from iep_desktop.core.queries import PacsStudy
from iep_desktop.core.states import tab_of
from iep_desktop.core.transaction import Details, Message, Transaction

Document = dict[str, Any]


def error_document(error: IepError) -> Document:
    return {
        "error": {
            "kind": error.kind,
            "title": error.title,
            "message": error.message,
            "hint": error.hint,
            "rule": error.rule or None,
        }
    }


def transaction_document(transaction: Transaction) -> Document:
    patient, counts, failure = transaction.patient, transaction.counts, transaction.failure
    return {
        "number": transaction.number,
        "type": transaction.type.value,
        "direction": transaction.direction.value,
        "status": transaction.status.value,
        "tab": tab_of(transaction.status, transaction.required).value,
        "priority": transaction.priority.value,
        "hospital": transaction.other_hospital,
        "patient": {
            "name": patient.name,
            "birth_date": patient.birth_date.isoformat() if patient.birth_date else None,
            "hospital_no": patient.hospital_no,
            "nhs_no": patient.nhs_no,
        },
        "instances": {
            "total": counts.total,
            "sent": counts.arrived,
            "verified": counts.verified,
            "failed": counts.failed,
            "skipped": counts.skipped,
        },
        "required": [_required(r.title, r.rule, r.clause) for r in transaction.required],
        "exams": [_exam(exam) for exam in transaction.exams],
        "messages": transaction.unread,
        "error": {
            "kind": failure.kind,
            "title": failure.title,
            "message": failure.message,
            "hint": failure.hint,
            "rule": None,
        }
        if failure
        else None,
    }


def evidence_document(details: Details) -> Document:
    """On what evidence images count as arrived, and those to which their node does not commit itself."""
    return {
        "evidence": {kind.value: number for kind, number in details.evidence},
        "commitments": [
            {
                "node": one.node,
                "asked_at": one.asked_at.isoformat(),
                "images": one.images,
                "state": one.state.value,
                "reported_at": one.reported_at.isoformat() if one.reported_at else None,
            }
            for one in details.commitments
        ],
        "uncommitted": [
            {
                "sop_instance_uid": one.sop_instance_uid,
                "series_uid": one.series_uid,
                "modality": one.modality,
                "series": one.series_description,
                "reason": one.reason,
            }
            for one in details.uncommitted
        ],
    }


def message_document(message: Message) -> Document:
    return {
        "at": message.at.isoformat(),
        "author": message.author,
        "hospital": message.hospital,
        "text": message.text,
        "read": message.read,
    }


def _required(title: str, rule: str, clause: str) -> str:
    reference = ", ".join(part for part in (rule, clause) if part)
    return f"{title} ({reference})" if reference else title


def _exam(exam: Exam) -> Document:
    return {
        "exam_code": exam.exam_code,
        "date": exam.date.isoformat() if exam.date else None,
        "modality": exam.modality,
        "description": exam.description,
        "accession": exam.accession,
        "ris_state": exam.ris_state.value,
    }


def node_document(node: Node) -> Document:
    return {
        "name": node.name,
        "role": node.role.value,
        "hospital": node.hospital,
        "ae_title": node.ae_title,
        "host": node.host,
        "port": node.port,
        "calling_ae": node.calling_ae,
        "tls": node.tls,
        "dicomweb": node.dicomweb,
        "commitment": node.commitment.value,
        "associations": node.associations,
    }


def study_document(study: PacsStudy) -> Document:
    return {
        "study_uid": study.study_uid,
        "patient": {
            "patient_id": study.patient_id,
            "name": study.patient_name,
            "birth_date": study.birth_date.isoformat() if study.birth_date else None,
            "sex": study.sex,
        },
        "date": study.study_date.isoformat() if study.study_date else None,
        "description": study.description,
        "accession": study.accession,
        "modalities": list(study.modalities),
        "series": study.series,
        "instances": study.instances,
    }


# --- for people --------------------------------------------------------------------------------------------


def transaction_line(transaction: Transaction) -> str:
    when = transaction.created_at.astimezone().strftime("%d/%m/%Y %H:%M")
    counts = transaction.counts
    images = f"{counts.verified}/{counts.wanted} images" if counts.total else "no images"
    name = display_name(transaction.patient.name)
    return (
        f"{transaction.number}  {transaction.type.value:<14}  {transaction.direction.value:<3}  {when}  "
        f"{name:<24.24}  {transaction.other_hospital:<5}  {transaction.status.value:<12}  {images}"
    )


def transaction_text(transaction: Transaction) -> str:
    lines = [transaction_line(transaction)]
    lines += [f"  required: {_required(r.title, r.rule, r.clause)}" for r in transaction.required]
    lines += [f"  exam:     {exam.label}, RIS {exam.ris_state.value}" for exam in transaction.exams]
    if transaction.failure:
        failure = transaction.failure
        lines += [
            f"  failed:   {failure.title}",
            f"            {failure.message}",
            f"            {failure.hint}",
        ]
    return "\n".join(lines)


def details_text(details: Details) -> str:
    """A transaction with what was written about it and its history."""
    said = [
        f"  {m.at.astimezone():%d/%m/%Y %H:%M}  {m.author}, {m.hospital}: {m.text}" for m in details.messages
    ]
    history = [f"  {e.at.astimezone():%d/%m/%Y %H:%M}  {e.text} ({e.actor})" for e in details.events]
    evidence = [f"  evidence: {number} images {kind.value}" for kind, number in details.evidence]
    lacking = [
        f"  uncommitted: {one.modality} {one.series_description}, {one.sop_instance_uid}: {one.reason}"
        for one in details.uncommitted
    ]
    return "\n".join([transaction_text(details.transaction), *evidence, *lacking, *said, *history])


def node_line(node: Node) -> str:
    several = f", {node.associations} associations" if node.associations else ""
    if node.dicomweb:
        return f"{node.name:<20} {node.role.value:<8} {node.hospital:<5} {node.dicomweb}{several}"
    tls = ", TLS" if node.tls else ""
    if node.commitment is not CommitmentUse.AUTOMATIC:
        tls += f", commitment {node.commitment.value}"
    return (
        f"{node.name:<20} {node.role.value:<8} {node.hospital:<5} "
        f"{node.ae_title}@{node.host}:{node.port}{tls}, we call as {node.calling_ae}{several}"
    )


def study_line(study: PacsStudy) -> str:
    when = study.study_date.strftime("%d/%m/%Y") if study.study_date else "no date   "
    count = "" if study.instances is None else f", {study.instances} images"
    kinds = "/".join(study.modalities)
    return f"{when}  {kinds:<6} {study.description:<32.32} {display_name(study.patient_name)}{count}  {study.study_uid}"
