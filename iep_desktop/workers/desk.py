"""Puts the plain services of one profile together: what a window or a command line works with.

The only place that knows how ledger, spool, network and rules are joined; no behaviour of its own. Everything is made
when it is first asked for, under a lock, so that a window stands before SQL and DICOM libraries are loaded: a window
asks from a pool's thread, where waiting for that hurts nobody.
"""

from __future__ import annotations

import platform
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from iep_desktop.core.flow import Flow
from iep_desktop.core.identifiers import number_format
from iep_desktop.core.me import Me
from iep_desktop.settings import Profile, Settings
from iep_desktop.workers import exchange_desk, network, node_services, viewing_desk
from iep_desktop.workers.libraries import load_network
from iep_desktop.workers.rate import Rate, ToldRate
from iep_desktop.workers.stores import Ledger, open_stores

if TYPE_CHECKING:
    from iep_desktop.core.calendar import ServiceCalendar
    from iep_desktop.core.job import Context
    from iep_desktop.core.model import Node
    from iep_desktop.core.queries import PacsPatient, PacsStudy
    from iep_desktop.dicom.fastsocket import Limits
    from iep_desktop.dicom.spool import Spool
    from iep_desktop.dicom.storage_scp import StorageListener
    from iep_desktop.store.drafts import Drafts
    from iep_desktop.workers.acts import Acts
    from iep_desktop.workers.associations import Associations
    from iep_desktop.workers.copies import Copies
    from iep_desktop.workers.direct_routing import Arrivals
    from iep_desktop.workers.disc_import import DiscImport
    from iep_desktop.workers.discs import Discs
    from iep_desktop.workers.downloads import Downloads
    from iep_desktop.workers.export_gate import ExportGate
    from iep_desktop.workers.gatekeeper import Gatekeeper
    from iep_desktop.workers.hours import Hours
    from iep_desktop.workers.imports import Imports
    from iep_desktop.workers.keeping import Keeping
    from iep_desktop.workers.legs import Legs
    from iep_desktop.workers.lent_listener import LentListener
    from iep_desktop.workers.nodes import Nodes
    from iep_desktop.workers.priorities import Priorities
    from iep_desktop.workers.queue import Queue
    from iep_desktop.workers.reading import Reading
    from iep_desktop.workers.replies import Replies
    from iep_desktop.workers.requests import Requests
    from iep_desktop.workers.retrieving import Retrieving
    from iep_desktop.workers.review import Reviews
    from iep_desktop.workers.saved_worklists import SavedWorklists
    from iep_desktop.workers.thumbnails import Thumbnails
    from iep_desktop.workers.transfers import Transfers
    from iep_desktop.workers.viewings import Viewings

T = TypeVar("T")

_OVER_THE_NETWORK = frozenset(
    (
        *("arrivals", "disc_import", "export_gate", "gatekeeper", "keeping", "legs", "nodes", "retrieving"),
        *("storage_listener", "transfers"),
    )
)


class Elsewhere(Protocol):
    """What a desk knows of its engine, where that is another process (`workers.engine_process`)."""

    @property
    def rate(self) -> ToldRate: ...
    @property
    def listener(self) -> LentListener: ...


