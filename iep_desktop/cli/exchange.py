"""The commands of the exchange between hospitals. No logic of its own (cli.md)."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from iep_desktop.cli.commands import Command, Exit, read_form, rest
from iep_desktop.cli.output import Output
from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.job import Context
from iep_desktop.core.queries import PacsStudy
from iep_desktop.core.replies import parse_decline
from iep_desktop.core.transaction import Transaction, TransactionType

if TYPE_CHECKING:
    from iep_desktop.core.exchange import TransferOrder
    from iep_desktop.workers.desk import Desk


def request(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    form = read_form(args.form)
    for warning in desk.requests.assess(form).warnings:
        out.note(f"{warning.title} ({warning.rule}, {warning.clause})")
    return rest(desk.requests.create(args.to, form), False, desk, out)


def transfer(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    order = _order(args, desk)
    for warning in desk.transfers.assess(order, Context()).gate.warnings:
        out.note(f"{warning.title} ({warning.rule}, {warning.clause})")
    return rest(desk.transfers.create(order, Context()), args.wait, desk, out)


def _order(args: argparse.Namespace, desk: Desk) -> TransferOrder:
    from iep_desktop.core.exchange import TransferOrder

    form = read_form(args.form)
    if args.priority:
        form = replace(form, priority=args.priority)
    attachments = tuple(
        replace(desk.transfers.read_attachment(path), correct=args.attachments_correct)
        for path in args.attach
    )
    order = TransferOrder(
        to=args.to,
        form=form,
        studies=tuple(PacsStudy(uid) for uid in dict.fromkeys(args.study)),
        source_node=args.node,
        destination_node=args.destination,
        onward_reason=args.onward,
        attachments=attachments,
        request_id=desk.reading.transaction(args.answers).id if args.answers else None,
    )
    return replace(order, studies=desk.transfers.as_they_are(order, Context()))


def accept(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    transaction = desk.reading.transaction(args.number)
    desk.replies.accept(transaction.id)
    return rest(transaction, False, desk, out)


def decline(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    reason = parse_decline(args.reason, args.text)
    transaction = desk.reading.transaction(args.number)
    if transaction.type is TransactionType.REQUEST:
        desk.replies.decline(transaction.id, reason)
    else:
        desk.downloads.decline(transaction.id, reason)
    return rest(transaction, False, desk, out)


def message(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    transaction = desk.reading.transaction(args.number)
    if args.details_missing:
        desk.replies.ask_details(transaction.id, args.text)
    else:
        desk.replies.message(transaction.id, args.text)
    rest(transaction, False, desk, out)
    return Exit.DONE  # it is written, whatever else the transaction waits for


def download(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    transaction = desk.reading.transaction(args.number)
    desk.downloads.download(transaction.id)
    return rest(transaction, args.wait, desk, out)


def match(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    transaction = desk.reading.transaction(args.number)
    form = read_form(args.form)
    if args.patient is not None:
        _must_be_of(transaction, args.patient)
    desk.downloads.match(transaction.id, form)
    if args.registered:
        desk.imports.register(transaction.id)
    if args.patient is not None:
        grounds = "Checked against the form by the caller (command line --patient)"
        desk.imports.decide(transaction.id, grounds)
    return rest(transaction, args.wait, desk, out)


def _must_be_of(transaction: Transaction, patient_id: str) -> None:
    """What the caller says to have compared is what came."""
    said = transaction.medium.patient if transaction.medium else None
    if said is None:
        raise InvalidInput("The images are not here yet", "", "Download them first.")
    if said.patient_id != patient_id.strip():
        raise InvalidInput(
            "The images have another patient ID", f"They say {said.patient_id or '(none)'}.", "Compare again."
        )


def priority(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    transaction = desk.reading.transaction(args.number)
    desk.priorities.change(transaction.id, args.priority, args.reason)
    return rest(transaction, False, desk, out)


def accept_evidence(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    transaction = desk.reading.transaction(args.number)
    desk.acts.accept_evidence(transaction.id)
    return rest(transaction, False, desk, out)


COMMANDS: dict[str, Command] = {
    "request": request,
    "transfer": transfer,
    "accept": accept,
    "decline": decline,
    "message": message,
    "download": download,
    "match": match,
    "priority": priority,
    "accept-evidence": accept_evidence,
}
