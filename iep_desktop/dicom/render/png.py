"""A rendered frame as a PNG file, whole or not at all. No attribute of the image goes into it."""

from __future__ import annotations

from pathlib import Path

from iep_desktop.core.errors import InvalidInput
from iep_desktop.dicom import disk
from iep_desktop.dicom.render.image import Rendered


def write_png(rendered: Rendered, path: Path) -> None:
    """Raises InvalidInput where the place cannot be written."""
    from PIL import Image

    mode = "L" if rendered.channels == 1 else "RGB"
    picture = Image.frombytes(mode, (rendered.width, rendered.height), rendered.data)
    try:
        with disk.replacing(path) as out:
            picture.save(out, format="PNG")
    except OSError as error:
        raise InvalidInput("The picture cannot be written", f"{path}: {error.strerror}.") from error
