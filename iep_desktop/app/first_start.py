"""The first start: asks who we are, makes the profile, or leads to the demo."""

from __future__ import annotations

import getpass
from enum import Enum, auto
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEventLoop

from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Context
from iep_desktop.core.model import Hospital
from iep_desktop.settings import Profile
from iep_desktop.ui.setup.dialog import SetupDialog, SetupResult
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.errors import show_error
from iep_desktop.workers import setup
from iep_desktop.workers.queries import Queries


class Choice(Enum):
    """What became of the first start."""

    PROFILE = auto()
    DEMO = auto()
    NOTHING = auto()


def ask(root: Path, theme: Theme) -> Choice:
    """Show the set-up until the profile is made, the demo is wanted, or the person goes away."""
    queries = Queries()
    try:
        return FirstStart(root, theme, queries).run()
    finally:
        queries.close()


class FirstStart:
    """The set-up dialog and what it leads to."""

    def __init__(self, root: Path, theme: Theme, queries: Queries) -> None:
        self._root = root
        self._queries = queries
        self._theme = theme
        self._loop = QEventLoop()
        self._choice = Choice.NOTHING
        self.dialog: SetupDialog | None = None

    def run(self) -> Choice:
        self._queries.ask(setup.known_hospitals, self._show, self._cannot, owner=self._loop)
        self._loop.exec()
        return self._choice

    def _show(self, hospitals: tuple[Hospital, ...]) -> None:
        self.dialog = SetupDialog(
            hospitals,
            getpass.getuser(),
            self._queries,
            setup.echo,
            partial(setup.describe_ledger, self._root),
            self._theme,
        )
        self.dialog.finished_with.connect(self._make)
        self.dialog.demo_wanted.connect(partial(self._end, Choice.DEMO))
        self.dialog.rejected.connect(partial(self._end, Choice.NOTHING))
        self.dialog.open()

    def _make(self, result: SetupResult) -> None:
        nodes = tuple(node for node in (result.pacs, result.gateway) if node)

        def make(_ctx: Context) -> Profile:
            return setup.make_profile(
                self._root,
                hospital=result.hospital_ods,
                user=result.user,
                ledger_url=result.ledger_url,
                nodes=nodes,
            )

        self._queries.ask(make, lambda _: self._end(Choice.PROFILE), self._cannot, owner=self._loop)

    def _cannot(self, error: IepError) -> None:
        """Said, and the set-up stands again with what was typed."""
        if self.dialog:
            self.dialog.open()
            show_error(self.dialog, error, self._theme)

    def _end(self, choice: Choice) -> None:
        self._choice = choice
        self._loop.quit()
