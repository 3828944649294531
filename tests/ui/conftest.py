"""What every window test needs: one application's theme."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from iep_desktop.ui.theme import Theme, ThemeChoice


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    yield Theme(qapp, ThemeChoice.LIGHT)
