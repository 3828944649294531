"""The demo's partner hospitals: the same program without a window, each in a process and a profile of its own.

A partner's person is played here: a request is looked at, and after a while answered. One sends what is asked for, one
declines, one takes its time. Images are drawn for whoever is asked about and stored to the partner's own PACS first;
everything else is the real way, over the same ledger.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from iep_desktop import settings
from iep_desktop.core.errors import IepError
from iep_desktop.core.exchange import StudyCriteria, TransferOrder
from iep_desktop.core.job import Context
from iep_desktop.core.model import Exam, Patient
from iep_desktop.core.replies import Decline, DeclineReason
from iep_desktop.core.transaction import (
    Direction,
    Status,
    Transaction,
    TransactionType,
    WorklistFilter,
    WorklistOrder,
)
from iep_desktop.qt_imports import load_qt
from iep_desktop.settings import Settings

if TYPE_CHECKING:
    from iep_desktop.dicom.synthetic import SyntheticStudy
    from iep_desktop.workers.desk import Desk

_log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
AT_ONCE = 50  # requests in one look
IMAGES = 24


class Answer(StrEnum):
    SENDS = "sends"
    DECLINES = "declines"


@dataclass(frozen=True)
class Partner:
    """`after`: seconds that its person takes to answer."""

    ods: str
    pacs: str
    answer: Answer
    after: float


PARTNERS = (
    Partner("RX1", "NUH PACS", Answer.SENDS, 8.0),
    Partner("RTG", "UHDB PACS", Answer.SENDS, 45.0),
    Partner("RK5", "SFH PACS", Answer.DECLINES, 8.0),
)


def partner_of(ods: str) -> Partner:
    return next(partner for partner in PARTNERS if partner.ods == ods)


def run(root: Path, ods: str) -> int:
    """Play a partner of the demo in `root` until the process that started it closes our standard input."""
    load_qt()
    from iep_desktop.workers.desk import open_desk
    from iep_desktop.workers.engine import run_engine

    partner = partner_of(ods)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the engine listens for it
    desk = open_desk(_profile(root, partner))
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    stopped = threading.Event()
    person = threading.Thread(target=lambda: _play(Person(partner, desk), stopped), daemon=True)
    person.start()
    try:
        run_engine(desk)
    finally:
        stopped.set()
        person.join()
        desk.close()
    return 0


def _profile(root: Path, partner: Partner) -> settings.Profile:
    """Its own folder, over the ledger of the demo."""
    folder = root / "partners" / partner.ods
    if not settings.exists(folder):
        return settings.create_profile(
            folder,
            Settings(
                hospital=partner.ods,
                user=f"Operator at {partner.ods}",
                ledger_url=settings.open_profile(root).ledger_url,
                issuer_of_patient_id=partner.ods,
                delivery_node=partner.pacs,
                keep_hours=False,
            ),
        )
    return settings.open_profile(folder)


def _end_with_the_starter() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _play(person: Person, stopped: threading.Event) -> None:
    while not stopped.wait(LOOK_SECONDS):
        try:
            person.look()
        except IepError as error:
            _log.warning("the partner could not answer: %s", error.title)


class Person:
    """Looks at the requests that come in, and answers each when its time has come."""

    def __init__(
        self, partner: Partner, desk: Desk, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._partner = partner
        self._desk = desk
        self._now = now

    def look(self) -> None:
        wanted = WorklistFilter(
            directions=frozenset({Direction.IN}), types=frozenset({TransactionType.REQUEST})
        )
        page = self._desk.reading.page(wanted, WorklistOrder(), 0, AT_ONCE)
        for request in page.rows:
            if request.status is Status.NEW:
                self._desk.replies.look(request.id)
            elif request.status is Status.STARTED and self._is_time(request):
                self._answer(request)
            elif request.status is Status.ACCEPTED and any(r.code == "send" for r in request.required):
                self._send(request)

    def _is_time(self, request: Transaction) -> bool:
        since = request.updated_at or request.created_at
        return (self._now() - since).total_seconds() >= self._partner.after

    def _answer(self, request: Transaction) -> None:
        if self._partner.answer is Answer.DECLINES:
            text = "No images of this patient on that day."
            self._desk.replies.decline(request.id, Decline(DeclineReason.NO_STUDY, text))
            return
        self._desk.replies.accept(request.id)

    def _send(self, request: Transaction) -> None:
        """Search our PACS and send what was asked for; what is not there yet is drawn first."""
        ours = replace(request.patient, hospital_no=number_of(request.patient, self._partner.ods))
        criteria = StudyCriteria(patient_ids=(ours.hospital_no,))
        desk, ctx = self._desk, Context()
        found = desk.transfers.search(criteria, ctx).studies
        if not found:
            draw_into_pacs(desk, self._partner, ours, request.exams or request.form.exams)
            found = desk.transfers.search(criteria, ctx).studies
        form = replace(desk.transfers.prefilled(request.id), patient=ours)
        order = TransferOrder(request.sender, form, found, request_id=request.id)
        desk.transfers.create(order, ctx)


def number_of(patient: Patient, ods: str) -> str:
    """A synthetic hospital number, the same at every run."""
    return f"S999{zlib.crc32(f'{ods} {patient.name} {patient.birth_date}'.encode()) % 1000:03d}"


def draw_into_pacs(desk: Desk, partner: Partner, patient: Patient, exams: tuple[Exam, ...]) -> None:
    """A study for each exam that is asked for, stored to the partner's PACS."""
    from iep_desktop.dicom import scu
    from iep_desktop.dicom.synthetic import Subject, write_series

    born = patient.birth_date or date(1970, 1, 1)
    subject = Subject(
        patient.hospital_no, partner.ods, patient.name, born, patient.sex or "O", patient.nhs_no
    )
    name = desk.reading.hospital_name(partner.ods)
    node = desk.gatekeeper.pacs_node(partner.pacs)
    with tempfile.TemporaryDirectory() as folder:
        for number, exam in enumerate(exams or (Exam(date(2026, 11, 2), "CT"),), start=1):
            study = _study(exam, name, f"{partner.ods}{number:06d}")
            for series in study.series:
                write_series(Path(folder), (f"exam-{number}",), subject, study, series)
        files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        with scu.open_store(node, (), Context()) as session:
            for path in files:
                session.store(path)


def _study(exam: Exam, institution: str, accession: str) -> SyntheticStudy:
    from iep_desktop.demo.discs import series_for
    from iep_desktop.dicom.synthetic import SyntheticStudy

    series, part = series_for(exam.modality, exam.description, IMAGES)
    description = exam.description or f"{exam.modality} {part.title()}"
    return SyntheticStudy(
        exam.date or date(2026, 11, 2), "101500", description, accession, institution, (series,), part
    )
