"""Removing images from a gateway that is an Orthanc, over its REST interface: DICOM itself has no way to delete.

Blocking; the standard library only. Knows no ledger; what may be removed, and when, is decided elsewhere (R-TIME-3).
"""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from typing import Any

from iep_desktop.core.errors import NodeRejected, NodeUnreachable

SECONDS = 30.0


def remove_instances(url: str, uids: Iterable[str], user: str = "", password: str = "") -> int:
    """Delete instances by SOP Instance UID and say how many were there. What is gone already is no error.

    Raises:
        NodeUnreachable: it does not answer.
        NodeRejected: it says no (sign-in, rights), or is no Orthanc.
    """
    if not url.startswith(("http://", "https://")):
        raise NodeRejected("The gateway's web address must begin with http:// or https://")
    removed = 0
    for uid in uids:
        for found in _call(url, "POST", "/tools/lookup", uid.encode(), user, password):
            if found.get("Type") == "Instance":
                _call(url, "DELETE", f"/instances/{found['ID']}", None, user, password)
                removed += 1
    return removed


def _call(url: str, method: str, path: str, body: bytes | None, user: str, password: str) -> Any:
    request = urllib.request.Request(url.rstrip("/") + path, data=body, method=method)
    if user:
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        if error.code == 404 and method == "DELETE":
            return None  # somebody else was first
        raise NodeRejected(
            "The gateway does not let us delete",
            f"It answered {error.code} to {path.split('/')[1]}.",
            "Ask its team for a sign-in that may delete.",
        ) from error
    except OSError as error:
        raise NodeUnreachable(
            "The gateway's web interface does not answer", type(error).__name__, "Is its address right?"
        ) from error
    try:
        return json.loads(text) if text else None
    except ValueError as error:
        raise NodeRejected(
            "The gateway's web interface is no Orthanc", "", "Check its address in Admin, Nodes."
        ) from error
