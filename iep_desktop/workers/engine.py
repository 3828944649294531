"""The engine: claims slots in the ledger, runs the jobs in two thread pools, and is the only one who retries (R-ENG).

The ledger is the queue and the truth; signals are hints for open windows. Several engines on several workstations
share one ledger: what each runs it has claimed with a lease, which it renews, and gives up when it lost it.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from iep_desktop.core.calendar import ServiceCalendar
from iep_desktop.core.errors import IepError, LedgerUnusable, Retriable
from iep_desktop.core.job import SENDING, Context, Progress
from iep_desktop.core.transaction import SlotKind, TransactionType
from iep_desktop.workers.arenas import GIVE_BACK_MS, give_back, share_arenas
from iep_desktop.workers.circuit import Breaker
from iep_desktop.workers.collecting import Collecting
from iep_desktop.workers.desk import Desk
from iep_desktop.workers.holders import holder_name
from iep_desktop.workers.listener import Listener
from iep_desktop.workers.performer import Job, Performer
from iep_desktop.workers.pool import Pool, Running
from iep_desktop.workers.precedence import Precedence
from iep_desktop.workers.rate import Rate
from iep_desktop.workers.retry import RetryPolicy

if TYPE_CHECKING:
    from iep_desktop.store.slots import Claim
    from iep_desktop.store.yielding import Stop

_log = logging.getLogger(__name__)

TICK_MS = 500
LOOK_MS = 100
PROBE_AGAIN = timedelta(seconds=30)
BOUNDARY_MS = 300
"""So long an image that is on its way may take, where a Blue Light waits for the slot; then it is broken off."""
PRECEDENCE_MS = 3000
"""So long the others stand still for a Blue Light's first image; their peers wait for them meanwhile."""


@dataclass(frozen=True)
class EngineSettings:
    workstation: str
    holder: str = ""  # who holds a slot; empty: this process, told when it first claims
    lease: timedelta = timedelta(seconds=60)
    calendar: ServiceCalendar = ServiceCalendar()
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True)
class _Look:
    """What one look at the ledger found: a transaction to run; or which running ones must stop, and a node to probe."""

    claim: Claim | None
    stops: Mapping[int, Stop] = field(default_factory=dict)
    probe: str | None = None


