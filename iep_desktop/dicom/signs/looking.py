"""Looks at one file for a review: whose it is, what it says of itself, and whether its pixels show anything.

Owns what is read of a file, once. Draws no conclusions (`judging.py` does), except that a file cannot be read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from iep_desktop.core.documents import document_kind
from iep_desktop.core.errors import IepError
from iep_desktop.core.viewing import ViewPatient
from iep_desktop.dicom.documents.reading import body_of, translated
from iep_desktop.dicom.medium_facts import (
    INSTANCE_NUMBER,
    SOP_CLASS,
    SOP_INSTANCE,
    WANTED,
    Facts,
    code,
    number,
)
from iep_desktop.dicom.render.arrays import Bytes8, Pixels
from iep_desktop.dicom.render.geometry import fitted, output_size
from iep_desktop.dicom.render.grey import apply_window
from iep_desktop.dicom.render.image import Image, open_image
from iep_desktop.dicom.signs.burned_in import LARGEST, letters
from iep_desktop.dicom.skim import Values, skim, tags

_BURNED_IN, _CONVERSION, _IMAGE_TYPE, _MODALITY = 0x00280301, 0x00080064, 0x00080008, 0x00080060
_WANTED = [*WANTED, *tags(_BURNED_IN, _CONVERSION, _IMAGE_TYPE)]
_CAPTURES = "1.2.840.10008.5.1.4.1.1.7"  # Secondary Capture Image Storage, and the multi-frame ones below it
_CONVERTED = frozenset({"DV", "DF", "WSD", "SI", "SD", "SYN"})  # PS3.3 C.8.6.1: not from the modality itself
_CAPTURED_TYPES = ("SCREEN SAVE", "SCREENSHOT", "SCREEN CAPTURE")
_DRAWN_ON = frozenset(
    {"US", "IVUS", "ES", "OT", "SC", "XC", "DOC"}
)  # modalities that write into their pixels
_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")  # empty frames are usual
_SAMPLES = 50_000  # pixels of which the usual value is taken
_ALMOST = 0.9995  # of all pixels of one value: nothing is to be seen


@dataclass(frozen=True)
class Look:
    """What was seen of a file. `trouble` says why it cannot be shown; `letters` is None where it was not looked for."""

    sop_instance_uid: str = ""
    patient: ViewPatient = ViewPatient()
    number: int | None = None
    burned_in_said: str = ""  # Burned In Annotation (0028,0301): YES, NO
    capture: bool = False  # a secondary capture
    drawn_on: bool = False  # a capture or of a modality that usually writes into its pixels
    letters: int | None = None
    empty: bool = False
    pixels: str = ""  # the same for the same pixels; "" where there are none
    trouble: str = ""


def look(path: Path, *, text: bool = True) -> Look:
    """Never raises for what a file holds. `text`: look for burned-in text, which takes some milliseconds more."""
    try:
        said, sop_class = _head(path)
    except IepError as error:
        return Look(trouble=error.message or error.title)
    if document_kind(
        sop_class
    ):  # a PDF says YES of its own text (PS3.3 C.24.2): there are no pixels to warn of
        return replace(said, burned_in_said="", capture=False, drawn_on=False)
    try:
        with translated("The image cannot be shown"):
            return _with_pixels(said, open_image(path), sop_class, text=text)
    except IepError as error:
        return replace(said, trouble=error.message or error.title)


def _head(path: Path) -> tuple[Look, str]:
    with translated("The file cannot be read"), path.open("rb") as file:
        start, body = body_of(file)
        values = skim(body, start.syntax, _WANTED, lambda tag, vr, length: tag >= 0x7FE00000)
        of_file = Facts().patient(values, start.syntax)
        patient = ViewPatient(
            of_file.patient_id, of_file.nhs_no, of_file.name, of_file.birth_date, of_file.sex, of_file.issuer
        )
        capture = _is_capture(values)
        said = Look(
            code(values, SOP_INSTANCE),
            patient,
            number(values, INSTANCE_NUMBER),
            code(values, _BURNED_IN).upper(),
            capture,
            capture or code(values, _MODALITY) in _DRAWN_ON,
        )
        return said, code(values, SOP_CLASS)


def _is_capture(values: Values) -> bool:
    sop_class, kind = code(values, SOP_CLASS), code(values, _IMAGE_TYPE).upper()
    return (
        sop_class == _CAPTURES
        or sop_class.startswith(_CAPTURES + ".")
        or code(values, _CONVERSION) in _CONVERTED
        or any(word in kind for word in _CAPTURED_TYPES)
    )


def _with_pixels(said: Look, image: Image, sop_class: str, *, text: bool) -> Look:
    middle = image.frames // 2
    values, shown = _frame(image, middle)
    empty = _is_empty(values) and sop_class not in _SEGMENTATIONS
    for frame in {0, image.frames - 1} - {middle}:
        empty = empty and _is_empty(_frame(image, frame)[0])
    return replace(
        said,
        letters=letters(_small(shown)) if text else None,
        empty=empty,
        pixels=_digest(values, image.frames),
    )


def _frame(image: Image, frame: int) -> tuple[Pixels, Bytes8]:
    """The stored values, and the frame in grey as it is shown first."""
    if image.grey:
        values = image.values(frame)
        view = next(iter(image.windows(frame)), values.spread)
        return values.stored, apply_window(values, view)
    rendered = image.render(frame, overlays=False, square=False)
    rgb = np.frombuffer(rendered.data, np.uint8).reshape(rendered.height, rendered.width, 3)
    return rgb, np.asarray(rgb.max(axis=2))


def _small(grey: Bytes8) -> Bytes8:
    rows, columns = grey.shape
    return fitted(grey, output_size(columns, rows, 1.0, LARGEST))


def _is_empty(values: Pixels) -> bool:
    """Whether all pixels, but for a few, have one value."""
    flat = values.reshape(-1)
    some = flat[:: max(flat.size // _SAMPLES, 1)]
    usual = np.sort(some)[some.size // 2]
    return bool(np.count_nonzero(flat == usual) >= _ALMOST * flat.size)


def _digest(values: Pixels, frames: int) -> str:
    native = np.ascontiguousarray(values, values.dtype.newbyteorder("="))
    digest = hashlib.blake2b(native.data.cast("B"), digest_size=16)
    digest.update(repr((native.shape, native.dtype.str, frames)).encode())
    return digest.hexdigest()
