"""Figure 1: sending a CT over one association, against DCMTK's storescu into the same Orthanc, in one run.

    python -m benchmarks.send [COUNT]

Bar: at least 8 × as fast as `storescu` with its defaults into a stock Orthanc. Also said: the ratio to
`storescu` with Nagle's algorithm off at both ends, the best that DCMTK does.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.figure import say
from benchmarks.synthetic import ct_slices, ram_folder
from iep_desktop.core.model import Node
from iep_desktop.dicom.scu import open_store, read_pair
from tests.peers import Orthanc, run_orthanc

BAR = 8.0


def with_us(node: Node, paths: list[Path]) -> None:
    with open_store(node, {read_pair(paths[0])}) as session:
        for path in paths:
            if not session.store(path).stored:
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
    taken = []
    for _ in range(times):
        peer.clear()
        start = time.perf_counter()
        send()
        taken.append(time.perf_counter() - start)
        stored = len(peer.rest("/instances"))
        if stored != count:
            raise RuntimeError(f"{stored} of {count} images arrived")
    return statistics.median(taken)


def main(count: int = 400) -> int:
    with ram_folder() as folder:
        paths = ct_slices(folder / "ct", count)
        with run_orthanc(folder / "stock") as stock:
            ours = timed(stock, count, lambda: with_us(stock.node, paths), 3)
            default = timed(stock, count, lambda: with_storescu(stock.node, paths, nagle=True), 1)
        with run_orthanc(folder / "no-nagle", nagle=False) as fast:
            ours_fast = timed(fast, count, lambda: with_us(fast.node, paths), 3)
            best = timed(fast, count, lambda: with_storescu(fast.node, paths, nagle=False), 3)
    ratio, to_best = default / ours, best / ours_fast
    say(
        f"1 send, {count} CT, against storescu defaults into stock Orthanc",
        ours=f"{ours:.2f} s, {count / ours:.0f}/s",
        theirs=f"{default:.2f} s",
        ratio=ratio,
        wanted=f">= {BAR:g}",
        met=ratio >= BAR,
    )
    say(
        "1 the same against storescu with Nagle off at both ends (for information)",
        ours=f"{ours_fast:.2f} s",
        theirs=f"{best:.2f} s",
        ratio=to_best,
        wanted="-",
        met=True,
    )
    return 0 if ratio >= BAR else 1


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 400))
