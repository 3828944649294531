"""Figure 6, first half: the first screenful of thumbnails of a study of 3,000 instances, in the viewer's rail.

    python -m benchmarks.thumbnails [INSTANCES [TIMES]]

The real rail, offscreen at 240 × 800, in a fresh process each time: from the wish to see the study until every series
in sight is painted with its picture; the rail is built in that time. Every second series is JPEG 2000, lossless. The
libraries that have read the study are loaded; the decoder process is not started yet. Also said: with pictures kept on
disk, and where nothing is loaded.
"""

from __future__ import annotations

import importlib
import os
import statistics
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path
from typing import Any

from benchmarks.figure import note, say
from benchmarks.synthetic import ct_slices, ram_folder

SERIES = 20
BAR = 0.5
TIMES = 5
WIDTH, HEIGHT = 240, 800
KEPT = "7"  # a transaction's id
SECONDS = 30.0


def make_study(folder: Path, instances: int) -> None:
    """A folder a series; the files beside the middle one are links to it, since nobody reads them."""
    for number, path in enumerate(ct_slices(folder / "slices", SERIES)):
        source = _as_jpeg_2000(path) if number % 2 else path
        series = folder / f"{number:02}"
        series.mkdir()
        for at in range(instances // SERIES):
            os.link(source, series / f"{at:05}.dcm")


def _as_jpeg_2000(path: Path) -> Path:
    import numpy as np
    from PIL import Image
    from pydicom import dcmread
    from pydicom.encaps import encapsulate
    from pydicom.uid import JPEG2000Lossless

    ds = dcmread(path)
    pixels = np.frombuffer(ds.PixelData, "<i2").reshape(ds.Rows, ds.Columns)
    out = BytesIO()
    shifted = (pixels.astype(np.int32) + 1024).clip(0, 0xFFFF).astype(np.uint16)
    Image.fromarray(shifted).save(out, "JPEG2000", no_jp2=True)
    ds.PixelRepresentation, ds.RescaleIntercept = 0, -1024
    ds.PixelData = encapsulate([out.getvalue()])
    ds["PixelData"].is_undefined_length = True
    ds["PixelData"].VR = "OB"
    ds.file_meta.TransferSyntaxUID = JPEG2000Lossless
    target = path.with_suffix(".j2k")
    ds.save_as(target, enforce_file_format=True)
    return target


def first_screenful(folder: Path, cache: Path, *, loaded: bool) -> tuple[float, int]:
    """Seconds, and how many series are in sight."""
    from PySide6.QtWidgets import QApplication

    from iep_desktop.ui.theme import Theme, ThemeChoice
    from iep_desktop.ui.viewer.pictures import Pictures, picture_maker
    from iep_desktop.ui.viewer.rail import Rail
    from iep_desktop.workers.queries import Queries
    from iep_desktop.workers.thumbnails import Thumbnails
    from iep_desktop.workers.view_sources import LocalFiles
    from iep_desktop.workers.viewing_cache import ViewingCache

    app = QApplication([])
    theme, queries = Theme(app, ThemeChoice.LIGHT), Queries()
    view, thumbnails = _view(folder), Thumbnails(ViewingCache(cache))
    if loaded:
        importlib.import_module("iep_desktop.dicom.preview")
    started = time.perf_counter()
    queries.ask(lambda _ctx: thumbnails.prepare(), lambda _: None, owner=queries)
    pictures = Pictures(picture_maker(thumbnails, view, LocalFiles()), queries)
    rail = Rail(theme, pictures)
    rail.resize(WIDTH, HEIGHT)
    rail.set_view(view)
    rail.show()
    app.processEvents()
    wanted = _seen(rail)
    while any(pictures.of(pick) is None for pick in wanted):
        app.processEvents()
        if time.perf_counter() - started > SECONDS:
            raise RuntimeError("the pictures did not come")
    rail.grab()
    seconds = time.perf_counter() - started
    if any((made := pictures.of(pick)) is None or made.image.isNull() for pick in wanted):
        raise RuntimeError("there is a series without a picture")
    rail.close()
    queries.close()
    return seconds, len(wanted)


def _view(folder: Path) -> Any:
    from iep_desktop.core.viewing import ViewImage, ViewSeries, ViewSet, ViewStudy

    series = []
    for number, place in enumerate(sorted(p for p in folder.iterdir() if p.name.isdigit())):
        images = tuple(
            ViewImage(f"2.25.{number}.{at}", where=str(path))
            for at, path in enumerate(sorted(place.iterdir()))
        )
        series.append(ViewSeries(f"2.25.{number}", "CT", number, f"Series {number}", images))
    study = ViewStudy("2.25", description="CT head", series=tuple(series))
    return ViewSet("Benchmark", (study,), transaction_id=KEPT)


def _seen(rail: Any) -> list[Any]:
    """What of it is on the screen; those a screen below it are asked for too, afterwards."""
    tree = rail.tree
    index, found = tree.indexAt(tree.viewport().rect().topLeft()), []
    while index.isValid() and tree.visualRect(index).top() < tree.viewport().height():
        if (pick := rail.model.pick(index)) is not None:
            found.append(pick)
        index = tree.indexBelow(index)
    return found


def in_own_process(folder: Path, cache: Path, how: str) -> tuple[float, int]:
    command = [sys.executable, "-m", "benchmarks.thumbnails", "--show", str(folder), str(cache), how]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return float(done[0]), int(done[1])


def measure(instances: int, times: int = TIMES) -> bool:
    with ram_folder() as folder:
        note(f"making a study of {instances} instances")
        make_study(folder, instances)
        made, kept, unloaded = [], [], []
        for run in range(times):
            cache = folder / f"cache-{run}"
            made.append(in_own_process(folder, cache, "loaded"))
            kept.append(in_own_process(folder, cache, "loaded")[0])
            unloaded.append(in_own_process(folder, folder / f"none-{run}", "unloaded")[0])
        seconds = statistics.median(one for one, _ in made)
        return say(
            "6 thumbnails",
            ours=f"{made[0][1]} series of {instances:,} instances in {seconds:.2f} s;"
            f" kept on disk {statistics.median(kept):.2f} s; nothing loaded {statistics.median(unloaded):.2f} s",
            theirs=f"bar {BAR:g} s",
            ratio=round(seconds / BAR, 2),
            wanted=f"≤ {BAR:g} s",
            met=seconds <= BAR,
        )


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--show"]:
        print(*first_screenful(Path(arguments[1]), Path(arguments[2]), loaded=arguments[3] == "loaded"))
        return 0
    return 0 if measure(*map(int, arguments or ["3000"])) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
