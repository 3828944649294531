"""A whole transfer of a 400-slice CT, PACS to the recipient's gateway, against fetching alone and sending alone.

    python -m benchmarks.transfer [COUNT]

Bar: at least half as fast as the slower of the two, both archives stock Orthancs, with all of our promises kept (the
export gate, SHA-256 and fsync of what is fetched, the ledger, On IEP only by what the gateway shows), all in one run.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

from benchmarks.figure import say
from benchmarks.retrieve import timed as fetched
from benchmarks.retrieve import with_us as fetch
from benchmarks.send import timed as sent
from benchmarks.send import with_us as send
from benchmarks.synthetic import ct_slices, ram_folder
from iep_desktop.core.job import Context
from iep_desktop.dicom.scu import find_instances
from tests.peers import Orthanc
from tests.two_hospitals import IDENTITY, NUMBERS, THEM, US, Party, four_archives, pair_over

BAR = 0.5
ROUNDS = 3


def transferred(us: Party, study_uid: str, count: int) -> float:
    """Seconds that the job of the sender takes."""
    form = us.export_form(THEM)
    code, answer = us.run_process("transfer", "--to", THEM, "--form", form, "--study", study_uid)
    if code:
        raise RuntimeError(f"no transfer was made: {answer}")
    with us.desk() as desk:
        job, made = desk.legs, desk.ledger.transactions.get(answer["number"])
        start = time.perf_counter()
        job.run(made.id, Context())
        seconds = time.perf_counter() - start
        done = desk.ledger.transactions.by_id(made.id)
    if not done.on_iep_at or done.counts.verified != count:
        raise RuntimeError(f"{done.status.value}: {done.counts}, {done.required}, {done.failure}")
    return seconds


def whole(folder: Path, archives: dict[str, Orthanc], paths: list[Path]) -> tuple[float, str]:
    """The median of several transfers, each with a new ledger into an empty gateway; and the study that travels."""
    taken = []
    for number in range(ROUNDS):
        profiles = folder / f"profiles{number}"
        profiles.mkdir()
        us = pair_over(profiles, archives).us
        send(us.node, paths)
        (study,) = {study["MainDicomTags"]["StudyInstanceUID"] for study in _studies(archives["our pacs"])}
        taken.append(transferred(us, study, len(paths)))
    return statistics.median(taken), study


def _studies(archive: Orthanc) -> list[dict[str, dict[str, str]]]:
    return list(archive.rest("/studies?expand"))


def main(count: int = 400) -> int:
    with ram_folder() as folder, four_archives(folder / "archives") as archives:
        paths = ct_slices(folder / "ct", count, PatientID=NUMBERS[US], **IDENTITY)
        seconds, study = whole(folder, archives, paths)
        pacs, gateway = archives["our pacs"].node, archives["their gateway"]
        held, into = find_instances(pacs, study), folder / "into"
        fetching = fetched(into, count, lambda: fetch(pacs, held, into), ROUNDS)
        sending = sent(gateway, count, lambda: send(gateway.node, paths), ROUNDS)
    slower = max(fetching, sending)
    met = say(
        f"whole transfer of {count} CT, PACS to gateway, against the slower of fetching ({fetching:.2f} s) and sending",
        ours=f"{seconds:.2f} s",
        theirs=f"{slower:.2f} s",
        ratio=slower / seconds,
        wanted=f">= {BAR:g}",
        met=slower / seconds >= BAR,
    )
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 400))
