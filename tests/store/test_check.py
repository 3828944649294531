"""The check of a ledger: silent on a sound one, and each row that is broken is told, with the transaction it is of."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from iep_desktop.core.model import Patient, Priority
from iep_desktop.core.soundness import Trouble
from iep_desktop.core.transaction import Failure, InstanceState, Status, TransactionType
from iep_desktop.store.check import check
from iep_desktop.store.database import Database
from iep_desktop.store.slots import Slots
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.upgrade import open_ledger
from tests.store.conftest import Clock
from tests.store.samples import CONFIRM, FORM, THEM, US, disc, images, moved, multiply, sqlite, transfer
from tests.store.steps import downloaded, on_iep


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1 delivered, 2 a transfer that they must act on and that a slot holds, 3 failed, 4 cancelled, 5 corrected,
    6 a request that 7 has answered, 8 a transfer that lies On IEP.
    """
    path, clock = tmp_path_factory.mktemp("lived") / "ledger.sqlite", Clock()
    database = open_ledger(f"sqlite:///{path}", clock=clock)
    ours, theirs = Transactions(database, US), Transactions(database, THEM)
    done = ours.create(disc(2))
    for state in (InstanceState.SPOOLED, InstanceState.SENT, InstanceState.VERIFIED):
        ours.update_instances(done.id, [moved(i.sop_instance_uid, state) for i in images(2)])
    ours.move(done.id, Status.STARTED, "", "engine")
    ours.move(done.id, Status.DELIVERED, "", "engine")
    ours.unqueue(done.id)
    clock.forward(hours=20)
    sent = ours.create(transfer())
    theirs.require(sent.id, (CONFIRM,))
    Slots(database, US).claim("here", clock.time - clock.time.replace(hour=0), database.now())
    ours.fail(ours.create(disc(1)).id, Failure("It failed"))
    ours.cancel(ours.create(transfer(type=TransactionType.REQUEST)).id, "A. Operator")
    other = replace(FORM, patient=Patient("DUCK^Daisy"), priority=Priority.BLUE_LIGHT)
    ours.set_form(ours.create(disc(1)).id, other, "A. Operator")
    asked = ours.create(transfer(type=TransactionType.REQUEST, queued=False))
    theirs.move(asked.id, Status.ACCEPTED, "", "B. Reader")
    downloaded(database, on_iep(database, asked.id))
    on_iep(database)
    database.dispose()
    return path


@pytest.fixture
def path(lived_in: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(lived_in, tmp_path / "ledger.sqlite"))


@pytest.fixture
def lived(database: Database) -> Database:
    return database


def test_a_ledger_that_was_lived_in_is_sound(lived: Database) -> None:
    assert Slots(lived, US).slots()[4].transaction_id == 2
    assert check(lived) == ()


def test_an_empty_ledger_is_sound(empty_ledger: Path) -> None:
    database = open_ledger(f"sqlite:///{empty_ledger}")
    assert check(database) == ()
    database.dispose()


