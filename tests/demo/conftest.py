"""The demo, made once for all its tests: nobody writes to its discs; what else changes it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from iep_desktop.demo import open_demo
from iep_desktop.demo.discs import make_earlier_studies


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo that has been opened once."""
    root = tmp_path_factory.mktemp("demo") / "profile"
    with open_demo(root):
        pass
    return root


@pytest.fixture
def discs(made: Path) -> Path:
    """The folder with the three discs."""
    return made / "discs"


@pytest.fixture
def pacs_folder(tmp_path: Path) -> Path:
    """What the nodes serve, as at the first start."""
    folder = tmp_path / "pacs"
    make_earlier_studies(folder / "UHLPACSWFM01")
    return folder