class Engine(QObject):
    """Ticks, claims, runs. Lives in the thread of the event loop and never blocks it."""

    progressed = Signal(int, object)  # transaction id, Progress
    settled = Signal(int)  # a job of this transaction ended, however it ended
    idle = Signal()  # nothing runs and nothing can be claimed now
    unusable = Signal(object)  # IepError: the ledger was deleted or is damaged, and nothing goes on by itself

    def __init__(
        self,
        open_performer: Callable[[], Performer],
        settings: EngineSettings,
        parent: QObject | None = None,
        *,
        rate: Rate | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_performer = open_performer
        self._performer: Performer | None = None
        self._holder = settings.holder
        self._settings = settings
        self._housekeeping = Pool(1, self)
        self._probes = Pool(1, self)  # a silent node holds up nothing else
        self._leases = Pool(1, self)  # renewed one by one, each with a write: no look waits for that
        self._pools = {SlotKind.INBOUND: Pool(4, self), SlotKind.OUTBOUND: Pool(5, self)}
        self._pools[SlotKind.BLUE_LIGHT] = self._pools[SlotKind.OUTBOUND]
        self._running: dict[Claim, Running] = {}
        self._precedence = Precedence()
        self._claiming = False
        self._unheard: Claim | None = None  # claimed, and not yet started: at the end nobody would
        self._stopping = False
        self._rate = rate or Rate()
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self.wake)
        self._lease = QTimer(self)
        self._lease.setInterval(max(int(settings.lease.total_seconds() * 1000 / 3), 50))
        self._lease.timeout.connect(self._renew)

    @property
    def jobs(self) -> int:
        """How many run now."""
        return len(self._running)

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
            look = partial(self._look, tuple(self._running))
            self._housekeeping.run(look, done=self._looked, failed=self._not_looked)

    def stop(self, seconds: float = 20.0) -> bool:
        """Cancel all jobs and wait: their instances stay as they are and go on at the next start."""
        self._stopping = True
        self._tick.stop()
        self._lease.stop()
        clean = all([pool.close(5.0) for pool in (self._probes, self._leases, self._housekeeping)])
        for running in self._running.values():
            running.ctx.cancel()
        deadline = time.monotonic() + seconds
        pools = set(self._pools.values())
        clean = all([pool.close(max(deadline - time.monotonic(), 0)) for pool in pools]) and clean
        if self._unheard is not None and self._performer is not None:
            self._performer.slots.release(self._unheard)
        return clean

    # -- inside

    def _look(self, running: tuple[Claim, ...], _ctx: Context) -> _Look:
        """In the housekeeping thread. The first time it loads the libraries and frees what killed processes held."""
        if self._performer is None:
            self._performer = self._open_performer()
            self._performer.free_dead_slots(self._settings.workstation)
            self._holder = self._settings.holder or holder_name(self._settings.workstation)
        now, lease = self._settings.now(), self._settings.lease
        batch = self._settings.calendar.in_batch_window(now)
        if running:
            self._performer.slots.revive(running, lease, now)
        claim = self._performer.slots.claim(self._holder, lease, now, batch_open=batch)
        self._unheard = claim
        if claim is not None:
            return _Look(claim)
        stops = self._performer.yielding.stops(now, lease, batch_open=batch) if running else {}
        return _Look(None, stops, self._performer.breaker.due())

    def _looked(self, look: _Look) -> None:
        self._claiming = False
        self._unheard = None
        if look.claim is not None:
            self._start(look.claim)
            self.wake()
            return
        for claim, running in self._running.items():
            stop = look.stops.get(claim.transaction_id)
            if stop is not None and not running.ctx.cancelled:
                self._stop(claim, running, stop)
        if look.probe is not None:
            self._probes.run(partial(self._probe, look.probe), done=self._probed)
        if not self._running:
            self.idle.emit()

    def _probe(self, node: str, ctx: Context) -> bool:
        assert self._performer is not None  # it found the node
        return self._performer.breaker.probe(node, ctx)

    def _probed(self, back: bool) -> None:
        if back:
            self.wake()

    def _not_looked(self, error: IepError) -> None:
        self._claiming = False
        _log.warning("no claim: %s", error.title)
        if isinstance(error, LedgerUnusable):
            self.unusable.emit(error)

    def _stop(self, claim: Claim, running: Running, stop: Stop) -> None:
        """Between two images; its instances stay where they are, and it keeps its place."""
        _log.info("transaction %d stops: %s", claim.transaction_id, stop.text)
        running.ctx.stop()
        if stop.text:
            self._housekeeping.run(partial(self._tell, claim.transaction_id, stop.text))
        if stop.urgent:
            self._precedence.awaited()
            self._pass_in_time(None)
            QTimer.singleShot(BOUNDARY_MS, running, running.ctx.cancel)

    def _tell(self, id: int, text: str, _ctx: Context) -> None:
        assert self._performer is not None  # it made the claim
        self._performer.tell(id, text)

    def _start(self, claim: Claim) -> None:
        ended = lambda *_: self._ended(claim)  # noqa: E731 - one callback for both ends
        running = self._running[claim] = self._pools[claim.kind].run(
            partial(self._perform, claim),
            done=ended,
            failed=ended,
            progress=lambda progress: self._progressed(claim, progress),
        )
        self._precedence.started(claim, running.ctx)
        if claim.urgent:
            self._pass_in_time(claim)

    def _pass_in_time(self, claim: Claim | None) -> None:
        QTimer.singleShot(PRECEDENCE_MS, self, lambda: self._precedence.passed(claim))

    def _perform(self, claim: Claim, ctx: Context) -> None:
        assert self._performer is not None  # it made the claim
        self._performer.perform(claim, ctx)

    def _ended(self, claim: Claim) -> None:
        self._running.pop(claim, None)
        self._precedence.ended(claim)
        self._rate.forget(claim.transaction_id)
        self.settled.emit(claim.transaction_id)
        self.wake()

    def _progressed(self, claim: Claim, progress: Progress) -> None:
        self._rate.note(claim.transaction_id, progress)
        if progress.stage == SENDING:
            self._precedence.passed(claim)
        self.progressed.emit(claim.transaction_id, progress)

    def _renew(self) -> None:
        for claim, running in list(self._running.items()):
            self._leases.run(partial(self._renew_one, claim), failed=partial(self._lost, running))

    def _renew_one(self, claim: Claim, _ctx: Context) -> None:
        assert self._performer is not None  # it made the claim
        self._performer.slots.renew(claim, self._settings.lease, self._settings.now())

    def _lost(self, running: Running, error: IepError) -> None:
        """Another workstation has the slot now, and may run the same: stop at once."""
        if not isinstance(error, Retriable):
            _log.warning("lease not renewed: %s", error.title)
            running.ctx.cancel()


