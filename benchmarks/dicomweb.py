"""Figure 1e: sending a CT by STOW-RS against one fast C-STORE association, into the same Orthanc in one run.

    python -m benchmarks.dicomweb [COUNT]

Bar on loopback: at least 0.9 × as fast. Orthanc runs without Nagle's algorithm, which favours C-STORE.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.figure import say
from benchmarks.send import timed, with_us
from benchmarks.synthetic import ct_slices, ram_folder
from iep_desktop.core.model import Node
from iep_desktop.dicom.web.storing import AT_ONCE, open_store
from tests.peers import run_dicomweb

BAR = 0.9


def by_web(node: Node, paths: list[Path]) -> None:
    with open_store(node) as session:
        for at in range(0, len(paths), AT_ONCE):
            if not all(outcome.stored for outcome in session.store_many(paths[at : at + AT_ONCE])):
                raise RuntimeError("the peer did not store an image")


def main(count: int = 400) -> int:
    with ram_folder() as folder:
        paths = ct_slices(folder / "ct", count)
        with run_dicomweb(folder / "orthanc", nagle=False) as peer:
            web = peer.web_node
            assert web is not None
            dimse = timed(peer, count, lambda: with_us(peer.node, paths), 5)
            ours = timed(peer, count, lambda: by_web(web, paths), 5)
    ratio = dimse / ours
    met = say(
        f"1e STOW-RS, {count} CT, {AT_ONCE} a request, against one fast association",
        ours=f"{ours:.2f} s, {count / ours:.0f}/s",
        theirs=f"{dimse:.2f} s, {count / dimse:.0f}/s",
        ratio=ratio,
        wanted=f">= {BAR:g}",
        met=ratio >= BAR,
    )
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 400))
