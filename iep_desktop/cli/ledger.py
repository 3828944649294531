"""The commands that look after the ledger (cli.md)."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from iep_desktop.cli.commands import Command, Exit
from iep_desktop.cli.output import Output

if TYPE_CHECKING:
    from iep_desktop.core.soundness import Problem
    from iep_desktop.workers.desk import Desk


def check(args: argparse.Namespace, desk: Desk, out: Output) -> Exit:
    """Say everything that is wrong; ends with 4 where anything is."""
    from iep_desktop.workers.soundness import soundness_of

    found = soundness_of(desk).problems()
    document = {
        "sound": not found,
        "problems": [{"kind": p.trouble.value, "number": p.number, "message": p.text} for p in found],
    }
    out.result(document, "\n".join([*map(_line, found), _summary(len(found))]))
    return Exit.FAILED if found else Exit.DONE


def _line(problem: Problem) -> str:
    return f"{problem.number or problem.trouble.value.capitalize()}: {problem.text}"


def _summary(number: int) -> str:
    if not number:
        return "The ledger is sound"
    problems = "1 problem" if number == 1 else f"{number} problems"
    return f"{problems}; nothing was changed. Send this list to the service desk before you go on."


COMMANDS: dict[str, Command] = {"db": check}
