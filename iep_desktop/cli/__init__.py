"""The command line: a thin door to the same workers that the windows use (cli.md).

Owns arguments, exit codes and output; holds no logic and knows no Qt. Window and screenshots are doors that
`__main__` hands in, since windows are not the command line's to build.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from iep_desktop import settings
from iep_desktop.cli import commands, exchange, ledger, nodes
from iep_desktop.cli.arguments import make_parser
from iep_desktop.cli.commands import Exit
from iep_desktop.cli.documents import error_document
from iep_desktop.cli.output import Output
from iep_desktop.core.errors import Cancelled, IepError, InvalidInput, Permanent, Refused, Retriable

if TYPE_CHECKING:
    import argparse
    from contextlib import AbstractContextManager

_log = logging.getLogger(__name__)

OpenWindow = Callable[[Path, bool], int]
DrawScreens = Callable[[Path, Path], list[Path]]
OpenDemo = Callable[[Path | None], "AbstractContextManager[Path]"]


def main(
    argv: Sequence[str], *, open_window: OpenWindow, draw_screens: DrawScreens, open_demo: OpenDemo
) -> int:
    """Run one command, or the window where none is given; returns the exit code."""
    out = Output("--json" in argv)
    try:
        args = make_parser().parse_args(argv)
        if not args.demo:
            return _run(args, args.profile or settings.default_folder(), out, open_window, draw_screens)
        with open_demo(args.profile) as root:
            return _run(args, root, out, open_window, draw_screens)
    except IepError as error:
        return _tell(error, out)
    except KeyboardInterrupt:
        return _tell(Cancelled("Stopped", "What was under way goes on at the next start."), out)
    except BrokenPipeError:  # the reader of our output has gone, for example `head`
        sys.stderr.close()
        return Exit.DONE
    except Exception as error:
        _log.exception("defect in the command line")
        return _tell_defect(error, out)


def _run(
    args: argparse.Namespace, root: Path, out: Output, open_window: OpenWindow, draw_screens: DrawScreens
) -> int:
    if args.command is None:
        return open_window(root, args.demo)
    if args.command == "init":
        return commands.init(args, root, out)
    if args.command == "inspect":
        return commands.inspect(args, root, out)
    if args.command == "render":
        return commands.render(args, out)
    if args.command == "screenshots":
        return _screenshots(args, root, out, draw_screens)
    return _with_desk(args, root, out)


def _with_desk(args: argparse.Namespace, root: Path, out: Output) -> int:
    from iep_desktop.logs import start_logging
    from iep_desktop.workers.desk import open_desk

    profile = settings.open_profile(root)
    start_logging(profile.logs, "engine" if getattr(args, "for_window", False) else "iep-desktop")
    desk = open_desk(profile)
    try:
        return (commands.COMMANDS | exchange.COMMANDS | ledger.COMMANDS | nodes.COMMANDS)[args.command](
            args, desk, out
        )
    finally:
        desk.close()


def _screenshots(args: argparse.Namespace, root: Path, out: Output, draw_screens: DrawScreens) -> int:
    if not args.demo:
        raise Refused("Screenshots are drawn with synthetic patients only", "", "Add --demo.")
    made = draw_screens(root, args.folder)
    out.result({"screenshots": [str(path) for path in made]}, "\n".join(map(str, made)))
    return Exit.DONE


def exit_code(error: IepError) -> Exit:
    """cli.md: which family ends with which code."""
    if isinstance(error, InvalidInput):
        return Exit.UNUSABLE
    if isinstance(error, Refused):
        return Exit.REFUSED
    if isinstance(error, (Retriable, Permanent, Cancelled)):
        return Exit.FAILED
    return Exit.DEFECT


def _tell(error: IepError, out: Output) -> int:
    text = "\n".join(part for part in (f"{error.title}.", error.message, error.hint) if part)
    out.error(error_document(error), text)
    return exit_code(error)


def _tell_defect(error: Exception, out: Output) -> int:
    told = Permanent(
        "The program has a defect",
        f"{type(error).__name__}; the log holds the details.",
        "Tell the service desk.",
    )
    _tell(told, out)
    return Exit.DEFECT
