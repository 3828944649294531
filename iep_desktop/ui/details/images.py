"""The images of a transaction, series by series, and on what evidence they count as arrived."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from iep_desktop.core.evidence import Evidence
from iep_desktop.core.transaction import Details, SeriesProgress
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.details.section import Section
from iep_desktop.ui.possible import has_images
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.bar import Bar
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import ElidedLabel, Label
from iep_desktop.ui.worklist import texts

LISTED = 20
"""So many images without commitment are named; the command line names them all."""


def evidence(details: Details) -> str:
    """`Verified: UHLPACSWFM01 shows 212 images, by instance`: the peer's own answer, as the history has it; or how
    many images are known by which kind of evidence, where there are several, or a commitment."""
    kinds = dict(details.evidence)
    if len(kinds) > 1 or Evidence.COMMITMENT in kinds:
        return f"Verified: {', '.join(f'{texts.images(n)} {kind.value}' for kind, n in kinds.items())}"
    last = next((event.text for event in reversed(details.events) if event.kind == "verified"), "")
    return f"Verified: {last}" if last else ""


def without_commitment(details: Details) -> str:
    """The images to which their node does not commit itself, each with what it says of it; empty where none is."""
    images = details.uncommitted
    if not images:
        return ""
    lines = [
        f"{one.modality} {one.series_description}, {one.sop_instance_uid}: {one.reason}".strip()
        for one in images[:LISTED]
    ]
    more = len(images) - LISTED
    if more > 0:
        lines.append(f"And {texts.images(more)} more: iep-desktop show {details.transaction.number}")
    return "\n".join([f"Without commitment: {texts.images(len(images))}", *lines])


class ImagesSection(Section):
    """The evidence of what has arrived (R-TX-4), and one line a series: what it is, how far, in words and as a bar."""

    wished = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__("Images", theme)
        self.link.setText("View images")
        self.link.clicked.connect(lambda: self.wished.emit(Wish(Act.VIEW, self._transaction)))
        self.rows: dict[str, _SeriesRow] = {}
        self.evidence = Label("", "text", wrap=True, selectable=True)
        self.evidence_row = self._line("circle-check", "ok", self.evidence)
        self.uncommitted = Label("", "text", wrap=True, selectable=True)
        self.uncommitted_row = self._line("triangle-alert", "warn", self.uncommitted)

    def _line(self, icon: str, tone: str, label: Label) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(IconLabel(icon, tone, self._theme), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(label, 1)
        self.body.addWidget(line)
        return line

    def show_details(self, details: Details, _now: datetime) -> None:
        self.setVisible(bool(details.series))
        uids = [series.series_uid for series in details.series]
        if uids != list(self.rows):
            for row in self.rows.values():
                row.setParent(None)
                row.deleteLater()
            self.rows = {uid: _SeriesRow(self._theme) for uid in uids}
            for row in self.rows.values():
                self.body.addWidget(row)
        for series in details.series:
            self.rows[series.series_uid].show_series(series)
        self._transaction = details.transaction
        self.link.setVisible(has_images(details.transaction))
        counts = details.transaction.counts
        self.heading.setText(f"Images  {texts.grouped(counts.arrived)} of {texts.grouped(counts.wanted)}")
        for label, line, words in (
            (self.evidence, self.evidence_row, evidence(details)),
            (self.uncommitted, self.uncommitted_row, without_commitment(details)),
        ):
            label.setText(words)
            line.setVisible(bool(words))


class _SeriesRow(QWidget):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.name = ElidedLabel()
        self.count = Label("", "text2")
        self.bar = Bar(theme)
        self.icon = IconLabel("", "text2", theme)
        self.state = Label()
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.name, 1)
        top.addWidget(self.count)
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self.bar, 1)
        below.addWidget(self.icon)
        below.addWidget(self.state)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(top)
        layout.addLayout(below)

    def show_series(self, series: SeriesProgress) -> None:
        counts = series.counts
        words, tone, icon = texts.series_state(series)
        self.name.setText(f"{series.modality}  {texts.series_label(series)}".strip())
        self.count.setText(f"{texts.grouped(counts.arrived)} of {texts.grouped(counts.wanted)}")
        whole = counts.wanted and counts.arrived == counts.wanted
        self.bar.set(counts.arrived, counts.wanted, failed=counts.failed, token="green" if whole else "bar")
        self.state.setText(words)
        self.state.set_tone(tone)
        self.icon.set({"check": "circle-check"}.get(icon, icon), tone)
        self.icon.setVisible(bool(icon))
