"""The stores over one opened ledger, as one hospital sees it. No behaviour of its own; SQL is loaded late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iep_desktop.settings import Profile

if TYPE_CHECKING:
    from iep_desktop.store.alarms import Alarms
    from iep_desktop.store.circuits import Circuits
    from iep_desktop.store.commitments import Commitments
    from iep_desktop.store.database import Database
    from iep_desktop.store.directory import Directory
    from iep_desktop.store.drafts import Drafts
    from iep_desktop.store.exchange import Exchange
    from iep_desktop.store.line import Line
    from iep_desktop.store.slots import Slots
    from iep_desktop.store.transactions import Transactions
    from iep_desktop.store.worklists import Worklists
    from iep_desktop.store.yielding import Yielding


@dataclass(frozen=True)
class Ledger:
    """The stores over one opened ledger, as one hospital sees it."""

    database: Database
    transactions: Transactions
    slots: Slots
    line: Line
    yielding: Yielding
    circuits: Circuits
    worklists: Worklists
    directory: Directory
    drafts: Drafts
    exchange: Exchange
    alarms: Alarms
    commitments: Commitments


def open_stores(profile: Profile, user: str) -> Ledger:
    from iep_desktop.store.alarms import Alarms
    from iep_desktop.store.circuits import Circuits
    from iep_desktop.store.commitments import Commitments
    from iep_desktop.store.directory import Directory
    from iep_desktop.store.drafts import Drafts
    from iep_desktop.store.exchange import Exchange
    from iep_desktop.store.line import Line
    from iep_desktop.store.slots import Slots
    from iep_desktop.store.transactions import Transactions
    from iep_desktop.store.upgrade import open_ledger
    from iep_desktop.store.worklists import Worklists
    from iep_desktop.store.yielding import Yielding

    hospital = profile.settings.hospital
    database = open_ledger(profile.ledger_url, busy_seconds=profile.settings.ledger_busy_seconds)
    return Ledger(
        database,
        Transactions(database, hospital),
        Slots(database, hospital),
        Line(database, hospital),
        Yielding(database, hospital),
        Circuits(database, hospital),
        Worklists(database, hospital),
        Directory(database),
        Drafts(database, owner=user),
        Exchange(database, hospital),
        Alarms(database, hospital),
        Commitments(database, hospital),
    )
