"""dev.py on machines that lack things: a sentence and an exit code, never a traceback."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import socket
import subprocess

import pytest

import dev
from tests.dev.conftest import REPOSITORY, Machine

LACKS = dev.MACHINE_LACKS
ROOT_USER = "os.geteuid = lambda: 0"
PLAIN_USER = "os.geteuid = lambda: 1000"


# --- old Pythons -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 10, 13)])
def test_an_old_python_is_told_which_one_is_needed(machine: Machine, version: tuple[int, ...]) -> None:
    done = machine.dev("test", before=f"sys.version_info = {version}")
    assert done.returncode == LACKS
    assert f"needs Python 3.11 or newer; this is Python {version[0]}.{version[1]}." in done.stderr
    assert not machine.calls


def test_dev_py_keeps_to_syntax_that_every_python_reads() -> None:
    source = (REPOSITORY / "dev.py").read_bytes()
    source.decode("ascii")  # Python 2 refuses other characters without a declaration
    too_new = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Nonlocal, ast.Match, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(source, feature_version=(3, 7))):
        assert not isinstance(node, too_new), ast.dump(node)
        assert not (isinstance(node, ast.Raise) and node.cause)
        if isinstance(node, ast.FunctionDef):
            assert not node.args.kwonlyargs
            assert not node.returns
        if isinstance(node, (ast.List, ast.Tuple)):
            assert not any(isinstance(item, ast.Starred) for item in node.elts)


# --- arguments ---------------------------------------------------------------------------------------------------


def test_help_lists_every_command(machine: Machine) -> None:
    done = machine.dev("--help")
    assert done.returncode == 0
    assert all(f"  {command} " in done.stdout for command in dev.COMMANDS)


@pytest.mark.parametrize("arguments", [[], ["tset"]])
def test_unusable_arguments_show_the_usage(machine: Machine, arguments: list[str]) -> None:
    done = machine.dev(*arguments)
    assert done.returncode == 2
    assert "usage: python3 dev.py" in done.stdout + done.stderr
    assert not machine.calls


# --- .venv and the locks -----------------------------------------------------------------------------------------


def test_the_first_start_installs_and_the_second_does_not(machine: Machine) -> None:
    assert machine.dev("test", "-k", "nhs").returncode == 0
    first = machine.calls
    assert [call for call in first if "pip install" in call and "--require-hashes" in call]
    assert machine.dev("test", "-k", "nhs").returncode == 0
    second = machine.calls[len(first) :]
    assert len(second) == 1
    assert second[0].endswith("-k nhs")


def test_a_changed_lock_is_installed_again(machine: Machine) -> None:
    machine.dev("test")
    before = len(machine.calls)
    (machine.root / "requirements" / "dev.txt").write_text("# newer\n", encoding="utf-8")
    machine.dev("test")
    again = machine.calls[before:]
    assert [call for call in again if "pip install" in call]
    assert not [call for call in again if "-m venv" in call]


def test_run_installs_its_own_lock_only(machine: Machine) -> None:
    machine.dev("run")
    assert list(machine.installed) == ["run.txt"]
    machine.dev("test")
    assert list(machine.installed) == ["run.txt", "dev.txt"]


def test_a_venv_without_pip_is_made_anew(machine: Machine) -> None:
    machine.has_venv()
    assert machine.dev("test", NO_PIP="1").returncode == 0
    assert [call for call in machine.calls if "-m venv --clear" in call]


def test_a_venv_whose_python_is_gone_is_made_anew(machine: Machine) -> None:
    machine.dev("test")
    python = machine.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3.11")
    assert machine.dev("test").returncode == 0
    assert len([call for call in machine.calls if "-m venv" in call]) == 2


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "disk is full",
        ),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            "differs from its hash",
        ),
        ("WARNING: NewConnectionError: [Errno -3] Temporary failure in name resolution", "cannot be reached"),
        ("ERROR: Could not install: [Errno 13] Permission denied: '.venv/lib'", "No right to write"),
        ("ERROR: No matching distribution found for shiboken6==6.12.0", "no build for this Python"),
        ("something nobody has foreseen", "pip failed; the last it said: something nobody has foreseen"),
        ("", "pip failed; the last it said: nothing"),
    ],
)
def test_a_failed_installation_says_why_and_is_tried_again(
    machine: Machine, said: str, sentence: str
) -> None:
    done = machine.dev("test", PIP_SAYS=said or " ")
    assert done.returncode == LACKS
    assert sentence in done.stderr
    assert machine.dev("test").returncode == 0


def test_a_disk_that_fills_up_while_the_venv_is_made_is_named(machine: Machine) -> None:
    done = machine.dev("test", VENV_SAYS="Error: [Errno 28] No space left on device")
    assert done.returncode == LACKS
    assert "disk is full" in done.stderr


def test_a_disk_that_fills_up_at_the_last_write_is_named(machine: Machine) -> None:
    full = "def full(*_): raise OSError(28, 'No space left on device')\nimport json; json.dump = full"
    done = machine.dev("test", before=full)
    assert done.returncode == LACKS
    assert "disk is full" in done.stderr


def test_a_disk_that_is_too_full_is_not_begun_with(machine: Machine) -> None:
    done = machine.dev("test", before="shutil.disk_usage = lambda _: shutil._ntuple_diskusage(9, 9, 10**8)")
    assert done.returncode == LACKS
    assert "needs 1000 MB" in done.stderr
    assert "has 100 left" in done.stderr
    assert not (machine.root / ".venv").exists()


def test_a_python_without_venv_is_named(machine: Machine) -> None:
    done = machine.dev("test", NO_ENSUREPIP="1")
    assert done.returncode == LACKS
    assert "lacks the venv or ensurepip module" in done.stderr


def test_an_interruption_is_no_traceback(machine: Machine) -> None:
    machine.has_venv()
    python = machine.root / ".venv" / "bin" / "python"
    python.write_text(
        '#!/bin/sh\ncase "$*" in *"pip install"*) kill -INT $PPID; sleep 5;; esac\n', encoding="utf-8"
    )
    done = machine.dev("test")
    assert done.returncode == 130
    assert "stopped" in done.stderr


# --- system packages ---------------------------------------------------------------------------------------------


def test_nothing_is_installed_when_all_packages_are_there(machine: Machine) -> None:
    machine.is_debian_with(*dev.TEST_PACKAGES)
    assert machine.dev("test").returncode == 0
    assert not [call for call in machine.calls if call.startswith("apt-get")]


def test_a_package_that_provides_another_counts_for_it(machine: Machine) -> None:
    others = [name for name in dev.TEST_PACKAGES if name != "libglib2.0-0"]
    machine.is_debian_with(*others, "libglib2.0-0t64:libglib2.0-0 (= 2.84), libother")
    assert machine.dev("test").returncode == 0
    assert not [call for call in machine.calls if call.startswith("apt-get")]


def test_root_installs_what_is_missing(machine: Machine) -> None:
    machine.is_debian_with(*[name for name in dev.TEST_PACKAGES if name not in ("orthanc", "xvfb")])
    assert machine.dev("test", before=ROOT_USER).returncode == 0
    installs = [call for call in machine.calls if "apt-get install" in call]
    assert len(installs) == 1
    assert "--no-install-recommends orthanc xvfb" in installs[0]


def test_without_root_the_one_command_is_printed(machine: Machine) -> None:
    machine.is_debian_with(*dev.RUN_PACKAGES, "xvfb")
    done = machine.dev("test", before=PLAIN_USER)
    assert done.returncode == LACKS
    assert (
        "sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends dcmtk orthanc orthanc-dicomweb'"
        in done.stderr
    )
    assert not [call for call in machine.calls if call.startswith("apt-get")]


def test_a_sudo_that_asks_for_a_password_is_not_used(machine: Machine) -> None:
    machine.is_debian_with()
    machine.has("sudo", "exit 1")
    done = machine.dev("run", before=PLAIN_USER)
    assert done.returncode == LACKS
    assert "libegl1" in done.stderr


def test_a_sudo_that_asks_nothing_is_used(machine: Machine) -> None:
    machine.is_debian_with()
    machine.has("sudo")
    assert machine.dev("test", before=PLAIN_USER).returncode == 0
    asked = [call for call in machine.calls if call.startswith("sudo") and "apt-get install" in call]
    assert len(asked) == 1
    assert "DEBIAN_FRONTEND=noninteractive" in asked[0]


def test_the_system_is_left_alone_on_request(machine: Machine) -> None:
    machine.is_debian_with()
    assert machine.dev("test", before=PLAIN_USER, IEP_SKIP_SYSTEM="1").returncode == 0
    assert not [call for call in machine.calls if call.startswith("apt-get")]


def test_an_apt_that_fails_is_explained(machine: Machine) -> None:
    machine.is_debian_with()
    machine.has(
        "apt-get", 'echo "E: You don\'t have enough free space in /var/cache/apt/archives/."; exit 100'
    )
    done = machine.dev("test", before=ROOT_USER)
    assert done.returncode == LACKS
    assert "disk is full" in done.stderr


def test_debian_without_its_venv_package_gets_it(machine: Machine) -> None:
    machine.is_debian_with(*dev.TEST_PACKAGES)
    before = f"{ROOT_USER}; sys.version_info = (3, 11, 2)"
    assert (
        machine.dev("test", before=before, NO_ENSUREPIP="1").returncode == LACKS
    )  # apt's fake installs nothing
    assert [call for call in machine.calls if "install" in call and "python3.11-venv" in call]


def test_lint_asks_for_no_system_package(machine: Machine) -> None:
    machine.is_debian_with()
    assert machine.dev("lint", before=PLAIN_USER).returncode == 0


# --- run ---------------------------------------------------------------------------------------------------------


def test_without_a_display_the_demo_disc_is_imported_on_the_command_line(machine: Machine) -> None:
    done = machine.dev("run")
    assert done.returncode == 0
    assert "There is no display here" in done.stdout
    disc = "/demo/discs/clean"
    assert machine.calls[-5] == "-m iep_desktop.demo where"
    assert machine.calls[-4:] == [
        f"-m iep_desktop --demo {command}"
        for command in (
            f"--json inspect {disc}",
            f"inspect {disc}",
            f"import {disc} --form {disc}.form.json --registered --patient S1 --wait",
            "worklist",
        )
    ]


def test_a_display_that_nobody_serves_is_none(machine: Machine) -> None:
    done = machine.dev("run", DISPLAY=":987")
    assert "The display :987 does not answer." in done.stdout


def test_with_a_display_the_window_opens(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1] - 6000
        done = machine.dev("run", DISPLAY=f"127.0.0.1:{number}.0")
    assert done.returncode == 0
    assert machine.calls[-1] == "-m iep_desktop --demo"


@pytest.mark.parametrize(
    ("arguments", "call"),
    [
        (["worklist", "--tab", "all"], "-m iep_desktop --demo worklist --tab all"),
        (["--", "--profile", "P", "nodes", "list"], "-m iep_desktop --profile P nodes list"),
    ],
)
def test_arguments_of_run_reach_the_program(machine: Machine, arguments: list[str], call: str) -> None:
    assert machine.dev("run", *arguments).returncode == 0
    assert machine.calls[-1] == call


# --- test, lint, shots -------------------------------------------------------------------------------------------


def test_the_tests_exit_code_and_last_words_are_pytests(machine: Machine) -> None:
    done = machine.dev("test", "tests/core", PYTEST_CODE="5")
    assert done.returncode == 5
    assert done.stdout.endswith("screen offscreen\n")
    assert machine.calls[-1].startswith("-m pytest -n ")


def test_what_measures_time_runs_alone_after_the_rest_and_not_after_a_failure(machine: Machine) -> None:
    assert machine.dev("test").returncode == 0
    assert machine.calls[-2].endswith("-m not alone")
    assert machine.calls[-1] == "-m pytest -m alone"
    assert machine.dev("test", PYTEST_CODE="1").returncode == 1
    assert machine.calls[-1] == "-m pytest --last-failed -m not alone"


def test_the_debugger_gets_a_single_process(machine: Machine) -> None:
    machine.dev("test", "--pdb")
    assert machine.calls[-1] == "-m pytest --pdb"


def test_the_integration_script_runs_the_tests(machine: Machine) -> None:
    shutil.copytree(REPOSITORY / ".ci", machine.root / ".ci")
    machine.has_venv()
    environment = {**os.environ, "IEP_SKIP_SYSTEM": "1", "PYTEST_CODE": "1"}
    done = subprocess.run(
        [machine.root / ".ci" / "run"], env=environment, cwd="/", capture_output=True, timeout=60
    )
    assert done.returncode == 1
    assert machine.calls[-1].startswith("-m pytest")


def test_every_linter_runs_though_one_complains(machine: Machine) -> None:
    done = machine.dev("lint", RUFF_CODE="1")
    assert done.returncode == 1
    assert "failed: ruff check, ruff format" in done.stdout
    assert [call for call in machine.calls if "importlinter" in call]


def test_shots_are_drawn_offscreen_into_the_documents(machine: Machine) -> None:
    assert machine.dev("shots").returncode == 0
    assert re.fullmatch(r"-m iep_desktop --demo --profile \S+ screenshots docs/pictures", machine.calls[-1])


# --- bench -------------------------------------------------------------------------------------------------------

SEND = {"figure": "send", "ours": "310 MB/s", "theirs": "33 MB/s", "ratio": 9.3, "wanted": 8.0, "met": True}
START = {"figure": "start", "ours": "1.9 s", "theirs": "", "ratio": "", "wanted": "1.5 s", "met": False}


def _benchmark(machine: Machine, name: str, text: str) -> None:
    folder = machine.root / "benchmarks"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(f'{text}\nif __name__ == "__main__":\n    pass\n', encoding="utf-8")


def test_figures_come_in_one_table(machine: Machine) -> None:
    _benchmark(machine, "send", f"import benchmarks.peer\nprint('warming up')\nprint({json.dumps(SEND)!r})")
    (machine.root / "benchmarks" / "peer.py").write_text("SHARED = True\n", encoding="utf-8")
    done = machine.dev("bench")
    assert done.returncode == 0
    assert "figure | ours     | theirs  | ratio | wanted | met" in done.stdout
    assert "send   | 310 MB/s | 33 MB/s | 9.3   | 8      | yes" in done.stdout


def test_a_short_figure_fails_the_benchmarks(machine: Machine) -> None:
    _benchmark(machine, "send", f"print({json.dumps(SEND)!r})")
    _benchmark(machine, "start", f"print({json.dumps(START)!r})")
    done = machine.dev("bench")
    assert done.returncode == 1
    assert "SHORT" in done.stdout
    assert machine.dev("bench", "send").returncode == 0


def test_the_soak_runs_only_when_it_is_named(machine: Machine) -> None:
    _benchmark(machine, "send", f"print({json.dumps(SEND)!r})")
    _benchmark(machine, "soak", f"print({json.dumps(START)!r})")
    assert machine.dev("bench").returncode == 0
    assert machine.dev("bench", "soak").returncode == 1


def test_a_benchmark_that_breaks_after_its_figures_is_short(machine: Machine) -> None:
    _benchmark(machine, "send", f"print({json.dumps(SEND)!r})\nraise SystemExit(1)")
    done = machine.dev("bench")
    assert done.returncode == 1
    assert "send ended with code 1" in done.stdout


@pytest.mark.parametrize("text", ["raise SystemExit(3)", ""])
def test_a_benchmark_without_figures_is_short(machine: Machine, text: str) -> None:
    _benchmark(machine, "send", text)
    done = machine.dev("bench")
    assert done.returncode == 1
    assert "send ended with code" in done.stdout


def test_an_unknown_benchmark_is_refused_with_the_known_ones(machine: Machine) -> None:
    _benchmark(machine, "send", "")
    done = machine.dev("bench", "sned")
    assert done.returncode == 2
    assert "no benchmark is called sned; there are: send" in done.stderr
