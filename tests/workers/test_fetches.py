"""How many transactions fetch from one node at once, and who need not wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from iep_desktop.core.errors import Cancelled
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node, NodeRole, Priority
from iep_desktop.dicom.harvest import Retrieved
from iep_desktop.dicom.retrieve import Wanted
from iep_desktop.dicom.spool import Spool
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.upgrade import open_ledger
from iep_desktop.workers.fetches import AT_ONCE, Fetches
from iep_desktop.workers.retrieving import Retrieving
from tests.store.samples import US, images, transfer

PACS = Node("PACS", NodeRole.PACS, "RWE", "PACS", "127.0.0.1", 11112)
GATEWAY = replace(PACS, name="GATE", role=NodeRole.GATEWAY)


@pytest.fixture
def fetches() -> Fetches:
    return Fetches()


@pytest.fixture
def full(fetches: Fetches) -> Iterator[ExitStack]:
    """As many as may fetch from PACS do; closing the stack ends them."""
    with ExitStack() as stack:
        for _ in range(AT_ONCE):
            stack.enter_context(fetches.place(PACS, Context(), urgent=False))
        yield stack


def _waiter(
    fetches: Fetches, ctx: Context, came: threading.Event, ended: list[BaseException]
) -> threading.Thread:
    def fetch() -> None:
        try:
            with fetches.place(PACS, ctx, urgent=False):
                came.set()
        except Cancelled as error:
            ended.append(error)

    thread = threading.Thread(target=fetch)
    thread.start()
    return thread


def test_the_next_one_waits_until_a_place_is_free(fetches: Fetches, full: ExitStack) -> None:
    came = threading.Event()
    waiter = _waiter(fetches, Context(), came, [])
    assert not came.wait(0.3)
    full.close()
    waiter.join(5)
    assert came.is_set()


def test_one_that_waits_can_be_cancelled_and_takes_no_place(fetches: Fetches, full: ExitStack) -> None:
    ctx, came, ended = Context(), threading.Event(), list[BaseException]()
    waiter = _waiter(fetches, ctx, came, ended)
    ctx.cancel()
    waiter.join(5)
    assert [type(error) for error in ended] == [Cancelled]
    full.close()
    with ExitStack() as again:
        for _ in range(AT_ONCE):
            again.enter_context(fetches.place(PACS, _impatient(), urgent=False))


def test_a_blue_light_waits_for_nobody(fetches: Fetches, full: ExitStack) -> None:
    entered = 0
    with fetches.place(PACS, _impatient(), urgent=True):
        entered += 1
    assert entered == 1


def test_another_node_has_places_of_its_own(fetches: Fetches, full: ExitStack) -> None:
    came = False
    with fetches.place(GATEWAY, _impatient(), urgent=False):
        came = True
    assert came


def test_a_dicomweb_node_is_asked_by_as_many_as_like(fetches: Fetches) -> None:
    web = replace(PACS, dicomweb="https://pacs.example/dicom-web")
    entered = 0
    with ExitStack() as stack:
        for _ in range(AT_ONCE + 2):
            stack.enter_context(fetches.place(web, _impatient(), urgent=False))
            entered += 1
    assert entered == AT_ONCE + 2


@pytest.mark.parametrize("priority", [Priority.NORMAL, Priority.BLUE_LIGHT])
def test_a_transfer_waits_for_its_place_unless_it_is_a_blue_light(
    fetches: Fetches, full: ExitStack, tmp_path: Path, priority: Priority
) -> None:
    asked: list[str] = []

    def retrieve(_node: Node, wanted: Wanted, *_: object) -> Retrieved:
        asked.append(wanted.study_uid)
        return Retrieved()

    ledger = Transactions(open_ledger(f"sqlite:///{tmp_path / 'ledger'}"), US)
    made = ledger.create(transfer(priority=priority))
    retrieving = Retrieving(ledger, Spool(tmp_path / "spool"), lambda *_: (), retrieve, fetches)
    ctx = Context()
    timer = threading.Timer(0.3, ctx.cancel)
    timer.start()
    if priority is Priority.BLUE_LIGHT:
        retrieving.fetch(made, PACS, images(1), ctx)
    else:
        with pytest.raises(Cancelled):
            retrieving.fetch(made, PACS, images(1), ctx)
    timer.cancel()
    assert len(asked) == (1 if priority is Priority.BLUE_LIGHT else 0)


def _impatient() -> Context:
    """Raises Cancelled instead of waiting."""
    ctx = Context()
    ctx.cancel()
    return ctx
