"""Starts an import and follows it: assessed once more, created, then looked at whenever the ledger changes."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QObject, Signal

from iep_desktop.core.errors import IepError
from iep_desktop.core.imports import Assessment, ImportOrder
from iep_desktop.core.job import Context
from iep_desktop.core.transaction import Details, Transaction
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries


class CreatesImports(Protocol):
    def assess(self, order: ImportOrder, ctx: Context) -> Assessment: ...
    def create(self, order: ImportOrder, assessment: Assessment) -> Transaction: ...


class ShowsDetails(Protocol):
    def details(self, id: int) -> Details: ...


class Starter(QObject):
    """`created(Transaction)`, then `followed(Details)` again and again; `failed` when it could not be created."""

    created = Signal(object)
    followed = Signal(object)
    failed = Signal(object)

    def __init__(
        self, imports: CreatesImports, reading: ShowsDetails, queries: Queries, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._imports = imports
        self._reading = reading
        self._queries = queries
        self._creating: Running | None = None
        self._looking: Running | None = None
        self._again = False
        self._id: int | None = None
        queries.ledger_changed.connect(self.look)

    @property
    def is_creating(self) -> bool:
        return self._creating is not None

    def start(self, order: ImportOrder) -> None:
        """Once; a second press while the first is on its way does nothing."""
        if self._creating is not None:
            return
        imports = self._imports

        def question(ctx: Context) -> Transaction:
            assessment = imports.assess(order, ctx)
            ctx.check()
            return imports.create(order, assessment)

        self._creating = self._queries.ask(question, self._created, self._could_not, owner=self)

    def follow(self, transaction_id: int | None) -> None:
        """None: nothing is followed."""
        if transaction_id != self._id:
            self._id = transaction_id
            self._forget_look()
        self.look()

    def look(self) -> None:
        """The ledger changed: one look at a time, and one more if it changed meanwhile."""
        if self._id is None:
            return
        if self._looking is not None:
            self._again = True
            return
        reading, wanted = self._reading, self._id
        self._looking = self._queries.ask(
            lambda _ctx: reading.details(wanted), self._looked, lambda _error: self._look_done(), owner=self
        )

    def _created(self, transaction: Transaction) -> None:
        self._creating = None
        self.created.emit(transaction)

    def _could_not(self, error: IepError) -> None:
        self._creating = None
        self.failed.emit(error)

    def _looked(self, details: Details) -> None:
        self._look_done()
        if details.transaction.id == self._id:
            self.followed.emit(details)

    def _look_done(self) -> None:
        """Where a look failed, the next change of the ledger brings another."""
        self._looking = None
        if self._again:
            self._again = False
            self.look()

    def _forget_look(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        self._again = False
