"""Puts the services of the exchange together, as `desk` does for all: no behaviour of its own.

Everything is made when it is first asked for; the libraries of SQL and DICOM are loaded here and not before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from iep_desktop.core.errors import InvalidInput, NodeRejected, Permanent
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.workers import node_services

if TYPE_CHECKING:
    from iep_desktop.core.exchange import StudyCriteria
    from iep_desktop.core.job import Context
    from iep_desktop.core.queries import PacsInstance, PacsStudy
    from iep_desktop.core.transaction import Instance, Transaction
    from iep_desktop.dicom.harvest import Retrieved
    from iep_desktop.dicom.landing import Received
    from iep_desktop.dicom.retrieve import MoveListener, Wanted
    from iep_desktop.dicom.storage_scp import StorageListener
    from iep_desktop.workers.acts import Acts
    from iep_desktop.workers.copies import Copies
    from iep_desktop.workers.delivery import Delivery, Source
    from iep_desktop.workers.desk import Desk
    from iep_desktop.workers.direct_routing import Arrivals, GatewayWatch
    from iep_desktop.workers.download import Download
    from iep_desktop.workers.downloads import Downloads
    from iep_desktop.workers.export_gate import ExportGate
    from iep_desktop.workers.keeping import Keeping
    from iep_desktop.workers.legs import Legs
    from iep_desktop.workers.retrieving import Retrieving
    from iep_desktop.workers.transfers import Transfers
    from iep_desktop.workers.upload import Upload
    from iep_desktop.workers.verifying import Verifying

_MOST_STUDIES = 5000  # in one look at a gateway: it holds what came in 15 days


def make_transfers(desk: Desk) -> Transfers:
    from iep_desktop.workers.transfers import Transfers

    def find(
        node: Node, criteria: StudyCriteria, patient_id: str, limit: int, ctx: Context
    ) -> tuple[PacsStudy, ...]:
        with node_services.open_find(node, desk.limits, ctx) as session:
            return session.studies(
                patient_id=patient_id,
                accession=criteria.accession,
                date_from=criteria.date_from,
                date_to=criteria.date_to,
                modality="\\".join(sorted(criteria.modalities)),
                description=f"*{criteria.description}*" if criteria.description else "",
                limit=limit,
            )

    ledger = desk.ledger
    return Transfers(
        desk.me,
        ledger.transactions,
        ledger.exchange,
        ledger.directory,
        desk.export_gate,
        find,
        desk.gatekeeper.pacs_node,
        desk.hours.waits_until,
    )


def make_export_gate(desk: Desk) -> ExportGate:
    from iep_desktop.workers.export_gate import ExportGate

    ledger = desk.ledger
    return ExportGate(
        desk.me.hospital,
        ledger.transactions,
        ledger.exchange,
        ledger.directory,
        desk.gatekeeper.pacs_node,
        lambda node, ctx: node_services.open_find(node, desk.limits, ctx),
        lambda: desk.profile.stored().review_before_send,  # an admin may change it while we run
        desk.me.numbers,
    )


def make_downloads(desk: Desk) -> Downloads:
    from iep_desktop.workers.downloads import Downloads

    ledger = desk.ledger
    return Downloads(desk.me, ledger.transactions, ledger.exchange, lambda: desk.spool, desk.gatekeeper)


def make_acts(desk: Desk) -> Acts:
    from iep_desktop.workers.acts import Acts

    ledger = desk.ledger
    return Acts(
        desk.me,
        ledger.transactions,
        ledger.exchange,
        ledger.directory,
        ledger.circuits,
        ledger.commitments,
        desk.hours.waits_until,
    )


def make_copies(desk: Desk) -> Copies:
    from iep_desktop.workers.copies import Copies

    def fetch(transaction: Transaction, listed: tuple[Instance, ...], ctx: Context) -> None:
        images = tuple(i for i in listed if i.sop_class_uid and not i.source_path)
        node = desk.gatekeeper.pacs_node(transaction.source_node)
        number = transaction.patient.hospital_no
        desk.retrieving.fetch(transaction, node, images, ctx, patient_no=number)

    return Copies(desk.me, desk.ledger.transactions, desk.spool, fetch)


def make_delivery(desk: Desk, source: Source, finish: Callable[..., None]) -> Delivery:
    """The way into PACS, for what came from a disc or from the gateway."""
    from iep_desktop.workers.coercions import Coercions
    from iep_desktop.workers.delivery import Delivery
    from iep_desktop.workers.sending import Sending

    settings, transactions, limits = desk.profile.settings, desk.ledger.transactions, desk.limits
    node, spool = desk.gatekeeper.pacs_node, desk.spool
    coercions = Coercions(settings.issuer_of_patient_id, desk.me.workstation, desk.reading.hospital_name)
    return Delivery(
        transactions,
        desk.gatekeeper,
        spool,
        Sending(
            transactions,
            spool,
            node,
            lambda node, pairs, ctx, measured: node_services.open_store(
                node, pairs, limits, ctx, measured=measured
            ),
            coercions,
            desk.associations,
        ),
        make_verifying(desk, node),
        source,
        finish,
    )


def make_retrieving(desk: Desk) -> Retrieving:
    from iep_desktop.workers.retrieving import Retrieving

    def find(node: Node, study_uid: str, ctx: Context) -> tuple[PacsInstance, ...]:
        return node_services.find_instances(node, study_uid, desk.limits, ctx)

    def fetch(
        node: Node,
        wanted: Wanted,
        folder: Path,
        sink: Callable[[Received], None],
        ctx: Context,
        held: Sequence[PacsInstance] | None,
    ) -> Retrieved:
        def listener() -> MoveListener | None:
            return listener_if_any(desk)

        return node_services.retrieve(  # whether a study has grown is asked by the job itself
            node, wanted, folder, sink, desk.limits, ctx, listener=listener, listed=held, recheck=False
        )

    return Retrieving(desk.ledger.transactions, desk.spool, find, fetch)


def _upload(desk: Desk) -> Upload:
    from iep_desktop.workers.attaching import Attaching
    from iep_desktop.workers.sending import Sending
    from iep_desktop.workers.upload import Upload

    ledger, limits = desk.ledger, desk.limits

    def gateway(name: str) -> Node:
        return _node(desk, name)

    return Upload(
        ledger.transactions,
        ledger.exchange,
        desk.export_gate,
        desk.gatekeeper.pacs_node,
        desk.spool,
        desk.retrieving,
        Attaching(ledger.transactions, ledger.exchange, desk.spool),
        Sending(
            ledger.transactions,
            desk.spool,
            gateway,
            lambda node, pairs, ctx, measured: node_services.open_store(
                node, pairs, limits, ctx, measured=measured
            ),
            None,
            desk.associations,
        ),
        make_verifying(desk, gateway),
    )


def _download(desk: Desk) -> Download:
    from iep_desktop.workers.delivery import ENGINE
    from iep_desktop.workers.download import GATEWAY, Download
    from iep_desktop.workers.headers import Headers

    ledger = desk.ledger
    return Download(
        ledger.transactions,
        ledger.exchange,
        lambda name: own_gateway(desk, name),
        desk.retrieving,
        Headers(desk.spool),
        make_delivery(
            desk,
            GATEWAY,
            lambda id, text, required: ledger.exchange.delivered(id, text, ENGINE, required),
        ),
    )


def make_legs(desk: Desk) -> Legs:
    from iep_desktop.workers.legs import Legs

    return Legs(desk.ledger.transactions, _upload(desk), _download(desk))


def make_verifying(desk: Desk, node: Callable[[str], Node]) -> Verifying:
    from iep_desktop.workers.committing import Committing
    from iep_desktop.workers.verifying import Verifying

    limits, wait = desk.limits, desk.profile.settings.commitment_wait_seconds
    commitments = desk.ledger.commitments
    committing = Committing(
        desk.ledger.transactions,
        commitments,
        lambda node, ctx: node_services.open_commitment(node, commitments.take, wait, limits, ctx),
        lambda node: _hears_of(desk, node),
        wait,
    )
    return Verifying(
        desk.ledger.transactions,
        commitments,
        node,
        lambda node, ctx: node_services.open_find(node, limits, ctx),
        committing,
    )


def _hears_of(desk: Desk, node: Node) -> bool:
    """Whether its reports can come to our listener, by its AE title and under the one that it knows of us."""
    settings = desk.profile.settings
    known = any(title == node.ae_title for title, _ in settings.listener_callers)
    if not settings.listener_port or not known or node.calling_ae != settings.listener_ae:
        return False
    listener_if_any(desk)  # where another program of ours has the port, it takes the reports
    return True


def make_storage_listener(desk: Desk) -> StorageListener | None:
    settings = desk.profile.settings
    if not settings.listener_port:
        return None
    from iep_desktop.dicom.storage_scp import Caller, ListenerSettings, StorageListener

    arrivals, inbox = desk.arrivals, desk.profile.spool / "inbox"
    callers = tuple(Caller(*entry) for entry in settings.listener_callers)
    listener = StorageListener(
        ListenerSettings(settings.listener_ae, settings.listener_port, callers=callers),
        inbox,
        arrivals.folder_for,
        arrivals.note,
        on_report=desk.ledger.commitments.take,
        limits=desk.limits,
    )
    listener.start()
    return listener


def listener_if_any(desk: Desk) -> MoveListener | None:
    """C-GET needs none; where C-MOVE does, its error says that there is none."""
    if desk.elsewhere:
        return desk.elsewhere.listener.if_any()
    try:
        return desk.storage_listener
    except Permanent:
        return None


def make_arrivals(desk: Desk) -> Arrivals:
    from iep_desktop.workers.direct_routing import Arrivals

    ledger = desk.ledger
    return Arrivals(desk.me.hospital, ledger.transactions, ledger.exchange, desk.spool)


def _gateway_watch(desk: Desk) -> GatewayWatch:
    from iep_desktop.workers.direct_routing import GatewayWatch

    def find(node: Node, ctx: Context) -> tuple[PacsStudy, ...]:
        with node_services.open_find(node, desk.limits, ctx) as session:
            return session.studies(limit=_MOST_STUDIES)

    ledger = desk.ledger
    return GatewayWatch(
        desk.me.hospital,
        ledger.transactions,
        ledger.exchange,
        lambda: tuple(n for n in ledger.directory.nodes(desk.me.hospital) if n.role is NodeRole.GATEWAY),
        find,
        desk.retrieving,
        desk.profile.settings.direct_routing_silence_seconds,
    )


def make_keeping(desk: Desk) -> Keeping:
    from iep_desktop.workers.alarms import BlueLights
    from iep_desktop.workers.keeping import Keeping
    from iep_desktop.workers.leftovers import Leftovers

    ledger, settings = desk.ledger, desk.profile.settings
    return Keeping(
        ledger.transactions,
        ledger.exchange,
        desk.downloads,
        lambda name: own_gateway(desk, name),
        desk.retrieving,
        _remove,
        _gateway_watch(desk),
        desk.arrivals,
        settings.direct_routing_silence_seconds,
        BlueLights(ledger.alarms, desk.queue.forecastable),
        Leftovers(ledger.transactions, ledger.slots, desk.spool),
        lambda id_: desk.spool.free(id_),
        frozenset(settings.auto_download),
    )


def _remove(node: Node, uids: Sequence[str]) -> bool:
    """Delete from a gateway that has a REST interface; its password, where it asks for one, is in the keyring."""
    if not node.rest_url:
        return False
    from iep_desktop import credentials
    from iep_desktop.links import orthanc

    try:
        orthanc.remove_instances(node.rest_url, uids)
    except NodeRejected:
        secret = credentials.load_secret(f"node {node.name}")
        if secret is None:
            raise
        user, _, password = secret.partition(":")
        orthanc.remove_instances(node.rest_url, uids, user, password)
    return True


def _node(desk: Desk, name: str) -> Node:
    found = next((node for node in desk.ledger.directory.nodes() if node.name == name), None)
    if found is None:
        raise InvalidInput(f"There is no node {name}", "", "Add it in Admin, Nodes.")
    return found


def own_gateway(desk: Desk, name: str) -> Node:
    """The gateway that a transfer lies in; where it names none, the hospital's first."""
    ours = [n for n in desk.ledger.directory.nodes(desk.me.hospital) if n.role is NodeRole.GATEWAY]
    found = next((node for node in ours if not name or node.name == name), None)
    if found is None:
        raise InvalidInput(
            f"{name or 'A gateway'} is not set up as a gateway of ours", "", "Add it in Admin, Nodes."
        )
    return found
