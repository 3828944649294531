"""The alarm in the header before a Blue Light misses its target (R-TIME-2), and the way to the one due first."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from iep_desktop.ui.forecasts import Forecasts, alarm_words
from iep_desktop.ui.header import Header


class BlueLightAlarm(QObject):
    """`wanted` carries the Transaction that a person wants to see; `changed` that an alarm begins or ends."""

    wanted = Signal(object)
    changed = Signal()

    def __init__(self, forecasts: Forecasts, header: Header, parent: QObject) -> None:
        super().__init__(parent)
        self._forecasts, self._header = forecasts, header
        forecasts.changed.connect(self._show)
        header.alarm_pressed.connect(self._press)

    def look(self) -> None:
        """The ledger has changed."""
        self._forecasts.look()

    def tick(self) -> None:
        self._forecasts.tick()

    def _show(self) -> None:
        self._header.show_alarm(alarm_words(self._forecasts.late))
        self.changed.emit()

    def _press(self) -> None:
        late = min(self._forecasts.late, key=lambda one: one.countdown.due, default=None)
        if late is not None:
            self.wanted.emit(late.transaction)
