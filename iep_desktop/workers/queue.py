"""The page Queues: what runs, what waits, for what and until when, and how persons reorder and pause it (R-ENG)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from iep_desktop.core.calendar import LONDON, ServiceCalendar
from iep_desktop.core.clocks import Load, forecast
from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.exchange import QueueView, SlotRow, WaitingRow
from iep_desktop.core.me import Me
from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import Direction
from iep_desktop.store.line import Line, Waiting
from iep_desktop.store.slots import Slots


class Queue:
    """One hospital's queue. `rate` says how many bytes a second this program moves, 0 where nothing moved yet."""

    def __init__(
        self,
        me: Me,
        line: Line,
        slots: Slots,
        calendar: ServiceCalendar,
        rate: Callable[[], float],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._me = me
        self._line = line
        self._slots = slots
        self._calendar = calendar
        self._rate = rate
        self._now = now

    def view(self) -> QueueView:
        """Slots and waiting line as they are now, with the place of each and an estimate (R-ENG-4)."""
        slots, line = self._slots.slots(), self._line.all()
        running = {row.transaction.id: row.transaction for row in line if row.running}
        rows = tuple(SlotRow(slot, running.get(slot.transaction_id or 0)) for slot in slots)
        return QueueView(rows, tuple(self._waiting(line)), self._line.paused())

    def found(self, typed: str) -> frozenset[int]:
        """Which of them a search finds: number, patient ID or name."""
        return self._line.found(typed)

    def load(self, id: int) -> Load:
        """What the forecast of one goes by (R-TIME-2): bytes ahead of it in its direction, its own, and the rate."""
        load = self._loads().get(id)
        if load is None:
            raise InvalidInput("It does not wait", hint="Refresh.")
        return load

    def forecastable(self) -> dict[int, Load]:
        """The same for all that wait or run, without those of which nobody knows yet how much they are."""
        return {key: load for key, load in self._loads().items() if load.own}

    def _loads(self) -> dict[int, Load]:
        rate, line = self._rate(), _with_bytes_ahead(self._line.all())
        return {row.transaction.id: Load(ahead, row.bytes_left, rate) for row, ahead in line}

    def place(self, id: int, before: int | None = None) -> None:
        """Move one that waits before another of its priority and direction; None: to the end of these.

        Raises:
            Refused: it has begun, or the other is not one of these.
        """
        self._line.place(id, before, self._me.user)

    def pause(self, destination: str = "") -> None:
        """Nothing more goes to that hospital (ODS), or to any; what runs stops between two images."""
        self._line.pause(destination.strip().upper(), self._me.user)

    def resume(self, destination: str = "") -> None:
        """Its transactions go on where they were; what is paused by another pause stays so."""
        self._line.resume(destination.strip().upper())

    # -- inside

    def _waiting(self, line: tuple[Waiting, ...]) -> Iterator[WaitingRow]:
        now, rate = self._now(), self._rate()
        places: dict[Direction, int] = defaultdict(int)
        for row, ahead in _with_bytes_ahead(line):
            if row.running:
                continue
            places[row.transaction.direction] += 1
            starts = None if _held_back(row) else forecast(self._may_start(row, now), Load(ahead, 0, rate))
            yield WaitingRow(row.transaction, places[row.transaction.direction], starts, self._why(row, now))

    def _may_start(self, row: Waiting, now: datetime) -> datetime:
        earliest = max(row.transaction.not_before or now, now)
        return self._calendar.next_batch(earliest) if row.transaction.priority is Priority.BATCH else earliest

    def _why(self, row: Waiting, now: datetime) -> str:
        transaction = row.transaction
        if row.paused:
            return "Paused"
        if row.node_down:
            return f"{row.node_down} does not answer"
        if transaction.priority is Priority.BATCH and not self._calendar.in_batch_window(now):
            return "Night window"
        if transaction.not_before is None or transaction.not_before <= now:
            return ""
        if transaction.attempts:
            return f"Try {transaction.attempts + 1} at {_moment(transaction.not_before, now)}"
        return f"Waits until {_moment(transaction.not_before, now)}"


def _with_bytes_ahead(line: Iterable[Waiting]) -> Iterator[tuple[Waiting, int]]:
    """Each with what runs in its direction, and what is before it in the line and not held back."""
    line = tuple(line)
    ahead: dict[Direction, int] = defaultdict(int)
    for row in line:
        if row.running:
            ahead[row.transaction.direction] += row.bytes_left
    for row in line:
        own = row.bytes_left if row.running else 0
        yield row, ahead[row.transaction.direction] - own
        if not row.running and not _held_back(row):
            ahead[row.transaction.direction] += row.bytes_left


def _held_back(row: Waiting) -> bool:
    """Nobody can know when it starts."""
    return row.paused or bool(row.node_down)


def _moment(at: datetime, now: datetime) -> str:
    """As people here read a clock; with the day where it is another one."""
    local = at.astimezone(LONDON)
    soon = local.date() == now.astimezone(LONDON).date() and at - now < timedelta(days=1)
    return f"{local:%H:%M}" if soon else f"{local:%d/%m %H:%M}"
