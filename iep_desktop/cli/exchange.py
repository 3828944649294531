"""The commands of the exchange between hospitals. No logic of its own (cli.md)."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from iep_desktop.cli.commands import Command, Exit, read_form, rest
from iep_desktop.cli.output import Output
from iep_desktop.core.replies import parse_decline

if TYPE_CHECKING:
    from iep_desktop.workers.desk import Desk


def request(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    form = read_form(args.form)
    for warning in desk.requests.assess(form).warnings:
        out.note(f"{warning.title} ({warning.rule}, {warning.clause})")
    return rest(desk.requests.create(args.to, form), False, desk, out)


def decline(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    reason = parse_decline(args.reason, args.text)
    transaction = desk.reading.transaction(args.number)
    desk.replies.decline(transaction.id, reason)
    return rest(transaction, False, desk, out)


def message(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    transaction = desk.reading.transaction(args.number)
    desk.replies.message(transaction.id, args.text)
    rest(transaction, False, desk, out)
    return Exit.DONE  # it is written, whatever else the transaction waits for


COMMANDS: dict[str, Command] = {"request": request, "decline": decline, "message": message}
