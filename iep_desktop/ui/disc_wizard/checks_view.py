"""What still blocks, what warns and what is met: a line each with its clause and the buttons that lift it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from iep_desktop.core.rules import Check, Verdict
from iep_desktop.ui.disc_wizard.parts import TOP, ThemedIcon, column, row
from iep_desktop.ui.disc_wizard.remedies import CheckView, Remedy
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind
from iep_desktop.ui.widgets.labels import Label

_HEADING = "What still blocks"
_ICONS = {
    Verdict.BLOCKS: ("circle-x", "danger", "blocks"),
    Verdict.WARNS: ("triangle-alert", "warn", "warns"),
    Verdict.MET: ("circle-check", "ok", "met"),
}


class ChecksView(QWidget):
    """`remedy(remedy, check)` when a button is pressed. The first open check's first button may be the primary one."""

    remedy = Signal(object, object)

    def __init__(
        self, theme: Theme, *, primary: bool = False, narrow: bool = False, ready: str = _HEADING
    ) -> None:
        """`ready`: what the heading says while nothing blocks."""
        super().__init__()
        self._ready = ready
        self._theme = theme
        self._primary = primary
        self._narrow = narrow
        self._shown: tuple[CheckView, ...] | None = None
        self._buttons: dict[tuple[str, Remedy], Button] = {}
        self._first: Button | None = None
        self._count = Label("", "text2")
        self._heading = Label(_HEADING, weight=600)
        # Where it is narrow, one under the other: a line that is wider than the place would cut all below it.
        head = column(self._heading, self._count) if narrow else row(self._heading, self._count)
        head.addStretch()
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        layout = column(spacing=12)
        layout.addLayout(head)
        layout.addLayout(self._grid)
        layout.addStretch()
        self.setLayout(layout)

    def show_views(self, views: tuple[CheckView, ...]) -> None:
        if views == self._shown:
            return
        focused = next((key for key, button in self._buttons.items() if button.hasFocus()), None)
        self._shown = views
        self._clear()
        for line, view in enumerate(views):
            self._add(line, view)
        self._count.setText(_summary(views))
        blocks = any(view.check.verdict is Verdict.BLOCKS for view in views)
        self._heading.setText(_HEADING if blocks else self._ready)
        self.setAccessibleName(f"{self._heading.text()}: {self._count.text()}")
        if focused in self._buttons:
            self._buttons[focused].setFocus()

    def button(self, code: str, remedy: Remedy) -> Button | None:
        return self._buttons.get((code, remedy))

    def first_button(self) -> Button | None:
        """The first that lifts something that blocks."""
        return self._first

    def titles(self) -> list[str]:
        """In their order."""
        return [view.check.title for view in self._shown or ()]

    def _clear(self) -> None:
        self._buttons.clear()
        self._first = None
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _add(self, line: int, view: CheckView) -> None:
        """Two lines of the grid, so that wrapped words get the height they need."""
        name, token, word = _ICONS[view.check.verdict]
        icon = ThemedIcon(name, token, self._theme)
        icon.setAccessibleName(word)
        title = Label(view.check.title, weight=600, wrap=True)
        title.setAccessibleName(f"{view.check.title}, {word}, {view.check.clause}")
        title.setAlignment(TOP)
        detail = Label(view.detail, "text2", wrap=True)
        detail.setAlignment(TOP)
        detail.setContentsMargins(0, 0, 0, 10)
        clause = Label(view.check.clause, "text2")
        clause.setToolTip(view.check.rule)
        upper, lower = 2 * line, 2 * line + 1
        self._grid.addWidget(icon, upper, 0, TOP)
        self._grid.addWidget(title, upper, 1)
        self._grid.addWidget(clause, upper, 2, TOP)
        self._grid.addWidget(detail, lower, 1)
        self._grid.setRowStretch(lower, 1)
        if not view.detail:
            detail.setFixedHeight(8)
        if view.remedies and not self._narrow:
            remedies = self._remedies(view)
            self._grid.addWidget(remedies, upper, 3, 2, 1, TOP)
            remedies.show()  # now, not with the next turn of the loop: the focus may be on its way here

    def _remedies(self, view: CheckView) -> QWidget:
        buttons = QWidget()
        layout = column(margins=(0, 0, 0, 8))
        for remedy in view.remedies:
            first = self._first is None and view.check.verdict is Verdict.BLOCKS
            button = Button(
                remedy.value, self._theme, Kind.PRIMARY if first and self._primary else Kind.PLAIN
            )
            self._first = button if first else self._first
            button.setAccessibleDescription(view.check.title)
            button.clicked.connect(lambda _=False, r=remedy, c=view.check: self.remedy.emit(r, c))
            self._buttons[(view.check.code, remedy)] = button
            layout.addWidget(button)
        buttons.setLayout(layout)
        return buttons


def _summary(views: tuple[CheckView, ...]) -> str:
    verdicts = [view.check.verdict for view in views]
    parts = [
        (verdicts.count(Verdict.BLOCKS), "open"),
        (verdicts.count(Verdict.WARNS), "to look at"),
        (verdicts.count(Verdict.MET), "met"),
    ]
    return ", ".join(f"{number} {word}" for number, word in parts if number) or "nothing"


def plain_views(checks: tuple[Check, ...]) -> tuple[CheckView, ...]:
    """Checks as they are, without buttons, what blocks first."""
    order = list(_ICONS)
    return tuple(CheckView(c, c.detail) for c in sorted(checks, key=lambda c: order.index(c.verdict)))