class Desk:
    """The services of one person at one workstation of one hospital."""

    def __init__(self, profile: Profile, elsewhere: Elsewhere | None = None) -> None:
        """`elsewhere`: the engine of this desk, where that is another process."""
        settings = profile.settings
        self.profile = profile
        self.elsewhere = elsewhere
        numbers = number_format(settings.hospital, settings.hospital_numbers)
        self.me = Me(settings.user_name, settings.hospital, platform.node() or "workstation", numbers)
        self.rate = Rate()  # of this process's engine
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._made: dict[str, Any] = {}

    def close(self) -> None:
        listener = self._made.get("storage_listener")
        if listener:
            listener.stop()
        ledger = self._made.get("ledger")
        if ledger:
            ledger.database.dispose()

    @property
    def ledger(self) -> Ledger:
        """Raises LedgerUnusable or LedgerBusy where it cannot be opened; the next call tries again."""
        return self._once("ledger", lambda: open_stores(self.profile, self.me.user))

    @property
    def reading(self) -> Reading:
        return self._once("reading", lambda: _reading(self.ledger))

    @property
    def imports(self) -> Imports:
        return self._once("imports", lambda: _imports(self.me, self.ledger, self.gatekeeper))

    @property
    def requests(self) -> Requests:
        return self._once("requests", lambda: _requests(self.me, self.ledger))

    @property
    def replies(self) -> Replies:
        return self._once("replies", lambda: _replies(self.me, self.ledger))

    @property
    def gatekeeper(self) -> Gatekeeper:
        return self._once("gatekeeper", lambda: _gatekeeper(self.me, self.ledger, self.profile.settings))

    @property
    def nodes(self) -> Nodes:
        return self._once("nodes", lambda: _nodes(self.ledger, self.profile.settings))

    @property
    def discs(self) -> Discs:
        return self._once("discs", lambda: _discs(self.profile.settings))

    @property
    def drafts(self) -> Drafts:
        return self.ledger.drafts

    @property
    def disc_import(self) -> DiscImport:
        return self._once("disc_import", lambda: _disc_import(self))

    @property
    def transfers(self) -> Transfers:
        return self._once("transfers", lambda: exchange_desk.make_transfers(self))

    @property
    def downloads(self) -> Downloads:
        return self._once("downloads", lambda: exchange_desk.make_downloads(self))

    @property
    def acts(self) -> Acts:
        return self._once("acts", lambda: exchange_desk.make_acts(self))

    @property
    def copies(self) -> Copies:
        return self._once("copies", lambda: exchange_desk.make_copies(self))

    @property
    def export_gate(self) -> ExportGate:
        return self._once("export_gate", lambda: exchange_desk.make_export_gate(self))

    @property
    def retrieving(self) -> Retrieving:
        return self._once("retrieving", lambda: exchange_desk.make_retrieving(self))

    @property
    def legs(self) -> Legs:
        return self._once("legs", lambda: exchange_desk.make_legs(self))

    @property
    def keeping(self) -> Keeping:
        return self._once("keeping", lambda: exchange_desk.make_keeping(self))

    @property
    def arrivals(self) -> Arrivals:
        return self._once("arrivals", lambda: exchange_desk.make_arrivals(self))

    @property
    def storage_listener(self) -> StorageListener | None:
        """Where C-MOVE brings images to; None where no port is set for it."""
        return self._once("storage_listener", lambda: exchange_desk.make_storage_listener(self))

    @property
    def associations(self) -> Associations:
        """Of all transactions of this program, whichever job they are in."""
        return self._once("associations", _associations)

    @property
    def spool(self) -> Spool:
        return self._once("spool", lambda: _spool(self.profile))

    @property
    def viewings(self) -> Viewings:
        return self._once("viewings", lambda: viewing_desk.make_viewings(self))

    @property
    def thumbnails(self) -> Thumbnails:
        return self._once("thumbnails", lambda: viewing_desk.make_thumbnails(self))

    @property
    def reviews(self) -> Reviews:
        return self._once("reviews", lambda: viewing_desk.make_reviews(self))

    @property
    def limits(self) -> Limits:
        return network.set_up(self.profile.settings)

    @property
    def hours(self) -> Hours:
        return self._once("hours", lambda: _hours(self.calendar, self.profile.settings))

    @property
    def queue(self) -> Queue:
        return self._once("queue", lambda: _queue(self))

    @property
    def priorities(self) -> Priorities:
        return self._once("priorities", lambda: _priorities(self))

    @property
    def worklists_saved(self) -> SavedWorklists:
        return self._once("worklists_saved", lambda: _worklists_saved(self.ledger))

    @property
    def calendar(self) -> ServiceCalendar:
        return self._once("calendar", _calendar)

    def ledger_token(self) -> int:
        """Another number whenever one of our transactions changed."""
        return self.ledger.transactions.change_token()

    def flow(self) -> Flow:
        rate = self.elsewhere.rate if self.elsewhere else self.rate
        opens = self.calendar.next_batch(now := datetime.now(UTC))
        night = opens == now
        return Flow(self.ledger.slots.slots(), *rate.per_second(), None if night else opens, night)

    def _once(self, name: str, make: Callable[[], T]) -> T:
        """Each service has a lock of its own: who asks for a quick one never waits for a slow one."""
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            if name not in self._made:
                if name in _OVER_THE_NETWORK:
                    load_network()
                self._made[name] = make()
            made: T = self._made[name]
            return made


