"""What the tabs and the details panel show, read from the ledger. Plain and blocking; windows ask through `queries`."""

from __future__ import annotations

from collections.abc import Mapping

from iep_desktop.core.model import Hospital
from iep_desktop.core.transaction import (
    Details,
    Page,
    Tab,
    Transaction,
    WorklistFilter,
    WorklistOrder,
)
from iep_desktop.store.directory import ExamCode
from iep_desktop.workers.stores import Ledger


class Reading:
    """Reads; changes nothing."""

    def __init__(self, ledger: Ledger) -> None:
        self._database = ledger.database
        self._worklists = ledger.worklists
        self._transactions = ledger.transactions
        self._slots = ledger.slots
        self._directory = ledger.directory
        self._commitments = ledger.commitments

    def page(self, filter: WorklistFilter, order: WorklistOrder, offset: int, limit: int) -> Page:
        return self._worklists.page(filter, order, offset, limit)

    def counts(self) -> Mapping[Tab, int]:
        return self._worklists.counts()

    def transaction(self, number: str) -> Transaction:
        """Raises InvalidInput where there is no such transaction of ours."""
        return self._transactions.get(number)

    def by_id(self, id: int) -> Transaction:
        return self._transactions.by_id(id)

    def details(self, id: int) -> Details:
        """All of one moment: the panel counts the same images in its head, its series and its evidence."""
        with self._database.snapshot():
            transaction = self._transactions.by_id(id)
            return Details(
                transaction,
                self._transactions.events(id),
                self._transactions.messages(id),
                self._transactions.series_progress(id),
                self._slots.place_in_queue(id) if transaction.queued else None,
                self._commitments.evidence(id),
                self._commitments.of(id),
                self._commitments.uncommitted(id),
            )

    def hospitals(self, text: str = "") -> tuple[Hospital, ...]:
        """Hospitals whose name, town or code holds `text`, A–Z."""
        return self._directory.hospitals(text)

    def hospital_name(self, ods: str) -> str:
        hospital = self._directory.hospital(ods)
        return hospital.name if hospital else ods

    def exam_codes(self, text: str = "") -> tuple[ExamCode, ...]:
        return self._directory.exam_codes(text)
