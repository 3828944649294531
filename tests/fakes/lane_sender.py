"""Sends as `workers.sending` does, without a ledger: one small image under many UIDs."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.core.transaction import Instance
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.scu import StoreSession, open_store
from iep_desktop.dicom.sendfile import SendFile, read_ahead, send_file
from iep_desktop.workers.associations import Associations
from iep_desktop.workers.feed import Feed, Prepared
from iep_desktop.workers.lanes import Answer, Lanes, Load
from tests.fakes.instances import make_instance

LIMITS = Limits(connect=20, acse=20, dimse=20, network=20, write=20, release=0.3)


@dataclass
class Sender:
    """Who was answered for, as the journal and as the ledger would have it."""

    image: SendFile
    folder: Path
    associations: Associations = field(default_factory=Associations)
    noted: list[str] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path) -> Sender:
        file = read_ahead(send_file(make_instance(folder / "ct.dcm")), 1 << 20)
        return cls(
            replace(file, front=file.rest or b"", rest=b""), folder
        )  # so that no UID of the file counts

    def send(self, node: Node, instances: tuple[Instance, ...], ctx: Context | None = None) -> list[Answer]:
        ctx = ctx or Context()

        def open_session(lane: Context, measured: bool) -> AbstractContextManager[StoreSession]:
            return open_store(node, [self.image.pair], lane, limits=LIMITS, measured=measured)

        came = []
        load = Load(node, len(instances), 1 << 10)
        with Feed(instances, self._prepare, 3) as feed:
            lanes = Lanes(load, feed, open_session, self.associations, self._note, ctx)
            for item, outcome in lanes.outcomes():
                came.append((item, outcome))
                self.recorded.append(item.instance.sop_instance_uid)
        return came

    def _prepare(self, instance: Instance) -> Prepared:
        return Prepared(instance, replace(self.image, sop_instance_uid=instance.sop_instance_uid))

    def _note(self, answer: Answer) -> None:
        self.noted.append(answer[0].instance.sop_instance_uid)
