"""The services of the exchange over Python lists: what was asked for stands in `calls`, `error` is raised instead."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from iep_desktop.core.clocks import Load
from iep_desktop.core.errors import IepError, InvalidInput
from iep_desktop.core.exchange import (
    Attachment,
    AttachmentInfo,
    MediaType,
    QueueView,
    SlotRow,
    WaitingRow,
)
from iep_desktop.core.form_rules import Gate
from iep_desktop.core.imports import Assessment
from iep_desktop.core.job import Context, Progress
from iep_desktop.core.matching import compare, identity_of_form
from iep_desktop.core.model import Form, Node, NodeRole, Priority
from iep_desktop.core.replies import Decline
from iep_desktop.core.transaction import (
    Direction,
    Message,
    Slot,
    SlotKind,
    Status,
    Transaction,
    WorklistFilter,
)

if TYPE_CHECKING:
    from tests.ui.fake_desk import FakeReading

ORDER = list(Priority)
CAPS = {SlotKind.INBOUND: 4, SlotKind.OUTBOUND: 4, SlotKind.BLUE_LIGHT: 1}


@dataclass
class Calls:
    reading: FakeReading
    calls: list[tuple[object, ...]] = field(default_factory=list)
    error: IepError | None = None

    def _call(self, *call: object) -> None:
        if self.error:
            raise self.error
        self.calls.append(call)


@dataclass
class FakeReplies(Calls):
    def look(self, id: int) -> None:
        self._call("look", id)
        row = self.reading.by_id(id)
        self.reading.replace(id, unread=0, status=Status.STARTED if row.status is Status.NEW else row.status)

    def message(self, id: int, text: str) -> None:
        self._call("message", id, text)
        said = Message(datetime(2026, 11, 24, 14, 10, tzinfo=UTC), "A. Operator", "RWE", text)
        self.reading.messages[id] = (*self.reading.messages.get(id, ()), said)

    def accept(self, id: int) -> None:
        self._call("accept", id)
        self.reading.replace(id, status=Status.ACCEPTED, required=())

    def ask_details(self, id: int, text: str) -> None:
        self._call("ask_details", id, text)

    def decline(self, id: int, decline: Decline) -> None:
        self._call("decline", id, decline)
        self.reading.replace(id, status=Status.DECLINED, required=())


@dataclass
class FakeDownloads(Calls):
    def download(self, id: int) -> None:
        self._call("download", id)
        self.reading.replace(id, status=Status.DOWNLOAD_REQUEST)

    def stop(self, id: int) -> None:
        self._call("stop", id)
        self.reading.replace(id, status=Status.ON_IEP)

    def match(self, id: int, form: Form, seen: Form | None = None) -> None:
        self._call("match", id, form)

    def decline(self, id: int, decline: Decline) -> None:
        self._call("decline", id, decline)

    def assess(self, id: int, ctx: Context, form: Form | None = None) -> Assessment:
        transaction = self.reading.by_id(id)
        ours = identity_of_form(transaction.patient)
        header = replace(ours, name="MOUSE^Mini", hospital_no="", address="")
        return Assessment(Gate(()), compare(ours, header, ours), ours)


@dataclass
class FakeActs(Calls):
    def retry(self, id: int, *, failed_only: bool = False, node: str = "") -> None:
        self._call("retry", id, failed_only, node)

    def reduce(self, id: int, reason: str) -> int:
        self._call("reduce", id, reason)
        return 3

    def accept_evidence(self, id: int) -> None:
        self._call("accept_evidence", id)
        self.reading.replace(id, required=())

    def cancel(self, id: int) -> None:
        self._call("cancel", id)
        self.reading.replace(id, status=Status.CANCELLED)

    def assign(self, id: int, user: str | None = None, seen: str | None = None) -> None:
        self._call("assign", id)
        self.reading.replace(id, assigned_to="A. Operator")


@dataclass
class FakePriorities(Calls):
    def change(self, id: int, priority: Priority, reason: str) -> None:
        self._call("change", id, priority, reason)
        self.reading.replace(id, priority=priority)


REPORT = Attachment("report.pdf", MediaType.PDF, b"%PDF-1.7\n%%EOF\n", correct=True)


@dataclass
class FakeTransfers(Calls):
    documents: dict[int, tuple[Attachment, ...]] = field(default_factory=dict)

    def destinations(self, to: str) -> tuple[Node, ...]:
        names = ("NUH Radiology PACS", "NUH Radiology CT")
        return tuple(Node(name, NodeRole.GATEWAY, to, "NUH", "127.0.0.1", 11114) for name in names)

    def attachments(self, id: int) -> tuple[AttachmentInfo, ...]:
        at = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
        return tuple(
            AttachmentInfo(n, one.name, one.media_type, len(one.content), "", "A. Operator", at)
            for n, one in enumerate(self.documents.get(id, ()), start=1)
        )

    def attachment(self, id: int, attachment_id: int) -> Attachment:
        return self.documents[id][attachment_id - 1]


@dataclass
class FakeQueue(Calls):
    """The line is made from the rows that are queued; `order` holds ids that a person has placed."""

    paused: set[str] = field(default_factory=set)
    order: list[int] = field(default_factory=list)
    load_of: Callable[[int], Load] = lambda _id: Load(0, 1, 0.0)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def load(self, id: int) -> Load:
        return self.load_of(id)

    def found(self, typed: str) -> frozenset[int]:
        return frozenset(row.id for row in self.reading.rows if typed in row.number)

    def view(self) -> QueueView:
        if self.error:
            raise self.error
        line = sorted((row for row in self.reading.rows if row.queued), key=self._key)
        slots: list[SlotRow] = []
        waiting: list[Transaction] = []
        kinds = {Direction.IN: (SlotKind.INBOUND,), Direction.OUT: (SlotKind.OUTBOUND, SlotKind.BLUE_LIGHT)}
        free = {kind: list(range(1, cap + 1)) for kind, cap in CAPS.items()}
        for row in line:
            moving = row.status in (Status.UPLOADING, Status.DOWNLOADING)
            kind = next((kind for kind in kinds[row.direction] if free[kind]), None) if moving else None
            if kind is None:
                waiting.append(row)
            else:
                slots.append(SlotRow(Slot(kind, free[kind].pop(0), row.id), row))
        slots += [SlotRow(Slot(kind, no)) for kind, numbers in free.items() for no in numbers]
        slots.sort(key=lambda one: (list(SlotKind).index(one.slot.kind), one.slot.no))
        return QueueView(tuple(slots), tuple(self._waiting(waiting)), frozenset(self.paused))

    def _waiting(self, rows: list[Transaction]) -> list[WaitingRow]:
        at = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
        made = []
        for direction in Direction:
            like = [row for row in rows if row.direction is direction]
            made += [
                WaitingRow(row, n, at + timedelta(minutes=n), self._why(row)) for n, row in enumerate(like, 1)
            ]
        return made

    def _why(self, row: Transaction) -> str:
        if "" in self.paused or row.recipient in self.paused:
            return "Paused"
        return "Night window" if row.priority is Priority.BATCH else ""

    def _key(self, row: Transaction) -> tuple[object, ...]:
        placed = self.order.index(row.id) if row.id in self.order else len(self.order)
        return ORDER.index(row.priority), placed, row.created_at

    def place(self, id: int, before: int | None) -> None:
        self._call("place", id, before)
        with self.lock:
            like = [row.transaction.id for row in self.view().waiting if row.transaction.id != id]
            like.insert(like.index(before) if before else len(like), id)
            self.order = like

    def pause(self, destination: str = "") -> None:
        self._call("pause", destination)
        self.paused.add(destination)

    def resume(self, destination: str = "") -> None:
        self._call("resume", destination)
        self.paused.discard(destination)


@dataclass(frozen=True)
class Receipt:
    files: int
    bytes: int
    folder: Path


@dataclass
class FakeCopies(Calls):
    def to_stick(self, id: int, folder: Path, ctx: Context) -> Receipt:
        self._call("to_stick", id, folder)
        ctx.progress(Progress("copy", 3, 3))
        return Receipt(3, 3_000_000, folder)


@dataclass
class FakeWorklists(Calls):
    saved: dict[str, WorklistFilter] = field(default_factory=dict)

    def save(self, name: str, wanted: WorklistFilter) -> None:
        self._call("save", name)
        self.saved[name] = wanted

    def list(self) -> tuple[tuple[str, WorklistFilter], ...]:
        return tuple(self.saved.items())

    def delete(self, name: str) -> None:
        if name not in self.saved:
            raise InvalidInput("There is no such worklist")
        del self.saved[name]
