"""What transfers between hospitals need of the ledger besides what every transaction has.

Two legs run over the same instances: PACS → gateway at the sender, gateway → PACS at the recipient. An instance's
state is that of the leg under way; where the second begins, what lies verified in the gateway is listed again.
Each method is one short session, and both ends see the whole of it or nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import CursorResult, Select, delete, select, update
from sqlalchemy.orm import Session, defer

from iep_desktop.core.errors import InvalidInput, Refused
from iep_desktop.core.exchange import Attachment, AttachmentInfo, MediaType
from iep_desktop.core.transaction import (
    Direction,
    Instance,
    InstanceState,
    Medium,
    Requirement,
    Status,
    Transaction,
    TransactionType,
)
from iep_desktop.store import instances
from iep_desktop.store.acts import Act, acting, opened, too_late, unknown
from iep_desktop.store.database import Database
from iep_desktop.store.exchange_tables import TransferRow
from iep_desktop.store.rows import medium_row, transactions_of
from iep_desktop.store.tables import (
    AttachmentRow,
    EndRow,
    InstanceRow,
    MediumRow,
    SeriesRow,
    TransactionRow,
)
from iep_desktop.store.transfer_parts import CAME_TO_NOTHING

_ARRIVING = (TransactionType.TRANSFER, TransactionType.DIRECT_ROUTING)


class Exchange:
    """One hospital's transfers."""

    def __init__(self, database: Database, hospital: str) -> None:
        self._database = database
        self._hospital = hospital

    # -- the sender's leg

    def list_instances(self, id: int, listed: Sequence[Instance]) -> int:
        """Add what is not listed yet, and say how many that are. Raises InvalidInput for one listed twice."""
        with acting(self._database, self._hospital, id) as act:
            known = set(
                act.session.scalars(
                    select(InstanceRow.sop_instance_uid).where(InstanceRow.transaction_id == id)
                )
            )
            new = [i for i in listed if i.sop_instance_uid not in known]
            instances.add(act.session, act.row, new)
            return len(new)

    def arrived(
        self,
        id: int,
        text: str,
        actor: str,
        *,
        required_there: Sequence[Requirement],
        required: Sequence[Requirement] = (),
    ) -> None:
        """Everything lies verified in the recipient's gateway: *On IEP* from now.

        Raises:
            Refused: it does not, or the transaction has been cancelled.
        """
        with acting(self._database, self._hospital, id) as act:
            if act.row.status is Status.ON_IEP:  # said already, before the program was killed
                return
            act.move(Status.ON_IEP, text, actor)
            act.ours.required = tuple(required)
            act.require_there(required_there)
            act.unqueue()
            self._transfer(act).on_iep_at = act.now

    # -- the recipient's leg

    def request_download(self, id: int, pacs: str, actor: str, not_before: datetime | None = None) -> None:
        """What lies in our gateway is to come to our PACS; queued.

        Raises:
            Refused: it is not On IEP (any more), or another has asked for it already.
        """
        with acting(self._database, self._hospital, id) as act:
            row = self._incoming(act)
            if act.row.status in (Status.DOWNLOAD_REQUEST, Status.DOWNLOADING):
                raise too_late(f"{act.row.number} is being downloaded")
            act.move(Status.DOWNLOAD_REQUEST, f"Download asked for by {actor}", actor)
            act.row.failure = None
            row.gateway = row.gateway or act.row.node
            row.asked_by = actor
            act.row.node = pacs
            _relist(act, {InstanceState.VERIFIED, InstanceState.FAILED}, InstanceState.LISTED)
            act.ours.required = ()
            act.queue(not_before, 0)

    def leave_download(self, id: int, actor: str, required: Sequence[Requirement]) -> None:
        """Back to *On IEP*: the images still lie in the gateway, nothing of them has reached PACS.

        Raises:
            Refused: it is not being downloaded, or images are on PACS already.
        """
        with acting(self._database, self._hospital, id) as act:
            row = self._incoming(act)
            if act.row.status is Status.ON_IEP:
                raise too_late(f"{act.row.number} is On IEP")
            if row.on_iep_at is None:
                raise Refused(f"{act.row.number} has not arrived", "Its images are the sender's to bring.")
            if act.row.sent or act.row.verified:
                raise Refused(
                    f"{act.row.number} has images on PACS already",
                    f"{act.row.sent + act.row.verified} have arrived.",
                    "Let it finish.",
                )
            if not row.gateway:
                raise Refused(
                    f"{act.row.number} lies in no gateway",
                    "It was stored to this program itself.",
                    "Match it, or cancel it.",
                )
            arrived = {InstanceState.LISTED, InstanceState.SPOOLED, InstanceState.FAILED}
            _relist(act, arrived, InstanceState.VERIFIED)
            act.row.node = row.gateway
            row.asked_by = ""
            act.row.failure = None
            act.move(Status.ON_IEP, f"Download stopped by {actor}", actor)
            act.ours.required = tuple(required)
            act.unqueue()

    def delivered(self, id: int, text: str, actor: str, required: Sequence[Requirement]) -> None:
        """Every image is verified in PACS; with the last transfer of a request the request is delivered, too."""
        with acting(self._database, self._hospital, id) as act:
            act.move(Status.DELIVERED, text, actor)
            act.ours.required = tuple(required)
            act.unqueue()
            self._settle_request(act, actor)

    def set_medium(self, id: int, medium: Medium) -> None:
        """What the headers of the images that came say, for the comparison with the form."""
        with acting(self._database, self._hospital, id) as act:
            act.session.execute(delete(MediumRow).where(MediumRow.transaction_id == id))
            act.session.add(medium_row(id, medium))

    def _settle_request(self, act: Act, actor: str) -> None:
        request_id = self._transfer(act).request_id
        if request_id is None:
            return
        others = (
            select(TransactionRow.status)
            .join(TransferRow, TransferRow.transaction_id == TransactionRow.id)
            .where(TransferRow.request_id == request_id, TransactionRow.id != act.row.id)
        )
        if all(s in (*CAME_TO_NOTHING, Status.DELIVERED) for s in act.session.scalars(others)):
            with opened(act.session, self._hospital, request_id, act.now) as request:
                if request.row.status is Status.ACCEPTED:
                    request.move(Status.DELIVERED, f"Delivered by {act.row.number}", actor)
                    for end in request.ends:
                        end.required = ()

    def redirect(self, id: int, node: str, actor: str) -> None:
        """Everything goes to another node from now on, also what the first one has taken: that may be lost there."""
        with acting(self._database, self._hospital, id) as act:
            act.record("node", f"To {node} instead of {act.row.node}", actor)
            act.row.node = node
            transfer = act.session.get(TransferRow, id)
            if transfer is not None and act.ours.direction is Direction.OUT:
                transfer.gateway = node
            _send_again(act)

    # -- attachments

    def attachments(self, id: int) -> tuple[AttachmentInfo, ...]:
        wanted = select(AttachmentRow).where(AttachmentRow.transaction_id == id).order_by(AttachmentRow.id)
        with self._database.read() as session:
            self._end(session, id)
            return tuple(
                AttachmentInfo(
                    row.id,
                    row.name,
                    MediaType(row.media_type),
                    row.size,
                    row.sha256,
                    row.added_by,
                    row.added_at,
                    row.sop_instance_uid,
                )
                for row in session.scalars(wanted.options(defer(AttachmentRow.content)))
            )

    def attachment(self, id: int, attachment_id: int) -> Attachment:
        """Raises InvalidInput where the transaction has no such attachment."""
        with self._database.read() as session:
            self._end(session, id)
            row = session.get(AttachmentRow, attachment_id)
            if row is None or row.transaction_id != id or row.content is None:
                raise InvalidInput("The transaction has no such attachment", hint="Refresh.")
            return Attachment(row.name, MediaType(row.media_type), row.content, correct=True)

    # -- what is due

    def lying_in_gateway(self, before: datetime | None = None) -> tuple[Transaction, ...]:
        """What came to our gateway (before a time) and has not been purged from it, oldest first."""
        wanted = self._incoming_ends().where(
            TransferRow.on_iep_at.is_not(None), TransferRow.purged_at.is_(None)
        )
        if before is not None:
            wanted = wanted.where(TransferRow.on_iep_at <= before)
        with self._database.read() as session:
            return transactions_of(session, session.scalars(wanted.order_by(TransferRow.on_iep_at)).all())

    def arriving(self) -> tuple[Transaction, ...]:
        """Studies that are being stored to our listener now."""
        wanted = self._incoming_ends().where(
            EndRow.type == TransactionType.DIRECT_ROUTING, EndRow.status == Status.NEW
        )
        with self._database.read() as session:
            return transactions_of(session, session.scalars(wanted).all())

    def purged(self, id: int, text: str, actor: str) -> None:
        """The gateway has none of its images any more; what is not on our PACS by now is *Purged*."""
        with acting(self._database, self._hospital, id) as act:
            row = self._incoming(act)
            if row.on_iep_at is None:
                raise Refused(f"{act.row.number} has not arrived", "Nothing of it lies in the gateway.")
            if row.purged_at is not None:
                return
            row.purged_at = act.now
            if act.row.status in (Status.ON_IEP, Status.DOWNLOAD_REQUEST, Status.FAILED):
                act.move(Status.PURGED, text, actor)
                act.unqueue_everywhere()
                for end in act.ends:
                    end.required = ()
            else:
                act.record("purged", text, actor)

    def warn_of_purge(self, id: int, at: datetime, requirements: Sequence[Requirement], text: str) -> None:
        """Tell once that its images will be purged; `at` is the time up to which warnings have been looked at."""
        with acting(self._database, self._hospital, id) as act:
            self._incoming(act).warned_at = at
            act.ours.required = tuple(requirements)
            act.record("purge", text, "engine")

    def warned_at(self, id: int) -> datetime | None:
        with self._database.read() as session:
            self._end(session, id)
            return session.scalar(select(TransferRow.warned_at).where(TransferRow.transaction_id == id))

    def purgeable(self, id: int) -> tuple[str, ...]:
        """Its SOP Instance UIDs, without those that a later transfer has put into the gateway again."""
        ours = select(InstanceRow.sop_instance_uid).where(InstanceRow.transaction_id == id)
        others = (
            select(InstanceRow.sop_instance_uid)
            .join(TransferRow, TransferRow.transaction_id == InstanceRow.transaction_id)
            .join(TransactionRow, TransactionRow.id == InstanceRow.transaction_id)
            .where(
                TransactionRow.id != id,
                TransactionRow.recipient == self._hospital,
                TransferRow.purged_at.is_(None),
                TransactionRow.status.not_in(CAME_TO_NOTHING),
            )
        )
        with self._database.read() as session:
            self._end(session, id)
            kept = set(session.scalars(others.where(InstanceRow.sop_instance_uid.in_(ours))))
            return tuple(uid for uid in session.scalars(ours) if uid not in kept)

    def known_studies(self, study_uids: Iterable[str]) -> frozenset[str]:
        """Those of the studies that a transfer to us, or a directly routed study, accounts for."""
        asked = list(study_uids)
        wanted = (
            select(SeriesRow.study_uid)
            .join(TransferRow, TransferRow.transaction_id == SeriesRow.transaction_id)
            .join(TransactionRow, TransactionRow.id == SeriesRow.transaction_id)
            .where(
                SeriesRow.study_uid.in_(asked),
                TransactionRow.recipient == self._hospital,
                TransferRow.purged_at.is_(None),
                TransactionRow.status != Status.CANCELLED,
            )
        )
        with self._database.read() as session:
            return frozenset(session.scalars(wanted))

    def known_instances_of(self, study_uids: Iterable[str]) -> frozenset[str]:
        """SOP Instance UIDs of studies that a transfer to us accounts for."""
        wanted = (
            select(InstanceRow.sop_instance_uid)
            .join(SeriesRow, SeriesRow.id == InstanceRow.series_id)
            .join(TransactionRow, TransactionRow.id == SeriesRow.transaction_id)
            .where(SeriesRow.study_uid.in_(list(study_uids)), TransactionRow.recipient == self._hospital)
        )
        with self._database.read() as session:
            return frozenset(session.scalars(wanted))

    def foreign_studies(self, study_uids: Iterable[str]) -> frozenset[str]:
        """Those that came to us from elsewhere, as the ledger knows (R-GATE-8)."""
        wanted = (
            select(SeriesRow.study_uid)
            .join(TransactionRow, TransactionRow.id == SeriesRow.transaction_id)
            .where(
                SeriesRow.study_uid.in_(list(study_uids)),
                TransactionRow.recipient == self._hospital,
                TransactionRow.type != TransactionType.REQUEST,
            )
        )
        with self._database.read() as session:
            return frozenset(session.scalars(wanted))

    def waiting_for_details(self) -> tuple[Transaction, ...]:
        """Open transactions of ours of which somebody must complete the details (R-TIME-5)."""
        wanted = select(EndRow).where(
            EndRow.hospital == self._hospital,
            EndRow.type == TransactionType.REQUEST,
            EndRow.status.in_((Status.NEW, Status.STARTED, Status.ACCEPTED)),
        )
        with self._database.read() as session:
            found = transactions_of(session, session.scalars(wanted).all())
        return tuple(t for t in found if any(r.code == "details" for r in t.required))

    # -- inside

    def _incoming_ends(self) -> Select[EndRow]:
        return (
            select(EndRow)
            .join(TransferRow, TransferRow.transaction_id == EndRow.transaction_id)
            .where(
                EndRow.hospital == self._hospital,
                EndRow.direction == Direction.IN,
                EndRow.type.in_(_ARRIVING),
            )
        )

    def _transfer(self, act: Act) -> TransferRow:
        row = act.session.get(TransferRow, act.row.id)
        if row is None:
            raise Refused(f"{act.row.number} is no transfer")
        return row

    def _incoming(self, act: Act) -> TransferRow:
        if act.row.type not in _ARRIVING or act.ours.direction is not Direction.IN:
            raise Refused(f"{act.row.number} was not sent to us", "Only the recipient can do this.")
        return self._transfer(act)

    def _end(self, session: Session, id: int) -> EndRow:
        wanted = select(EndRow).where(EndRow.hospital == self._hospital, EndRow.transaction_id == id)
        end = session.scalar(wanted)
        if end is None:
            raise unknown()
        return end


