"""The commands: each reads its arguments, calls the same workers that the windows use, and prints the answer.

No logic of its own (cli.md). Raises IepError; `main` turns it into an exit code.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from iep_desktop import settings as profiles
from iep_desktop.cli import documents
from iep_desktop.cli.output import Output
from iep_desktop.core.clocks import LATE
from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.forms import parse_form
from iep_desktop.core.imports import ImportOrder
from iep_desktop.core.job import Context, Progress
from iep_desktop.core.medium import MediumContents, MediumPatient, ReadingStep
from iep_desktop.core.medium_json import to_json
from iep_desktop.core.model import Form
from iep_desktop.core.names import display_name
from iep_desktop.core.transaction import (
    Status,
    Tab,
    Transaction,
    TransactionType,
    WorklistFilter,
    WorklistOrder,
)
from iep_desktop.qt_imports import load_qt

if TYPE_CHECKING:
    from iep_desktop.workers.desk import Desk


class Exit(IntEnum):
    """cli.md."""

    DONE = 0
    DEFECT = 1
    UNUSABLE = 2
    WAITS = 3
    FAILED = 4
    REFUSED = 5


Command = Callable[[argparse.Namespace, "Desk", Output], Exit]


def init(args: argparse.Namespace, root: Path, out: Output) -> Exit:
    """Make the profile and its ledger; the demo's is there already and only told."""
    from iep_desktop.workers.desk import open_desk

    profile = profiles.open_profile(root) if args.demo else _new_profile(args, root)
    desk = open_desk(profile)
    try:
        name = desk.reading.hospital_name(profile.settings.hospital)
    finally:
        desk.close()
    document = {
        "profile": str(root),
        "hospital": profile.settings.hospital,
        "ledger": profile.ledger_url,
    }
    out.result(document, f"Profile for {name} in {root}")
    return Exit.DONE


def _new_profile(args: argparse.Namespace, root: Path) -> profiles.Profile:
    from iep_desktop.workers.setup import make_profile

    if not args.hospital:
        raise InvalidInput("init needs --hospital", "", "For example: iep-desktop init --hospital RWE")
    return make_profile(root, hospital=args.hospital, ledger_url=args.ledger)


def inspect(args: argparse.Namespace, root: Path, out: Output) -> Exit:
    """Needs no profile; where there is one, what was imported before is said too."""
    contents = _read(args.path, out)
    if profiles.exists(root):
        from iep_desktop.workers.desk import open_desk

        desk = open_desk(profiles.open_profile(root))
        try:
            contents = replace(contents, findings=contents.findings + desk.imports.already_imported(contents))
        finally:
            desk.close()
    out.result(to_json(contents), _contents_text(contents))
    return Exit.DONE


def _read(path: Path, out: Output) -> MediumContents:
    from iep_desktop.workers.discs import Discs

    bar = out.progress()

    def step(reading: ReadingStep) -> None:
        bar.show(Progress("read", reading.done, reading.total))

    try:
        return Discs().read(str(path), Context(), step)
    finally:
        bar.close()


def _contents_text(contents: MediumContents) -> str:
    lines = [f"{contents.source}: {contents.instances} images, {contents.missing} missing"]
    for patient in contents.patients:
        born = patient.birth_date.strftime("%d/%m/%Y") if patient.birth_date else "no date of birth"
        lines.append(
            f"  {display_name(patient.name) or 'no name'}, {born}, ID {patient.patient_id or 'none'}"
        )
        for study in patient.studies:
            day = study.date.strftime("%d/%m/%Y") if study.date else "no date"
            lines.append(f"    {day} {study.description}")
            for series in study.series:
                lines.append(f"      {series.modality} {series.description}: {len(series.present)} images")
    lines += [f"  {f.severity.value}: {f.message} {f.path}".rstrip() for f in contents.findings]
    return "\n".join(lines)


def render(args: argparse.Namespace, out: Output) -> Exit:
    """Needs no profile."""
    from iep_desktop.workers.rendering import render_file

    done = render_file(args.file, args.out, frame=args.frame, size=args.size)
    document = {
        "out": str(done.path),
        "width": done.width,
        "height": done.height,
        "frame": done.frame,
        "frames": done.frames,
        "remarks": list(done.remarks),
    }
    lines = [f"{done.path}: frame {done.frame} of {done.frames}, {done.width} × {done.height}", *done.remarks]
    out.result(document, "\n".join(lines))
    return Exit.DONE


