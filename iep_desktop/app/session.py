"""One profile at work: its services, its engine, its windows; started and stopped here and nowhere else."""

from __future__ import annotations

import gc
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer

from iep_desktop.core.me import Me
from iep_desktop.core.transaction import Transaction
from iep_desktop.settings import Profile, StateStore
from iep_desktop.ui.main_window import MainWindow
from iep_desktop.ui.theme import Theme, ThemeChoice
from iep_desktop.workers.collecting import Collecting
from iep_desktop.workers.deferred import deferred
from iep_desktop.workers.desk import Desk
from iep_desktop.workers.engine_process import EngineProcess
from iep_desktop.workers.queries import Queries

if TYPE_CHECKING:
    from iep_desktop.store.drafts import Drafts
    from iep_desktop.ui.disc_wizard.wizard import DiscWizard
    from iep_desktop.workers.acts import Acts
    from iep_desktop.workers.copies import Copies
    from iep_desktop.workers.discs import Discs
    from iep_desktop.workers.downloads import Downloads
    from iep_desktop.workers.gatekeeper import Gatekeeper
    from iep_desktop.workers.hours import Hours
    from iep_desktop.workers.imports import Imports
    from iep_desktop.workers.nodes import Nodes
    from iep_desktop.workers.priorities import Priorities
    from iep_desktop.workers.queue import Queue
    from iep_desktop.workers.reading import Reading
    from iep_desktop.workers.replies import Replies
    from iep_desktop.workers.requests import Requests
    from iep_desktop.workers.review import Reviews
    from iep_desktop.workers.saved_worklists import SavedWorklists
    from iep_desktop.workers.thumbnails import Thumbnails
    from iep_desktop.workers.transfers import Transfers
    from iep_desktop.workers.viewings import Viewings


SWITCH_SECONDS = 0.00005
START_AFTER_MS = 60


@dataclass(frozen=True)
class WindowDesk:
    """The desk as windows hold it: every service is opened by the first question that needs it."""

    me: Me
    reading: Reading
    imports: Imports
    nodes: Nodes
    discs: Discs
    drafts: Drafts
    requests: Requests
    replies: Replies
    transfers: Transfers
    downloads: Downloads
    acts: Acts
    priorities: Priorities
    queue: Queue
    hours: Hours
    gatekeeper: Gatekeeper
    copies: Copies
    worklists_saved: SavedWorklists
    viewings: Viewings
    thumbnails: Thumbnails
    reviews: Reviews


def window_desk(desk: Desk) -> WindowDesk:
    return WindowDesk(
        desk.me,
        deferred(lambda: desk.reading),
        deferred(lambda: desk.imports),
        deferred(lambda: desk.nodes),
        deferred(lambda: desk.discs),
        deferred(lambda: desk.drafts),
        deferred(lambda: desk.requests),
        deferred(lambda: desk.replies),
        deferred(lambda: desk.transfers),
        deferred(lambda: desk.downloads),
        deferred(lambda: desk.acts),
        deferred(lambda: desk.priorities),
        deferred(lambda: desk.queue),
        deferred(lambda: desk.hours),
        deferred(lambda: desk.gatekeeper),
        deferred(lambda: desk.copies),
        deferred(lambda: desk.worklists_saved),
        deferred(lambda: desk.viewings),
        deferred(lambda: desk.thumbnails),
        deferred(lambda: desk.reviews),
    )


class Session(QObject):
    """One profile at work: its services, its engine, its windows."""

    def __init__(self, profile: Profile, theme: Theme, *, state: StateStore | None = None) -> None:
        super().__init__()
        self.collecting = Collecting(self)  # not before the window stands, see `start`
        # Many threads work beside the event loop: it gets the interpreter back after 50 µs instead of 5 ms.
        sys.setswitchinterval(SWITCH_SECONDS)
        self.profile = profile
        self.theme = theme
        self.state = state or profile.state()
        self.engine = EngineProcess(profile.root, self)
        self.desk = Desk(profile, self.engine)
        self.services = window_desk(self.desk)
        self.queries = Queries(self)
        self.wizards: list[DiscWizard] = []
        self.window = MainWindow(
            self.services, self.queries, theme, self.state, busy=lambda: self.engine.busy
        )
        self.window.import_disc_wanted.connect(self.import_disc)
        self.window.transaction_made.connect(lambda _: self.engine.wake())
        self.window.doors.presets = {
            "hospital": profile.settings.trauma_hospital,
            "node": profile.settings.trauma_node,
        }
        self.window.theme_chosen.connect(self._keep_theme)
        self.window.closing.connect(self.close)
        self._closed = False

    def show(self) -> None:
        """Show the window; what it watches and the engine start once its first page has had the interpreter alone."""
        self.window.show()
        QTimer.singleShot(START_AFTER_MS, self, self.start)

    def start(self) -> None:
        gc.freeze()  # what stands now stays: no collection looks through it while images move
        self.collecting.start()
        desk = self.desk
        self.queries.watch(
            ledger=lambda _: desk.ledger_token(),
            lights=lambda ctx: desk.nodes.lights(ctx),
            drives=lambda _: desk.discs.drives(),
            flow=lambda _: desk.flow(),
        )
        self.engine.settled.connect(lambda _: self.queries.look_now())
        self.engine.start()
        # By then the libraries are loaded here, too: no collection looks through them.
        self.engine.looked.connect(gc.freeze, Qt.ConnectionType.SingleShotConnection)

    def import_disc(self, path: str = "") -> DiscWizard:
        """Open the wizard, at a disc where one is named."""
        from iep_desktop.ui.disc_wizard.wizard import DiscWizard

        wizard = DiscWizard(self.services, self.queries, self.state, self.theme)  # type: ignore[arg-type]
        wizard.import_started.connect(self._import_started)
        wizard.contents.view_wanted.connect(self.window.viewers.of_contents)
        wizard.closed.connect(lambda: self._forget(wizard))
        self.wizards.append(wizard)
        for folder in self.profile.settings.disc_folders[:1]:
            wizard.look_for_forms_in(folder)
        if path:
            wizard.offer_disc(path)
        wizard.show()
        return wizard

    def close(self) -> None:
        """Stop cleanly: jobs end between instances and go on at the next start, drafts are kept."""
        if self._closed:
            return
        self._closed = True
        self.window.hide()  # it goes at once, whatever the engine still has in its hands
        for wizard in list(self.wizards):
            wizard.close()
        self.engine.stop()
        self.queries.close()
        self.desk.close()
        self.collecting.stop()

    def _import_started(self, transaction: Transaction) -> None:
        self.engine.wake()
        self.window.show_created(transaction)

    def _forget(self, wizard: DiscWizard) -> None:
        if wizard in self.wizards:
            self.wizards.remove(wizard)
        wizard.deleteLater()

    def _keep_theme(self, choice: ThemeChoice) -> None:
        self.profile = self.profile.with_settings(theme=choice.value)
