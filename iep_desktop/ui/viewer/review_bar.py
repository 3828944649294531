"""The bar below the images: how much was looked at and ticked, the warnings, and the button that confirms the review.

Emits a `Review`; who writes it down, and whether one is mandatory, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.reviewing import Reviewed, mark_of, reviewed, sign_words, signs_in_order, when_words
from iep_desktop.core.viewing import Review, Sign
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.signs_list import SERIOUS
from iep_desktop.ui.widgets.buttons import PrimaryButton
from iep_desktop.ui.widgets.flow_layout import FlowLayout
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import Label

_NAMED = 2  # kinds of signs; the list beside names them all


class ReviewBar(QWidget):
    """`confirmed` carries a Review of what is ticked, with the signs that were on the screen."""

    confirmed = Signal(object)

    def __init__(
        self,
        theme: Theme,
        user: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._user, self._now = user, now
        self._seen, self._series = 0, 0
        self._ticked: frozenset[str] = frozenset()
        self._signs: tuple[Sign, ...] = ()
        self._looking = False
        self._mandatory = False
        self._done: Reviewed | None = None
        self._trouble = ""  # why the last review was not written down
        self.setProperty("role", "bar-above")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Review")
        self.icon = IconLabel("", "text2", theme)
        self.state = Label("", weight=600)
        self.warning = Label("", "text2")
        self.seen_signs = QCheckBox("I have &seen the warning signs")
        self.button = PrimaryButton("&Confirm review", theme, "user-check")
        flow = FlowLayout(self, spacing=12, line=theme.sizes.field)
        flow.setContentsMargins(16, 8, 16, 8)
        for widget in (self.icon, self.state, self.warning, self.seen_signs, self.button):
            flow.addWidget(widget)
        self.button.clicked.connect(self._confirm)
        self.seen_signs.toggled.connect(lambda _: self._show())
        self._show()

    def set_ticked(self, sop_instance_uids: Collection[str]) -> None:
        """The images that would go."""
        self._ticked = frozenset(sop_instance_uids)
        self._show()

    def set_seen(self, series: int, of: int) -> None:
        """How many of the series have been on the screen."""
        self._seen, self._series = series, of
        self._show()

    def set_signs(self, signs: tuple[Sign, ...], *, looking: bool = False) -> None:
        """Those on the screen. New kinds ask again whether they were seen."""
        if {sign.kind for sign in signs} - {sign.kind for sign in self._signs}:
            self.seen_signs.setChecked(False)
        self._signs, self._looking = signs, looking
        self._show()

    def set_mandatory(self, mandatory: bool) -> None:
        """Nothing is sent to this destination without a review."""
        self._mandatory = mandatory
        self._show()

    def set_reviewed(self, done: Reviewed | None) -> None:
        """The review that the history knows."""
        self._done = done
        self._show()

    def show_error(self, error: IepError) -> None:
        """The review could not be written down: it does not count, and can be confirmed again."""
        self._done = None
        self._trouble = f"{error.title}. {error.hint}".strip()
        self._show()

    @property
    def is_reviewed(self) -> bool:
        """Whether exactly what is ticked has been reviewed."""
        return self._done is not None and bool(self._ticked) and self._done.mark == mark_of(self._ticked)

    @property
    def words(self) -> str:
        return f"{self.state.text()} {self.warning.text()}".strip()

    # -- inside

    def _confirm(self) -> None:
        self._trouble = ""
        kinds = signs_in_order(sign.kind for sign in self._signs)
        review = Review(self._user, self._now(), tuple(sorted(self._ticked)), kinds)
        self.set_reviewed(reviewed(review))
        self.confirmed.emit(review)

    def _show(self) -> None:
        done = self._done if self.is_reviewed else None
        self.state.setText(self._state_words(done))
        self.icon.set(*self._state_icon(done))
        self.warning.setText(self._warning_words())
        self.warning.set_tone(
            "danger" if self._serious or self._trouble else "warn" if self._signs else "text2"
        )
        self.seen_signs.setVisible(bool(self._signs) and done is None)
        ready = bool(self._ticked) and (not self._signs or self.seen_signs.isChecked())
        self.button.setVisible(done is None)
        self.button.setEnabled(ready)
        self.button.setToolTip("" if ready else self._why_not())
        self.setAccessibleDescription(self.words)
        self._fit()

    @property
    def _serious(self) -> bool:
        return any(sign.kind in SERIOUS for sign in self._signs)

    def _state_words(self, done: Reviewed | None) -> str:
        count = len(self._ticked)
        images = f"{count:,} image{'' if count == 1 else 's'} ticked"
        if done is not None:
            return f"Reviewed by {done.by}, {when_words(done.at)}: {images}"
        changed = self._done is not None
        what = "Ticks have changed since the review" if changed else self._seen_words()
        return f"{what}, {images}"

    def _seen_words(self) -> str:
        needed = "Review needed" if self._mandatory else "Reviewed"
        return f"{needed}: {self._seen} of {self._series} series"

    def _state_icon(self, done: Reviewed | None) -> tuple[str, str]:
        if done is not None:
            return "circle-check", "ok"
        if self._serious:
            return "circle-x", "danger"
        return ("triangle-alert", "warn") if self._signs or self._mandatory else ("info", "text2")

    def _warning_words(self) -> str:
        if self._trouble:
            return self._trouble
        kinds = signs_in_order(sign.kind for sign in self._signs)
        said = sign_words(kinds[:_NAMED]) + (
            f" and {len(kinds) - _NAMED} more" if len(kinds) > _NAMED else ""
        )
        still = "still looking for warning signs" if self._looking else ""
        return ", ".join(part for part in (said[:1].upper() + said[1:], still) if part)

    def _why_not(self) -> str:
        return (
            "Tick the images that are to be sent."
            if not self._ticked
            else "Say that you have seen the signs."
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest:
            self._fit()
        return super().event(event)

    def _fit(self) -> None:
        layout = self.layout()
        if layout is not None:
            layout.invalidate()
            self.setFixedHeight(layout.heightForWidth(self.width()))
