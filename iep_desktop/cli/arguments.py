"""What can be typed: the parser, its help and its examples (cli.md). Turns text into values, does nothing."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from iep_desktop import __version__
from iep_desktop.core.errors import IepError, InvalidInput
from iep_desktop.core.identifiers import parse_ods_code

_EXAMPLES = """examples:
  iep-desktop                                         open the window
  iep-desktop --demo                                  open it with synthetic hospitals, discs and a PACS
  iep-desktop init --hospital RWE                     make a profile for Leicester
  iep-desktop nodes add PACS --role pacs --hospital RWE --ae-title UHLPACS --host 192.0.2.10 --port 104
  iep-desktop inspect /media/cdrom                    what is on the disc, and what is wrong with it
  iep-desktop import /media/cdrom --form form.json --registered --wait
  iep-desktop worklist --tab action-required

exit codes: 0 done, 1 our own defect, 2 unusable arguments or input, 3 waits for a person (Action Required),
4 failed (Failed tab), 5 refused by a rule or for want of a right
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments as one of our errors, so that --json holds for them too."""

    def error(self, message: str) -> NoReturn:
        raise InvalidInput(f"{self.prog}: {message}", hint=f"See: {self.prog} --help")


def make_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="iep-desktop",
        description="Exchange patients' images between hospitals. Without a command the window opens.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"iep-desktop {__version__}")
    _common(parser, top=True)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    for add in (
        _init,
        _nodes,
        _inspect,
        _render,
        _import,
        _find,
        _request,
        _replies,
        _worklist,
        _one_transaction,
        _run,
        _screenshots,
    ):
        add(commands)
    return parser


def _common(parser: argparse.ArgumentParser, *, top: bool = False) -> None:
    """Options that may stand before or after the command."""
    default: Any = None if top else argparse.SUPPRESS
    flag: Any = False if top else argparse.SUPPRESS
    parser.add_argument(
        "--profile", type=Path, metavar="DIR", default=default, help="the folder of one installation"
    )
    parser.add_argument(
        "--demo", action="store_true", default=flag, help="a profile with synthetic data and a PACS"
    )
    parser.add_argument(
        "--json", action="store_true", default=flag, help="one JSON document on standard output"
    )


def _command(commands: Any, name: str, text: str, example: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=f"example:\n  iep-desktop {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _common(parser)
    return parser


def _init(commands: Any) -> None:
    parser = _command(commands, "init", "make the profile and its ledger", "init --hospital RWE")
    parser.add_argument(
        "--hospital", required=True, type=_typed(parse_ods_code), metavar="ODS", help="who we are"
    )
    parser.add_argument(
        "--ledger", default="", metavar="URL", help="a shared ledger; else a file in the profile"
    )


def _nodes(commands: Any) -> None:
    parser = _command(commands, "nodes", "the DICOM nodes", "nodes echo PACS")
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True, parser_class=_Parser)
    add = _command(
        acts, "add", "add a node, or change it",
        "nodes add PACS --role pacs --hospital RWE --ae-title UHLPACS --host 192.0.2.10 --port 104",
    )  # fmt: skip
    add.add_argument("name", metavar="NAME")
    add.add_argument("--role", required=True, choices=["pacs", "gateway"])
    add.add_argument("--hospital", required=True, type=_typed(parse_ods_code), metavar="ODS")
    add.add_argument("--ae-title", required=True, type=_typed(_ae_title), metavar="T")
    add.add_argument("--host", required=True, metavar="H")
    add.add_argument("--port", required=True, type=_typed(_port), metavar="P")
    add.add_argument("--calling-ae", default="IEPDESKTOP", type=_typed(_ae_title), metavar="T")
    add.add_argument("--tls", action="store_true")
    _command(acts, "list", "list the nodes", "nodes list --json")
    for act, text in (("remove", "remove a node"), ("echo", "ask a node whether it is there (C-ECHO)")):
        _command(acts, act, text, f"nodes {act} PACS").add_argument("name", metavar="NAME")


def _inspect(commands: Any) -> None:
    parser = _command(
        commands, "inspect", "read a disc or folder, change nothing", "inspect /media/cdrom --json"
    )
    parser.add_argument("path", type=Path, metavar="PATH")


def _render(commands: Any) -> None:
    parser = _command(commands, "render", "one frame as the viewer shows it", "render IMAGE --out image.png")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE.png")
    parser.add_argument("--frame", type=_typed(_positive), default=1, metavar="N", help="counted from 1")
    parser.add_argument(
        "--size", type=_typed(_positive), metavar="PIXELS", help="at most so many on the longer side"
    )


def _import(commands: Any) -> None:
    parser = _command(
        commands,
        "import",
        "import a disc into PACS",
        "import /media/cdrom --form form.json --registered --wait",
    )
    parser.add_argument("path", type=Path, metavar="PATH")
    parser.add_argument("--form", required=True, type=Path, metavar="FILE", help="the form as JSON")
    parser.add_argument(
        "--patient", metavar="ID", help="whose images of the medium; checked against the form by you"
    )
    parser.add_argument("--registered", action="store_true", help="you have looked the patient up on the PAS")
    parser.add_argument(
        "--everything", action="store_true", help="also what the form does not list; needs --reason"
    )
    parser.add_argument("--reason", default="", metavar="TEXT")
    parser.add_argument("--node", default="", metavar="NAME", help="the PACS node; else the hospital's own")
    _wait(parser)


def _wait(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--wait", action="store_true", help="return when the transaction has come to rest")


def _find(commands: Any) -> None:
    parser = _command(commands, "find", "search a PACS", "find --node PACS --patient-id S999111")
    parser.add_argument("--node", required=True, metavar="NAME")
    parser.add_argument("--patient-id", default="", metavar="ID")
    parser.add_argument(
        "--from", dest="date_from", type=_typed(_date), metavar="D", help="exam date, YYYY-MM-DD"
    )
    parser.add_argument("--to", dest="date_to", type=_typed(_date), metavar="D")
    parser.add_argument("--modality", default="", metavar="M")


def _worklist(commands: Any) -> None:
    parser = _command(commands, "worklist", "what a tab shows", "worklist --tab action-required")
    parser.add_argument(
        "--tab", default="All", metavar="T", help="in-progress, action-required, failed, accepted, all"
    )
    parser.add_argument("--search", default="", metavar="TEXT", help="number, patient ID or name")
    parser.add_argument("--limit", type=int, default=50, metavar="K")


def _request(commands: Any) -> None:
    parser = _command(
        commands, "request", "ask another hospital for images", "request --to RX1 --form form.json"
    )
    parser.add_argument(
        "--to", required=True, type=_typed(parse_ods_code), metavar="ODS", help="the hospital that is asked"
    )
    parser.add_argument("--form", required=True, type=Path, metavar="FILE", help="the form as JSON")


def _replies(commands: Any) -> None:
    decline = _command(
        commands,
        "decline",
        "decline a request",
        'decline 2026-000001 --reason study-does-not-exist --text "No CT on that day"',
    )
    decline.add_argument("number", metavar="N")
    decline.add_argument(
        "--reason",
        required=True,
        metavar="R",
        help="study-does-not-exist, clinically-inappropriate, or other with --text",
    )
    decline.add_argument("--text", default="", metavar="T")
    message = _command(
        commands, "message", "write to the other hospital", 'message 2026-000001 "Which arm is it?"'
    )
    message.add_argument("number", metavar="N")
    message.add_argument("text", metavar="TEXT")


def _one_transaction(commands: Any) -> None:
    _command(commands, "show", "one transaction", "show 2026-000001").add_argument("number", metavar="N")
    retry = _command(
        commands,
        "retry",
        "try a failed transaction again, or send a declined request again",
        "retry 2026-000001 --failed-only",
    )
    retry.add_argument("number", metavar="N")
    retry.add_argument("--failed-only", action="store_true", help="only the images that failed")
    retry.add_argument(
        "--form", type=Path, metavar="FILE", help="a declined request: the form as it was re-worked"
    )
    _wait(retry)
    _command(commands, "cancel", "cancel a transaction", "cancel 2026-000001").add_argument(
        "number", metavar="N"
    )


def _run(commands: Any) -> None:
    parser = _command(commands, "run", "the engine without a window", "run --until-idle")
    parser.add_argument("--until-idle", action="store_true", help="return when nothing is left to do")


def _screenshots(commands: Any) -> None:
    parser = _command(
        commands, "screenshots", "one PNG of every screen (with --demo)", "--demo screenshots shots/"
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")


# --- values ------------------------------------------------------------------------------------------------


def _typed(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """A converter whose IepError becomes the argument's error."""

    def convert(text: str) -> Any:
        try:
            return parse(text)
        except IepError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return convert


def _ae_title(text: str) -> str:
    if not 1 <= len(text.strip()) <= 16 or not text.isascii() or "\\" in text or not text.isprintable():
        raise InvalidInput("an AE title has 1 to 16 ASCII characters and no backslash (PS3.5 6.2)")
    return text.strip()


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise InvalidInput("a port is a number from 1 to 65535")
    return int(text)


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:10]) < 1:
        raise InvalidInput("it must be a whole number from 1 on")
    return int(text[:10])


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("a date is written YYYY-MM-DD") from None
