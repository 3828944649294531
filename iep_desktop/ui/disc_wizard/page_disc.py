"""Page 2, Disc: drives as they come and go, and folders; a disc that has just been put in is read by itself."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QWidget

from iep_desktop.core.medium import Drive, DriveKind
from iep_desktop.ui.disc_wizard.case import Case, Source, Step
from iep_desktop.ui.disc_wizard.drive_list import DriveList, drive_name, readable
from iep_desktop.ui.disc_wizard.page import Act, Footer, Page
from iep_desktop.ui.disc_wizard.parts import column, row
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button
from iep_desktop.ui.widgets.empty import EmptyState
from iep_desktop.ui.widgets.labels import Label, Title

_Known = tuple[str, str, str]


class DiscPage(Page):
    """`source_chosen(Source)`: read this."""

    source_chosen = Signal(object)

    def __init__(self, theme: Theme, case: Case) -> None:
        super().__init__(case)
        self._drives: tuple[Drive, ...] = ()
        self._seen: set[_Known] = set()  # discs that have been read, or were left alone, and are still in
        self.list = DriveList(theme)
        self.folder = Button("&Folder…", theme, icon="folder")
        self._stack = QStackedWidget()
        self._stack.setMinimumHeight(theme.sizes.of(48))  # its empty text must not keep the window high
        self._empty = EmptyState(
            "disc-3",
            "No drive holds a disc",
            "Put the disc or stick in: it is read by itself. Or choose a folder.",
            theme,
        )
        head = row(Title("Disc"), Label("put it in: it is read by itself", "text2"), spacing=16)
        head.addStretch()
        head.addWidget(self.folder)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._empty)
        layout = column(spacing=16, margins=(24, 16, 24, 16))
        layout.addLayout(head)
        layout.addWidget(self._stack, 1)
        self.setLayout(layout)
        self.list.chosen.connect(self._choose)
        self.list.currentItemChanged.connect(lambda *_: self.footer_changed.emit())
        self.folder.clicked.connect(self._ask_folder)

    # --- drives -------------------------------------------------------------------------------------------

    def show_drives(self, drives: tuple[Drive, ...]) -> None:
        """What is in the drives now; the one disc that is new is read at once, while this page is shown."""
        self._drives = drives
        self._seen &= {_known(drive) for drive in drives if drive.has_medium}
        self._show_list()
        if self.isVisible():
            if drives and self.folder.hasFocus():
                self.list.setFocus()
            self._read_new()
        self.footer_changed.emit()

    def drive_at(self, path: str) -> Drive | None:
        drive = next((drive for drive in self._drives if drive.mount_point == path and path), None)
        if drive is None:
            return None
        self._seen.add(_known(drive))
        return _ejectable(drive)

    def _read_new(self) -> None:
        new = [drive for drive in self._drives if readable(drive) and _known(drive) not in self._seen]
        self._seen |= {_known(drive) for drive in new}
        if len(new) == 1 and self.case.source is None:
            self._choose(new[0])

    def _choose(self, drive: Drive) -> None:
        self._seen.add(_known(drive))
        self.source_chosen.emit(Source(drive.mount_point, drive_name(drive), _ejectable(drive)))

    def _show_list(self) -> None:
        self.list.show_drives(self._drives, self.case.source.path if self.case.source else "")
        self._stack.setCurrentWidget(self.list if self._drives else self._empty)

    # --- folders ------------------------------------------------------------------------------------------

    def _ask_folder(self) -> None:
        dialog = QFileDialog(self, "The folder that holds the images")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.choose_folder)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def choose_folder(self, path: str) -> None:
        if path:
            self.source_chosen.emit(Source(path, f"Folder {Path(path).name or path}"))

    # --- the page -----------------------------------------------------------------------------------------

    def enter(self) -> None:
        self._read_new()

    def refresh(self) -> None:
        self._show_list()

    def footer(self) -> Footer:
        source = self.case.source
        if source is not None:
            return Footer(text=f"{source.label} in hand", left=self._again())
        drive = self.list.current_drive
        words = "" if drive or not self._drives else "Nothing that can be read is in a drive"
        return Footer(text=words, next_text="&Read it" if drive else "&Next", next_enabled=drive is not None)

    def _again(self) -> Act | None:
        drive = self.list.current_drive
        if drive is None or self.case.source is None or drive.mount_point == self.case.source.path:
            return None
        return Act("Read this one instead", lambda: self._choose(drive))

    def next(self) -> None:
        drive = self.list.current_drive
        if self.case.source is not None:
            self.go.emit(Step.CONTENTS)
        elif drive is not None:
            self._choose(drive)

    def first_focus(self) -> QWidget | None:
        return self.list if self._drives else self.folder


def _ejectable(drive: Drive) -> Drive | None:
    return None if drive.kind is DriveKind.FOLDER else drive


def _known(drive: Drive) -> _Known:
    return drive.device, drive.mount_point, drive.label
