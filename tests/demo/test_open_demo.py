"""`--demo`: a profile like any other, made at the first start and found again at the next."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from iep_desktop import settings
from iep_desktop.core.errors import InvalidInput, OutOfSpace, Permanent
from iep_desktop.core.model import Node
from iep_desktop.demo import default_folder, open_demo
from iep_desktop.demo import discs as demo_discs
from iep_desktop.dicom import scu
from iep_desktop.settings import Settings
from iep_desktop.workers.desk import open_desk

pytestmark = pytest.mark.xdist_group("demo")


def known_nodes(root: Path) -> dict[str, Node]:
    desk = open_desk(settings.open_profile(root))
    try:
        return {node.name: node for node in desk.nodes.list()}
    finally:
        desk.close()


def test_the_first_start_makes_discs_forms_and_nodes_that_the_ledger_knows(made: Path) -> None:
    assert sorted(path.name for path in (made / "discs").iterdir()) == sorted(
        f"{name}{end}" for name in demo_discs.DISCS for end in ("", ".form.json")
    )
    assert {"UHLPACSWFM01", "UHL gateway", "NUH gateway", "NUH PACS"} <= set(known_nodes(made))


def test_the_next_start_is_quick_and_makes_nothing_again(made: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (made / "discs").rglob("*")}
    started = time.monotonic()
    with open_demo(made) as demo:
        assert time.monotonic() - started < 10
        scu.echo(demo.nodes[0])
        assert known_nodes(made)["UHLPACSWFM01"] == demo.nodes[0]
    assert {path: path.stat().st_mtime_ns for path in (made / "discs").rglob("*")} == before


def test_a_port_that_has_changed_is_entered_in_the_ledger(made: Path) -> None:
    port = known_nodes(made)["UHLPACSWFM01"].port
    with socket.create_server(("127.0.0.1", port)), open_demo(made) as demo:
        assert demo.nodes[0].port != port
        assert known_nodes(made)["UHLPACSWFM01"].port == demo.nodes[0].port


def test_a_ledger_that_was_removed_knows_the_nodes_again(made: Path) -> None:
    for path in made.glob("ledger.sqlite*"):
        path.unlink()
    with open_demo(made):
        assert "UHLPACSWFM01" in known_nodes(made)


def test_a_start_that_was_cut_off_is_completed(made: Path) -> None:
    shutil.rmtree(made / "pacs")
    with open_demo(made) as demo:
        assert scu.find_patients(demo.nodes[0], patient_id="S999112")


def test_a_real_profile_is_left_alone(tmp_path: Path) -> None:
    settings.create_profile(tmp_path / "real", Settings())
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InvalidInput, match="no demo"), open_demo(tmp_path / "real"):
        pass
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_cannot_be_made_is_said_clearly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Permanent, match="cannot be written"), open_demo(tmp_path / "file" / "demo"):
        pass


def test_a_full_disk_leaves_nothing_half_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path) -> None:
        (folder / "clean").mkdir()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(demo_discs, "make_discs", full)
    with pytest.raises(OutOfSpace), open_demo(tmp_path / "demo"):
        pass
    assert not (tmp_path / "demo" / "discs").exists()
    assert not list((tmp_path / "demo").glob(".making-*"))


def test_the_demo_lies_beside_the_users_own_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert default_folder() == settings.default_folder() / "demo"
    monkeypatch.setenv("IEP_PROFILE", str(tmp_path))
    assert default_folder() == tmp_path / "demo"


def test_a_newcomers_first_import_is_delivered(made: Path) -> None:
    """The program as it is started, on the command line."""
    command = [sys.executable, "-m", "iep_desktop", "--demo", "--profile", str(made), "--json"]
    disc = made / "discs" / "two-patients"
    arguments = ["import", str(disc), "--form", f"{disc}.form.json", "--wait"]
    waits = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60)
    assert waits.returncode == 3, waits.stderr
    assert json.loads(waits.stdout)["required"] == ["2 patients are on the disc (R-GATE-3, §2.3a)"]
    done = subprocess.run(
        [*command, *arguments, "--patient", "5520034"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["status"], answer["instances"]["verified"]) == ("Delivered", 40)


def test_where_tells_where_the_demo_lies(made: Path) -> None:
    command = [sys.executable, "-m", "iep_desktop.demo", "where", str(made)]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)
    assert told == {"profile": str(made), "discs": str(made / "discs")}


def test_other_words_are_answered_with_the_usage() -> None:
    done = subprocess.run([sys.executable, "-m", "iep_desktop.demo", "what"], capture_output=True, text=True)
    assert (done.returncode, done.stderr.startswith("usage:")) == (2, True)
