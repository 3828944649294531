"""The waiting line and the slots as words, and where a row of the line may be moved to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from iep_desktop.core.exchange import QueueView, SlotRow, WaitingRow
from iep_desktop.core.transaction import Direction, SlotKind, Transaction
from iep_desktop.ui.pace import Pace
from iep_desktop.ui.worklist import texts

SLOT_NAMES = {SlotKind.INBOUND: "In", SlotKind.OUTBOUND: "Out", SlotKind.BLUE_LIGHT: "Blue Light"}


@dataclass(frozen=True)
class SlotWords:
    """One slot: what runs in it, how far it is and how fast. Empty `who`: it is free."""

    name: str
    who: str = ""
    where: str = ""
    speed: str = ""
    fraction: float = 0.0


@dataclass(frozen=True)
class Move:
    """`before`: the id of the row that it stands before then; None: at the end of its like."""

    id: int
    before: int | None


class Paces:
    """How fast each transaction moves, from its counts as they were seen one after another."""

    def __init__(self) -> None:
        self._paces: dict[int, Pace] = {}

    def saw(self, view: QueueView, seconds: float) -> None:
        running = {row.transaction.id: row.transaction for row in view.slots if row.transaction}
        self._paces = {id_: self._paces.get(id_, Pace()) for id_ in running}
        for id_, transaction in running.items():
            self._paces[id_].saw(seconds, transaction.counts.arrived)

    def words(self, transaction: Transaction) -> str:
        """`82 images/s, about 1 min left`; how far it is where nothing has been measured."""
        counts, pace = transaction.counts, self._paces.get(transaction.id)
        if pace is None or pace.rate <= 0:
            return (
                f"{texts.grouped(counts.arrived)} of {texts.grouped(counts.wanted)}"
                if counts.wanted
                else "begins"
            )
        return ", ".join(part for part in (f"{pace.rate:.0f} images/s", pace.left(counts.wanted)) if part)


def slot_words(row: SlotRow, hospitals: Mapping[str, str], paces: Paces) -> SlotWords:
    name = f"{SLOT_NAMES[row.slot.kind]} {row.slot.no}"
    if row.slot.kind is SlotKind.BLUE_LIGHT:
        name = SLOT_NAMES[SlotKind.BLUE_LIGHT]
    if row.transaction is None:
        return SlotWords(name, "" if row.slot.transaction_id is None else "in use")
    transaction = row.transaction
    return SlotWords(
        name,
        texts.patient_name(transaction),
        way(transaction, hospitals),
        paces.words(transaction),
        texts.progress(transaction),
    )


def way(transaction: Transaction, hospitals: Mapping[str, str]) -> str:
    """`to Nottingham University Hospitals`"""
    other = transaction.other_hospital
    word = "from" if transaction.direction is Direction.IN else "to"
    return f"{word} {hospitals.get(other, other)}" if other else ""


def starts_words(row: WaitingRow, now: datetime) -> str:
    """Until when it waits, or about when its turn comes."""
    if row.why:
        return row.why
    if row.starts is None:
        return "as soon as a slot is free"
    minutes = (row.starts - now).total_seconds() / 60
    return "next" if minutes < 1 else f"about {texts.clock(row.starts, now)}"


def heading(view: QueueView, found: int | None = None) -> str:
    """`found`: how many of those that wait a search shows; None: all."""
    running = sum(row.transaction is not None or row.slot.transaction_id is not None for row in view.slots)
    waiting = len(view.waiting)
    wait = f"{waiting} {'waits' if waiting == 1 else 'wait'}"
    shown = "" if found is None else f", {found} found"
    return f"{running} {'runs' if running == 1 else 'run'}, {wait}{shown}"


def narrowed(waiting: tuple[WaitingRow, ...], found: frozenset[int] | None) -> tuple[WaitingRow, ...]:
    """Each keeps its place in the whole line."""
    if found is None:
        return waiting
    return tuple(row for row in waiting if row.transaction.id in found)


def is_like(one: Transaction, other: Transaction) -> bool:
    """Both stand in the same part of the line: only there a person changes the order (R-ENG-2)."""
    return one.direction is other.direction and one.priority is other.priority


def up(rows: Sequence[WaitingRow], at: int) -> Move | None:
    """One place earlier among its like."""
    moving = rows[at].transaction
    earlier = [row.transaction for row in rows[:at] if is_like(row.transaction, moving)]
    return Move(moving.id, earlier[-1].id) if earlier else None


def down(rows: Sequence[WaitingRow], at: int) -> Move | None:
    """One place later among its like."""
    moving = rows[at].transaction
    later = [row.transaction for row in rows[at + 1 :] if is_like(row.transaction, moving)]
    if not later:
        return None
    return Move(moving.id, later[1].id if len(later) > 1 else None)


def dropped(rows: Sequence[WaitingRow], at: int, before_row: int) -> Move | None:
    """Dropped before a row of the table: None where it would leave its like, or stay where it is."""
    moving = rows[at].transaction
    like = [(n, row.transaction.id) for n, row in enumerate(rows) if is_like(row.transaction, moving)]
    first, last = like[0][0], like[-1][0]
    if not first <= before_row <= last + 1:
        return None
    before = next((id_ for n, id_ in like if n >= before_row), None)
    following = next((id_ for n, id_ in like if n > at), None)
    return None if before in (moving.id, following) else Move(moving.id, before)


def transactions(view: QueueView) -> tuple[Transaction, ...]:
    """All that run or wait."""
    running = tuple(row.transaction for row in view.slots if row.transaction)
    return (*running, *(row.transaction for row in view.waiting))


def destinations(view: QueueView) -> tuple[str, ...]:
    """The hospitals that something runs or waits for, and those that are paused."""
    there = {each.recipient for each in transactions(view) if each.direction is Direction.OUT}
    return tuple(sorted(there | (view.paused - {""})))
