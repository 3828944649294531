"""Open ▾ on a row: only what works on this transaction now."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMenu, QWidget

from iep_desktop.core.transaction import Transaction
from iep_desktop.ui.acts import Act, Wish, icon_of
from iep_desktop.ui.possible import possible
from iep_desktop.ui.theme import Theme


def open_menu(
    transaction: Transaction, me: str, wished: Callable[[Wish], None], theme: Theme, parent: QWidget
) -> QMenu:
    """The menu, to be shown with `popup`; it deletes itself."""
    menu = QMenu(parent)
    menu.aboutToHide.connect(menu.deleteLater)
    for act in possible(transaction, me):
        if act is Act.CANCEL:
            menu.addSeparator()
        action = menu.addAction(theme.icon(icon_of(act)), act.value)
        action.triggered.connect(lambda _=False, act=act: wished(Wish(act, transaction)))
    return menu
