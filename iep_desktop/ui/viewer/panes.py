"""One, two or four cells: which series stands where, which is active, and what panes tell each other.

Linked scrolling and scout lines go by the position in the patient alone (same frame of reference), never by number.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from iep_desktop.core.planes import crossing, nearest, why_apart
from iep_desktop.core.viewing import ImageSource, ViewImage, ViewSeries, ViewStudy
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.cell import Cell
from iep_desktop.ui.viewer.frame_feed import FrameFeed
from iep_desktop.ui.viewer.pane import Pane
from iep_desktop.ui.viewer.tools import Tool
from iep_desktop.workers.queries import Queries
from iep_desktop.workers.stacks import Stack

COUNTS = (1, 2, 4)
_AGAIN_MS = 100
_NAMES = {1: ("pane",), 2: ("left pane", "right pane")}
_FOUR = ("top left pane", "top right pane", "bottom left pane", "bottom right pane")


class Panes(QWidget):
    """`shown` when a frame, or why there is none, is on the screen of the active cell; `changed` after opening."""

    shown = Signal()
    changed = Signal()
    document_shown = Signal(object)  # Path

    def __init__(
        self,
        feed: FrameFeed,
        source: ImageSource,
        queries: Queries,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._feed, self._source, self._queries, self._theme = feed, source, queries, theme
        self._stacks: dict[str, Stack] = {}
        self._cells: list[Cell] = []
        self.names: dict[str, str] = {}  # what series and images are called that a document refers to
        self.count = 1
        self.linked, self.scouts = False, True
        self._active = 0
        self._maximised: tuple[int, int] | None = None  # how many there were, and which one it was
        self.tool = Tool.SCROLL
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_AGAIN_MS)
        self._later.timeout.connect(lambda: self._follow(self.active))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(1)
        self.setProperty("ground", "image")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.set_count(1)

    # --- cells ------------------------------------------------------------------------------------------------

    @property
    def cells(self) -> list[Cell]:
        """Those on the screen."""
        return self._cells[: self.count]

    @property
    def active(self) -> Pane:
        return self.active_cell.pane

    @property
    def active_cell(self) -> Cell:
        return self._cells[self._active]

    def set_count(self, count: int) -> None:
        self.count = count
        if count > 1:
            self._maximised = None
        while len(self._cells) < count:
            self._cells.append(self._make_cell(len(self._cells)))
        for at, cell in enumerate(self._cells):
            self._grid.removeWidget(cell)
            if at < count:
                self._grid.addWidget(cell, at // 2, at % 2)
            else:
                self._feed.reader.leave(cell.pane.seat)
            cell.setVisible(at < count)
        for line in (0, 1):
            self._grid.setColumnStretch(line, int(line < min(count, 2)))
            self._grid.setRowStretch(line, int(line < -(-count // 2)))
        self._name()
        self.activate(min(self._active, count - 1))
        self._draw_scouts()

    def _make_cell(self, seat: int) -> Cell:
        cell = Cell(seat, self._feed, self._source, self._queries, self._theme, self)
        cell.names = self.names
        cell.pane.tool = self.tool
        cell.pane.activated.connect(lambda: self.activate(self._cells.index(cell)))
        cell.pane.moved.connect(lambda: self._follow(cell.pane))
        cell.pane.shown.connect(lambda: self._shown(cell))
        cell.pane.maximise_wanted.connect(self.toggle_maximised)
        cell.file_shown.connect(lambda file: self._document_shown(cell, file))
        return cell

    def _name(self) -> None:
        for cell, name in zip(self.cells, _NAMES.get(self.count, _FOUR), strict=True):
            cell.pane.setAccessibleName(name.capitalize())

    def activate(self, at: int) -> None:
        changed = self._active != at
        self._active = at
        for number, cell in enumerate(self._cells):
            cell.pane.is_active = number == at and self.count > 1
            cell.pane.update()
        if changed:
            self.changed.emit()
            self.shown.emit()

    def activate_next(self) -> None:
        self.activate((self._active + 1) % self.count)
        self.active_cell.setFocus()

    def toggle_maximised(self) -> None:
        """The active pane alone, and back to where it was."""
        if self.count > 1:
            self._maximised = (self.count, self._active)
            self._swap_with_first(self._active)
            self._active = 0
            self.set_count(1)
        elif self._maximised is not None:
            count, place = self._maximised
            self._swap_with_first(place)
            self._active = place
            self.set_count(count)
            self._ask_anew()
        self.changed.emit()

    def _swap_with_first(self, at: int) -> None:
        self._cells[0], self._cells[at] = self._cells[at], self._cells[0]

    def set_tool(self, tool: Tool) -> None:
        self.tool = tool
        for cell in self._cells:
            cell.pane.tool = tool

    # --- series -----------------------------------------------------------------------------------------------

    def open(
        self, study: ViewStudy, series: ViewSeries, image: ViewImage | None = None, at: int | None = None
    ) -> None:
        """In the active cell, or in one by its number."""
        if at is not None:
            self.activate(at)
        self.active_cell.open(self._stack(study, series), image)
        if self.linked:
            self._learn()
        self.changed.emit()

    def _stack(self, study: ViewStudy, series: ViewSeries) -> Stack:
        known = self._stacks.get(series.series_uid)
        if known is None or known.series is not series:
            known = self._stacks[series.series_uid] = Stack(study, series)
        return known

    def places(self) -> dict[str, str]:
        """By Series Instance UID, the name of the pane where it is shown."""
        names = _NAMES.get(self.count, _FOUR)
        shown = {
            cell.stack.series.series_uid: name
            for cell, name in zip(self.cells, names, strict=True)
            if cell.stack
        }
        return dict.fromkeys(shown, "shown") if self.count == 1 else shown

    def _ask_anew(self) -> None:
        """Panes that were hidden have left their seats."""
        for cell in self.cells:
            if cell.pane.slot is not None and not cell.is_document:
                cell.pane.show_slot(cell.pane.slot)

    # --- together ---------------------------------------------------------------------------------------------

    def set_linked(self, *, linked: bool) -> None:
        self.linked = linked
        if linked:
            self._learn()
        self._follow(self.active)

    def set_scouts(self, *, scouts: bool) -> None:
        self.scouts = scouts
        self._draw_scouts()

    def _learn(self) -> None:
        for cell in self.cells:
            if cell.pane.stack is not None:
                self._feed.reader.learn_places(cell.pane.stack)

    def _follow(self, moved: Pane) -> None:
        """The others go to the slice at the same height of the patient, or say why they cannot."""
        for pane in (cell.pane for cell in self.cells):
            others = self.linked and pane is not moved and pane.stack is not None
            if not others or moved.slot is None or moved.stack in (None, pane.stack):
                pane.set_note("")
            elif pane.picture is not None and moved.picture is not None:
                why = why_apart(moved.plane, pane.plane)
                pane.set_note(f"Not scrolled together: {why}" if why else "")
                if not why:
                    self._bring(pane, moved)

    def _bring(self, pane: Pane, moved: Pane) -> None:
        """Only when it is known where all its slices lie: the nearest of a few would be the wrong one."""
        if pane.stack is None or moved.stack is None or moved.slot is None:
            return
        target = moved.stack.planes().get(moved.slot.key)
        if target is None or not pane.stack.is_placed:
            pane.set_note("Finding out where slices lie…")
            self._later.start()
            return
        planes = list(pane.stack.planes().items())
        at = nearest(target, [plane for _, plane in planes])
        if at is not None:
            self._go_to(pane, planes[at][0])

    def _go_to(self, pane: Pane, key: tuple[str, int]) -> None:
        assert pane.stack is not None
        slot = pane.stack.slot_of(key)
        if slot is not None and slot != pane.slot:
            pane.show_slot(slot)

    def _shown(self, cell: Cell) -> None:
        if cell not in self.cells:
            return
        if self.linked and cell.pane is self.active and not cell.pane.waits:
            self._follow(cell.pane)
        self._draw_scouts()
        if cell is self.active_cell:
            self.shown.emit()

    def _document_shown(self, cell: Cell, file: Path) -> None:
        self._draw_scouts()
        if cell is self.active_cell:
            self.document_shown.emit(file)

    def _draw_scouts(self) -> None:
        """On each pane, where the slices of the others cut it."""
        panes = [cell.pane for cell in self.cells]
        for pane in panes:
            seen = pane.plane
            others = [other.plane for other in panes if other is not pane] if self.scouts and seen else []
            lines = [crossing(seen, other) for other in others if seen and other]
            pane.scouts = [line for line in lines if line is not None]
            pane.update()
