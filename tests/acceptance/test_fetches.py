"""A stock archive serves four associations at once: while others fetch from it, a question must still be answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from pydicom.uid import generate_uid

from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.core.queries import PacsInstance
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.harvest import Retrieved
from iep_desktop.dicom.retrieve import Wanted, retrieve
from iep_desktop.dicom.scu import find_instances, open_store
from iep_desktop.workers.fetches import AT_ONCE, Fetches
from tests.fakes.fault_proxy import P_DATA, TO_US, Fault, FaultProxy, Harm
from tests.fakes.instances import make_instance
from tests.fakes.ways import way  # noqa: F401 - a fixture
from tests.peers import Orthanc

SOON = Limits(connect=5.0, acse=5.0, dimse=5.0, network=5.0)
PIXELS = 2048
STALLED = Fault(Harm.STALL, TO_US, pdu=P_DATA, after=int(PIXELS * PIXELS * 2 * 1.5))
"""In the middle of the second image, with more to come than all buffers of the line hold."""


def _stored(archive: Orthanc, folder: Path, images: int = 4, pixels: int = PIXELS) -> str:
    study, series = str(generate_uid()), str(generate_uid())
    with open_store(archive.node, (), Context()) as session:
        for number in range(images):
            path = make_instance(
                folder / f"{number}.dcm", pixels=pixels, StudyInstanceUID=study, SeriesInstanceUID=series
            )
            assert session.store(path).stored
    return study


@contextmanager
def _somebody_fetches(
    archive: Orthanc,
    held: Sequence[PacsInstance],
    folder: Path,
    fetches: Fetches,
    begun: threading.Semaphore,
) -> Iterator[None]:
    """Over a line on which no more than an image and a half gets through."""
    ctx = Context()

    def fetch() -> None:
        wanted = Wanted(held[0].study_uid)
        try:
            with fetches.place(line.node, ctx, urgent=False):
                retrieve(line.node, wanted, folder, lambda _: begun.release(), ctx, listed=held)
        except IepError:
            ended.append("broken off")

    ended: list[str] = []
    with FaultProxy(archive.node, STALLED) as line:
        thread = threading.Thread(target=fetch)
        thread.start()
        yield
        ctx.cancel()
    thread.join(30)
    assert ended == ["broken off"]


def test_a_question_is_answered_while_as_many_fetch_as_may(orthanc: Orthanc, tmp_path: Path) -> None:
    held = find_instances(orthanc.node, _stored(orthanc, tmp_path))
    fetches, begun = Fetches(), threading.Semaphore(0)
    with ExitStack() as stack:
        for number in range(AT_ONCE + 2):
            folder = tmp_path / f"fetched{number}"
            stack.enter_context(_somebody_fetches(orthanc, held, folder, fetches, begun))
        for _ in range(AT_ONCE):
            assert begun.acquire(timeout=20)
        assert len(find_instances(orthanc.node, held[0].study_uid, limits=SOON)) == len(held)


PLACES = 4  # of a stock Orthanc
SLOW = Fault(Harm.THROTTLE, TO_US, P_DATA, amount=200_000)  # forty images of 9 KB take two seconds


@pytest.mark.usefixtures("way")
def test_who_is_held_for_a_blue_light_gives_its_place_up_and_goes_on_afterwards(
    orthanc: Orthanc, tmp_path: Path
) -> None:
    held = find_instances(orthanc.node, _stored(orthanc, tmp_path, images=40, pixels=64))
    begun, jobs = threading.Semaphore(0), [Context() for _ in range(PLACES)]

    def fetch(node: Node, ctx: Context, folder: Path) -> Retrieved:
        return retrieve(node, Wanted(held[0].study_uid), folder, lambda _: begun.release(), ctx, listed=held)

    with FaultProxy(orthanc.node, *[SLOW] * PLACES) as line, ThreadPoolExecutor(PLACES) as pool:
        folders = [tmp_path / f"fetched{number}" for number in range(PLACES)]
        fetching = [pool.submit(fetch, line.node, *each) for each in zip(jobs, folders, strict=True)]
        for _ in range(PLACES):
            assert begun.acquire(timeout=20)
        for job in jobs:
            job.hold()
        assert len(find_instances(orthanc.node, held[0].study_uid, limits=SOON)) == len(held)
        assert not any(one.done() for one in fetching)
        for job in jobs:
            job.go_on()
        brought = [one.result(30) for one in fetching]
    assert all(one.complete and not one.duplicates for one in brought)
    assert [len(list(folder.iterdir())) for folder in folders] == [len(held)] * PLACES
