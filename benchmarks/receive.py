"""Figure 1c: our Storage SCP against DCMTK's storescp, the same storescu sending a CT to both, in one run.

    python -m benchmarks.receive [COUNT]

Bar: at least 0.8 × as fast as `storescp` with Nagle's algorithm off at both ends, with our fsync switched off, as
storescp has none. Our SHA-256 of every file is in it. Also said: what durability costs on this machine's disk, with
one sender and with four at once.
"""

from __future__ import annotations

import contextlib
import functools
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
RUNS = 9


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


def timed(folder: Path, count: int, send: Callable[[], None]) -> float:
    """One run, into an empty folder."""
    for path in folder.glob("*"):
        path.unlink()
    start = time.perf_counter()
    send()
    taken = time.perf_counter() - start
    came = len(list(folder.iterdir()))
    if came != count:
        raise RuntimeError(f"{came} of {count} images came")
    return taken


def all_at_once(node: Node, folders: list[Path]) -> None:
    with ThreadPoolExecutor(len(folders)) as pool:
        list(pool.map(lambda f: with_storescu(node, [f / "x"], nagle=False), folders))


def durability(paths: list[Path], senders: int, times: int) -> None:
    """Fsync and rename of every file and folder, on the disk of the temporary folder."""
    folders = [paths[0].parent / f"sender{n}" for n in range(senders)]
    for n, folder in enumerate(folders):
        folder.mkdir()
        for path in paths[n::senders]:
            (folder / path.name).symlink_to(path)
    seconds: dict[bool, list[float]] = {False: [], True: []}
    with tempfile.TemporaryDirectory(prefix="iep-bench-") as name:
        for durable in (False, True) * times:
            with listening(Path(name), durable=durable) as node:
                send = functools.partial(all_at_once, node, folders)
                seconds[durable].append(timed(Path(name), len(paths), send))
    safe, quick = statistics.median(seconds[True]), statistics.median(seconds[False])
    for folder in folders:
        shutil.rmtree(folder)
    cost = (safe - quick) / len(paths) * 1000
    say(
        f"1c on disk with fsync, {senders} at once: {cost:.1f} ms an image (for information)",
        ours=f"{safe:.2f} s",
        theirs=f"{quick:.2f} s without",
        ratio=quick / safe,
        wanted="-",
        met=True,
    )


def main(count: int = 400, runs: int = RUNS) -> int:
    with ram_folder() as folder:
        paths, inbox = ct_slices(folder / "ct", count), folder / "inbox"
        inbox.mkdir()
        ours: list[float] = []
        theirs: list[float] = []
        with (
            listening(inbox, durable=False) as node,
            run_storescp(folder / "storescp", nagle=False) as peer,
        ):
            to_us = functools.partial(with_storescu, node, paths, nagle=False)
            to_them = functools.partial(with_storescu, peer.node, paths, nagle=False)
            for _ in range(runs):  # by turns, so that whatever else the machine does meets both
                ours.append(timed(inbox, count, to_us))
                theirs.append(timed(peer.storage, count, to_them))
        us, best = statistics.median(ours), statistics.median(theirs)
        with listening(inbox, durable=False, direct=False) as node:
            plain = timed(inbox, count, lambda: with_storescu(node, paths, nagle=False))
        with run_storescp(folder / "stock", nagle=True) as peer:
            default = timed(peer.storage, count, lambda: with_storescu(peer.node, paths, nagle=True))
        met = say(
            f"1c Storage SCP, {count} CT, against storescp with Nagle off at both ends, fsync off",
            ours=f"{us:.3f} s, {count / us:.0f}/s",
            theirs=f"{best:.3f} s",
            ratio=best / us,
            wanted=f">= {BAR:g}",
            met=best / us >= BAR,
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
            durability(paths, senders, max(1, runs // 3))
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 400))
