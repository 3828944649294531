"""The words for an association that did not come about: refused (PS3.8 9.3.4), or nobody there."""

from __future__ import annotations

import socket
from ssl import SSLCertVerificationError, SSLError

from iep_desktop.core.errors import (
    Cause,
    IepError,
    InvalidInput,
    NodeRejected,
    NodeUnreachable,
    Refused,
    Retriable,
)
from iep_desktop.core.model import Node

LATER = "It is tried again later. If it stays so, ask the PACS team to look at the node."
ASK_CLASSES = (
    "Ask the PACS team to allow these kinds of object (SOP classes, transfer syntaxes) for our AE title."
)
_SERVICE_USER, _ACSE, _PRESENTATION = 1, 2, 3  # PS3.8 Table 9-21, source


def at(node: Node, error: IepError) -> IepError:
    """The error, which says whose trouble it is, for whoever counts how often a node fails."""
    error.node = node.name
    return error


def rejected(node: Node, result: int, source: int, reason: int) -> IepError:
    """The error for an A-ASSOCIATE-RJ (PS3.8 9.3.4, Table 9-21)."""
    title = f"{node.name} refuses the association"
    ours, theirs = node.calling_ae, node.ae_title
    if (source, reason) == (_SERVICE_USER, 3):
        hint = f'Ask the PACS team to enter our AE title "{ours}" at the node, or correct it in the settings.'
        return NodeRejected(title, f'It does not know our AE title "{ours}".', hint)
    if (source, reason) == (_SERVICE_USER, 7):
        hint = "Correct the node's AE title in the settings; capital letters matter."
        return NodeRejected(title, f'Its AE title is not "{theirs}".', hint)
    if source == _PRESENTATION and reason in (1, 2):
        message = (
            "It has as many connections as it allows." if reason == 2 else "It is overloaded for the moment."
        )
        return Retriable(title, message, "It is tried again later.", cause=Cause.BUSY)
    message, hint = (
        _other_rejection(source, reason),
        "Ask the PACS team to look at the node's log.",
    )
    if result == 2:  # rejected-transient
        return Retriable(title, message, LATER, cause=Cause.BUSY)
    return NodeRejected(title, message, hint)


def _other_rejection(source: int, reason: int) -> str:
    known = {
        (_SERVICE_USER, 1): "It gives no reason.",
        (_SERVICE_USER, 2): "It does not know the DICOM application context.",
        (_ACSE, 1): "It gives no reason.",
        (_ACSE, 2): "It does not speak our version of the protocol.",
    }
    return known.get(
        (source, reason),
        f"It gives a reason unknown to the standard ({source}/{reason}).",
    )


def unreachable(node: Node, exc: OSError) -> NodeUnreachable:
    """The error for a TCP connection that did not come about."""
    title, where = f"{node.name} cannot be reached", f"{node.host}, port {node.port}"
    hint = "Check host and port, and that the node runs and no firewall is in between."
    if isinstance(exc, ConnectionRefusedError):
        return NodeUnreachable(title, f"Nobody listens at {where}.", hint, cause=Cause.NOBODY_LISTENS)
    if isinstance(exc, socket.gaierror):
        return NodeUnreachable(
            title,
            f'The name "{node.host}" is not known.',
            "Check the host name and the network.",
            cause=Cause.UNKNOWN_HOST,
        )
    if isinstance(exc, TimeoutError):
        return NodeUnreachable(title, f"{where} does not answer.", hint)
    if isinstance(exc, SSLCertVerificationError):
        said = exc.verify_message.rstrip(".")
        hint = (
            "Ask for the certificate of the authority that signed the node's, and enter it in the settings."
        )
        return NodeUnreachable(title, f"The certificate of {where} is not trusted: {said}.", hint)
    if isinstance(exc, SSLError):
        return NodeUnreachable(
            title,
            f"No secure connection with {where}.",
            "Check the node's TLS settings.",
        )
    return NodeUnreachable(title, f"{where}: {exc.strerror or type(exc).__name__}.", hint)


def not_secured(node: Node) -> Refused:
    """A node that is to be spoken to under TLS is never spoken to in the open instead."""
    hint = "Set up certificates, or ask the PACS team for a port without TLS and change the node."
    return Refused(f"{node.name} is to be reached by TLS", "TLS is not set up on this computer.", hint)


def unusable(node: Node) -> InvalidInput:
    hint = "AE titles have 1 to 16 characters, without backslash; ports are 1 to 65535."
    return InvalidInput(
        f"The settings of {node.name} cannot be used",
        "AE title, host or port is not valid.",
        hint,
    )
