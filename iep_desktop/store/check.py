"""Whether a ledger agrees with itself: everything that is kept twice is compared, every rule of the tables looked at.

Reads only, in one consistent state, the whole ledger: about ten seconds for 100,000 transactions. A problem names the
transaction by its number and never says whose it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iep_desktop.core.calendar import LONDON
from iep_desktop.core.evidence import OPEN
from iep_desktop.core.soundness import Problem, Trouble
from iep_desktop.core.states import FINAL, is_whole, tab_of
from iep_desktop.core.transaction import Direction, InstanceState, SlotKind, Status, TransactionType
from iep_desktop.store import commitments, search, tallies
from iep_desktop.store.acts import hospitals_of
from iep_desktop.store.commitment_tables import CommitmentRow
from iep_desktop.store.database import Database
from iep_desktop.store.exchange_tables import OwnFormRow, TransferRow
from iep_desktop.store.rows import counts_of
from iep_desktop.store.slots import SIZES
from iep_desktop.store.tables import (
    CounterRow,
    EndRow,
    EventRow,
    FormRow,
    InstanceRow,
    SeriesRow,
    SlotRow,
    TallyRow,
    TransactionRow,
)

_WITH_EVIDENCE = (Status.DELIVERED, Status.ON_IEP)
_WITH_IMAGES = (TransactionType.CD_IMPORT, TransactionType.TRANSFER, TransactionType.DIRECT_ROUTING)


_Rows = Sequence[TransactionRow]
"""Without what only a session gives."""


def check(database: Database) -> tuple[Problem, ...]:
    """Everything that is wrong with the ledger; empty where nothing is."""
    with database.read() as session:
        broken = Counter(database.broken_keys(session.connection()))
        keys = [
            Problem(Trouble.KEY, f"{number} rows of {table} have lost their owner")
            for table, number in broken.items()
        ]
        rows = _all(session)
        damage = [Problem(Trouble.FILE, text) for text in database.damage(session.connection())]
        return (
            *damage,
            *keys,
            *_counts(session, rows),
            *_uncommitted(session),
            *_events(session, rows),
            *_ends(session, rows),
            *_transfers(session, rows),
            *_tallies(session),
            *_search(session),
            *_slots(session),
            *_numbers(session, rows),
        )


def _counts(session: Session, rows: _Rows) -> Iterator[Problem]:
    """The instances of each transaction, and what they and its status say of each other (R-TX-4)."""
    found: dict[int, Counter[InstanceState]] = {}
    i = InstanceRow
    grouped = select(i.transaction_id, i.state, func.count()).group_by(i.transaction_id, i.state)
    for owner, state, images in session.execute(grouped):
        found.setdefault(owner, Counter())[state] = images
    for row in rows:
        counts = counts_of(row)
        real = found.get(row.id, Counter[InstanceState]())
        if any(getattr(counts, state.value) != real[state] for state in InstanceState):
            yield Problem(Trouble.COUNTS, "The counts are not those of its images", row.number)
        if row.status in _WITH_EVIDENCE and row.type in _WITH_IMAGES and not is_whole(counts):
            yield Problem(Trouble.STATUS, f"{row.status.value}, but not every image is verified", row.number)
    strays = (
        select(TransactionRow.number)
        .join(InstanceRow, InstanceRow.transaction_id == TransactionRow.id)
        .join(SeriesRow, SeriesRow.id == InstanceRow.series_id)
        .where(SeriesRow.transaction_id != InstanceRow.transaction_id)
    )
    for number in session.scalars(strays.distinct()):
        yield Problem(Trouble.KEY, "An image stands in another transaction's series", number)


def _uncommitted(session: Session) -> Iterator[Problem]:
    """What a person has to look at is what the requests for storage commitment say."""
    e, c = EndRow, CommitmentRow
    told = select(e.transaction_id, e.hospital).where(e.uncommitted > 0)
    asked = select(c.transaction_id, c.hospital).where(c.state.in_(OPEN))
    for key, hospital in session.execute(told.union(asked)).all():
        kept = select(e.uncommitted, e.queue_at).where(e.transaction_id == key, e.hospital == hospital)
        number, queued = session.execute(kept).one()
        if not queued and number != commitments.count_open(session, hospital, key):  # else a job is at it
            text = f"{hospital} counts other images without commitment than there are"
            yield Problem(Trouble.COUNTS, text, _name(session, key))


def _events(session: Session, rows: _Rows) -> Iterator[Problem]:
    """Every move has written its event: the last one says where the transaction stands."""
    last = select(func.max(EventRow.id)).where(EventRow.status.is_not(None)).group_by(EventRow.transaction_id)
    said = dict(
        session.execute(select(EventRow.transaction_id, EventRow.status).where(EventRow.id.in_(last))).all()
    )
    for row in rows:
        if said.get(row.id) is not row.status:
            yield Problem(Trouble.STATUS, f"It is {row.status.value}, its events say otherwise", row.number)


def _ends(session: Session, rows: _Rows) -> Iterator[Problem]:
    """Each hospital's view: it is there, repeats the transaction, stands in its tab, rests when it is final."""
    there: dict[int, set[str]] = {}
    by_id = {row.id: row for row in rows}
    e = EndRow
    columns = (
        e.transaction_id,
        e.hospital,
        e.tab,
        e.required,
        e.queue_at,
        *(getattr(e, n) for n in _REPEATED),
    )
    for end in session.execute(select(*columns).execution_options(yield_per=1000)):
        row = by_id.get(end.transaction_id)
        if row is None:
            continue  # its key is told already
        there.setdefault(row.id, set()).add(end.hospital)
        if any(getattr(end, name) != getattr(row, name) for name in _REPEATED):
            yield Problem(Trouble.END, f"{end.hospital} has it otherwise than it is", row.number)
        if end.tab is not tab_of(end.status, end.required):
            yield Problem(Trouble.TAB, f"{end.hospital} has it in the tab {end.tab.value}", row.number)
        if end.queue_at is not None and row.status in FINAL:
            yield Problem(Trouble.QUEUE, f"{row.status.value}, but {end.hospital} has it queued", row.number)
    for row in rows:
        if there.get(row.id, set()) != set(hospitals_of(row)):
            yield Problem(Trouble.END, "Not the hospitals that it belongs to have it", row.number)


