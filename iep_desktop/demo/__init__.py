"""The demo: the real program over a profile of its own, with synthetic discs and DICOM nodes beside.

    with open_demo() as demo:
        demo.root, demo.discs, demo.nodes

Made at the first start, found again at the next. It only prepares a profile: no other part of the program knows that
it is a demo.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from iep_desktop import settings
from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.model import Node
from iep_desktop.settings import Profile, Settings

_MARK = "demo.json"
"""Says that the profile is a demo's, and which nodes its ledger knows."""


@dataclass(frozen=True)
class DemoProfile:
    """An opened demo; its nodes answer as long as the `with` of `open_demo` lasts."""

    profile: Profile
    discs: Path  # <name>/ and <name>.form.json
    nodes: tuple[Node, ...]

    @property
    def root(self) -> Path:
        return self.profile.root


def default_folder() -> Path:
    """Where the demo lies when nobody says otherwise: beside the profile, never in it."""
    return settings.default_folder() / "demo"


@contextmanager
def open_demo(folder: Path | None = None) -> Iterator[DemoProfile]:
    """Open the demo in `folder`, making it where needed, with its nodes running.

    Raises:
        InvalidInput: the folder holds a profile that is no demo.
        Permanent, OutOfSpace: the folder cannot be written, or the nodes do not start.
    """
    from iep_desktop.demo.nodes import running_nodes

    profile = _open_profile(folder or default_folder())
    _make_data(profile.root)
    with running_nodes(profile.root / "pacs", profile.logs / "demo-nodes.log") as nodes:
        _enter(profile, nodes)
        yield DemoProfile(profile, profile.root / "discs", nodes)


def _open_profile(root: Path) -> Profile:
    if not settings.exists(root):
        profile = settings.create_profile(
            root, Settings(user="A. Operator", disc_folders=(str(root / "discs"),))
        )
        _write_mark(root, ())
        return profile
    if not (root / _MARK).is_file():
        raise InvalidInput(
            "This folder holds a profile that is no demo",
            str(root),
            "Choose another with --profile, or leave out --demo.",
        )
    return settings.open_profile(root)


def _make_data(root: Path) -> None:
    """Discs, and what the PACS holds at first: each appears whole or not at all."""
    missing = [name for name in ("discs", "pacs") if not (root / name).is_dir()]
    if not missing:
        return
    from iep_desktop.demo import discs
    from iep_desktop.dicom.disk import own_disk

    makers: dict[str, Callable[[Path], object]] = {
        "discs": discs.make_discs,
        "pacs": lambda part: discs.make_earlier_studies(part / "UHLPACSWFM01"),
    }
    with own_disk():
        part = Path(tempfile.mkdtemp(prefix=".making-", dir=root))
        try:
            for name in missing:
                (part / name).mkdir()
                makers[name](part / name)
                (part / name).rename(root / name)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _enter(profile: Profile, nodes: tuple[Node, ...]) -> None:
    """The ledger knows the nodes; asked only where they are not as at the last start, for the sake of a quick one."""
    known = _entered(profile.root) == [asdict(node) for node in nodes]
    if known and (profile.settings.ledger_url or (profile.root / "ledger.sqlite").exists()):
        return
    from iep_desktop.workers.desk import open_desk

    desk = open_desk(profile)
    try:
        for node in nodes:
            desk.nodes.add(node)
    finally:
        desk.close()
    _write_mark(profile.root, nodes)


def _entered(root: Path) -> Any:
    try:
        return json.loads((root / _MARK).read_text("utf-8"))["nodes"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_mark(root: Path, nodes: tuple[Node, ...]) -> None:
    settings.write_atomically(root / _MARK, json.dumps({"nodes": [asdict(node) for node in nodes]}, indent=2))
