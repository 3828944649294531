"""Page 1, Call: the service-desk call and the form, typed or pasted; what still blocks, live, with its clause."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QFileDialog, QFrame, QWidget

from iep_desktop.core.rules import Verdict
from iep_desktop.ui.disc_wizard.case import Case, Step
from iep_desktop.ui.disc_wizard.checks_view import ChecksView, plain_views
from iep_desktop.ui.disc_wizard.form_editor import FormEditor
from iep_desktop.ui.disc_wizard.page import Act, Footer, Page
from iep_desktop.ui.disc_wizard.parts import Beside, ThemedIcon, column, row, scrolling
from iep_desktop.ui.disc_wizard.paste import parse_pasted, said
from iep_desktop.ui.disc_wizard.paste_dialog import PasteDialog
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind
from iep_desktop.ui.widgets.labels import ElidedLabel, Label, Title

_LATER = {"exams"}  # may be lifted on page 3: everything on the disc, with a reason (R-GATE-7)
_FOCUS = {
    "name": "family",
    "birth-date": "birth_date",
    "address": "address",
    "hospital-no": "hospital_no",
    "nhs-no": "nhs_no",
    "sex": "sex",
    "hospital": "hospital",
    "requester": "requester_name",
    "requester-contact": "requester_phone",
    "staff-contact": "requester_email",
    "discs": "discs",
}


class CallPage(Page):
    """`draft_taken` and `draft_dropped` answer the offer of a draft."""

    draft_taken = Signal()
    draft_dropped = Signal()
    file_chosen = Signal(str)

    def __init__(self, theme: Theme, case: Case) -> None:
        super().__init__(case)
        self._theme = theme
        self.editor = FormEditor(theme, case.numbers)
        self.checks = ChecksView(theme, narrow=True)
        self.paste_button = Button("Paste from e-mail…", theme, icon="clipboard-paste")
        self.paste_button.setToolTip("Fill the form from the requester’s e-mail (Ctrl+Shift+V)")
        self.file_button = Button("Open form file…", theme, icon="file-text")
        self.file_button.setToolTip("Fill the form from a form file (Ctrl+O)")
        self.note = Label("", "text2", wrap=True, selectable=True)
        self.note.hide()
        self.offer_text = Label("", wrap=True)
        self.take = Button("Go on with it", theme)
        self.drop = Button("Discard it", theme, Kind.FLAT)
        self._offer = self._offer_box()
        self._lay_out()
        self.editor.edited.connect(lambda: self.case.set_text(self.editor.text()))
        self.paste_button.clicked.connect(self._paste)
        QShortcut(QKeySequence("Ctrl+Shift+V"), self, self._paste)
        self.form_folder = ""  # where form files are looked for first
        self.file_button.clicked.connect(self._ask_file)
        QShortcut(QKeySequence("Ctrl+O"), self, self._ask_file)
        self.take.clicked.connect(lambda: self.draft_taken.emit())
        self.drop.clicked.connect(lambda: self.draft_dropped.emit())

    def _offer_box(self) -> QFrame:
        frame = QFrame()
        frame.setProperty("role", "banner")
        frame.setProperty("tone", "accent")
        line = row(ThemedIcon("history", "accent", self._theme), self.offer_text, self.take, self.drop)
        line.setStretch(1, 1)
        line.setContentsMargins(16, 8, 8, 8)
        frame.setLayout(line)
        frame.hide()
        return frame

    def _lay_out(self) -> None:
        head = row(Title("Call"), ElidedLabel("the call and its form", "text2"), spacing=16)
        head.addStretch()
        head.addWidget(self.file_button)
        head.addWidget(self.paste_button)
        form = column(spacing=12, margins=(24, 16, 24, 24))
        form.addLayout(head)
        for widget in (self._offer, self.note, self.editor):
            form.addWidget(widget)
        form.addStretch()
        inner, side = QWidget(), QWidget()
        inner.setLayout(form)
        side.setLayout(column(self.checks, margins=(16, 24, 16, 24)))
        self._scroll = scrolling(inner)
        self.setLayout(column(Beside(self._scroll, scrolling(side), 296, self._theme)))
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._show_focus)

    def _show_focus(self, _old: QWidget | None, now: QWidget | None) -> None:
        """A field that the keyboard comes to must be seen."""
        if now is not None and self.isVisible() and self.editor.isAncestorOf(now):
            self._scroll.ensureWidgetVisible(now, 0, self._theme.sizes.of(48))

    # --- drafts and e-mails -------------------------------------------------------------------------------

    def offer_draft(self, title: str) -> None:
        """A draft from before; an empty title takes the offer away."""
        self.offer_text.setText(f"A draft was kept: {title}")
        self._offer.setVisible(bool(title))

    @property
    def offers_draft(self) -> bool:
        return not self._offer.isHidden()

    def _paste(self) -> None:
        dialog = PasteDialog(self._theme, self)
        dialog.accepted.connect(lambda: self.fill_from(dialog.text))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _ask_file(self) -> None:
        dialog = QFileDialog(
            self, "The form's file", self.form_folder, "Forms (*.json *.txt *.eml);;All files (*)"
        )
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.file_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def fill_from(self, mail: str) -> None:
        """Fill the form from an e-mail and say what was understood and what was not."""
        pasted = parse_pasted(mail, self.editor.text())
        self.editor.show_text(pasted.text)
        self.case.set_text(self.editor.text())  # with the hospital's code, where the list knows its name
        self.note.setText(said(pasted))
        self.note.show()
        self.editor.control("call_ref").setFocus()

    # --- the page -----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        if self.case.text != self.editor.text():
            self.editor.show_text(self.case.text)
            self.note.hide()  # it was about another form
        self.editor.set_problems(self.case.field_problems)
        self.checks.show_views(plain_views(self.case.form_checks))

    @property
    def _blocks(self) -> int:
        return sum(check.code not in _LATER for check in self.case.form_blocks)

    def footer(self) -> Footer:
        problems, blocks = len(self.case.field_problems), self._blocks
        tip = "It is logged, and waits in Action Required until the form is complete (A5)."
        anyway = Act("Go on incomplete", self._go_on, tip=tip) if blocks and not problems else None
        return Footer(
            text=_blocking_words(blocks, problems), next_enabled=not problems and not blocks, left=anyway
        )

    def _go_on(self) -> None:
        self.case.go_on_incomplete()
        self.go.emit(Step.DISC)

    def next(self) -> None:
        self.go.emit(Step.DISC)

    def first_focus(self) -> QWidget | None:
        if self.offers_draft:
            return self.take
        missing = next((c for c in self.case.form_checks if c.verdict is Verdict.BLOCKS), None)
        return self.editor.control(_FOCUS.get(missing.code, "call_ref") if missing else "call_ref")


def _blocking_words(blocks: int, problems: int) -> str:
    if problems:
        return "1 field is wrong" if problems == 1 else f"{problems} fields are wrong"
    if blocks:
        return "1 thing still blocks" if blocks == 1 else f"{blocks} things still block"
    return ""
