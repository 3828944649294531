"""One frame of a file as a PNG: what `iep-desktop render` does, by the renderer that the viewer uses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from iep_desktop.core.errors import InvalidInput


@dataclass(frozen=True)
class RenderedFile:
    """`remarks`: what of the image could not be shown."""

    path: Path
    width: int
    height: int
    frame: int
    frames: int
    remarks: tuple[str, ...]


def render_file(source: Path, out: Path, *, frame: int = 1, size: int | None = None) -> RenderedFile:
    """Write the frame, counted from 1, with its longer side at most `size` pixels.

    Raises:
        InvalidInput: there is no such frame, or `out` cannot be written.
        MediumUnreadable, Permanent: the image cannot be read or shown, with the reason.
    """
    from iep_desktop.dicom.render.image import open_image
    from iep_desktop.dicom.render.png import write_png

    image = open_image(source)
    if not 1 <= frame <= image.frames:
        raise InvalidInput(f"There is no frame {frame}", f"The image has {image.frames}, counted from 1.")
    rendered = image.render(frame - 1, size=size)
    write_png(rendered, out)
    return RenderedFile(out, rendered.width, rendered.height, frame, image.frames, rendered.remarks)
