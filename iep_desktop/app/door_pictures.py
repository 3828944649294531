"""Pictures of what is behind Create's doors: New Request, New Transfer, the trauma page; filled in, nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtWidgets import QWidget

from iep_desktop.app.session import Session
from iep_desktop.core.model import Form, FormKind, Recipient
from iep_desktop.core.transaction import Status, TransactionType, WorklistFilter, WorklistOrder
from iep_desktop.ui.create import sheet as sheets
from iep_desktop.ui.create.studies_box import StudiesBox

Grab = Callable[[QWidget, str], None]
Wait = Callable[[Callable[[], bool]], None]
_RECIPIENT = Recipient("Dr N. Radiologist", "Consultant", "x00000", "radiology@example.invalid")
_REPORT = "Left acute subdural, 9 mm. C-spine: no fracture. Verbal report by the duty radiologist at 02:58."


def door_pictures(session: Session, hospital: str, grab: Grab, wait: Wait) -> None:
    """`hospital` is the one that is asked and sent to; a patient must have been imported into our PACS."""
    form, window = _of_known_patient(session), session.window
    window.show_tab(None)
    page = window.create_page
    page.open_request()
    asked = replace(form, kind=FormKind.IMPORT, hospital=hospital, call_ref="")
    page.request_page.show_sheet(sheets.of_form(asked, confirmed=True))
    wait(lambda: page.request_page.institution.box.hospital_count > 0)
    grab(window, "new-request")
    page.request_page.clear()
    _transfer(session, replace(form, kind=FormKind.EXPORT, hospital=hospital), grab, wait)
    page.close_form()
    _trauma(session, form, grab, wait)


def _of_known_patient(session: Session) -> Form:
    rows = session.desk.reading.page(WorklistFilter(), WorklistOrder(), 0, 50).rows
    imported = next(
        row for row in rows if row.type is TransactionType.CD_IMPORT and row.status is Status.DELIVERED
    )
    return session.desk.reading.by_id(imported.id).form


def _transfer(session: Session, form: Form, grab: Grab, wait: Wait) -> None:
    create = session.window.create_page
    create.open_transfer()
    page = create.transfer_page
    page.show_sheet(sheets.of_form(replace(form, recipient=_RECIPIENT, exams=()), confirmed=True))
    page.search()
    _tick(page.studies, wait)
    wait(lambda: page.side.send.isEnabled())
    page.see(page.attachments)
    grab(session.window, "new-transfer")
    page.clear()


def _trauma(session: Session, form: Form, grab: Grab, wait: Wait) -> None:
    trauma = session.window.doors.open_trauma()
    trauma.resize(1280, 800)
    trauma.patient.number.setText(form.patient.hospital_no)
    trauma.patient.nhs.setText(form.patient.nhs_no)
    trauma.patient.find_button.click()
    _tick(trauma.studies, wait)
    trauma.patient.right.setChecked(True)
    trauma.report.text.setPlainText(_REPORT)
    trauma.report.correct.setChecked(True)
    wait(lambda: trauma.side.send.isEnabled())
    grab(trauma, "trauma")
    trauma.close()


def _tick(studies: StudiesBox, wait: Wait) -> None:
    wait(lambda: bool(studies.rows.studies))
    studies.rows.tick(frozenset({studies.rows.studies[0].study_uid}))
