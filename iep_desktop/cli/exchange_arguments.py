"""What can be typed for the exchange between hospitals (cli.md). Turns text into values, does nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from iep_desktop.cli.declaring import command, typed, wait
from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.identifiers import parse_ods_code
from iep_desktop.core.model import Priority


def _request(commands: Any) -> None:
    parser = command(
        commands, "request", "ask another hospital for images", "request --to RX1 --form form.json"
    )
    parser.add_argument(
        "--to", required=True, type=typed(parse_ods_code), metavar="ODS", help="the hospital that is asked"
    )
    parser.add_argument("--form", required=True, type=Path, metavar="FILE", help="the form as JSON")


def _transfer(commands: Any) -> None:
    parser = command(
        commands,
        "transfer",
        "send images to another hospital",
        "transfer --to RX1 --form form.json --study 1.2.826.0.1 --wait",
    )
    parser.add_argument(
        "--to", required=True, type=typed(parse_ods_code), metavar="ODS", help="the hospital that receives"
    )
    parser.add_argument("--form", required=True, type=Path, metavar="FILE", help="the form as JSON")
    parser.add_argument(
        "--study", required=True, action="append", metavar="UID", help="a study in our PACS; several times"
    )
    parser.add_argument("--priority", type=typed(priority), metavar="P", help="normal, batch, blue-light")
    parser.add_argument(
        "--attach", action="append", default=[], type=Path, metavar="FILE", help="a report: PDF or plain text"
    )
    parser.add_argument(
        "--attachments-correct", action="store_true", help="you have read what you attach, and it is correct"
    )
    parser.add_argument("--onward", default="", metavar="TEXT", help="why another hospital's images go on")
    parser.add_argument("--answers", default="", metavar="N", help="the request that it answers")
    parser.add_argument("--node", default="", metavar="NAME", help="our PACS; else the hospital's own")
    parser.add_argument(
        "--destination", default="", metavar="NAME", help="a gateway of the recipient; else its first"
    )
    wait(parser)


def _accept(commands: Any) -> None:
    parser = command(commands, "accept", "accept a request; a transfer then answers it", "accept 2026-000001")
    parser.add_argument("number", metavar="N")


def _decline(commands: Any) -> None:
    parser = command(
        commands,
        "decline",
        "decline a request, or a transfer that is On IEP",
        'decline 2026-000001 --reason study-does-not-exist --text "No CT on that day"',
    )
    parser.add_argument("number", metavar="N")
    parser.add_argument(
        "--reason",
        required=True,
        metavar="R",
        help="study-does-not-exist, clinically-inappropriate, or other with --text",
    )
    parser.add_argument("--text", default="", metavar="T")


def _message(commands: Any) -> None:
    parser = command(
        commands, "message", "write to the other hospital", 'message 2026-000001 "Which arm is it?"'
    )
    parser.add_argument("number", metavar="N")
    parser.add_argument("text", metavar="TEXT")
    parser.add_argument(
        "--details-missing",
        action="store_true",
        help="a request lacks details: it is cancelled when they stay missing for two weeks",
    )


def _download(commands: Any) -> None:
    parser = command(commands, "download", "fetch what is On IEP for us", "download 2026-000001 --wait")
    parser.add_argument("number", metavar="N")
    wait(parser)


def _match(commands: Any) -> None:
    parser = command(
        commands,
        "match",
        "say by our own form whose images they are here",
        "match 2026-000001 --form form.json --registered --wait",
    )
    parser.add_argument("number", metavar="N")
    parser.add_argument("--form", required=True, type=Path, metavar="FILE", help="the form as JSON")
    parser.add_argument("--registered", action="store_true", help="you have looked the patient up on the PAS")
    parser.add_argument(
        "--patient", metavar="ID", help="the patient ID in the images, which you have compared with the form"
    )
    wait(parser)


def _priority(commands: Any) -> None:
    parser = command(
        commands,
        "priority",
        "make a transaction more or less urgent",
        'priority 2026-000001 blue-light --reason "To theatre at 14:00"',
    )
    parser.add_argument("number", metavar="N")
    parser.add_argument("priority", type=typed(priority), metavar="P", help="normal, batch, blue-light")
    parser.add_argument("--reason", required=True, metavar="TEXT")


def _accept_evidence(commands: Any) -> None:
    command(
        commands,
        "accept-evidence",
        "take what a node shows for enough, where its storage commitment has not come",
        "accept-evidence 2026-000001",
    ).add_argument("number", metavar="N")


COMMANDS: tuple[Callable[[Any], None], ...] = (
    _request, _transfer, _accept, _decline, _message, _download, _match, _priority, _accept_evidence,
)  # fmt: skip


def priority(text: str) -> Priority:
    """Raises InvalidInput where it is none."""
    folded = text.replace("-", " ").replace("_", " ").casefold()
    for found in Priority:
        if found.value.casefold() == folded:
            return found
    raise InvalidInput(f"there is no priority {text!r}: normal, batch, blue-light")
