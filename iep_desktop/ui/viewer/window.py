"""The viewer's window: puts heading, identity, tools, rail, panes, panels and review together and connects them.

Not modal: several may be open. Knows no file and no rule; what it asks for runs off the event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QSplitter, QVBoxLayout, QWidget

from iep_desktop.core.documents import document_kind
from iep_desktop.core.errors import IepError
from iep_desktop.core.job import Context
from iep_desktop.core.pictures import Look
from iep_desktop.core.reviewing import Reviewed
from iep_desktop.core.viewing import (
    ImageSource,
    Sign,
    ViewImage,
    ViewPatient,
    ViewSeries,
    ViewSet,
    ViewStudy,
    names_in,
)
from iep_desktop.ui.services import StateStore
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.viewer.commands import Commands
from iep_desktop.ui.viewer.frame_feed import FrameFeed
from iep_desktop.ui.viewer.heading import Heading
from iep_desktop.ui.viewer.identity_strip import IdentityStrip
from iep_desktop.ui.viewer.keys import COMMANDS, KeysDialog
from iep_desktop.ui.viewer.panels import Panels
from iep_desktop.ui.viewer.panes import COUNTS, Panes
from iep_desktop.ui.viewer.pictures import Pictures, Pixels
from iep_desktop.ui.viewer.rail import Rail
from iep_desktop.ui.viewer.rail_model import Pick
from iep_desktop.ui.viewer.reviewing import Reviewing
from iep_desktop.ui.viewer.toolbar import Toolbar
from iep_desktop.ui.viewer.tools import presets
from iep_desktop.workers.documents import header_identity
from iep_desktop.workers.pool import Running
from iep_desktop.workers.queries import Queries

PictureMaker = Callable[[Pick, Context], Pixels]
_STATE = "viewer/"
_LOW = 480  # a height at 100 %


class ViewerWindow(QWidget):
    """`ticked_changed` when other images are ticked, `closed` when the window has gone."""

    ticked_changed = Signal()
    review_confirmed = Signal(object)  # core.viewing.Review
    closed = Signal()

    def __init__(
        self,
        view: ViewSet,
        source: ImageSource,
        queries: Queries,
        theme: Theme,
        state: StateStore,
        *,
        title: str = "Images",
        make_picture: PictureMaker | None = None,
        tickable: bool = False,
        ticked: Collection[str] = (),
        reviewer: str = "",
        mandatory: bool = False,
        reviewed: Reviewed | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`make_picture` makes the rail's thumbnails; `ticked` are SOP Instance UIDs.

        With a `reviewer`, whose name it is, the images are reviewed: signs are looked for, and a bar confirms.
        """
        super().__init__(parent, Qt.WindowType.Window)
        self._view, self._source, self._queries = view, source, queries
        self._theme, self._state = theme, state
        self._naming: Running | None = None
        self._keys: KeysDialog | None = None
        self.setWindowTitle(f"{title}: {view.title}" if view.title else title)
        self.setProperty("ground", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumSize(theme.sizes.of(560), theme.sizes.of(360))
        self.feed = FrameFeed(source)
        self.heading = Heading(title, view.title, theme)
        self.strip = IdentityStrip(theme)
        self.toolbar = Toolbar(theme)
        pictures = Pictures(make_picture, queries, self) if make_picture else None
        self.rail = Rail(theme, pictures)
        self.panes = Panes(self.feed, source, queries, theme)
        self.panes.names.update(names_in(view))
        self.panels = Panels(queries, theme)
        self.commands = Commands(self)
        self.reviewing: Reviewing | None = None
        if reviewer:
            self.reviewing = Reviewing(
                reviewer, source, queries, self.rail, self.panels.signs, theme, self,
                mandatory=mandatory, done=reviewed,
            )  # fmt: skip
        self._lay_out()
        self._connect()
        self._shortcuts()
        self._restore()
        self.rail.set_tickable(tickable)
        self.rail.set_view(view)
        self.rail.set_ticked(ticked)
        self.strip.set_identity(view.asked, self._first_patient())
        self._fill_panes()
        self.panes.active_cell.setFocus()
        if self.reviewing is not None:
            self.reviewing.look(view)

    # --- building ---------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        for widget in (self.rail, self.panes, self.panels):
            self.splitter.addWidget(widget)
        self.splitter.setStretchFactor(1, 1)
        of = self._theme.sizes.of
        self.splitter.setSizes([of(240), of(800), of(360)])
        self.splitter.setMinimumHeight(of(144))
        self.splitter.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.content = QWidget()
        self.content.setProperty("ground", "none")
        _column(self.content, self.toolbar, self.splitter)
        self.body = QScrollArea()  # where the screen is too low for all, heading and identity still stand
        self.body.setWidgetResizable(True)
        self.body.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.body.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body.setWidget(self.content)
        self._panel_buttons()
        if self.reviewing is not None:
            self._review_button(self.reviewing)
        _column(self, self.heading, self.strip, self.body)
        self._place_review()

    def _place_review(self) -> None:
        """At the foot; on a low screen below the images, which would have no room beside it."""
        if self.reviewing is not None:
            low = self.height() < self._theme.sizes.of(_LOW)
            layout = (self.content if low else self).layout()
            if layout is not None and layout.indexOf(self.reviewing.bar) < 0:
                layout.addWidget(self.reviewing.bar)
                self.reviewing.bar.show()

    def _panel_buttons(self) -> None:
        self.toolbar.add_panel("tags", "tag", "Tags")
        self.documents = [
            (study, series)
            for study in self._view.studies
            for series in study.series
            if series.images and document_kind(series.images[0].sop_class_uid)
        ]
        if self.documents:
            self.toolbar.add_panel("documents", "file-text", f"Documents {len(self.documents)}")

    def _review_button(self, reviewing: Reviewing) -> None:
        self.toolbar.add_panel("signs", "triangle-alert", "Signs")
        reviewing.counted.connect(self._count_signs)
        reviewing.confirmed.connect(self.review_confirmed)

    def _count_signs(self, count: int) -> None:
        self.toolbar.set_words("signs", f"Signs {count}" if count else "Signs")

    def _connect(self) -> None:
        self.heading.keys_wanted.connect(lambda: self.commands.run("keys"))
        self.heading.close_wanted.connect(self.close)
        self.toolbar.commanded.connect(self.commands.run)
        self.toolbar.looked.connect(self._look)
        self.rail.opened.connect(lambda study, series: self.open(study, series))
        self.rail.image_opened.connect(self.open)
        self.rail.ticked_changed.connect(self.ticked_changed)
        self.panes.shown.connect(self._shown)
        self.panes.document_shown.connect(self._document_shown)
        self.panes.changed.connect(self._panes_changed)
        self.panels.signs.chosen.connect(self._show_sign)

    def _shortcuts(self) -> None:
        for command in COMMANDS:
            for key in command.keys:
                shortcut = QShortcut(QKeySequence(key), self)
                shortcut.activated.connect(lambda id=command.id: self.commands.run(id))
        for number in range(1, 10):
            shortcut = QShortcut(QKeySequence(str(number)), self)
            shortcut.activated.connect(lambda key=str(number): self._preset(key))

    # --- what is shown ----------------------------------------------------------------------------------------

    def open(self, study: ViewStudy, series: ViewSeries, image: ViewImage | None = None) -> None:
        """In the active pane."""
        self.panes.open(study, series, image)
        self.rail.select(series.series_uid)
        self.panes.active_cell.setFocus()

    def set_view(self, view: ViewSet) -> None:
        """The same set, grown."""
        self._view = view
        self.panes.names.update(names_in(view))
        self.rail.set_view(view)
        self._fill_panes()
        if self.reviewing is not None:
            self.reviewing.look(view)

    def ticked(self) -> frozenset[str]:
        return self.rail.ticked()

    def show_signs(self) -> None:
        if self.reviewing is not None:
            self.panels.toggle_signs()

    def next_document(self) -> None:
        if not self.documents:
            return
        shown = self.panes.active_cell.stack
        at = next((n for n, (_, series) in enumerate(self.documents) if shown and series is shown.series), -1)
        self.open(*self.documents[(at + 1) % len(self.documents)])

    def step_series(self, step: int) -> None:
        every = [(study, series) for study in self._view.studies for series in study.series]
        shown = self.panes.active_cell.stack
        at = next((n for n, (_, series) in enumerate(every) if shown and series is shown.series), -step)
        if 0 <= at + step < len(every):
            self.open(*every[at + step])

    def set_panes(self, count: int) -> None:
        self.panes.set_count(count)
        self._fill_panes()
        self._panes_changed()

    def _fill_panes(self) -> None:
        """Empty panes show the series that are not shown yet, images first."""
        every = [(study, series) for study in self._view.studies for series in study.series if series.images]
        shown = [cell.stack.series for cell in self.panes.cells if cell.stack]
        left = [pair for pair in every if pair[1] not in shown]
        left.sort(key=lambda pair: bool(document_kind(pair[1].images[0].sop_class_uid)))
        active = self.panes.active_cell
        for at, cell in enumerate(self.panes.cells):
            if cell.stack is None and left:
                self.panes.open(*left.pop(0), at=at)
        self.panes.activate(self.panes.cells.index(active))

    def _first_patient(self) -> ViewPatient:
        return next((study.patient for study in self._view.studies), ViewPatient())

    def _shown(self) -> None:
        """Identity, windows and tags are those of the active pane, from its own file."""
        pane = self.panes.active
        facts = pane.picture.facts if pane.picture else None
        self.toolbar.show_looks(facts, pane.look)
        self.toolbar.set_playing(playing=pane.cine.running)
        self._note_seen()
        if self.panes.active_cell.is_document:
            return
        self.panels.set_file(self.feed.reader.path(pane.picture.slot) if pane.picture else None)
        if facts is not None:
            self.strip.set_identity(self._view.asked, facts.patient)
        else:
            self._name_as_listed()

    def _name_as_listed(self) -> None:
        """While nothing of a series can be seen, nobody else's name may stand above it."""
        cell = self.panes.active_cell
        if cell.stack is not None and cell.pane.picture is None and not cell.is_document:
            self.strip.set_identity(self._view.asked, cell.stack.study.patient)

    def _note_seen(self) -> None:
        """A series counts as seen when an image of it has been on the screen."""
        if self.reviewing is not None:
            for cell in self.panes.cells:
                if cell.stack is not None and (cell.pane.picture is not None or cell.is_document):
                    self.reviewing.saw(cell.stack.series.series_uid)

    def _panes_changed(self) -> None:
        self.rail.set_places(self.panes.places())
        self.toolbar.set_panes(self.panes.count)
        stack = self.panes.active_cell.stack
        if stack is not None:
            self.rail.select(stack.series.series_uid)
        self._name_as_listed()

    def _document_shown(self, file: Path) -> None:
        """A document says itself whose it is."""
        self.panels.set_file(file)
        self._note_seen()
        self._naming = self._queries.ask(
            lambda _ctx: header_identity(file), self._named, self._not_named, owner=self
        )

    def _named(self, patient: ViewPatient) -> None:
        if self.panes.active_cell.is_document:
            self.strip.set_identity(self._view.asked, patient)

    def _not_named(self, _error: IepError) -> None:
        if self.panes.active_cell.is_document:
            self.strip.set_identity(self._view.asked, ViewPatient())

    def _show_sign(self, sign: Sign) -> None:
        """To the first image that a warning is about."""
        for study in self._view.studies:
            for series in study.series:
                if series.series_uid == sign.series_uid:
                    named = (i for i in series.images if i.sop_instance_uid in sign.sop_instance_uids)
                    self.open(study, series, next(named, None))
                    return

    # --- looks ------------------------------------------------------------------------------------------------

    def _look(self, look: Look) -> None:
        pane = self.panes.active
        pane.set_look(replace(look, invert=pane.look.invert))
        pane.setFocus()

    def _preset(self, key: str) -> None:
        picture = self.panes.active.picture
        offered = presets(picture.facts if picture else None)
        found = next((preset for preset in offered if preset.key == key), None)
        if found is not None:
            self._look(found.look)

    def show_keys(self) -> None:
        self._keys = KeysDialog(self._theme, self)
        self._keys.open()

    # --- remembered, and closing ------------------------------------------------------------------------------

    def _restore(self) -> None:
        geometry, splitter = self._state.load(f"{_STATE}geometry"), self._state.load(f"{_STATE}splitter")
        self.resize(self._theme.sizes.of(1280), self._theme.sizes.of(800))
        if geometry:
            self.restoreGeometry(QByteArray(geometry))
        if splitter:
            self.splitter.restoreState(QByteArray(splitter))
            self.panels.hide()
        panes = (self._state.load(f"{_STATE}panes") or b"1").decode("ascii", "replace")
        toggles = (self._state.load(f"{_STATE}toggles") or b"scouts").decode("ascii", "replace").split()
        if panes.isdigit() and int(panes) in COUNTS:
            self.panes.set_count(int(panes))
        self.panes.linked, self.panes.scouts = "link" in toggles, "scouts" in toggles
        for toggle in ("link", "scouts"):
            self.toolbar.set_toggle(toggle, on=toggle in toggles)
        self.toolbar.set_tool(self.panes.tool)
        self._panes_changed()

    def save_state(self) -> None:
        panes = self.panes
        toggles = [name for name, on in (("link", panes.linked), ("scouts", panes.scouts)) if on]
        self._state.save(f"{_STATE}geometry", bytes(self.saveGeometry().data()))
        self._state.save(f"{_STATE}splitter", bytes(self.splitter.saveState().data()))
        self._state.save(f"{_STATE}panes", str(panes.count).encode())
        self._state.save(f"{_STATE}toggles", " ".join(toggles or ["none"]).encode())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_review()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.save_state()
        if self.reviewing is not None:
            self.reviewing.stop()
        self.feed.close()
        event.accept()
        self.closed.emit()


def _column(place: QWidget, *widgets: QWidget) -> None:
    """One below the other without a gap; panes and what holds them take the room."""
    column = QVBoxLayout(place)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for widget in widgets:
        column.addWidget(widget, int(isinstance(widget, QSplitter | QScrollArea)))