def _transfers(session: Session, rows: _Rows) -> Iterator[Problem]:
    """What arrives has its part, which knows since when it lies On IEP; a request is delivered by a transfer."""
    parts = {row.transaction_id: row for row in session.scalars(select(TransferRow))}
    statuses = {row.id: row.status for row in rows}
    delivered = {part.request_id for key, part in parts.items() if statuses.get(key) is Status.DELIVERED}
    for row in rows:
        part = parts.get(row.id)
        if part is not None and row.type not in _ARRIVING:
            yield Problem(Trouble.TRANSFER, "It has a part of a transfer, and is none", row.number)
        if row.status in _ON_THE_GATEWAY and (part is None or part.on_iep_at is None):
            yield Problem(Trouble.TRANSFER, f"{row.status.value}, but never came to a gateway", row.number)
        if part is not None and row.status is Status.PURGED and part.purged_at is None:
            yield Problem(Trouble.TRANSFER, "Purged, but nobody has emptied the gateway", row.number)
        if row.type is TransactionType.REQUEST and row.status is Status.DELIVERED and row.id not in delivered:
            yield Problem(Trouble.STATUS, "Delivered, but no transfer for it is", row.number)


_ARRIVING = (TransactionType.TRANSFER, TransactionType.DIRECT_ROUTING)
_ON_THE_GATEWAY = (Status.ON_IEP, Status.DOWNLOAD_REQUEST, Status.PURGED)


_REPEATED = ("type", "status", "priority", "created_at", "created_by")


