"""What the two ends of a transaction say to each other: reasons of a decline (R-TX-6) and messages (R-TX-5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from iep_desktop.core.errors import InvalidInput

LONGEST = 10_000
"""Characters of a message; a longer one is a document and belongs into an attachment."""

_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
"""Control characters, halves of characters, and what makes text read in another order than it was written."""


class DeclineReason(StrEnum):
    """§2.5; the words are those of the guideline."""

    NO_STUDY = "study does not exist"
    INAPPROPRIATE = "clinically inappropriate"
    OTHER = "other"


@dataclass(frozen=True)
class Decline:
    """A decision of the sending hospital, which is final (R-TX-6)."""

    reason: DeclineReason
    text: str = ""

    def __post_init__(self) -> None:
        if self.reason is DeclineReason.OTHER and not self.text:
            raise InvalidInput("Say why it is declined", "“Other” needs a text.", rule="R-TX-6")

    @property
    def line(self) -> str:
        if self.reason is DeclineReason.OTHER:
            return self.text
        return f"{self.reason.value}: {self.text}" if self.text else self.reason.value


def parse_decline(reason: str, text: str = "") -> Decline:
    """A decline from what was typed or chosen; hyphens stand for spaces.

    Raises:
        InvalidInput: an unknown reason, or no text where there must be one.
    """
    folded = " ".join(re.split(r"[\s_-]+", reason.strip().casefold()))
    try:
        found = DeclineReason(folded)
    except ValueError:
        known = ", ".join(reason.value for reason in DeclineReason)
        raise InvalidInput("There is no such reason", "", f"One of: {known}.", rule="R-TX-6") from None
    return Decline(found, parse_message(text) if text.strip() else "")


def parse_message(text: str) -> str:
    """The text of a message as it is kept: plain text in any script, never markup.

    Raises:
        InvalidInput: empty, or too long.
    """
    kept = _NOT_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not kept:
        raise InvalidInput("The message is empty")
    if len(kept) > LONGEST:
        raise InvalidInput(
            "The message is too long", f"It has {len(kept)} characters.", f"Write at most {LONGEST}."
        )
    return kept
