"""Thumbnails: the middle image of a series, a reason where there is none, kept with their transaction and no longer."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import JPEG2000Lossless

from iep_desktop.core.errors import Cancelled, MediumUnreadable, Permanent
from iep_desktop.core.job import Context
from iep_desktop.core.viewing import ViewImage, ViewSeries, ViewStudy
from iep_desktop.dicom.spool import Spool
from iep_desktop.workers.thumbnails import Thumbnails
from iep_desktop.workers.viewing_cache import ViewingCache
from tests.fakes.instances import make_instance

STUDY = ViewStudy("1.2")
SR = "1.2.840.10008.5.1.4.1.1.88.11"


@dataclass
class Files:
    """`where` is a file's path; counts how often one was wanted."""

    asked: list[str] = field(default_factory=list)

    def file(self, study: ViewStudy, series: ViewSeries, image: ViewImage, ctx: Context) -> Path:
        self.asked.append(image.sop_instance_uid)
        return Path(image.where)


def series_of(folder: Path, count: int, **elements: Any) -> ViewSeries:
    folder.mkdir(exist_ok=True)
    paths = [
        make_instance(folder / f"{n}.dcm", pixels=64, InstanceNumber=n, **elements) for n in range(count)
    ]
    images = tuple(ViewImage(str(n), number=n, where=str(path)) for n, path in enumerate(paths))
    return ViewSeries("1.2.3", "CT", 1, "Head", images)


def test_the_middle_image_is_shown_for_a_series(tmp_path: Path) -> None:
    source = Files()
    made = Thumbnails(size=32).of_series(source, STUDY, series_of(tmp_path, 5), Context())
    assert source.asked == ["2"]
    assert (made.width, made.height, made.channels, len(made.data)) == (32, 32, 1, 32 * 32)
    assert len(set(made.data)) > 4


def test_a_colour_image_has_a_colour_picture(tmp_path: Path) -> None:
    path = make_instance(tmp_path / "a.dcm", pixels=16)
    ds = dcmread(path)
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit = 7
    ds.PixelData = b"\xff\0\0" * 256
    ds.save_as(path)
    series = ViewSeries("1.2.3", images=(ViewImage("1", where=str(path)),))
    made = Thumbnails().of_series(Files(), STUDY, series, Context())
    assert (made.channels, set(made.data[0::3]), set(made.data[1::3])) == (3, {255}, {0})


@pytest.mark.parametrize("empty", [True, False])
def test_without_an_image_the_reason_is_said(tmp_path: Path, empty: bool) -> None:
    series = ViewSeries("1.2.3", images=() if empty else (ViewImage("1", SR, where="nowhere"),))
    with pytest.raises(Permanent) as caught:
        Thumbnails().of_series(Files(), STUDY, series, Context())
    assert caught.value.message == ("The series has no images." if empty else "Structured report: no image.")


def test_an_undecodable_middle_image_is_a_reason_and_no_picture(tmp_path: Path) -> None:
    path = make_instance(tmp_path / "a.dcm", syntax=JPEG2000Lossless)
    series = ViewSeries("1.2.3", images=(ViewImage("1", where=str(path)),))
    with pytest.raises(Permanent, match="cannot be shown"):
        Thumbnails().of_series(Files(), STUDY, series, Context())


def test_a_file_that_went_away_is_a_reason_even_where_a_picture_was_kept(tmp_path: Path) -> None:
    thumbnails = Thumbnails(ViewingCache(tmp_path / "viewing"))
    series = series_of(tmp_path / "disc", 1)
    thumbnails.of_series(Files(), STUDY, series, Context(), "7")
    Path(series.images[0].where).unlink()
    with pytest.raises(MediumUnreadable):
        thumbnails.of_series(Files(), STUDY, series, Context(), "7")


def test_nobody_waits_for_what_was_scrolled_away(tmp_path: Path) -> None:
    ctx, source = Context(), Files()
    ctx.cancel()
    with pytest.raises(Cancelled):
        Thumbnails().of_series(source, STUDY, series_of(tmp_path, 1), ctx)
    assert source.asked == []


# --- kept on disk ----------------------------------------------------------------------------------------------


