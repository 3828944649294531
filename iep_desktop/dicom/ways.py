"""Which way messages take: past pynetdicom's hand-overs between its threads, or by the library's own means.

Owns the choice for the whole program, and the look whether the library still has the inner parts on which the direct
way leans. Both ways keep the socket of `fastsocket`: no Nagle, quick ACK, every wait limited.
"""

from __future__ import annotations

import functools
import sys
from enum import StrEnum

import pynetdicom
from pynetdicom import AE
from pynetdicom.association import Association

from iep_desktop.core.errors import InvalidInput

_VERSION = "3.0."
_TRIED = ("linux",)
"""Systems on which all tests of the network have run over the direct way; elsewhere it waits for that."""


class Way(StrEnum):
    AUTOMATIC = "automatic"  # direct, where it was tried
    DIRECT = "direct"  # also on another system; for who tries it there
    LIBRARY = "library"


class _Program:
    way = Way.AUTOMATIC


def use(way: str) -> None:
    """From now on. Raises InvalidInput for a word that is none of `Way`."""
    try:
        _Program.way = Way(way)
    except ValueError:
        known = ", ".join(Way)
        hint = f"network_way in settings.json is one of: {known}."
        raise InvalidInput("The way over the network is unknown", f"“{way}”.", hint) from None


def direct() -> bool:
    """Whether messages go past the library."""
    if _Program.way is Way.LIBRARY or (_Program.way is Way.AUTOMATIC and sys.platform not in _TRIED):
        return False
    return library_is_known()


@functools.cache
def library_is_known() -> bool:
    """Whether the library has the inner parts that the direct way was written and tested for."""
    if not pynetdicom.__version__.startswith(_VERSION):
        return False
    assoc = Association(AE(), "requestor")
    owners = {
        assoc: ("_reactor_checkpoint", "_is_paused", "_check_received_status"),
        assoc.dul: ("_idle_timer", "event_queue", "state_machine"),
        assoc.dimse: ("get_msg", "maximum_pdu_size"),
    }
    return all(hasattr(owner, name) for owner, names in owners.items() for name in names)
