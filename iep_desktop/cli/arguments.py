"""What can be typed: the parser, its help and its examples (cli.md). Turns text into values, does nothing."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from iep_desktop import __version__
from iep_desktop.cli import exchange_arguments
from iep_desktop.cli.declaring import Parser, command, common, typed, wait
from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.identifiers import parse_ods_code
from iep_desktop.core.model import MOST_ASSOCIATIONS

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


def make_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="iep-desktop",
        description="Exchange patients' images between hospitals. Without a command the window opens.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"iep-desktop {__version__}")
    common(parser, top=True)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    for add in (
        _init,
        _nodes,
        _inspect,
        _render,
        _import,
        _find,
        *exchange_arguments.COMMANDS,
        _worklist,
        _one_transaction,
        _run,
        _db,
        _screenshots,
    ):
        add(commands)
    return parser


def _init(commands: Any) -> None:
    parser = command(commands, "init", "make the profile and its ledger", "init --hospital RWE")
    parser.add_argument(
        "--hospital", required=True, type=typed(parse_ods_code), metavar="ODS", help="who we are"
    )
    parser.add_argument(
        "--ledger", default="", metavar="URL", help="a shared ledger; else a file in the profile"
    )


def _nodes(commands: Any) -> None:
    parser = command(commands, "nodes", "the DICOM nodes", "nodes echo PACS")
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True, parser_class=Parser)
    add = command(
        acts, "add", "add a node, or change it",
        "nodes add PACS --role pacs --hospital RWE --ae-title UHLPACS --host 192.0.2.10 --port 104",
    )  # fmt: skip
    add.add_argument("name", metavar="NAME")
    add.add_argument("--role", required=True, choices=["pacs", "gateway"])
    add.add_argument("--hospital", required=True, type=typed(parse_ods_code), metavar="ODS")
    add.add_argument("--ae-title", type=typed(_ae_title), metavar="T")
    add.add_argument("--host", metavar="H")
    add.add_argument("--port", type=typed(_port), metavar="P")
    add.add_argument("--calling-ae", default="IEPDESKTOP", type=typed(_ae_title), metavar="T")
    add.add_argument("--tls", action="store_true")
    add.add_argument(
        "--rest-url", default="", metavar="URL", help="of a gateway that is an Orthanc: to purge what is due"
    )
    add.add_argument(
        "--dicomweb", default="", metavar="URL", help="it speaks DICOMweb there: no AE title, host and port"
    )
    add.add_argument(
        "--commitment",
        default="automatic",
        choices=["automatic", "always", "off"],
        help="storage commitment: where its report reaches our listener, also on the same association, or never",
    )
    add.add_argument(
        "--associations", default=0, type=typed(_associations), metavar="N",
        help="over which a transaction is sent at once, 1 to 16; 0: as many as pay",
    )  # fmt: skip
    command(acts, "list", "list the nodes", "nodes list --json")
    for act, text in (("remove", "remove a node"), ("echo", "ask a node whether it is there")):
        command(acts, act, text, f"nodes {act} PACS").add_argument("name", metavar="NAME")
    sign_in = command(
        acts, "sign-in", "keep a node's user:password or token, read from standard input, in the keyring",
        "nodes sign-in PACS < secret.txt",
    )  # fmt: skip
    sign_in.add_argument("name", metavar="NAME")


def _inspect(commands: Any) -> None:
    parser = command(
        commands, "inspect", "read a disc or folder, change nothing", "inspect /media/cdrom --json"
    )
    parser.add_argument("path", type=Path, metavar="PATH")


def _render(commands: Any) -> None:
    parser = command(commands, "render", "one frame as the viewer shows it", "render IMAGE --out image.png")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE.png")
    parser.add_argument("--frame", type=typed(_positive), default=1, metavar="N", help="counted from 1")
    parser.add_argument(
        "--size", type=typed(_positive), metavar="PIXELS", help="at most so many on the longer side"
    )


def _import(commands: Any) -> None:
    parser = command(
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
    wait(parser)


def _find(commands: Any) -> None:
    parser = command(commands, "find", "search a PACS", "find --node PACS --patient-id S999111")
    parser.add_argument("--node", required=True, metavar="NAME")
    parser.add_argument("--patient-id", default="", metavar="ID")
    parser.add_argument(
        "--from", dest="date_from", type=typed(_date), metavar="D", help="exam date, YYYY-MM-DD"
    )
    parser.add_argument("--to", dest="date_to", type=typed(_date), metavar="D")
    parser.add_argument("--modality", default="", metavar="M")


def _worklist(commands: Any) -> None:
    parser = command(commands, "worklist", "what a tab shows", "worklist --tab action-required")
    parser.add_argument(
        "--tab", default="All", metavar="T", help="in-progress, action-required, failed, accepted, all"
    )
    parser.add_argument("--search", default="", metavar="TEXT", help="number, patient ID or name")
    parser.add_argument("--limit", type=int, default=50, metavar="K")


def _one_transaction(commands: Any) -> None:
    command(commands, "show", "one transaction", "show 2026-000001").add_argument("number", metavar="N")
    retry = command(
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
    wait(retry)
    command(commands, "cancel", "cancel a transaction", "cancel 2026-000001").add_argument(
        "number", metavar="N"
    )


def _run(commands: Any) -> None:
    parser = command(commands, "run", "the engine without a window", "run --until-idle")
    parser.add_argument("--until-idle", action="store_true", help="return when nothing is left to do")
    parser.add_argument("--for-window", action="store_true", help=argparse.SUPPRESS)  # at a window's orders


def _db(commands: Any) -> None:
    parser = command(commands, "db", "the ledger", "db check")
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True, parser_class=Parser)
    command(
        acts, "check", "whether ledger and spool agree with themselves; changes nothing", "db check --json"
    )


def _screenshots(commands: Any) -> None:
    parser = command(
        commands, "screenshots", "one PNG of every screen (with --demo)", "--demo screenshots shots/"
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")


# --- values ------------------------------------------------------------------------------------------------


def _ae_title(text: str) -> str:
    if not 1 <= len(text.strip()) <= 16 or not text.isascii() or "\\" in text or not text.isprintable():
        raise InvalidInput("an AE title has 1 to 16 ASCII characters and no backslash (PS3.5 6.2)")
    return text.strip()


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise InvalidInput("a port is a number from 1 to 65535")
    return int(text)


def _associations(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:10]) > MOST_ASSOCIATIONS:
        raise InvalidInput(f"it must be a whole number from 0 to {MOST_ASSOCIATIONS}")
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
