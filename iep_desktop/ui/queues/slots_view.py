"""The nine slots (R-ENG-1): what runs in each, how fast, and how long it will still take. Changes in place."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from iep_desktop.core.exchange import SlotRow
from iep_desktop.core.transaction import SlotKind, Transaction
from iep_desktop.ui.queues.rows import SLOT_NAMES, Paces, slot_words
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.bar import Bar
from iep_desktop.ui.widgets.buttons import LinkButton
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import ElidedLabel, Label

THREE_COLUMNS = 860


class SlotLine(QWidget):
    """Name of the slot; patient and hospital, below them bar and speed; or the word that it is free."""

    opened = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._transaction: Transaction | None = None
        self.name = Label("", "text2")
        self.name.setMinimumWidth(theme.sizes.of(40))
        self.who = LinkButton("", theme)
        self.who.clicked.connect(lambda: self.opened.emit(self._transaction))
        self.where, self.speed = ElidedLabel("", "text2"), ElidedLabel("", "text2")
        self.bar = Bar(theme)
        self.free = Label("free", "text2")
        upper, lower = QHBoxLayout(), QHBoxLayout()
        for row in (upper, lower):
            row.setSpacing(8)
        upper.addWidget(self.who)
        upper.addWidget(self.where, 1)
        lower.addWidget(self.bar, 1)
        lower.addWidget(self.speed, 2)
        busy = QWidget()
        column = QVBoxLayout(busy)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(upper)
        column.addLayout(lower)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.free)
        self._stack.addWidget(busy)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self.name, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self._stack, 1)
        self.setFixedHeight(theme.sizes.two_line_row)

    def show_slot(self, row: SlotRow, hospitals: Mapping[str, str], paces: Paces) -> None:
        words = slot_words(row, hospitals, paces)
        self._transaction = row.transaction
        self.name.setText(words.name)
        self._stack.setCurrentIndex(1 if row.transaction else 0)
        self.free.setText(words.who or "free")
        self.who.setText(words.who.replace("&", "&&"))
        self.where.setText(words.where)
        self.speed.setText(words.speed)
        self.bar.set(words.fraction, 1.0)
        said = ", ".join(part for part in (words.who or "free", words.where, words.speed) if part)
        self.setAccessibleName(f"Slot {words.name}: {said}")


class SlotsView(QWidget):
    """Three columns where there is room, else one below the other. `opened` carries a Transaction."""

    opened = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.lines: dict[tuple[SlotKind, int], SlotLine] = {}
        self.setAccessibleName("Slots")
        self._columns: dict[SlotKind, QVBoxLayout] = {}
        self._boxes: list[QWidget] = []
        for kind in SlotKind:
            self._boxes.append(self._column(kind))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(16, 8, 16, 8)
        self._grid.setHorizontalSpacing(24)
        self._across: bool | None = None
        self._arrange(across=True)

    def _column(self, kind: SlotKind) -> QWidget:
        box = QWidget()
        head = QHBoxLayout()
        head.setSpacing(8)
        if kind is SlotKind.BLUE_LIGHT:
            head.addWidget(IconLabel("siren", "accent", self._theme))
        head.addWidget(Label(SLOT_NAMES[kind], weight=600))
        head.addStretch(1)
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        lines = QVBoxLayout()
        lines.setSpacing(0)
        column.addLayout(lines)
        column.addStretch(1)
        self._columns[kind] = lines
        return box

    def _arrange(self, *, across: bool) -> None:
        if across == self._across:
            return
        self._across = across
        for at, box in enumerate(self._boxes):
            self._grid.removeWidget(box)
            self._grid.addWidget(box, 0 if across else at, at if across else 0)
        for at in range(len(self._boxes)):
            self._grid.setColumnStretch(at, 1 if across else int(at == 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(across=self.width() >= self._theme.sizes.of(THREE_COLUMNS))

    def wanted_height(self) -> int:
        """What all lines need as they stand now: told from their number, because layouts learn it later."""
        counts = [self._columns[kind].count() for kind in SlotKind]
        rows = max(counts) if self._across else sum(counts)
        heads = 1 if self._across else len(counts)
        return rows * self._theme.sizes.two_line_row + heads * self._theme.sizes.group + 16

    def show_slots(self, slots: tuple[SlotRow, ...], hospitals: Mapping[str, str], paces: Paces) -> None:
        for row in slots:
            key = (row.slot.kind, row.slot.no)
            if key not in self.lines:
                self.lines[key] = SlotLine(self._theme)
                self.lines[key].opened.connect(self.opened)
                self._columns[row.slot.kind].addWidget(self.lines[key])
            self.lines[key].show_slot(row, hospitals, paces)
