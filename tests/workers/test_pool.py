"""The pool runs work off the loop and delivers one result in the loop's thread."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QObject, QThread
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import IepError, Permanent
from iep_desktop.core.job import Context, Progress
from iep_desktop.workers.pool import Pool
from iep_desktop.workers.queries import Queries


@pytest.fixture
def pool(qtbot: QtBot) -> Pool:
    made = Pool(2)
    yield made
    assert made.close()


def test_work_runs_in_another_thread_and_its_result_arrives_in_the_loops_thread(
    qtbot: QtBot, pool: Pool
) -> None:
    here, seen = QThread.currentThread(), []
    pool.run(
        lambda _ctx: threading.get_ident(), done=lambda ident: seen.append((ident, QThread.currentThread()))
    )
    qtbot.waitUntil(lambda: bool(seen))
    ident, thread = seen[0]
    assert ident != threading.get_ident()
    assert thread is here


def test_an_error_of_ours_is_delivered_as_it_is(qtbot: QtBot, pool: Pool) -> None:
    def work(_ctx: Context) -> None:
        raise Permanent("No", "because", "then do this")

    errors: list[IepError] = []
    pool.run(work, failed=errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert (errors[0].title, errors[0].hint) == ("No", "then do this")


def test_a_foreign_exception_is_delivered_as_a_defect_and_logged_with_its_traceback(
    qtbot: QtBot, pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    errors: list[IepError] = []
    pool.run(lambda _ctx: 1 / 0, failed=errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert errors[0].title == "The program has a defect"
    assert "ZeroDivisionError" in caplog.text


def test_values_emitted_on_the_way_arrive_in_order_before_the_result(qtbot: QtBot, pool: Pool) -> None:
    heard: list[object] = []

    def work(_ctx: Context, emit: object) -> str:
        for number in range(50):
            emit(number)  # type: ignore[operator]
        return "end"

    pool.stream(work, each=heard.append, done=heard.append)
    qtbot.waitUntil(lambda: "end" in heard)
    assert heard == [*range(50), "end"]


def test_progress_reported_through_the_context_arrives(qtbot: QtBot, pool: Pool) -> None:
    heard: list[Progress] = []
    pool.run(lambda ctx: ctx.progress(Progress("copy", 3, 3)), progress=heard.append)
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == [Progress("copy", 3, 3)]


def test_cancelled_work_hears_it_at_once_and_calls_nobody_back(qtbot: QtBot, pool: Pool) -> None:
    began, ended, heard = threading.Event(), threading.Event(), []

    def work(ctx: Context) -> None:
        began.set()
        try:
            ctx.wait(30)
        finally:
            ended.set()

    running = pool.run(work, done=heard.append, failed=heard.append)
    assert began.wait(5)
    running.cancel()
    assert ended.wait(5)
    marker: list[int] = []
    pool.run(lambda _ctx: 1, done=marker.append)
    qtbot.waitUntil(lambda: marker == [1])
    assert heard == []


def test_no_callback_reaches_an_owner_that_is_gone(qtbot: QtBot, pool: Pool) -> None:
    owner, go, heard = QObject(), threading.Event(), []
    pool.run(lambda _ctx: go.wait(5), done=heard.append, owner=owner)
    owner.deleteLater()
    qtbot.waitSignal(owner.destroyed).wait()
    go.set()
    marker: list[int] = []
    pool.run(lambda _ctx: 1, done=marker.append)
    qtbot.waitUntil(lambda: marker == [1])
    assert heard == []


def test_closing_cancels_what_runs_and_waits_for_it(qtbot: QtBot) -> None:
    pool, began = Pool(1), threading.Event()

    def work(ctx: Context) -> None:
        began.set()
        ctx.wait(60)

    pool.run(work)
    assert began.wait(5)
    assert pool.close(5)


def test_what_is_kept_is_written_in_order_although_its_owner_and_the_program_go_before_it(
    qtbot: QtBot,
) -> None:
    queries, owner, gate, written = Queries(threads=1), QObject(), threading.Event(), list[int]()
    queries.keep(lambda _ctx: gate.wait(10), lambda _: None, lambda _: None, owner=owner)
    for number in (1, 2, 3):
        queries.keep(
            lambda _ctx, number=number: written.append(number), lambda _: None, lambda _: None, owner=owner
        )
    with qtbot.waitSignal(owner.destroyed):
        owner.deleteLater()
    assert written == []
    gate.set()
    queries.close()
    assert written == [1, 2, 3]


def test_what_is_asked_is_called_off_with_its_owner(qtbot: QtBot) -> None:
    queries, owner, gate, ran = Queries(threads=1), QObject(), threading.Event(), list[int]()
    queries.ask(lambda _ctx: gate.wait(10), lambda _: None, owner=queries)
    queries.ask(lambda _ctx: ran.append(1), lambda _: None, owner=owner)
    with qtbot.waitSignal(owner.destroyed):
        owner.deleteLater()
    gate.set()
    queries.close()
    assert ran == []
