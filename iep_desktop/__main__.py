"""The entry point: one command line for all doors. Imports only what the chosen door needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def main() -> int:
    from iep_desktop import cli

    os.umask(0o077)  # what the program writes is its owner's alone
    return int(
        cli.main(sys.argv[1:], open_window=_open_window, draw_screens=_draw_screens, open_demo=_open_demo)
    )


def _open_window(root: Path, demo: bool) -> int:
    from iep_desktop.app import TRY_DEMO, open_window

    code = open_window(root)
    if code != TRY_DEMO or demo:
        return code
    with _open_demo(None) as folder:
        return open_window(folder)


def _draw_screens(root: Path, folder: Path) -> list[Path]:
    from iep_desktop.app import draw_screens

    return draw_screens(root, folder)


@contextmanager
def _open_demo(folder: Path | None) -> Iterator[Path]:
    """The folder of the demo's profile, with its PACS running beside."""
    from iep_desktop.demo import open_demo

    with open_demo(folder) as profile:
        yield profile.root


if __name__ == "__main__":
    sys.exit(main())
