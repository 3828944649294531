"""The filters of a worklist (R-UI): ticks, types, dates, the line that says what is applied, and the totals."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QMenu, QSizePolicy, QVBoxLayout, QWidget

from iep_desktop.core.transaction import Direction, Tab, TransactionType, WorklistFilter
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind, LinkButton, MenuButton
from iep_desktop.ui.widgets.field import DateEdit, show_day
from iep_desktop.ui.widgets.flow_layout import FlowLayout
from iep_desktop.ui.widgets.labels import ElidedLabel, Label, set_property

_ROOM = 900  # pixels at 100 %, for filters and tools side by side


class _StaysOpen(QMenu):
    """A menu of ticks that several can be set in, one after another."""

    def mouseReleaseEvent(self, event: Any) -> None:
        action = self.activeAction()
        if action is not None and action.isCheckable():
            action.trigger()
        else:
            super().mouseReleaseEvent(event)


class FilterBar(QWidget):
    """`changed` carries the new WorklistFilter; `refresh` that the person asked for it."""

    changed = Signal(object)
    refresh = Signal()

    def __init__(self, tab: Tab, me: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tab, self._me, self._theme = tab, me, theme
        self._search = ""
        self._last = WorklistFilter(tab=tab)
        self.setProperty("role", "bar-below")
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.incoming = self._tick("&Incoming", checked=True)
        self.outgoing = self._tick("&Outgoing", checked=True)
        self.by_me = self._tick("Created by &me")
        self.emergency = self._tick("Clinical &Emergency")
        self.types = self._types_button()
        self.date_from, self.date_to = self._date("From"), self._date("To")
        self.refresh_button = Button("&Refresh", theme, icon="refresh-cw", tip="F5")
        self.refresh_button.clicked.connect(self.refresh)
        self.applied = Label("", "text2")
        self.clear_button = LinkButton("C&lear", theme)
        self.clear_button.clicked.connect(self.clear)
        self.totals = ElidedLabel("", "text2")
        self.totals.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._lay_out()
        self._say_applied()

    # -- building

    def _tick(self, text: str, *, checked: bool = False) -> QCheckBox:
        box = QCheckBox(text)
        box.setChecked(checked)
        box.toggled.connect(self._edited)
        return box

    def _types_button(self) -> MenuButton:
        menu = _StaysOpen()
        self._types: dict[TransactionType, QAction] = {}
        for kind in TransactionType:
            action = QAction(kind.value, menu)
            action.setCheckable(True)
            action.setChecked(True)
            action.toggled.connect(self._edited)
            menu.addAction(action)
            self._types[kind] = action
        return MenuButton("&Types", self._theme, menu, Kind.PLAIN)

    def _date(self, name: str) -> DateEdit:
        edit = DateEdit(self._theme)
        edit.setAccessibleName(f"{name}, date DD/MM/YYYY")
        edit.setFixedWidth(self._theme.sizes.of(144))
        edit.editingFinished.connect(self._edited)
        return edit

    def _lay_out(self) -> None:
        flow = FlowLayout(spacing=10, line=self._theme.sizes.field)
        for box in (self.incoming, self.outgoing, self.by_me, self.emergency):
            flow.addWidget(box)
        flow.addWidget(self.types)
        for text, edit in (("From", self.date_from), ("To", self.date_to)):
            flow.addWidget(_labelled(text, edit))
        self._first = first = QHBoxLayout()
        first.setSpacing(8)
        # A widget of its own: the height for a width of a nested layout goes stale.
        filters = QWidget()
        filters.setLayout(flow)
        wraps = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        wraps.setHeightForWidth(True)
        filters.setSizePolicy(wraps)
        first.addWidget(filters, 1)
        self._tool_box = QWidget()
        self._tools = QHBoxLayout(self._tool_box)
        self._tools.setContentsMargins(0, 0, 0, 0)
        self._tools.setSpacing(8)
        self._tools.addWidget(self.refresh_button)
        first.addWidget(self._tool_box, 0, Qt.AlignmentFlag.AlignTop)
        self._second = second = QHBoxLayout()
        second.setSpacing(8)
        second.addWidget(self.applied)
        second.addWidget(self.clear_button)
        second.addWidget(self.totals, 1)
        self._lines = layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 0)
        layout.setSpacing(4)
        layout.addLayout(first)
        layout.addLayout(second)
        self.applied.setMinimumHeight(self._theme.sizes.of(24))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where it is narrow or the text large the tools stand below: the filters would take a line each."""
        super().resizeEvent(event)
        narrow = self.width() < self._theme.sizes.of(_ROOM)
        self._lines.setContentsMargins(16, 8, 16, 4 if narrow else 0)
        if narrow and self._second.indexOf(self._tool_box) < 0:
            self._first.removeWidget(self._tool_box)
            self._second.addWidget(self._tool_box)
        elif not narrow and self._first.indexOf(self._tool_box) < 0:
            self._second.removeWidget(self._tool_box)
            self._first.addWidget(self._tool_box, 0, Qt.AlignmentFlag.AlignTop)

    def add_tool(self, widget: QWidget, *, first: bool = False) -> None:
        """Another button at the right end, or before those that stand there."""
        self._tools.insertWidget(0 if first else self._tools.count(), widget)

    # -- the filter

    def filter(self) -> WorklistFilter:
        both = self.incoming.isChecked() == self.outgoing.isChecked()
        direction = Direction.IN if self.incoming.isChecked() else Direction.OUT
        types = frozenset(kind for kind, action in self._types.items() if action.isChecked())
        return WorklistFilter(
            tab=self._tab,
            search=self._search,
            directions=frozenset() if both else frozenset({direction}),
            types=frozenset() if len(types) == len(TransactionType) else types,
            created_by=self._me if self.by_me.isChecked() else "",
            blue_light_only=self.emergency.isChecked(),
            date_from=self.date_from.day(),
            date_to=self.date_to.day(),
        )

    def set_search(self, text: str) -> None:
        if text != self._search:
            self._search = text
            self._edited()

    def show_filter(self, wanted: WorklistFilter) -> None:
        """Set every control as a saved search says; what it does not say is not narrowed."""
        self._quietly(lambda: self._set_all(wanted))
        self._edited()

    def _set_all(self, wanted: WorklistFilter) -> None:
        self._search = wanted.search
        self.incoming.setChecked(not wanted.directions or Direction.IN in wanted.directions)
        self.outgoing.setChecked(not wanted.directions or Direction.OUT in wanted.directions)
        self.by_me.setChecked(bool(wanted.created_by))
        self.emergency.setChecked(wanted.blue_light_only)
        for kind, action in self._types.items():
            action.setChecked(not wanted.types or kind in wanted.types)
        self.date_from.set_day(wanted.date_from)
        self.date_to.set_day(wanted.date_to)

    @property
    def is_filtered(self) -> bool:
        return self.filter() != WorklistFilter(tab=self._tab)

    def clear(self) -> None:
        self._quietly(self._reset)
        self._edited()

    def _reset(self) -> None:
        self._search = ""
        self.incoming.setChecked(True)
        self.outgoing.setChecked(True)
        self.by_me.setChecked(False)
        self.emergency.setChecked(False)
        self._tick_all_types()
        self.date_from.set_day(None)
        self.date_to.set_day(None)

    def _tick_all_types(self) -> None:
        for action in self._types.values():
            action.setChecked(True)

    def _edited(self) -> None:
        """Nothing ticked would show nothing, for good: the other one comes back."""
        if not self.incoming.isChecked() and not self.outgoing.isChecked():
            other = self.outgoing if self.sender() is self.incoming else self.incoming
            other.setChecked(True)
            return
        if not any(action.isChecked() for action in self._types.values()):
            self._quietly(self._tick_all_types)
        for edit in (self.date_from, self.date_to):
            set_property(edit, "error", edit.is_wrong())
        wanted = self.filter()
        self._say_applied()
        if wanted != self._last:
            self._last = wanted
            self.changed.emit(wanted)

    def _quietly(self, change: Callable[[], object]) -> None:
        widgets = [self.incoming, self.outgoing, self.by_me, self.emergency, self.date_from, self.date_to]
        before = [widget.blockSignals(True) for widget in widgets]
        actions = [action.blockSignals(True) for action in self._types.values()]
        change()
        for widget, was in zip(widgets, before, strict=True):
            widget.blockSignals(was)
        for action, was in zip(self._types.values(), actions, strict=True):
            action.blockSignals(was)

    # -- words

    def _say_applied(self) -> None:
        words = applied_words(self.filter())
        self.applied.setText(f"Filter applied: {words}" if words else "No filter applied")
        self.clear_button.setVisible(bool(words))
        wrong = [edit for edit in (self.date_from, self.date_to) if edit.is_wrong()]
        self.applied.set_tone("danger" if wrong else "text2")
        if wrong:
            self.applied.setText(f"{wrong[0].text()} is not a date: DD/MM/YYYY")
            self.clear_button.show()

    def say_totals(self, text: str) -> None:
        self.totals.setText(text)

    # -- remembered

    def to_bytes(self) -> bytes:
        """The ticks and types; a search or a range of dates would surprise the next morning."""
        wanted = self.filter()
        return json.dumps({
            "directions": sorted(wanted.directions),
            "types": sorted(wanted.types),
            "by_me": bool(wanted.created_by),
            "emergency": wanted.blue_light_only,
        }).encode()  # fmt: skip

    def restore(self, data: bytes | None) -> None:
        kept = json.loads(data) if data else {}
        self._quietly(lambda: self._set(kept))
        self._last = self.filter()
        self._say_applied()

    def _set(self, kept: dict[str, Any]) -> None:
        directions = kept.get("directions") or list(Direction)
        types = kept.get("types") or list(TransactionType)
        self.incoming.setChecked(Direction.IN in directions)
        self.outgoing.setChecked(Direction.OUT in directions)
        self.by_me.setChecked(bool(kept.get("by_me")))
        self.emergency.setChecked(bool(kept.get("emergency")))
        for kind, action in self._types.items():
            action.setChecked(kind in types)


def applied_words(wanted: WorklistFilter) -> str:
    """From 08/11/2026 To 24/11/2026, and whatever else narrows the list."""
    parts = []
    dates = [
        f"{word} {show_day(day)}"
        for word, day in (("From", wanted.date_from), ("To", wanted.date_to))
        if isinstance(day, date)
    ]
    if dates:
        parts.append(" ".join(dates))
    if wanted.directions:
        parts.append("Incoming" if Direction.IN in wanted.directions else "Outgoing")
    if wanted.created_by:
        parts.append("Created by me")
    if wanted.blue_light_only:
        parts.append("Clinical Emergency")
    if wanted.types:
        parts.append(", ".join(sorted(wanted.types)))
    if wanted.search:
        parts.append(f"“{wanted.search}”")
    return " · ".join(parts)


def _labelled(text: str, edit: DateEdit) -> QWidget:
    both = QWidget()
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    label = Label(text, "text2")
    label.setBuddy(edit)
    row.addWidget(label)
    row.addWidget(edit)
    return both
