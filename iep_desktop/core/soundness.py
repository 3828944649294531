"""What a check of ledger and spool can find. A problem names a transaction by its number, never a patient."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    """The kinds of what can be wrong."""

    FILE = "file"  # the database's own pages and indexes
    KEY = "key"  # a row belongs to one that is not there
    COUNTS = "counts"  # of a transaction's instances
    STATUS = "status"  # not what events and instances say
    END = "end"  # a hospital's view of a transaction is missing, superfluous, or repeats it wrongly
    TAB = "tab"
    QUEUE = "queue"  # what is final waits still
    TRANSFER = "transfer"  # what only transfers have is missing, or says another thing than the status
    TALLY = "tally"
    SEARCH = "search"
    SLOT = "slot"
    NUMBER = "number"  # a series would give a number twice
    SPOOL = "spool"  # files of what is at rest, or of nothing


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong; `number` is the transaction's, where it is one's."""

    trouble: Trouble
    text: str
    number: str = ""
