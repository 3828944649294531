"""Figure 7: what memory a large study takes on its way; one object of 2 GB; 100,000 small images.

    python -m benchmarks.memory [GIGABYTES [IMAGES [OBJECT_MB]]]      # 0 leaves one of them out

Bars: at most 300 MB resident at the peak, and for the whole study at most 30 MB more than for an eighth of it. What
is measured are the program's own processes, started as a person would (`import --wait`, `run --until-idle`), with
all their children: disc → our PACS, PACS → gateway, and our listener while it is sent to. Everything lies on the disk
of the temporary folder, which needs room for five times the study. The peers are two stock Orthancs, whose own
memory does not count: for the single object each needs some three times its size.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from benchmarks.figure import note, say
from benchmarks.synthetic import SIDE, large_object, large_study
from benchmarks.whole_import import FORM
from iep_desktop.core.exchange import TransferOrder
from iep_desktop.core.forms import parse_form
from iep_desktop.core.job import Context
from iep_desktop.core.model import FormKind, Node, NodeRole, Recipient
from iep_desktop.core.queries import PacsStudy
from iep_desktop.core.transaction import Status, TransactionType, WorklistFilter, WorklistOrder
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.scu import open_store
from tests.peers import Orthanc, Peer, free_port, run_orthanc, wait_for_port
from tests.two_hospitals import NIGHT_AND_DAY, THEM, US, Party

PEAK, GROWTH = 300.0, 30.0
"""MB."""
GIGABYTES, IMAGES, OBJECT_MB = 4.0, 100_000, 2050
"""The object is just larger than what fits into a signed number of 32 bits."""
LEGS = "disc to PACS", "PACS to gateway"
PART = 8
SMALL_SIDE = 8
SLICE = 2 * SIDE * SIDE
PATIENT_ID = "S9990009"
"""Of what `synthetic` makes."""
SETTINGS = replace(NIGHT_AND_DAY, answer_seconds=300.0, connect_seconds=10.0, retry_limit=3)
EVERY = 0.02
"""Seconds between two looks at a process."""


@dataclass(frozen=True)
class Spent:
    """Peak memory in MB, and seconds."""

    peak: float
    seconds: float

    def __str__(self) -> str:
        return f"{self.peak:.0f} MB in {self.seconds:.0f} s"


class Watch:
    """One process of the program while it lives: what it and its children had resident at the most."""

    def __init__(self, command: list[str]) -> None:
        self._peaks: dict[int, float] = {}
        self._began = time.perf_counter()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def look(self) -> None:
        with_children = [self.process.pid]
        try:
            with_children += [
                child.pid for child in psutil.Process(self.process.pid).children(recursive=True)
            ]
        except psutil.NoSuchProcess:
            return
        for pid in with_children:
            self._peaks[pid] = max(self._peaks.get(pid, 0.0), _resident(pid))

    def until(self, over: Callable[[], bool]) -> None:
        while not over():
            self.look()
            time.sleep(EVERY)

    def ended(self) -> tuple[Spent, Any]:
        """What it took, and the JSON document that it printed."""
        self.until(lambda: self.process.poll() is not None)
        out, err = self.process.communicate()
        if self.process.returncode:
            raise RuntimeError(f"{self.process.args} ended with {self.process.returncode}: {out}{err}")
        spent = Spent(sum(self._peaks.values()), time.perf_counter() - self._began)
        return spent, json.loads(out) if out.strip() else None


def _resident(pid: int) -> float:
    """MB at the peak so far; where the system keeps none, now."""
    try:
        status = Path(f"/proc/{pid}/status")
        if sys.platform == "linux":
            found = re.search(r"VmHWM:\s+(\d+)", status.read_text())
            return int(found[1]) / 1024 if found else 0.0
        return float(psutil.Process(pid).memory_info().rss) / (1 << 20)
    except (OSError, psutil.Error):
        return 0.0


class Ward:
    """Two hospitals over one new ledger: ours with its PACS, theirs with its gateway."""

    def __init__(self, root: Path, pacs: Peer, gateway: Peer) -> None:
        ledger = f"sqlite:///{root / 'ledger.sqlite'}"
        own = replace(SETTINGS, ledger_url=ledger, delivery_node="PACS", issuer_of_patient_id=US)
        root.mkdir()
        self.us = Party(root / US, replace(pacs.node, name="PACS", hospital=US), own, ods=US)
        self.them = Party(
            root / THEM,
            replace(pacs.node, name="Their PACS", hospital=THEM),
            replace(own, hospital=THEM),
            ods=THEM,
            gateway=replace(gateway.node, name="Their gateway", hospital=THEM, role=NodeRole.GATEWAY),
        )

    def import_(self, disc: Path, images: int) -> Spent:
        """From reading the disc to *Delivered*, in one process."""
        form = self.us.write_form(FORM)
        flags = ("--form", form, "--registered", "--patient", PATIENT_ID, "--wait")
        spent, told = Watch(self.us.command("import", disc, *flags)).ended()
        if told["status"] != Status.DELIVERED.value or told["instances"]["verified"] != images:
            raise RuntimeError(f"not all was delivered: {told}")
        return spent

    def transfer(self, study_uid: str, images: int) -> Spent:
        """What was imported goes on: PACS → spool → gateway → *On IEP*, in one process."""
        form = parse_form(FORM.encode())
        export = replace(
            form, kind=FormKind.EXPORT, hospital=THEM, exams=(), recipient=Recipient("Radiologist")
        )
        studies = (PacsStudy(study_uid, form.patient.hospital_no),)
        with self.us.desk() as desk:
            order = TransferOrder(THEM, export, studies, onward_reason="A benchmark")
            made = desk.transfers.create(order, Context()).id
        spent, _ = Watch(self.us.command("run", "--until-idle")).ended()
        with self.us.desk() as desk:
            done = desk.reading.by_id(made)
        if done.status is not Status.ON_IEP or done.counts.verified != images:
            raise RuntimeError(f"not all is On IEP: {done.status.value}, {done.counts}, {done.failure}")
        return spent

    def receive(self, path: Path) -> Spent:
        """Our listener takes one file."""
        port = free_port()
        self.us.configure(listener_port=port, listener_callers=(("SENDER", "127.0.0.1"),))
        watch = Watch(self.us.command("run"))
        wait_for_port(port, watch.process)  # type: ignore[arg-type]
        node = Node("Listener", NodeRole.GATEWAY, US, SETTINGS.listener_ae, "127.0.0.1", port, "SENDER")
        with ThreadPoolExecutor(1) as pool:
            sending = pool.submit(_stored, node, path)
            watch.until(sending.done)
        sending.result()
        watch.process.send_signal(signal.SIGTERM)
        spent, _ = watch.ended()
        with self.us.desk() as desk:
            (row,) = desk.reading.page(WorklistFilter(), WorklistOrder(), 0, 1).rows
        if row.type is not TransactionType.DIRECT_ROUTING or row.counts.spooled != 1:
            raise RuntimeError(f"it is not in the spool: {row.type.value}, {row.counts}")
        return spent

    def questions(self, disc: Path) -> dict[str, float]:
        """Seconds that a person waits for a list with it, for its details, and for the disc's tree in the wizard."""
        with self.us.desk() as desk:
            page = _seconds(lambda: desk.reading.page(WorklistFilter(), WorklistOrder(), 0, 100))
            details = _seconds(lambda: desk.reading.details(1))
        return {"page": page, "details": details, "read and tree": self._inspect(disc).seconds}

    def _inspect(self, disc: Path) -> Spent:
        return Watch(self.us.command("inspect", disc)).ended()[0]

    def check(self) -> None:
        """Raises where ledger and spool do not agree with themselves, or the spool is not empty."""
        code, told = self.us.run("db", "check")
        if code:
            raise RuntimeError(f"db check: {told}")


