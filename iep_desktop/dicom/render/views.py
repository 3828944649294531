"""How a data set wants its grey values shown: Modality LUT, VOI LUT, polarity and padding (PS3.3 C.11, C.7.5.1.1.2).

Reads attributes, from the frame's functional groups where they stand there; applies nothing (`grey.py` does).
"""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

from iep_desktop.core.errors import Permanent
from iep_desktop.dicom.render.arrays import Pixels
from iep_desktop.dicom.render.attributes import group, items, number, numbers, raw_bytes, text, texts, words
from iep_desktop.dicom.render.checks import PixelFormat, unshowable
from iep_desktop.dicom.render.grey import Modality, Rescale, Shape, Table, Values, View, Window


def values_of(ds: Dataset, said: PixelFormat, frame: int, stored: Pixels) -> Values:
    modality = modality_of(ds, said, frame)
    padding = padding_of(ds, said)
    as_they_are = said.stored <= 8 and modality == Rescale() and padding is None and not said.signed
    full = Window((1 << said.stored) / 2, 1 << said.stored) if as_they_are else None
    return Values(stored, modality, is_inverse(ds, said), padding, full)


def modality_of(ds: Dataset, said: PixelFormat, frame: int) -> Modality:
    """A table, else slope and intercept. A slope of 0 would make one grey of everything: it counts as absent."""
    place = group(ds, frame, "PixelValueTransformationSequence")
    if tables := items(place, "ModalityLUTSequence"):
        return _table(tables[0], signed=said.signed)
    slope, intercept = number(place, "RescaleSlope"), number(place, "RescaleIntercept")
    return Rescale(slope or 1.0, intercept or 0.0)


def views_of(ds: Dataset, frame: int, modality: Modality) -> tuple[tuple[View, ...], tuple[str, ...]]:
    """All ways to look at a frame that its file offers, tables first; and what is wrong with others."""
    place = group(ds, frame, "FrameVOILUTSequence")
    negative = isinstance(modality, Rescale) and modality.looked_up(np.zeros(1))[0] < 0
    found: list[View] = []
    wrong: list[str] = []
    for item in items(place, "VOILUTSequence"):
        try:
            found.append(_table(item, signed=bool(negative) or _stored_sign(ds)))
        except Permanent as error:
            wrong.append(error.message)
    windows, bad = _windows(place)
    return (*found, *windows), (*wrong, *bad)


def _stored_sign(ds: Dataset) -> bool:
    return number(ds, "PixelRepresentation") == 1


def _windows(place: Dataset) -> tuple[list[Window], list[str]]:
    centres, widths = numbers(place, "WindowCenter"), numbers(place, "WindowWidth")
    explanations = texts(place, "WindowCenterWidthExplanation")
    shape = _shape(text(place, "VOILUTFunction"))
    found: list[Window] = []
    wrong: list[str] = []
    for i, (centre, width) in enumerate(zip(centres, widths, strict=False)):
        try:
            found.append(Window(centre, width, shape, explanations[i] if i < len(explanations) else ""))
        except Permanent as error:
            wrong.append(error.message)
    return found, wrong


def _shape(said: str) -> Shape:
    try:
        return Shape(said.upper())
    except ValueError:
        return Shape.LINEAR


def _table(item: Dataset, *, signed: bool) -> Table:
    """LUT Descriptor and LUT Data. Entries of 8 bits may be packed two in a word (C.11.1.1)."""
    said, data = words(item, "LUTDescriptor"), raw_bytes(item, "LUTData")
    if len(said) != 3:
        raise unshowable("A lookup table has no description.")
    count, first, bits = said[0] or 0x10000, said[1], said[2]
    if signed and first >= 0x8000:
        first -= 0x10000
    if len(data) == 2 * count:
        entries = np.frombuffer(data, "<u2")
    elif bits == 8 and len(data) in (count, count + count % 2):
        entries = np.frombuffer(data, np.uint8, count).astype(np.uint16)
    else:
        raise unshowable(f"A lookup table announces {count} entries and holds {len(data) // 2}.")
    if not 1 <= bits <= 16 or int(entries.max()) >> bits:
        bits = max(int(entries.max()).bit_length(), 1)  # what stands there, not what is said
    return Table(first, entries.astype(np.float64), bits, text(item, "LUTExplanation"))


def padding_of(ds: Dataset, said: PixelFormat) -> tuple[float, float] | None:
    """Pixel Padding Value and Range Limit, in stored values; as US or SS, whichever the pixels are."""
    if said.real:
        known = list(numbers(ds, "FloatPixelPaddingValue") or numbers(ds, "DoubleFloatPixelPaddingValue"))[:1]
    else:
        known = list(map(float, words(ds, "PixelPaddingValue")[:1]))
        known += map(float, words(ds, "PixelPaddingRangeLimit")[: len(known)])
    if said.signed:
        known = [one - 0x10000 if one >= 0x8000 else one for one in known]
    return (min(known), max(known)) if known else None


def is_inverse(ds: Dataset, said: PixelFormat) -> bool:
    """MONOCHROME1, or Presentation LUT Shape INVERSE, which says the same (C.8.11.1, C.11.6)."""
    return said.photometric == "MONOCHROME1" or text(ds, "PresentationLUTShape").upper() == "INVERSE"
