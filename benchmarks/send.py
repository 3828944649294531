"""Figures 1a and 1d: sending a CT as the product does, against DCMTK's storescu, both sides in one run.

    python -m benchmarks.send [COUNT]

1a into the same Orthanc: one association at least 20 × as fast as `storescu` with its defaults into a stock one, 8 ×
by the library's own way, and 0.9 × as fast as `storescu` with Nagle's algorithm off at both ends, the best that DCMTK
does; four together 1.2 × that.
1d over a line of 15 ms each way: eight associations at least 6 × one.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from benchmarks.delay_line import delay_line
from benchmarks.figure import note, say
from benchmarks.synthetic import ct_slices, ram_folder
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.core.transaction import Instance
from iep_desktop.dicom.scu import StoreSession, open_store
from iep_desktop.dicom.sendfile import read_ahead, send_file
from iep_desktop.workers.associations import Associations
from iep_desktop.workers.feed import Feed, Prepared
from iep_desktop.workers.lanes import Lanes, Load
from iep_desktop.workers.sending import AHEAD, READ_AHEAD
from tests.peers import Orthanc, run_orthanc

DEFAULTS_BAR, LIBRARY_BAR, BEST_BAR, FOUR_BAR, FAR_BAR = 20.0, 8.0, 0.9, 1.2, 6.0
DISTANCE = 0.015
"""Seconds each way."""
ROUNDS = 3


def with_us(node: Node, paths: list[Path], associations: int = 1, *, direct: bool = True) -> None:
    """As a transaction is sent, without its ledger; without `direct` by the library's own C-STORE."""
    node = replace(node, associations=associations)
    pairs = [send_file(paths[0]).pair]
    by_uid = {str(number): path for number, path in enumerate(paths)}
    instances = [Instance(uid, "", "", "", "") for uid in by_uid]

    def prepare(instance: Instance) -> Prepared:
        return Prepared(instance, read_ahead(send_file(by_uid[instance.sop_instance_uid]), READ_AHEAD))

    def open_session(ctx: Context, measured: bool) -> AbstractContextManager[StoreSession]:
        return open_store(node, pairs, ctx, measured=measured, direct=direct)

    load = Load(node, len(paths), paths[0].stat().st_size)
    with Feed(instances, prepare, AHEAD + associations) as feed:
        lanes = Lanes(load, feed, open_session, Associations(), lambda _: None, Context())
        if not all(outcome is not None and outcome.stored for _, outcome in lanes.outcomes()):
            raise RuntimeError("the peer did not store an image")


def with_storescu(node: Node, paths: list[Path], *, nagle: bool) -> None:
    program = shutil.which("storescu")
    if program is None:
        raise RuntimeError("storescu (DCMTK) is not installed")
    env = dict(os.environ) if nagle else dict(os.environ, TCP_NODELAY="1")
    target = ["-aec", node.ae_title, "-aet", node.calling_ae, node.host, str(node.port)]
    subprocess.run(
        [program, "+sd", *target, str(paths[0].parent)], env=env, check=True, stdin=subprocess.DEVNULL
    )


def timed(peer: Orthanc, count: int, send: Callable[[], None], times: int) -> float:
    """The median of several runs, each into an empty archive."""
    return medians(peer, count, {"": send}, times)[""]


def medians(
    peer: Orthanc, count: int, ways: Mapping[str, Callable[[], None]], times: int
) -> dict[str, float]:
    """Of each way in seconds; they take turns, so that what slows the machine down slows all."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(times):
        for name, send in ways.items():
            peer.clear()
            start = time.perf_counter()
            send()
            taken[name].append(time.perf_counter() - start)
            stored = len(peer.rest("/instances"))
            if stored != count:
                raise RuntimeError(f"{stored} of {count} images arrived")
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def near(folder: Path, paths: list[Path]) -> bool:
    count = len(paths)
    with run_orthanc(folder / "stock") as stock:
        ours = timed(stock, count, lambda: with_us(stock.node, paths), ROUNDS)
        library = timed(stock, count, lambda: with_us(stock.node, paths, direct=False), ROUNDS)
        default = timed(stock, count, lambda: with_storescu(stock.node, paths, nagle=True), 1)
    with run_orthanc(folder / "no-nagle", nagle=False) as fast:
        ways = {
            "one": lambda: with_us(fast.node, paths),
            "four": lambda: with_us(fast.node, paths, 4),
            "best": lambda: with_storescu(fast.node, paths, nagle=False),
        }
        took = medians(fast, count, ways, ROUNDS)
    best = took["best"]
    note(f"storescu with Nagle off at both ends is {default / best:.1f} x as fast as with its defaults here")
    against = f"{count} CT, against storescu with Nagle off at both ends"
    first = f"1a send, {count} CT, against storescu defaults into stock Orthanc"
    met = _say(first, count, ours, default, DEFAULTS_BAR)
    met &= _say(
        f"1a by the library's own way, {count} CT, against the same", count, library, default, LIBRARY_BAR
    )
    met &= _say(f"1a one association, {against}", count, took["one"], best, BEST_BAR)
    return met & _say(f"1a four associations, {against}", count, took["four"], best, FOUR_BAR)


def far(folder: Path, paths: list[Path]) -> bool:
    """One association sends fewer: each image takes a whole way there and back."""
    few = paths[: max(len(paths) // 4, 1)]
    with (
        run_orthanc(folder / "far", nagle=False) as peer,
        delay_line(peer.node.host, peer.node.port, DISTANCE) as port,
    ):
        node = replace(peer.node, port=port)
        one = timed(peer, len(few), lambda: with_us(node, few), ROUNDS) / len(few)
        eight = timed(peer, len(paths), lambda: with_us(node, paths, 8), ROUNDS) / len(paths)
    return say(
        f"1d eight associations over 15 ms each way, {len(paths)} CT, against one",
        ours=f"{1 / eight:.0f}/s",
        theirs=f"{1 / one:.0f}/s",
        ratio=one / eight,
        wanted=f">= {FAR_BAR:g}",
        met=one / eight >= FAR_BAR,
    )


def _say(figure: str, count: int, ours: float, theirs: float, bar: float) -> bool:
    return say(
        figure,
        ours=f"{ours:.2f} s, {count / ours:.0f}/s",
        theirs=f"{theirs:.2f} s",
        ratio=theirs / ours,
        wanted=f">= {bar:g}",
        met=theirs / ours >= bar,
    )


def main(count: int = 400) -> int:
    with ram_folder() as folder:
        paths = ct_slices(folder / "ct", count)
        met = near(folder, paths)
        met &= far(folder, paths)
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 400))
