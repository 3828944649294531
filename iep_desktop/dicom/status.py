"""What a peer's status code means, in plain words with the standard's clause. No network here.

C-STORE: PS3.4 B.2.3 and PS3.7 C; C-FIND: PS3.4 C.4.1.1.4. The code decides what the program does: warnings are
success, A7xx may be tried again and 0110 a few times, A9xx and Cxxx never, 0122 and 0124 want a setting changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from iep_desktop.core.errors import (
    IepError,
    NodeRejected,
    OutOfSpace,
    Permanent,
    Retriable,
)


class StatusFamily(StrEnum):
    SUCCESS = "success"
    WARNING = "warning"  # stored, but not exactly as sent
    OUT_OF_RESOURCES = "out of resources"  # try again later
    PROCESSING = "processing failure"  # try again, but not often
    PERMANENT = "permanent"  # this object will never be taken
    CONFIGURATION = "configuration"  # somebody must change a setting of the node
    UNKNOWN = "unknown"  # not in the standard: permanent, shown as it came


@dataclass(frozen=True)
class Meaning:
    family: StatusFamily
    title: str
    hint: str
    clause: str


@dataclass(frozen=True)
class StoreOutcome:
    """What became of one instance. `status` is None where no C-STORE was possible (no presentation context)."""

    status: int | None
    family: StatusFamily
    text: str  # what happened, with code and the peer's comment; safe to keep, not to log
    hint: str = ""

    @property
    def stored(self) -> bool:
        return self.family in (StatusFamily.SUCCESS, StatusFamily.WARNING)

    @property
    def retriable(self) -> bool:
        return self.family in (StatusFamily.OUT_OF_RESOURCES, StatusFamily.PROCESSING)

    @property
    def no_room(self) -> bool:
        """It will refuse the next image as well."""
        return self.family is StatusFamily.OUT_OF_RESOURCES


_ASK_PACS = "Ask the PACS team to look at the node's log."
_STORE: dict[int, Meaning] = {
    0x0000: Meaning(StatusFamily.SUCCESS, "Stored", "", "PS3.4 B.2.3"),
    0xB000: Meaning(
        StatusFamily.WARNING,
        "Stored, the node changed some elements",
        "",
        "PS3.4 B.2.3",
    ),
    0xB006: Meaning(
        StatusFamily.WARNING,
        "Stored, the node discarded some elements",
        "",
        "PS3.4 B.2.3",
    ),
    0xB007: Meaning(
        StatusFamily.WARNING,
        "Stored, although the node finds that it does not match its kind",
        "",
        "PS3.4 B.2.3",
    ),
    0x0110: Meaning(
        StatusFamily.PROCESSING,
        "The node failed while it processed the image",
        _ASK_PACS,
        "PS3.7 C.5",
    ),
    0x0111: Meaning(
        StatusFamily.PERMANENT,
        "The node refuses an image that it already has",
        _ASK_PACS,
        "PS3.7 C.5",
    ),
    0x0117: Meaning(
        StatusFamily.PERMANENT,
        "The node finds the image's unique identifier invalid",
        _ASK_PACS,
        "PS3.7 C.5",
    ),
    0x0122: Meaning(
        StatusFamily.CONFIGURATION,
        "The node does not support this kind of image",
        "Ask the PACS team to allow this SOP class for our AE title.",
        "PS3.7 C.5",
    ),
    0x0124: Meaning(
        StatusFamily.CONFIGURATION,
        "The node does not allow us to store",
        "Ask the PACS team to allow storing for our AE title.",
        "PS3.7 C.5",
    ),
    0x0211: Meaning(
        StatusFamily.CONFIGURATION,
        "The node does not know the operation",
        "Ask the PACS team whether this node is an archive that can be stored to.",
        "PS3.7 C.5",
    ),
    0x0213: Meaning(
        StatusFamily.OUT_OF_RESOURCES,
        "The node is short of resources",
        "It is tried again later.",
        "PS3.7 C.5",
    ),
}
_STORE_RANGES: tuple[tuple[int, int, Meaning], ...] = (
    (
        0xA700,
        0xA7FF,
        Meaning(
            StatusFamily.OUT_OF_RESOURCES,
            "The node is out of resources",
            "It is tried again later; if it stays so, ask the PACS team to look at the node's disk space.",
            "PS3.4 B.2.3",
        ),
    ),
    (
        0xA900,
        0xA9FF,
        Meaning(
            StatusFamily.PERMANENT,
            "The node finds that the image does not match its kind (SOP class)",
            "Ask the sending hospital for a correct copy.",
            "PS3.4 B.2.3",
        ),
    ),
    (
        0xC000,
        0xCFFF,
        Meaning(
            StatusFamily.PERMANENT,
            "The node cannot understand the image",
            "Ask the PACS team why, with the node's log at hand.",
            "PS3.4 B.2.3",
        ),
    ),
    (
        0xB000,
        0xBFFF,
        Meaning(StatusFamily.WARNING, "Stored with a warning", "", "PS3.7 C.3"),
    ),
)
_UNKNOWN = Meaning(
    StatusFamily.UNKNOWN,
    "The node answered with a status that the standard does not know",
    _ASK_PACS,
    "",
)


def meaning_of_store(status: int) -> Meaning:
    """The meaning of a C-STORE status (PS3.4 B.2.3)."""
    known = _STORE.get(status)
    if known is not None:
        return known
    for first, last, meaning in _STORE_RANGES:
        if first <= status <= last:
            return meaning
    return _UNKNOWN


def store_outcome(status: int, comment: str = "") -> StoreOutcome:
    """What became of an instance, from the peer's status and Error Comment (0000,0902)."""
    meaning = meaning_of_store(status)
    if meaning.family is StatusFamily.SUCCESS:
        return StoreOutcome(status, meaning.family, meaning.title)
    return StoreOutcome(status, meaning.family, _with_code(meaning.title, status, comment), meaning.hint)