def open_desk(profile: Profile) -> Desk:
    """A desk whose ledger is open (upgraded where needed).

    Raises:
        LedgerUnusable, LedgerBusy: the ledger cannot be opened.
    """
    desk = Desk(profile)
    _ = desk.ledger
    return desk


def _reading(ledger: Ledger) -> Reading:
    from iep_desktop.workers.reading import Reading

    return Reading(ledger)


def _gatekeeper(me: Me, ledger: Ledger, settings: Settings) -> Gatekeeper:
    from iep_desktop.workers.gatekeeper import Gatekeeper

    limits = network.set_up(settings)

    def find_patients(node: Node, number: str, ctx: Context) -> tuple[PacsPatient, ...]:
        with node_services.open_find(node, limits, ctx) as session:
            return session.patients(patient_id=number)

    def find_studies(node: Node, study_uid: str, ctx: Context) -> tuple[PacsStudy, ...]:
        with node_services.open_find(node, limits, ctx) as session:
            return session.studies(study_uid=study_uid)

    return Gatekeeper(
        ledger.transactions,
        ledger.directory,
        settings.hospital,
        settings.delivery_node,
        find_patients,
        find_studies,
        me.numbers,
    )


def _imports(me: Me, ledger: Ledger, gatekeeper: Gatekeeper) -> Imports:
    from iep_desktop.workers.imports import Imports

    return Imports(me, ledger.transactions, gatekeeper)


def _requests(me: Me, ledger: Ledger) -> Requests:
    from iep_desktop.workers.requests import Requests

    return Requests(me, ledger.transactions, ledger.directory)


def _replies(me: Me, ledger: Ledger) -> Replies:
    from iep_desktop.workers.replies import Replies

    return Replies(me, ledger.transactions)


def _nodes(ledger: Ledger, settings: Settings) -> Nodes:
    from iep_desktop.workers.nodes import Nodes

    return Nodes(ledger.directory, ledger.circuits, settings.hospital, network.set_up(settings))


def _discs(settings: Settings) -> Discs:
    from iep_desktop.workers.discs import Discs

    return Discs(settings.disc_folders)


def _calendar() -> ServiceCalendar:
    from iep_desktop.core.calendar import ServiceCalendar

    return ServiceCalendar()


def _hours(calendar: ServiceCalendar, settings: Settings) -> Hours:
    from iep_desktop.workers.hours import Hours

    return Hours(calendar, settings.keep_hours)


def _worklists_saved(ledger: Ledger) -> SavedWorklists:
    from iep_desktop.workers.saved_worklists import SavedWorklists

    return SavedWorklists(ledger.drafts)


def _queue(desk: Desk) -> Queue:
    from iep_desktop.workers.queue import Queue

    rate = desk.elsewhere.rate if desk.elsewhere else desk.rate
    return Queue(desk.me, desk.ledger.line, desk.ledger.slots, desk.calendar, rate.usual)


def _priorities(desk: Desk) -> Priorities:
    from iep_desktop.workers.priorities import Priorities

    return Priorities(desk.me, desk.ledger.transactions, desk.ledger.line, desk.hours)


def _associations() -> Associations:
    from iep_desktop.workers.associations import Associations

    return Associations()


def _spool(profile: Profile) -> Spool:
    from iep_desktop.dicom.spool import Spool

    spool = Spool(profile.spool, profile.viewing)
    spool.sweep()  # what a killed program left half-written
    return spool


def _disc_import(desk: Desk) -> DiscImport:
    from iep_desktop.core.transaction import Requirement, Status
    from iep_desktop.dicom.medium_files import open_medium
    from iep_desktop.workers.copying import Copying
    from iep_desktop.workers.delivery import ENGINE
    from iep_desktop.workers.disc_import import DISC, DiscImport

    transactions = desk.ledger.transactions

    def delivered(id: int, text: str, required: tuple[Requirement, ...]) -> None:
        transactions.move(id, Status.DELIVERED, text, ENGINE, required=required)

    return DiscImport(
        transactions,
        Copying(transactions, desk.spool, open_medium),
        exchange_desk.make_delivery(desk, DISC, delivered),
    )
