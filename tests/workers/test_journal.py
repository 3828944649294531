"""What a killed job remembers of what it had sent."""

from __future__ import annotations

from pathlib import Path

from iep_desktop.workers.journal import Journal


def test_what_was_noted_is_read_by_the_next_process(tmp_path: Path) -> None:
    first = Journal(tmp_path / "7" / "sent.journal")
    first.note("1.2.3")
    first.note("1.2.4")
    assert Journal(tmp_path / "7" / "sent.journal").noted() == {"1.2.3", "1.2.4"}
    first.close()


def test_a_torn_last_line_counts_as_not_sent_and_spoils_no_later_line(tmp_path: Path) -> None:
    path = tmp_path / "sent.journal"
    path.write_text("1.2.3\n1.2.", "ascii")
    journal = Journal(path)
    assert journal.noted() == {"1.2.3"}
    journal.note("1.2.5")
    journal.close()
    assert {"1.2.3", "1.2.5"} <= Journal(path).noted()


def test_a_cleared_journal_is_empty(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "sent.journal")
    journal.note("1.2.3")
    journal.clear()
    assert journal.noted() == frozenset()
