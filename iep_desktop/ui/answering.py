"""What a person has said in a dialog, until it is done: the dialog stays hidden, and comes back where it is refused.

Of two who act on one row at once the second is told; what he has typed is still there, to be sent again or copied.
"""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from iep_desktop.core.errors import Cancelled, IepError, InvalidInput, Refused
from iep_desktop.core.transaction import Transaction
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.deeds import deed
from iep_desktop.ui.possible import possible
from iep_desktop.ui.services import IsDesk
from iep_desktop.workers.queries import Queries

_ALWAYS = (Act.CORRECT_FORM, Act.OWN_FORM)
"""Saved as long as the ledger takes them, also where nothing asks for them any more."""


class ComesBack(Protocol):
    """A dialog that holds what was typed after it was closed."""

    @property
    def deed_text(self) -> str:
        """The words on the button that does it."""

    def come_back(self, error: IepError, now: Transaction | None, *, over: bool) -> None:
        """Shown again as it was left, with the refusal and the row as it stands `now`; `over`: only to be copied."""

    def deleteLater(self) -> None: ...


class Answering(QObject):
    """One dialog and its wish. `happened` carries the Wish and the words for it, `back` the dialog."""

    happened = Signal(object, str)
    refused = Signal()
    back = Signal(object)

    def __init__(
        self, dialog: ComesBack, wish: Wish, desk: IsDesk, queries: Queries, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._dialog, self._wish, self._desk, self._queries = dialog, wish, desk, queries

    def answer(self, said: Any) -> None:
        """Do it; blocking, off the loop."""
        made = deed(self._desk, self._wish.act, self._wish.transaction, said)
        self._queries.ask(
            lambda _ctx: made.call(), lambda _: self._done(made.words), self._not_done, owner=self
        )

    def leave(self) -> None:
        """The person goes back, or it is done."""
        self._dialog.deleteLater()
        self.deleteLater()

    def _done(self, words: str) -> None:
        self.happened.emit(self._wish, words)
        self.leave()

    def _not_done(self, error: IepError) -> None:
        if isinstance(error, Cancelled):
            self.leave()
            return
        reading, id_ = self._desk.reading, self._wish.transaction.id
        self._queries.ask(
            lambda _ctx: reading.by_id(id_),
            lambda now: self._come_back(error, now),
            lambda _: self._come_back(error, None),
            owner=self,
        )

    def _come_back(self, error: IepError, now: Transaction | None) -> None:
        """What he sends next is meant for the row as it stands now: he has it before him."""
        act = self._wish.act
        over = False
        if now is not None:
            self._wish = Wish(act, now)
            over = act not in _ALWAYS and act not in possible(now, self._desk.me.user)
        self._dialog.come_back(self._with_next_step(error, now, over=over), now, over=over)
        self.back.emit(self._dialog)
        if isinstance(error, Refused | InvalidInput):
            self.refused.emit()

    def _with_next_step(self, error: IepError, now: Transaction | None, *, over: bool) -> IepError:
        stands = (
            f"{now.number} has the status {now.status.value} now. "
            if now and isinstance(error, Refused)
            else ""
        )
        if over:
            step = f"{stands}This cannot be done any more; what you typed is still here to be copied."
        else:
            step = (
                f"{stands}What you typed is still here: press “{self._dialog.deed_text}” again, or copy it."
            )
        hint = error.hint if error.hint != "Refresh." else ""  # it has been looked at again
        return IepError(error.title, error.message, " ".join(part for part in (hint, step) if part))
