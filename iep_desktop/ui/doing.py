"""Does what the screens wish for: asks where a person must say more, calls the desk, shows what went wrong."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Context
from iep_desktop.core.model import Form, Hospital
from iep_desktop.core.transaction import Transaction
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.details import print_form
from iep_desktop.ui.details.failure import for_service_desk
from iep_desktop.ui.details.match_dialog import MatchDialog
from iep_desktop.ui.services import IsDesk
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.confirm import ConfirmDialog
from iep_desktop.ui.widgets.errors import show_error
from iep_desktop.ui.worklist import texts
from iep_desktop.workers.queries import Queries


class Doing(QObject):
    """`done` carries the words for what was done; `ris_wanted` a Transaction, `nodes_wanted` a node's name."""

    done = Signal(str)
    ris_wanted = Signal(object)
    nodes_wanted = Signal(str)

    def __init__(self, desk: IsDesk, queries: Queries, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self._desk, self._queries, self._theme, self._window = desk, queries, theme, window
        self.dialog: QDialog | None = None  # the one that is open

    def do(self, wish: Wish) -> None:
        imports, transaction = self._desk.imports, wish.transaction
        id_, number = transaction.id, transaction.number
        match wish.act:
            case Act.RETRY:
                self._call(lambda: imports.retry(id_), f"{number} is tried again", wish)
            case Act.RETRY_FAILED:
                self._call(lambda: imports.retry(id_, failed_only=True), f"{number} is tried again", wish)
            case Act.ASSIGN:
                self._call(lambda: imports.assign(id_), f"{number} is yours", wish)
            case Act.ENTER_RIS if wish.text:
                position, accession = wish.position, wish.text
                self._call(
                    lambda: imports.enter_ris(id_, position, accession), f"{accession} is entered", wish
                )
            case Act.ENTER_RIS:
                self.ris_wanted.emit(transaction)
            case Act.EDIT_NODE:
                failure = transaction.failure
                self.nodes_wanted.emit((failure.node if failure else "") or transaction.node)
            case Act.COPY:
                QGuiApplication.clipboard().setText(for_service_desk(transaction))
                self.done.emit("Copied for the service desk, without patient data")
            case _:
                self._ask_first(wish)

    # -- what needs a word from the person first

    def _ask_first(self, wish: Wish) -> None:
        asks: dict[Act, Callable[[Transaction], None]] = {
            Act.REGISTER: self._ask_registered,
            Act.DECIDE: lambda transaction: self._ask_match(transaction, second=False),
            Act.CONFIRM: lambda transaction: self._ask_match(transaction, second=True),
            Act.CORRECT_FORM: self._ask_form,
            Act.CANCEL: self._ask_cancel,
            Act.PRINT_FORM: self._ask_file,
        }
        reading, id_ = self._desk.reading, wish.transaction.id
        ask = asks[wish.act]
        # A row of a list is not the whole transaction: what the disc said is in the ledger only.
        self._queries.ask(lambda _ctx: reading.by_id(id_), ask, self._failed_at(wish), owner=self)

    def _ask_registered(self, transaction: Transaction) -> None:
        who = f"{texts.patient_name(transaction)}, {transaction.patient.hospital_no or 'no hospital number'}"
        dialog = ConfirmDialog(
            "Is the patient registered on the PAS?",
            f"Look {who}, up on the PAS (§2.7d). Say so only when you have seen the record there: "
            "your name goes into the history.",
            "I have seen the record",
            self._theme,
            leave="Not yet",
            parent=self._window,
        )
        imports = self._desk.imports
        dialog.accepted.connect(
            lambda: self._call(
                lambda: imports.register(transaction.id),
                f"{transaction.number}: registered",
                Wish(Act.REGISTER, transaction),
            )
        )
        self._open(dialog)

    def _ask_match(self, transaction: Transaction, *, second: bool) -> None:
        dialog = MatchDialog(transaction, self._theme, second=second, parent=self._window)
        imports, id_ = self._desk.imports, transaction.id
        act = Act.CONFIRM if second else Act.DECIDE

        def decided(grounds: str) -> None:
            def call() -> None:
                if second:
                    imports.confirm(id_, grounds)
                else:
                    imports.decide(id_, grounds)

            self._call(call, f"{transaction.number}: matched", Wish(act, transaction))

        dialog.decided.connect(decided)
        self._open(dialog)

    def _ask_form(self, transaction: Transaction) -> None:
        reading = self._desk.reading
        self._queries.ask(
            lambda _ctx: reading.hospitals(""),
            lambda hospitals: self._open_form(transaction, hospitals),
            self._failed_at(Wish(Act.CORRECT_FORM, transaction)),
            owner=self,
        )

    def _open_form(self, transaction: Transaction, hospitals: tuple[Hospital, ...]) -> None:
        from iep_desktop.ui.details.form_dialog import FormDialog  # the wizard's form comes with it

        dialog = FormDialog(transaction, hospitals, self._theme, self._window)
        imports, id_ = self._desk.imports, transaction.id

        def completed(form: Form) -> None:
            self._call(
                lambda: imports.correct_form(id_, form),
                f"{transaction.number}: form saved",
                Wish(Act.CORRECT_FORM, transaction),
            )

        dialog.completed.connect(completed)
        self._open(dialog)

    def _ask_cancel(self, transaction: Transaction) -> None:
        counts = transaction.counts
        arrived = (
            f" {texts.images(counts.arrived)} are in PACS already and stay there." if counts.arrived else ""
        )
        dialog = ConfirmDialog(
            f"Cancel {transaction.number}?",
            f"{texts.patient_name(transaction)}: nothing more is sent.{arrived} It stays in All.",
            "Cancel the import",
            self._theme,
            leave="Go on with it",
            parent=self._window,
        )
        imports = self._desk.imports
        dialog.accepted.connect(
            lambda: self._call(
                lambda: imports.cancel(transaction.id),
                f"{transaction.number} is cancelled",
                Wish(Act.CANCEL, transaction),
            )
        )
        self._open(dialog)

    def _ask_file(self, transaction: Transaction) -> None:
        dialog = QFileDialog(
            self._window, "Save the form as PDF", f"form-{transaction.number}.pdf", "PDF (*.pdf)"
        )
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("pdf")
        dialog.fileSelected.connect(lambda path: self.print_to(transaction, path))
        self._open(dialog)

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

    # -- doing it

    def _open(self, dialog: QDialog) -> None:
        self.dialog = dialog
        dialog.finished.connect(dialog.deleteLater)
        dialog.finished.connect(self._closed)
        dialog.open()

    def _closed(self) -> None:
        self.dialog = None

    def _call(self, act: Callable[[], object], words: str, wish: Wish) -> None:
        self._queries.ask(
            lambda _ctx: act(), lambda _: self.done.emit(words), self._failed_at(wish), owner=self
        )

    def _failed_at(self, wish: Wish) -> Callable[[IepError], None]:
        """Show it, with the way to try again."""

        def failed(error: IepError) -> None:
            retriable = error.kind in ("ledger-busy", "node-unreachable", "retriable")
            again = (lambda: self.do(wish)) if retriable else None
            self.dialog = show_error(self._window, error, self._theme, "Try again" if again else "", again)

        return failed
