"""Puts the plain services of one profile together: what a window or a command line works with.

The only place that knows how ledger, spool, network and rules are joined; no behaviour of its own.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import UTC, datetime

from iep_desktop.core.calendar import ServiceCalendar
from iep_desktop.core.flow import Flow
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.core.queries import PacsPatient
from iep_desktop.dicom import scu
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.media import FolderMedium
from iep_desktop.dicom.spool import Spool
from iep_desktop.settings import Profile, Settings
from iep_desktop.store.database import Database
from iep_desktop.store.directory import Directory
from iep_desktop.store.drafts import Drafts
from iep_desktop.store.slots import Slots
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.upgrade import open_ledger
from iep_desktop.store.worklists import Worklists
from iep_desktop.workers.coercions import Coercions
from iep_desktop.workers.copying import Copying
from iep_desktop.workers.disc_import import DiscImport
from iep_desktop.workers.discs import Discs
from iep_desktop.workers.gatekeeper import Gatekeeper
from iep_desktop.workers.imports import Imports, Me
from iep_desktop.workers.nodes import Nodes
from iep_desktop.workers.reading import Reading
from iep_desktop.workers.sending import Sending
from iep_desktop.workers.verifying import Verifying


@dataclass(frozen=True)
class Desk:
    """The services of one person at one workstation of one hospital."""

    me: Me
    profile: Profile
    reading: Reading
    imports: Imports
    discs: Discs
    nodes: Nodes
    drafts: Drafts
    transactions: Transactions
    slots: Slots
    disc_import: DiscImport
    calendar: ServiceCalendar
    database: Database

    def close(self) -> None:
        self.database.dispose()

    def ledger_token(self) -> object:
        """Another value whenever something in the ledger changed."""
        return self.transactions.change_token()

    def flow(self, images_per_second: float, bytes_per_second: float) -> Flow:
        next_batch = self.calendar.next_batch(datetime.now(UTC))
        return Flow(self.slots.slots(), images_per_second, bytes_per_second, next_batch)


def open_desk(profile: Profile) -> Desk:
    """Open the ledger (upgrading it where needed) and join everything to it.

    Raises:
        LedgerUnusable, LedgerBusy: the ledger cannot be opened.
    """
    settings = profile.settings
    database = open_ledger(profile.ledger_url, busy_seconds=settings.ledger_busy_seconds)
    me = Me(settings.user_name, settings.hospital, platform.node() or "workstation")
    limits = _limits(settings)
    directory = Directory(database)
    transactions = Transactions(database, settings.hospital)
    slots = Slots(database, settings.hospital)
    nodes = Nodes(directory, settings.hospital, limits)
    reading = Reading(Worklists(database, settings.hospital), transactions, slots, directory)

    def find_patients(node: Node, number: str, ctx: Context) -> tuple[PacsPatient, ...]:
        return scu.find_patients(node, patient_id=number, limits=limits, ctx=ctx)

    gatekeeper = Gatekeeper(transactions, directory, settings.hospital, find_patients)
    spool = Spool(profile.spool)
    return Desk(
        me=me,
        profile=profile,
        reading=reading,
        imports=Imports(me, transactions, gatekeeper),
        discs=Discs(),
        nodes=nodes,
        drafts=Drafts(database),
        transactions=transactions,
        slots=slots,
        disc_import=DiscImport(
            transactions,
            gatekeeper,
            spool,
            Copying(transactions, spool, FolderMedium),
            Sending(
                transactions,
                spool,
                gatekeeper.pacs_node,
                lambda node, pairs, ctx: scu.open_store(node, pairs, ctx, limits=limits),
                Coercions(settings.issuer_of_patient_id, me.workstation, reading.hospital_name),
            ),
            Verifying(transactions, gatekeeper.pacs_node, lambda node, ctx: scu.open_find(node, limits=limits, ctx=ctx)),
        ),
        calendar=ServiceCalendar(),
        database=database,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        connect=settings.connect_seconds,
        acse=settings.connect_seconds,
        dimse=settings.answer_seconds,
        network=settings.answer_seconds,
        write=settings.answer_seconds,
    )
