"""How fast each library decodes each transfer syntax: `python -m tests.dicom.render.measure FOLDER`.

Takes the largest image of each kind below the folder. Prints the lines of a table in docs/rendering.md: the codec that
is used, through its process and all; the other library that could be, alone; and a window applied to the frame.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydicom.uid import UID

from iep_desktop.core.errors import IepError
from iep_desktop.dicom.render import codecs, frames
from iep_desktop.dicom.render.codecs import NATIVE_CODECS, Request
from iep_desktop.dicom.render.decoder import Decoders
from iep_desktop.dicom.render.grey import apply_window
from iep_desktop.dicom.render.image import Image, open_image


class Noting(Decoders):
    """Remembers what was asked for last."""

    asked: tuple[Request, bytes] | None = None

    def decode(self, request: Request, data: bytes) -> Any:
        self.asked = (request, data)
        return super().decode(request, data)


def best(act: Callable[[], Any], times: int = 9) -> float:
    """Milliseconds."""
    act()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        found.append(time.perf_counter() - start)
    return 1000 * min(found)


def _largest(folder: Path) -> dict[tuple[str, int, int], Image]:
    found: dict[tuple[str, int, int], Image] = {}
    for path in sorted(folder.rglob("*")):
        try:
            image = open_image(path)
            image.render(image.frames // 2)
        except IepError:
            continue
        kind = (image.transfer_syntax, image.format.samples, 8 if image.format.stored <= 8 else 16)
        if kind not in found or found[kind].format.pixels < image.format.pixels:
            found[kind] = image
    return found


def _alone(asked: tuple[Request, bytes]) -> tuple[str, str]:
    """The chosen library and GDCM, without the way to the other process. GDCM crashes on one bit a sample."""
    request, data = asked
    chosen = f"{best(lambda: codecs.decode(request, data)):.1f}"
    if codecs.chosen(request) is codecs.Library.GDCM or request.precision == 1:
        return chosen, ""
    return chosen, f"{best(lambda: codecs._gdcm(replace(request, ycc=False), data)):.1f}"


def _line(image: Image, noting: Noting) -> str:
    frame, said = image.frames // 2, image.format
    noting.asked = None
    whole = best(lambda: image._samples(frame))
    library, alone, gdcm = "ours", "", ""
    if image.transfer_syntax in NATIVE_CODECS and noting.asked:
        library = codecs.chosen(noting.asked[0])
        alone, gdcm = _alone(noting.asked)
    windowed = ""
    if image.grey:
        values = image.values(frame)
        windowed = f"{best(lambda: apply_window(values, values.automatic)):.2f}"
    size = f"{said.columns} × {said.rows} × {said.samples}, {said.stored} bits"
    return f"| {UID(image.transfer_syntax).name} | {size} | {library} | {whole:.1f} | {alone} | {gdcm} | {windowed} |"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.dicom.render.measure")
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    noting = Noting()
    frames.decoders = noting  # type: ignore[misc]
    for image in (image for _, image in sorted(_largest(arguments.folder).items())):
        print(_line(image, noting), flush=True)
    noting.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
