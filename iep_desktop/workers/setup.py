"""Making a new installation: what the first start and `init` do. Plain and blocking."""

from __future__ import annotations

from pathlib import Path

from iep_desktop import settings
from iep_desktop.core.errors import Permanent
from iep_desktop.core.job import Context
from iep_desktop.core.model import Hospital, Node
from iep_desktop.core.queries import EchoResult
from iep_desktop.settings import Profile, Settings
from iep_desktop.workers import node_services


def known_hospitals(_ctx: Context) -> tuple[Hospital, ...]:
    """The hospitals that a new ledger starts with, A–Z."""
    from iep_desktop.store.directory import listed_hospitals

    return listed_hospitals()


def echo(node: Node, ctx: Context) -> EchoResult:
    """C-ECHO, or its like over DICOMweb, to a node that is not in any ledger yet."""
    from iep_desktop.dicom.fastsocket import DEFAULT_LIMITS

    return node_services.echo(node, DEFAULT_LIMITS, ctx)


def describe_ledger(root: Path, url: str, _ctx: Context) -> str:
    """Open the ledger at `url` (empty: the profile's own file) and say what was found.

    Raises:
        LedgerUnusable, LedgerBusy, Permanent.
    """
    if not url:
        return _describe_folder(root)
    from iep_desktop.store.upgrade import open_ledger

    open_ledger(url, busy_seconds=5.0).dispose()
    return "The ledger opens and is up to date."


def _describe_folder(root: Path) -> str:
    """The own file is made at the start: here only whether it can be."""
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = root / ".probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise Permanent(
            "The profile folder cannot be written",
            f"{root}: {error.strerror}.",
            "Check the rights of the folder.",
        ) from error
    return f"It will be made in {root}."


def make_profile(
    root: Path, *, hospital: str, user: str = "", ledger_url: str = "", nodes: tuple[Node, ...] = ()
) -> Profile:
    """Make a profile with its ledger and the first nodes.

    Raises:
        InvalidInput: there is one already, or a node's hospital is not known.
        Permanent, LedgerUnusable, LedgerBusy: folder or ledger cannot be made.
    """
    from iep_desktop.workers.desk import open_desk

    wanted = Settings(hospital=hospital, user=user, ledger_url=ledger_url, issuer_of_patient_id=hospital)
    profile = settings.create_profile(root, wanted)
    desk = open_desk(profile)
    try:
        for node in nodes:
            desk.nodes.add(node)
    finally:
        desk.close()
    return profile
