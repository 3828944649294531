"""The house rules that a machine can check: linters, layers, sizes, words, locks, licences."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import dev

ROOT = Path(__file__).resolve().parent.parent
LONGEST_MODULE = 400
LOCK_LINE = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; .+?)? \\$", re.MULTILINE)


def _modules() -> list[Path]:
    folders = [ROOT / "iep_desktop", ROOT / "benchmarks"]
    return [ROOT / "dev.py", *sorted(path for folder in folders for path in folder.rglob("*.py"))]


def _texts() -> Iterator[tuple[Path, str]]:
    """Every text file of the repository, but not what tools and people leave beside it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        try:
            yield Path(name), path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("name", "command"), dev.LINTS, ids=[name for name, _ in dev.LINTS])
def test_the_tree_is_clean(name: str, command: list[str]) -> None:
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{name}:\n{done.stdout}\n{done.stderr}"


def test_no_module_is_longer_than_the_ceiling() -> None:
    """Migrations are frozen lists of columns: they are written once and read by nobody."""
    written = [path for path in _modules() if "migrations" not in path.parts]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in written}
    long = {str(path.relative_to(ROOT)): lines for path, lines in lengths.items() if lines > LONGEST_MODULE}
    assert not long


def test_every_module_says_what_it_owns() -> None:
    silent = [
        path for path in _modules() if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not silent


def test_no_module_is_called_after_nothing() -> None:
    empty_words = {"utils", "util", "helpers", "helper", "managers", "manager", "misc", "common"}
    assert not [path for path in _modules() if path.stem in empty_words or path.parent.name in empty_words]


def test_the_repository_speaks_of_the_product_alone() -> None:
    """Words are put together here, so that this file may be searched too."""
    forbidden = re.compile(
        "|".join(
            [
                r"(?<![\w.~-])/" + "work/",
                r"(?<![\w.~-])/" + "farm/",
                r"\bpypi" + r"\.org",
                "python" + "hosted",
                r"registry\." + "npmjs",
                r"\bdeb\." + "debian",
                r"\b" + "clau" + r"de\b",
                r"\b" + "anthro" + r"pic\b",
                r"\bAI " + "agent",
                "extra-" + "index-url",
            ]
        ),
        re.IGNORECASE,
    )
    found = [
        f"{path}: {match.group()}" for path, text in _texts() for match in [forbidden.search(text)] if match
    ]
    assert not found


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt"])
def test_every_locked_package_has_a_hash_and_no_server_is_named(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", text.split("\n\n")[0].strip())
    assert len(entries) > 20
    assert not [entry for entry in entries if not LOCK_LINE.match(entry) or "--hash=sha256:" not in entry]
    assert "://" not in text


def test_locks_hold_what_is_asked_for_and_agree_with_each_other() -> None:
    run, full = (
        set(LOCK_LINE.findall((ROOT / "requirements" / name).read_text(encoding="utf-8")))
        for name in ("run.txt", "dev.txt")
    )
    assert run < full
    asked = {canonicalize_name(need.name) for need in (*_asked_for("run.in"), *_asked_for("dev.in"))}
    assert asked <= {name for name, _ in full}


def _asked_for(name: str) -> list[Requirement]:
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


# --- licences ----------------------------------------------------------------------------------------------------


def _shipped() -> set[str]:
    """The distributions that a user of this system gets: what run.in asks for, and what that needs in turn."""
    found: set[str] = set()
    waiting = [n.name for n in _asked_for("run.in") if n.marker is None or n.marker.evaluate({"extra": ""})]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found.add(name)
        needs = [Requirement(line) for line in importlib.metadata.requires(name) or []]
        waiting += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return found


def _licences(name: str) -> list[str]:
    """The licences from which a user may choose one; empty when none is stated."""
    metadata = importlib.metadata.metadata(name)
    stated = metadata.get("License-Expression") or metadata.get("License")
    if stated and len(stated) < 100:
        return re.split(r"\s+OR\s+", stated)
    prefix = "License :: "
    return [line for line in metadata.get_all("Classifier") or [] if line.startswith(prefix)]


def _is_gpl(licence: str) -> bool:
    """The GPL or the AGPL, not the LGPL, which lets others link."""
    words = re.sub(r"LGPL|Lesser General Public|Library General Public", "", licence, flags=re.IGNORECASE)
    return re.search(r"GPL|General Public", words, re.IGNORECASE) is not None


def test_nothing_that_is_shipped_is_under_the_gpl() -> None:
    shipped = _shipped()
    assert {"pyside6-essentials", "shiboken6", "pydicom", "python-stdnum"} <= shipped
    unstated = [name for name in shipped if not _licences(name)]
    assert not unstated
    assert not [name for name in shipped if all(_is_gpl(licence) for licence in _licences(name))]


@pytest.mark.parametrize(
    ("licence", "gpl"),
    [
        ("GPL-3.0-only", True),
        ("GNU Affero General Public License v3", True),
        ("License :: OSI Approved :: GNU General Public License v2 (GPLv2)", True),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("LGPL-3.0-only", False),
        ("Apache-2.0", False),
    ],
)
def test_the_gpl_is_told_from_the_lgpl(licence: str, gpl: bool) -> None:
    assert _is_gpl(licence) is gpl


# --- the tests' own rules ----------------------------------------------------------------------------------------

CULPRITS = """
import threading, warnings
from PySide6.QtCore import qWarning

def test_thread():
    threading.Thread(target=threading.Event().wait, args=(5,)).start()

def test_warning():
    warnings.warn("old", DeprecationWarning)

def test_qt_warning(qapp):
    qWarning("a view has no model")

def test_innocent(qapp):
    assert qapp.platformName() == "offscreen"
"""


def test_a_thread_a_warning_or_a_qt_warning_fails_the_test_that_left_it(tmp_path: Path) -> None:
    (tmp_path / "test_culprits.py").write_text(CULPRITS, encoding="utf-8")
    command = ["-m", "pytest", "-c", "pyproject.toml", "-p", "tests.conftest", "-p", "no:cacheprovider", "-q"]
    done = subprocess.run(
        [sys.executable, *command, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert "threads left behind" in done.stdout
    assert "a view has no model" in done.stdout
    assert re.search(r"^2 failed, 2 passed, 1 error", done.stdout, re.MULTILINE), done.stdout


# --- the contracts bite ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("core/model.py", "import iep_desktop.store"),
        ("store/tables.py", "import iep_desktop.dicom"),
        ("core/model.py", "import numpy"),
        ("workers/disc_import.py", "import PySide6.QtCore"),
        ("workers/disc_import.py", "import sqlalchemy"),
        ("workers/disc_import.py", "import pydicom"),
        ("links/mail.py", "import keyring"),
        ("ui/main_window.py", "import iep_desktop.store"),
        ("ui/main_window.py", "import iep_desktop.app"),
    ],
)
def test_a_forbidden_import_breaks_a_contract(tmp_path: Path, module: str, line: str) -> None:
    done = _lint_imports_of_a_house_with(tmp_path, module, line)
    assert done.returncode == 1
    assert "BROKEN" in done.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("workers/engine.py", "import PySide6.QtCore"),
        ("ui/worklist/table.py", "import PySide6.QtCore"),
        ("store/tables.py", "import sqlalchemy"),
        ("dicom/media.py", "import pydicom"),
        ("workers/disc_import.py", "import iep_desktop.dicom.media"),
    ],
)
def test_an_import_in_its_right_place_keeps_the_contracts(tmp_path: Path, module: str, line: str) -> None:
    done = _lint_imports_of_a_house_with(tmp_path, module, line)
    assert done.returncode == 0, done.stdout


def _lint_imports_of_a_house_with(folder: Path, module: str, line: str) -> subprocess.CompletedProcess[str]:
    """Check our contracts on a bare copy of the house in which one module has one import."""
    packages = ("core", "store", "dicom", "links", "workers", "ui", "ui/worklist")
    names = [*(f"{package}/__init__.py" for package in packages), "__init__.py"]
    singles = ["app.py", "cli.py", "credentials.py", "settings.py", "logs.py", "dicom/media.py"]
    for name in [*names, *singles]:
        path = folder / "iep_desktop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    (folder / "iep_desktop" / module).write_text(line, encoding="utf-8")
    (folder / "pyproject.toml").write_text(
        (ROOT / "pyproject.toml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    command = [sys.executable, *dict(dev.LINTS)["import contracts"]]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
