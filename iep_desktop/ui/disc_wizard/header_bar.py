"""The wizard's header: what this is, the call and the disc in hand, when the draft was kept, Close."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from iep_desktop.ui.disc_wizard.case import Case
from iep_desktop.ui.disc_wizard.parts import row
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind
from iep_desktop.ui.widgets.labels import ElidedLabel, Label


class _Mark(QWidget):
    """The program's sign: two arrows on the accent."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFixedSize(self.sizeHint())
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(self._theme.sizes.of(24), self._theme.sizes.of(24))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("accent_fill"))
        painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        size = self._theme.sizes.icon
        picture = self._theme.pixmap("arrow-left-right", "on_fill", size, self.devicePixelRatioF())
        painter.drawPixmap((self.width() - size) // 2, (self.height() - size) // 2, picture)


class HeaderBar(QWidget):
    close_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("role", "bar-below")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._case = ElidedLabel("", "text2")
        self._saved = Label("", "text2")
        self.close_button = Button("&Close", theme, Kind.MENU)
        self.close_button.setToolTip("Close; what was entered is kept as a draft (Esc)")
        line = row(_Mark(theme), Label("Import CD", weight=600), self._case, spacing=8)
        line.setStretch(2, 1)
        line.addWidget(self._saved)
        line.addSpacing(8)
        line.addWidget(self.close_button)
        line.insertSpacing(2, 8)
        line.setContentsMargins(16, 0, 12, 0)
        self.setLayout(line)
        self.setFixedHeight(theme.sizes.header)
        self.close_button.clicked.connect(lambda: self.close_asked.emit())

    def show_case(self, case: Case) -> None:
        text = case.text
        reference = f"Call reference {text.call_ref}" if text.call_ref else "No call reference yet"
        labelled = ", labelled" if text.labelled else ""
        self._case.setText(f"{reference}   ·   Disc {text.disc_no or '?'} of {text.discs or '?'}{labelled}")

    def say_saved(self, words: str, tip: str = "") -> None:
        self._saved.setText(words)
        self._saved.setToolTip(tip)
        self._saved.set_tone("warn" if tip else "text2")

    @property
    def words(self) -> str:
        return f"{self._case.text()} {self._saved.text()}"
