"""Does what the screens wish for: asks where a person must say more, calls the desk, shows what went wrong.

What was said in a dialog is done by `answering`, so that nothing typed is lost where it is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QWidget

from iep_desktop.core.errors import Cancelled, IepError, InvalidInput, Refused
from iep_desktop.core.job import Context
from iep_desktop.core.model import Hospital, Node
from iep_desktop.core.transaction import Transaction, TransactionType
from iep_desktop.ui import asking
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.answering import Answering, ComesBack
from iep_desktop.ui.deeds import DIRECT, deed
from iep_desktop.ui.details import print_form
from iep_desktop.ui.details.failure import for_service_desk
from iep_desktop.ui.services import IsDesk
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.errors import show_error
from iep_desktop.workers.queries import Queries

if TYPE_CHECKING:
    from iep_desktop.ui.details.documents import Documents


class Doing(QObject):
    """`done` carries the words for what was done, `refused` that what is on the screen is not how it stands.

    What other screens do is wished on: `ris_wanted`, `reply_wanted`, `details_wanted`, `request_wanted`,
    `viewer_wanted` carry a Transaction, `transfer_wanted` the id of the request to be answered, `nodes_wanted` a name.
    """

    done = Signal(str)
    refused = Signal()
    ris_wanted = Signal(object)
    reply_wanted = Signal(object)
    details_wanted = Signal(object)
    request_wanted = Signal(object)
    viewer_wanted = Signal(object)
    transfer_wanted = Signal(int)
    nodes_wanted = Signal(str)

    def __init__(self, desk: IsDesk, queries: Queries, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self._desk, self._queries, self._theme, self._window = desk, queries, theme, window
        self.dialog: QDialog | None = None  # the one that is open

    def do(self, wish: Wish) -> None:
        transaction = wish.transaction
        if wish.act in DIRECT:
            self._call(wish)
        elif wish.act in (Act.ENTER_RIS, Act.MESSAGE):
            self._write(wish)
        elif wish.act is Act.COPY:
            QGuiApplication.clipboard().setText(for_service_desk(transaction))
            self.done.emit("Copied for the service desk, without patient data")
        elif wish.act is Act.EDIT_NODE:
            failure = transaction.failure
            self.nodes_wanted.emit((failure.node if failure else "") or transaction.node)
        elif wish.act in self._elsewhere:
            self._elsewhere[wish.act](transaction)
        else:
            self._ask_first(wish)

    @property
    def _elsewhere(self) -> dict[Act, Callable[[Transaction], None]]:
        return {
            Act.DETAILS: self.details_wanted.emit,
            Act.RESPOND: self.details_wanted.emit,
            Act.REWORK: self.request_wanted.emit,
            Act.COMPLETE: self.request_wanted.emit,
            Act.VIEW: self.viewer_wanted.emit,
            Act.SEND: lambda transaction: self.transfer_wanted.emit(transaction.id),
        }

    @cached_property
    def documents(self) -> Documents:
        """Attachments, opened or saved."""
        from iep_desktop.ui.details.documents import Documents

        documents = Documents(self._desk.transfers, self._queries, self._window)
        documents.saved.connect(self.done)
        documents.failed.connect(lambda error: show_error(self._window, error, self._theme))
        return documents

    def look(self, transaction: Transaction) -> None:
        """A person has it before them; nothing is said about that, and nothing where it does not work."""
        replies, id_ = self._desk.replies, transaction.id
        self._queries.ask(lambda _ctx: replies.look(id_), lambda _: self._queries.look_now(), owner=self)

    # -- what is typed where it is shown

    def _write(self, wish: Wish) -> None:
        """An accession number or a message: there, or else the way to where it is typed."""
        if not wish.text:
            (self.ris_wanted if wish.act is Act.ENTER_RIS else self.reply_wanted).emit(wish.transaction)
        elif wish.act is Act.MESSAGE:
            self._call(wish, wish.text)
        else:
            imports, id_, at = self._desk.imports, wish.transaction.id, wish.position
            seen = wish.transaction.exams[at].accession
            self._run(lambda: imports.enter_ris(id_, at, wish.text, seen), f"{wish.text} is entered", wish)

    # -- what needs a word from the person first

    def _ask_first(self, wish: Wish) -> None:
        reading, id_ = self._desk.reading, wish.transaction.id

        def question(_ctx: Context) -> tuple[Transaction, str]:
            # A row of a list is not the whole transaction: what the disc said is in the ledger only.
            transaction = reading.by_id(id_)
            other = transaction.other_hospital
            return transaction, reading.hospital_name(other) if other else ""

        self._queries.ask(question, lambda found: self._ask(wish, *found), self._failed_at(wish), owner=self)

    def _ask(self, wish: Wish, transaction: Transaction, other: str) -> None:
        act, theme, window = wish.act, self._theme, self._window
        wish = Wish(act, transaction)
        if sure := asking.confirm(transaction, act, theme, window, lambda _: self._call(wish)):
            self._open(sure)
            return
        if word := asking.word(transaction, act, theme, window, other):
            self._ask_until_done(word, word.said, wish)
            return
        {
            Act.DECIDE: lambda: self._ask_match(wish, second=False),
            Act.CONFIRM: lambda: self._ask_match(wish, second=True),
            Act.CORRECT_FORM: lambda: self._ask_form(wish),
            Act.OWN_FORM: lambda: self._ask_form(wish),
            Act.OTHER_NODE: lambda: self._ask_node(wish),
            Act.PRINT_FORM: lambda: self._open(
                asking.file(transaction, window, lambda path: self.print_to(transaction, path))
            ),
            Act.TO_STICK: lambda: self._open(
                asking.folder(transaction, window, lambda path: self.copy_to(transaction, path))
            ),
        }[act]()

    def _ask_match(self, wish: Wish, *, second: bool) -> None:
        if wish.transaction.type is not TransactionType.CD_IMPORT:
            self._compare(wish, second=second)
            return
        from iep_desktop.ui.details.match_dialog import MatchDialog

        dialog = MatchDialog(wish.transaction, self._theme, second=second, parent=self._window)
        dialog.view_wanted.connect(lambda: self.viewer_wanted.emit(wish.transaction))
        self._ask_until_done(dialog, dialog.decided, wish)

    def _compare(self, wish: Wish, *, second: bool) -> None:
        """Form, header and PACS side by side; the answer of PACS comes into the open dialog."""
        from iep_desktop.ui.details.compare_dialog import CompareDialog

        dialog = CompareDialog(wish.transaction, self._theme, second=second, parent=self._window)
        downloads, id_ = self._desk.downloads, wish.transaction.id
        # As long as there is no form of ours, the sender's shows what is to be expected.
        form = wish.transaction.form if wish.transaction.their_form is None else None

        def ask() -> None:
            self._queries.ask(
                lambda ctx: downloads.assess(id_, ctx, form),
                lambda assessment: dialog.show_assessment(assessment, datetime.now(UTC).astimezone()),
                lambda error: dialog.show_failure(error, ask),
                owner=dialog,
            )

        def to_form() -> None:
            dialog.reject()
            self.do(Wish(Act.OWN_FORM, wish.transaction))

        dialog.asked.connect(ask)
        dialog.form_wanted.connect(to_form)
        dialog.view_wanted.connect(lambda: self.viewer_wanted.emit(wish.transaction))
        self._ask_until_done(dialog, dialog.said, wish)
        ask()

    def _ask_form(self, wish: Wish) -> None:
        reading, numbers = self._desk.reading, self._desk.me.numbers

        def ask(hospitals: tuple[Hospital, ...]) -> None:
            dialog = asking.form(wish.transaction, hospitals, numbers, self._theme, self._window)
            self._ask_until_done(dialog, dialog.completed, wish)

        self._queries.ask(lambda _ctx: reading.hospitals(""), ask, self._failed_at(wish), owner=self)

    def _ask_node(self, wish: Wish) -> None:
        transfers, to = self._desk.transfers, wish.transaction.recipient

        def ask(nodes: tuple[Node, ...]) -> None:
            dialog = asking.other_node(wish.transaction, nodes, self._theme, self._window)
            self._ask_until_done(dialog, dialog.said, wish)

        self._queries.ask(lambda _ctx: transfers.destinations(to), ask, self._failed_at(wish), owner=self)

    # -- files

    def print_to(self, transaction: Transaction, path: str) -> None:
        reading = self._desk.reading

        def write(_ctx: Context) -> None:
            name = reading.hospital_name(transaction.form.hospital) if transaction.form.hospital else ""
            print_form.write_pdf(transaction, name, path)

        self._queries.ask(
            write,
            lambda _: self.done.emit(f"The form is in {path}"),
            self._failed_at(Wish(Act.PRINT_FORM, transaction)),
            owner=self,
        )

    def copy_to(self, transaction: Transaction, path: str) -> None:
        """A verified copy; the dialog shows how far it is, and stops it."""
        from iep_desktop.ui.details.stick_dialog import StickDialog

        dialog = StickDialog(transaction.number, Path(path), self._theme, self._window)
        copies, id_ = self._desk.copies, transaction.id
        running = self._queries.ask(
            lambda ctx: copies.to_stick(id_, Path(path), ctx),
            dialog.show_receipt,
            dialog.show_failure,
            owner=dialog,
            progress=dialog.show_progress,
        )
        dialog.stopped.connect(running.cancel)
        self._open(dialog)

    # -- doing it

    def _open(self, dialog: QDialog) -> None:
        dialog.finished.connect(dialog.deleteLater)
        dialog.finished.connect(lambda: self._closed(dialog))
        self._show(dialog)

    def _ask_until_done(self, dialog: QDialog, said: SignalInstance, wish: Wish) -> None:
        """What is typed lives until it is done, or the person goes back."""
        answering = Answering(cast("ComesBack", dialog), wish, self._desk, self._queries, self)
        said.connect(answering.answer)
        dialog.rejected.connect(answering.leave)
        dialog.finished.connect(lambda: self._closed(dialog))
        answering.happened.connect(self._happened)
        answering.refused.connect(self.refused)
        answering.back.connect(self._show)
        self._show(dialog)

    def _show(self, dialog: QDialog) -> None:
        self.dialog = dialog
        dialog.open()

    def _closed(self, dialog: QDialog) -> None:
        if self.dialog is dialog:
            self.dialog = None

    def _call(self, wish: Wish, said: Any = "") -> None:
        """What no dialog waits for."""
        made = deed(self._desk, wish.act, wish.transaction, said)
        self._run(made.call, made.words, wish)

    def _run(self, call: Callable[[], object], words: str, wish: Wish) -> None:
        self._queries.ask(
            lambda _ctx: call(), lambda _: self._happened(wish, words), self._failed_at(wish), owner=self
        )

    def _happened(self, wish: Wish, words: str) -> None:
        self.done.emit(words)
        if wish.act is Act.ACCEPT:
            self.transfer_wanted.emit(wish.transaction.id)

    def _failed_at(self, wish: Wish) -> Callable[[IepError], None]:
        """Show it, with the way to try again. What somebody else has done meanwhile is looked at again at once."""

        def failed(error: IepError) -> None:
            if isinstance(error, Cancelled):
                return
            if isinstance(error, Refused | InvalidInput):
                self.refused.emit()
            retriable = error.kind in ("ledger-busy", "node-unreachable", "retriable")
            again = (lambda: self.do(wish)) if retriable else None
            self.dialog = show_error(self._window, error, self._theme, "Try again" if again else "", again)

        return failed
