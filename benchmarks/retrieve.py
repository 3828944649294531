"""Figure 1b: retrieving a CT by C-GET from a stock Orthanc, against DCMTK's getscu from the same one, in one run.

    python -m benchmarks.retrieve [COUNT]

Bar: at least 50 × as fast as `getscu` with its defaults, SHA-256 and fsync of every file included (the folder is on
a RAM disk). Also said: the same with the C-FIND before and after that make sure that all has come, the ratio to
`getscu` with Nagle's algorithm off at both ends, and the library's own way of receiving.
"""

from __future__ import annotations

import functools
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.figure import say
from benchmarks.send import with_us as store
from benchmarks.synthetic import ct_slices, ram_folder
from iep_desktop.core.model import Node
from iep_desktop.core.queries import PacsInstance
from iep_desktop.dicom.retrieve import Wanted, retrieve
from iep_desktop.dicom.scu import find_instances, find_studies
from tests.peers import run_orthanc

BAR = 50.0


def with_us(
    node: Node, held: Sequence[PacsInstance], folder: Path, *, checked: bool = False, direct: bool = True
) -> None:
    """`checked`: asked before and after what the node holds."""
    result = retrieve(
        node,
        Wanted(held[0].study_uid),
        folder,
        lambda received: None,
        listed=None if checked else held,
        recheck=checked,
        direct=direct,
    )
    if not result.complete:
        raise RuntimeError(f"{len(result.missing)} images did not come")


def with_getscu(node: Node, study_uid: str, folder: Path, *, nagle: bool) -> None:
    program = shutil.which("getscu")
    if program is None:
        raise RuntimeError("getscu (DCMTK) is not installed")
    env = dict(os.environ) if nagle else dict(os.environ, TCP_NODELAY="1")
    what = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study_uid}"]
    target = ["-aec", node.ae_title, "-aet", node.calling_ae, node.host, str(node.port)]
    subprocess.run(
        [program, *what, "-od", str(folder), *target], env=env, check=True, stdin=subprocess.DEVNULL
    )


def timed(folder: Path, count: int, get: Callable[[], None], times: int) -> float:
    """The median of several runs, each into an empty folder."""
    taken = []
    for _ in range(times):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        start = time.perf_counter()
        get()
        taken.append(time.perf_counter() - start)
        came = len(list(folder.iterdir()))
        if came != count:
            raise RuntimeError(f"{came} of {count} images came")
    return statistics.median(taken)


def main(count: int = 400) -> int:
    with ram_folder() as folder:
        paths, into = ct_slices(folder / "ct", count), folder / "into"
        with run_orthanc(folder / "stock") as stock:
            store(stock.node, paths)
            (study,) = find_studies(stock.node)
            held = find_instances(stock.node, study.study_uid)
            ours = timed(into, count, lambda: with_us(stock.node, held, into), 5)
            checked = timed(into, count, lambda: with_us(stock.node, held, into, checked=True), 3)
            plain = timed(into, count, lambda: with_us(stock.node, held, into, direct=False), 1)
            default = timed(
                into, count, lambda: with_getscu(stock.node, study.study_uid, into, nagle=True), 1
            )
        with run_orthanc(folder / "no-nagle", nagle=False) as fast:
            store(fast.node, paths)
            quick: list[float] = []
            theirs: list[float] = []
            for _ in range(5):  # by turns, so that whatever else the machine does meets both
                quick.append(timed(into, count, lambda: with_us(fast.node, held, into), 1))
                get = functools.partial(with_getscu, fast.node, study.study_uid, into, nagle=False)
                theirs.append(timed(into, count, get, 1))
        ours_fast, best = statistics.median(quick), statistics.median(theirs)
    met = say(
        f"1b C-GET, {count} CT, against getscu defaults from stock Orthanc",
        ours=f"{ours:.2f} s, {count / ours:.0f}/s",
        theirs=f"{default:.2f} s",
        ratio=default / ours,
        wanted=f">= {BAR:g}",
        met=default / ours >= BAR,
    )
    say(
        "1b the same with C-FIND before and after (for information)",
        ours=f"{checked:.2f} s",
        theirs=f"{default:.2f} s",
        ratio=default / checked,
        wanted="-",
        met=True,
    )
    say(
        "1b the same by the library's own way (for information)",
        ours=f"{plain:.2f} s",
        theirs=f"{default:.2f} s",
        ratio=default / plain,
        wanted="-",
        met=True,
    )
    say(
        "1b the same against getscu with Nagle off at both ends (for information)",
        ours=f"{ours_fast:.2f} s",
        theirs=f"{best:.2f} s",
        ratio=best / ours_fast,
        wanted="-",
        met=True,
    )
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 400))
