"""Whose images: what the header says above what the request says; characters that differ are underlined and bold.

Lays out what `core.identity` compares; decides nothing.
"""

from __future__ import annotations

import html

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from iep_desktop.core.identity import IdentityField, agrees, compared, differing_fields
from iep_desktop.core.matching import Agreement, Field
from iep_desktop.core.names import display_name
from iep_desktop.core.viewing import ViewPatient
from iep_desktop.ui.disc_wizard.comparison import Pieces, differing
from iep_desktop.ui.theme import TITLE_PX, Theme
from iep_desktop.ui.widgets.chip import Chip
from iep_desktop.ui.widgets.flow_layout import FlowLayout
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import Label, set_property

IMAGES_SAY, REQUEST_SAYS = "Images say", "Request says"
_SPOKEN = {Agreement.AGREES: "agrees", Agreement.DIFFERS: "differs", Agreement.OWN: "the sender’s own number"}
LINE = 24  # height of a line at 100 %
_WIDTHS = {  # at 100 %, so that the strip stands still from patient to patient
    Field.NAME: 220, Field.BIRTH_DATE: 112, Field.NHS_NUMBER: 136, Field.HOSPITAL_NUMBER: 104, Field.SEX: 80,
}  # fmt: skip


class IdentityStrip(QWidget):
    """`set_identity` fills it. Where nothing was asked for, the images' own line stands alone."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.fields: tuple[IdentityField, ...] = ()
        self._more: dict[Field, dict[str, str]] = {}  # what stands behind a value
        self.setProperty("role", "bar-below")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Whose images")
        self.verdict = Chip("", "neutral", theme)
        self._columns = {field: _Column(field, theme) for field in _WIDTHS}
        self._words = _Words(theme)
        flow = FlowLayout(self, spacing=16)
        flow.setContentsMargins(12, 4, 16, 4)
        for widget in (self._words, *self._columns.values(), self.verdict):
            flow.addWidget(widget)
        theme.changed.connect(self._draw)

    def set_identity(self, asked: ViewPatient | None, header: ViewPatient) -> None:
        self.fields = compared(asked, header)
        self._more = {
            Field.NAME: {row: _other_groups(who) for row, who in _rows(asked, header)},
            Field.HOSPITAL_NUMBER: {IMAGES_SAY: header.issuer if _is_foreign(self.fields) else ""},
        }
        self._words.show_request(shown=asked is not None)
        self.verdict.set(*_verdict(asked, self.fields))
        self._draw()
        self.setAccessibleDescription(". ".join(map(self._spoken, self.fields)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest:
            self._fit()
        return super().event(event)

    def text(self, field: Field, row: str) -> str:
        """What stands in one of the two rows."""
        return self._columns[field].shown[row]

    def _draw(self) -> None:
        for found in self.fields:
            more = self._more.get(found.field, {})
            self._columns[found.field].show_field(found, more, asked=self._words.asked)
        self._fit()

    def _fit(self) -> None:
        """As high as the lines that the width makes of it: identity is never cut."""
        layout = self.layout()
        if layout is not None:
            layout.invalidate()
            self.setFixedHeight(layout.heightForWidth(self.width()))

    def _spoken(self, found: IdentityField) -> str:
        said = f"{found.field}: {IMAGES_SAY.lower()} {found.images or 'nothing'}"
        if not self._words.asked:
            return said
        return f"{said}, {REQUEST_SAYS.lower()} {found.request or 'nothing'}, {_spoken(found)}"


def _spoken(found: IdentityField) -> str:
    return _SPOKEN.get(found.agreement, "nothing to compare with")


def _verdict(asked: ViewPatient | None, fields: tuple[IdentityField, ...]) -> tuple[str, str]:
    if asked is None:
        return "Not compared: no request", "neutral"
    if wrong := differing_fields(fields):
        few = len(wrong) <= 2
        return "Differs: " + ", ".join(wrong) if few else f"{len(wrong)} of {len(fields)} differ", "danger"
    return ("Agrees", "ok") if agrees(fields) else ("Look twice: not all is given", "warn")


def _rows(asked: ViewPatient | None, header: ViewPatient) -> tuple[tuple[str, ViewPatient], ...]:
    return (IMAGES_SAY, header), (REQUEST_SAYS, asked or ViewPatient())


def _is_foreign(fields: tuple[IdentityField, ...]) -> bool:
    """Whether the images' number is another hospital's own: then its issuer says whose."""
    return any(f.field is Field.HOSPITAL_NUMBER and f.agreement is Agreement.OWN for f in fields)


def _other_groups(patient: ViewPatient) -> str:
    """The ideographic and phonetic groups of a name (PS3.5 6.2.1.1), behind the alphabetic one."""
    groups = [display_name(group) for group in patient.name.split("=")]
    return " / ".join(group for group in groups if group and group != display_name(patient.name))


class _Words(QWidget):
    """The words at the left of the two lines."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.asked = True
        self._request = Label(REQUEST_SAYS, "text2")
        self._grid = grid = _lines(self, theme)
        grid.addWidget(Label(""), 0, 0)
        grid.addWidget(Label(IMAGES_SAY, "text2"), 1, 0)
        grid.addWidget(self._request, 2, 0)
        self.setMinimumWidth(theme.sizes.of(88))

    def show_request(self, *, shown: bool) -> None:
        self.asked = shown
        _show_second(self._grid, self._request, shown=shown)


