"""What a window and its engine, which is a process of its own, say to each other: one JSON object a line.

All of it are hints; the ledger is the truth, and a line that is lost costs a moment. What the engine's listener landed
for a C-MOVE of the window is told here too. Knows no Qt and no files, and nothing said is ever logged.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any


class NotUnderstood(ValueError):
    """A line that is none of ours."""


# -- from the window


@dataclass(frozen=True)
class Wake:
    """Something has been queued."""


@dataclass(frozen=True)
class Expect:
    """A C-MOVE of the window begins; what it brings goes into `folder`."""

    key: int
    message_id: int
    calling_ae: str  # ours, as the node knows it
    ae_title: str  # of the node
    study_uid: str
    folder: str


@dataclass(frozen=True)
class Forget:
    """That C-MOVE is over."""

    key: int


# -- from the engine


@dataclass(frozen=True)
class Working:
    """How many jobs run, and how fast images move (`workers.rate`)."""

    jobs: int
    images_per_second: float
    bytes_per_second: float
    usual: float


@dataclass(frozen=True)
class Settled:
    """A job of this transaction ended, however it ended."""

    transaction_id: int


@dataclass(frozen=True)
class Looked:
    """A round of the clock is over. `listening`: the AE title of the engine's listener; empty where there is none."""

    listening: str


@dataclass(frozen=True)
class Expecting:
    """The listener awaits what was asked for under this key."""

    key: int


@dataclass(frozen=True)
class Landed:
    """An instance of that C-MOVE is on disk for good. `head` holds the fields of an InstanceHead."""

    key: int
    head: dict[str, str]
    path: str
    sha256: str
    size: int
    calling_ae: str
    new: bool


Message = Wake | Expect | Forget | Working | Settled | Looked | Expecting | Landed
_KINDS = {kind.__name__: kind for kind in (Wake, Expect, Forget, Working, Settled, Looked, Expecting, Landed)}


def encode(message: Message) -> bytes:
    return json.dumps({"kind": type(message).__name__} | asdict(message)).encode("ascii") + b"\n"


def decode(line: bytes) -> Message:
    """Raises NotUnderstood."""
    try:
        said: dict[str, Any] = json.loads(line)
        made: Message = _KINDS[said.pop("kind")](**said)
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise NotUnderstood("a line that is none of ours") from exc
    return made
