"""What is made ready ahead: in order, no further than told, and nothing stays lying about."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from iep_desktop.core.errors import OutOfSpace
from iep_desktop.core.transaction import Instance
from iep_desktop.dicom.contexts import Pair
from iep_desktop.dicom.sendfile import SendFile
from iep_desktop.workers.feed import Feed, Prepared
from tests.store.samples import images

AHEAD = 3


class Preparing:
    """Writes a file for each, as for a deflated data set."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.begun = threading.Semaphore(0)
        self.count = 0

    def __call__(self, instance: Instance) -> Prepared:
        self.count += 1
        path = self._folder / f"{instance.sop_instance_uid}.coerced"
        path.write_bytes(b"DICM")
        self.begun.release()
        return Prepared(instance, SendFile(path, Pair("", ""), "", 0), temporary=True)


def _uids(group: object) -> list[str]:
    assert isinstance(group, list)
    return [item.instance.sop_instance_uid for item in group]


def test_instances_come_in_order_as_many_as_are_asked_for(tmp_path: Path) -> None:
    given = images(5)
    with Feed(given, Preparing(tmp_path), AHEAD) as feed:
        groups = [_uids(feed.take(2)) for _ in range(4)]
    uids = [instance.sop_instance_uid for instance in given]
    assert groups == [uids[:2], uids[2:4], uids[4:], []]


def test_no_more_is_made_ready_than_told(tmp_path: Path) -> None:
    preparing = Preparing(tmp_path)
    with Feed(images(20), preparing, AHEAD) as feed:
        feed.take(1)
        for _ in range(1 + AHEAD):
            assert preparing.begun.acquire(timeout=10)
    assert preparing.count == 1 + AHEAD


def test_nothing_that_was_made_ready_stays_behind(tmp_path: Path) -> None:
    with Feed(images(10), Preparing(tmp_path), AHEAD) as feed:
        feed.done(feed.take(2))
        feed.give_back(feed.take(1))
    assert list(tmp_path.iterdir()) == []


def test_what_one_gives_back_goes_to_who_waits_to_the_last(tmp_path: Path) -> None:
    with Feed(images(1), Preparing(tmp_path), AHEAD) as feed, ThreadPoolExecutor(1) as pool:
        group = feed.take(1)
        assert feed.take(1) == []
        waiting = pool.submit(lambda: feed.take(1, to_the_last=True))
        feed.give_back(group)
        assert _uids(waiting.result(10)) == _uids(group)


def test_who_waits_to_the_last_goes_when_all_is_done_or_over(tmp_path: Path) -> None:
    with Feed(images(2), Preparing(tmp_path), AHEAD) as feed, ThreadPoolExecutor(1) as pool:
        first, second = feed.take(1), feed.take(1)
        waiting = pool.submit(lambda: feed.take(1, to_the_last=True))
        feed.done(first)
        feed.done(second)
        assert waiting.result(10) == []
        feed.end()
        assert feed.take(1) == []


def test_what_goes_wrong_with_the_preparing_is_said_to_who_takes_it() -> None:
    def fails(instance: Instance) -> Prepared:
        raise OutOfSpace("The disk is full")

    with Feed(images(2), fails, AHEAD) as feed, pytest.raises(OutOfSpace):
        feed.take(1)
