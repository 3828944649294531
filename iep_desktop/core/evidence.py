"""On what evidence an image counts as arrived (R-TX-4), and how a node is asked to commit itself to keep it (PS3.4 J).

Pure; the ledger keeps these words.
"""

from __future__ import annotations

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
    DECLINED = "declined"  # the node does not take the request
    LATE = "late"  # the limit is over, other evidence has been asked for
    REPORTED = "reported"  # the node has said for each image whether it keeps it
    SETTLED = "settled"  # and that has been acted upon
