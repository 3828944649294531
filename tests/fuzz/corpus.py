"""Small images of every kind: those that pydicom brings along, and synthetic ones for what it does not."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image
from pydicom.encaps import encapsulate_extended

from tests.dicom.render.making import (
    JPEG,
    JPEG_2000,
    JPEG_LS,
    SAMPLES,
    colour,
    compressed,
    grey,
    item,
)

_LARGEST = 60_000  # bytes
_NOT_OURS_TO_PASS_ON = {"693_J2KI.dcm"}
HTJ2K = "1.2.840.10008.1.2.4.202"


@cache
def _known() -> tuple[bytes, ...]:
    real = [
        path.read_bytes()
        for path in sorted(SAMPLES.glob("*.dcm"))
        if path.stat().st_size <= _LARGEST and path.name not in _NOT_OURS_TO_PASS_ON
    ]
    with_pixels = [data for data in real if b"\xe0\x7f\x10\0" in data or b"\x7f\xe0\0\x10" in data]
    return (*with_pixels, *(source.getvalue() for source in _synthetic()))


def corpus() -> list[bytes]:
    return list(_known())


def ramp(rows: int = 24, columns: int = 32, kind: str = "u2") -> Any:
    return (np.arange(rows * columns) * 5).reshape(rows, columns).astype(kind)


def coloured(rows: int = 24, columns: int = 32) -> Any:
    return np.stack([ramp(rows, columns, "u1"), ramp(rows, columns, "u1").T.reshape(rows, columns)] * 2, -1)[
        ..., :3
    ]


def packed(array: Any, kind: str, **how: Any) -> bytes:
    out = BytesIO()
    Image.fromarray(array).save(out, kind, **how)
    return out.getvalue()


def _synthetic() -> list[BytesIO]:
    red = np.arange(256, dtype="<u2") * 257
    palette = {
        f"{name}PaletteColorLookupTable{part}": value
        for name in ("Red", "Green", "Blue")
        for part, value in (("Descriptor", [256, 0, 16]), ("Data", red.tobytes()))
    }
    segments = np.array([0, 2, 0, 1000, 1, 254, 65535], "<u2").tobytes()
    segmented = {
        f"{prefix}{name}PaletteColorLookupTable{part}": value
        for name in ("Red", "Green", "Blue")
        for prefix, part, value in (("", "Descriptor", [256, 0, 16]), ("Segmented", "Data", segments))
    }
    voi = item(LUTDescriptor=[256, 0, 8], LUTData=(red >> 8).astype("<u2").tobytes())
    for table in (voi,):
        table["LUTDescriptor"].VR, table["LUTData"].VR = "US", "OW"
    one_bit = {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0, "Rows": 24, "Columns": 32}
    baseline = packed(coloured(), "JPEG")
    wide = {"Rows": 24, "Columns": 32}
    rgb = {**wide, "SamplesPerPixel": 3, "PlanarConfiguration": 0}
    frame_groups = [
        item(
            FrameVOILUTSequence=[item(WindowCenter=100 * i, WindowWidth=500)],
            PixelValueTransformationSequence=[item(RescaleSlope=1 + i, RescaleIntercept=-5)],
        )
        for i in range(3)
    ]
    j2k = packed(ramp(kind="u1"), "JPEG2000", no_jp2=True)
    extended, offsets, lengths = encapsulate_extended([j2k, j2k])
    return [
        grey(ramp(kind="u1"), PhotometricInterpretation="PALETTE COLOR", **palette),
        grey(ramp(kind="u1"), PhotometricInterpretation="PALETTE COLOR", **segmented),
        grey(ramp(), VOILUTSequence=[voi], WindowCenter=[40, 50], WindowWidth=[400, 1]),
        grey(ramp(kind="u1"), PixelData=bytes(96), **one_bit),
        grey(ramp(kind="u4")),
        grey(ramp(kind="f4").view("u4"), PixelData=None, FloatPixelData=ramp(kind="f4").tobytes()),
        grey(ramp(kind="f8").view("u8"), PixelData=None, DoubleFloatPixelData=ramp(kind="f8").tobytes()),
        grey(
            np.stack([ramp()] * 3),
            PerFrameFunctionalGroupsSequence=frame_groups,
            SharedFunctionalGroupsSequence=[item(PixelMeasuresSequence=[item(PixelSpacing=[2, 1])])],
        ),
        grey(
            ramp(kind="i2"),
            BitsStored=12,
            HighBit=11,
            PixelPaddingValue=-1,
            ShutterShape=["RECTANGULAR", "CIRCULAR", "POLYGONAL"],
            ShutterLeftVerticalEdge=3,
            ShutterRightVerticalEdge=30,
            ShutterUpperHorizontalEdge=3,
            ShutterLowerHorizontalEdge=20,
            CenterOfCircularShutter=[12, 16],
            RadiusOfCircularShutter=10,
            VerticesOfThePolygonalShutter=[1, 1, 1, 30, 20, 15],
        ),
        colour(coloured()),
        colour(coloured(), PlanarConfiguration=1, PhotometricInterpretation="YBR_FULL"),
        compressed([baseline], JPEG, **rgb, PhotometricInterpretation="YBR_FULL_422"),
        compressed([packed(ramp(kind="u1"), "JPEG")] * 3, JPEG, **wide, NumberOfFrames=3),
        compressed(
            [packed(coloured(), "JPEG2000", no_jp2=True)],
            JPEG_2000,
            **rgb,
            PhotometricInterpretation="YBR_RCT",
        ),
        compressed([j2k] * 2, JPEG_2000, **wide, NumberOfFrames=2, has_bot=False),
        compressed(
            [],
            JPEG_2000,
            **wide,
            NumberOfFrames=2,
            PixelData=extended,
            ExtendedOffsetTable=offsets,
            ExtendedOffsetTableLengths=lengths,
        ),
    ]


__all__ = ["HTJ2K", "JPEG_LS", "coloured", "corpus", "packed", "ramp"]
