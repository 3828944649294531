"""A desk for Create over Python lists: the real rules, a PACS and a ledger from memory. Blocking."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import tests.ui.fake_desk
from iep_desktop.core.errors import IepError, InvalidInput, Refused
from iep_desktop.core.exchange import (
    LARGEST_ATTACHMENT,
    Attachment,
    MediaType,
    StudyCriteria,
    StudySearch,
    TransferAssessment,
    TransferOrder,
)
from iep_desktop.core.export_rules import ExportFacts, RequestFacts, export_gate, request_gate
from iep_desktop.core.form_rules import Gate, block
from iep_desktop.core.job import Context
from iep_desktop.core.model import Form, FormKind, Node, NodeRole, Priority
from iep_desktop.core.queries import PacsStudy
from iep_desktop.core.transaction import Direction, Status, Transaction, TransactionType
from iep_desktop.core.viewing import ViewImage, ViewPatient, ViewSeries, ViewSet, ViewStudy
from iep_desktop.workers.viewings import Viewing
from tests.ui.fake_desk import (
    GATEWAY,
    HOSPITALS,
    PACS,
    UNREACHABLE,
    FakeImports,
    FakeNodes,
    FakeReading,
    transaction,
)

NUH = Node("NUH Radiology PACS", NodeRole.GATEWAY, "RX1", "NUHGW", "127.0.0.1", 11115)
NUH_2 = Node("NUH second gateway", NodeRole.GATEWAY, "RX1", "NUHGW2", "127.0.0.1", 11116)
BORN = date(1961, 3, 17)


def study(number: int, description: str = "Head", modality: str = "CT", **changes: object) -> PacsStudy:
    made = PacsStudy(
        study_uid=f"1.2.826.{number}",
        patient_id="S999111",
        patient_name="MOUSE^Minnie",
        birth_date=BORN,
        sex="F",
        study_date=date(2026, 11, 24),
        accession=f"RWE{number:07d}",
        description=description,
        modalities=(modality,),
        series=2,
        instances=100 + number,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


STUDIES = (
    study(1, "Head"),
    study(2, "Cervical spine"),
    study(3, "Pelvis AP", "DX", instances=1),
    study(4, "Wrist right", "DX", study_date=date(2023, 6, 14), instances=2),
)


@dataclass
class FakeRequests:
    """Keeps what was sent in `sent`."""

    reading: FakeReading
    earlier: tuple[str, ...] = ()
    error: IepError | None = None
    sent: list[tuple[str, Form]] = field(default_factory=list)
    again: list[tuple[str, int, Form]] = field(default_factory=list)

    def assess(self, form: Form, number: str = "") -> Gate:
        known = form.hospital in {hospital.ods for hospital in HOSPITALS}
        return request_gate(RequestFacts(form, "RWE", known, self.earlier))

    def create(self, to: str, form: Form) -> Transaction:
        if self.error:
            raise self.error
        gate = self.assess(form)
        if not gate.is_open:
            raise Refused("The request cannot be sent yet", "; ".join(c.title for c in gate.blocking))
        self.sent.append((to, form))
        return _made(self.reading, TransactionType.REQUEST, form, to)

    def send_again(self, id: int, form: Form | None = None) -> None:
        assert form is not None
        self.again.append(("send again", id, form))
        self.reading.replace(id, status=Status.NEW, form=form)

    def give_details(self, id: int, form: Form) -> None:
        self.again.append(("give details", id, form))
        self.reading.replace(id, form=form)


@dataclass
class FakeTransfers:
    """PACS holds `studies`; a `pause` is waited for before it answers."""

    reading: FakeReading
    studies: tuple[PacsStudy, ...] = STUDIES
    from_elsewhere: frozenset[str] = frozenset()
    earlier: tuple[str, ...] = ()
    until: datetime | None = None
    down: IepError | None = None
    error: IepError | None = None
    pause: threading.Event | None = None
    asked: list[StudyCriteria] = field(default_factory=list)
    sent: list[TransferOrder] = field(default_factory=list)
    status: Status = Status.STARTED

    def search(self, criteria: StudyCriteria, ctx: Context) -> StudySearch:
        self.asked.append(criteria)
        if self.pause:
            self.pause.wait(5)
        if self.down:
            raise self.down
        return StudySearch(self.studies[: criteria.limit], len(self.studies) > criteria.limit)

    def foreign(self, studies: Sequence[PacsStudy]) -> frozenset[str]:
        return self.from_elsewhere & {study.study_uid for study in studies}

    def destinations(self, to: str) -> tuple[Node, ...]:
        return (NUH, NUH_2) if to == "RX1" else (replace(NUH, name="Their gateway", hospital=to),)

    def waits_until(self, priority: Priority, *, trauma: bool = False) -> datetime | None:
        return None if trauma or priority is Priority.BLUE_LIGHT else self.until

    def prefilled(self, request_id: int) -> Form:
        request = self.reading.by_id(request_id)
        patient = replace(request.patient, hospital_no="")
        return replace(request.form, kind=FormKind.EXPORT, hospital=request.sender, patient=patient)

    def assess(self, order: TransferOrder, ctx: Context) -> TransferAssessment:
        facts = ExportFacts(
            replace(order.form, hospital=order.to),
            "RWE",
            order.to in {hospital.ods for hospital in HOSPITALS},
            order.studies,
            self.foreign(order.studies),
            order.onward_reason,
            self.earlier,
            order.trauma,
        )
        checks = list(export_gate(facts).checks)
        if order.trauma and not order.confirmed_patient:
            checks.append(block("right-patient", "Not confirmed that it is the right patient", "", "A4", ""))
        checks += [
            block("attachment-1", f"{a.name}: not confirmed that its content is correct", "", "A4", "")
            for a in order.attachments
            if not a.correct
        ]
        return TransferAssessment(Gate(tuple(checks)), (), self.down)

    def create(self, order: TransferOrder, ctx: Context) -> Transaction:
        if self.error or self.down:
            raise self.error or self.down  # type: ignore[misc]
        gate = self.assess(order, ctx).gate
        if not gate.is_open:
            raise Refused("The images cannot be sent yet", "; ".join(c.title for c in gate.blocking))
        self.sent.append(order)
        return _made(self.reading, TransactionType.TRANSFER, order.form, order.to, self.status)

    def read_attachment(self, path: Path) -> Attachment:
        if path.stat().st_size > LARGEST_ATTACHMENT:
            raise InvalidInput("The document is too large", f"{path.name} has 200 MB.")
        content = path.read_bytes()
        if not content.startswith(b"%PDF-"):
            raise InvalidInput("Only PDF and plain text can be attached", f"{path.name} is neither.")
        return Attachment(path.name, MediaType.PDF, content)


class FakeGatekeeper:
    def pacs_node(self, name: str) -> Node:
        return PACS


class NoFiles:
    def file(self, study: ViewStudy, series: ViewSeries, image: ViewImage, ctx: Context) -> Path:
        raise UNREACHABLE


@dataclass(frozen=True)
class MandatoryFor:
    hospital: str

    def mandatory(self, *destinations: str) -> bool:
        return self.hospital in destinations


class NoThumbnails:
    def of_image(self, *_: object) -> object:
        raise UNREACHABLE


@dataclass
class FakeViewings:
    """Every study has two series of two images, which cannot be had."""

    asked: list[ViewPatient | None] = field(default_factory=list)

    def of_studies(
        self, node: str, studies: Sequence[PacsStudy], ctx: Context, asked: ViewPatient | None = None
    ) -> Viewing:
        self.asked.append(asked)
        return Viewing(ViewSet("Head", tuple(_view(study) for study in studies), asked), NoFiles())


def _view(study: PacsStudy) -> ViewStudy:
    def series(number: int) -> ViewSeries:
        uid = f"{study.study_uid}.{number}"
        images = tuple(ViewImage(f"{uid}.{at}", "1.2.840.10008.5.1.4.1.1.2", at) for at in (1, 2))
        return ViewSeries(uid, "CT", number, f"Series {number}", images)

    return ViewStudy(study.study_uid, ViewPatient(study.patient_id), series=(series(1), series(2)))


@dataclass(frozen=True)
class Draft:
    key: str
    text: str


@dataclass
class FakeDrafts:
    kept: dict[tuple[str, str], str] = field(default_factory=dict)

    def save(self, kind: str, key: str, text: str) -> None:
        self.kept[kind, key] = text

    def list(self, kind: str) -> tuple[Draft, ...]:
        return tuple(Draft(key, text) for (of, key), text in self.kept.items() if of == kind)

    def delete(self, kind: str, key: str) -> None:
        self.kept.pop((kind, key), None)


class FakeDesk(tests.ui.fake_desk.FakeDesk):
    """That of the main window, with what Create asks besides."""

    def __init__(self, *rows: Transaction) -> None:
        reading = FakeReading(list(rows))
        super().__init__(reading, FakeImports(reading))
        self.nodes = FakeNodes([PACS, GATEWAY, NUH])
        self.requests = FakeRequests(reading)
        self.transfers: FakeTransfers = FakeTransfers(reading)  # type: ignore[assignment]
        self.drafts, self.gatekeeper = FakeDrafts(), FakeGatekeeper()
        self.viewings, self.thumbnails = FakeViewings(), NoThumbnails()
        self.reviews = MandatoryFor("RX1")  # type: ignore[assignment]


def _made(
    reading: FakeReading, kind: TransactionType, form: Form, to: str, status: Status = Status.NEW
) -> Transaction:
    made = transaction(
        900 + len(reading.rows),
        type=kind,
        sender="RWE",
        recipient=to,
        direction=Direction.OUT,
        status=status,
        priority=form.priority,
        created_at=datetime.now(UTC),
    )
    made = replace(made, form=form)
    reading.rows.append(made)
    return made
