"""The command line as an admin or a script meets it: arguments, exit codes, one JSON document, help."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from iep_desktop import cli
from iep_desktop.cli import commands
from iep_desktop.cli.arguments import make_parser
from iep_desktop.cli.commands import Exit
from iep_desktop.core.errors import Cancelled, IepError, InvalidInput, NodeUnreachable, Permanent, Refused
from iep_desktop.core.model import Node, NodeRole
from tests.hospital import Hospital, ct_disc, form

_ADD = ["nodes", "add", "X", "--role", "pacs", "--hospital", "RWE", "--host", "h"]
NOWHERE = Node("PACS", NodeRole.PACS, "RWE", "PACS", "127.0.0.1", 1)


@pytest.fixture
def hospital(tmp_path: Path) -> Hospital:
    return Hospital(tmp_path / "profile", NOWHERE)


def _no(*_: Any) -> Any:
    raise AssertionError("this door must stay closed")


def _main(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = cli.main(argv, open_window=_no, draw_screens=_no, open_demo=_no)
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidInput("x"), 2),
        (Permanent("x"), 4),
        (NodeUnreachable("x"), 4),
        (Cancelled(), 4),
        (Refused("x"), 5),
    ],
)
def test_each_family_of_errors_has_its_exit_code(error: IepError, code: int) -> None:
    assert cli.exit_code(error) == code


def test_without_a_command_the_window_opens_on_the_chosen_profile(tmp_path: Path) -> None:
    opened: list[tuple[Path, bool]] = []

    def window(root: Path, demo: bool) -> int:
        opened.append((root, demo))
        return 0

    assert cli.main(["--profile", str(tmp_path)], open_window=window, draw_screens=_no, open_demo=_no) == 0
    assert opened == [(tmp_path, False)]


def test_the_profile_may_be_named_before_or_after_the_command_or_in_the_environment(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = str(hospital.root)
    before = _main("--profile", root, "--json", "nodes", "list")
    after = _main("nodes", "list", "--profile", root, "--json")
    monkeypatch.setenv("IEP_PROFILE", root)
    told = _main("--json", "nodes", "list")
    assert before == after == told
    assert json.loads(before[1])["nodes"][0]["name"] == "PACS"


@pytest.mark.parametrize(
    "argv",
    [
        ["fly"],
        ["nodes"],
        ["nodes", "add", "X"],
        ["import", "/nowhere"],
        ["find"],
        ["worklist", "--limit", "many"],
        [
            "nodes",
            "add",
            "X",
            "--role",
            "pacs",
            "--hospital",
            "RWE",
            "--ae-title",
            "T" * 17,
            "--host",
            "h",
            "--port",
            "1",
        ],
        [
            "nodes",
            "add",
            "X",
            "--role",
            "pacs",
            "--hospital",
            "RWE",
            "--ae-title",
            "T",
            "--host",
            "h",
            "--port",
            "70000",
        ],
    ],
)
def test_unusable_arguments_are_one_error_document_and_exit_code_2(argv: list[str]) -> None:
    code, out, _ = _main("--json", *argv)
    assert code == 2
    error = json.loads(out)["error"]
    assert set(error) == {"kind", "title", "message", "hint", "rule"}
    assert error["kind"] == "invalid-input"


def test_without_json_an_error_is_text_on_standard_error_and_standard_output_stays_empty(
    tmp_path: Path,
) -> None:
    code, out, err = _main("--profile", str(tmp_path), "worklist")
    assert (code, out) == (2, "")
    assert "There is no profile in this folder" in err
    assert "init --hospital" in err


def test_init_makes_a_profile_and_its_ledger_and_a_second_time_refuses(tmp_path: Path) -> None:
    root = str(tmp_path / "p")
    code, out, _ = _main("--profile", root, "--json", "init", "--hospital", "rwe")
    assert (code, json.loads(out)["hospital"]) == (0, "RWE")
    assert (tmp_path / "p" / "ledger.sqlite").is_file()
    assert _main("--profile", root, "--json", "init", "--hospital", "RWE")[0] == 2


def test_nodes_are_added_changed_listed_and_removed(hospital: Hospital) -> None:
    def add(port: str) -> tuple[int, Any]:
        where = ("--role", "gateway", "--hospital", "RX1", "--ae-title", "NUH", "--host", "h", "--port", port)
        return hospital.run("nodes", "add", "NUH", *where)

    assert add("104")[0] == 0
    assert add("11112")[1]["port"] == 11112
    assert [n["port"] for n in hospital.run("nodes", "list")[1]["nodes"] if n["name"] == "NUH"] == [11112]
    assert hospital.run("nodes", "remove", "NUH")[0] == 0
    assert hospital.run("nodes", "remove", "NUH")[0] == 2


def test_how_many_associations_a_node_gets_is_set_listed_and_by_itself_automatic(hospital: Hospital) -> None:
    def add(*associations: str) -> Any:
        return hospital.run(*_ADD, "--ae-title", "T", "--port", "104", *associations)

    assert add()[1]["associations"] == 0
    assert add("--associations", "6")[1]["associations"] == 6
    assert {n["name"]: n["associations"] for n in hospital.run("nodes", "list")[1]["nodes"]} == {
        "PACS": 0,
        "X": 6,
    }
    for wrong in ("-1", "17", "many"):
        assert add(f"--associations={wrong}")[0] == 2


def test_a_node_that_does_not_answer_says_what_to_check(hospital: Hospital) -> None:
    code, answer = hospital.run("nodes", "echo", "PACS")
    assert (code, answer["error"]["kind"]) == (4, "node-unreachable")
    assert answer["error"]["hint"]


def test_an_import_without_wait_returns_at_once_with_its_number(hospital: Hospital, tmp_path: Path) -> None:
    disc = ct_disc(tmp_path / "cd")
    code, answer = hospital.run("import", disc.root, "--form", hospital.write_form(form()), "--registered")
    assert (code, answer["status"], answer["instances"]["total"]) == (0, "New", 3)
    assert hospital.run("show", answer["number"])[1]["number"] == answer["number"]


def test_a_cancelled_transaction_is_history_and_cannot_be_retried(hospital: Hospital, tmp_path: Path) -> None:
    disc = ct_disc(tmp_path / "cd")
    number = hospital.run("import", disc.root, "--form", hospital.write_form(form()))[1]["number"]
    code, answer = hospital.run("cancel", number)
    assert (code, answer["status"], answer["tab"]) == (0, "Cancelled", "All")
    code, answer = hospital.run("retry", number)
    assert (code, answer["error"]["kind"]) == (5, "refused")


def test_an_unknown_transaction_is_unusable_input(hospital: Hospital) -> None:
    assert hospital.run("show", "2026-999999")[0] == 2


def test_a_worklist_is_limited_searched_and_filtered_by_tab(hospital: Hospital, tmp_path: Path) -> None:
    disc = ct_disc(tmp_path / "cd")
    for _ in range(3):
        hospital.run("import", disc.root, "--form", hospital.write_form(form()), "--registered")
    assert len(hospital.run("worklist", "--limit", "2")[1]["transactions"]) == 2
    assert hospital.run("worklist", "--tab", "in progress")[1]["total"] == 3
    assert hospital.run("worklist", "--search", "999 000 0018")[1]["total"] == 3
    assert hospital.run("worklist", "--search", "nobody")[1]["total"] == 0
    assert hospital.run("worklist", "--tab", "no such")[0] == 2


def test_find_wants_something_to_search_for(hospital: Hospital) -> None:
    assert hospital.run("find", "--node", "PACS")[0] == 2


@pytest.mark.parametrize("command", [*commands.COMMANDS, "nodes", "init", "inspect", "screenshots"])
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        make_parser().parse_args([command, "--help"])
    assert done.value.code == 0
    assert "example" in capsys.readouterr().out


def test_screenshots_are_refused_without_the_demo(hospital: Hospital, tmp_path: Path) -> None:
    code, answer = hospital.run("screenshots", tmp_path)
    assert (code, answer["error"]["kind"]) == (5, "refused")


def test_a_defect_of_ours_is_exit_code_1_and_no_traceback(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Exit:
        raise KeyError("a defect")

    monkeypatch.setitem(commands.COMMANDS, "worklist", broken)
    code, answer = hospital.run("worklist")
    assert code == 1
    assert "KeyError" in answer["error"]["message"]


def test_a_reader_that_goes_away_ends_the_command_quietly(hospital: Hospital) -> None:
    command = " ".join(hospital.command("nodes", "list")) + " | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert "Traceback" not in done.stderr


def test_a_progress_bar_is_drawn_on_a_terminal_and_only_there(hospital: Hospital, tmp_path: Path) -> None:
    disc = ct_disc(tmp_path / "cd", images=8)
    command = [sys.executable, "-m", "iep_desktop", "inspect", str(disc.root)]
    quiet = subprocess.run(command, capture_output=True, text=True)
    assert quiet.stderr == ""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=theirs, check=True)
    os.close(theirs)
    assert b"reading" in _all(ours)


def _all(terminal: int) -> bytes:
    """What was written to a terminal whose other end is closed."""
    text = b""
    try:
        while chunk := os.read(terminal, 4096):
            text += chunk
    except OSError:  # Linux says the end of a terminal so
        pass
    os.close(terminal)
    return text
