"""One PNG of every screen, light and dark: the real windows over a profile in which real imports have run.

Used for the documentation and to look at a change. The profile must have discs with forms in its disc folders, and
nodes that answer; the demo's has.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from iep_desktop.app import make_application
from iep_desktop.app.door_pictures import door_pictures
from iep_desktop.app.session import Session
from iep_desktop.core.errors import Permanent
from iep_desktop.core.forms import parse_form
from iep_desktop.core.imports import ImportOrder
from iep_desktop.core.job import Context
from iep_desktop.core.model import Form, FormKind, Node, NodeRole, Priority
from iep_desktop.core.transaction import Status, Tab, Transaction, WorklistFilter, WorklistOrder
from iep_desktop.settings import Profile, StateStore
from iep_desktop.ui.acts import Act, Wish
from iep_desktop.ui.admin.hospitals import HospitalsDialog
from iep_desktop.ui.admin.nodes import NodesDialog
from iep_desktop.ui.admin.review import ReviewDialog
from iep_desktop.ui.disc_wizard.case import Step
from iep_desktop.ui.pages import QUEUES
from iep_desktop.ui.setup.dialog import SetupDialog
from iep_desktop.ui.theme import Theme, ThemeChoice
from iep_desktop.workers import setup
from iep_desktop.workers.desk import Desk
from iep_desktop.workers.imports import all_series, asked_series, likely_patient

_LONGEST = 90.0  # seconds to wait for anything on a screen
_DECODED = 6.0  # for the pictures of a viewer
_SETTLE = 0.4  # for what a screen still asks for once it stands
SENDS, DECLINES, ASKS = "RX1", "RK5", "RTG"
"""Hospitals of the demo by what they do in the pictures."""


def draw(profile: Profile, folder: Path) -> list[Path]:
    """Draw all screens into `folder`; the paths in order."""
    if QApplication.instance() is None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"  # no window of anybody's desktop has a part in it
    application = make_application()
    folder.mkdir(parents=True, exist_ok=True)
    theme = Theme(application, ThemeChoice.LIGHT)
    # For the pictures only: what fails in the story shall not take minutes to be given up.
    hurried = profile.with_settings(retry_limit=3, retry_first_seconds=0.2)
    session = Session(hurried, theme, state=_Forgetful(folder / ".state.json"))
    session.show()
    try:
        _Story(session).happen()
        made: list[Path] = []
        for choice in (ThemeChoice.LIGHT, ThemeChoice.DARK):
            theme.set_choice(choice)
            made += _Camera(session, folder, "" if choice is ThemeChoice.LIGHT else "-dark").all_screens()
        return made
    finally:
        session.window.close()
        session.close()
        kept = profile.settings
        profile.with_settings(retry_limit=kept.retry_limit, retry_first_seconds=kept.retry_first_seconds)


class _Forgetful(StateStore):
    """Remembers nothing: the pictures do not depend on how a window was left."""

    def load(self, key: str) -> bytes | None:
        return None

    def save(self, key: str, value: bytes) -> None: ...


class _Story:
    """What has happened at this hospital before the pictures: imports delivered, waiting, failed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._desk = session.desk

    def happen(self) -> None:
        """Import every disc; one more fails at a node that is down, and one waits for the engine."""
        transactions = self._desk.ledger.transactions
        if self._desk.reading.counts()[Tab.ALL]:
            return
        ids = [self._import(path, form) for path, form in discs_with_forms(self._session.profile)]
        path, form = next(iter(discs_with_forms(self._session.profile)))
        declined = self._exchange(form)
        self._desk.nodes.add(
            Node("PACS archive 2", NodeRole.PACS, self._desk.me.hospital, "ARCHIVE2", "127.0.0.1", 1)
        )
        ids.append(self._import(path, replace(form, call_ref="06396377"), node="PACS archive 2"))
        self._session.engine.wake()
        wait_until(lambda: not any(transactions.by_id(one).queued for one in ids))
        wait_until(lambda: transactions.by_id(declined).status is Status.DECLINED)
        self._session.engine.stop()
        self._import(path, replace(form, call_ref="06396378"))

    def _exchange(self, form: Form) -> int:
        """We ask two hospitals, one of which declines (its transaction's id); one asks us, urgently."""
        desk, profile = self._desk, self._session.profile
        asked = replace(form, kind=FormKind.IMPORT, discs=None, disc_no=None, labelled=None)
        desk.requests.create(SENDS, replace(asked, hospital=SENDS))
        declined = desk.requests.create(DECLINES, replace(asked, hospital=DECLINES))
        us = desk.me.hospital
        theirs = replace(profile.settings, hospital=ASKS, user="IEP desk", ledger_url=profile.ledger_url)
        other = Desk(replace(profile, settings=theirs))
        urgent = replace(
            asked, hospital=us, priority=Priority.BLUE_LIGHT, priority_reason="Theatre in two hours"
        )
        request = other.requests.create(us, urgent)
        other.replies.message(request.id, "The patient is on the way to theatre. Is the neck coming too?")
        other.close()
        return declined.id

    def _import(self, path: Path, form: Form, node: str = "") -> int:
        contents = self._desk.discs.read(str(path), Context(), lambda _: None)
        patient = likely_patient(form, contents)
        if patient is None:
            raise Permanent("A disc for the pictures holds no patient", str(path))
        series = asked_series(form, patient) or all_series(patient)
        order = ImportOrder(form, contents, patient, series, registered_by=self._desk.me.user, node=node)
        return self._desk.imports.create(order, self._desk.imports.assess(order, Context())).id


