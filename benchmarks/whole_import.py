"""The whole import of a 400-slice CT (copy, hash, coerce, send, verify) against bare `storescu`, in one run.

    python -m benchmarks.whole_import [COUNT]

Bar: at least eight times as fast as `storescu` with its defaults sends it into the same stock Orthanc, with all of our
promises kept. Also said: where the time goes, stage by stage.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks.figure import note, say
from benchmarks.send import timed, with_storescu
from benchmarks.synthetic import ct_slices, ram_folder
from iep_desktop.core.forms import parse_form
from iep_desktop.core.imports import ImportOrder
from iep_desktop.core.job import Context, Progress
from iep_desktop.core.medium import ReadingStep
from iep_desktop.core.transaction import Status
from iep_desktop.workers.imports import all_series
from tests.hospital import Hospital, form
from tests.peers import Orthanc, run_orthanc

BAR = 8.0
FORM = json.dumps(
    form(
        patient__name="BENCHMARK^SYNTHETIC",
        patient__birth_date="1970-01-01",
        exams=[{"date": "2026-01-02", "modality": "CT", "description": "Head"}],
    )
)


class Stages:
    """When each stage of the job was seen first; a stage lasts until the next begins."""

    def __init__(self) -> None:
        self._began: dict[str, float] = {}

    def note(self, stage: str) -> None:
        self._began.setdefault(stage, time.perf_counter())

    def lines(self) -> str:
        names, times = list(self._began), [*self._began.values(), time.perf_counter()]
        spans = (
            f"{name} {after - before:.2f} s"
            for name, before, after in zip(names, times, times[1:], strict=False)
        )
        return ", ".join(spans)


def run_import(hospital: Hospital, disc: Path, count: int) -> str:
    """Read, order and run the import in this process; where the time went."""
    stages = Stages()
    with hospital.desk() as desk:
        job = desk.disc_import  # libraries are loaded before the clock runs
        stages.note("read")

        def step(_: ReadingStep) -> None: ...

        contents = desk.discs.read(str(disc), Context(), step)
        stages.note("order")
        (patient,) = contents.patients
        order = ImportOrder(
            form=parse_form(FORM),
            contents=contents,
            patient=patient,
            series=all_series(patient),
            registered_by="operator",
        )
        transaction = desk.imports.create(order, desk.imports.assess(order, Context()))
        stages.note("copy")

        def heard(progress: Progress) -> None:
            stages.note(progress.stage)

        job.run(transaction.id, Context(heard, interval=0.0))
        done = desk.reading.by_id(transaction.id)
    if done.status is not Status.DELIVERED or done.counts.verified != count:
        raise RuntimeError(f"{done.status.value}: {done.counts}, {done.required}, {done.failure}")
    return stages.lines()


def ours(peer: Orthanc, folder: Path, disc: Path, count: int) -> tuple[float, str]:
    """The median of three imports, each with a new ledger, and the stages of that one."""
    taken = []
    for number in range(3):
        peer.clear()
        hospital = Hospital(folder / f"profile{number}", peer.node)
        start = time.perf_counter()
        stages = run_import(hospital, disc, count)
        taken.append((time.perf_counter() - start, stages))
    return sorted(taken)[1]


def main(count: int = 400) -> int:
    with ram_folder() as folder:
        paths = ct_slices(folder / "ct", count)
        with run_orthanc(folder / "stock") as stock:
            seconds, stages = ours(stock, folder, folder / "ct", count)
            theirs = timed(stock, count, lambda: with_storescu(stock.node, paths, nagle=True), 1)
    note(f"whole import: {stages}")
    ratio = theirs / seconds
    met = say(
        f"whole import of {count} CT, against bare storescu defaults sending it",
        ours=f"{seconds:.2f} s",
        theirs=f"{theirs:.2f} s",
        ratio=ratio,
        wanted=f">= {BAR:g}",
        met=ratio >= BAR,
    )
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 400))
