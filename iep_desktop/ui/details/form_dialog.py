"""The form of a waiting transaction, to be completed: the wizard's own form, and what still blocks, live.

Where somebody else has saved it meanwhile, what they changed is taken over and said; what was typed here stays.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from iep_desktop.core.errors import IepError
from iep_desktop.core.identifiers import UHL_NUMBERS, NumberFormat
from iep_desktop.core.model import Form, Hospital
from iep_desktop.core.rules import Verdict, form_checks
from iep_desktop.core.transaction import Transaction, TransactionType
from iep_desktop.ui.details import merging
from iep_desktop.ui.disc_wizard import form_text
from iep_desktop.ui.disc_wizard.form_editor import FormEditor
from iep_desktop.ui.disc_wizard.form_text import FormText
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind
from iep_desktop.ui.widgets.errors import ErrorBanner
from iep_desktop.ui.widgets.icon_label import IconLabel
from iep_desktop.ui.widgets.labels import Hairline, Label, Title


class FormDialog(QDialog):
    """`completed` carries the new Form."""

    completed = Signal(object)

    def __init__(
        self,
        transaction: Transaction,
        hospitals: tuple[Hospital, ...],
        theme: Theme,
        parent: QWidget,
        numbers: NumberFormat = UHL_NUMBERS,
        form_of: Callable[[Transaction], Form] = lambda transaction: transaction.form,
    ) -> None:
        """`form_of` gives what the dialog begins from."""
        super().__init__(parent)
        self._theme, self._numbers, self._form_of = theme, numbers, form_of
        self._everything = bool(transaction.everything_reason)
        self._known = {hospital.ods for hospital in hospitals}
        self.setWindowTitle(f"Form of {transaction.number}")
        self.resize(theme.sizes.of(960), theme.sizes.of(680))
        self.editor = FormEditor(theme, numbers)
        self.editor.set_hospitals(hospitals)
        self._began = form_text.of_form(form_of(transaction))
        self.editor.show_text(self._began)
        self._began = self.editor.text()  # as the fields say it
        self.refusal = ErrorBanner(theme)
        self.changes = Label("", "warn", wrap=True, selectable=True)
        self.changes.hide()
        if transaction.type is not TransactionType.CD_IMPORT:
            self._without_disc()
        self.editor.edited.connect(self._check)
        self.save_button = Button("&Save the form", theme, Kind.PRIMARY)
        self.save_button.clicked.connect(self._save)
        self._lay_out(transaction)
        self._check()

    def _without_disc(self) -> None:
        """What came over the network has no disc; its form is the import form A2."""
        self.editor.labelled.hide()
        for name in ("disc_no", "discs", "kind"):
            field = self.editor.control(name).parentWidget()
            if field is not None:
                field.hide()

    def _lay_out(self, transaction: Transaction) -> None:
        content = QWidget()
        inner = QVBoxLayout(content)
        inner.setContentsMargins(24, 16, 24, 16)
        inner.setSpacing(16)
        inner.addWidget(Title(f"Form of {transaction.number}"))
        inner.addWidget(self.refusal)
        inner.addWidget(self.changes)
        inner.addWidget(self.editor)
        inner.addStretch(1)
        self._scroll = scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(content)
        side = QWidget()
        side.setProperty("role", "panel-left")
        side.setFixedWidth(self._theme.sizes.of(304))
        self._checks = QVBoxLayout()
        self._checks.setSpacing(8)
        column = QVBoxLayout(side)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        self.heading = Label(weight=600)
        column.addWidget(self.heading)
        column.addLayout(self._checks)
        column.addStretch(1)
        upper = QHBoxLayout()
        upper.setSpacing(0)
        upper.addWidget(scroll, 1)
        upper.addWidget(side)
        leave = Button("Back", self._theme)
        leave.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.setContentsMargins(24, 12, 24, 12)
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(leave)
        row.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(upper, 1)
        layout.addWidget(Hairline())
        layout.addLayout(row)

    def _check(self) -> None:
        """What still blocks; saving half is allowed, because the gate stands in front of PACS, not here."""
        text = self.editor.text()
        self.editor.set_problems(form_text.problems(text, self._numbers))
        form = text.to_form()
        checks = form_checks(
            form,
            hospital_known=form.hospital in self._known,
            everything=self._everything,
            numbers=self._numbers,
        )
        blocking = [check for check in checks if check.verdict is Verdict.BLOCKS]
        while (item := self._checks.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.setParent(None)
                widget.deleteLater()
        self.heading.setText("What still blocks" if blocking else "The form is complete")
        for check in blocking:
            self._checks.addWidget(self._line(check.title, check.clause))

    def _line(self, title: str, clause: str) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(IconLabel("circle-x", "danger", self._theme))
        row.addWidget(Label(title, wrap=True), 1)
        row.addWidget(Label(clause, "text2"))
        return line

    def _save(self) -> None:
        self.completed.emit(self.editor.text().to_form())
        self.accept()

    # -- refused

    @property
    def deed_text(self) -> str:
        return self.save_button.text().replace("&", "")

    def come_back(self, error: IepError, now: Transaction | None, *, over: bool) -> None:
        """With what was typed, and what somebody else has saved meanwhile in the fields that were left alone."""
        self.save_button.setEnabled(not over)
        self.refusal.show_error(error)
        self._scroll.verticalScrollBar().setValue(0)
        if now is not None:
            self._take_over(form_text.of_form(self._form_of(now)))

    def _take_over(self, theirs: FormText) -> None:
        mine = self.editor.text()
        self.editor.show_text(theirs)
        theirs = self.editor.text()  # as the fields say it
        merged, lines = merging.merge(self._began, mine, theirs, self.editor.label)
        self._began = theirs
        self.editor.show_text(merged)
        self.changes.setText("\n".join(("Changed meanwhile:", *lines)))
        self.changes.setVisible(bool(lines))
        self._check()