def _stored(node: Node, path: Path) -> None:
    with open_store(node, (), Context(), limits=Limits(dimse=300.0)) as session:
        if not session.store(path).stored:
            raise RuntimeError("the listener did not take it")


def _seconds(question: Callable[[], object]) -> float:
    question()
    began = time.perf_counter()
    question()
    return time.perf_counter() - began


# -- what is measured


def study(folder: Path, gigabytes: float) -> bool:
    """A large study and an eighth of it, through two Orthancs."""
    whole = max(PART, round(gigabytes * 1e9 / SLICE))
    with _archives(folder) as archives:
        part, all_of_it = (moved(folder, archives, count, SIDE) for count in (whole // PART, whole))
    size = f"{whole * SLICE / 1e9:.2g} GB"
    legs = zip(LEGS, all_of_it, part, strict=True)
    return all([_say(f"7 a study of {size}, {leg}", spent, less) for leg, spent, less in legs])


def small(folder: Path, images: int) -> bool:
    """Very many small images; the list, the details and the wizard's tree afterwards."""
    with _archives(folder) as archives:
        spent = moved(folder, archives, images, SMALL_SIDE)
    legs = zip(LEGS, spent, strict=True)
    return all([_say(f"7 {images:,} small images, {leg}", taken) for leg, taken in legs])


def moved(folder: Path, archives: tuple[Orthanc, Orthanc], count: int, side: int) -> tuple[Spent, Spent]:
    """What both legs of one new study took."""
    for archive in archives:
        archive.clear()
    with _scratch(folder / "moved") as place:
        uid = large_study(place / "disc", count, side)
        ward = Ward(place / "ward", *archives)
        imported = ward.import_(place / "disc", count)
        note(f"{count} images: import {imported}")
        legs = imported, ward.transfer(uid, count)
        note(f"{count} images: transfer {legs[1]}")
        ward.check()
        asked = ", ".join(f"{what} {took:.2f} s" for what, took in ward.questions(place / "disc").items())
    note(f"{count} images: {asked}")
    return legs


@contextmanager
def _archives(folder: Path) -> Iterator[tuple[Orthanc, Orthanc]]:
    with run_orthanc(folder / "pacs") as pacs, run_orthanc(folder / "gateway") as gateway:
        yield pacs, gateway


def single(folder: Path, megabytes: int, *, fragmented: bool = False) -> bool:
    """One object: imported, fetched and sent on, and received by our listener."""
    with _archives(folder) as archives, _scratch(folder / "object") as place:
        path = place / "disc" / "image.dcm"
        uid = large_object(path, megabytes << 20, fragmented=fragmented)
        ward = Ward(place / "ward", *archives)
        legs = {
            LEGS[0]: ward.import_(place / "disc", 1),
            LEGS[1]: ward.transfer(uid, 1),
            "received": ward.receive(path),
        }
    kind = "encapsulated, " if fragmented else ""
    return all([_say(f"7 one object of {megabytes} MB, {kind}{leg}", spent) for leg, spent in legs.items()])


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _say(figure: str, spent: Spent, part: Spent | None = None) -> bool:
    growth = spent.peak - part.peak if part else 0.0
    beside = f"; an eighth {part.peak:.0f} MB" if part else ""
    return say(
        figure,
        ours=f"{spent}{beside}",
        theirs="-",
        ratio=spent.peak / PEAK,
        wanted=f"<= {PEAK:g} MB" + (f", <= {GROWTH:g} MB more" if part else ""),
        met=spent.peak <= PEAK and growth <= GROWTH,
    )


def main(gigabytes: float = GIGABYTES, images: int = IMAGES, object_mb: int = OBJECT_MB) -> int:
    parts: dict[Callable[[Path], bool], float] = {
        lambda folder: single(folder, object_mb): object_mb,
        lambda folder: single(folder, object_mb // PART, fragmented=True): object_mb // PART,
        lambda folder: study(folder, gigabytes): gigabytes,
        lambda folder: small(folder, images): images,
    }
    met = True
    for part in [part for part, size in parts.items() if size]:
        with tempfile.TemporaryDirectory(prefix="iep-bench-") as name:
            met &= part(Path(name))
    return 0 if met else 1


if __name__ == "__main__":
    given = sys.argv[1:]
    raise SystemExit(main(*map(float, given[:1]), *map(int, given[1:])))
