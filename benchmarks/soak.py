"""Soak: 2,000 transactions of five small images through nine slots, and nothing grows.

    python3 dev.py bench soak                  # not in the table of all figures
    python -m benchmarks.soak [TRANSACTIONS]

Two engines in processes of their own (`iep-desktop run`) work between four stock Orthancs over one ledger. Ours has
half of the transactions to send (five outbound slots), a quarter to download and a quarter to import from discs (four
inbound slots); theirs sends what we download. This process orders them, as persons would, never more than `AHEAD` at
once, and reads resident memory, file descriptors and threads of both engines twice a second.

Flat: the median of the last fifth of the time exceeds that of the second fifth by at most what `MAY_GROW` says. At the
end every image is at its place, both profiles' `db check` finds nothing, and the spools are empty.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, TypeVar

import psutil

from benchmarks.figure import note, say
from iep_desktop.core.errors import LedgerBusy
from iep_desktop.core.exchange import TransferOrder
from iep_desktop.core.forms import parse_form
from iep_desktop.core.imports import ImportOrder
from iep_desktop.core.job import Context
from iep_desktop.core.model import Form, Priority
from iep_desktop.core.queries import PacsStudy
from iep_desktop.core.transaction import Status
from iep_desktop.workers.desk import Desk
from iep_desktop.workers.imports import all_series
from tests.fakes.instances import make_instance
from tests.hospital import form
from tests.peers import Orthanc
from tests.two_hospitals import IDENTITY, NUMBERS, THEM, US, Pair, Party, four_archives, pair_over

T = TypeVar("T")

TRANSACTIONS, IMAGES = 2000, 5
TRIES = 5
AHEAD = 30
"""Transactions on their way at once: all slots are busy, and some wait."""
MAY_GROW = {"memory, MB": 15.0, "file descriptors": 4.0, "threads": 2.0}
LOOK = 0.5
PATIENCE = 600.0
"""Seconds without anything arriving."""
ARRIVED = {Status.ON_IEP, Status.DELIVERED}
EXAM = {"date": "2024-01-10", "modality": "CT", "description": "Head"}


class Sample(NamedTuple):
    """What one engine has at one moment."""

    memory: float  # MB
    descriptors: float
    threads: float


class EngineProcess:
    """`iep-desktop run` of one hospital, and what it had at each look."""

    def __init__(self, party: Party) -> None:
        self.samples: list[Sample] = []
        self._log = (party.root / "engine.log").open("wb")
        said = dict(
            os.environ, PYTHONFAULTHANDLER="1"
        )  # where it crashes, the log shows what each thread did
        self._process = subprocess.Popen(party.command("run"), env=said, stdout=self._log, stderr=self._log)
        self._seen = psutil.Process(self._process.pid)

    def look(self) -> None:
        if self._process.poll() is not None:
            raise RuntimeError(f"an engine ended with code {self._process.returncode}: {self._said()}")
        with self._seen.oneshot():
            memory = self._seen.memory_info().rss / (1 << 20)
            self.samples.append(Sample(memory, self._seen.num_fds(), self._seen.num_threads()))

    def _said(self) -> str:
        return Path(self._log.name).read_text("utf-8", "replace")[-4000:]

    def stop(self) -> None:
        """As a logout would. Raises RuntimeError where it does not end well."""
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(60)
        self._log.close()
        if code:
            raise RuntimeError(f"an engine that was told to stop ended with code {code}: {self._said()}")

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._log.close()


@dataclass
class Traffic:
    """What is ordered, and how far it is."""

    pair: Pair
    folder: Path
    ours: Desk
    theirs: Desk
    made: int = 0
    arrived: int = 0
    discs: set[str] = field(default_factory=set)  # SOP Instance UIDs
    _open: set[int] = field(default_factory=set)
    _to_download: set[int] = field(default_factory=set)  # theirs, until they are On IEP

    def order(self) -> None:
        """The next one: two to send, one disc, one to download, by turns."""
        kind = self.made % 4
        if kind == 1:
            self._open.add(self._disc())
        elif kind == 3:
            self._to_download.add(self._send(self.theirs, self.pair.them, US))
        else:
            self._open.add(self._send(self.ours, self.pair.us, THEM))
        self.made += 1

    @property
    def under_way(self) -> int:
        return self.made - self.arrived

    def look(self) -> None:
        """Download what lies On IEP, and count what has arrived."""
        for key in tuple(self._to_download):
            if self._status(key) is Status.ON_IEP:
                self._download(key)
                self._to_download.remove(key)
                self._open.add(key)
        over = {key for key in self._open if self._status(key) in ARRIVED}
        over -= {key for key in over if self.ours.ledger.transactions.by_id(key).queued}
        self._open -= over
        self.arrived += len(over)

    def _status(self, key: int) -> Status:
        status = self.ours.ledger.transactions.status(key)
        if status is Status.FAILED:
            raise RuntimeError(f"one failed: {self.ours.ledger.transactions.by_id(key).failure}")
        return status

    def _send(self, desk: Desk, party: Party, to: str) -> int:
        study = party.store(self.folder / "study", IMAGES)
        export = _form(party.ods, to, kind="export", exams=[], recipient={"name": "Radiologist on call"})
        if self.made % 20 == 0:
            export = replace(export, priority=Priority.BLUE_LIGHT, priority_reason="To theatre")
        order = TransferOrder(to, export, (PacsStudy(study, NUMBERS[party.ods]),))
        return _patiently(lambda: desk.transfers.create(order, Context()).id)

    def _disc(self) -> int:
        disc = self.folder / f"disc-{self.made}"
        _write_disc(disc)
        contents = self.ours.discs.read(str(disc), Context(), lambda step: None)
        (patient,) = contents.patients
        self.discs |= {image.sop_instance_uid for study in contents.studies for image in study.present}
        order = ImportOrder(
            form=_form(US, THEM),
            contents=contents,
            patient=patient,
            series=all_series(patient),
            registered_by="operator",
        )
        imports = self.ours.imports
        return _patiently(lambda: imports.create(order, imports.assess(order, Context())).id)

    def _download(self, key: int) -> None:
        _patiently(lambda: self.ours.downloads.match(key, _form(US, THEM)))
        _patiently(lambda: self.ours.imports.register(key))
        _patiently(lambda: self.ours.downloads.download(key))


def _patiently(act: Callable[[], T]) -> T:
    """A person whom the ledger keeps waiting for longer than its limit tries again."""
    for _ in range(TRIES):
        with suppress(LedgerBusy):
            return act()
        note("the ledger was busy: tried again")
    return act()


def _form(ods: str, other: str, **changes: object) -> Form:
    document = form(patient__hospital_no=NUMBERS[ods]) | {"hospital": other, "exams": [EXAM], **changes}
    return parse_form(json.dumps(document).encode())


def _write_disc(folder: Path) -> None:
    first = make_instance(_into(folder, 1), **IDENTITY, StudyDate="20240110")
    from pydicom import dcmread

    head = dcmread(first, stop_before_pixels=True)
    same = {"StudyInstanceUID": head.StudyInstanceUID, "SeriesInstanceUID": head.SeriesInstanceUID}
    for number in range(2, IMAGES + 1):
        make_instance(_into(folder, number), **IDENTITY, **same, StudyDate="20240110", InstanceNumber=number)


def _into(folder: Path, number: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"IM{number:04}"


# -- what is measured


def run(folder: Path, archives: dict[str, Orthanc], transactions: int) -> tuple[bool, float]:
    """Whether all that is promised held, and the seconds that it took; what grew is said."""
    pair = pair_over(folder, archives)
    for party in (pair.us, pair.them):
        party.configure(lease_seconds=60.0, answer_seconds=60.0, retry_limit=10, ledger_busy_seconds=10.0)
        party.store(folder / "known", 1)  # the patient is known there
    with engines(pair) as working, pair.us.desk() as ours, pair.them.desk() as theirs:
        traffic, began = Traffic(pair, folder, ours, theirs), time.monotonic()
        _drive(traffic, working, transactions)
        seconds = time.monotonic() - began
        for engine in working:
            engine.stop()
    _all_at_their_place(archives, traffic, transactions)
    _in_order(pair)
    return _is_flat(working), seconds


@contextmanager
def engines(pair: Pair) -> Iterator[list[EngineProcess]]:
    with ExitStack() as stack:
        working = [EngineProcess(party) for party in (pair.us, pair.them)]
        for engine in working:
            stack.callback(engine.kill)
        yield working


def _drive(traffic: Traffic, working: list[EngineProcess], transactions: int) -> None:
    last, moved, next_look = 0, time.monotonic(), 0.0
    while traffic.arrived < transactions:
        if traffic.made < transactions and traffic.under_way < AHEAD:
            traffic.order()
        else:
            time.sleep(LOOK / 5)
        if time.monotonic() < next_look:
            continue
        next_look = time.monotonic() + LOOK
        traffic.look()
        for engine in working:
            engine.look()
        if traffic.arrived > last:
            if traffic.arrived // 100 > last // 100:
                note(f"{traffic.arrived} of {transactions} have arrived; ours has {working[0].samples[-1]}")
            last, moved = traffic.arrived, time.monotonic()
        if time.monotonic() - moved > PATIENCE:
            raise RuntimeError(f"nothing has arrived for {PATIENCE:.0f} s; {traffic.arrived} had before")


def _all_at_their_place(archives: dict[str, Orthanc], traffic: Traffic, transactions: int) -> None:
    """Every image of every transaction once, where it was sent to, and no other."""
    held = {name: set(archive.sop_instance_uids()) for name, archive in archives.items()}
    sent, downloaded = held["their gateway"], held["our gateway"]
    pacs = held["our pacs"]
    discs, downloads = (transactions + 2) // 4, transactions // 4
    uploads = transactions - discs - downloads
    expected = (len(sent), len(downloaded), len(traffic.discs)) == tuple(
        IMAGES * number for number in (uploads, downloads, discs)
    )
    if not (
        expected and pacs >= sent | downloaded | traffic.discs and len(pacs) == transactions * IMAGES + 1
    ):
        counted = {name: len(uids) for name, uids in held.items()}
        raise RuntimeError(f"not every image is at its place: {counted}, {len(traffic.discs)} on discs")


def _in_order(pair: Pair) -> None:
    """Ledger and spools agree with themselves, and nothing is left in the spools."""
    for party in (pair.us, pair.them):
        code, told = party.run_process("db", "check", timeout=300)
        if code:
            raise RuntimeError(f"db check of {party.ods} ended with {code}: {told}")
        left = [path for path in (party.root / "spool").rglob("*") if path.is_file()]
        if left:
            raise RuntimeError(f"{len(left)} files are left in the spool of {party.ods}")


def _is_flat(working: list[EngineProcess]) -> bool:
    met = True
    for name, engine in zip(("our engine", "their engine"), working, strict=True):
        for at, (what, bar) in enumerate(MAY_GROW.items()):
            early, late = (median_of(engine.samples, at, fifth) for fifth in (1, 4))
            met &= say(
                f"soak, {name}: {what}",
                ours=f"{late:.0f}",
                theirs=f"{early:.0f} early",
                ratio=late / early,
                wanted=f"<= {bar:g} more",
                met=late - early <= bar,
            )
    return met


def median_of(samples: list[Sample], at: int, fifth: int) -> float:
    """Of one of five equal parts of the time, counted from 0."""
    bounds = len(samples) * fifth // 5, max(len(samples) * (fifth + 1) // 5, len(samples) * fifth // 5 + 1)
    return statistics.median(sample[at] for sample in samples[slice(*bounds)])


def main(transactions: int = TRANSACTIONS) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="iep-soak-") as name,
        four_archives(Path(name) / "archives") as all_four,
    ):
        flat, seconds = run(Path(name), all_four, transactions)
    say(
        f"soak, {transactions:,} transactions of {IMAGES} images, all arrived, ledger and spools in order",
        ours=f"{seconds:.0f} s, {transactions * IMAGES / seconds:.0f} images/s",
        theirs="-",
        ratio=1.0,
        wanted="-",
        met=True,
    )
    return 0 if flat else 1


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else TRANSACTIONS))