def discs_with_forms(profile: Profile) -> list[tuple[Path, Form]]:
    """The discs of the profile's folders that have a form beside them."""
    folders = [Path(folder) for folder in profile.settings.disc_folders]
    forms = [path for folder in folders for path in sorted(folder.glob("*.form.json"))]
    return [
        (path.with_name(path.name.removesuffix(".form.json")), parse_form(path.read_bytes()))
        for path in forms
    ]


class _Camera:
    """Goes from screen to screen and grabs each."""

    def __init__(self, session: Session, folder: Path, suffix: str) -> None:
        self._session = session
        self._folder = folder
        self._suffix = suffix
        self._made: list[Path] = []

    def all_screens(self) -> list[Path]:
        self._main_window()
        self._doors()
        self._wizard()
        self._dialogs()
        return self._made

    def _main_window(self) -> None:
        window = self._session.window
        window.resize(1280, 800)
        window.show_tab(None)
        self._grab(window, "create")
        window.show_tab(Tab.ACTION_REQUIRED)
        self._grab(window, "action-required")
        for tab, name in ((Tab.FAILED, "failed"), (Tab.IN_PROGRESS, "in-progress"), (Tab.ALL, "worklist")):
            window.show_tab(tab)
            page = window.worklists[tab]
            wait_until(lambda page=page: page.view.model().rowCount() > 0)  # type: ignore[misc]
            page.view.setCurrentIndex(page.view.model().index(0, 0))
            self._grab(window, name)
        self._viewer(delivered_of(self._session))
        self._exchange()

    def _viewer(self, transaction: Transaction) -> None:
        """What a delivered import holds, as a person looks at it."""
        viewers = self._session.window.viewers
        viewers.of_transaction(transaction)
        wait_until(lambda: bool(viewers.windows))
        viewer = viewers.windows[-1]
        viewer.resize(1280, 800)
        pause(_DECODED)
        self._grab(viewer, "viewer")
        viewer.close()

    def _exchange(self) -> None:
        """What hospitals ask each other: a request in its details, the question before a decline, the queues."""
        window = self._session.window
        window.show_tab(Tab.ACTION_REQUIRED)
        required = window.required_page
        wait_until(lambda: any(entry.act is Act.RESPOND for entry in required.model.entries))
        asked = next(e.transaction for e in required.model.entries if e.act is Act.RESPOND)
        required.show_details_of(asked)
        self._grab(window, "respond")
        window.do(Wish(Act.DECLINE, asked))
        wait_until(lambda: window.doing.dialog is not None)
        dialog = window.doing.dialog
        if dialog is not None:
            self._grab(dialog, "decline")
            dialog.reject()
        required.toggle_details()
        window.show_tab(QUEUES)
        wait_until(lambda: bool(window.pages.queues_page.slots.lines))
        self._grab(window, "queues")

    def _doors(self) -> None:
        door_pictures(self._session, SENDS, self._grab, wait_until)

    def _wizard(self) -> None:
        session = self._session
        path, form_path = self._two_patients()
        wizard = session.import_disc()
        wizard.resize(1280, 800)
        self._grab(wizard, "cd-wizard-call-empty")
        wizard.call.fill_from(form_path.read_text("utf-8"))
        self._grab(wizard, "cd-wizard-call")
        wizard.show_step(Step.DISC)
        self._grab(wizard, "cd-wizard-drives")
        wizard.offer_disc(str(path))
        wizard.show_step(Step.CONTENTS)
        wait_until(lambda: wizard.case.reading_finished)
        self._grab(wizard, "cd-wizard-disc")
        for step, name in ((Step.MATCH, "match"), (Step.RIS, "ris"), (Step.GO, "go")):
            wizard.show_step(step)
            self._grab(wizard, f"cd-wizard-{name}")
        wizard.drafts.discard()
        wizard.close()

    def _two_patients(self) -> tuple[Path, Path]:
        """The disc that has most to show: the one with the most patients."""
        folder = Path(self._session.profile.settings.disc_folders[0])
        disc = folder / "two-patients"
        path = disc if disc.is_dir() else next(p for p in sorted(folder.iterdir()) if p.is_dir())
        return path, path.with_name(path.name + ".form.json")

    def _dialogs(self) -> None:
        session, services, queries = self._session, self._session.services, self._session.queries
        theme, window = session.theme, session.window
        ours = services.me.hospital
        nodes = NodesDialog(services.nodes, services.reading, queries, ours, theme, window)
        self._show_and_grab(nodes, "nodes")
        hospitals = HospitalsDialog(services.nodes, services.reading, queries, theme, window)
        self._show_and_grab(hospitals, "hospitals")
        review = ReviewDialog(
            services.reviews, services.nodes, services.reading, queries, ours, theme, window
        )
        self._show_and_grab(review, "review-before-sending")
        start = SetupDialog(
            setup.known_hospitals(Context()),
            services.me.user,
            queries,
            setup.echo,
            lambda _url, _ctx: "It will be made in the profile.",
            theme,
        )
        self._show_and_grab(start, "first-start")

    def _show_and_grab(self, dialog: QWidget, name: str) -> None:
        dialog.show()
        self._grab(dialog, name)
        dialog.close()
        dialog.deleteLater()

    def _grab(self, widget: QWidget, name: str) -> None:
        pause(_SETTLE)
        path = self._folder / f"{name}{self._suffix}.png"
        if not widget.grab().save(str(path)):
            raise Permanent("A picture cannot be written", str(path), "Is the folder writable?")
        self._made.append(path)


def delivered_of(session: Session) -> Transaction:
    """The import with the most images that is on PACS."""
    rows = session.desk.reading.page(WorklistFilter(), WorklistOrder(), 0, 50).rows
    return max((t for t in rows if t.status is Status.DELIVERED), key=lambda t: t.counts.verified)


def wait_until(done: Callable[[], bool]) -> None:
    """Let the windows live until `done`.

    Raises:
        Permanent: it does not come.
    """
    end = time.monotonic() + _LONGEST
    while not done():
        if time.monotonic() > end:
            raise Permanent("A screen did not come to rest", f"Waited {_LONGEST:.0f} s.")
        pause(0.02)


def pause(seconds: float) -> None:
    """Let the windows live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()
    QApplication.sendPostedEvents()
