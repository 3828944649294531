"""docs/failures.md keeps its word: every row names tests that exist, and no fault that was thought of is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs/failures.md").read_text("utf-8")
CODES = dict(re.findall(r"`([A-Z]{2})`\s+is\s+`tests/(\S+\.py)`", TEXT))
"""What stands for which file, as the page itself explains it."""

NAMED = re.compile(r"(?:([A-Z]{2}) |`((?:\w+/)*test_\w+\.py)` )?`(\w+)`")
"""Code or file, and a part of a test's name; without a file it is the one before."""
THOUGHT_OF = (
    "nobody listens",
    "host name unknown",
    "address changed",
    "host silent",
    "refused: our AE title",
    "refused: its AE title",
    "refused: busy",
    "refused: any other",
    "takes none, or not this kind",
    "no answer to A-ASSOCIATE",
    "not a DICOM node",
    "reset or closed, in every phase",
    "silence, in every phase",
    "half a connection after a sleep",
    "1 KB a second",
    "stops reading",
    "the archive serves a few at once",
    "garbage PDU",
    "oversized PDU",
    "another presentation context",
    "an answer twice",
    "abort in the middle of an image",
    "warning",
    "out of resources",
    "processing failure",
    "cannot understand",
    "not allowed",
    "status that the standard does not know",
    "has the image already",
    "success, and the image is lost",
    "restarts in the middle of a study",
    "disk full in the middle",
    "ledger locked",
    "ledger damaged",
    "ledger deleted",
    "clock set forward",
    "clocks change",
    "SIGTERM",
    "SIGKILL",
    "out of memory",
    "power cut: torn, empty",
    "disc pulled out",
)


@dataclass(frozen=True)
class Row:
    cause: str
    tests: str


def _rows() -> list[Row]:
    lines = [line for line in TEXT.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert all(len(row) in (4, 5) for row in cells)
    return [Row(row[0], row[-1]) for row in cells if row[0] != "cause" and set(row[0]) != {"-"}]


def _tests(code: str, name: str) -> list[str]:
    """Of a file; of all that have the name, where it is one of several."""
    folder = ROOT / "tests"
    files = [folder / CODES[code]] if code else list(folder.rglob(name))
    return [
        test
        for file in files
        for test in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    ]


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row.cause)
def test_every_row_names_tests_that_exist(row: Row) -> None:
    assert re.sub(r"[, ]", "", NAMED.sub("", row.tests)) == "", "each test as file and part of its name"
    named = NAMED.findall(row.tests)
    assert named
    file = ("", "")
    for *said, part in named:
        file = code, name = tuple(said) if any(said) else file
        assert [test for test in _tests(code, name) if part in test], f"{code or name} {part}"


@pytest.mark.parametrize("cause", THOUGHT_OF)
def test_no_fault_that_was_thought_of_is_missing(cause: str) -> None:
    assert [row for row in _rows() if cause in row.cause]