def _send_again(act: Act) -> None:
    """What was sent or refused is to be sent once more; what has left the spool comes from its source again."""
    i = InstanceRow
    before = (InstanceState.SENT, InstanceState.VERIFIED, InstanceState.FAILED)
    gone = i.spool_name == ""
    for state, where in ((InstanceState.LISTED, gone), (InstanceState.SPOOLED, ~gone)):
        for was in before:
            moved = act.session.execute(
                update(i)
                .where(i.transaction_id == act.row.id, i.state == was, where)
                .values(state=state, reason="", dicom_status=None)
            )
            number = cast("CursorResult[object]", moved).rowcount
            setattr(act.row, was.value, getattr(act.row, was.value) - number)
            setattr(act.row, state.value, getattr(act.row, state.value) + number)


def _relist(act: Act, before: set[InstanceState], after: InstanceState) -> None:
    """A leg begins or is taken back: these instances stand there now, whatever they went through before."""
    table = InstanceRow
    moved = Counter({state: getattr(act.row, state.value) for state in before})
    act.session.execute(
        update(table)
        .where(table.transaction_id == act.row.id, table.state.in_(before))
        .values(state=after, reason="", dicom_status=None, spool_name="")
    )
    for state, number in moved.items():
        setattr(act.row, state.value, getattr(act.row, state.value) - number)
    setattr(act.row, after.value, getattr(act.row, after.value) + sum(moved.values()))
