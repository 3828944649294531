"""The families of errors that the program knows.

Every error says what happened (`title`), why (`message`) and what to do next (`hint`), in words a person
at the workstation understands and *without patient data*, because titles and messages may be logged.
The family decides what the engine does: a `Retriable` is tried again, a `Permanent` goes to Failed, a
`Refused` was stopped by a rule or for want of a right, `InvalidInput` never started.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class Cause(StrEnum):
    """What stood in the way, as far as the next try goes by it (`workers.retry`)."""

    OTHER = "other"
    NOBODY_LISTENS = "nobody listens there"
    UNKNOWN_HOST = "the host name is not known"
    NO_ANSWER = "no answer in time"
    BROKEN = "the connection broke"
    ABORTED = "the node ended the connection"
    NOT_DICOM = "what came is not DICOM"
    BUSY = "the node is busy"
    REJECTED = "the node refuses us"
    FULL = "out of space or resources"
    PROCESSING = "the node failed while it processed"
    NOT_SHOWN = "taken, but not shown"
    LEDGER = "the ledger is busy"


class IepError(Exception):
    """Base of all errors shown to a person."""

    kind: ClassVar[str] = "error"
    cause: Cause = Cause.OTHER
    node: str = ""  # the node at which it happened

    def __init__(
        self, title: str, message: str = "", hint: str = "", *, rule: str = "", cause: Cause | None = None
    ) -> None:
        super().__init__(title, message, hint)
        self.title = title
        self.message = message
        self.hint = hint
        self.rule = rule
        self.cause = cause or self.cause

    def __str__(self) -> str:
        return ": ".join(part for part in (self.title, self.message) if part)


class Retriable(IepError):
    """May succeed later without anybody doing anything (node busy, no answer, ledger locked)."""

    kind = "retriable"


class Permanent(IepError):
    """Will not succeed by itself: somebody must change something."""

    kind = "permanent"


class Cancelled(IepError):
    """A person, or the program's shutdown, stopped it."""

    kind = "cancelled"

    def __init__(self, title: str = "Cancelled", message: str = "", hint: str = "") -> None:
        super().__init__(title, message, hint)


class Refused(IepError):
    """A rule or a missing right forbids it; `rule` names which."""

    kind = "refused"


class InvalidInput(IepError):
    """What was given cannot be used: bad arguments, a broken form file, not a disc."""

    kind = "invalid-input"


class NodeUnreachable(Retriable):
    """The DICOM node does not answer, closed the connection or fell silent."""

    kind = "node-unreachable"
    cause = Cause.NO_ANSWER


class NodeRejected(Permanent):
    """The DICOM node answered, and said no to the association (PS3.8 9.3.4)."""

    kind = "node-rejected"
    cause = Cause.REJECTED


class OutOfSpace(Retriable):
    """Our disk, or the peer's, is full."""

    kind = "out-of-space"
    cause = Cause.FULL


class LedgerBusy(Retriable):
    """Another program holds the ledger for longer than we wait."""

    kind = "ledger-busy"
    cause = Cause.LEDGER


class LedgerUnusable(Permanent):
    """The ledger cannot be opened: newer version, damaged, not writable."""

    kind = "ledger-unusable"


class MediumUnreadable(Permanent):
    """The disc, folder or file cannot be read."""

    kind = "medium-unreadable"


class ImagesRefused(Permanent):
    """A peer said no to some images; what arrived stays. `dicom_status` as it came (PS3.7 C)."""

    kind = "images-refused"

    def __init__(
        self, title: str, message: str = "", hint: str = "", *, dicom_status: int | None = None
    ) -> None:
        super().__init__(title, message, hint)
        self.dicom_status = dicom_status


class ImagesWaiting(Retriable):
    """A peer cannot take, or does not show yet, some images; they wait in the spool."""

    kind = "images-waiting"
    cause = Cause.NOT_SHOWN

    def __init__(
        self, title: str, message: str = "", hint: str = "", *, dicom_status: int | None = None
    ) -> None:
        super().__init__(title, message, hint)
        self.dicom_status = dicom_status
        if dicom_status is not None:
            self.cause = Cause.PROCESSING if dicom_status == 0x0110 else Cause.FULL
