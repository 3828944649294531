"""Compares every image below a folder with DCMTK and pydicom: `python -m tests.dicom.render.compare FOLDER [--table]`.

DCMTK's `dcm2pnm` family renders the same frame through the same window, scaling off on both sides: compared are the
shown pixels. pydicom, with GDCM and Pillow behind it, decodes the same frame: compared are the stored values, or RGB.
Prints what differs, and with `--table` the lines of docs/rendering.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import warnings
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Picture
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID

from iep_desktop.core.errors import IepError
from iep_desktop.dicom.render.checks import PALETTE
from iep_desktop.dicom.render.codecs import JPEG_2000
from iep_desktop.dicom.render.colour import top_eight_bits
from iep_desktop.dicom.render.grey import Table, Window
from iep_desktop.dicom.render.image import Image, open_image
from iep_desktop.dicom.render.stored import stored_values
from tests.dicom.render.making import as_array

_JPEG = {f"1.2.840.10008.1.2.4.{end}" for end in (50, 51, 53, 55, 57, 70)}
_JPEG_LS = {f"1.2.840.10008.1.2.4.{end}" for end in (80, 81)}


@dataclass(frozen=True)
class Compared:
    path: Path
    kind: str
    syntax: str
    outcome: str  # same, rounding, differs, only ours, only theirs, neither
    most: int = 0
    share: float = 0.0
    why: str = ""
    decoded: str = ""  # against pydicom: same, differs, only ours


def compare(path: Path, scratch: Path) -> Compared | None:
    """None where the file holds no image for either side."""
    ours, image, why = None, None, ""
    try:
        image = open_image(path)
        frame = image.frames // 2
        ours = as_array(image.render(frame, square=False)).astype(int)
    except IepError as error:
        why = error.message
    theirs, said = _dcmtk(path, image if ours is not None else None, scratch)
    if ours is None and theirs is None:
        return None if "no image" in why or image is None else Compared(path, "", "", "neither", why=why)
    kind = _kind(image) if image else "?"
    syntax = UID(image.transfer_syntax).name if image else "?"
    if ours is None or theirs is None:
        return Compared(path, kind, syntax, "only theirs" if ours is None else "only ours", why=why or said)
    return _difference(path, kind, syntax, ours, theirs)


def with_decoded(one: Compared) -> Compared:
    if one.outcome in ("neither", "only theirs"):
        return one
    return replace(one, decoded=_decoded(one.path, open_image(one.path)))


def _decoded(path: Path, image: Image) -> str:
    frame, said = image.frames // 2, image.format
    if said.stored == 1 and image.transfer_syntax in JPEG_2000:
        return "only ours"  # GDCM crashes
    try:
        theirs = pixel_array(str(path), index=frame, raw=image.grey or image.photometric == PALETTE)
    except Exception:  # noqa: BLE001 - whatever keeps pydicom from it
        return "only ours"
    samples = image._samples(frame)
    if said.colour:
        ours = as_array(image.render(frame, overlays=False, square=False))
        theirs = top_eight_bits(theirs, said.stored)
    else:
        ours = stored_values(samples, said)
    return "same" if np.array_equal(ours, theirs, equal_nan=said.real) else "differs"


def _difference(path: Path, kind: str, syntax: str, ours: Any, theirs: Any) -> Compared:
    if theirs.ndim == 2 and ours.ndim == 3:
        theirs = np.stack([theirs] * 3, axis=-1)
    if ours.shape != theirs.shape:
        return Compared(path, kind, syntax, "differs", 255, 1.0, f"{ours.shape} {theirs.shape}")
    apart = np.abs(ours - theirs)
    most, share = int(apart.max()), float((apart > 1).mean())
    outcome = "same" if most == 0 else "rounding" if most == 1 else "differs"
    return Compared(path, kind, syntax, outcome, most, share)


def _dcmtk(path: Path, image: Image | None, scratch: Path) -> tuple[Any, str]:
    syntax = image.transfer_syntax if image else ""
    program = "dcmj2pnm" if syntax in _JPEG else "dcml2pnm" if syntax in _JPEG_LS else "dcm2pnm"
    out = scratch / "out.pnm"
    out.unlink(missing_ok=True)
    frame = str(image.frames // 2 + 1 if image else 1)
    command = [program, "+Ma", "-S", "+F", frame, *_window(image), "+op", str(path), str(out)]
    if image and not image.grey:
        command.remove("+op")  # `+op` is for grey; colour is a PPM anyway
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if not out.exists() or not out.stat().st_size:
        lines = [line for line in done.stderr.splitlines() if line.startswith(("E:", "F:"))]
        return None, lines[-1][3:120] if lines else f"exit {done.returncode}"
    return np.asarray(Picture.open(out)).astype(int), ""


def _window(image: Image | None) -> list[str]:
    """The option that asks for the same view."""
    if image is None or not image.grey:
        return []
    frame = image.frames // 2
    view = next(iter(image.windows(frame)), None)
    if isinstance(view, Table):
        return ["+Wl", "1"]
    if view is None:
        view = image.values(frame).automatic
    return ["+Ww", f"{view.centre:.10g}", f"{view.width:.10g}", *_shape(view)]


def _shape(view: Window) -> list[str]:
    return ["+Wfs"] if view.shape == "SIGMOID" else ["+Wfl"]


def _kind(image: Image) -> str:
    said = image.format
    sign = " signed" if said.signed else ""
    return f"{said.photometric}, {'float ' if said.real else ''}{said.stored} of {said.allocated} bits{sign}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.dicom.render.compare")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--table", action="store_true")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as scratch:
        paths = sorted(path for path in arguments.folder.rglob("*") if path.is_file())
        found = [with_decoded(one) for path in paths if (one := compare(path, Path(scratch)))]
    if arguments.table:
        _print_table(found)
    for one in found:
        if one.outcome not in ("same", "rounding") or one.decoded == "differs":
            name = one.path.relative_to(arguments.folder)
            print(
                f"{one.outcome}: {name} [{one.kind}; {one.syntax}] {one.most} {one.share:.4f} {one.why}",
                one.decoded,
            )
    print("DCMTK", Counter(one.outcome for one in found))
    print("pydicom", Counter(one.decoded for one in found))
    return 0


def _print_table(found: list[Compared]) -> None:
    by_kind: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for one in found:
        by_kind[one.syntax, one.kind.removesuffix(" signed")].update([one.outcome, f"decoded {one.decoded}"])
    for (syntax, kind), outcomes in sorted(by_kind.items()):
        counts = " | ".join(
            str(outcomes[name] or "")
            for name in (
                "same",
                "rounding",
                "differs",
                "only ours",
                "decoded same",
                "decoded only ours",
                "decoded differs",
            )
        )
        print(f"| {syntax} | {kind} | {counts} |")


if __name__ == "__main__":
    sys.exit(main())
