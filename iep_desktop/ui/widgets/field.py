"""A field of a form: its label above, what is wrong beside the label, the editor below; and the date field."""

from __future__ import annotations

import re
from datetime import date, datetime

from PySide6.QtCore import QDate, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QHideEvent, QKeyEvent
from PySide6.QtWidgets import (
    QCalendarWidget,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.labels import ElidedLabel, Label, set_property

DAY_FORMAT = "DD/MM/YYYY"
_DAY = re.compile(r"\s*(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})\s*")


class Field(QWidget):
    """`label` may hold a mnemonic. `set_error` marks it red and says why; `set_hint` says something calmer."""

    def __init__(
        self,
        label: str,
        editor: QWidget,
        theme: Theme,
        *,
        mandatory: bool = False,
        hint: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.editor = editor
        self._hint_text = hint
        self.label = Label(label, "text2")
        self.label.setTextFormat(Qt.TextFormat.AutoText if "&" in label else Qt.TextFormat.PlainText)
        self.label.setBuddy(editor)
        self._star = Label("*", "danger", weight=600)
        if not mandatory:
            self._star.hide()  # never shown before it has a parent: it would be a window for a moment
        self._side = ElidedLabel(hint, "text2")
        self._side.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._side.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.label)
        head.addWidget(self._star)
        head.addWidget(self._side, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(editor)
        self.setFocusProxy(editor)
        name = label.replace("&", "")
        editor.setAccessibleName(f"{name}, mandatory" if mandatory else name)

    @property
    def error(self) -> str:
        return self._side.text() if self._side.property("tone") == "danger" else ""

    def set_error(self, text: str) -> None:
        """Empty takes the error away."""
        tone = "danger" if text else "text2"
        self.label.set_tone(tone)
        self._side.set_tone(tone)
        self._side.setText(text or self._hint_text)
        set_property(self.editor, "error", bool(text))
        self.editor.setAccessibleDescription(text or self._hint_text)

    def set_hint(self, text: str) -> None:
        self._hint_text = text
        if not self.error:
            self.set_error("")


class DateEdit(QLineEdit):
    """A date typed as DD/MM/YYYY or picked; `day()` is None while empty or not a date."""

    picked = Signal(object)  # date

    def __init__(self, theme: Theme, day: date | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setPlaceholderText(DAY_FORMAT)
        self._open = QAction(self)
        self._open.setToolTip("Pick a date (Alt+Down)")
        self._open.setShortcut("Alt+Down")
        self._open.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self._open.triggered.connect(self.open_calendar)
        self.addAction(self._open, QLineEdit.ActionPosition.TrailingPosition)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("00/00/0000") + theme.sizes.of(56))
        theme.changed.connect(self._recolor)
        self._recolor()
        self.set_day(day)

    def day(self) -> date | None:
        return parse_day(self.text())

    def set_day(self, day: date | None) -> None:
        self.setText(show_day(day))

    def is_wrong(self) -> bool:
        """Something is typed that is no date."""
        return bool(self.text().strip()) and self.day() is None

    def open_calendar(self) -> None:
        popup = CalendarPopup(self.day() or datetime.now().astimezone().date(), self)
        popup.picked.connect(self._pick)
        popup.move(self.mapToGlobal(QPoint(0, self.height() + 2)))
        popup.show()
        popup.calendar.setFocus()

    def _pick(self, day: date) -> None:
        self.set_day(day)
        self.picked.emit(day)
        self.editingFinished.emit()

    def _recolor(self) -> None:
        self._open.setIcon(self._theme.icon("calendar"))


class CalendarPopup(QFrame):
    """A month below its field: a click or Enter picks, Escape closes."""

    picked = Signal(object)  # date

    def __init__(self, day: date, field: QWidget) -> None:
        super().__init__(field, Qt.WindowType.Popup)
        self.setProperty("role", "card")
        self.calendar = QCalendarWidget(self)
        self.calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        self.calendar.setFirstDayOfWeek(Qt.DayOfWeek.Monday)
        self.calendar.setSelectedDate(QDate(day.year, day.month, day.day))
        self.calendar.activated.connect(self._pick)
        self.calendar.clicked.connect(self._pick)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(self.calendar)

    def _pick(self, chosen: QDate) -> None:
        self.close()
        self.picked.emit(date(chosen.year(), chosen.month(), chosen.day()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.deleteLater()


class Select(QComboBox):
    """A choice of words with values; the wheel does not change it in passing."""

    def __init__(self, choices: dict[str, object] | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for text, value in (choices or {}).items():
            self.addItem(text, value)

    def value(self) -> object:
        return self.currentData()

    def set_value(self, value: object) -> None:
        self.setCurrentIndex(max(self.findData(value), 0))

    def wheelEvent(self, event: object) -> None:
        if self.hasFocus():
            super().wheelEvent(event)  # type: ignore[arg-type]

    def minimumSizeHint(self) -> QSize:
        return QSize(64, super().minimumSizeHint().height())


class FieldGrid(QGridLayout):
    """Fields side by side, 16 apart."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent) if parent else super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self.setHorizontalSpacing(16)
        self.setVerticalSpacing(16)


def parse_day(text: str) -> date | None:
    """DD/MM/YYYY, also with dots, hyphens or spaces."""
    match = _DAY.fullmatch(text)
    try:
        return date(int(match[3]), int(match[2]), int(match[1])) if match else None
    except ValueError:
        return None


def show_day(day: date | None) -> str:
    return f"{day:%d/%m}/{day.year:04d}" if day else ""
