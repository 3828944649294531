"""Attachments of a transfer become DICOM documents of the study they report on, and instances in the spool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

from iep_desktop.core.calendar import LONDON
from iep_desktop.core.errors import ImagesWaiting, Permanent
from iep_desktop.core.exchange import AttachmentInfo, MediaType
from iep_desktop.core.transaction import Instance, InstanceState, Transaction
from iep_desktop.dicom.attached import Report, encapsulated_pdf, text_report
from iep_desktop.dicom.spool import Spool, SpooledFile
from iep_desktop.store.exchange import Exchange
from iep_desktop.store.transactions import InstanceChange, Transactions


@dataclass(frozen=True)
class Attaching:
    transactions: Transactions
    exchange: Exchange
    spool: Spool
    now: Callable[[], datetime] = lambda: datetime.now(LONDON)

    def __call__(self, transaction: Transaction, documents: tuple[Instance, ...]) -> None:
        """Listed → spooled, in the study's own patient and study data.

        Raises:
            ImagesWaiting: no image of the study is here yet to take them from.
            Permanent: the ledger has lost an attachment.
        """
        known = {info.sop_instance_uid: info for info in self.exchange.attachments(transaction.id)}
        for document in documents:
            info = known.get(document.sop_instance_uid)
            if info is None:
                raise Permanent("An attachment is not in the ledger", "", "Make the transfer again.")
            spooled = self._make(transaction, document, info)
            change = InstanceChange(
                document.sop_instance_uid,
                InstanceState.SPOOLED,
                sha256=spooled.sha256,
                spool_name=spooled.name,
                size=spooled.size,
            )
            self.transactions.update_instances(transaction.id, [change])

    def _make(self, transaction: Transaction, document: Instance, info: AttachmentInfo) -> SpooledFile:
        content = self.exchange.attachment(transaction.id, info.id).content
        report = Report(
            Path(info.name).stem[:64] or "Report",
            document.sop_instance_uid,
            document.series_uid,
            self.now().astimezone(LONDON),
        )
        like = self._image_of(transaction, document.study_uid)
        if info.media_type is MediaType.PDF:
            file = encapsulated_pdf(content, report, like)
        else:
            file = text_report(content.decode("utf-8"), report, like)
        return self.spool.copy_in(lambda: BytesIO(file), transaction.id, document.sop_instance_uid, len(file))

    def _image_of(self, transaction: Transaction, study_uid: str) -> Path:
        for instance in self.transactions.instances(transaction.id):
            if instance.study_uid == study_uid and instance.spool_name:
                path = self.spool.path(instance.spool_name)
                if path.exists():
                    return path
        raise ImagesWaiting("No image of the study has come yet", "The report needs its patient and study.")
