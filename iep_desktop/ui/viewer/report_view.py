"""A report as text to read: facts at the head, headings and indented lines below; searched and copied.

Builds the text piece by piece, so that nothing a file says can become markup.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QAction,
    QColor,
    QGuiApplication,
    QKeySequence,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QHBoxLayout, QTextEdit, QVBoxLayout, QWidget

from iep_desktop.core.documents import Report, ReportLine
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button
from iep_desktop.ui.widgets.labels import Label, Title
from iep_desktop.ui.widgets.search import SearchBox

_INDENT = 20  # pixels a level, at 100 %
_DEEPEST = 12  # levels that are indented


class ReportView(QWidget):
    """Ctrl+F searches, Enter goes to the next place, Ctrl+C copies the selection, the button all of it."""

    def __init__(self, report: Report, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report, self._theme = report, theme
        self.setProperty("ground", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = Title(report.title)
        self.title.setWordWrap(True)
        self.search = SearchBox("Search the report", theme, "Ctrl+F")
        self.found = Label("", "text2")
        self.copy_button = Button("&Copy all", theme, icon="copy")
        self.body = QTextEdit()
        self.body.setReadOnly(True)
        self.body.setProperty("role", "reading")
        self.body.setAccessibleName(report.title)
        self.body.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._lay_out()
        self.search.searched.connect(self._search_from_start)
        self.search.returnPressed.connect(self._search_next)
        self.copy_button.clicked.connect(self.copy)
        find = QAction("Search", self)
        find.setShortcut(QKeySequence(QKeySequence.StandardKey.Find))
        find.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.triggered.connect(self.search.setFocus)
        self.addAction(find)
        theme.changed.connect(self._write)
        self._write()

    def copy(self) -> None:
        QGuiApplication.clipboard().setText(self._report.text)

    # -- inside

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(self.search, 1)
        top.addWidget(self.found)
        top.addWidget(self.copy_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(8)
        layout.addWidget(self.title)
        layout.addLayout(top)
        layout.addWidget(self.body, 1)

    def _write(self) -> None:
        self.body.clear()
        cursor = QTextCursor(self.body.document())
        cursor.beginEditBlock()
        for name, value in self._report.facts:
            self._paragraph(cursor, ReportLine(0, name, value), gap=2)
        for at, line in enumerate(self._report.lines):
            self._paragraph(cursor, line, gap=12 if line.heading or not at else 4)
        for remark in self._report.remarks:
            self._paragraph(cursor, ReportLine(0, "", remark), gap=12, tone="warn")
        cursor.endEditBlock()
        self.body.moveCursor(QTextCursor.MoveOperation.Start)

    def _paragraph(self, cursor: QTextCursor, line: ReportLine, *, gap: int, tone: str = "text") -> None:
        block = QTextBlockFormat()
        block.setLeftMargin(self._theme.sizes.of(_INDENT) * min(line.depth, _DEEPEST))
        block.setTopMargin(self._theme.sizes.of(gap))
        block.setLineHeight(120, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        if cursor.position():
            cursor.insertBlock(block)
        else:
            cursor.setBlockFormat(block)
        if line.relation:
            cursor.insertText(f"{line.relation}  ", self._style("text3"))
        if line.name:
            name = line.name if line.heading else f"{line.name}  "
            cursor.insertText(name, self._style("text" if line.heading else "text2", bold=line.heading))
        cursor.insertText(line.value, self._style(tone))

    def _style(self, tone: str, *, bold: bool = False) -> QTextCharFormat:
        style = QTextCharFormat()
        style.setFont(self._theme.font(600 if bold else 400))
        style.setForeground(QColor(self._theme.color(tone)))
        return style

    def _search_from_start(self, text: str) -> None:
        self.body.moveCursor(QTextCursor.MoveOperation.Start)
        count = 0
        if text:
            cursor = self._document.find(text)
            while not cursor.isNull():
                count += 1
                cursor = self._document.find(text, cursor)
            self.body.find(text)
        self.found.setText(f"{count} found" if text else "")

    def _search_next(self) -> None:
        text = self.search.text().strip()
        if text and not self.body.find(text):
            self.body.moveCursor(QTextCursor.MoveOperation.Start)
            self.body.find(text)

    @property
    def _document(self) -> QTextDocument:
        return self.body.document()
