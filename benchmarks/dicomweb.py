"""Figure 1e: sending a CT by STOW-RS against one fast C-STORE association, into the same Orthanc in one run.

    python -m benchmarks.dicomweb [COUNT]

Bars: on loopback at least 0.9 × as fast; over a line with 15 ms each way at least 3 ×, where STOW-RS sends several
requests at once by itself. Orthanc runs without Nagle's algorithm, which favours C-STORE.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.delay_line import delay_line
from benchmarks.figure import say
from benchmarks.send import timed, with_us
from benchmarks.synthetic import ct_slices, ram_folder
from iep_desktop.core.model import Node
from iep_desktop.dicom.web.storing import AT_ONCE, open_store
from tests.peers import Orthanc, run_dicomweb

BAR, FAR_BAR = 0.9, 3.0
FAR = 0.015  # seconds each way


def by_web(node: Node, paths: list[Path]) -> None:
    with open_store(node) as session:
        for at in range(0, len(paths), AT_ONCE):
            if not all(outcome.stored for outcome in session.store_many(paths[at : at + AT_ONCE])):
                raise RuntimeError("the peer did not store an image")


@contextmanager
def far_nodes(peer: Orthanc) -> Iterator[tuple[Node, Node]]:
    """The same archive behind the line, by DIMSE and by DICOMweb."""
    assert peer.web_node is not None
    with (
        delay_line("127.0.0.1", peer.node.port, FAR) as dimse,
        delay_line("127.0.0.1", peer.http_port, FAR) as web,
    ):
        yield (
            replace(peer.node, host="127.0.0.1", port=dimse),
            replace(peer.web_node, dicomweb=f"http://127.0.0.1:{web}/dicom-web"),
        )


def by_turns(peer: Orthanc, dimse: Node, web: Node, paths: list[Path], times: int) -> tuple[float, float]:
    """The medians of both, in seconds, so that whatever else the machine does meets both."""
    count = len(paths)
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(times):
        theirs.append(timed(peer, count, lambda: with_us(dimse, paths), 1))
        ours.append(timed(peer, count, lambda: by_web(web, paths), 1))
    return statistics.median(ours), statistics.median(theirs)


def _say(where: str, count: int, ours: float, theirs: float, bar: float) -> bool:
    return say(
        f"1e STOW-RS, {count} CT, {where}, against one fast association",
        ours=f"{ours:.2f} s, {count / ours:.0f}/s",
        theirs=f"{theirs:.2f} s, {count / theirs:.0f}/s",
        ratio=theirs / ours,
        wanted=f">= {bar:g}",
        met=theirs / ours >= bar,
    )


def main(count: int = 400, times: int = 5) -> int:
    with ram_folder() as folder:
        paths = ct_slices(folder / "ct", count)
        with run_dicomweb(folder / "orthanc", nagle=False) as peer:
            assert peer.web_node is not None
            near = by_turns(peer, peer.node, peer.web_node, paths, times)
            with far_nodes(peer) as (dimse, web):
                far = by_turns(peer, dimse, web, paths, 1)
    met = [
        _say("loopback", count, *near, BAR),
        _say(f"a line with {FAR * 1000:g} ms each way", count, *far, FAR_BAR),
    ]
    return 0 if all(met) else 1


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 400))
