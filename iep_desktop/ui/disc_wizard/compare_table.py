"""Form, disc, PACS and what goes into the images, a row a field; differing characters are underlined and bold."""

from __future__ import annotations

import html

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QWidget

from iep_desktop.ui.disc_wizard.comparison import CellView, Mark, RowView
from iep_desktop.ui.disc_wizard.parts import TOP, ThemedIcon
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.labels import Hairline, Label, set_property

_ICONS = {
    Mark.AGREES: ("check", "ok"),
    Mark.DIFFERS: ("circle-x", "danger"),
    Mark.ABSENT: ("minus", "text3"),
    Mark.OWN: ("info", "text2"),
    Mark.ALONE: ("", "text3"),
}
_GOES_ICONS = _ICONS | {
    Mark.AGREES: ("circle-check", "ok"),
    Mark.DIFFERS: ("circle-alert", "danger"),
    Mark.ALONE: ("info", "text2"),
}
_STRETCHES = (0, 20, 20, 18, 25)


class Cell(QFrame):
    """An icon and a text that wraps rather than being cut."""

    def __init__(self, theme: Theme, *, goes: bool = False) -> None:
        super().__init__()
        self._theme = theme
        self._goes = goes
        self._view: CellView | None = None
        self._icon = ThemedIcon("minus", "text3", theme)
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.RichText)
        self._text.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self._text.setSizePolicy(policy)
        line = QHBoxLayout(self)
        line.setContentsMargins(8, 4, 8, 4)
        line.setSpacing(8)
        line.addWidget(self._icon)
        line.addWidget(self._text, 1)
        theme.changed.connect(self._draw)

    @property
    def text(self) -> str:
        return self._view.text if self._view else ""

    def show_view(self, label: str, view: CellView) -> None:
        if view == self._view:
            return
        self._view = view
        self._text.setAccessibleName(f"{label}: {view.spoken}")
        self._draw()

    def _draw(self) -> None:
        view = self._view
        if view is None:
            return
        self._icon.set(*(_GOES_ICONS if self._goes else _ICONS)[view.mark])
        wrong = view.mark is Mark.DIFFERS and not self._goes
        set_property(self, "role", "banner" if wrong else "")
        self._text.setText(self._markup(view))

    def _markup(self, view: CellView) -> str:
        """The only rich text of the wizard; all that comes from outside is escaped."""
        colors = self._theme.colors
        quiet = view.mark in (Mark.ABSENT, Mark.OWN) or self._goes
        color = colors.danger if view.mark is Mark.DIFFERS else colors.text2 if quiet else colors.text
        pieces = "".join(
            f'<span style="font-weight:600"><u>{html.escape(piece)}</u></span>'
            if differs
            else html.escape(piece)
            for piece, differs in view.pieces
        )
        strong = (
            f'<span style="color:{colors.text}; font-weight:600">{html.escape(view.strong)}</span>&nbsp; '
        )
        return f'{strong if view.strong else ""}<span style="color:{color}">{pieces}</span>'


class CompareTable(QWidget):
    """`show_rows` fills it; rows that stay keep their widgets."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName("Form, disc and PACS side by side")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(0)
        self._labels: list[Label] = []
        self._cells: list[tuple[Cell, ...]] = []
        self._heads = [(Label("", weight=600), Label("", "text2", wrap=True)) for _ in range(4)]
        for at, (head, below) in enumerate(self._heads, start=1):
            head.setContentsMargins(32, 0, 0, 2)
            below.setContentsMargins(32, 0, 0, 8)
            below.setAlignment(TOP)
            self._grid.addWidget(head, 0, at)
            self._grid.addWidget(below, 1, at)
        for at, stretch in enumerate(_STRETCHES):
            self._grid.setColumnStretch(at, stretch)
        self._grid.setColumnMinimumWidth(0, theme.sizes.of(96))
        self._grid.addWidget(Hairline(), 2, 0, 1, 5)

    def show_heads(self, heads: tuple[tuple[str, str], ...]) -> None:
        """Four times title and what stands below it."""
        for (title, below), (upper, lower) in zip(heads, self._heads, strict=True):
            upper.setText(title)
            lower.setText(below)

    def show_rows(self, rows: tuple[RowView, ...]) -> None:
        while len(self._cells) < len(rows):
            self._append()
        for at, (label, cells) in enumerate(zip(self._labels, self._cells, strict=True)):
            shown = at < len(rows)
            for widget in (label, *cells):
                widget.setVisible(shown)
            if shown:
                row = rows[at]
                label.setText(row.label)
                for head, cell, view in zip(
                    self._heads, cells, (row.form, row.disc, row.pacs, row.goes), strict=True
                ):
                    cell.show_view(f"{row.label}, {head[0].text()}", view)

    def text(self, row: int, column: int) -> str:
        """What a cell shows."""
        return self._cells[row][column].text

    def _append(self) -> None:
        line = 3 + 2 * len(self._cells)
        label = Label("", "text2")
        cells = tuple(Cell(self._theme, goes=at == 3) for at in range(4))
        self._grid.setRowMinimumHeight(line, self._theme.sizes.of(42))
        self._grid.addWidget(label, line, 0)
        for at, cell in enumerate(cells, start=1):
            self._grid.addWidget(cell, line, at, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(Hairline(), line + 1, 0, 1, 5)
        self._labels.append(label)
        self._cells.append(cells)
