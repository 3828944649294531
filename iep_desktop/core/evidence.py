"""On what evidence an image counts as arrived (R-TX-4), and how a node is asked to commit itself to keep it (PS3.4 J).

Pure; the ledger keeps these words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Evidence(StrEnum):
    """What a node has said of an image, the strongest first. The words end a sentence: "PACS shows 3 images, …"."""

    COMMITMENT = "by storage commitment"
    INSTANCE = "by instance"
    SERIES_COUNT = "by series count"


class CommitmentUse(StrEnum):
    """Whether a node is asked for storage commitment."""

    AUTOMATIC = "automatic"  # where its report can reach our listener
    ALWAYS = "always"  # also where it must report on the association on which it was asked
    OFF = "off"


class CommitmentState(StrEnum):
    """How far a request for storage commitment is. A report counts in every one of them, but only the first."""

    ASKED = "asked"
    REPORTED = "reported"  # the node has answered for its images, and nobody has acted on it yet
    SETTLED = "settled"  # nothing follows from it any more
    DECLINED = "declined"  # the node does not take the request
    LATE = "late"  # the limit is over without a report: other evidence counts, a person is told
    REFUSED = "refused"  # the report does not commit to every image: a person is told


OPEN = (CommitmentState.LATE, CommitmentState.REFUSED)
"""What a person has to look at."""

NO_ROOM = 0x0213
"""Resource limitation: the one reason that passes by itself."""

_REASONS = {  # PS3.3 C.14.1.1
    0x0110: "the node failed while it processed the image",
    0x0112: "the node does not have the image",
    0x0119: "the node has it as another kind of image",
    0x0122: "the node does not commit itself to this kind of image",
    0x0131: "the node knows the request already",
    NO_ROOM: "the node is short of resources",
}


@dataclass(frozen=True)
class Reference:
    """An image as a request or report names it (PS3.3 C.14)."""

    sop_class_uid: str
    sop_instance_uid: str


@dataclass(frozen=True)
class CommitmentReport:
    """What a node says in one report: the images that it keeps, and those that it does not, with the reason code."""

    uid: str  # Transaction UID (0008,1195)
    committed: frozenset[Reference]
    failed: Mapping[str, int | None]  # by SOP Instance UID


@dataclass(frozen=True)
class Commitment:
    """A request, as the ledger has it."""

    uid: str
    node: str
    state: CommitmentState
    asked_at: datetime
    due_at: datetime
    reported_at: datetime | None
    images: int


@dataclass(frozen=True)
class Uncommitted:
    """An image that a person has to look at, because its node does not commit itself to it."""

    sop_instance_uid: str
    series_uid: str
    modality: str
    series_description: str
    reason: str


def why_uncommitted(committed: bool | None, code: int | None = None) -> str:
    """What the node has said of an image that it has not committed itself to, with the code as it came."""
    if committed is None:
        return "the node has not answered for it"
    if code is None:
        return "the node gives no reason"
    return f"{_REASONS.get(code, 'the node gives a reason of its own')} ({code:04X})"
