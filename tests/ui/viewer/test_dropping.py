"""A file that is dropped on a window opens in the viewer."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import NodeUnreachable
from iep_desktop.core.viewing import ViewSeries
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewers import Viewers
from iep_desktop.workers.queries import Queries
from iep_desktop.workers.thumbnails import Thumbnails
from iep_desktop.workers.viewings import Viewing
from tests.ui.fake_desk import MemoryState
from tests.ui.viewer.conftest import settle
from tests.ui.viewer.pixels import quarters
from tests.viewing import FolderSource, slices, view


class OwnFiles:
    """Finds what the source gives."""

    def __init__(self, series: ViewSeries, source: FolderSource) -> None:
        self.asked: list[str] = []
        self._found = Viewing(view(series), source)

    def of_files(self, paths: list[str], ctx: object) -> Viewing:
        self.asked += paths
        return self._found

    def of_transaction(self, id: int, ctx: object) -> Viewing:
        raise NodeUnreachable("PACS does not answer")


def drop(viewers: Viewers, window: QWidget, *urls: QUrl) -> bool:
    """Whether it was taken. Qt sends a drop only where a drag has come from the screen, so it is handed over."""
    data = QMimeData()
    data.setUrls(list(urls))
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    return viewers.eventFilter(window, event)


def test_a_file_that_is_dropped_on_a_window_opens_in_the_viewer(
    tmp_path: Path, source: FolderSource, theme: Theme, queries: Queries, state: MemoryState, qtbot: QtBot
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    finds = OwnFiles(slices(tmp_path / "a", 2), source)
    desk = SimpleNamespace(viewings=finds, thumbnails=Thumbnails())
    viewers = Viewers(desk, queries, theme, state, window)  # type: ignore[arg-type]
    assert not drop(viewers, window, QUrl("https://example.org/image.dcm"))
    with qtbot.waitSignal(viewers.opened, timeout=5000):
        assert drop(viewers, window, QUrl.fromLocalFile(str(tmp_path / "image.dcm")))
    assert finds.asked == [str(tmp_path / "image.dcm")]
    (shown,) = viewers.windows
    settle(qtbot, shown.panes.active)
    assert quarters(shown.panes.active) == "#..."
    viewers.close()
    assert viewers.windows == []
