"""The address of a node's DICOMweb services, checked before it is kept: no secret in it, nothing behind the path."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.model import Node, NodeRole

_PORTS = {"http": 80, "https": 443}


def web_node(
    name: str, role: NodeRole, hospital: str, url: str, *, rest_url: str = "", calling_ae: str = "IEPDESKTOP"
) -> Node:
    """A node that speaks DICOMweb. Host and port are those of the address; it has no AE title.

    Raises:
        InvalidInput: it is no such address.
    """
    address = _parsed(url)
    port = address.port or _PORTS[address.scheme]
    return Node(
        name,
        role,
        hospital,
        ae_title="",
        host=address.hostname or "",
        port=port,
        calling_ae=calling_ae,
        tls=address.scheme == "https",
        rest_url=rest_url,
        dicomweb=url.strip().rstrip("/"),
    )


def problem_of(url: str) -> str:
    """What is wrong with an address, in a few words; empty where nothing is."""
    try:
        _parsed(url)
    except InvalidInput as error:
        return error.title
    return ""


def _parsed(url: str) -> SplitResult:
    try:
        address = urlsplit(url.strip())
        usable = address.scheme in _PORTS and bool(address.hostname) and address.port != 0
    except ValueError:
        usable = False
    if not usable or any(c.isspace() or not c.isprintable() for c in url.strip()):
        raise InvalidInput("must begin with http:// or https://, then host and path")
    if "@" in address.netloc:
        raise InvalidInput("must not hold a password: that is kept in the keyring")
    if address.query or address.fragment:
        raise InvalidInput("must end with the path, without ? or #")
    return address
