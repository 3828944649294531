"""Reads the frames that panes want, and those that they will want next, without ever keeping the event loop waiting.

Threads of its own: some wait for the source, others decode and apply windows, so that a source that falls silent
holds up nothing that is here already. Every refusal becomes a `Missing` with its reason. Plain; must not know Qt.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path
from typing import TypeVar

from iep_desktop.core.errors import Cancelled, IepError, MediumUnreadable, Permanent, Retriable
from iep_desktop.core.job import Context
from iep_desktop.core.pictures import Look, Missing, Picture, Slot
from iep_desktop.core.viewing import ImageSource
from iep_desktop.workers.frame_cache import FrameCache
from iep_desktop.workers.frame_decoding import Frame, OpenFiles
from iep_desktop.workers.stacks import Stack

_log = logging.getLogger(__name__)

MOST_BYTES = 640 << 20  # a thousand CT slices
MOST_AHEAD = 48  # frames of one pane
_FEWEST_AHEAD = 2
_TYPICAL = 512 * 512 * 2
_END_SECONDS = 0.3  # for all threads together; what a source holds longer ends by itself, unheard
Key = tuple[str, int]
T = TypeVar("T")


@dataclass(frozen=True)
class Arrival:
    """What a pane asked for with `ticket`; later tickets are newer."""

    seat: int
    ticket: int
    shown: Picture | Missing


@dataclass
class _Seat:
    """What one pane looks at, and the order in which its frames are wanted."""

    stack: Stack
    slot: Slot
    look: Look
    forward: bool
    ticket: int
    due: bool = True  # not yet taken by a thread
    ahead: list[Slot] = field(default_factory=list)


@dataclass(frozen=True)
class _Fetch:
    ctx: Context
    urgent: bool


@dataclass
class _Failure:
    error: IepError
    file: Path | None = None


class FrameReader:
    """`arrived` is called in one of the reader's threads, and never after `close`."""

    def __init__(
        self,
        source: ImageSource,
        arrived: Callable[[Arrival], None],
        *,
        most_bytes: int = MOST_BYTES,
        fetchers: int = 2,
        decoders: int = 2,
    ) -> None:
        self._source, self._arrived = source, arrived
        self.cache: FrameCache[Frame] = FrameCache(most_bytes)
        self._files = OpenFiles()
        self._changed = threading.Condition()
        self._seats: dict[int, _Seat] = {}
        self._tickets = 0
        self._typical = _TYPICAL
        self._paths: dict[str, Path] = {}
        self._failed: dict[str | Key, _Failure] = {}  # of whole images, and of frames
        self._fetching: dict[str, _Fetch] = {}
        self._decoding: set[Key] = set()
        self._placing: dict[str, tuple[Stack, Slot]] = {}
        self._closed = False
        loops = [partial(self._fetch_loop, urgent=at == 0) for at in range(fetchers)]
        loops += [partial(self._decode_loop)] * decoders
        self._threads = [threading.Thread(target=loop, daemon=True, name="frames") for loop in loops]
        for thread in self._threads:
            thread.start()

    # --- asking -----------------------------------------------------------------------------------------------

    def want(self, seat: int, stack: Stack, slot: Slot, look: Look, *, forward: bool = True) -> int:
        """Show a frame in a seat; what it wanted before is forgotten. Returns the ticket with which it arrives."""
        with self._changed:
            self._tickets += 1
            wanted = _Seat(stack, slot, look, forward, self._tickets)
            old = self._seats.get(seat)
            moved = old is None or old.stack is not stack or old.slot != slot or old.forward != forward
            self._seats[seat] = wanted
            wanted.ahead = self._plan(wanted) if moved or old is None else old.ahead
            if moved:
                self._stop_needless_fetching()
            self._changed.notify_all()
            return self._tickets

    def leave(self, seat: int) -> None:
        with self._changed:
            self._seats.pop(seat, None)
            self._stop_needless_fetching()

    def again(self, slot: Slot) -> None:
        """Forget that the frame could not be had; to be followed by `want`."""
        with self._changed:
            self._failed.pop(slot.key, None)
            self._failed.pop(slot.key[0], None)
            self._paths.pop(slot.key[0], None)

    def path(self, slot: Slot) -> Path | None:
        """The frame's file, where it is here."""
        with self._changed:
            return self._paths.get(slot.key[0])

    def learn_places(self, stack: Stack) -> None:
        """Find out where all slices of a stack lie, when there is nothing else to do."""
        with self._changed:
            for slot in stack.unplaced():
                if slot.key[0] in self._failed:
                    stack.set_placed(slot)
                else:
                    self._placing[slot.key[0]] = (stack, slot)
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            fetching = list(self._fetching.values())
            self._changed.notify_all()
        for fetch in fetching:
            fetch.ctx.cancel()
        end = time.monotonic() + _END_SECONDS
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, end - time.monotonic()))

    # --- what is next -----------------------------------------------------------------------------------------

    def _plan(self, seat: _Seat) -> list[Slot]:
        """The frames around: two in the direction of scrolling for each one behind."""
        stack, place = seat.stack, seat.stack.place(seat.slot)
        share = self.cache.most // 2 // max(1, len(self._seats)) // max(1, self._typical)
        count = max(_FEWEST_AHEAD, min(MOST_AHEAD, share))
        ahead, behind = range(place + 1, len(stack)), range(place - 1, -1, -1)
        if not seat.forward:
            ahead, behind = behind, ahead
        order = chain.from_iterable(zip_longest(ahead[:count:2], ahead[1:count:2], behind[:count]))
        return [stack.slot(at) for at in order if at is not None][:count]

    def _wishes(self) -> Iterator[tuple[Stack, Slot]]:
        """First what is looked at, then what may be looked at next, in turn for each pane."""
        seats = list(self._seats.values())
        for seat in seats:
            yield seat.stack, seat.slot
        for row in zip_longest(*(seat.ahead for seat in seats)):
            for seat, slot in zip(seats, row, strict=True):
                if slot is not None:
                    yield seat.stack, slot

    def _stop_needless_fetching(self) -> None:
        """What nobody wants; and the fetcher that is kept for what is looked at must not wait for anything else."""
        wanted = {slot.key[0] for _, slot in self._wishes()} | self._placing.keys()
        looked_at = {seat.slot.key[0] for seat in self._seats.values()}
        for uid, fetch in self._fetching.items():
            if uid not in (looked_at if fetch.urgent else wanted):
                fetch.ctx.cancel()

    # --- fetching ---------------------------------------------------------------------------------------------

    def _fetch_loop(self, *, urgent: bool) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._next_fetch(urgent) is not None)
                job = None if self._closed else self._next_fetch(urgent)
                if job is None:
                    return
                ctx = Context()
                self._fetching[job[1].key[0]] = _Fetch(ctx, urgent)
            self._fetch(*job, ctx)

    def _next_fetch(self, urgent: bool) -> tuple[Stack, Slot] | None:
        looked_at = ((seat.stack, seat.slot) for seat in self._seats.values())
        for stack, slot in looked_at if urgent else chain(self._wishes(), self._placing.values()):
            uid = slot.key[0]
            if uid not in self._paths and uid not in self._failed and uid not in self._fetching:
                return stack, slot
        return None

    def _fetch(self, stack: Stack, slot: Slot, ctx: Context) -> None:
        uid = slot.key[0]
        path, error = _attempt(lambda: self._source.file(stack.study, stack.series, slot.image, ctx))
        with self._changed:
            del self._fetching[uid]
            if path is not None:
                self._paths[uid] = path
            elif error is not None and not ctx.cancelled:
                self._failed[uid] = _Failure(error)
                self._placing.pop(uid, None)
                stack.set_placed(slot)
            self._changed.notify_all()

    # --- decoding ---------------------------------------------------------------------------------------------

    def _decode_loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._has_decoding())
                if self._closed:
                    return
                number, seat = self._take_due()
                ahead = None if seat else self._take_ahead()
                place = None if seat or ahead else self._take_place()
            if seat is not None:
                self._deliver(number, seat)
            elif ahead is not None:
                self._read(*ahead)
            elif place is not None:
                self._place(*place)

    def _has_decoding(self) -> bool:
        due = any(seat.due and self._settled(seat.slot) for seat in self._seats.values())
        return due or self._next_ahead() is not None or self._next_place() is not None

    def _settled(self, slot: Slot) -> bool:
        """Whether a thread can say now what becomes of the frame."""
        uid = slot.key[0]
        known = uid in self._paths or uid in self._failed or slot.key in self._failed
        return slot.key in self.cache or (known and slot.key not in self._decoding)

    def _take_due(self) -> tuple[int, _Seat | None]:
        for number, seat in self._seats.items():
            if seat.due and self._settled(seat.slot):
                seat.due = False
                return number, seat
        return 0, None

    def _next_ahead(self) -> tuple[Stack, Slot] | None:
        for row in zip_longest(*(seat.ahead for seat in self._seats.values())):
            for seat, slot in zip(self._seats.values(), row, strict=True):
                if slot is not None and self._may_read(slot):
                    return seat.stack, slot
        return None

    def _may_read(self, slot: Slot) -> bool:
        key = slot.key
        here = key[0] in self._paths and key not in self._failed
        return here and key not in self._decoding and key not in self.cache

    def _take_ahead(self) -> tuple[Stack, Slot] | None:
        """Once a plan: where memory is short, frames would push each other out for ever."""
        job = self._next_ahead()
        if job is not None:
            self._decoding.add(job[1].key)
            for seat in self._seats.values():
                seat.ahead = [slot for slot in seat.ahead if slot != job[1]]
        return job

    def _next_place(self) -> Slot | None:
        return next((slot for _, slot in self._placing.values() if slot.key[0] in self._paths), None)

    def _take_place(self) -> tuple[Stack, Slot] | None:
        slot = self._next_place()
        return self._placing.pop(slot.key[0]) if slot else None

    def _deliver(self, number: int, seat: _Seat) -> None:
        shown = self._shown(seat)
        with self._changed:
            if self._closed:
                return
        self._arrived(Arrival(number, seat.ticket, shown))

    def _shown(self, seat: _Seat) -> Picture | Missing:
        frame = self.cache.get(seat.slot.key) or self._read(seat.stack, seat.slot)
        if frame is None:
            return self._missing(seat.slot)
        picture, error = _attempt(lambda: frame.picture(seat.slot, seat.look))
        return picture or _missing(seat.slot, _Failure(error or Cancelled()))

    def _read(self, stack: Stack, slot: Slot) -> Frame | None:
        """Decode a frame whose file is here, and keep it; None where it cannot be, and then it is known why."""
        with self._changed:
            path = self._paths.get(slot.key[0])
            self._decoding.add(slot.key)
        frame, error = _attempt(lambda: self._files.frame(path, slot)) if path else (None, None)
        with self._changed:
            self._decoding.discard(slot.key)
            if error is not None:
                self._failed[slot.key] = _Failure(error, path)
            if frame is not None:
                self._keep(stack, slot, frame)
            self._changed.notify_all()
        return frame

    def _keep(self, stack: Stack, slot: Slot, frame: Frame) -> None:
        self.cache.put(slot.key, frame)
        grown = stack.set_frames(slot, frame.facts.frames)
        if frame.facts.plane:
            stack.set_plane(slot, frame.facts.plane)
        if grown or frame.size > 2 * self._typical:
            self._typical = frame.size
            for seat in self._seats.values():
                seat.ahead = self._plan(seat)

    def _missing(self, slot: Slot) -> Missing:
        with self._changed:
            failure = self._failed.get(slot.key) or self._failed.get(slot.key[0])
        return _missing(slot, failure or _Failure(Cancelled()))

    def _place(self, stack: Stack, slot: Slot) -> None:
        """Learn where the frames of a file lie in the patient."""
        path = self._paths[slot.key[0]]
        places, _error = _attempt(lambda: self._files.places(path, slot))  # a pane says why, where one looks
        for found, plane in places or ():
            stack.set_plane(found, plane)
        stack.set_placed(slot)


def _missing(slot: Slot, failure: _Failure) -> Missing:
    error = failure.error
    again = isinstance(error, Retriable | MediumUnreadable | Cancelled)
    return Missing(slot, error.title, error.message, error.hint, again, failure.file)


def _attempt(work: Callable[[], T]) -> tuple[T | None, IepError | None]:
    """What comes of it, or why nothing does: a pane is never left waiting, not even by a defect."""
    try:
        return work(), None
    except IepError as error:
        return None, error
    except Exception as error:  # the outermost edge of a thread
        _log.exception("defect while reading a frame")
        why = f"{type(error).__name__}: the log holds the details."
        return None, Permanent("The program has a defect", why)
