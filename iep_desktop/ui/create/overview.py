"""What Create shows while no form is open: the discs that lie in the drives, and what was imported last."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from iep_desktop.core.job import Context
from iep_desktop.core.medium import Drive, DriveKind
from iep_desktop.core.transaction import Transaction, TransactionType, WorklistFilter, WorklistOrder
from iep_desktop.ui.services import ReadsLedger
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind, LinkButton
from iep_desktop.ui.widgets.chip import Chip
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import ElidedLabel, Hairline, Label
from iep_desktop.ui.worklist import texts
from iep_desktop.workers.queries import Queries

LATEST = 6
_DRIVE_ICONS = {DriveKind.OPTICAL: "disc-3", DriveKind.REMOVABLE: "usb", DriveKind.FOLDER: "folder"}


class Overview(QScrollArea):
    """`import_wanted` carries the path of a disc, or an empty text; `shown` a Transaction to be looked at."""

    import_wanted = Signal(str)
    shown = Signal(object)

    def __init__(self, reading: ReadsLedger, queries: Queries, theme: Theme) -> None:
        super().__init__()
        self._reading, self._queries, self._theme = reading, queries, theme
        self.drives = _Column("Discs in the drives", theme)
        self.latest = _Column("Imported last", theme)
        lists = QWidget()
        below = QHBoxLayout(lists)
        below.setContentsMargins(16, 24, 16, 16)
        below.setSpacing(32)
        below.addWidget(self.drives, 1)
        below.addWidget(self.latest, 1)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(lists)
        self.show_drives(())
        self._show_latest(())

    # -- discs that lie in the drives

    def show_drives(self, drives: tuple[Drive, ...]) -> None:
        ready = [drive for drive in drives if drive.has_medium and drive.mount_point]
        rows: list[QWidget] = [self._drive(drive, first=at == 0) for at, drive in enumerate(ready)]
        self.drives.show_rows(
            rows,
            "No disc or stick is in a drive. Put one in: it appears here by itself, or import from a folder.",
        )
        if not ready:
            folder = LinkButton("Import from a &folder…", self._theme, "folder")
            folder.clicked.connect(lambda: self.import_wanted.emit(""))
            self.drives.add(folder)

    def _drive(self, drive: Drive, *, first: bool) -> QWidget:
        icon = _DRIVE_ICONS[drive.kind]
        name = drive.label or "No label"
        button = Button("Import", self._theme, Kind.PRIMARY if first else Kind.PLAIN)
        button.setAccessibleName(f"Import {name}")
        button.clicked.connect(lambda: self.import_wanted.emit(drive.mount_point))
        return _row(
            self._theme, icon, name, ", ".join(dict.fromkeys((drive.device, drive.mount_point))), button
        )

    # -- what was imported last

    def refresh(self) -> None:
        reading = self._reading
        wanted = WorklistFilter(types=frozenset({TransactionType.CD_IMPORT}))

        def question(_ctx: Context) -> tuple[Transaction, ...]:
            return reading.page(wanted, WorklistOrder(), 0, LATEST).rows

        self._queries.ask(question, self._show_latest, owner=self)

    def _show_latest(self, rows: tuple[Transaction, ...]) -> None:
        self.latest.show_rows(
            [self._import(transaction) for transaction in rows],
            "Nothing yet. The discs that you import are listed here, the last one first.",
        )

    def _import(self, transaction: Transaction) -> QWidget:
        chip = Chip("", "neutral", self._theme)
        chip.set_status(transaction.status)
        look = LinkButton("Details", self._theme)
        look.setAccessibleName(f"Details of {transaction.number}")
        look.clicked.connect(lambda: self.shown.emit(transaction))
        line = f"{texts.moment(transaction.created_at)}, {texts.images(transaction.counts.wanted)}"
        return _row(self._theme, "disc-3", texts.patient_name(transaction), line, chip, look)


class _Column(QWidget):
    """A heading, rows, or the text of an empty list."""

    def __init__(self, heading: str, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(Label(heading, weight=600))
        layout.addWidget(Hairline())
        layout.addLayout(self._rows)
        layout.addStretch(1)

    def show_rows(self, rows: list[QWidget], empty: str) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.setParent(None)
                widget.deleteLater()
        for row in rows or [Label(empty, "text2", wrap=True)]:
            self._rows.addWidget(row)

    def add(self, widget: QWidget) -> None:
        self._rows.addWidget(widget, 0, Qt.AlignmentFlag.AlignLeft)


def _row(theme: Theme, icon: str, name: str, line: str, *at_the_right: QWidget) -> QWidget:
    row = QWidget()
    row.setMinimumHeight(theme.sizes.two_line_row)
    words = QVBoxLayout()
    words.setSpacing(0)
    words.addWidget(ElidedLabel(name, weight=600))
    words.addWidget(ElidedLabel(line, "text2"))
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 4, 0, 4)
    layout.setSpacing(12)
    layout.addWidget(IconLabel(icon, "text2", theme))
    layout.addLayout(words, 1)
    for widget in at_the_right:
        layout.addWidget(widget)
    return row