BREAKS = {
    "an image without transaction": (
        "UPDATE instances SET transaction_id = 99 WHERE id = 3",
        {(Trouble.KEY, ""), (Trouble.COUNTS, "2026-000003")},
    ),
    "an image in a foreign series": (
        "UPDATE instances SET series_id = (SELECT id FROM series WHERE transaction_id = 3) WHERE id = 1",
        {(Trouble.KEY, "2026-000001")},
    ),
    "an image lost": ("DELETE FROM instances WHERE id = 3", {(Trouble.COUNTS, "2026-000003")}),
    "an image moved past the program": (
        "UPDATE instances SET state = 'failed' WHERE id = 3",
        {(Trouble.COUNTS, "2026-000003")},
    ),
    "a delivered image unverified": (
        """UPDATE transactions SET verified = 1, sent = 1 WHERE id = 1;
        UPDATE instances SET state = 'sent' WHERE id = 1""",
        {(Trouble.STATUS, "2026-000001")},
    ),
    "a status without its event": (
        "UPDATE transactions SET status = 'Uploading' WHERE id = 2",
        {(Trouble.STATUS, "2026-000002"), (Trouble.END, "2026-000002")},
    ),
    "an event lost": (
        "DELETE FROM events WHERE transaction_id = 4 AND status = 'Cancelled'",
        {(Trouble.STATUS, "2026-000004")},
    ),
    "an end lost": (
        "DELETE FROM ends WHERE transaction_id = 2 AND hospital = 'RX1'",
        {(Trouble.END, "2026-000002"), (Trouble.TALLY, "")},
    ),
    "an end of the wrong priority": (
        "UPDATE transactions SET priority = 0 WHERE id = 3",
        {(Trouble.END, "2026-000003")},
    ),
    "an end in the wrong tab": (
        "UPDATE ends SET tab = 'All' WHERE transaction_id = 3",
        {(Trouble.TAB, "2026-000003"), (Trouble.TALLY, "")},
    ),
    "a part of a transfer lost": (
        "DELETE FROM transfers WHERE transaction_id = 8",
        {(Trouble.TRANSFER, "2026-000008")},
    ),
    "a part of what is no transfer": (
        "UPDATE transfers SET transaction_id = 1, request_id = NULL WHERE transaction_id = 8",
        {(Trouble.TRANSFER, "2026-000001"), (Trouble.TRANSFER, "2026-000008")},
    ),
    "an arrival without a time": (
        "UPDATE transfers SET on_iep_at = NULL WHERE transaction_id = 8",
        {(Trouble.TRANSFER, "2026-000008")},
    ),
    "a delivery of another request": (
        "UPDATE transfers SET request_id = NULL WHERE transaction_id = 7",
        {(Trouble.STATUS, "2026-000006")},
    ),
    "an arrival that is not whole": (
        """UPDATE transactions SET verified = 0, sent = 1 WHERE id = 8;
        UPDATE instances SET state = 'sent' WHERE transaction_id = 8""",
        {(Trouble.STATUS, "2026-000008")},
    ),
    "a requirement lost": (
        "UPDATE ends SET required = '[]' WHERE transaction_id = 2 AND hospital = 'RX1'",
        {(Trouble.TAB, "2026-000002")},
    ),
    "what is cancelled queued": (
        "UPDATE ends SET queue_at = created_at WHERE transaction_id = 4 AND hospital = 'RWE'",
        {(Trouble.QUEUE, "2026-000004")},
    ),
    "a tally that is wrong": (
        "UPDATE tallies SET number = number + 1 WHERE hospital = 'RX1' AND tab = 'All'",
        {(Trouble.TALLY, "")},
    ),
    "a tally lost": ("DELETE FROM tallies WHERE hospital = 'RX1' AND tab = 'All'", {(Trouble.TALLY, "")}),
    "a tally of none": (
        "INSERT INTO tallies SELECT 'RNQ', day, tab, type, direction, priority, created_by, 0 FROM tallies LIMIT 1",
        {(Trouble.TALLY, "")},
    ),
    "words lost": (
        "INSERT INTO found(found) VALUES ('delete-all')",
        {(Trouble.SEARCH, f"2026-00000{no}") for no in range(1, 9)},
    ),
    "words of nothing": (
        "INSERT INTO found(rowid, words, hospitals) VALUES (77, 'mouse', 'RWE')",
        {(Trouble.SEARCH, "")},
    ),
    "ends of different words": (
        "UPDATE ends SET search = 'x' WHERE transaction_id = 2 AND hospital = 'RX1'",
        {(Trouble.SEARCH, "2026-000002")},
    ),
    "a slot half held": (
        "UPDATE slots SET token = '' WHERE transaction_id = 2",
        {(Trouble.SLOT, "")},
    ),
    "a slot of the wrong direction": (
        "UPDATE slots SET transaction_id = 3 WHERE transaction_id = 2",
        {(Trouble.SLOT, "2026-000003")},
    ),
    "a slot that is not ours to have": (
        "UPDATE slots SET no = 9 WHERE hospital = 'RWE' AND kind = 'inbound' AND no = 4",
        {(Trouble.SLOT, "")},
    ),
    "a number of another year": (
        "UPDATE transactions SET number = '2025-000001' WHERE id = 1",
        {(Trouble.NUMBER, "2025-000001"), (Trouble.NUMBER, ""), (Trouble.SEARCH, "2025-000001")},
    ),
    "a counter set back": ("UPDATE counters SET value = 2 WHERE name = '2026'", {(Trouble.NUMBER, "")}),
    "changes set back": ("UPDATE counters SET value = 2 WHERE name = 'changes'", {(Trouble.NUMBER, "")}),
}


@pytest.mark.parametrize("broken", BREAKS)
def test_whatever_is_broken_is_told(lived: Database, path: Path, broken: str) -> None:
    statements, expected = BREAKS[broken]
    with sqlite(path) as connection:
        connection.executescript(statements)
    connection.close()
    found = check(lived)
    assert {(problem.trouble, problem.number) for problem in found} == expected


def test_a_file_of_which_an_index_says_another_thing_is_told(path: Path) -> None:
    content = path.read_bytes()
    assert content.count(b"duck daisy") > 1
    path.write_bytes(content.replace(b"duck daisy", b"duck haisy", 1))
    database = open_ledger(f"sqlite:///{path}")
    found = check(database)
    database.dispose()
    assert Trouble.FILE in {problem.trouble for problem in found}
    assert "aisy" not in str(found)


def test_a_problem_does_not_say_whose_it_is(lived: Database, path: Path) -> None:
    with sqlite(path) as connection:
        connection.executescript("; ".join(statements for statements, _ in BREAKS.values()))
    connection.close()
    found = check(lived)
    assert len(found) > 10
    assert not [p for p in found if any(word in str(p).casefold() for word in ("mouse", "duck", "999"))]


def test_what_the_benchmarks_fill_a_ledger_with_is_sound_but_for_images_events_and_forms(
    tmp_path: Path,
) -> None:
    path = tmp_path / "big.sqlite"
    database = open_ledger(f"sqlite:///{path}")
    Transactions(database, US).create(disc(1))
    database.dispose()
    multiply(path, 3000)
    database = open_ledger(f"sqlite:///{path}")
    kinds = {problem.trouble for problem in check(database)}
    database.dispose()
    assert kinds == {Trouble.STATUS, Trouble.COUNTS, Trouble.SEARCH}
