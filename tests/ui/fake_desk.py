"""A desk over Python lists: the services that windows ask, without ledger and network. Blocking, thread-safe enough."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from iep_desktop.core.errors import IepError, NodeUnreachable
from iep_desktop.core.identifiers import UHL_NUMBERS, NumberFormat
from iep_desktop.core.job import Context
from iep_desktop.core.medium import MediumPatient
from iep_desktop.core.model import (
    Exam,
    Form,
    FormKind,
    Hospital,
    Node,
    NodeRole,
    Patient,
    Priority,
    Requester,
    RisState,
)
from iep_desktop.core.names import display_name
from iep_desktop.core.queries import EchoResult
from iep_desktop.core.states import tab_of
from iep_desktop.core.transaction import (
    Column,
    Details,
    Direction,
    Event,
    Failure,
    InstanceCounts,
    Medium,
    Message,
    Page,
    Requirement,
    SeriesProgress,
    Status,
    Tab,
    Transaction,
    TransactionType,
    WorklistFilter,
    WorklistOrder,
)
from tests.ui.fake_exchange import (
    FakeActs,
    FakeCopies,
    FakeDownloads,
    FakePriorities,
    FakeQueue,
    FakeReplies,
    FakeTransfers,
    FakeWorklists,
)

NOW = datetime(2026, 11, 24, 14, 9, tzinfo=UTC)
HOSPITALS = (
    Hospital("RWE", "University Hospitals of Leicester", "Leicester"),
    Hospital("RX1", "Nottingham University Hospitals", "Nottingham"),
    Hospital("RNQ", "Kettering General Hospital", "Kettering"),
    Hospital("NT1", "Riverside Clinic", "Derby"),
    Hospital("NT2", "Park Clinic", "Leicester"),
    Hospital("RTG", "University Hospitals of Derby and Burton", "Derby"),
)
PACS = Node("UHLPACSWFM01", NodeRole.PACS, "RWE", "UHLPACS", "127.0.0.1", 11112)
GATEWAY = Node("Leicester gateway", NodeRole.GATEWAY, "RWE", "IEPGW", "127.0.0.1", 11113)


@dataclass(frozen=True)
class Me:
    user: str = "A. Operator"
    hospital: str = "RWE"
    workstation: str = "MBP-4"
    numbers: NumberFormat = UHL_NUMBERS


def transaction(id: int, **changes: object) -> Transaction:
    """A plausible CD import of MOUSE, Minnie; `name`, `nhs`, `ago` (timedelta) and any field can differ."""
    name = str(changes.pop("name", "MOUSE^Minnie"))
    ago = changes.pop("ago", timedelta(minutes=id))
    assert isinstance(ago, timedelta)
    patient = Patient(
        name,
        date(1961, 3, 17),
        str(changes.pop("hospital_no", "S999111")),
        str(changes.pop("nhs", "9990000018")),
        address="12 Harbour Rd, LE99 9ZZ",
        sex="F",
    )
    exams = (Exam(date(2026, 11, 2), "CT", "Chest", "CCHES"),)
    form = Form(
        FormKind.CD,
        "06396375",
        Requester("Dr B. Requester", "b@example.nhs.uk", "x00000"),
        patient,
        str(changes.get("sender", "NT1")),
        exams=exams,
        discs=1,
        disc_no=1,
        labelled=True,
    )
    made = Transaction(
        id=id,
        number=f"2026-{id:06d}",
        type=TransactionType.CD_IMPORT,
        sender="NT1",
        recipient="RWE",
        direction=Direction.IN,
        status=Status.UPLOADING,
        priority=Priority.NORMAL,
        created_at=NOW - ago,
        created_by="A. Operator",
        form=form,
        node=PACS.name,
        counts=InstanceCounts(sent=60, verified=40, spooled=100),
        exams=exams,
        medium=Medium(
            "/media/riverside",
            "RIVERSIDE",
            patient=MediumPatient("884120", name=name, birth_date=date(1961, 8, 17)),
        ),
        queued=True,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@dataclass
class FakeReading:
    """Counts every question in `asked`."""

    rows: list[Transaction] = field(default_factory=list)
    series: dict[int, tuple[SeriesProgress, ...]] = field(default_factory=dict)
    events: dict[int, tuple[Event, ...]] = field(default_factory=dict)
    messages: dict[int, tuple[Message, ...]] = field(default_factory=dict)
    asked: list[tuple[object, ...]] = field(default_factory=list)
    broken: IepError | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def page(self, filter: WorklistFilter, order: WorklistOrder, offset: int, limit: int) -> Page:
        with self.lock:
            self.asked.append(("page", offset, limit))
            if self.broken:
                raise self.broken
            rows = [row for row in self.rows if _matches(row, filter)]
        rows.sort(key=lambda row: _sort_key(row, order.column), reverse=order.descending)
        return Page(tuple(rows[offset : offset + limit]), len(rows))

    def counts(self) -> Mapping[Tab, int]:
        counts = dict.fromkeys(Tab, 0)
        for row in self.rows:
            counts[Tab.ALL] += 1
            tab = tab_of(row.status, row.required)
            if tab is not Tab.ALL:
                counts[tab] += 1
        return counts

    def by_id(self, id: int) -> Transaction:
        return next(row for row in self.rows if row.id == id)

    def transaction(self, number: str) -> Transaction:
        return next(row for row in self.rows if row.number == number)

    def details(self, id: int) -> Details:
        with self.lock:
            self.asked.append(("details", id))
        events = self.events.get(id, (Event(NOW, "A. Operator", "created", "Created, call 06396375"),))
        return Details(self.by_id(id), events, self.messages.get(id, ()), self.series.get(id, SERIES), None)

    def hospital_name(self, ods: str) -> str:
        return next((hospital.name for hospital in HOSPITALS if hospital.ods == ods), ods)

    def hospitals(self, text: str = "") -> tuple[Hospital, ...]:
        found = [h for h in HOSPITALS if text.casefold() in f"{h.name} {h.town} {h.ods}".casefold()]
        return tuple(sorted(found, key=lambda h: h.name))

    def replace(self, id: int, **changes: object) -> None:
        with self.lock:
            at = next(at for at, row in enumerate(self.rows) if row.id == id)
            self.rows[at] = replace(self.rows[at], **changes)  # type: ignore[arg-type]


@dataclass
class FakeImports:
    """Remembers what was asked for in `calls`; `error` is raised instead where set."""

    reading: FakeReading
    calls: list[tuple[object, ...]] = field(default_factory=list)
    error: IepError | None = None

    def _call(self, *call: object) -> None:
        if self.error:
            raise self.error
        self.calls.append(call)

    def register(self, id: int) -> None:
        self._call("register", id)
        self.reading.replace(id, required=(), registered_by="A. Operator")

    def decide(self, id: int, grounds: str, seen: Transaction | None = None) -> None:
        self._call("decide", id, grounds)
        self.reading.replace(id, required=())

    def confirm(self, id: int, grounds: str, by: str = "", seen: Transaction | None = None) -> None:
        self._call("confirm", id, grounds)
        self.reading.replace(id, required=())

    def correct_form(self, id: int, form: Form, seen: Form | None = None) -> None:
        self._call("correct_form", id, form)
        self.reading.replace(id, form=form)

    def enter_ris(self, id: int, position: int, accession: str, seen: str | None = None) -> None:
        self._call("enter_ris", id, position, accession)
        exams = list(self.reading.by_id(id).exams)
        exams[position] = replace(exams[position], accession=accession, ris_state=RisState.ENTERED)
        self.reading.replace(id, exams=tuple(exams))


@dataclass
class FakeNodes:
    nodes: list[Node] = field(default_factory=lambda: [PACS, GATEWAY])
    hospitals_added: list[Hospital] = field(default_factory=list)
    echo_error: IepError | None = None

    def list(self) -> tuple[Node, ...]:
        return tuple(self.nodes)

    def add(self, node: Node) -> None:
        self.nodes = [each for each in self.nodes if each.name != node.name] + [node]

    def remove(self, name: str) -> None:
        self.nodes = [each for each in self.nodes if each.name != name]

    def add_hospital(self, hospital: Hospital) -> None:
        self.hospitals_added.append(hospital)

    def echo(self, node: Node, ctx: Context) -> EchoResult:
        if self.echo_error:
            raise self.echo_error
        return EchoResult(node.name, 0.004, 0.008, "ORTHANC")


@dataclass
class FakeReviews:
    names: tuple[str, ...] = ()

    def mandatory_for(self) -> tuple[str, ...]:
        return self.names

    def set_mandatory(self, names: tuple[str, ...]) -> None:
        self.names = names


class FakeDesk:
    """Every service that a window asks; each stands over the same rows."""

    def __init__(self, reading: FakeReading, imports: FakeImports) -> None:
        self.reading, self.imports = reading, imports
        self.nodes, self.me = FakeNodes(), Me()
        self.acts, self.replies = FakeActs(reading), FakeReplies(reading)
        self.downloads, self.transfers = FakeDownloads(reading), FakeTransfers(reading)
        self.priorities, self.queue = FakePriorities(reading), FakeQueue(reading)
        self.copies, self.worklists_saved = FakeCopies(reading), FakeWorklists(reading)
        self.reviews = FakeReviews()


class MemoryState:
    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def load(self, key: str) -> bytes | None:
        return self.values.get(key)

    def save(self, key: str, value: bytes) -> None:
        self.values[key] = value


def desk_of(*rows: Transaction) -> FakeDesk:
    reading = FakeReading(list(rows))
    return FakeDesk(reading, FakeImports(reading))


NOT_REGISTERED = Requirement(
    "registered",
    "Not shown to be registered on the PAS",
    "The hospital number is not found on PACS.",
    "R-GATE-5",
    "§2.7d",
    "Look the patient up on the PAS",
)
NOT_MATCHED = Requirement(
    "match", "Date of birth: form and disc differ", "", "R-GATE-3", "§2.3a", "Compare and decide"
)
NO_ADDRESS = Requirement("address", "Address is missing", "", "R-GATE-3", "§2.3a", "Complete the form")
SECOND = Requirement(
    "second-person", "Form and disc have nothing in common", "", "R-GATE-3", "§2.3a", "Ask a second person"
)
RIS = Requirement(
    "ris-0", "Enter on RIS: CT Chest, 02/11/2026", "One event of type import.", "R-GATE-6", "§2.2, §2.3f",
    "Enter on RIS", blocking=False,
)  # fmt: skip
REFUSED = Failure(
    "UHLPACSWFM01 has no room for 14 of 823 images",
    "The archive took 809 images and refused the last 14, because its storage is full. The images are intact.",
    "Those 14 can be sent again; the other 809 need not be.",
    "images-refused",
    0xA700,
    "UHLPACSWFM01",
    NOW,
)
SILENT = Failure(
    "UHLPACSWFM01 does not answer",
    "Nothing listens at 127.0.0.1 port 11112.",
    "Is PACS running? Are address and port right?",
    "node-unreachable",
    None,
    "UHLPACSWFM01",
    NOW,
)
SERIES = (
    SeriesProgress("1.2.3", "1.2.3.1", "CT", "Head", InstanceCounts(verified=412)),
    SeriesProgress("1.2.3", "1.2.3.2", "CT", "Cervical spine", InstanceCounts(sent=115, spooled=296)),
)
UNREACHABLE = NodeUnreachable(
    "PACS does not answer", "Nothing listens at 127.0.0.1 port 11112.", "Check the port."
)


def busy_desk() -> FakeDesk:
    """A working day: every state, every requirement."""
    T, S, D = TransactionType, Status, Direction
    minutes, hours, days = (
        (lambda n: timedelta(minutes=n)),
        (lambda n: timedelta(hours=n)),
        (lambda n: timedelta(days=n)),
    )
    rows = [
        transaction(
            1,
            ago=minutes(7),
            priority=Priority.BLUE_LIGHT,
            assigned_to="A. Operator",
            unread=2,
            counts=InstanceCounts(sent=115, verified=412, spooled=296),
        ),
        transaction(
            2,
            ago=minutes(21),
            name="DUCK^Donald",
            type=T.REQUEST,
            status=S.NEW,
            sender="RNQ",
            priority=Priority.BLUE_LIGHT,
            unread=1,
            nhs="9990000026",
            queued=False,
            counts=InstanceCounts(),
        ),
        transaction(
            3,
            ago=minutes(38),
            name="MOUSE^Mickey",
            type=T.TRANSFER,
            status=S.DOWNLOADING,
            sender="RTG",
            assigned_to="A. Operator",
            nhs="9990000034",
            counts=InstanceCounts(sent=46, listed=54),
        ),
        transaction(
            4,
            ago=minutes(49),
            name="DUCK^Daisy",
            assigned_to="MBP 2",
            counts=InstanceCounts(sent=82, spooled=18),
        ),
        transaction(
            5,
            ago=minutes(64),
            name="GOOF^Goofy",
            type=T.DIRECT_ROUTING,
            direction=D.OUT,
            sender="RWE",
            recipient="RX1",
            counts=InstanceCounts(sent=31, spooled=69),
        ),
        transaction(
            6,
            ago=minutes(85),
            name="COW^Clarabelle",
            status=S.STARTED,
            unread=1,
            assigned_to="A. Operator",
            counts=InstanceCounts(listed=40, spooled=60),
        ),
        transaction(
            7,
            ago=hours(2),
            name="DUCK^Scrooge",
            type=T.TRANSFER,
            status=S.ON_IEP,
            sender="RNQ",
            assigned_to="MBP 3",
            queued=False,
        ),
        transaction(
            8, ago=hours(3), name="HORSE^Horace", type=T.TRANSFER, status=S.DOWNLOAD_REQUEST, sender="RX1"
        ),
        transaction(
            9,
            ago=hours(5),
            name="DUCK^Gladstone",
            type=T.TRANSFER,
            direction=D.OUT,
            status=S.NEW,
            sender="RWE",
            recipient="RTG",
            priority=Priority.BATCH,
            counts=InstanceCounts(listed=10),
        ),
        transaction(
            10,
            ago=hours(22),
            name="PIG^Percy",
            sender="NT2",
            status=S.STARTED,
            required=(NOT_MATCHED,),
            nhs="9990000050",
            queued=False,
            assigned_to="A. Operator",
        ),
        transaction(
            11,
            ago=hours(3),
            name="DUCK^Ludwig",
            sender="NT2",
            status=S.STARTED,
            required=(NOT_REGISTERED,),
            nhs="9990000115",
            queued=False,
            priority=Priority.BLUE_LIGHT,
        ),
        transaction(
            12,
            ago=days(8),
            name="DUCK^Gladstone",
            status=S.STARTED,
            required=(NO_ADDRESS,),
            nhs="9990000093",
            queued=False,
        ),
        transaction(
            13,
            ago=hours(30),
            name="CHIP^Dale",
            status=S.DELIVERED,
            required=(RIS,),
            nhs="9990000077",
            counts=InstanceCounts(verified=204),
            queued=False,
            assigned_to="MBP 3",
        ),
        transaction(
            14,
            ago=minutes(26),
            name="DUCK^Fethry",
            status=S.STARTED,
            required=(SECOND,),
            nhs="9990000042",
            queued=False,
        ),
        transaction(
            15,
            ago=minutes(7),
            name="MOUSE^Minnie",
            status=S.FAILED,
            failure=REFUSED,
            attempts=3,
            queued=False,
            priority=Priority.BLUE_LIGHT,
            counts=InstanceCounts(verified=809, failed=14),
            assigned_to="A. Operator",
            not_before=NOW + minutes(27),
        ),
        transaction(
            16,
            ago=hours(3),
            name="DUCK^Daisy",
            status=S.FAILED,
            failure=SILENT,
            attempts=5,
            queued=False,
            counts=InstanceCounts(spooled=300),
        ),
        transaction(
            17,
            ago=hours(4),
            name="COW^Belle",
            type=T.REQUEST,
            status=S.ACCEPTED,
            sender="RNQ",
            queued=False,
            answers=("2026-000005",),
            counts=InstanceCounts(),
        ),
        *(
            transaction(
                100 + n,
                ago=days(2) + hours(n),
                name=f"PATIENT^No{n}",
                status=S.DELIVERED,
                queued=False,
                counts=InstanceCounts(verified=100 + n),
                exams=(
                    Exam(date(2026, 11, 2), "CT", "Chest", accession=f"A{n}", ris_state=RisState.ENTERED),
                ),
            )
            for n in range(60)
        ),
    ]
    desk = desk_of(*rows)
    events = (
        Event(NOW - minutes(7), "A. Operator", "created", "Created, call 06396375", S.NEW),
        Event(NOW - minutes(6), "engine", "spooled", "823 images copied from the disc"),
        Event(NOW - minutes(3), "engine", "sent", "Head sent, 412 of 412", S.UPLOADING),
        Event(NOW, "engine", "sent", "Cervical spine, 115 of 411"),
    )
    desk.reading.events = {
        1: events,
        15: (
            *events[:3],
            Event(NOW - minutes(2), "engine", "failed", "UHLPACSWFM01 refused 14 images, A700", S.FAILED),
            Event(NOW - minutes(1), "engine", "failed", "Retried, 14 refused again", S.FAILED),
        ),
    }
    desk.reading.messages = {
        1: (
            Message(NOW, "Trauma radiographer", "NUH", "Patient expected 15:10. Is the neck coming too?"),
            Message(NOW - minutes(5), "IEP desk", "NUH", "Seen, thank you. Node is open.", read=True),
        )
    }
    desk.reading.series[15] = (
        SeriesProgress("1.2.3", "1.2.3.1", "CT", "Head", InstanceCounts(verified=412)),
        SeriesProgress("1.2.3", "1.2.3.2", "CT", "Cervical spine", InstanceCounts(verified=397, failed=14)),
    )
    return desk


def _matches(row: Transaction, wanted: WorklistFilter) -> bool:
    text = f"{row.number} {row.patient.hospital_no} {row.patient.nhs_no} {display_name(row.patient.name)}"
    day = row.created_at.date()
    return all((
        wanted.tab is Tab.ALL or tab_of(row.status, row.required) is wanted.tab,
        wanted.search.casefold() in text.casefold(),
        not wanted.directions or row.direction in wanted.directions,
        not wanted.types or row.type in wanted.types,
        not wanted.created_by or row.created_by == wanted.created_by,
        not wanted.blue_light_only or row.priority is Priority.BLUE_LIGHT,
        wanted.date_from is None or day >= wanted.date_from,
        wanted.date_to is None or day <= wanted.date_to,
    ))  # fmt: skip


def _sort_key(row: Transaction, column: Column) -> object:
    return {
        Column.TYPE: row.type.value,
        Column.DIRECTION: row.direction.value,
        Column.DATE: row.created_at,
        Column.PATIENT: row.patient.name,
        Column.INSTITUTION: row.other_hospital,
        Column.ASSIGNED: row.assigned_to,
        Column.STATUS: row.status.value,
    }[column]
