"""The viewers that stand open beside the main window, and the ways to one: a row, a disc, studies, a dropped file.

Owns the windows. The viewer itself is loaded when the first one opens; what is to be shown is asked off the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.ui.possible import is_sending
from iep_desktop.ui.services import IsDesk, StateStore
from iep_desktop.ui.theme import Theme
from iep_desktop.workers.queries import Queries

if TYPE_CHECKING:
    from iep_desktop.core.job import Context
    from iep_desktop.core.medium import MediumContents
    from iep_desktop.core.queries import PacsStudy
    from iep_desktop.core.reviewing import Reviewed
    from iep_desktop.core.transaction import Transaction
    from iep_desktop.core.viewing import ImageSource, Review, ViewPatient, ViewSet
    from iep_desktop.ui.services import IsViewing
    from iep_desktop.ui.viewer.window import ViewerWindow


@dataclass(frozen=True)
class _ToReview:
    """A transfer's images before they go, and what its history knows of a review."""

    view: ViewSet
    source: ImageSource
    transaction_id: int
    mandatory: bool
    reviewed: Reviewed | None


class Viewers(QObject):
    """Each call opens a window of its own, so that two can stand side by side. `opened` carries it."""

    opened = Signal(object)

    def __init__(
        self, desk: IsDesk, queries: Queries, theme: Theme, state: StateStore, window: QWidget
    ) -> None:
        super().__init__(window)
        self._desk, self._queries, self._theme, self._state = desk, queries, theme, state
        self._window = window
        self._asking: set[object] = set()  # so that a double click opens one
        self.windows: list[ViewerWindow] = []
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def of_transaction(self, transaction: Transaction) -> None:
        """What we send and has not gone yet is reviewed there: the confirmed review goes into its history."""
        viewings, key = self._desk.viewings, ("transaction", transaction.id)
        if is_sending(transaction):
            self._open(key, lambda ctx: self._to_review(transaction, ctx))
        else:
            self._open(key, lambda ctx: viewings.of_transaction(transaction.id, ctx))

    def _to_review(self, transaction: Transaction, ctx: Context) -> _ToReview:
        """Off the loop."""
        viewing, reviews = self._desk.viewings.of_transaction(transaction.id, ctx), self._desk.reviews
        mandatory = reviews.mandatory(transaction.recipient, transaction.node)
        return _ToReview(viewing.view, viewing.source, transaction.id, mandatory, reviews.of(transaction.id))

    def of_files(self, paths: Sequence[str]) -> None:
        """Files, or one folder or disc."""
        viewings, paths = self._desk.viewings, tuple(paths)
        self._open(paths, lambda ctx: viewings.of_files(paths, ctx))

    def of_contents(self, contents: MediumContents, asked: ViewPatient | None, series_uid: str = "") -> None:
        """A disc that has been read, at one of its series."""
        viewings = self._desk.viewings
        self._open(contents.source, lambda _ctx: viewings.of_medium(contents, asked), series_uid)

    def of_study(self, study: PacsStudy, asked: ViewPatient) -> None:
        """One that our PACS has found, beside the patient whose it should be."""
        viewings = self._desk.viewings
        self._open(study, lambda ctx: viewings.of_studies("", (study,), ctx, asked))

    def close(self) -> None:
        for window in list(self.windows):
            window.close()

    # --- opening --------------------------------------------------------------------------------------------

    def _open(self, key: object, question: Callable[[Context], IsViewing], series_uid: str = "") -> None:
        if key in self._asking:
            return
        self._asking.add(key)
        thumbnails = self._desk.thumbnails
        self._queries.ask(lambda _ctx: thumbnails.prepare(), lambda _: None, owner=self)
        self._queries.ask(
            question,
            lambda viewing: self._show(key, viewing, series_uid),
            lambda error: self._failed(key, error),
            owner=self,
        )

    def _show(self, key: object, viewing: IsViewing, series_uid: str) -> None:
        from iep_desktop.ui.viewer import open_viewer
        from iep_desktop.ui.viewer.pictures import picture_maker

        self._asking.discard(key)
        view, source = viewing.view, viewing.source
        window = open_viewer(
            view, source, self._queries, self._theme, self._state,
            make_picture=picture_maker(self._desk.thumbnails, view, source),
            **self._review_of(viewing),
        )  # fmt: skip
        if isinstance(viewing, _ToReview):
            window.review_confirmed.connect(
                lambda review: self._record(viewing.transaction_id, review, window)
            )
        self.windows.append(window)
        window.closed.connect(lambda: self._forget(window))
        for study in view.studies:
            for series in study.series:
                if series.series_uid == series_uid:
                    window.open(study, series)
        window.activateWindow()
        self.opened.emit(window)

    def _review_of(self, viewing: IsViewing) -> dict[str, Any]:
        if not isinstance(viewing, _ToReview):
            return {}
        every = [i.sop_instance_uid for s in viewing.view.studies for e in s.series for i in e.images]
        return {
            "title": "Review before a send",
            "ticked": every,
            "reviewer": self._desk.me.user,
            "mandatory": viewing.mandatory,
            "reviewed": viewing.reviewed,
        }

    def _record(self, transaction_id: int, review: Review, window: ViewerWindow) -> None:
        reviews = self._desk.reviews
        self._queries.ask(
            lambda _ctx: reviews.record(transaction_id, review),
            lambda _: None,
            lambda error: window.reviewing.bar.show_error(error) if window.reviewing else None,
            owner=window,
        )

    def _failed(self, key: object, error: IepError) -> None:
        from iep_desktop.ui.widgets.errors import show_error

        self._asking.discard(key)
        show_error(self._window, error, self._theme)

    def _forget(self, window: ViewerWindow) -> None:
        if window in self.windows:
            self.windows.remove(window)
            window.deleteLater()

    # --- dropped files --------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Files dropped on the main window."""
        if event.type() is QEvent.Type.DragEnter and isinstance(event, QDragEnterEvent):
            if _files(event):
                event.acceptProposedAction()
                return True
        elif event.type() is QEvent.Type.Drop and isinstance(event, QDropEvent) and (paths := _files(event)):
            event.acceptProposedAction()
            self.of_files(paths)
            return True
        return False


def _files(event: QDropEvent) -> list[str]:
    return [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
