"""A desk without ledger, network or drives: the seam that the wizard is written against, answered from memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from iep_desktop.core.errors import IepError, LedgerBusy, MediumUnreadable
from iep_desktop.core.imports import Assessment, EarlierTransaction, ImportOrder
from iep_desktop.core.job import Context
from iep_desktop.core.matching import Identity, compare, identity_of_form, identity_of_medium
from iep_desktop.core.me import Me
from iep_desktop.core.medium import Drive, Finding, MediumContents, MediumInstance, ReadingStep
from iep_desktop.core.model import Hospital, Node, NodeRole
from iep_desktop.core.rules import ImportFacts, Registration, import_gate
from iep_desktop.core.transaction import (
    Details,
    Direction,
    InstanceCounts,
    Medium,
    SeriesProgress,
    Status,
    Transaction,
    TransactionType,
)
from tests.ui.disc_wizard.samples import RIVERSIDE

DEADLINE = 5.0


@dataclass(frozen=True)
class Preview:
    width: int
    height: int
    channels: int
    data: bytes


@dataclass
class FakeDiscs:
    """Media by path; `gate` holds reading back until a test lets it go."""

    media: dict[str, MediumContents] = field(default_factory=dict)
    steps: dict[str, list[MediumContents]] = field(default_factory=dict)
    gate: threading.Event = field(default_factory=threading.Event)
    reads: list[str] = field(default_factory=list)
    in_drives: tuple[Drive, ...] = ()
    ejected: list[Drive] = field(default_factory=list)
    pace: float = 0.0  # seconds a step
    eject_error: IepError | None = None

    def __post_init__(self) -> None:
        self.gate.set()

    def read(self, path: str, ctx: Context, step: Callable[[ReadingStep], None]) -> MediumContents:
        self.reads.append(path)
        if path not in self.media:
            raise MediumUnreadable(
                "The disc cannot be read", "It gives no answer.", "Clean it and try again."
            )
        whole = self.media[path]
        stages = [*self.steps.get(path, []), whole]
        for number, contents in enumerate(stages, start=1):
            ctx.check()
            step(ReadingStep(number, len(stages), contents, finished=number == len(stages)))
            ctx.wait(self.pace)
            while not self.gate.wait(0.02):
                ctx.check()
        return whole

    def drives(self) -> tuple[Drive, ...]:
        return self.in_drives

    def eject(self, drive: Drive) -> None:
        if self.eject_error is not None:
            raise self.eject_error
        self.ejected.append(drive)

    def preview(self, source: str, instance: MediumInstance, size: int) -> Preview:
        side = 8
        return Preview(side, side, 1, bytes((x * y * 4) % 256 for y in range(side) for x in range(side)))


@dataclass
class FakeImports:
    """Assesses with the real rules over what `pacs` says."""

    pacs: Identity | None = None
    pacs_error: IepError | None = None
    earlier: tuple[EarlierTransaction, ...] = ()
    gate: threading.Event = field(default_factory=threading.Event)
    asked: list[ImportOrder] = field(default_factory=list)
    seen_before: tuple[Finding, ...] = ()
    created: list[ImportOrder] = field(default_factory=list)
    create_error: IepError | None = None
    created_in: dict[int, Details] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gate.set()

    def assess(self, order: ImportOrder, ctx: Context) -> Assessment:
        self.asked.append(order)
        self.gate.wait(DEADLINE)
        form = identity_of_form(order.form.patient)
        match = compare(form, identity_of_medium(order.patient), self.pacs) if order.patient else None
        facts = ImportFacts(
            order.form, True, self._registration(order), match, len(order.contents.patients), order.decision,
            order.studies, order.everything_reason, tuple(e.line for e in self.earlier),
        )  # fmt: skip
        return Assessment(import_gate(facts), match, self.pacs, self.pacs_error, self.earlier)

    def _registration(self, order: ImportOrder) -> Registration:
        if self.pacs is not None:
            return Registration.KNOWN_TO_PACS
        if order.registered_by:
            return Registration.LOOKED_UP
        return Registration.UNREACHABLE if self.pacs_error else Registration.NOT_FOUND

    def create(self, order: ImportOrder, assessment: Assessment) -> Transaction:
        if self.create_error is not None:
            raise self.create_error
        assert order.patient is not None
        self.created.append(order)
        number = len(self.created)
        listed = InstanceCounts(listed=len(order.instances))
        transaction = Transaction(
            number, f"2026-{number:06}", TransactionType.CD_IMPORT, order.form.hospital, "RWE", Direction.IN,
            Status.STARTED, order.form.priority, datetime.now(UTC), "operator", order.form, counts=listed,
            exams=order.exams, required=assessment.gate.requirements,
            medium=Medium("/disc", disc_no=order.disc_no, discs=order.form.discs, contents="1 patient"),
        )  # fmt: skip
        self.created_in[number] = Details(transaction, (), (), _series(order))
        return transaction

    def pacs_name(self) -> str:
        return "UHLPACSWFM01"

    def already_imported(self, contents: MediumContents) -> tuple[Finding, ...]:
        return self.seen_before


def _series(order: ImportOrder) -> tuple[SeriesProgress, ...]:
    return tuple(
        SeriesProgress(
            study.study_uid,
            part.series_uid,
            part.modality,
            part.description,
            InstanceCounts(listed=len(part.present)),
        )
        for study in order.studies
        for part in study.series
    )


def moved(details: Details, state: str, status: Status) -> Details:
    """The same import when all its images are in `state` (`sent`, `verified`, …)."""
    series = tuple(
        replace(part, counts=InstanceCounts(**{state: part.counts.total})) for part in details.series
    )
    total = sum(part.counts.total for part in series)
    transaction = replace(details.transaction, status=status, counts=InstanceCounts(**{state: total}))
    return replace(details, transaction=transaction, series=series)


@dataclass
class FakeReading:
    """Details by transaction id, as the tests set them."""

    known: dict[int, Details] = field(default_factory=dict)

    def hospitals(self, text: str = "") -> tuple[Hospital, ...]:
        return (RIVERSIDE, Hospital("RX2", "Seaside Infirmary", "Seaside"))

    def exam_codes(self, text: str = "") -> tuple[FakeCode, ...]:
        return (FakeCode("CCHES", "CT thorax"), FakeCode("MKNEL", "MRI knee left"))

    def details(self, id: int) -> Details:
        return self.known[id]


@dataclass(frozen=True)
class FakeCode:
    code: str
    description: str


@dataclass(frozen=True)
class FakeDraft:
    kind: str
    key: str
    text: str


@dataclass
class FakeDrafts:
    kept: dict[tuple[str, str], str] = field(default_factory=dict)
    broken: bool = False

    def save(self, kind: str, key: str, text: str) -> None:
        if self.broken:
            raise LedgerBusy("The ledger is busy")
        self.kept[(kind, key)] = text

    def load(self, kind: str, key: str) -> str | None:
        return self.kept.get((kind, key))

    def list(self, kind: str) -> tuple[FakeDraft, ...]:
        return tuple(FakeDraft(k, key, text) for (k, key), text in self.kept.items() if k == kind)

    def delete(self, kind: str, key: str) -> None:
        self.kept.pop((kind, key), None)


@dataclass
class FakeNodes:
    def list(self) -> tuple[Node, ...]:
        return (Node("UHLPACSWFM01", NodeRole.PACS, "RWE", "PACS", "127.0.0.1", 11112),)


@dataclass
class FakeDesk:
    """What `workers.desk.Desk` offers to the wizard."""

    me: Me = field(default_factory=lambda: Me("operator", "RWE", "WS1"))
    reading: FakeReading = field(default_factory=FakeReading)
    imports: FakeImports = field(default_factory=FakeImports)
    discs: FakeDiscs = field(default_factory=FakeDiscs)
    drafts: FakeDrafts = field(default_factory=FakeDrafts)
    nodes: FakeNodes = field(default_factory=FakeNodes)

    def __post_init__(self) -> None:
        self.imports.created_in = self.reading.known
