"""The engine claims, runs, retries and stops; jobs here are small, ledger and slots are real."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from iep_desktop.core.calendar import OpenHours, ServiceCalendar
from iep_desktop.core.drafts import TransactionDraft
from iep_desktop.core.errors import Cause, ImagesWaiting, NodeRejected, NodeUnreachable, Permanent, Retriable
from iep_desktop.core.job import SENDING, Context, Progress
from iep_desktop.core.model import Form, FormKind, Patient, Priority
from iep_desktop.core.transaction import InstanceState, Status, TransactionType
from iep_desktop.store.circuits import Circuits
from iep_desktop.store.database import Database
from iep_desktop.store.instances import InstanceChange
from iep_desktop.store.line import Line
from iep_desktop.store.slots import Slots
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.upgrade import open_ledger
from iep_desktop.store.yielding import Yielding
from iep_desktop.workers.circuit import FAILS_FOR_ALL, Breaker
from iep_desktop.workers.engine import Engine, EngineSettings
from iep_desktop.workers.holders import holder_name, is_dead
from iep_desktop.workers.performer import Performer
from iep_desktop.workers.rate import Rate
from iep_desktop.workers.retry import RetryPolicy
from tests.store.samples import disc, images

QUICK = RetryPolicy(limit=3, first=timedelta(milliseconds=20), longest=timedelta(milliseconds=40))


class Hall:
    """A ledger, and engines over it with one job of the test's own."""

    def __init__(self, database: Database) -> None:
        self.transactions = Transactions(database, "RWE")
        self.slots = Slots(database, "RWE")
        self.line = Line(database, "RWE")
        self.yielding = Yielding(database, "RWE")
        self.circuits = Circuits(database, "RWE")
        self.away: set[str] = set()
        self.engines: list[Engine] = []

    def engine(
        self,
        work: Callable[[int, Context], None],
        *,
        holder: str = "",
        lease: float = 60,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> Engine:
        class Work:
            def run(self, transaction_id: int, ctx: Context) -> None:
                work(transaction_id, ctx)

        def performer() -> Performer:
            jobs = {TransactionType.CD_IMPORT: Work(), TransactionType.TRANSFER: Work()}
            breaker = Breaker(self.circuits, self.echo, QUICK.first, QUICK.longest)
            return Performer(self.transactions, self.slots, self.yielding, jobs, QUICK, breaker)

        settings = EngineSettings("here", holder, timedelta(seconds=lease), now=now)
        engine = Engine(performer, settings)
        self.engines.append(engine)
        return engine

    def echo(self, node: str, _ctx: Context) -> None:
        if node in self.away:
            raise NodeUnreachable(f"{node} cannot be reached")

    def queue(self, priority: Priority = Priority.NORMAL, node: str = "") -> int:
        form = Form(
            FormKind.IMPORT, "06396375", patient=Patient("TESTING^ANNA"), hospital="RX1", priority=priority
        )
        return self.transactions.create(
            TransactionDraft(
                TransactionType.CD_IMPORT, "RX1", "RWE", priority, form, "operator", node=node, queued=True
            )
        ).id

    def send(self, priority: Priority = Priority.NORMAL) -> int:
        form = Form(FormKind.EXPORT, "06396375", patient=Patient("TESTING^ANNA"), hospital="RX1")
        return self.transactions.create(
            TransactionDraft(TransactionType.TRANSFER, "RWE", "RX1", priority, form, "operator", queued=True)
        ).id

    def done(self, id: int) -> None:
        self.transactions.unqueue(id)


@pytest.fixture
def hall(tmp_path: Path, qtbot: QtBot) -> Iterator[Hall]:
    database = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    made = Hall(database)
    yield made
    for engine in made.engines:
        assert engine.stop(5)
    database.dispose()


def test_what_is_queued_runs_once_and_the_engine_says_that_it_settled(hall: Hall, qtbot: QtBot) -> None:
    ran: list[int] = []

    def work(id: int, _ctx: Context) -> None:
        ran.append(id)
        hall.done(id)

    queued = hall.queue()
    engine = hall.engine(work)
    with qtbot.waitSignal(engine.settled) as settled:
        engine.start()
    assert settled.args == [queued]
    qtbot.waitSignal(engine.idle).wait()
    assert ran == [queued]
    assert all(slot.transaction_id is None for slot in hall.slots.slots())


def test_at_most_four_inbound_run_at_once_over_two_engines(hall: Hall, qtbot: QtBot) -> None:
    running, most, lock, go = 0, 0, threading.Lock(), threading.Event()
    ids = [hall.queue() for _ in range(7)]
    left = set(ids)

    def work(id: int, _ctx: Context) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        go.wait(10)
        hall.done(id)
        with lock:
            running -= 1
            left.discard(id)

    for name in ("a", "b"):
        hall.engine(work, holder=name).start()
    qtbot.waitUntil(lambda: running == 4)
    assert sum(slot.transaction_id is not None for slot in hall.slots.slots()) == 4
    go.set()
    qtbot.waitUntil(lambda: not left, timeout=10_000)
    assert most == 4


def test_a_retriable_error_is_tried_again_with_a_pause_and_then_succeeds(hall: Hall, qtbot: QtBot) -> None:
    tries: list[int] = []

    def work(id: int, _ctx: Context) -> None:
        tries.append(hall.transactions.by_id(id).attempts)
        if len(tries) < 3:
            raise Retriable("PACS is busy")
        hall.done(id)

    queued = hall.queue()
    hall.engine(work).start()
    qtbot.waitUntil(lambda: not hall.transactions.by_id(queued).queued, timeout=10_000)
    assert tries == [0, 1, 2]


def test_after_the_last_try_it_fails_with_the_reason(hall: Hall, qtbot: QtBot) -> None:
    def work(_id: int, _ctx: Context) -> None:
        raise Retriable("PACS is busy", "It said so.", "Wait.")

    queued = hall.queue()
    hall.engine(work).start()
    qtbot.waitUntil(lambda: hall.transactions.by_id(queued).status is Status.FAILED, timeout=10_000)
    failure = hall.transactions.by_id(queued).failure
    assert failure is not None
    assert (failure.title, failure.message, failure.hint) == ("PACS is busy", "It said so.", "Wait.")
    assert hall.transactions.by_id(queued).attempts == QUICK.limit
    assert not hall.transactions.by_id(queued).queued


def moves_one_each_time(
    hall: Hall, error: Retriable
) -> tuple[int, list[str], Callable[[int, Context], None]]:
    """A transaction of many images; what is left of them; and the work on it, which fails after each."""
    given = images(2 * QUICK.limit)
    left = [image.sop_instance_uid for image in given]
    queued = hall.transactions.create(disc(instances=given)).id
    hall.transactions.update_instances(queued, [InstanceChange(uid, InstanceState.SPOOLED) for uid in left])

    def work(id: int, _ctx: Context) -> None:
        if not left:
            hall.done(id)
            return
        hall.transactions.update_instances(id, [InstanceChange(left.pop(), InstanceState.SENT)])
        raise error

    return queued, left, work


def test_a_try_that_brought_images_forward_begins_the_count_anew(hall: Hall, qtbot: QtBot) -> None:
    """A line that breaks now and then must not fail a study that is nearly there."""
    queued, left, work = moves_one_each_time(hall, Retriable("The line broke"))
    hall.engine(work).start()
    qtbot.waitUntil(lambda: not hall.transactions.by_id(queued).queued, timeout=15_000)
    assert (hall.transactions.by_id(queued).failure, left) == (None, [])
    assert (
        hall.transactions.by_id(queued).attempts == 1
    )  # 0 is for what was not tried, and waits for its hours


def test_a_look_in_vain_for_what_the_node_took_counts_in_any_case(hall: Hall, qtbot: QtBot) -> None:
    queued, left, work = moves_one_each_time(hall, ImagesWaiting("PACS does not show an image that it took"))
    hall.engine(work).start()
    qtbot.waitUntil(lambda: hall.transactions.by_id(queued).status is Status.FAILED, timeout=15_000)
    assert len(left) == QUICK.limit


@pytest.mark.parametrize(
    ("error", "title"),
    [(Permanent("PACS refuses"), "PACS refuses"), (ZeroDivisionError(), "The program has a defect")],
)
def test_a_permanent_error_or_a_defect_fails_at_once(
    hall: Hall, qtbot: QtBot, error: Exception, title: str
) -> None:
    tries: list[int] = []

    def work(id: int, _ctx: Context) -> None:
        tries.append(id)
        raise error

    queued = hall.queue()
    hall.engine(work).start()
    qtbot.waitUntil(lambda: hall.transactions.by_id(queued).status is Status.FAILED)
    failure = hall.transactions.by_id(queued).failure
    assert failure is not None
    assert failure.title == title
    assert tries == [queued]


def test_a_job_that_finds_no_memory_is_tried_again(hall: Hall, qtbot: QtBot) -> None:
    tries: list[int] = []

    def work(id: int, _ctx: Context) -> None:
        tries.append(id)
        if len(tries) == 1:
            bytearray(1 << 62)  # more than any computer has: MemoryError
        hall.done(id)

    queued = hall.queue()
    hall.engine(work).start()
    qtbot.waitUntil(lambda: not hall.transactions.by_id(queued).queued)
    assert tries == [queued, queued]
    assert "too little memory" in hall.transactions.events(queued)[-1].text


def test_stopping_cancels_the_job_and_leaves_it_queued_for_the_next_start(hall: Hall, qtbot: QtBot) -> None:
    began = threading.Event()

    def work(_id: int, ctx: Context) -> None:
        began.set()
        ctx.wait(60)

    queued = hall.queue()
    engine = hall.engine(work)
    engine.start()
    qtbot.waitUntil(began.is_set)
    assert engine.stop(5)
    transaction = hall.transactions.by_id(queued)
    assert transaction.queued
    assert transaction.status is Status.NEW
    assert all(slot.transaction_id is None for slot in hall.slots.slots())


def test_what_was_claimed_and_never_begun_is_given_back_at_the_end(hall: Hall, qtbot: QtBot) -> None:
    ran: list[int] = []
    queued = hall.queue()
    engine = hall.engine(lambda id, _: ran.append(id))
    engine.wake()
    deadline = datetime.now(UTC) + timedelta(seconds=5)
    while not any(slot.transaction_id for slot in hall.slots.slots()):  # no event loop: nobody hears of it
        assert datetime.now(UTC) < deadline
    assert engine.stop(5)
    assert ran == []
    assert hall.slots.place_in_queue(queued) == 1


def test_a_lost_lease_stops_the_job_here_because_another_may_run_it(hall: Hall, qtbot: QtBot) -> None:
    began, stopped = threading.Event(), threading.Event()

    def work(_id: int, ctx: Context) -> None:
        began.set()
        try:
            ctx.wait(60)
        finally:
            stopped.set()

    hall.queue()
    hall.engine(work, holder="away", lease=0.3).start()
    qtbot.waitUntil(began.is_set)
    (held,) = [slot for slot in hall.slots.slots() if slot.transaction_id]
    hall.slots.free(held)  # what happens to a workstation that slept
    qtbot.waitUntil(stopped.is_set)


def test_a_killed_process_of_this_workstation_gives_its_slot_back_at_the_next_start(
    hall: Hall, qtbot: QtBot
) -> None:
    queued = hall.queue()
    dead = "here/999999999/1"
    assert is_dead(dead, "here")
    assert hall.slots.claim(dead, timedelta(hours=1), datetime.now(UTC)) is not None
    ran = threading.Event()

    def work(id: int, _ctx: Context) -> None:
        hall.done(id)
        ran.set()

    hall.engine(work).start()
    qtbot.waitUntil(ran.is_set)
    assert not hall.transactions.by_id(queued).queued


def test_a_living_process_and_another_workstation_are_not_taken_for_dead() -> None:
    assert not is_dead(holder_name("here"), "here")
    assert not is_dead("there/999999999/1", "here")
    assert not is_dead("nonsense", "here")


def test_batch_waits_for_the_night_window(hall: Hall, qtbot: QtBot) -> None:
    ran: list[int] = []

    def work(id: int, _ctx: Context) -> None:
        ran.append(id)
        hall.done(id)

    hall.queue(Priority.BATCH)
    always = ServiceCalendar(batch=OpenHours(time(0), time(23, 59, 59, 999999)))
    never = ServiceCalendar(batch=OpenHours(time(0), time(0)))
    engine = hall.engine(work)
    engine._settings = EngineSettings("here", calendar=never)
    with qtbot.waitSignal(engine.idle):
        engine.start()
    assert ran == []
    engine._settings = EngineSettings("here", calendar=always)
    qtbot.waitUntil(lambda: len(ran) == 1)


def test_the_rate_counts_what_moved_within_one_stage_and_forgets_the_stage_before() -> None:
    rate = Rate()
    rate.note(1, Progress("copy", 10, 100, 1000, 0))
    rate.note(1, Progress("copy", 20, 100, 2000, 0))
    rate.note(1, Progress("send", 5, 100, 500, 0))
    images, size = rate.per_second()
    assert (images * Rate.WINDOW, size * Rate.WINDOW) == (10, 1000)


def test_batch_stops_when_its_night_ends_and_goes_on_in_the_next(hall: Hall, qtbot: QtBot) -> None:
    never = ServiceCalendar(batch=OpenHours(time(0), time(0)))
    always = ServiceCalendar(batch=OpenHours(time(0), time(23, 59, 59, 999999)))
    begun: list[int] = []
    others: list[bool] = []

    def work(id: int, ctx: Context) -> None:
        begun.append(id)
        try:
            ctx.wait(0.6 if id == standard else 10)
        finally:
            others.append(ctx.cancelled and id == standard)
        hall.done(id)

    standard, batch = hall.queue(), hall.queue(Priority.BATCH)
    engine = hall.engine(work, lease=0.3)
    engine._settings = EngineSettings("here", "", timedelta(seconds=0.3), always)
    engine.start()
    qtbot.waitUntil(lambda: batch in begun)
    engine._settings = EngineSettings("here", "", timedelta(seconds=0.3), never)
    qtbot.waitUntil(lambda: not engine.jobs, timeout=5_000)
    row = hall.transactions.by_id(batch)
    assert (row.queued, row.attempts, row.status) == (True, 0, Status.NEW)
    assert not any(others)
    assert not hall.transactions.by_id(standard).queued
    engine._settings = EngineSettings("here", calendar=always)
    qtbot.waitUntil(lambda: begun.count(batch) == 2, timeout=5_000)


# -- who makes way


class Images:
    """A job of many images of which each takes a moment; it looks between two, and knows what became of each."""

    def __init__(self, hall: Hall, image: Callable[[Context], None] | None = None) -> None:
        self.hall = hall
        self.begun: list[int] = []
        self.whole: dict[int, bool] = {}
        self.gate = threading.Event()
        self._image = image or (lambda _: self.gate.wait(0.01))

    def __call__(self, id: int, ctx: Context) -> None:
        self.begun.append(id)
        while not self.gate.is_set():
            self.whole[id] = False
            self._image(ctx)
            self.whole[id] = True
            ctx.check()
        self.hall.done(id)


def _busy(hall: Hall, qtbot: QtBot, work: Images, *holders: str) -> list[int]:
    """Every outbound slot runs something, the reserved one a Blue Light."""
    for holder in holders or ("",):
        hall.engine(work, holder=holder).start()
    made = []
    for priority in [Priority.NORMAL] * 4 + [Priority.BLUE_LIGHT]:
        made.append(hall.send(priority))
        qtbot.waitUntil(lambda: made[-1] in work.begun)
    return made


def test_a_blue_light_takes_a_slot_at_the_next_boundary_and_who_made_way_goes_on_after_it(
    hall: Hall, qtbot: QtBot
) -> None:
    work = Images(hall)
    made = _busy(hall, qtbot, work)
    blue = hall.send(Priority.BLUE_LIGHT)
    hall.engines[0].wake()
    qtbot.waitUntil(lambda: blue in work.begun, timeout=1_000)
    stopped = hall.transactions.by_id(made[3])
    assert work.whole[made[3]]
    assert (stopped.queued, stopped.attempts, stopped.status) == (True, 0, Status.NEW)
    assert hall.slots.place_in_queue(made[3]) == 1
    assert [work.begun.count(other) for other in made[:3]] == [1, 1, 1]
    qtbot.waitUntil(lambda: "Blue Light" in hall.transactions.events(made[3])[-1].text)
    work.gate.set()
    qtbot.waitUntil(lambda: not hall.slots.anything_queued(), timeout=5_000)
    assert work.begun.count(made[3]) == 2


def test_the_others_stand_still_until_a_blue_lights_first_image_is_away(hall: Hall, qtbot: QtBot) -> None:
    moved, sent = Counter[int](), threading.Event()
    normal = [hall.send() for _ in range(2)]

    def work(id: int, ctx: Context) -> None:
        if id not in normal:
            assert sent.wait(10)
            ctx.progress(Progress(SENDING, 1, 3))
            hall.done(id)
        while id in normal:
            ctx.let_pass()
            moved[id] += 1
            ctx.wait(0.001)

    engine = hall.engine(work)
    engine.start()
    qtbot.waitUntil(lambda: all(moved[one] for one in normal))
    hall.send(Priority.BLUE_LIGHT)
    engine.wake()
    qtbot.waitUntil(lambda: engine.jobs == 3)
    qtbot.wait(50)  # whoever has just looked moves one more
    before = Counter(moved)
    qtbot.wait(200)
    assert moved == before
    sent.set()
    qtbot.waitUntil(lambda: all(moved[one] > before[one] for one in normal))


def test_the_others_go_on_though_a_blue_light_has_sent_nothing_for_long(
    hall: Hall, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iep_desktop.workers.engine.PRECEDENCE_MS", 300)
    normal, moved, over = hall.send(), Counter[int](), threading.Event()

    def work(id: int, ctx: Context) -> None:
        while id != normal and not over.is_set():
            ctx.wait(0.01)
        while id == normal:
            ctx.let_pass()
            moved[id] += 1
            ctx.wait(0.001)

    engine = hall.engine(work)
    engine.start()
    qtbot.waitUntil(lambda: moved[normal] > 0)
    hall.send(Priority.BLUE_LIGHT)
    engine.wake()
    qtbot.waitUntil(lambda: engine.jobs == 2)
    qtbot.wait(50)
    before = moved[normal]
    qtbot.waitUntil(lambda: moved[normal] > before + 10)
    over.set()


def test_a_workstation_makes_way_for_the_blue_light_that_another_has_queued(hall: Hall, qtbot: QtBot) -> None:
    work = Images(hall)
    made = _busy(hall, qtbot, work, "there")
    idle = hall.engine(work, holder="here")
    idle.start()
    blue = hall.send(Priority.BLUE_LIGHT)
    idle.wake()
    qtbot.waitUntil(lambda: blue in work.begun, timeout=2_000)
    assert work.whole[made[3]]
    work.gate.set()


def test_an_image_that_takes_too_long_is_broken_off_for_a_blue_light(hall: Hall, qtbot: QtBot) -> None:
    broken = threading.Event()

    def endless(ctx: Context) -> None:
        mine = threading.Event()
        ctx.on_cancel(mine.set)
        assert mine.wait(30)
        broken.set()

    work = Images(hall, endless)
    made = _busy(hall, qtbot, work)
    blue = hall.send(Priority.BLUE_LIGHT)
    hall.engines[0].wake()
    qtbot.waitUntil(lambda: blue in work.begun, timeout=2_000)
    assert broken.is_set()
    assert hall.transactions.by_id(made[3]).queued


def test_a_pause_and_a_cancellation_stop_what_runs(hall: Hall, qtbot: QtBot) -> None:
    work = Images(hall)
    hall.engine(work).start()
    first, second = hall.send(), hall.send()
    qtbot.waitUntil(lambda: {first, second} <= set(work.begun))
    hall.transactions.cancel(first, "operator")
    qtbot.waitUntil(lambda: not any(s.transaction_id == first for s in hall.slots.slots()))
    assert hall.transactions.by_id(first).status is Status.CANCELLED
    hall.line.pause("RX1", "operator")
    qtbot.waitUntil(lambda: not hall.engines[0].jobs)
    assert hall.transactions.by_id(second).queued
    hall.line.resume("RX1")
    qtbot.waitUntil(lambda: work.begun.count(second) == 2)
    work.gate.set()


def test_a_lowered_priority_lets_the_others_go_first(hall: Hall, qtbot: QtBot) -> None:
    work = Images(hall)
    hall.engine(work, now=lambda: datetime(2026, 11, 24, 12, tzinfo=UTC)).start()
    made = hall.send()
    qtbot.waitUntil(lambda: made in work.begun)
    hall.line.set_priority(made, Priority.BATCH, "No hurry", "operator")
    qtbot.waitUntil(lambda: not hall.engines[0].jobs)
    assert hall.transactions.by_id(made).queued


def test_what_is_stopped_before_its_thread_began_gives_its_slot_back(hall: Hall, qtbot: QtBot) -> None:
    tries: list[bool] = []

    def work(id: int, ctx: Context) -> None:
        tries.append(ctx.cancelled)
        ctx.check()
        hall.done(id)

    engine = hall.engine(work)
    queued = hall.send()
    claim = hall.slots.claim("here", timedelta(hours=1), datetime.now(UTC))
    assert claim is not None
    engine._performer = engine._open_performer()
    engine._start(claim)
    engine._running[claim].ctx.stop()
    qtbot.waitUntil(lambda: not hall.transactions.by_id(queued).queued)
    assert tries == [True, False]
    assert all(slot.transaction_id is None for slot in hall.slots.slots())


# -- the night of the clock change (Europe/London: 25/10/2026 has 01:00–02:00 twice, 28/03/2027 not at all)


@pytest.mark.parametrize(
    ("in_window", "out_of_it"),
    [
        # 06:00 GMT, an hour later in UTC than the evening's 05:00 BST would have been
        (datetime(2026, 10, 25, 5, 59, tzinfo=UTC), datetime(2026, 10, 25, 6, 0, tzinfo=UTC)),
        (datetime(2027, 3, 28, 4, 59, tzinfo=UTC), datetime(2027, 3, 28, 5, 0, tzinfo=UTC)),
        # a workstation whose clock is an hour slow begins and ends an hour late, and loses nothing
        (datetime(2026, 11, 25, 5, 30, tzinfo=UTC), datetime(2026, 11, 25, 6, 30, tzinfo=UTC)),
    ],
)
def test_batch_keeps_to_its_night_when_the_clocks_change_in_it(
    hall: Hall, qtbot: QtBot, in_window: datetime, out_of_it: datetime
) -> None:
    moment = [in_window]
    work = Images(hall)
    hall.engine(work, now=lambda: moment[0]).start()
    batch, normal = hall.send(Priority.BATCH), hall.send()
    qtbot.waitUntil(lambda: {batch, normal} <= set(work.begun))
    moment[0] = out_of_it
    qtbot.waitUntil(lambda: not any(s.transaction_id == batch for s in hall.slots.slots()))
    found = hall.transactions.by_id(batch)
    assert (found.queued, found.attempts, work.whole[batch]) == (True, 0, True)
    assert any(s.transaction_id == normal for s in hall.slots.slots())
    moment[0] = in_window + timedelta(days=1)
    qtbot.waitUntil(lambda: work.begun.count(batch) == 2)
    work.gate.set()


def test_a_clock_set_forward_an_hour_within_the_night_starts_nothing_twice(hall: Hall, qtbot: QtBot) -> None:
    """The second 01:30 of that night is in the window as the first was."""
    moment = [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]  # 01:30 BST
    work = Images(hall)
    engine = hall.engine(work, now=lambda: moment[0])
    engine.start()
    batch = hall.send(Priority.BATCH)
    qtbot.waitUntil(lambda: batch in work.begun)
    moment[0] = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 01:30 GMT, and the lease is long over
    engine.wake()
    qtbot.waitUntil(lambda: all(s.lease_until > moment[0] for s in hall.slots.slots() if s.lease_until))
    assert work.begun == [batch]
    work.gate.set()
    qtbot.waitUntil(lambda: not hall.transactions.by_id(batch).queued, timeout=5_000)


# -- a node that fails for all


def test_a_node_that_fails_for_all_is_left_alone_until_it_answers_and_nobody_loses_a_try(
    hall: Hall, qtbot: QtBot
) -> None:
    hall.away.add("PACS")
    tries: list[int] = []

    def work(id: int, _ctx: Context) -> None:
        tries.append(id)
        hall.echo("PACS", Context())
        hall.done(id)

    def failing(id: int, ctx: Context) -> None:
        try:
            work(id, ctx)
        except NodeUnreachable as error:
            error.node = "PACS"
            raise

    made = [hall.queue(node="PACS") for _ in range(6)]
    other = hall.queue(node="OTHER")
    hall.engine(failing, lease=5).start()
    qtbot.waitUntil(lambda: bool(hall.circuits.all()) and hall.circuits.all()[0].open_since is not None)
    qtbot.waitUntil(lambda: not hall.engines[0].jobs)
    tried = len(tries)
    qtbot.waitUntil(lambda: other in tries and not hall.engines[0].jobs)
    looked: list[bool] = []
    hall.engines[0].idle.connect(lambda: looked.append(True))
    qtbot.waitUntil(lambda: len(looked) >= 3, timeout=10_000)  # it looks, and sends nothing
    assert len([id for id in tries if id != other]) <= tried + 1  # noqa: A001
    rows = [hall.transactions.by_id(key) for key in made]
    assert all(row.queued and row.status is Status.NEW for row in rows)
    assert sum(row.attempts for row in rows) < FAILS_FOR_ALL
    assert [hall.slots.place_in_queue(key) for key in made] == [1, 2, 3, 4, 5, 6]
    hall.away.clear()
    qtbot.waitUntil(lambda: not hall.slots.anything_queued(), timeout=10_000)
    assert hall.circuits.all() == ()


def test_a_node_that_refuses_us_fails_each_with_its_reason_and_then_is_left_alone(
    hall: Hall, qtbot: QtBot
) -> None:
    def work(_id: int, _ctx: Context) -> None:
        error = NodeRejected("PACS refuses the association", "It does not know our AE title.")
        error.node = "PACS"
        raise error

    hall.away.add("PACS")
    hall.engine(work).start()
    made: list[int] = []
    for _ in range(FAILS_FOR_ALL):
        made.append(hall.queue(node="PACS"))
        qtbot.waitUntil(lambda: hall.transactions.by_id(made[-1]).status is Status.FAILED)
    (circuit,) = hall.circuits.all()
    assert circuit.open_since is not None
    assert "AE title" in circuit.reason
    waits = hall.queue(node="PACS")
    with qtbot.waitSignal(hall.engines[0].idle):
        hall.engines[0].wake()
    assert hall.transactions.by_id(waits).status is Status.NEW


def test_a_node_that_is_busy_or_full_is_no_node_that_fails_for_all(hall: Hall, qtbot: QtBot) -> None:
    def work(_id: int, _ctx: Context) -> None:
        error = Retriable("PACS refuses the association", cause=Cause.BUSY)
        error.node = "PACS"
        raise error

    made = [hall.queue(node="PACS") for _ in range(FAILS_FOR_ALL + 1)]
    hall.engine(work).start()
    failed = lambda: all(hall.transactions.by_id(id).status is Status.FAILED for id in made)  # noqa: E731, A001
    qtbot.waitUntil(failed, timeout=20_000)
    assert hall.circuits.all() == ()


@pytest.mark.parametrize(("cause", "tries"), [(Cause.NOT_DICOM, 1), (Cause.NO_ANSWER, 3), (Cause.BUSY, 6)])
def test_how_often_it_is_tried_goes_by_the_cause(hall: Hall, qtbot: QtBot, cause: Cause, tries: int) -> None:
    tried: list[int] = []

    def work(id: int, _ctx: Context) -> None:
        tried.append(id)
        raise Retriable("It did not work", cause=cause)

    queued = hall.queue()
    hall.engine(work).start()
    qtbot.waitUntil(lambda: hall.transactions.by_id(queued).status is Status.FAILED, timeout=15_000)
    assert len(tried) == tries
