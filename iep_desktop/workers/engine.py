"""The engine: claims slots in the ledger, runs the jobs in two thread pools, and is the only one who retries (R-ENG).

The ledger is the queue and the truth; signals are hints for open windows. Several engines on several workstations
share one ledger: what each runs it has claimed with a lease, which it renews, and gives up when it lost it.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from iep_desktop.core.calendar import ServiceCalendar
from iep_desktop.core.errors import Cancelled, IepError, Refused, Retriable
from iep_desktop.core.job import Context, Progress
from iep_desktop.core.model import Priority
from iep_desktop.core.transaction import Failure, SlotKind, TransactionType
from iep_desktop.workers.desk import Desk
from iep_desktop.workers.pool import Pool, Running, defect
from iep_desktop.workers.rate import Rate
from iep_desktop.workers.retry import RetryPolicy

if TYPE_CHECKING:
    from iep_desktop.store.slots import Claim, Slots
    from iep_desktop.store.transactions import Transactions

_log = logging.getLogger(__name__)

TICK_MS = 500
LOOK_MS = 100


class Job(Protocol):
    """Moves the instances of one transaction; blocking, without Qt, killed and started again at any moment."""

    def run(self, transaction_id: int, ctx: Context) -> None: ...


@dataclass(frozen=True)
class EngineSettings:
    workstation: str
    holder: str = ""  # who holds a slot; empty: this process, told when it first claims
    lease: timedelta = timedelta(seconds=60)
    calendar: ServiceCalendar = ServiceCalendar()


class Performer:
    """One attempt at one claimed transaction, and what follows from how it ended. Runs in a pool's thread."""

    def __init__(
        self,
        transactions: Transactions,
        slots: Slots,
        jobs: Mapping[TransactionType, Job],
        retry: RetryPolicy,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._transactions = transactions
        self.slots = slots
        self._jobs = jobs
        self._retry = retry
        self._now = now

    def perform(self, claim: Claim, ctx: Context) -> None:
        try:
            self._attempt(claim.transaction_id, ctx)
        finally:
            self.slots.release(claim)

    def is_batch(self, claim: Claim) -> bool:
        return self._transactions.by_id(claim.transaction_id).priority is Priority.BATCH

    def free_dead_slots(self, workstation: str) -> None:
        """Give back what killed processes of this workstation held, without waiting for their leases to end."""
        for slot in self.slots.slots():
            if slot.holder and is_dead(slot.holder, workstation):
                self.slots.free(slot)

    def _attempt(self, id: int, ctx: Context) -> None:
        try:
            self._jobs[self._transactions.by_id(id).type].run(id, ctx)
        except Cancelled:
            _log.info("transaction %d stopped, its instances wait where they are", id)
        except Retriable as error:
            self._try_later(id, error)
        except IepError as error:
            self._fail(id, error)
        except Exception as error:  # a defect must not leave a transaction in limbo
            _log.exception("defect in the job of transaction %d", id)
            self._fail(id, defect(error))

    def _try_later(self, id: int, error: Retriable) -> None:
        attempts = self._transactions.by_id(id).attempts + 1
        pause = self._retry.pause(attempts)
        if pause is None:
            self._transactions.queue(id, attempts=attempts)  # the last try counts, too
            self._fail(id, error)
            return
        _log.warning("transaction %d: %s; try %d in %.0f s", id, error.title, attempts, pause.total_seconds())
        self._transactions.record(id, "retry", f"{error.title}; next try {attempts + 1} follows", "engine")
        self._transactions.queue(id, not_before=self._now() + pause, attempts=attempts)

    def _fail(self, id: int, error: IepError) -> None:
        _log.warning("transaction %d failed: %s", id, error.title)
        failure = Failure(
            error.title,
            error.message,
            error.hint,
            error.kind,
            getattr(error, "dicom_status", None),
            self._transactions.by_id(id).node,
            self._now(),
        )
        try:
            self._transactions.fail(id, failure)
        except Refused:
            _log.info("transaction %d came to rest otherwise", id)


class Engine(QObject):
    """Ticks, claims, runs. Lives in the thread of the event loop and never blocks it."""

    progressed = Signal(int, object)  # transaction id, Progress
    settled = Signal(int)  # a job of this transaction ended, however it ended
    idle = Signal()  # nothing runs and nothing can be claimed now

    def __init__(
        self, open_performer: Callable[[], Performer], settings: EngineSettings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._open_performer = open_performer
        self._performer: Performer | None = None
        self._holder = settings.holder
        self._settings = settings
        self._housekeeping = Pool(1, self)
        self._pools = {SlotKind.INBOUND: Pool(4, self), SlotKind.OUTBOUND: Pool(5, self)}
        self._pools[SlotKind.BLUE_LIGHT] = self._pools[SlotKind.OUTBOUND]
        self._running: dict[Claim, Running] = {}
        self._claiming = False
        self._stopping = False
        self._rate = Rate()
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self.wake)
        self._lease = QTimer(self)
        self._lease.setInterval(max(int(settings.lease.total_seconds() * 1000 / 3), 50))
        self._lease.timeout.connect(self._renew)

    @property
    def busy(self) -> bool:
        return bool(self._running)

    @property
    def rate(self) -> Rate:
        return self._rate

    def start(self) -> None:
        self._tick.start()
        self._lease.start()
        self.wake()

    def wake(self) -> None:
        """Look for work now; called by the timer and by whoever has just queued something."""
        if not self._claiming and not self._stopping:
            self._claiming = True
            self._housekeeping.run(self._claim, done=self._claimed, failed=self._not_claimed)

    def stop(self, seconds: float = 20.0) -> bool:
        """Cancel all jobs and wait: their instances stay as they are and go on at the next start."""
        self._stopping = True
        self._tick.stop()
        self._lease.stop()
        for running in self._running.values():
            running.ctx.cancel()
        deadline = time.monotonic() + seconds
        clean = all([pool.close(max(deadline - time.monotonic(), 0)) for pool in set(self._pools.values())])
        return self._housekeeping.close(5.0) and clean

    # -- inside

    def _claim(self, _ctx: Context) -> Claim | None:
        """In the housekeeping thread. The first time it loads the libraries and frees what killed processes held."""
        if self._performer is None:
            self._performer = self._open_performer()
            self._performer.free_dead_slots(self._settings.workstation)
            self._holder = self._settings.holder or holder_name(self._settings.workstation)
        now = datetime.now(UTC)
        batch = self._settings.calendar.in_batch_window(now)
        return self._performer.slots.claim(self._holder, self._settings.lease, now, batch_open=batch)

    def _claimed(self, claim: Claim | None) -> None:
        self._claiming = False
        if claim is None:
            if not self._running:
                self.idle.emit()
            return
        self._start(claim)
        self.wake()

    def _not_claimed(self, error: IepError) -> None:
        self._claiming = False
        _log.warning("no claim: %s", error.title)

    def _start(self, claim: Claim) -> None:
        ended = lambda *_: self._ended(claim)  # noqa: E731 - one callback for both ends
        self._running[claim] = self._pools[claim.kind].run(
            partial(self._perform, claim),
            done=ended,
            failed=ended,
            progress=lambda progress: self._progressed(claim, progress),
        )

    def _perform(self, claim: Claim, ctx: Context) -> None:
        assert self._performer is not None  # it made the claim
        self._performer.perform(claim, ctx)

    def _ended(self, claim: Claim) -> None:
        self._running.pop(claim, None)
        self._rate.forget(claim.transaction_id)
        self.settled.emit(claim.transaction_id)
        self.wake()

    def _progressed(self, claim: Claim, progress: Progress) -> None:
        self._rate.note(claim.transaction_id, progress)
        self.progressed.emit(claim.transaction_id, progress)

    def _renew(self) -> None:
        for claim, running in list(self._running.items()):
            self._housekeeping.run(partial(self._renew_one, claim), failed=partial(self._lost, running))

    def _renew_one(self, claim: Claim, _ctx: Context) -> None:
        assert self._performer is not None
        now = datetime.now(UTC)
        if not self._settings.calendar.in_batch_window(now) and self._performer.is_batch(claim):
            raise Refused("The night window is over", "It goes on in the next one.", rule="R-ENG-2")
        self._performer.slots.renew(claim, self._settings.lease, now)

    def _lost(self, running: Running, error: IepError) -> None:
        """Another workstation has the slot now, or the night is over: stop between two images."""
        if not isinstance(error, Retriable):
            _log.warning("lease not renewed: %s", error.title)
            running.ctx.cancel()


def make_engine(desk: Desk, parent: QObject | None = None) -> Engine:
    """The engine of a desk, with the jobs that exist."""
    settings = desk.profile.settings
    retry = RetryPolicy(
        settings.retry_limit,
        timedelta(seconds=settings.retry_first_seconds),
        timedelta(seconds=settings.retry_longest_seconds),
    )
    engine_settings = EngineSettings(
        desk.me.workstation, lease=timedelta(seconds=settings.lease_seconds), calendar=desk.calendar
    )
    return Engine(
        lambda: Performer(desk.ledger.transactions, desk.ledger.slots, _jobs(desk), retry),
        engine_settings,
        parent,
    )


def _jobs(desk: Desk) -> dict[TransactionType, Job]:
    return {TransactionType.CD_IMPORT: desk.disc_import}


def run_engine(desk: Desk, *, until_idle: bool = False) -> None:
    """The engine without a window, until it is told to stop (SIGINT, SIGTERM) or has nothing left to do."""
    with _headless(desk) as (application, engine):
        if until_idle:
            engine.idle.connect(lambda: desk.ledger.slots.anything_queued() or application.quit())
        application.exec()


def run_until_rest(desk: Desk, transaction_id: int, each: Callable[[Progress], None]) -> None:
    """Run the engine until one transaction has come to rest, whoever moves it."""
    with _headless(desk) as (application, engine):
        engine.progressed.connect(lambda id, progress: each(progress) if id == transaction_id else None)
        look = QTimer()
        look.setInterval(LOOK_MS)
        look.timeout.connect(
            lambda: desk.ledger.transactions.by_id(transaction_id).queued or application.quit()
        )
        look.start()
        application.exec()


@contextmanager
def _headless(desk: Desk) -> Iterator[tuple[QCoreApplication, Engine]]:
    application = QCoreApplication.instance() or QCoreApplication([])
    before = {number: signal.signal(number, lambda *_: application.quit()) for number in _STOPPING}
    engine = make_engine(desk)
    engine.start()
    try:
        yield application, engine
    finally:
        engine.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


_STOPPING = (signal.SIGINT, signal.SIGTERM)


def holder_name(workstation: str) -> str:
    """Who holds a slot: workstation, process and when that process began, since process numbers come again."""
    import psutil

    process = psutil.Process()
    return f"{workstation}/{process.pid}/{int(process.create_time())}"


def is_dead(holder: str, workstation: str) -> bool:
    """Whether a slot's holder was a process of this workstation that is no more."""
    host, _, process = holder.partition("/")
    number, _, began = process.partition("/")
    if host != workstation or not (number.isdigit() and began.isdigit()):
        return False
    import psutil

    try:
        return int(psutil.Process(int(number)).create_time()) != int(began)
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False
