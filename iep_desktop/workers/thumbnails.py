"""Small pictures to recognise a series or an image by: made once, kept in the profile with their transaction.

Plain and blocking; who asks decides what is in sight and comes first. What belongs to no transaction is not written
to disk. Must not know Qt.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from iep_desktop.core.documents import document_kind
from iep_desktop.core.errors import MediumUnreadable, Permanent
from iep_desktop.core.job import Context
from iep_desktop.core.viewing import ImageSource, ViewImage, ViewSeries, ViewStudy
from iep_desktop.workers.viewing_cache import ViewingCache, hashed

SIZE = 128  # pixels on the longer side: sharp at 200 %
_HEAD = struct.Struct("<4sHHB")
_MAGIC = b"IEP1"


@dataclass(frozen=True)
class Thumbnail:
    """`height` rows of `width` pixels of `channels` bytes: 1 grey, 3 RGB."""

    width: int
    height: int
    channels: int
    data: bytes


class Thumbnails:
    def __init__(self, cache: ViewingCache | None = None, size: int = SIZE) -> None:
        self._cache = cache
        self._size = size

    def prepare(self) -> None:
        """Load and start what decoding needs, while what is to be shown is still being looked for."""
        import iep_desktop.dicom.preview  # noqa: F401 - loaded, not used
        from iep_desktop.dicom.render.decoder import decoders

        decoders.prepare()

    def of_series(
        self,
        source: ImageSource,
        study: ViewStudy,
        series: ViewSeries,
        ctx: Context,
        transaction_id: str = "",
    ) -> Thumbnail:
        """Of its middle image. Raises as `of_image`, and Permanent for a series without images."""
        if not series.images:
            raise Permanent("There is no picture", "The series has no images.")
        middle = series.images[len(series.images) // 2]
        return self.of_image(source, study, series, middle, ctx, transaction_id)

    def of_image(
        self,
        source: ImageSource,
        study: ViewStudy,
        series: ViewSeries,
        image: ViewImage,
        ctx: Context,
        transaction_id: str = "",
    ) -> Thumbnail:
        """The image's middle frame, at most `size` pixels on the longer side.

        Raises:
            MediumUnreadable, Permanent, Retriable: there is none, with the reason to show in its place.
            Cancelled: nobody wants it any more.
        """
        if kind := document_kind(image.sop_class_uid):
            raise Permanent("There is no picture", f"{kind}: no image.")
        ctx.check()
        path = source.file(study, series, image, ctx)
        ctx.check()
        if self._cache is None or not transaction_id:
            return self._made(path)
        name = f"{hashed(self._stamp(image, path))}.thumb"
        kept = _unpacked(self._cache.load(transaction_id, name))
        if kept is None:
            kept = self._made(path)
            self._cache.save(transaction_id, name, _packed(kept))
        return kept

    def _made(self, path: Path) -> Thumbnail:
        from iep_desktop.dicom.preview import preview

        made = preview(path, self._size)
        return Thumbnail(made.width, made.height, made.channels, made.data)

    def _stamp(self, image: ViewImage, path: Path) -> str:
        """Another one when the file is another one."""
        try:
            status = path.stat()
        except OSError as error:
            raise MediumUnreadable("The image cannot be read", error.strerror or "") from error
        return f"{image.sop_instance_uid} {path} {status.st_size} {status.st_mtime_ns} {self._size}"


def _packed(made: Thumbnail) -> bytes:
    return _HEAD.pack(_MAGIC, made.width, made.height, made.channels) + made.data


def _unpacked(data: bytes | None) -> Thumbnail | None:
    """None for what is not whole."""
    if data is None or len(data) < _HEAD.size:
        return None
    magic, width, height, channels = _HEAD.unpack_from(data)
    pixels = data[_HEAD.size :]
    if magic != _MAGIC or channels not in (1, 3) or len(pixels) != width * height * channels:
        return None
    return Thumbnail(width, height, channels, pixels)