def _tallies(session: Session) -> Iterator[Problem]:
    columns = (EndRow.hospital, EndRow.created_at, EndRow.tab, EndRow.type, EndRow.direction, EndRow.priority)
    real: Counter[tuple[object, ...]] = Counter()
    for hospital, at, *rest in session.execute(
        select(*columns, EndRow.created_by).execution_options(yield_per=10_000)
    ):
        real[hospital, tallies.day_of(at), *rest] += 1
    t = TallyRow
    kept = select(t.hospital, t.day, t.tab, t.type, t.direction, t.priority, t.created_by, t.number)
    told = Counter({tuple(kind): number for *kind, number in session.execute(kept)})
    for kind in sorted(real.keys() | told.keys(), key=str):
        if real[kind] != told[kind] or told[kind] < 1:
            yield Problem(Trouble.TALLY, f"{kind[0]} of {kind[1]}: {told[kind]} tallied, {real[kind]} there")


def _search(session: Session) -> Iterator[Problem]:
    """The index knows every transaction once, and each end is found by the words of its form."""
    known = search.indexed_ids(session)
    if known is not None:
        real = set(session.scalars(select(TransactionRow.id)))
        for key in sorted(real ^ known):
            yield Problem(
                Trouble.SEARCH,
                "It cannot be searched for" if key in real else "What is gone is found",
                _name(session, key),
            )
    own = {(row.transaction_id, row.hospital): row.document for row in session.scalars(select(OwnFormRow))}
    joined = select(
        EndRow.hospital, EndRow.search, TransactionRow.id, TransactionRow.number, FormRow.document
    )
    joined = joined.join(TransactionRow, TransactionRow.id == EndRow.transaction_id)
    joined = joined.join(FormRow, FormRow.transaction_id == EndRow.transaction_id)
    for hospital, words, key, number, document in session.execute(joined.execution_options(yield_per=1000)):
        form = own.get((key, hospital), document)
        if words != search.haystack(number, form.patient):
            yield Problem(Trouble.SEARCH, f"{hospital} finds it by other words than its form's", number)


def _slots(session: Session) -> Iterator[Problem]:
    """R-ENG-1: as many as there are, each free or held whole, by one of the hospital's own in the right direction."""
    for slot in session.scalars(select(SlotRow)):
        name = f"{slot.hospital}, slot {slot.kind.value} {slot.no}"
        if not 1 <= slot.no <= SIZES[slot.kind]:
            yield Problem(Trouble.SLOT, f"{name}: there is no such slot")
        held = (
            slot.transaction_id is not None,
            bool(slot.holder),
            bool(slot.token),
            slot.lease_until is not None,
        )
        if len(set(held)) > 1:
            yield Problem(Trouble.SLOT, f"{name}: half held, half free")
        if slot.transaction_id is None:
            continue
        end = session.scalar(
            select(EndRow).where(
                EndRow.transaction_id == slot.transaction_id, EndRow.hospital == slot.hospital
            )
        )
        wanted = Direction.IN if slot.kind is SlotKind.INBOUND else Direction.OUT
        if end is None or end.direction is not wanted:
            yield Problem(
                Trouble.SLOT, f"{name}: holds what is not its to move", _name(session, slot.transaction_id)
            )


def _numbers(session: Session, rows: _Rows) -> Iterator[Problem]:
    """No series gives again what it gave: its counter stands at its last or beyond."""
    counters = dict(session.execute(select(CounterRow.name, CounterRow.value)).all())
    given = Counter({"changes": session.scalar(select(func.max(EndRow.changed))) or 0})
    for row in rows:
        year, _, no = row.number.partition("-")
        given[year] = max(given[year], int(no))
        if year != f"{row.created_at.astimezone(LONDON):%Y}":
            yield Problem(Trouble.NUMBER, "Its number is of another year", row.number)
    for name, last in given.items():
        if counters.get(name, 0) < last:
            yield Problem(Trouble.NUMBER, f"The counter {name} stands before the last that was given")


def _all(session: Session) -> _Rows:
    """Plain tuples, which are many times quicker than objects that a session keeps track of."""
    t = TransactionRow
    columns = (
        t.id,
        t.number,
        t.type,
        t.status,
        t.priority,
        t.sender,
        t.recipient,
        t.created_at,
        t.created_by,
    )
    counts = (getattr(t, state.value) for state in InstanceState)
    return cast("_Rows", session.execute(select(*columns, *counts).order_by(t.id)).all())


def _name(session: Session, id: int) -> str:
    return session.scalar(select(TransactionRow.number).where(TransactionRow.id == id)) or ""
