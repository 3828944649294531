"""The real window over two hospitals and four stock Orthancs, for figures that are about the window."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
from pydicom import dcmread
from pydicom.uid import generate_uid
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from iep_desktop import settings
from iep_desktop.app.session import Session
from iep_desktop.core.exchange import TransferOrder
from iep_desktop.core.forms import parse_form
from iep_desktop.core.job import Context
from iep_desktop.core.model import Form, Node, Priority
from iep_desktop.core.queries import PacsStudy
from iep_desktop.core.transaction import Tab
from iep_desktop.dicom.scu import open_store
from iep_desktop.ui.theme import Theme, ThemeChoice
from iep_desktop.workers.desk import Desk
from tests.hospital import form
from tests.two_hospitals import THEM, Pair

PATIENCE = 180.0
PATIENT = {"name": "BENCHMARK^SYNTHETIC", "birth_date": "1970-01-01", "hospital_no": "S999009"}


def let_archives_give_way(steps: int) -> None:
    """To be called once they run, before the window; `steps` of 20 down. Elsewhere archives have machines of their
    own; here they would take the processors from the window, and from its engine."""
    for process in psutil.Process().children(recursive=True):
        for thread in process.threads():  # on Linux each has a priority of its own
            os.setpriority(os.PRIO_PROCESS, thread.id, steps)


@contextmanager
def open_window(pair: Pair) -> Iterator[Session]:
    """Our hospital's window, showing In Progress; its engine is at work."""
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication([])
    session = Session(settings.open_profile(pair.us.root), Theme(application, ThemeChoice.LIGHT))
    session.show()
    session.window.show_tab(Tab.IN_PROGRESS)
    until(lambda: session.engine.rounds > 0, "the program is at work")
    yield session
    session.close()


def until(condition: Callable[[], bool], what: str) -> None:
    """Let the event loop run, as the program does, until the condition holds."""
    loop, look = QEventLoop(), QTimer()
    deadline = time.monotonic() + PATIENCE + 30
    look.timeout.connect(lambda: loop.quit() if condition() or time.monotonic() > deadline else None)
    look.start(100)
    loop.exec()
    look.stop()
    if not condition():
        raise RuntimeError(f"not in {PATIENCE:.0f} s: {what}")


def stored(node: Node, slices: list[Path], path: Path) -> str:
    """A study of our patient with these pictures; its UID."""
    study, series = generate_uid(), generate_uid()
    with open_store(node, (), Context()) as session:
        for slice_path in slices:
            ds = dcmread(slice_path)
            ds.StudyInstanceUID, ds.SeriesInstanceUID = study, series
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            ds.PatientID = PATIENT["hospital_no"]
            ds.save_as(path, enforce_file_format=True)
            if not session.store(path).stored:
                raise RuntimeError("the archive did not take an image")
    return str(study)


def export_form(to: str, **changes: object) -> Form:
    document = form(**{f"patient__{key}": value for key, value in PATIENT.items()})
    document |= {"hospital": to, "exams": [], "recipient": {"name": "Radiologist on call"}, **changes}
    return parse_form(json.dumps(document).encode())


def sent(desk: Desk, study: str, urgent: bool) -> int:
    export = export_form(THEM, kind="export")
    if urgent:
        export = replace(export, priority=Priority.BLUE_LIGHT, priority_reason="To theatre")
    order = TransferOrder(THEM, export, (PacsStudy(study, PATIENT["hospital_no"]),))
    return desk.transfers.create(order, Context()).id