def kept(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_picture_is_made_once_and_then_read(tmp_path: Path) -> None:
    series = series_of(tmp_path / "disc", 1)
    first = Thumbnails(ViewingCache(tmp_path / "viewing")).of_series(Files(), STUDY, series, Context(), "7")
    (file,) = kept(tmp_path / "viewing")
    changed = file.read_bytes()[:-1] + bytes([file.read_bytes()[-1] ^ 0xFF])
    file.write_bytes(changed)
    again = Thumbnails(ViewingCache(tmp_path / "viewing")).of_series(Files(), STUDY, series, Context(), "7")
    assert again.data[:-1] == first.data[:-1]
    assert again.data[-1] != first.data[-1], "it was made anew"


@pytest.mark.parametrize("damage", [b"", b"IEP1", b"x" * 5000])
def test_a_damaged_picture_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    thumbnails = Thumbnails(ViewingCache(tmp_path / "viewing"))
    series = series_of(tmp_path / "disc", 1)
    first = thumbnails.of_series(Files(), STUDY, series, Context(), "7")
    kept(tmp_path / "viewing")[0].write_bytes(damage)
    assert thumbnails.of_series(Files(), STUDY, series, Context(), "7") == first


def test_another_file_in_the_same_place_has_another_picture(tmp_path: Path) -> None:
    thumbnails = Thumbnails(ViewingCache(tmp_path / "viewing"))
    series = series_of(tmp_path / "disc", 1)
    first = thumbnails.of_series(Files(), STUDY, series, Context(), "7")
    path = Path(series.images[0].where)
    ds = dcmread(path)
    ds.PixelData = bytes(64 * 64 * 2)
    ds.save_as(path)
    os.utime(path, (1, 1))
    assert thumbnails.of_series(Files(), STUDY, series, Context(), "7") != first


def test_no_name_says_anything_of_a_patient(tmp_path: Path) -> None:
    thumbnails = Thumbnails(ViewingCache(tmp_path / "viewing"))
    thumbnails.of_series(Files(), STUDY, series_of(tmp_path / "disc", 1), Context(), "7")
    (file,) = kept(tmp_path / "viewing")
    assert file.parent.name == "7"
    assert len(file.stem) == 40
    assert set(file.stem) <= set("0123456789abcdef")


def test_what_belongs_to_no_transaction_is_not_written(tmp_path: Path) -> None:
    thumbnails = Thumbnails(ViewingCache(tmp_path / "viewing"))
    thumbnails.of_series(Files(), STUDY, series_of(tmp_path / "disc", 1), Context())
    assert kept(tmp_path / "viewing") == []


def test_pictures_go_with_the_spool_of_their_transaction(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", tmp_path / "viewing")
    thumbnails = Thumbnails(ViewingCache(tmp_path / "viewing"))
    series = series_of(tmp_path / "disc", 1)
    for number in ("7", "8"):
        thumbnails.of_series(Files(), STUDY, series, Context(), number)
    spool.free(7)
    assert [file.parent.name for file in kept(tmp_path / "viewing")] == ["8"]


def test_the_cache_is_bounded_and_what_was_wanted_last_stays(tmp_path: Path) -> None:
    cache = ViewingCache(tmp_path, most=1000, young=0)
    for n in range(10):
        cache.save("7", f"{n}", bytes(150))
        os.utime(tmp_path / "7" / f"{n}", (1_000 + n, 1_000 + n))
        cache.use(tmp_path / "7" / "0")
        os.utime(tmp_path / "7" / "0", (9_000, 9_000))
    names = [path.name for path in kept(tmp_path)]
    assert sum(path.stat().st_size for path in kept(tmp_path)) <= 1000
    assert {"0", "9"} <= set(names)
    assert "1" not in names


def test_at_start_what_is_a_day_old_goes(tmp_path: Path) -> None:
    cache = ViewingCache(tmp_path)
    for name in ("old", "new"):
        cache.save(name, "a", b"a")
    (old,) = [p for p in kept(tmp_path) if p.parent == cache.folder("old")]
    os.utime(old, (time.time() - 90_000,) * 2)
    cache.sweep()
    assert [path.parent for path in kept(tmp_path)] == [cache.folder("new")]
