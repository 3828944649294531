"""The services of a node over whichever protocol it speaks, DIMSE or DICOMweb: the one place that knows of both.

Brings the sign-in of a DICOMweb node from the keyring. Blocking; the libraries are loaded when a node is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from iep_desktop.core.errors import Permanent
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.core.queries import EchoResult, PacsInstance

if TYPE_CHECKING:
    from iep_desktop.dicom.commitment import CommitmentSession, Take
    from iep_desktop.dicom.contexts import Pair
    from iep_desktop.dicom.fastsocket import Limits
    from iep_desktop.dicom.finding import Finding
    from iep_desktop.dicom.harvest import Retrieved, Sink
    from iep_desktop.dicom.retrieve import MoveListener, Wanted
    from iep_desktop.dicom.scu import StoreSession
    from iep_desktop.dicom.web.storing import WebStoreSession


def echo(node: Node, limits: Limits, ctx: Context) -> EchoResult:
    """Whether it is there and knows us. Raises what stands in the way, in plain words."""
    if node.dicomweb:
        from iep_desktop.dicom.web import asking

        return asking.echo(node, sign_in(node), limits=limits, ctx=ctx)
    from iep_desktop.dicom import scu

    return scu.echo(node, limits=limits, ctx=ctx)


def open_find(node: Node, limits: Limits, ctx: Context) -> AbstractContextManager[Finding]:
    if node.dicomweb:
        from iep_desktop.dicom.web import asking

        return asking.open_find(node, sign_in(node), limits=limits, ctx=ctx)
    from iep_desktop.dicom import scu

    return scu.open_find(node, limits=limits, ctx=ctx)


def find_instances(node: Node, study_uid: str, limits: Limits, ctx: Context) -> tuple[PacsInstance, ...]:
    """Everything that the node has of a study; empty where it has nothing."""
    with open_find(node, limits, ctx) as session:
        return session.instances(study_uid)


def open_store(
    node: Node, pairs: Iterable[Pair], limits: Limits, ctx: Context, *, measured: bool = False
) -> AbstractContextManager[StoreSession | WebStoreSession]:
    """`measured`: how far the node is will be asked for."""
    if node.dicomweb:
        from iep_desktop.dicom.web import storing

        return storing.open_store(node, sign_in(node), ctx, limits=limits)
    from iep_desktop.dicom import scu

    return scu.open_store(node, pairs, ctx, limits=limits, measured=measured)


def open_commitment(
    node: Node, take: Take, wait: float, limits: Limits, ctx: Context
) -> AbstractContextManager[CommitmentSession]:
    """Requests for storage commitment (PS3.4 J), whose reports may come on the same association for `wait` seconds."""
    from iep_desktop.dicom import commitment

    patient = replace(limits, network=max(limits.network, 2 * wait))  # the line is silent while we wait
    return commitment.open_commitment(node, take, limits=patient, ctx=ctx)


def retrieve(
    node: Node,
    wanted: Wanted,
    folder: Path,
    sink: Sink,
    limits: Limits,
    ctx: Context,
    *,
    listener: Callable[[], MoveListener | None],
    listed: Sequence[PacsInstance] | None = None,
    had: frozenset[str] = frozenset(),
    recheck: bool = True,
) -> Retrieved:
    """As `dicom.retrieve.retrieve`. `listener` is asked only where the node could need one."""
    if node.dicomweb:
        from iep_desktop.dicom.web import fetching

        return fetching.retrieve(
            node, wanted, folder, sink, ctx, sign_in(node),
            listed=listed, had=had, recheck=recheck, limits=limits,
        )  # fmt: skip
    from iep_desktop.dicom.retrieve import retrieve as by_dimse

    return by_dimse(
        node, wanted, folder, sink, ctx,
        listed=listed, had=had, listener=listener(), recheck=recheck, limits=limits,
    )  # fmt: skip


def sign_in(node: Node) -> str:
    """`user:password` or a token, as it was given; empty where none was, or this computer can keep none."""
    from iep_desktop import credentials

    try:
        return credentials.load_secret(f"node {node.name}") or ""
    except Permanent:  # no keyring: where the node asks for a sign-in it says so itself
        return ""


def keep_sign_in(node: Node, secret: str) -> None:
    """Raises Permanent where the system has no keyring, or it is locked."""
    from iep_desktop import credentials

    credentials.store_secret(f"node {node.name}", secret)
