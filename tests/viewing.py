"""What viewer tests show: small series written to a folder, and sources that give them, fail or fall silent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Context
from iep_desktop.core.viewing import ViewImage, ViewPatient, ViewSeries, ViewSet, ViewStudy
from tests.dicom.render.making import grey

CT = "1.2.840.10008.5.1.4.1.1.2"
AXIAL, CORONAL = [1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, -1]
PATIENT: dict[str, Any] = {
    "PatientName": "MOUSE^Minnie", "PatientID": "S9991118", "PatientBirthDate": "19610317", "PatientSex": "F",
}  # fmt: skip


def write(folder: Path, name: str, pixels: Any, **attributes: Any) -> ViewImage:
    """One file of any attributes; its SOP Instance UID is that of its name."""
    uid = f"2.25.{int.from_bytes(f'{folder.name}{name}'.encode()[-12:])}"
    known = {"Modality": "CT", "SeriesDescription": "Head axial", **PATIENT}
    source = grey(pixels, **{**known, **attributes})
    path = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source.getvalue())
    return ViewImage(uid, CT, attributes.get("InstanceNumber"), str(path))


def slices(folder: Path, count: int = 5, side: int = 32, *, step: float = 2.0, **more: Any) -> ViewSeries:
    """CT slices; slice k is one grey, HU 10 × k, with a bright left upper quarter of 200."""
    images = []
    orientation = more.pop("ImageOrientationPatient", AXIAL)
    position = more.pop("position", lambda k: [0, 0, k * step])
    for k in range(count):
        pixels = np.full((side, side), 10 * k, np.int16)
        pixels[: side // 2, : side // 2] = 200
        geometry = {
            "ImageOrientationPatient": orientation, "ImagePositionPatient": position(k),
            "PixelSpacing": [0.5, 0.5], "FrameOfReferenceUID": "2.25.77",
        }  # fmt: skip
        known = {"WindowCenter": 100, "WindowWidth": 201, "InstanceNumber": k + 1, **geometry, **more}
        images.append(write(folder, f"{k:05}", pixels, **known))
    return ViewSeries(f"2.25.9{abs(hash(folder.name)) % 10**9}", "CT", 1, folder.name, tuple(images))


def view(*series: ViewSeries, **more: Any) -> ViewSet:
    study = ViewStudy(
        "2.25.5", ViewPatient("S9991118", name="MOUSE^Minnie"), description="CT head", series=series
    )
    return ViewSet("Transfer to Nottingham", (study,), **more)


class FolderSource:
    """Gives the files at once; `failing` has an error for some, `silent` ones wait for ever (until cancelled).

    Where it is `deaf`, it does not hear cancellation either, and ends when it is told that it `spoke`.
    """

    def __init__(self) -> None:
        self.failing: dict[str, IepError] = {}
        self.silent: set[str] = set()
        self.asked: list[str] = []
        self.spoke = threading.Event()
        self.deaf = False
        self.before: Callable[[ViewImage], None] = lambda _: None

    def file(self, study: ViewStudy, series: ViewSeries, image: ViewImage, ctx: Context) -> Path:
        self.asked.append(image.sop_instance_uid)
        self.before(image)
        if image.sop_instance_uid in self.silent:
            stopped = threading.Event()
            if not self.deaf:
                ctx.on_cancel(stopped.set)
            while not stopped.wait(0.05) and not self.spoke.is_set():
                pass
            ctx.check()
        if image.sop_instance_uid in self.failing:
            raise self.failing[image.sop_instance_uid]
        return Path(image.where)
