"""The words for what goes wrong over HTTP: the line, and statuses that mean no (RFC 9110, PS3.18 8.5)."""

from __future__ import annotations

import ssl

import httpx

from iep_desktop.core.errors import (
    Cause,
    IepError,
    InvalidInput,
    NodeRejected,
    NodeUnreachable,
    OutOfSpace,
    Permanent,
    Retriable,
)
from iep_desktop.core.model import Node
from iep_desktop.dicom.troubles import LATER, unreachable

ASK_LOG = "Ask the PACS team to look at the node's log."
_BUSY = (408, 425, 429, 503)


def broken(node: Node, exc: Exception) -> IepError:
    """The error for a request that was not answered, or not to its end."""
    name = node.name
    if isinstance(exc, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return InvalidInput(f"The address of {name} cannot be used", "", "Correct it in Admin, Nodes.")
    if isinstance(exc, httpx.ConnectTimeout):
        return unreachable(node, TimeoutError())
    if isinstance(exc, httpx.ConnectError):
        return unreachable(node, _of_the_system(exc))
    if isinstance(exc, httpx.WriteTimeout):
        return NodeUnreachable(f"{name} stopped reading", "It takes no more data.", LATER)
    if isinstance(exc, httpx.TimeoutException):
        return NodeUnreachable(f"{name} does not answer", "It took the connection, and is silent.", LATER)
    if isinstance(exc, httpx.ProtocolError | httpx.DecodingError) and not _closed(exc):
        return NodeUnreachable(f"{name} sent what is not HTTP", "", LATER, cause=Cause.NOT_DICOM)
    message = "The connection broke in the middle."
    return NodeUnreachable(f"Connection to {name} lost", message, LATER, cause=Cause.BROKEN)


def refusal(node: Node, status: int, *, signed_in: bool) -> IepError:
    """The error for a status that is no success."""
    name, code = node.name, f"HTTP status {status}"
    if status == 401:
        said = "It does not accept our sign-in" if signed_in else "It asks for a sign-in"
        hint = f'Give user and password, or a token, by: iep-desktop nodes sign-in "{name}"'
        return NodeRejected(f"{name} does not let us in", f"{said} ({code}).", hint)
    if status == 403:
        hint = "Ask the PACS team for the right."
        return NodeRejected(f"{name} does not allow this", f"Our sign-in lacks the right ({code}).", hint)
    if status in (404, 405, 406, 410):
        hint = "Correct its DICOMweb address in Admin, Nodes, or ask the PACS team for it."
        return NodeRejected(f"{name} has no such DICOMweb service", f"{code} at its address.", hint)
    if 300 <= status < 400:
        hint = "Enter the address that it means: a sign-in is not taken elsewhere."
        return NodeRejected(f"{name} sends us to another address", f"{code}.", hint)
    if status in _BUSY:
        return Retriable(f"{name} is busy", f"{code}.", "It is tried again later.", cause=Cause.BUSY)
    if status == 507:
        return OutOfSpace(f"{name} has no room", f"{code}.", "Its team must free space.")
    if status in (502, 504):
        return NodeUnreachable(f"{name} does not answer", f"Only what stands before it does ({code}).", LATER)
    if status >= 500:
        return Retriable(f"{name} failed", f"{code}.", ASK_LOG, cause=Cause.PROCESSING)
    return Permanent(f"{name} refuses the request", f"{code}.", ASK_LOG)


def unreadable_answer(node: Node) -> Permanent:
    return Permanent(f"{node.name} sends an answer that cannot be read", "", ASK_LOG)


def _of_the_system(exc: BaseException) -> OSError:
    """What the operating system or TLS said, under what the libraries made of it."""
    found: BaseException | None = exc
    while found is not None:
        if isinstance(found, OSError):
            return found
        found = found.__cause__ or found.__context__
    return ssl.SSLError() if "SSL" in str(exc) else OSError()


def _closed(exc: Exception) -> bool:
    """Ended too early, which is no confusion of tongues."""
    return "disconnected" in str(exc) or "closed connection" in str(exc)
