"""What a retrieve brings in: the wanted instances of one study go to its folder and its sink, the rest is named.

Owns the result while it grows, and decides for each instance whether it is kept. Safe for the several threads in
which a listener receives; the sink is never called twice at once. Must not know how the instances come.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from iep_desktop.core.errors import IepError
from iep_desktop.core.queries import PacsInstance
from iep_desktop.dicom.instance_head import InstanceHead
from iep_desktop.dicom.landing import (
    MISMATCH,
    OUT_OF_RESOURCES,
    SUCCESS,
    Announced,
    Collision,
    NotKept,
    Received,
)

Sink = Callable[[Received], None]


@dataclass(frozen=True)
class Retrieved:
    """How a retrieve ended that came to its end. What it brought has gone to the sink already."""

    received: frozenset[str] = frozenset()  # SOP Instance UIDs; all else went to the sink
    missing: tuple[PacsInstance, ...] = ()  # the node lists them, and they were wanted, but they did not come
    failed: frozenset[str] = frozenset()  # SOP Instance UIDs that the node itself names as failed
    duplicates: int = 0  # came twice, the same bytes
    collisions: tuple[Collision, ...] = ()
    strangers: tuple[InstanceHead, ...] = ()  # of another study than asked for; not kept
    grown: tuple[PacsInstance, ...] = ()  # held at the end, but not at the beginning
    completed_by_peer: int = 0
    failed_by_peer: int = 0
    warned_by_peer: int = 0
    by_move: bool = False

    @property
    def complete(self) -> bool:
        return not (self.missing or self.collisions or self.strangers)


class Harvest:
    """The keeper of one retrieve."""

    def __init__(
        self, folder: Path, study_uid: str, sink: Sink, wanted: Callable[[InstanceHead], bool]
    ) -> None:
        """`wanted` says of an instance of the study whether it is kept; others are dropped without a word."""
        self.study_uid = study_uid
        self.error: BaseException | None = None  # why it cannot go on: the sink's, or our disk's
        self.over = False
        self._sink_failed = False
        self.received: set[str] = set()  # UIDs alone: a study may have a hundred thousand images
        self.duplicates = 0
        self.collisions: list[Collision] = []
        self.strangers: list[InstanceHead] = []
        self.arrived = threading.Condition()
        self.folder = folder
        self._sink = sink
        self._wanted = wanted

    def chosen(self, head: InstanceHead, announced: Announced) -> Harvest:
        return self

    def wants(self, head: InstanceHead) -> bool:
        """Whether it waits for this instance."""
        awaited = head.study_uid == self.study_uid and head.sop_instance_uid not in self.received
        return awaited and not self.over and self._wanted(head)

    def place(self, head: InstanceHead) -> Path:
        if self.over or self.error:
            raise NotKept(OUT_OF_RESOURCES)
        if head.study_uid != self.study_uid:
            self.strangers.append(head)
            raise NotKept(MISMATCH)
        if not self._wanted(head):
            raise NotKept(SUCCESS)
        return self.folder

    def keep(self, received: Received, new: bool) -> None:
        with self.arrived:
            uid = received.head.sop_instance_uid
            if uid in self.received:
                self.duplicates += 1
                return
            if self.over or self._sink_failed:
                raise NotKept(OUT_OF_RESOURCES)
            try:
                self._sink(received)
            except BaseException as exc:  # it comes out of `retrieve`, which runs in another thread
                self.error, self._sink_failed = exc, True
                raise NotKept(OUT_OF_RESOURCES) from exc
            self.received.add(uid)
            self.arrived.notify_all()

    def collided(self, collision: Collision) -> None:
        self.collisions.append(collision)

    def failed(self, error: IepError) -> None:
        self.error = self.error or error

    def lacking(self, instances: Collection[PacsInstance]) -> tuple[PacsInstance, ...]:
        return tuple(one for one in instances if one.sop_instance_uid not in self.received)
