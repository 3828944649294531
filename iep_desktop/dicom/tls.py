"""Secure associations (PS3.15 B.12, BCP 195): whose certificates this program trusts, and the one that it shows.

Owns the one TLS context of the program, for all nodes that are to be reached by TLS. Certificates and host names are
always verified; without a context such a node is not spoken to at all.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from iep_desktop.core.errors import InvalidInput

SYSTEM = "system"
"""In place of a file: the certificates that the computer itself trusts."""


class _Program:
    context: ssl.SSLContext | None = None


def use(trusted: str, certificate: str = "", key: str = "") -> None:
    """From now on: whom we trust (a PEM file, or SYSTEM; empty: no TLS), and who we are, where nodes ask for it.

    Raises:
        InvalidInput: a file cannot be read or is no PEM.
    """
    _Program.context = _context(trusted, certificate, key) if trusted else None


def context() -> ssl.SSLContext | None:
    """None where TLS is not set up."""
    return _Program.context


def _context(trusted: str, certificate: str, key: str) -> ssl.SSLContext:
    try:
        made = ssl.create_default_context(cafile=None if trusted == SYSTEM else trusted)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate:
            made.load_cert_chain(certificate, key or None, password=_no_password)
    except (OSError, ValueError) as exc:
        files = ", ".join(Path(file).name for file in (trusted, certificate, key) if file)
        hint = "Correct the TLS files in the settings; they are PEM files, the key without a password."
        raise InvalidInput("The certificates for TLS cannot be used", f"{files}.", hint) from exc
    return made


def _no_password() -> str:
    raise ValueError("the key is encrypted")  # else the library asks on the terminal
