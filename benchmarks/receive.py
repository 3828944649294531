"""Figure 1c: our Storage SCP against DCMTK's storescp, the same storescu sending a CT to both, in one run.

    python -m benchmarks.receive [COUNT]

Bar: at least 0.8 × as fast as `storescp` with Nagle's algorithm off at both ends, with our fsync switched off, as
storescp has none. Our SHA-256 of every file is in it. Also said: what durability costs on this machine's disk, with
one sender and with four at once.
"""

from __future__ import annotations

import contextlib
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.figure import say
from benchmarks.send import with_storescu
from benchmarks.synthetic import ct_slices, ram_folder
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.dicom import disk
from iep_desktop.dicom.storage_scp import Caller, ListenerSettings, StorageListener
from tests.peers import CALLING_AE, run_storescp

BAR = 0.8


@contextmanager
def listening(inbox: Path, *, durable: bool, direct: bool = True) -> Iterator[Node]:
    """Our listener as a node; not `durable`: without fsync."""
    settings = ListenerSettings("IEPSTORE", 0, "127.0.0.1", callers=(Caller(CALLING_AE, "127.0.0.1"),))
    switched_off = contextlib.nullcontext() if durable else mock.patch.multiple(disk, **_no_fsync())
    with switched_off:
        listener = StorageListener(
            settings, inbox, lambda head, calling: inbox, lambda received: None, direct=direct
        )
        with listener:
            yield Node(
                "Listener", NodeRole.GATEWAY, "RWE", "IEPSTORE", "127.0.0.1", listener.port, CALLING_AE
            )


def _no_fsync() -> dict[str, Any]:
    return {"sync": lambda out: out.flush(), "sync_folder": lambda path: None}


def timed(folder: Path, count: int, send: Callable[[], None], times: int) -> float:
    """The median of several runs, each into an empty folder."""
    taken = []
    for _ in range(times):
        for path in folder.glob("*"):
            path.unlink()
        start = time.perf_counter()
        send()
        taken.append(time.perf_counter() - start)
        came = len(list(folder.iterdir()))
        if came != count:
            raise RuntimeError(f"{came} of {count} images came")
    return statistics.median(taken)


def four_at_once(node: Node, folders: list[Path]) -> None:
    with ThreadPoolExecutor(len(folders)) as pool:
        list(pool.map(lambda f: with_storescu(node, [f / "x"], nagle=False), folders))


def durability(paths: list[Path], senders: int) -> None:
    """Fsync and rename of every file and folder, on the disk of the temporary folder."""
    folders = [paths[0].parent / f"sender{n}" for n in range(senders)]
    for n, folder in enumerate(folders):
        folder.mkdir()
        for path in paths[n::senders]:
            (folder / path.name).symlink_to(path)
    with tempfile.TemporaryDirectory(prefix="iep-bench-") as name:
        inbox, seconds = Path(name), {}
        for durable in (False, True):
            with listening(inbox, durable=durable) as node:
                seconds[durable] = timed(inbox, len(paths), lambda n=node: four_at_once(n, folders), 3)  # type: ignore[misc]
    for folder in folders:
        shutil.rmtree(folder)
    cost = (seconds[True] - seconds[False]) / len(paths) * 1000
    say(
        f"1c on disk with fsync, {senders} at once: {cost:.1f} ms an image (for information)",
        ours=f"{seconds[True]:.2f} s",
        theirs=f"{seconds[False]:.2f} s without",
        ratio=seconds[False] / seconds[True],
        wanted="-",
        met=True,
    )


def main(count: int = 400) -> int:
    with ram_folder() as folder:
        paths, inbox = ct_slices(folder / "ct", count), folder / "inbox"
        inbox.mkdir()
        with listening(inbox, durable=False) as node:
            ours = timed(inbox, count, lambda: with_storescu(node, paths, nagle=False), 7)
        with listening(inbox, durable=False, direct=False) as node:
            plain = timed(inbox, count, lambda: with_storescu(node, paths, nagle=False), 1)
        with run_storescp(folder / "storescp", nagle=False) as peer:
            best = timed(peer.storage, count, lambda: with_storescu(peer.node, paths, nagle=False), 7)
        with run_storescp(folder / "stock", nagle=True) as peer:
            default = timed(peer.storage, count, lambda: with_storescu(peer.node, paths, nagle=True), 1)
        met = say(
            f"1c Storage SCP, {count} CT, against storescp with Nagle off at both ends, fsync off",
            ours=f"{ours:.3f} s, {count / ours:.0f}/s",
            theirs=f"{best:.3f} s",
            ratio=best / ours,
            wanted=f">= {BAR:g}",
            met=best / ours >= BAR,
        )
        say(
            "1c the same by the library's own way, against storescp defaults (for information)",
            ours=f"{plain:.2f} s",
            theirs=f"{default:.2f} s",
            ratio=default / plain,
            wanted="-",
            met=True,
        )
        for senders in (1, 4):
            durability(paths, senders)
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 400))
