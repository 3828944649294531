"""The engine of a window is a process of its own: it works, is started again when it dies, and ends with the window."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from iep_desktop import settings
from iep_desktop.core.job import Context
from iep_desktop.core.transaction import Status
from iep_desktop.dicom.landing import Received
from iep_desktop.workers.asked_node import AskedNode
from iep_desktop.workers.desk import Desk
from iep_desktop.workers.engine_process import EngineProcess
from tests.hospital import Hospital, ct_disc, form
from tests.peers import STORE_AE, Orthanc, free_port, run_dcmqrscp
from tests.two_hospitals import store_study

LONG = 60_000
Start = Callable[[], EngineProcess]


@pytest.fixture
def hospital(tmp_path: Path, orthanc: Orthanc) -> Hospital:
    made = Hospital(tmp_path / "profile", orthanc.node)
    made.admit(tmp_path)
    return made


@pytest.fixture
def start(hospital: Hospital, qtbot: QtBot) -> Iterator[Start]:
    """Starts the engine of a window, and waits until it is at work; each is stopped at the end."""
    started: list[EngineProcess] = []

    def begin() -> EngineProcess:
        engine = EngineProcess(hospital.root)
        started.append(engine)
        with qtbot.waitSignal(engine.looked, timeout=LONG):
            engine.start()
        return engine

    yield begin
    for engine in started:
        engine.stop()


def _queued(hospital: Hospital, folder: Path, images: int = 3) -> str:
    disc = ct_disc(folder, images=images).root
    code, document = hospital.run("import", disc, "--form", hospital.write_form(form()))
    assert code == 0, document
    return str(document["number"])


def _status(hospital: Hospital, number: str) -> str:
    return str(hospital.run("show", number)[1]["status"])


def test_what_is_queued_is_done_and_the_window_hears_of_it(
    hospital: Hospital, orthanc: Orthanc, start: Start, qtbot: QtBot, tmp_path: Path
) -> None:
    engine = start()
    number = _queued(hospital, tmp_path / "cd")
    with qtbot.waitSignal(engine.settled, timeout=LONG) as settled:
        engine.wake()
    assert _status(hospital, number) == Status.DELIVERED
    with hospital.desk() as desk:
        assert desk.reading.transaction(number).id == settled.args[0]
    qtbot.waitUntil(lambda: engine.rate.usual() > 0, timeout=LONG)


def test_it_stands_behind_the_window_in_the_queue_for_the_processor(start: Start) -> None:
    assert psutil.Process(start().process_id).nice() > psutil.Process().nice()


def test_killed_it_is_started_again_and_goes_on_where_it_was(
    hospital: Hospital, orthanc: Orthanc, start: Start, qtbot: QtBot, tmp_path: Path
) -> None:
    engine = start()
    number = _queued(hospital, tmp_path / "cd", images=120)
    engine.wake()
    qtbot.waitUntil(lambda: engine.busy, timeout=LONG)
    first = engine.process_id
    os.kill(first, signal.SIGKILL)
    qtbot.waitUntil(lambda: not engine.busy, timeout=LONG)
    with qtbot.waitSignal(engine.settled, timeout=LONG):
        pass
    assert engine.process_id not in (0, first)
    assert _status(hospital, number) == Status.DELIVERED
    assert len(orthanc.sop_instance_uids()) >= 120


def test_stopped_it_ends_between_two_images_and_frees_its_slot(
    hospital: Hospital, start: Start, qtbot: QtBot, tmp_path: Path
) -> None:
    engine = start()
    _queued(hospital, tmp_path / "cd", images=150)
    engine.wake()
    qtbot.waitUntil(lambda: engine.busy, timeout=LONG)
    number = engine.process_id
    assert engine.stop()
    assert not psutil.pid_exists(number)
    with hospital.desk() as desk:
        assert not any(slot.holder for slot in desk.ledger.slots.slots())


def test_it_does_not_outlive_a_window_that_is_killed(hospital: Hospital, tmp_path: Path) -> None:
    window = subprocess.Popen(
        [sys.executable, "-c", _WINDOW, str(hospital.root)], stdout=subprocess.PIPE, text=True
    )
    assert window.stdout is not None
    engine = psutil.Process(int(window.stdout.readline()))
    assert engine.is_running()
    window.kill()
    window.wait()
    window.stdout.close()
    assert engine.wait(30) in (0, None)


_WINDOW = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from iep_desktop.workers.engine_process import EngineProcess
application = QCoreApplication([])
engine = EngineProcess(Path(sys.argv[1]))
engine.looked.connect(lambda: print(engine.process_id, flush=True))
engine.start()
application.exec()
"""


def test_what_a_window_fetches_by_c_move_comes_to_the_engines_listener_and_is_handed_over(
    hospital: Hospital, start: Start, qtbot: QtBot, tmp_path: Path
) -> None:
    port = free_port()
    with run_dcmqrscp(tmp_path / "pacs", move_port=port, options=("--disable-get",)) as pacs:
        study = store_study(pacs.node, tmp_path / "study", images=5, PatientID="S999222")
        settings.open_profile(hospital.root).with_settings(
            listener_port=port, listener_ae=STORE_AE, listener_callers=((pacs.node.ae_title, "127.0.0.1"),)
        )
        engine = start()
        desk = Desk(settings.open_profile(hospital.root), engine)
        came: list[Received] = []
        node = AskedNode(replace(pacs.node, name="Old PACS"), desk.limits, engine.listener.if_any)
        listed = node.find(study, Context())
        with ThreadPoolExecutor(1) as thread:
            fetching = thread.submit(
                node.fetch,
                study,
                listed[0].series_uid,
                frozenset(),
                listed,
                tmp_path / "seen",
                came.append,
                Context(),
            )
            qtbot.waitUntil(fetching.done, timeout=LONG)  # the line to the engine needs the event loop
        fetched = fetching.result()
        desk.close()
    assert fetched.by_move
    assert fetched.complete
    assert sorted(path.name for path in (tmp_path / "seen").iterdir()) == sorted(
        one.path.name for one in came
    )
    assert len(came) == 5
    assert hospital.run("worklist")[1]["transactions"] == []  # it is nobody's direct routing
