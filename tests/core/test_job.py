"""Progress out, cancellation in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from iep_desktop.core.errors import Cancelled
from iep_desktop.core.job import Context, Progress


def test_check_raises_only_after_cancel() -> None:
    ctx = Context()
    ctx.check()
    ctx.cancel()
    assert ctx.cancelled
    with pytest.raises(Cancelled):
        ctx.check()


def test_cancel_calls_every_callback_in_the_thread_that_cancels() -> None:
    ctx, called = Context(), []
    ctx.on_cancel(lambda: called.append(threading.current_thread().name))
    ctx.on_cancel(lambda: called.append("second"))
    thread = threading.Thread(target=ctx.cancel, name="canceller")
    thread.start()
    thread.join()
    assert called == ["canceller", "second"]


def test_a_callback_that_comes_late_is_called_at_once() -> None:
    ctx, called = Context(), []
    ctx.cancel()
    ctx.on_cancel(lambda: called.append(1))
    assert called == [1]


def test_a_forgotten_callback_is_not_called() -> None:
    ctx, called = Context(), []
    forget = ctx.on_cancel(lambda: called.append("forgotten"))
    ctx.on_cancel(lambda: called.append("kept"))
    forget()
    forget()  # twice does no harm
    ctx.cancel()
    assert called == ["kept"]


def test_a_callback_may_forget_itself() -> None:
    ctx, called = Context(), []

    def callback() -> None:
        called.append(1)
        forget()

    forget = ctx.on_cancel(callback)
    ctx.cancel()
    assert called == [1]


def test_wait_lasts_its_time() -> None:
    before = time.monotonic()
    Context().wait(0.05)
    assert time.monotonic() - before >= 0.049


def test_wait_wakes_at_once_when_cancelled() -> None:
    ctx, waiting = Context(), threading.Event()
    told: list[type[BaseException]] = []

    def job() -> None:
        waiting.set()
        try:
            ctx.wait(60)
        except Cancelled as error:
            told.append(type(error))

    thread = threading.Thread(target=job)
    thread.start()
    waiting.wait(5)
    ctx.cancel()
    thread.join(5)
    assert told == [Cancelled]


def test_wait_of_a_cancelled_job_does_not_wait() -> None:
    ctx = Context()
    ctx.cancel()
    with pytest.raises(Cancelled):
        ctx.wait(60)


def test_progress_is_throttled_and_the_last_step_is_always_told() -> None:
    told: list[Progress] = []
    ctx = Context(told.append, interval=60)
    for done in range(1, 1001):
        ctx.progress(Progress("send", done, 1000))
    assert [p.done for p in told] == [1, 1000]


def test_progress_of_unknown_length_is_throttled_too() -> None:
    told: list[Progress] = []
    ctx = Context(told.append, interval=60)
    for done in range(1000):
        ctx.progress(Progress("read", bytes_done=done))
    assert len(told) == 1


def test_forced_progress_is_told_at_once() -> None:
    told: list[Progress] = []
    ctx = Context(told.append, interval=60)
    for done in range(3):
        ctx.progress(Progress("send", done, 10), force=True)
    assert [p.done for p in told] == [0, 1, 2]


def test_every_step_is_told_where_no_interval_is_wanted() -> None:
    told: list[Progress] = []
    ctx = Context(told.append, interval=0)
    for done in range(5):
        ctx.progress(Progress("send", done, 10))
    assert len(told) == 5


def test_a_context_without_a_listener_swallows_progress() -> None:
    Context().progress(Progress("send", 1, 2))  # nobody to tell: no error
    assert not Context().cancelled


def test_stop_ends_the_job_where_it_looks_and_breaks_nothing_off() -> None:
    ctx, called = Context(), []
    ctx.on_cancel(lambda: called.append(1))
    ctx.stop()
    ctx.on_cancel(lambda: called.append(2))
    assert ctx.cancelled
    assert called == []
    with pytest.raises(Cancelled):
        ctx.check()
    with pytest.raises(Cancelled):
        ctx.wait(10)
    ctx.cancel()
    assert called == [1, 2]


def test_a_held_job_stands_still_until_it_may_go_on_and_so_does_its_part_in_another_thread() -> None:
    ctx, passed = Context(), threading.Semaphore(0)
    part = ctx.part()
    ctx.hold()
    assert (ctx.held, part.held) == (True, True)
    threads = [
        threading.Thread(target=lambda one=one: (one.let_pass(), passed.release())) for one in (ctx, part)
    ]
    for thread in threads:
        thread.start()
    assert not passed.acquire(timeout=0.2)
    ctx.go_on()
    assert passed.acquire(timeout=5)
    assert passed.acquire(timeout=5)
    assert not ctx.held
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("end", [Context.stop, Context.cancel])
def test_a_held_job_that_is_to_end_does(end: Callable[[Context], None]) -> None:
    ctx, ended = Context(), threading.Event()
    ctx.hold()

    def work() -> None:
        ctx.let_pass()
        with pytest.raises(Cancelled):
            ctx.check()
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    end(ctx)
    assert ended.wait(5)
    thread.join()


def test_a_part_ends_without_its_job() -> None:
    ctx = Context()
    part = ctx.part()
    part.cancel()
    assert (part.cancelled, ctx.cancelled) == (True, False)
