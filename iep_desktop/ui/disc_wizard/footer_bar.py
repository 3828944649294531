"""The wizard's footer: Back and a page's own act at the left, its words, its second act and Next at the right."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from iep_desktop.ui.disc_wizard.page import Act, Footer
from iep_desktop.ui.disc_wizard.parts import row
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button, Kind, PrimaryButton
from iep_desktop.ui.widgets.labels import ElidedLabel, Label


class FooterBar(QWidget):
    """Shows a `Footer`; the buttons stay the same, so that the focus stays where it is."""

    back = Signal()
    next = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("role", "bar-above")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.back_button = Button("&Back", theme, icon="arrow-left")
        self.left = Button("", theme, Kind.FLAT)
        self._strong = Label("", weight=600)
        self._text = ElidedLabel("", "text2")
        self.right = Button("", theme)
        self.eject = Button("", theme, icon="eject")
        self.next_button = PrimaryButton("&Next", theme)
        self._acts: dict[Button, Act | None] = {self.left: None, self.right: None, self.eject: None}
        line = row(self.back_button, self.left, spacing=8)
        line.addStretch(1)
        line.addWidget(self._strong)
        line.addWidget(self._text)
        line.addSpacing(8)
        for button in (self.right, self.eject, self.next_button):
            line.addWidget(button)
        line.setContentsMargins(24, 0, 24, 0)
        self.setLayout(line)
        self.setFixedHeight(theme.sizes.footer)
        self.back_button.clicked.connect(lambda: self.back.emit())
        self.next_button.clicked.connect(lambda: self.next.emit())
        for button in self._acts:
            button.clicked.connect(lambda _=False, b=button: self._run(b))

    def _run(self, button: Button) -> None:
        act = self._acts[button]
        if act is not None:
            act.run()

    def show_footer(self, footer: Footer, *, can_go_back: bool) -> None:
        self._strong.setText(footer.strong)
        self._text.setText(footer.text)
        self.next_button.setText(footer.next_text)
        self.next_button.setEnabled(footer.next_enabled)
        self.back_button.setEnabled(can_go_back and footer.back_enabled)
        for button, act in ((self.left, footer.left), (self.right, footer.right), (self.eject, footer.eject)):
            self._acts[button] = act
            button.setVisible(act is not None)
            if act is not None:
                button.setText(act.text)
                button.setEnabled(act.enabled)
                button.setToolTip(act.tip)

    @property
    def words(self) -> str:
        return f"{self._strong.text()} {self._text.text()}".strip()
