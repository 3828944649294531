"""The review before a send: what of it is written down, and whether a transfer may go without one.

Pure. The rule is the hospital's own setting (`review_before_send`), so it has no clause; every door asks it here.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from iep_desktop.core.calendar import LONDON
from iep_desktop.core.form_rules import Check, Verdict, block
from iep_desktop.core.transaction import Event
from iep_desktop.core.viewing import Review, SignKind

EVENT = "review"
CODE = "review"  # of the gate's check
CLAUSE = "setting"  # where others name the guideline's
EVERYWHERE = "*"  # in the setting: whatever the destination
_MARK = re.compile(r"\[(\d+):([0-9a-f]{16})\]$")
_WORDS = {
    SignKind.OTHER_PATIENT: "another patient",
    SignKind.MIXED_BIRTH_DATES: "several dates of birth",
    SignKind.BURNED_IN: "likely burned-in text",
    SignKind.MISSING_NUMBERS: "missing images",
    SignKind.DUPLICATES: "duplicates",
    SignKind.SECONDARY_CAPTURE: "secondary captures",
    SignKind.EMPTY: "images that show nothing",
    SignKind.UNREADABLE: "images that cannot be shown",
}


@dataclass(frozen=True)
class Reviewed:
    """What the history knows of a review; `mark` is the same for the same images."""

    by: str
    at: datetime
    images: int
    mark: str


def sign_words(kinds: Iterable[SignKind]) -> str:
    """Kinds of warning signs in words, each once."""
    return ", ".join(_WORDS[kind] for kind in dict.fromkeys(kinds))


def when_words(at: datetime) -> str:
    """In the hospital's own time."""
    return f"{at.astimezone(LONDON):%d/%m/%Y %H:%M}"


def mark_of(sop_instance_uids: Iterable[str]) -> str:
    """The same for the same images, in any order."""
    joined = "\n".join(sorted(set(sop_instance_uids)))
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


def event_text(review: Review) -> str:
    """How a review stands in the history: the count, the signs that were shown, the mark of its images."""
    count = len(set(review.sop_instance_uids))
    signs = sign_words(review.signs) or "none"
    said = f"{count:,} image{'' if count == 1 else 's'} ticked; warning signs shown: {signs}"
    return f"Reviewed by {review.by}, {when_words(review.at)}: {said} [{count}:{mark_of(review.sop_instance_uids)}]"


def last_review(events: Sequence[Event]) -> Reviewed | None:
    """The newest review in a history that is given oldest first."""
    for event in reversed(events):
        found = _MARK.search(event.text) if event.kind == EVENT else None
        if found:
            return Reviewed(event.actor, event.at, int(found[1]), found[2])
    return None


def reviewed(review: Review) -> Reviewed:
    uids = set(review.sop_instance_uids)
    return Reviewed(review.by, review.at, len(uids), mark_of(uids))


def is_mandatory(setting: Iterable[str], *destinations: str) -> bool:
    """Whether one of a transfer's destinations (hospital's code, node's name) asks for a review."""
    wanted = {name.strip().upper() for name in setting}
    return EVERYWHERE in wanted or any(d.strip().upper() in wanted for d in destinations if d)


def review_missing(
    done: Reviewed | None, sending: Iterable[str] | None = None, *, mandatory: bool
) -> Check | None:
    """What the gate says of the review: it blocks only where it is mandatory; None where there is nothing to say.

    `sending`: SOP Instance UIDs that go; None where they are not listed yet, and any review counts.
    """
    if done is not None and (sending is None or mark_of(sending) == done.mark):
        said = f"{done.images:,} image{'' if done.images == 1 else 's'}, {when_words(done.at)}"
        return Check(CODE, Verdict.MET, f"Reviewed by {done.by}", said, "", CLAUSE)
    if not mandatory:
        return None
    if done is None:
        return block(
            CODE, "The images have not been reviewed", "", CLAUSE, "Review the images",
            "The settings ask for a review before anything is sent to this destination.",
        )  # fmt: skip
    return block(
        CODE, "Other images go than were reviewed", "", CLAUSE, "Review the images again",
        f"{done.by} reviewed {done.images:,}, {when_words(done.at)}; what is sent has changed since.",
    )  # fmt: skip


def signs_in_order(kinds: Iterable[SignKind]) -> tuple[SignKind, ...]:
    """Each once, in the order in which they are declared: the most serious first."""
    counted = Counter(kinds)
    return tuple(kind for kind in SignKind if counted[kind])
