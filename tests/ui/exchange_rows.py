"""A day between hospitals: requests and transfers at every step, as our end of them sees them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from iep_desktop.core.model import FormKind, Priority
from iep_desktop.core.transaction import (
    Direction,
    Event,
    Failure,
    InstanceCounts,
    Message,
    Requirement,
    SeriesProgress,
    Status,
    Transaction,
    TransactionType,
)
from tests.ui.fake_desk import NOW, FakeDesk, desk_of, transaction
from tests.ui.fake_exchange import REPORT

ANSWER = Requirement("answer", "Answer the request for images", "", "R-TX-4", "A1", "Answer")
SEND = Requirement("send", "Choose the images and send them", "", "R-TX-4", "A1", "New Transfer")
REWORK = Requirement(
    "rework", "Declined: study does not exist", "", "R-TX-6", "§2.5", "Re-work and send again"
)
NO_CLASS = Failure(
    "NUH Radiology PACS does not take 3 of 80 images",
    "It refuses this kind of image.",
    "They can be left out.",
    "images-refused",
    0x0122,
    "NUH Radiology PACS",
    NOW,
)


def due(code: str, title: str, at: datetime, detail: str = "", *, blocking: bool = True) -> Requirement:
    return Requirement(code, title, detail, "R-TIME-5", "§2.4", title, due=at, blocking=blocking)


def days(number: float) -> timedelta:
    return timedelta(days=number)


def request(id: int, direction: Direction, **changes: object) -> Transaction:
    """KETTERING asks us, or we ask NOTTINGHAM."""
    ends = ("RNQ", "RWE") if direction is Direction.IN else ("RWE", "RX1")
    base: dict[str, object] = {
        "type": TransactionType.REQUEST, "direction": direction, "sender": ends[0], "recipient": ends[1],
        "status": Status.STARTED, "queued": False, "counts": InstanceCounts(), "medium": None,
    }  # fmt: skip
    return exported(transaction(id, **{**base, **changes}))


def transfer(id: int, direction: Direction, **changes: object) -> Transaction:
    """DERBY sends to us, or we send to NOTTINGHAM."""
    ends = ("RTG", "RWE") if direction is Direction.IN else ("RWE", "RX1")
    base: dict[str, object] = {
        "type": TransactionType.TRANSFER, "direction": direction, "sender": ends[0], "recipient": ends[1],
        "medium": None, "node": "NUH Radiology PACS" if direction is Direction.OUT else "UHLPACSWFM01",
    }  # fmt: skip
    return exported(transaction(id, **{**base, **changes}))


def exported(made: Transaction) -> Transaction:
    other = made.recipient if made.direction is Direction.OUT else made.sender
    return replace(made, form=replace(made.form, kind=FormKind.EXPORT, hospital=other, discs=None))


def exchange_desk() -> FakeDesk:
    D, S, B = Direction, Status, Priority.BLUE_LIGHT
    hours, minutes = (lambda n: timedelta(hours=n)), (lambda n: timedelta(minutes=n))
    rows = [
        request(1, D.IN, ago=minutes(21), name="DUCK^Donald", nhs="9990000026", status=S.NEW, priority=B,
                required=(ANSWER,), unread=1),
        request(2, D.IN, ago=hours(3), name="COW^Clarabelle", status=S.ACCEPTED, required=(SEND,)),
        request(3, D.OUT, ago=hours(30), name="PIG^Percy", status=S.DECLINED, required=(REWORK,)),
        request(4, D.OUT, ago=days(8), name="DUCK^Gladstone", status=S.STARTED, assigned_to="A. Operator",
                required=(due("details", "Complete the details", NOW + days(6),
                              "Which side is the knee, please?"),)),
        transfer(5, D.IN, ago=minutes(4), name="MOUSE^Mickey", status=S.ON_IEP, priority=B, queued=False,
                 counts=InstanceCounts(verified=980), on_iep_at=NOW - minutes(2),
                 required=(due("download", "980 images are On IEP", NOW + days(15), blocking=False),)),
        transfer(6, D.IN, ago=days(12.5), name="CHIP^Dale", status=S.ON_IEP, queued=False,
                 counts=InstanceCounts(verified=1204), on_iep_at=NOW - days(12.5), attachments=1,
                 required=(due("download", "1204 images are On IEP", NOW + days(2.5), blocking=False),)),
        transfer(7, D.IN, ago=hours(2), name="HORSE^Horace", status=S.DOWNLOADING,
                 on_iep_at=NOW - hours(1), counts=InstanceCounts(sent=46, spooled=54)),
        transfer(8, D.OUT, ago=minutes(7), name="MOUSE^Minnie", status=S.UPLOADING, priority=B,
                 assigned_to="A. Operator", unread=2, counts=InstanceCounts(sent=115, verified=412, spooled=296),
                 request_id=9, request_number="2026-000009", attachments=1),
        request(9, D.IN, ago=hours(1), name="MOUSE^Minnie", status=S.ACCEPTED, answers=("2026-000008",)),
        transfer(10, D.OUT, ago=hours(1), name="GOOF^Goofy", status=S.FAILED, queued=False, attempts=3,
                 failure=NO_CLASS, counts=InstanceCounts(verified=77, failed=3)),
        transfer(11, D.IN, ago=hours(5), name="DUCK^Scrooge", status=S.DELIVERED, queued=False,
                 on_iep_at=NOW - hours(5), counts=InstanceCounts(verified=212)),
        *(
            transfer(20 + n, D.OUT, ago=minutes(30 - n), name=f"WAITING^No{n}", status=S.NEW,
                     counts=InstanceCounts(listed=100 + n),
                     priority=B if n == 0 else Priority.BATCH if n > 6 else Priority.NORMAL)
            for n in range(9)
        ),
        transfer(40, D.OUT, ago=hours(15), name="OWL^Night", status=S.NEW, not_before=NOW + hours(16),
                 counts=InstanceCounts(listed=40)),
    ]  # fmt: skip
    desk = desk_of(*rows)
    desk.transfers.documents = {6: (REPORT,), 8: (REPORT,)}
    desk.reading.messages = {
        1: (Message(NOW - minutes(5), "IEP desk", "RNQ", "The patient is on the way to theatre."),),
        8: (
            Message(NOW - minutes(5), "IEP desk", "RX1", "Seen, thank you. Node is open.", read=True),
            Message(NOW - minutes(3), "A. Operator", "RWE", "Neck follows."),
            Message(NOW, "Trauma radiographer", "RX1", "Patient expected 15:10. Is the neck coming too?"),
        ),
    }  # fmt: skip
    desk.reading.events = {
        8: (
            Event(NOW - minutes(7), "A. Operator", "created", "Created, call 06396375", S.NEW),
            Event(NOW - minutes(5), "engine", "status", "Uploading", S.UPLOADING),
            Event(NOW - minutes(3), "engine", "verified", "NUH Radiology PACS shows 412 images, by instance"),
        ),
        11: (
            Event(NOW - hours(5), "T. Sender", "created", "Created, call 06396390", S.NEW),
            Event(NOW - hours(4), "engine", "verified", "UHLPACSWFM01 shows 212 of 212 images, by instance"),
            Event(NOW - hours(4), "engine", "status", "Delivered", S.DELIVERED),
        ),
    }  # fmt: skip
    desk.reading.series[10] = (
        SeriesProgress("1.2.3", "1.2.3.1", "CT", "Head", InstanceCounts(verified=77)),
        SeriesProgress("1.2.3", "1.2.3.9", "SR", "Dose report", InstanceCounts(failed=3)),
    )
    return desk
