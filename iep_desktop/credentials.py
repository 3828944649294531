"""Secrets in the system's keyring, never in a file. The only module that knows keyring."""

from __future__ import annotations

import keyring
import keyring.errors

from iep_desktop.core.errors import Permanent

_SERVICE = "iep-desktop"


def store_secret(name: str, secret: str) -> None:
    """Keep a secret under a name.

    Raises:
        Permanent: the system has no keyring, or it is locked.
    """
    try:
        keyring.set_password(_SERVICE, name, secret)
    except keyring.errors.KeyringError as error:
        raise _unusable(error) from error


def load_secret(name: str) -> str | None:
    """The secret kept under a name, or None."""
    try:
        return keyring.get_password(_SERVICE, name)
    except keyring.errors.KeyringError as error:
        raise _unusable(error) from error


def _unusable(error: Exception) -> Permanent:
    return Permanent(
        "The system's keyring cannot be used",
        type(error).__name__,
        "Unlock it, or install one (Secret Service, Windows Credential Manager, Keychain).",
    )