class _Column(QFrame):
    """One field: its name, and below it the two values."""

    def __init__(self, field: Field, theme: Theme) -> None:
        super().__init__()
        self._theme, self._field = theme, field
        self.shown = {IMAGES_SAY: "", REQUEST_SAYS: ""}
        self._caption = Label(field.value, "text2")
        self._icon = IconLabel("", "text2", theme)
        self._values = {row: QLabel() for row in self.shown}
        self._grid = grid = _lines(self, theme)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self._caption)
        head.addWidget(self._icon)
        head.addStretch()
        grid.addLayout(head, 0, 0)
        for at, (row, label) in enumerate(self._values.items(), start=1):
            label.setTextFormat(Qt.TextFormat.RichText)
            label.setAccessibleName(f"{field.value}, {row.lower()}")
            grid.addWidget(label, at, 0)
        self.setMinimumWidth(theme.sizes.of(_WIDTHS[field]))

    def show_field(self, found: IdentityField, more: dict[str, str], *, asked: bool) -> None:
        differs = found.agreement is Agreement.DIFFERS
        set_property(self, "role", "banner" if differs else "")
        self._icon.set(*_icon(found.agreement) if asked else ("", "text2"))
        pairs = ((IMAGES_SAY, found.images, found.request), (REQUEST_SAYS, found.request, found.images))
        for row, text, other in pairs:
            whole = f"{text} / {more[row]}" if text and more.get(row) else text
            self.shown[row] = whole or "not given"
            pieces = self._pieces(text, other) if differs else ((whole or "not given", False),)
            label = self._values[row]
            label.setText(self._markup(pieces, differs=differs, given=bool(text), weight=_weight(row)))
            label.setAccessibleDescription(f"{whole or 'not given'}, {_spoken(found)}")
            label.setToolTip(html.escape(whole))
        _show_second(self._grid, self._values[REQUEST_SAYS], shown=asked)

    def _pieces(self, text: str, other: str) -> Pieces:
        """“Male” and “Female” share letters, which says nothing."""
        return ((text, True),) if self._field is Field.SEX else differing(text, other)

    def _markup(self, pieces: Pieces, *, differs: bool, given: bool, weight: int) -> str:
        """All that comes from outside is escaped."""
        colors = self._theme.colors
        color = colors.danger if differs else colors.text if given else colors.text3
        size = self._theme.font(px=TITLE_PX if given else 13).pixelSize()
        body = "".join(
            f'<span style="font-weight:600"><u>{html.escape(piece)}</u></span>'
            if marked
            else html.escape(piece)
            for piece, marked in pieces
        )
        return f'<span style="color:{color}; font-size:{size}px; font-weight:{weight}">{body}</span>'


def _weight(row: str) -> int:
    return 600 if row == IMAGES_SAY else 400


def _icon(agreement: Agreement) -> tuple[str, str]:
    match agreement:
        case Agreement.AGREES:
            return "check", "ok"
        case Agreement.DIFFERS:
            return "circle-x", "danger"
        case Agreement.OWN:
            return "info", "text2"
        case Agreement.ABSENT:
            return "minus", "text3"


def _lines(widget: QWidget, theme: Theme) -> QGridLayout:
    """Three lines that stand level in every column."""
    box = QVBoxLayout(widget)
    box.setContentsMargins(4, 4, 4, 4)
    grid = QGridLayout()
    grid.setVerticalSpacing(2)
    box.addLayout(grid)
    grid.setRowMinimumHeight(0, theme.sizes.of(18))
    for row in (1, 2):
        grid.setRowMinimumHeight(row, theme.sizes.of(LINE))
    return grid


def _show_second(grid: QGridLayout, label: QLabel, *, shown: bool) -> None:
    label.setVisible(shown)
    grid.setRowMinimumHeight(2, grid.rowMinimumHeight(1) if shown else 0)
