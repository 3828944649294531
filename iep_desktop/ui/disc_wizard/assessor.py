"""The gate's answer to the order as it stands: asked off the loop, and only the answer to the newest order counts."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, Protocol, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from iep_desktop.core.errors import IepError
from iep_desktop.core.imports import Assessment, ImportOrder
from iep_desktop.core.job import Context
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries

_SETTLE_MS = 150  # several changes in a row are one question

Order = TypeVar("Order")
Answer = TypeVar("Answer")
Order_contra = TypeVar("Order_contra", contravariant=True)
Answer_co = TypeVar("Answer_co", covariant=True)


class Assesses(Protocol[Order_contra, Answer_co]):
    def assess(self, order: Order_contra, ctx: Context, /) -> Answer_co: ...


class GateAsker(QObject, Generic[Order, Answer]):
    """`changed` whenever question or answer changed; `assessment` is None while none is known for this order."""

    changed = Signal()

    def __init__(
        self, gate: Assesses[Order, Answer], queries: Queries, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._gate = gate
        self._queries = queries
        self._running: Running | None = None
        self._order: Order | None = None
        self.assessment: Answer | None = None
        self.error: IepError | None = None
        self.answered_at: datetime | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLE_MS)
        self._timer.timeout.connect(self._ask)

    @property
    def is_asking(self) -> bool:
        return self._timer.isActive() or self._running is not None

    def answer_to(self, order: Order | None) -> Answer | None:
        """What is known about this very order."""
        return self.assessment if order is not None and order is self._order else None

    def ask_about(self, order: Order | None) -> None:
        """Nothing happens where this very order is being, or has been, assessed."""
        if order is self._order:  # not `==`: it would compare every image of the disc
            return
        self._order = order
        self._forget()
        if order is not None:
            self._timer.start()
        self.changed.emit()

    def ask_again(self) -> None:
        """PACS did not answer, or somebody has just registered the patient there."""
        self._forget()
        if self._order is not None:
            self._ask()

    def _forget(self) -> None:
        self._timer.stop()
        if self._running is not None:
            self._running.cancel()
            self._running = None
        self.assessment = self.error = None

    def _ask(self) -> None:
        order = self._order
        if order is None:
            return
        gate = self._gate
        self._running = self._queries.ask(
            lambda ctx: gate.assess(order, ctx),
            lambda assessment: self._answered(order, assessment),
            lambda error: self._could_not(order, error),
            owner=self,
        )
        self.changed.emit()

    def _answered(self, order: Order, assessment: Answer) -> None:
        if order is self._order:
            self._running = None
            self.assessment = assessment
            self.answered_at = datetime.now().astimezone()
            self.changed.emit()

    def _could_not(self, order: Order, error: IepError) -> None:
        if order is self._order:
            self._running = None
            self.error = error
            self.changed.emit()


class Assessor(GateAsker[ImportOrder, Assessment]):
    """That of an import."""
