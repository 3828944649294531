"""Throws damaged images at the renderer: `python -m tests.fuzz.render COUNT [--seed N] [--keep FOLDER] [--pixels]`.

Each input is a small real or synthetic image with a few mutations, some aimed at attributes, some at codestreams and
offset tables, some blind; with `--pixels` none but those that leave the attributes alone. It must give a picture of the
size that the data set announces, or a `Permanent` with a reason, within its time; whatever else happens is printed with
the number that makes the same input again, and kept.
"""

from __future__ import annotations

import argparse
import faulthandler
import random
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pydicom

from iep_desktop.core.errors import Permanent
from iep_desktop.dicom.render.decoder import decoders
from iep_desktop.dicom.render.image import open_image
from tests.fuzz.corpus import corpus

SLOW_SECONDS = 5.0
_INTERESTING = (0, 1, 2, 3, 7, 8, 12, 15, 16, 31, 32, 64, 127, 128, 255, 256, 1023, 32767, 32768, 65535)
_WORDS = """Rows Columns BitsAllocated BitsStored HighBit SamplesPerPixel PixelRepresentation PlanarConfiguration
    PixelPaddingValue PixelPaddingRangeLimit"""
_DECIMALS = """WindowCenter WindowWidth RescaleSlope RescaleIntercept PixelSpacing PixelAspectRatio NumberOfFrames
    FrameTime ShutterLeftVerticalEdge ShutterRightVerticalEdge RadiusOfCircularShutter
    VerticesOfThePolygonalShutter"""
_NUMBERS = (
    b"0",
    b"-1",
    b"1",
    b"1e308",
    b"-1e308",
    b"1e-308",
    b"nan",
    b"inf",
    b"",
    b"x",
    b"3\\4",
    b"99999999999",
    b"0.5",
)
_KINDS = (
    b"MONOCHROME1", b"MONOCHROME2", b"PALETTE COLOR", b"RGB", b"YBR_FULL", b"YBR_FULL_422", b"YBR_RCT", b"YBR_ICT",
    b"YBR_PARTIAL_422", b"CMYK", b"",
)  # fmt: skip
_SYNTAXES = [f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".2", ".5", ".1.99", ".8.1", ".1.98")]
_SYNTAXES += [f"1.2.840.10008.1.2.4.{end}" for end in (50, 51, 53, 55, 57, 70, 80, 81, 90, 91, 201, 203)]

Mutation = Callable[[random.Random, bytearray], None]


@dataclass
class Score:
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)
    slowest: float = 0.0


def mutated(number: int, images: list[bytes], *, pixels: bool = False) -> bytes:
    """The same bytes for the same number and corpus."""
    chance = random.Random(number)
    data = bytearray(chance.choice(images))
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5))):
        chance.choice(_OF_PIXELS if pixels else _MUTATIONS)(chance, data)
    return bytes(data)


def try_one(data: bytes) -> str:
    """What became of it. Raises AssertionError, or whatever the renderer should not have let through."""
    start = time.monotonic()
    try:
        image = open_image(BytesIO(data))
        frame = image.frames - 1 if len(data) % 2 else 0
        rendered = image.render(frame, size=96 if len(data) % 3 else None)
        assert len(rendered.data) == rendered.width * rendered.height * rendered.channels
        assert rendered.channels == (1 if image.grey else 3)
        outcome = "picture"
    except Permanent as error:
        outcome = re.sub(r"-?\d+", "N", error.message.split(":")[0].split("(")[0])
    assert outcome, "no reason"
    assert time.monotonic() - start < SLOW_SECONDS, "too slow"
    return outcome


def run(
    count: int, seed: int = 0, keep: Path | None = None, every: int = 0, *, pixels: bool = False
) -> Score:
    images, score = corpus(), Score()
    for number in range(seed, seed + count):
        data, crashes = mutated(number, images, pixels=pixels), decoders.crashes
        start = time.monotonic()
        try:
            score.outcomes[try_one(data)] += 1
            if keep and decoders.crashes > crashes:
                (keep / f"codec-{number}.dcm").write_bytes(data)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            score.failures.append((number, f"{type(error).__name__}: {error}"))
            if keep:
                (keep / f"{number}.dcm").write_bytes(data)
        score.slowest = max(score.slowest, time.monotonic() - start)
        if every and (number + 1) % every == 0:
            done = number + 1 - seed
            print(done, score.outcomes["picture"], decoders.crashes, len(score.failures), flush=True)
    return score


# --- mutations -----------------------------------------------------------------------------------------------------


def _flip(chance: random.Random, data: bytearray) -> None:
    for _ in range(chance.choice((1, 1, 4, 16))):
        data[chance.randrange(len(data))] = chance.randrange(256)


def _flip_in_pixels(chance: random.Random, data: bytearray) -> None:
    start = _pixels(data)
    for _ in range(chance.choice((1, 2, 8, 64))):
        data[chance.randrange(start, len(data))] = chance.randrange(256)


