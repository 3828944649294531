"""Discs as a person handles them: which are in, what is on them, a first look, out again. Plain and blocking."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from iep_desktop.core.errors import MediumUnreadable
from iep_desktop.core.job import Context
from iep_desktop.core.medium import MediumContents, MediumInstance, ReadingStep

if TYPE_CHECKING:
    from iep_desktop.core.medium import Drive
    from iep_desktop.dicom.preview import Preview


class Discs:
    """Reads; never writes to a medium."""

    def drives(self) -> tuple[Drive, ...]:
        """The drives that can hold a disc or stick now, and whether they do."""
        from iep_desktop.dicom.drives import drives

        return drives()

    def read(self, path: str, ctx: Context, step: Callable[[ReadingStep], None]) -> MediumContents:
        """Read a medium to its end; `step` hears each view on the way, the first one early.

        Raises:
            InvalidInput, MediumUnreadable: there is nothing that could be read at all.
            Cancelled.
        """
        from iep_desktop.dicom.media import read
        from iep_desktop.dicom.medium_files import open_medium

        contents: MediumContents | None = None
        for reading in read(open_medium(path), ctx):
            step(reading)
            contents = reading.contents
        if contents is None:
            raise MediumUnreadable("The medium could not be read", path)
        return contents

    def preview(self, source: str, instance: MediumInstance, size: int) -> Preview:
        """A small grey picture of the instance's middle frame. Raises what stands in the way, for a placeholder."""
        from iep_desktop.dicom.medium_files import open_medium
        from iep_desktop.dicom.preview import preview

        with open_medium(source).open(instance.path) as file:
            return preview(file, size)

    def eject(self, drive: Drive) -> None:
        """Raises Permanent where the system will not."""
        from iep_desktop.dicom.drives import eject

        eject(drive)
