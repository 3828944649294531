"""Images over which the line broke, each time that they were sent: the node may be unable to bear them.

Some nodes abort, or fall silent, over a data set that they cannot read, instead of refusing it. Such an image must not
keep the others from arriving: it is sent last, and after `LIMIT` breaks it has failed, with that as its reason. As
long as nothing of its transaction has arrived, the line is as suspect as the image, and none is blamed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from iep_desktop.core.errors import Cause, Retriable
from iep_desktop.core.transaction import Instance
from iep_desktop.workers.journal import Journal

LIMIT = 3
_BREAKS = {Cause.ABORTED, Cause.BROKEN, Cause.NO_ANSWER}


class Suspects:
    """Of one transaction, kept beside its images in `folder` until these have arrived."""

    def __init__(self, folder: Path) -> None:
        self._journal = Journal(folder / "broken.journal")

    def last(self, instances: Sequence[Instance]) -> tuple[Instance, ...]:
        """In the same order, but those over which the line broke behind the others."""
        breaks = self._journal.times()
        return tuple(sorted(instances, key=lambda instance: breaks[instance.sop_instance_uid]))

    def broke(self, on_their_way: Sequence[Instance], error: Retriable) -> list[Instance]:
        """Remember them; which of them the line has broken over often enough."""
        if error.cause not in _BREAKS:
            return []
        for instance in on_their_way:
            self._journal.note(instance.sop_instance_uid)
        self._journal.close()
        breaks = self._journal.times()
        return [instance for instance in on_their_way if breaks[instance.sop_instance_uid] >= LIMIT]


def unbearable(node: str) -> str:
    """Why such an image has failed."""
    return (
        f"{node} ended the connection, or gave no answer, each time that this image was sent. "
        "Ask its team to look at the node's log."
    )
