"""What an import that has been started does: one line a study with its bar and counts, live."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtWidgets import QGridLayout, QWidget

from iep_desktop.core.transaction import Details, InstanceCounts
from iep_desktop.ui.pace import show_count
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.bar import Bar
from iep_desktop.ui.widgets.labels import Hairline, Label


@dataclass(frozen=True)
class StudyProgress:
    title: str
    counts: InstanceCounts

    @property
    def words(self) -> str:
        """`208 of 612 in PACS`; what failed, and what is still being copied, is said."""
        counts = self.counts
        parts = [f"{show_count(counts.arrived)} of {show_count(counts.wanted)} in PACS"]
        if counts.listed:
            parts.append(f"{show_count(counts.listed)} still on the disc")
        if counts.failed:
            parts.append(f"{show_count(counts.failed)} failed")
        if counts.wanted and counts.verified == counts.wanted:
            parts = [f"{show_count(counts.verified)} images, verified"]
        return ", ".join(parts)


def studies_of(details: Details) -> tuple[StudyProgress, ...]:
    """By study, in the order of the exams; a study without an exam line comes last."""
    titles = {exam.study_uid: exam.label for exam in details.transaction.exams if exam.study_uid}
    sums: dict[str, InstanceCounts] = {uid: InstanceCounts() for uid in titles}
    for series in details.series:
        sums[series.study_uid] = _add(sums.get(series.study_uid, InstanceCounts()), series.counts)
    return tuple(StudyProgress(titles.get(uid, "Study"), counts) for uid, counts in sums.items())


def _add(one: InstanceCounts, other: InstanceCounts) -> InstanceCounts:
    names = InstanceCounts.__dataclass_fields__
    return replace(one, **{name: getattr(one, name) + getattr(other, name) for name in names})


class ProgressView(QWidget):
    """`show_studies` updates in place."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: list[tuple[Label, Bar, Label]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(8)
        for at, stretch in enumerate((5, 3, 4)):
            self._grid.setColumnStretch(at, stretch)

    def show_studies(self, studies: tuple[StudyProgress, ...]) -> None:
        while len(self._rows) < len(studies):
            self._append()
        for at, (title, bar, words) in enumerate(self._rows):
            shown = at < len(studies)
            for widget in (title, bar, words):
                widget.setVisible(shown)
            if shown:
                study = studies[at]
                counts = study.counts
                title.setText(study.title)
                token = "green" if counts.wanted and counts.verified == counts.wanted else "bar"
                bar.set(counts.arrived, counts.wanted, failed=counts.failed, token=token)
                bar.setAccessibleName(study.title)
                words.setText(study.words)

    def words(self) -> list[str]:
        return [words.text() for _, _, words in self._rows if not words.isHidden()]

    def _append(self) -> None:
        line = 2 * len(self._rows)
        made = (Label("", wrap=True), Bar(self._theme), Label("", "text2", wrap=True))
        for at, widget in enumerate(made):
            self._grid.addWidget(widget, line, at)
        self._grid.addWidget(Hairline(), line + 1, 0, 1, 3)
        self._rows.append(made)
