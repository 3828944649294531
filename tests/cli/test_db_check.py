"""`db check`: what an admin learns of a ledger and a spool, and by which exit code."""

from __future__ import annotations

import io
import sqlite3
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from iep_desktop import cli
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.core.transaction import InstanceState, Status
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.upgrade import open_ledger
from tests.hospital import Hospital
from tests.store.samples import US, disc, images, moved

NOWHERE = Node("PACS", NodeRole.PACS, US, "PACS", "127.0.0.1", 1)


@pytest.fixture
def hospital(tmp_path: Path) -> Hospital:
    """With one import delivered and one that waits."""
    made = Hospital(tmp_path / "profile", NOWHERE)
    database = open_ledger(f"sqlite:///{ledger(made)}")
    ours = Transactions(database, US)
    done = ours.create(disc(1, queued=False))
    for state in (InstanceState.SPOOLED, InstanceState.SENT, InstanceState.VERIFIED):
        ours.update_instances(done.id, [moved(images(1)[0].sop_instance_uid, state)])
    ours.move(done.id, Status.STARTED, "", "engine")
    ours.move(done.id, Status.DELIVERED, "", "engine")
    ours.create(disc(2, queued=False))
    database.dispose()
    return made


def ledger(hospital: Hospital) -> Path:
    return hospital.root / "ledger.sqlite"


def check(hospital: Hospital) -> tuple[int, Any]:
    return hospital.run("db", "check")


def break_it(hospital: Hospital, statement: str) -> None:
    with sqlite3.connect(ledger(hospital)) as connection:
        connection.execute(statement)
    connection.close()


def test_a_sound_ledger_ends_with_0(hospital: Hospital) -> None:
    assert check(hospital) == (0, {"sound": True, "problems": []})


def test_what_is_wrong_is_listed_by_number_and_ends_with_4(hospital: Hospital) -> None:
    break_it(hospital, "UPDATE transactions SET listed = listed + 1 WHERE id = 2")
    code, answer = check(hospital)
    assert code == 4
    assert answer["problems"] == [
        {"kind": "counts", "number": "2026-000002", "message": "The counts are not those of its images"}
    ]
    assert not answer["sound"]


def test_a_check_changes_nothing(hospital: Hospital) -> None:
    break_it(hospital, "DELETE FROM events")
    assert check(hospital) == check(hospital)


def test_images_of_what_is_at_rest_or_of_nothing_are_found_in_the_spool(hospital: Hospital) -> None:
    for owner in ("1", "2", "77"):  # 1 is delivered, 2 waits, and there is no 77
        folder = hospital.root / "spool" / owner
        folder.mkdir(parents=True)
        (folder / "image.dcm").write_bytes(b"x")
    code, answer = check(hospital)
    assert code == 4
    assert [(p["kind"], p["number"]) for p in answer["problems"]] == [("spool", "2026-000001"), ("spool", "")]
    assert "77" in answer["problems"][1]["message"]


def test_a_damaged_file_is_told_as_such(hospital: Hospital) -> None:
    size = ledger(hospital).stat().st_size
    with ledger(hospital).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    code, answer = check(hospital)
    assert code == 4
    assert answer["error"]["kind"] == "ledger-unusable"
    assert "damaged" in answer["error"]["title"]
    assert "backup" in answer["error"]["hint"]


def test_text_names_each_problem_on_a_line_and_says_what_next(hospital: Hospital) -> None:
    break_it(hospital, "UPDATE transactions SET listed = listed + 1 WHERE id = 2")
    out = io.StringIO()
    with redirect_stdout(out):
        argv = ["--profile", str(hospital.root), "db", "check"]
        assert cli.main(argv, open_window=_no, draw_screens=_no, open_demo=_no) == 4
    assert out.getvalue().splitlines() == [
        "2026-000002: The counts are not those of its images",
        "1 problem; nothing was changed. Send this list to the service desk before you go on.",
    ]


def _no(*_: Any) -> Any:
    raise AssertionError("no command opens this door")
