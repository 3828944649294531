"""One node of ours, as images are looked for and fetched from it to be shown. Blocking; imports DICOM when asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.core.queries import PacsInstance
from iep_desktop.workers import node_services

if TYPE_CHECKING:
    from iep_desktop.dicom.fastsocket import Limits
    from iep_desktop.dicom.harvest import Retrieved
    from iep_desktop.dicom.landing import Received
    from iep_desktop.dicom.retrieve import MoveListener


@dataclass(frozen=True)
class AskedNode:
    """`listener`: where a node without C-GET sends to; it gives None where there is none."""

    node: Node
    limits: Limits
    listener: Callable[[], MoveListener | None] = lambda: None

    @property
    def name(self) -> str:
        return self.node.name

    def find(self, study_uid: str, ctx: Context) -> Sequence[PacsInstance]:
        return node_services.find_instances(self.node, study_uid, self.limits, ctx)

    def fetch(
        self,
        study_uid: str,
        series_uid: str,
        sop_instance_uids: frozenset[str],
        listed: Sequence[PacsInstance],
        folder: Path,
        sink: Callable[[Received], None],
        ctx: Context,
    ) -> Retrieved:
        """Raises as `dicom.retrieve.retrieve`."""
        from iep_desktop.dicom.retrieve import Wanted

        wanted = Wanted(study_uid, frozenset({series_uid}), sop_instance_uids)
        return node_services.retrieve(
            self.node,
            wanted,
            folder,
            sink,
            self.limits,
            ctx,
            listener=self.listener,
            listed=listed,
            recheck=False,
        )
