"""Lands, in the engine's process, what a C-MOVE of the window's process brings: durable here, told there, then 0000."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from iep_desktop.dicom.harvest import Harvest
from iep_desktop.dicom.landing import Received
from iep_desktop.workers.engine_line import Expect, Landed


class Telling(Harvest):
    """Keeps all that comes of the study; which of it was wanted is the window's to say."""

    def __init__(self, order: Expect, tell: Callable[[Landed], None]) -> None:
        super().__init__(Path(order.folder), order.study_uid, lambda _: None, lambda _: True)
        self._key = order.key
        self._tell = tell

    def keep(self, received: Received, new: bool) -> None:
        super().keep(received, new)
        head = asdict(received.head)
        self._tell(
            Landed(
                self._key, head, str(received.path), received.sha256, received.size, received.calling_ae, new
            )
        )
