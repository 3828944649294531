"""How a command is declared: the parser, the options that all have, and converters whose errors are ours."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from iep_desktop.core.errors import IepError, InvalidInput


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments as one of our errors, so that --json holds for them too."""

    def error(self, message: str) -> NoReturn:
        raise InvalidInput(f"{self.prog}: {message}", hint=f"See: {self.prog} --help")


def common(parser: argparse.ArgumentParser, *, top: bool = False) -> None:
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


def command(commands: Any, name: str, text: str, example: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=f"example:\n  iep-desktop {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    common(parser)
    return parser


def wait(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--wait", action="store_true", help="return when the transaction has come to rest")


def typed(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """A converter whose IepError becomes the argument's error."""

    def convert(text: str) -> Any:
        try:
            return parse(text)
        except IepError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return convert