def import_(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    if args.everything and not args.reason.strip():
        raise InvalidInput("--everything needs --reason", "R-GATE-7 wants it recorded.", rule="R-GATE-7")
    return rest(_ordered(args, desk, out), args.wait, desk, out)


def _ordered(args: argparse.Namespace, desk: Desk, out: Output) -> Transaction:
    """What the disc holds is let go before the images move: of a hundred thousand it is a lot."""
    form = read_form(args.form)
    order = _order(args, form, _read(args.path, out), desk)
    return desk.imports.create(order, desk.imports.assess(order, Context()))


def read_form(path: Path) -> Form:
    try:
        return parse_form(path.read_bytes())
    except OSError as error:
        raise InvalidInput("The form cannot be read", f"{path}: {error.strerror}.") from error


def _order(args: argparse.Namespace, form: Form, contents: MediumContents, desk: Desk) -> ImportOrder:
    from iep_desktop.workers import imports

    patient = _patient(args.patient, contents) or imports.likely_patient(form, contents)
    series = frozenset[str]()
    if patient:
        series = imports.all_series(patient) if args.everything else imports.asked_series(form, patient)
    grounds = "Checked against the form by the caller (command line --patient)"
    return ImportOrder(
        form=form,
        contents=contents,
        patient=patient,
        series=series,
        decision=desk.imports.decision(patient, grounds) if patient and args.patient else None,
        registered_by=desk.me.user if args.registered else "",
        everything_reason=args.reason.strip() if args.everything else "",
        node=args.node,
        disc_no=form.disc_no,
    )


def _patient(id: str | None, contents: MediumContents) -> MediumPatient | None:
    """The medium's patient of that ID.

    Raises:
        InvalidInput: none has it, or more than one.
    """
    if id is None:
        return None
    found = [patient for patient in contents.patients if patient.patient_id == id.strip()]
    if len(found) != 1:
        known = ", ".join(sorted({p.patient_id or "(no ID)" for p in contents.patients})) or "nobody"
        title = (
            "Several patients on the medium have this ID" if found else "No patient on the medium has this ID"
        )
        raise InvalidInput(title, f"On the medium: {known}.")
    return found[0]


def rest(transaction: Transaction, wait: bool, desk: Desk, out: Output) -> Exit:
    """Print where the transaction stands, after it has come to rest where that was asked for."""
    if wait and _runs_now(transaction):
        load_qt()
        from iep_desktop.workers.engine import run_until_rest

        bar = out.progress()
        try:
            run_until_rest(desk, transaction.id, bar.show)
        finally:
            bar.close()
    transaction = desk.reading.by_id(transaction.id)
    out.result(documents.transaction_document(transaction), documents.transaction_text(transaction))
    return exit_of(transaction)


def _runs_now(transaction: Transaction) -> bool:
    """Not one that waits for the hours of the service (R-TIME-4): that may take until Monday."""
    return transaction.not_before is None or transaction.attempts > 0


def exit_of(transaction: Transaction) -> Exit:
    """Delivered is done even where an exam waits for RIS or a message for its answer: `required` names that."""
    if transaction.status is Status.FAILED:
        return Exit.FAILED
    if transaction.status is Status.DELIVERED:
        return Exit.DONE
    waits = any(required.code not in ("message", LATE) for required in transaction.required)
    return Exit.WAITS if waits else Exit.DONE


def find(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    if not (args.patient_id or args.date_from or args.date_to or args.modality):
        raise InvalidInput("Nothing to search for", "", "Give --patient-id, --from, --to or --modality.")
    found = desk.nodes.find_studies(
        args.node,
        patient_id=args.patient_id,
        date_from=args.date_from,
        date_to=args.date_to,
        modality=args.modality.upper(),
        ctx=Context(),
    )
    text = "\n".join(map(documents.study_line, found)) or "No studies found"
    out.result({"studies": [documents.study_document(study) for study in found]}, text)
    return Exit.DONE


def worklist(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    if args.limit < 1:
        raise InvalidInput("--limit must be 1 or more")
    wanted = WorklistFilter(tab=_tab(args.tab), search=args.search)
    page = desk.reading.page(wanted, WorklistOrder(), 0, args.limit)
    document = {
        "tab": wanted.tab.value,
        "total": page.total,
        "more": page.more,
        "transactions": [documents.transaction_document(row) for row in page.rows],
    }
    lines = [documents.transaction_line(row) for row in page.rows]
    out.result(document, "\n".join(lines) or "No transactions found. Try refining your search criteria")
    return Exit.DONE


def _tab(text: str) -> Tab:
    folded = text.replace("-", " ").replace("_", " ").casefold()
    for tab in Tab:
        if tab.value.casefold() == folded:
            return tab
    raise InvalidInput(f"There is no tab {text!r}", "", f"One of {', '.join(t.value for t in Tab)}.")


def show(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    transaction = desk.reading.transaction(args.number)
    details = desk.reading.details(transaction.id)
    thread = {"thread": [documents.message_document(message) for message in details.messages]}
    desk.replies.look(transaction.id)  # before the answer: where it fails, that is the one document
    document = documents.transaction_document(transaction) | documents.evidence_document(details) | thread
    out.result(document, documents.details_text(details))
    return Exit.DONE


def retry(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    transaction = desk.reading.transaction(args.number)
    if transaction.type is TransactionType.REQUEST:
        form = read_form(args.form) if args.form else None
        if form and any(r.code == "details" for r in transaction.required):
            desk.requests.give_details(transaction.id, form)
        else:
            desk.requests.send_again(transaction.id, form)
        return rest(transaction, False, desk, out)
    if args.form:
        raise InvalidInput("--form is for a request that was declined, or lacks details")
    if transaction.status is Status.DECLINED:
        desk.acts.offer_again(transaction.id)
        return rest(transaction, False, desk, out)
    desk.acts.retry(transaction.id, failed_only=args.failed_only)
    return rest(transaction, args.wait, desk, out)


def cancel(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    transaction = desk.reading.transaction(args.number)
    (desk.requests if transaction.type is TransactionType.REQUEST else desk.acts).cancel(transaction.id)
    return rest(transaction, False, desk, out)


def run(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    load_qt()
    if args.for_window:
        from iep_desktop.workers.serving import serve_standard

        serve_standard(desk)
        return Exit.DONE
    from iep_desktop.workers.engine import run_engine

    out.note("The engine runs; Ctrl+C stops it, and what it was doing goes on at the next start.")
    run_engine(desk, until_idle=args.until_idle)
    out.result({"stopped": True}, "The engine has stopped.")
    return Exit.DONE


COMMANDS: dict[str, Command] = {
    "import": import_,
    "find": find,
    "worklist": worklist,
    "show": show,
    "retry": retry,
    "cancel": cancel,
    "run": run,
}
