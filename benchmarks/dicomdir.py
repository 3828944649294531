"""Figure 3: a DICOMDIR of 10,000 instances → the complete tree, against DCMTK's dcmdump of the same file.

    python -m benchmarks.dicomdir [COUNT]

Bars: the tree within 3 × dcmdump's time; the first patient within 0.3 s; at most 100 MB more memory. Also said: how
many files a second are then checked against it, by their heads.
"""

from __future__ import annotations

import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.figure import note, say
from benchmarks.synthetic import ram_folder
from iep_desktop.dicom.media import open_medium, read
from tests.fakes.disc_builder import Disc, Patient, Series, Study, build_disc

SERIES = 400  # instances each, as in a large CT
TIMES = 5
BAR, FIRST, MEMORY = 3.0, 0.3, 100.0


def make_disc(folder: Path, count: int) -> Disc:
    """A disc of `count` tiny images of one patient."""
    series = tuple(
        Series("CT", min(SERIES, count - start), number=start) for start in range(0, count, SERIES)
    )
    return build_disc(folder, Patient(studies=(Study(series=series),)), pixels=2, pdi=False)


def dcmdump(path: Path) -> float:
    program = shutil.which("dcmdump")
    if program is None:
        raise RuntimeError("dcmdump (DCMTK) is not installed")
    start = time.perf_counter()
    subprocess.run([program, str(path)], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def to_tree(root: Path, count: int) -> tuple[float, float]:
    """Seconds until the first patient is shown, and until all instances are."""
    start, first = time.perf_counter(), 0.0
    for step in read(open_medium(root)):
        first = first or (time.perf_counter() - start if step.contents.patients else 0.0)
        if step.contents.instances == count:
            return first, time.perf_counter() - start
    raise RuntimeError("the tree is not complete")


def to_end(root: Path) -> float:
    start = time.perf_counter()
    *_, last = read(open_medium(root))
    if last.contents.findings:
        raise RuntimeError(f"unexpected: {last.contents.findings[0]}")
    return time.perf_counter() - start


def megabytes() -> float:
    """Peak memory of this process so far. On Linux without what the process before the exec had."""
    status = Path("/proc/self/status")
    if status.is_file():
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) / 1024  # type: ignore[index]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_own_process(root: Path, count: int) -> tuple[float, float, float]:
    """First patient, tree (seconds), memory growth (MB) of a fresh process."""
    command = [sys.executable, "-m", "benchmarks.dicomdir", "--read", str(root), str(count)]
    first, tree, memory = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(first), float(tree), float(memory)


def measure(count: int) -> bool:
    with ram_folder() as folder:
        note(f"making a disc of {count} images")
        disc = make_disc(folder, count)
        theirs, ours = [], []
        for _ in range(TIMES):  # in turn, so that both meet the same neighbours
            theirs.append(dcmdump(disc.dicomdir))
            ours.append(in_own_process(folder, count))
        first, tree, memory = (statistics.median(column) for column in zip(*ours, strict=True))
        dump, rate = statistics.median(theirs), count / to_end(folder)
    return say(
        "3",
        ours=f"tree {tree:.2f} s, first patient {first:.2f} s, {memory:.0f} MB; then {rate:,.0f} files/s checked",
        theirs=f"dcmdump {dump:.2f} s",
        ratio=round(tree / dump, 2),
        wanted=f"≤ {BAR:g} × dcmdump, ≤ {FIRST:g} s, ≤ {MEMORY:g} MB",
        met=tree <= BAR * dump and first <= FIRST and memory <= MEMORY,
    )


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--read"]:
        before = megabytes()
        print(*to_tree(Path(arguments[1]), int(arguments[2])), megabytes() - before)
        return 0
    return 0 if measure(int(arguments[0]) if arguments else 10_000) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
