"""The dialogs in which a person says more before an act is done: why, which form, whose images, where to.

Makes dialogs and hands on what was said; calls no service that changes anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from iep_desktop.core.identifiers import NumberFormat
from iep_desktop.core.model import Form, FormKind, Hospital, Node, Priority
from iep_desktop.core.transaction import Direction, Transaction, TransactionType
from iep_desktop.ui.acts import Act
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.confirm import ConfirmDialog
from iep_desktop.ui.worklist import texts

if TYPE_CHECKING:
    from iep_desktop.ui.details.form_dialog import FormDialog
    from iep_desktop.ui.details.reason_dialog import (
        DeclineDialog,
        NodeDialog,
        PriorityDialog,
        ReasonDialog,
        TextDialog,
    )

    Word = DeclineDialog | PriorityDialog | ReasonDialog | TextDialog

Said = Callable[[Any], None]


def confirm(
    transaction: Transaction, act: Act, theme: Theme, window: QWidget, said: Said
) -> ConfirmDialog | None:
    """Questions that are answered by doing it or leaving it; None where this act asks something else."""
    makers = {Act.REGISTER: _registered, Act.CANCEL: _cancel}
    if act not in makers:
        return None
    title, text, do_it, leave = makers[act](transaction)
    dialog = ConfirmDialog(title, text, do_it, theme, leave=leave, parent=window)
    dialog.accepted.connect(lambda: said(""))
    return dialog


def _registered(transaction: Transaction) -> tuple[str, str, str, str]:
    who = f"{texts.patient_name(transaction)}, {transaction.patient.hospital_no or 'no hospital number'}"
    text = (
        f"Look {who}, up on the PAS (§2.7d). Say so only when you have seen the record there: "
        "your name goes into the history."
    )
    return "Is the patient registered on the PAS?", text, "I have seen the record", "Not yet"


def _cancel(transaction: Transaction) -> tuple[str, str, str, str]:
    arrived = transaction.counts.arrived
    match transaction.type:
        case TransactionType.CD_IMPORT:
            place, what = "in PACS", "the import"
        case TransactionType.REQUEST:
            place, what = "", "the request"
        case _:
            place, what = "in the recipient’s gateway", "the transfer"
    stays = f" {texts.images(arrived)} are {place} already and stay there." if arrived and place else ""
    told = "" if transaction.type is TransactionType.CD_IMPORT else " Both hospitals see that."
    return (
        f"Cancel {transaction.number}?",
        f"{texts.patient_name(transaction)}: nothing more is sent.{stays}{told} It stays in All.",
        f"Cancel {what}",
        "Go on with it",
    )


def word(transaction: Transaction, act: Act, theme: Theme, window: QWidget, other: str) -> Word | None:
    """Questions that want a reason or a text; None where this act asks something else."""
    from iep_desktop.ui.details import reason_dialog as dialogs

    who = texts.patient_name(transaction)
    dialog: Word
    match act:
        case Act.DECLINE:
            asked = transaction.type is TransactionType.REQUEST
            text = f"{who}. {other or 'The other hospital'} is told"
            more = ", and can re-work the request." if asked else "; the images leave IEP by themselves."
            dialog = dialogs.DeclineDialog(f"Decline {transaction.number}?", text + more, theme, window)
        case Act.ASK_DETAILS:
            dialog = dialogs.TextDialog(
                "Which details are missing?",
                f"{other or 'The other hospital'} reads it and has two weeks; then {transaction.number} is "
                "cancelled (§2.4). It can be answered meanwhile.",
                "Ask for them",
                theme,
                label="&What is missing",
                parent=window,
            )
        case Act.REDUCE:
            dialog = dialogs.ReasonDialog(
                "Send without what is refused?",
                f"Images of a kind that {transaction.node or 'the node'} does not take are left out, and the "
                "history says so. The rest goes on.",
                "Leave them out",
                theme,
                parent=window,
            )
        case Act.RAISE | Act.LOWER:
            return _priority(transaction, act, theme, window)
        case _:
            return None
    return dialog


def _priority(transaction: Transaction, act: Act, theme: Theme, window: QWidget) -> PriorityDialog:
    from iep_desktop.ui.details.reason_dialog import PriorityDialog

    raising = act is Act.RAISE
    title = f"Make {transaction.number} a Blue Light?" if raising else f"Lower {transaction.number}?"
    text = (
        "For theatre in the next few hours or an ambulance transfer (§2.3a). It overtakes everything else; the "
        "4 hours count from its creation."
        if raising
        else "It gives way to Blue Lights again. Batch waits for the night."
    )
    choices = (Priority.BLUE_LIGHT,) if raising else (Priority.NORMAL, Priority.BATCH)
    return PriorityDialog(title, text, choices, theme, window)


def other_node(
    transaction: Transaction, nodes: tuple[Node, ...], theme: Theme, window: QWidget
) -> NodeDialog:
    """Which of the recipient's gateways, the failed one last."""
    from iep_desktop.ui.details.reason_dialog import NodeDialog

    ordered = tuple(sorted(nodes, key=lambda node: node.name == transaction.node))
    only = len(nodes) < 2
    text = (
        "This hospital has no other node. An admin can add one in Admin, Nodes."
        if only
        else f"{transaction.node} did not take it. Images that arrived there stay there; the rest goes to the other."
    )
    dialog = NodeDialog(ordered, text, theme, window)
    dialog.allow(not only)
    return dialog


def form(
    transaction: Transaction,
    hospitals: tuple[Hospital, ...],
    numbers: NumberFormat,
    theme: Theme,
    window: QWidget,
) -> FormDialog:
    """The waiting form of an import; for what was sent to us our own form, filled in from the sender's."""
    from iep_desktop.ui.details.form_dialog import FormDialog  # the wizard's form comes with it

    of_disc = transaction.type is TransactionType.CD_IMPORT
    form_of: Callable[[Transaction], Form] = (lambda one: one.form) if of_disc else own_form
    return FormDialog(transaction, hospitals, theme, window, numbers, form_of)


def own_form(transaction: Transaction) -> Form:
    """An import form A2: the patient and exams as the sender says, until we have our own; never their number."""
    ours = transaction.form
    if ours.kind is not FormKind.EXPORT:
        return ours
    patient = replace(ours.patient, hospital_no="") if transaction.their_form is None else ours.patient
    hospital = transaction.sender if transaction.direction is Direction.IN else ours.hospital
    return replace(ours, kind=FormKind.IMPORT, patient=patient, hospital=hospital)


def file(transaction: Transaction, window: QWidget, said: Said) -> QDialog:
    """Where the form is to be saved."""
    dialog = QFileDialog(window, "Save the form as PDF", f"form-{transaction.number}.pdf", "PDF (*.pdf)")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("pdf")
    dialog.fileSelected.connect(said)
    return dialog


def folder(transaction: Transaction, window: QWidget, said: Said) -> QDialog:
    """Where the images are to be copied."""
    dialog = QFileDialog(window, f"Copy the images of {transaction.number}: choose the stick")
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.fileSelected.connect(said)
    return dialog
