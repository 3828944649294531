"""A bare copy of the repository's door, on a machine whose tools are scripts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

# Stands for .venv's Python: notes what it is asked, fails as told, runs benchmarks for real.
FAKE_PYTHON = """#!/bin/sh
echo "$*" >> {root}/calls
case "$*" in
    *"pip install"*) [ -z "$PIP_SAYS" ] || {{ echo "$PIP_SAYS"; exit 1; }} ;;
    *"-m venv"*)
        [ -z "$VENV_SAYS" ] || {{ echo "$VENV_SAYS"; exit 1; }}
        rm -rf {root}/.venv && mkdir -p {root}/.venv/bin && cp "$0" {root}/.venv/bin/python ;;
    *"import venv, ensurepip"*) [ -z "$NO_ENSUREPIP" ] || exit 1 ;;
    *"import sys, pip"*) [ -z "$NO_PIP" ] || exit 1 ;;
    *"iep_desktop.demo where"*) echo '{{"profile": "/demo"}}' ;;
    *"--json inspect"*) echo '{{"patients": [{{"patient_id": "S1"}}]}}' ;;
    *benchmarks*) exec {real} "$@" ;;
    *"-m pytest"*) echo "screen $QT_QPA_PLATFORM"; exit ${{PYTEST_CODE:-0}} ;;
    *ruff*) exit ${{RUFF_CODE:-0}} ;;
    *" import "*) exit ${{IMPORT_CODE:-0}} ;;
esac
"""

FAKE_TOOL = """#!/bin/sh
echo "{name} $*" >> {root}/calls
{body}
"""


@dataclass
class Machine:
    """One clone on one machine; `tools` is all that its PATH holds."""

    root: Path
    tools: Path

    def has(self, name: str, body: str = "exit 0") -> None:
        """Put a tool on the PATH."""
        path = self.tools / name
        path.write_text(FAKE_TOOL.format(name=name, root=self.root, body=body), encoding="utf-8")
        path.chmod(0o755)

    def is_debian_with(self, *packages: str) -> None:
        """Give it dpkg and apt; a package may be written `name:what, it, provides`."""
        lines = [f"installed,{name},{more}" for name, _, more in (p.partition(":") for p in packages)]
        self.has("dpkg-query", "cat <<'EOF'\n" + "\n".join(lines) + "\nEOF")
        self.has("apt-get")

    def has_venv(self) -> None:
        python = self.root / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        shutil.copy(self.tools / "python", python)

    def dev(self, *arguments: str, before: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run dev.py; `before` is Python that makes the process believe something about the machine."""
        start = (
            # As in a terminal, also where whoever runs the tests ignores Ctrl+C, as a background job does.
            "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
            f"import os, runpy, shutil, sys\nsys.executable = {str(self.tools / 'python')!r}\n{before}\n"
            f"sys.argv[1:] = {list(arguments)!r}\n"
            f"runpy.run_path({str(self.root / 'dev.py')!r}, run_name='__main__')"
        )
        environment = {"PATH": str(self.tools), **environment}
        done = subprocess.run(
            [sys.executable, "-c", start], capture_output=True, text=True, env=environment, timeout=60
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    @property
    def calls(self) -> list[str]:
        """What the tools were asked, in order."""
        path = self.root / "calls"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    @property
    def installed(self) -> dict[str, str]:
        locks: dict[str, str] = json.loads(
            (self.root / ".venv/installed-locks.json").read_text(encoding="utf-8")
        )
        return locks


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A fresh clone beside a complete Python; not Debian, no display, nothing installed."""
    made = Machine(tmp_path / "clone", tmp_path / "tools")
    (made.root / "requirements").mkdir(parents=True)
    made.tools.mkdir()
    shutil.copy(REPOSITORY / "dev.py", made.root)
    for lock in ("run.txt", "dev.txt"):
        (made.root / "requirements" / lock).write_text(f"# {lock}\n", encoding="utf-8")
    python = made.tools / "python"
    python.write_text(FAKE_PYTHON.format(root=made.root, real=sys.executable), encoding="utf-8")
    python.chmod(0o755)
    for tool in ("cat", "cp", "env", "mkdir", "rm", "sleep"):
        found = shutil.which(tool)
        assert found
        os.symlink(found, made.tools / tool)
    return made