def make_engine(desk: Desk, parent: QObject | None = None) -> Engine:
    """The engine of a desk, with the jobs that exist."""
    lease = timedelta(seconds=desk.profile.settings.lease_seconds)
    engine_settings = EngineSettings(desk.me.workstation, lease=lease, calendar=desk.calendar)
    return Engine(lambda: make_performer(desk), engine_settings, parent, rate=desk.rate)


def make_performer(desk: Desk) -> Performer:
    """What attempts the jobs of a desk, for an engine or for somebody who goes through them one by one."""
    ledger, settings = desk.ledger, desk.profile.settings
    retry = RetryPolicy(
        settings.retry_limit,
        timedelta(seconds=settings.retry_first_seconds),
        timedelta(seconds=settings.retry_longest_seconds),
    )
    breaker = Breaker(
        ledger.circuits,
        lambda name, ctx: desk.nodes.echo(desk.nodes.get(name), ctx),
        retry.first,
        min(retry.longest, PROBE_AGAIN),
    )
    return Performer(ledger.transactions, ledger.slots, ledger.yielding, _jobs(desk), retry, breaker)


def _jobs(desk: Desk) -> dict[TransactionType, Job]:
    return {
        TransactionType.CD_IMPORT: desk.disc_import,
        TransactionType.TRANSFER: desk.legs,
        TransactionType.DIRECT_ROUTING: desk.legs,
    }


def run_engine(desk: Desk, *, until_idle: bool = False) -> None:
    """The engine without a window, until it is told to stop (SIGINT, SIGTERM) or has nothing left to do.

    Raises:
        LedgerUnusable: the ledger was deleted or damaged meanwhile.
    """
    with headless(desk) as (application, engine):
        listener = Listener(desk)
        listener.looked.connect(engine.wake)
        listener.start()
        if until_idle:
            engine.idle.connect(lambda: _quit_if(listener.rounds > 0, desk, application))
        application.exec()
        listener.stop()


def _quit_if(looked: bool, desk: Desk, application: QCoreApplication) -> None:
    """Idle is the end only after somebody has looked at what is due, which may queue something."""
    with suppress(IepError):  # the engine's own look says it
        if looked and not desk.ledger.slots.anything_queued():
            application.quit()


def _quit_at_rest(id: int, desk: Desk, application: QCoreApplication) -> None:
    with suppress(IepError):
        if not desk.ledger.transactions.by_id(id).queued:
            application.quit()


def run_until_rest(desk: Desk, transaction_id: int, each: Callable[[Progress], None]) -> None:
    """Run the engine until one transaction has come to rest, whoever moves it.

    Raises:
        LedgerUnusable: the ledger was deleted or damaged meanwhile.
    """
    with headless(desk) as (application, engine):
        engine.progressed.connect(lambda id, progress: each(progress) if id == transaction_id else None)
        look = QTimer()
        look.setInterval(LOOK_MS)
        look.timeout.connect(lambda: _quit_at_rest(transaction_id, desk, application))
        look.start()
        application.exec()


@contextmanager
def headless(desk: Desk) -> Iterator[tuple[QCoreApplication, Engine]]:
    """An engine at work without a window; told to stop, or without its ledger, it ends the application's loop.

    Raises:
        LedgerUnusable: the ledger was deleted or damaged meanwhile.
    """
    application = QCoreApplication.instance() or QCoreApplication([])
    before = {number: signal.signal(number, lambda *_: application.quit()) for number in _STOPPING}
    share_arenas()
    desk.ledger.database.spare_memory()
    engine, errors, collecting = make_engine(desk), list[IepError](), Collecting()
    engine.unusable.connect(errors.append)
    engine.unusable.connect(lambda _: application.quit())
    giving = QTimer()
    giving.setInterval(GIVE_BACK_MS)
    giving.timeout.connect(give_back)
    giving.start()
    engine.start()
    collecting.start()
    try:
        yield application, engine
        if errors:
            raise errors[0]
    finally:
        giving.stop()
        engine.stop()
        collecting.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


_STOPPING = (signal.SIGINT, signal.SIGTERM)
