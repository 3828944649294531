"""Discs as a person handles them: which are in, what is on them, a first look, out again. Plain and blocking."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from iep_desktop.core.errors import InvalidInput, MediumUnreadable
from iep_desktop.core.job import Context
from iep_desktop.core.medium import MediumContents, MediumInstance, ReadingStep

if TYPE_CHECKING:
    from iep_desktop.core.medium import Drive
    from iep_desktop.dicom.preview import Preview

_LARGEST_FORM = 1 << 20


class Discs:
    """Reads; never writes to a medium. Every folder in `disc_folders` counts as a disc, too."""

    def __init__(self, disc_folders: tuple[str, ...] = ()) -> None:
        self._disc_folders = disc_folders

    def drives(self) -> tuple[Drive, ...]:
        """The drives that can hold a disc or stick now, and whether they do."""
        from iep_desktop.dicom.drives import drives

        return drives() + tuple(drive for folder in self._disc_folders for drive in _discs_in(folder))

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

    def form_text(self, path: str) -> str:
        """What a form's file says.

        Raises:
            InvalidInput: it cannot be read, is larger than any form, or is no text.
        """
        try:
            with open(path, "rb") as file:
                content = file.read(_LARGEST_FORM + 1)
        except OSError as error:
            raise InvalidInput(
                "The form cannot be read", f"{os.path.basename(path)}: {error.strerror}."
            ) from error
        if len(content) > _LARGEST_FORM or b"\0" in content:
            raise InvalidInput(
                "This is no form", "It is larger than any form, or no text.", "Choose another file."
            )
        return content.decode("utf-8", errors="replace")

    def preview(self, source: str, instance: MediumInstance, size: int) -> Preview:
        """A small picture of the instance's middle frame. Raises what stands in the way, for a placeholder."""
        from iep_desktop.dicom.medium_files import open_medium
        from iep_desktop.dicom.preview import preview

        with open_medium(source).open(instance.path) as file:
            return preview(file, size)

    def eject(self, drive: Drive) -> None:
        """Raises Permanent where the system will not."""
        from iep_desktop.dicom.drives import eject

        eject(drive)


def _discs_in(folder: str) -> Iterator[Drive]:
    """Copies of discs, one a folder; a share that is away for now holds none."""
    from iep_desktop.core.medium import Drive, DriveKind

    try:
        with os.scandir(folder) as entries:
            found = sorted(
                entry.path for entry in entries if entry.is_dir() and not entry.name.startswith(".")
            )
    except OSError:
        return
    for path in found:
        yield Drive(path, DriveKind.FOLDER, path, os.path.basename(path), has_medium=True)