def _flip_at_pixels(chance: random.Random, data: bytearray) -> None:
    """The element's head, its offset table, the first fragment's head and the codestream's."""
    start = _pixels(data)
    for _ in range(chance.choice((1, 2, 4))):
        place = chance.randrange(start, min(start + 160, len(data)))
        data[place] = chance.choice((0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF, chance.randrange(256)))


def _cut(chance: random.Random, data: bytearray) -> None:
    start = chance.choice((140, _pixels(data)))
    del data[chance.randrange(start, max(len(data), start + 1)) :]


def _cut_out(chance: random.Random, data: bytearray) -> None:
    start = chance.randrange(len(data))
    del data[start : start + chance.choice((1, 2, 8, 100, 1000))]


def _repeat(chance: random.Random, data: bytearray) -> None:
    start = chance.randrange(len(data))
    part = data[start : start + chance.choice((2, 8, 100, 1000))]
    place = chance.randrange(len(data))
    data[place:place] = part


def _word(chance: random.Random, data: bytearray) -> None:
    place = chance.randrange(132, max(len(data) - 4, 133))
    size = chance.choice((2, 4))
    value = chance.choice((*_INTERESTING, 0x7FFFFFFF, 0xFFFFFFFF)) & ((1 << 8 * size) - 1)
    data[place : place + size] = value.to_bytes(size, chance.choice(("little", "big")))


def _attribute(chance: random.Random, data: bytearray) -> None:
    kind = chance.randrange(10)
    if kind < 5:
        value = chance.choice(_INTERESTING).to_bytes(2, "little")
        _set(data, chance.choice(_WORDS.split()), b"US", value)
    elif kind < 8:
        _set(data, chance.choice(_DECIMALS.split()), b"DS", chance.choice(_NUMBERS))
    else:
        _set(data, "PhotometricInterpretation", b"CS", chance.choice(_KINDS))


def _syntax(chance: random.Random, data: bytearray) -> None:
    place = data.find(b"\x02\0\x10\0UI", 132)
    if place >= 0:
        length = int.from_bytes(data[place + 6 : place + 8], "little")
        value = chance.choice(_SYNTAXES).encode().ljust(length, b"\0")[: max(length, 18)]
        data[place + 8 : place + 8 + length] = value[:length]


def _element_length(chance: random.Random, data: bytearray) -> None:
    """A length somewhere in the header that is not true."""
    places = [i for i in range(140, min(len(data) - 8, 6000), 2) if data[i + 4 : i + 6].isalpha()]
    if places:
        place = chance.choice(places) + 6
        data[place : place + 2] = chance.choice(_INTERESTING).to_bytes(2, "little")


_MUTATIONS: list[Mutation] = [
    _flip, _flip_in_pixels, _flip_in_pixels, _flip_at_pixels, _flip_at_pixels, _cut, _cut_out, _repeat, _word,
    _attribute, _attribute, _attribute, _attribute, _syntax, _element_length,
]  # fmt: skip
_OF_PIXELS: list[Mutation] = [_flip_in_pixels, _flip_in_pixels, _flip_at_pixels]


def _pixels(data: bytearray) -> int:
    for tag in (b"\xe0\x7f\x10\0", b"\x7f\xe0\0\x10", b"\xe0\x7f\x08\0", b"\xe0\x7f\x09\0"):
        place = data.rfind(tag, 132)
        if place >= 0:
            return place
    return min(132, len(data) - 1)


def _set(data: bytearray, keyword: str, vr: bytes, value: bytes) -> None:
    """In explicit or implicit little endian: where the element stands its value is changed, else it comes before
    the pixels, where a parser does not mind the order."""
    tag = pydicom.datadict.tag_for_keyword(keyword) or 0
    head = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")
    value += b" " * (len(value) % 2)
    place = data.find(head, 132)
    if place < 0:
        place = _pixels(data)
        data[place:place] = head + vr + len(value).to_bytes(2, "little") + value
        return
    explicit = data[place + 4 : place + 6].isalpha()
    size = 2 if explicit else 4
    at = place + (6 if explicit else 4)
    length = int.from_bytes(data[at : at + size], "little")
    if length < 1000:
        data[at : at + size + length] = len(value).to_bytes(size, "little") + value


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.render")
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--pixels", action="store_true")
    arguments = parser.parse_args()
    faulthandler.enable()
    warnings.simplefilter("ignore")
    start = time.monotonic()
    score = run(arguments.count, arguments.seed, arguments.keep, every=2000, pixels=arguments.pixels)
    print(f"{arguments.count} inputs in {time.monotonic() - start:.0f} s, slowest {score.slowest:.1f} s")
    print(f"decoder processes that crashed or hung: {decoders.crashes}")
    for outcome, many in score.outcomes.most_common(40):
        print(f"{many:8} {outcome}")
    for number, what in score.failures:
        print(f"FAILED {number}: {what}")
    return 1 if score.failures else 0


if __name__ == "__main__":
    sys.exit(main())