def query_error(status: int, node: str) -> IepError:
    """The error that a failed C-FIND raises (PS3.4 C.4.1.1.4). The comment stays out: it may quote our keys."""
    title = f"{node} did not answer the query"
    if 0xA700 <= status <= 0xA7FF:
        return OutOfSpace(title, f"The node is out of resources ({status:04X}).", "Try again later.")
    if status in (0x0122, 0x0124):
        hint = "Ask the PACS team to allow queries (C-FIND) for our AE title."
        return NodeRejected(title, f"The node does not allow us to query ({status:04X}).", hint)
    if status == 0xFE00:
        return Retriable(title, "The node cancelled the query.", "Try again.")
    return Permanent(title, f"The node failed with status {status:04X}.", _ASK_PACS)


def retrieve_error(status: int, node: str, our_ae: str) -> IepError:
    """The error that a failed C-GET or C-MOVE raises (PS3.4 C.4.2.1.5, C.4.3.1.4)."""
    title = f"{node} did not send the images"
    if status == 0xA801:
        hint = (
            f'Ask the PACS team to enter "{our_ae}" at the node, with this computer\'s address and our port.'
        )
        return NodeRejected(title, f'It does not know where to send to: "{our_ae}" (A801).', hint)
    if 0xA700 <= status <= 0xA7FF:
        return OutOfSpace(title, f"The node is out of resources ({status:04X}).", "Try again later.")
    if status in (0x0122, 0x0124, 0x0211):
        hint = "Ask the PACS team to allow retrieving (C-GET or C-MOVE) for our AE title."
        return NodeRejected(title, f"The node does not allow us to retrieve ({status:04X}).", hint)
    if status == 0xFE00:
        return Retriable(title, "The node cancelled the retrieve.", "Try again.")
    return Permanent(title, f"The node failed with status {status:04X}.", _ASK_PACS)


def _with_code(title: str, status: int, comment: str) -> str:
    said = f' The node says: "{comment.strip()}".' if comment.strip() else ""
    return f"{title} (status {status:04X}).{said}"
