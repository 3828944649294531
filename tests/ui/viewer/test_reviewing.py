"""A review as it goes on: real files are looked at while ticks are counted, and the ledger hears who confirmed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from iep_desktop.core.errors import LedgerBusy
from iep_desktop.core.job import Context
from iep_desktop.core.viewing import (
    SignKind,
    ViewImage,
    ViewPatient,
    ViewSeries,
    ViewSet,
    ViewStudy,
)
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.rail import Rail
from iep_desktop.ui.viewer.reviewing import Reviewing
from iep_desktop.ui.viewer.signs_list import SignsList
from iep_desktop.workers.queries import Queries
from tests.dicom.render import making

MINNIE = ViewPatient("S999111", "", "MOUSE^Minnie", date(1961, 3, 17), "F")


class Folder:
    def file(self, study: ViewStudy, series: ViewSeries, image: ViewImage, ctx: Context) -> Path:
        return Path(image.where)


def _series(folder: Path, uid: str, **elements: str) -> ViewSeries:
    images = []
    for number in (1, 2, 3):
        noise = np.random.default_rng(number + 9 * int(uid)).integers(0, 4000, (24, 24), dtype=np.uint16)
        known = {"PatientName": MINNIE.name, "PatientID": MINNIE.patient_id, "InstanceNumber": str(number)}
        path = folder / f"{uid}-{number}.dcm"
        path.write_bytes(making.grey(noise, **{**known, **elements}).getvalue())
        images.append(ViewImage(f"{uid}.{number}", number=number, where=str(path)))
    return ViewSeries(uid, "CT", int(uid), f"Series {uid}", tuple(images))


class Room:
    """The widgets that a review keeps in step."""

    def __init__(self, qtbot: QtBot, queries: Queries, theme: Theme, view: ViewSet) -> None:
        self.view = view
        self.rail, self.signs = Rail(theme), SignsList(theme)
        self.reviewing = Reviewing("A. Operator", Folder(), queries, self.rail, self.signs, theme, self.rail)
        self.bar = self.reviewing.bar
        for widget in (self.rail, self.signs, self.bar):
            qtbot.addWidget(widget)
        self.rail.set_tickable(True)
        self.rail.set_view(view)

    def look(self) -> None:
        self.reviewing.look(self.view)


@pytest.fixture
def room(qtbot: QtBot, queries: Queries, theme: Theme, tmp_path: Path) -> Room:
    good, other = _series(tmp_path, "1"), _series(tmp_path, "2", PatientName="DUCK^Donald")
    return Room(
        qtbot, queries, theme, ViewSet("Review", (ViewStudy("9", MINNIE, series=(good, other)),), MINNIE)
    )


def test_signs_are_found_beside_the_looking(qtbot: QtBot, room: Room) -> None:
    with qtbot.waitSignal(room.reviewing.counted, timeout=20_000, check_params_cb=lambda count: count == 3):
        room.look()
    assert room.signs.shown[0].kind is SignKind.OTHER_PATIENT
    assert room.signs.shown[0].sop_instance_uids == ("2.1", "2.2", "2.3")
    qtbot.waitUntil(lambda: room.bar.warning.text() == "Another patient, secondary captures", timeout=5000)
    assert room.signs.progress.isHidden()


def test_ticks_and_series_on_the_screen_are_counted(room: Room) -> None:
    room.look()
    room.rail.set_ticked(["1.1", "1.2"])
    for series_uid in ("1", "1", "elsewhere"):
        room.reviewing.saw(series_uid)
    assert room.bar.state.text() == "Reviewed: 1 of 2 series, 2 images ticked"


def test_the_confirmed_review_is_handed_on(qtbot: QtBot, room: Room) -> None:
    room.rail.set_ticked(["1.1", "1.2"])
    with qtbot.waitSignal(room.reviewing.confirmed, timeout=5000) as caught:
        room.bar.button.click()
    review = caught.args[0]
    assert (review.by, review.sop_instance_uids, review.signs) == ("A. Operator", ("1.1", "1.2"), ())
    assert room.bar.is_reviewed


def test_a_review_that_cannot_be_written_down_does_not_count(room: Room) -> None:
    room.rail.set_ticked(["1.1"])
    room.bar.button.click()
    room.bar.show_error(LedgerBusy("The ledger is busy", "", "Try again."))
    assert room.bar.warning.text() == "The ledger is busy. Try again."
    assert not room.bar.is_reviewed
    room.bar.button.click()
    assert room.bar.warning.text() == ""
    assert room.bar.is_reviewed


def test_a_missing_file_is_a_sign_and_what_was_stopped_is_heard_no_more(
    qtbot: QtBot, room: Room, tmp_path: Path
) -> None:
    (tmp_path / "1-2.dcm").unlink()
    room.look()
    room.reviewing.stop()
    room.look()
    qtbot.waitUntil(lambda: any(s.kind is SignKind.UNREADABLE for s in room.signs.shown), timeout=20_000)
    unreadable = next(s for s in room.signs.shown if s.kind is SignKind.UNREADABLE)
    assert unreadable.sop_instance_uids == ("1.2",)
