"""Look before you send: opens the viewer over the ticked studies, and keeps which of their images are ticked there.

Keeps the review that a person confirms there, too. A study that is not ticked is only looked at, elsewhere. Owns no
rule; what it keeps is forgotten as soon as other studies are ticked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from iep_desktop.core.model import Patient
from iep_desktop.core.queries import PacsStudy
from iep_desktop.core.reviewing import reviewed
from iep_desktop.core.transaction import Instance
from iep_desktop.core.viewing import Review, ViewPatient, ViewSet
from iep_desktop.ui.create.asks import CreateDesk
from iep_desktop.ui.disc_wizard.parts import row
from iep_desktop.ui.pace import several, show_count
from iep_desktop.ui.services import StateStore
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.buttons import Button
from iep_desktop.ui.widgets.labels import Label
from iep_desktop.workers.queries import Queries

if TYPE_CHECKING:
    from iep_desktop.core.job import Context
    from iep_desktop.core.viewing import ImageSource
    from iep_desktop.ui.services import IsViewing
    from iep_desktop.ui.viewer.rail_model import Pick
    from iep_desktop.ui.viewer.window import ViewerWindow


class ImageReview(QWidget):
    """`changed` when other images are ticked in the viewer, or a review is confirmed.

    `look_wanted` carries a PacsStudy that is no part of the review, and the ViewPatient whom the form names.
    """

    changed = Signal()
    look_wanted = Signal(object, object)

    def __init__(self, desk: CreateDesk, queries: Queries, theme: Theme, state: StateStore) -> None:
        super().__init__()
        self._desk, self._queries, self._theme, self._state = desk, queries, theme, state
        self._studies: tuple[PacsStudy, ...] = ()
        self._view: ViewSet | None = None
        self._ticked: frozenset[str] = frozenset()
        self._review: Review | None = None
        self._to: tuple[str, ...] = ()
        self.viewer: ViewerWindow | None = None
        self.button = Button("Re&view the images…", theme, icon="image")
        self.said = Label("", "text2")
        line = row(self.button, self.said, spacing=12)
        line.addStretch(1)
        self.setLayout(line)
        self.button.clicked.connect(lambda: self._open())
        self._patient = Patient()

    @property
    def instances(self) -> tuple[Instance, ...]:
        """Those that are ticked, where some were left out; empty means everything in the studies."""
        if self._view is None or self._ticked == _all_of(self._view):
            return ()
        return tuple(one for one in _instances(self._view) if one.sop_instance_uid in self._ticked)

    @property
    def review(self) -> Review | None:
        """The confirmed one; None where other images are ticked since."""
        review = self._review
        return review if review and frozenset(review.sop_instance_uids) == self._ticked else None

    @property
    def leaves_out_all(self) -> bool:
        return self._view is not None and not self._ticked

    def studies_are(self, studies: tuple[PacsStudy, ...], patient: Patient, to: tuple[str, ...]) -> None:
        """Other studies: what was chosen among the images of those before is no choice among these.

        `to`: the hospital and the node, which may ask for a review.
        """
        self._patient, self._to = patient, to
        self.setVisible(bool(studies))
        if studies != self._studies:
            self._studies = studies
            self.forget()

    def forget(self) -> None:
        self._view, self._ticked, self._review = None, frozenset(), None
        self.said.setText("")
        self.close_viewer()

    # -- the viewer

    def look_at(self, study: PacsStudy) -> None:
        """The review opens at a ticked study. To look at another one ticks nothing."""
        if study in self._studies:
            self._open(study.study_uid)
        else:
            self.look_wanted.emit(study, _asked(self._patient))

    def close_viewer(self) -> None:
        """The window that this stands in goes away."""
        if self.viewer is not None:
            self.viewer.close()

    def _open(self, study_uid: str = "") -> None:
        if self.viewer is not None:
            self.viewer.activateWindow()
            self._go_to(study_uid)
            return
        if not self.button.isEnabled():  # it is being opened
            return
        desk, studies, asked, to = self._desk, self._studies, _asked(self._patient), self._to
        self.button.setEnabled(False)
        self.said.setText("PACS lists the images…")
        self._queries.ask(
            lambda ctx: (desk.viewings.of_studies("", studies, ctx, asked), desk.reviews.mandatory(*to)),
            lambda answer: self._show(studies, answer[0], answer[1], study_uid),
            self._not_listed,
            owner=self,
        )

    def _not_listed(self, error: object) -> None:
        self.button.setEnabled(True)
        self.said.setText(f"{getattr(error, 'title', 'It did not work')}: try again")

    def _show(
        self, studies: tuple[PacsStudy, ...], viewing: IsViewing, mandatory: bool, study_uid: str
    ) -> None:
        from iep_desktop.ui.viewer import open_viewer

        self.button.setEnabled(True)
        if studies != self._studies:
            return
        again = self._view is not None and _all_of(self._view) == _all_of(viewing.view)
        ticked = self._ticked if again else _all_of(viewing.view)
        self._view, self._ticked = viewing.view, ticked
        self.viewer = open_viewer(
            viewing.view,
            viewing.source,
            self._queries,
            self._theme,
            self._state,
            title="Review before a send",
            make_picture=self._maker_of_pictures(viewing.source),
            tickable=True,
            ticked=ticked,
            reviewer=self._desk.me.user,
            mandatory=mandatory,
            reviewed=reviewed(self._review) if self._review else None,
        )
        self.viewer.review_confirmed.connect(self._confirmed)
        self.viewer.ticked_changed.connect(self._other_ticks)
        self.viewer.closed.connect(self._closed)
        self._go_to(study_uid)
        self._say()

    def _go_to(self, study_uid: str) -> None:
        if self.viewer is not None and self._view is not None:
            for study in self._view.studies:
                if study.study_uid == study_uid and study.series:
                    self.viewer.open(study, study.series[0])

    def _maker_of_pictures(self, source: ImageSource) -> Callable[[Pick, Context], Any]:
        """For the viewer's thumbnails; off the loop. They belong to no transaction yet."""
        thumbnails = self._desk.thumbnails
        return lambda pick, ctx: thumbnails.of_image(source, pick.study, pick.series, pick.image, ctx, "")

    def _other_ticks(self) -> None:
        if self.viewer is not None and self._view is not None:
            self._ticked = self.viewer.ticked()
            self._say()
            self.changed.emit()

    def _confirmed(self, review: Review) -> None:
        self._review = review
        self._say()
        self.changed.emit()

    def _closed(self) -> None:
        viewer, self.viewer = self.viewer, None
        if viewer is not None:
            viewer.deleteLater()

    def _say(self) -> None:
        total = len(_all_of(self._view)) if self._view else 0
        ticked = len(self._ticked)
        words = "all" if ticked == total else f"{show_count(ticked)} of"
        by = f", reviewed by {self.review.by}" if self.review else ""
        self.said.setText(f"{words.capitalize()} {several(total, 'image')} ticked in the review{by}")


def _all_of(view: ViewSet) -> frozenset[str]:
    return frozenset(one.sop_instance_uid for one in _instances(view))


def _instances(view: ViewSet) -> Iterator[Instance]:
    """As the transfer lists them; the transfer syntax is known once they are fetched."""
    for study in view.studies:
        for series in study.series:
            for image in series.images:
                yield Instance(
                    image.sop_instance_uid,
                    image.sop_class_uid,
                    "",
                    study.study_uid,
                    series.series_uid,
                    series.modality,
                    series.description,
                )


def _asked(patient: Patient) -> ViewPatient:
    """Whom the form names, for the identity strip."""
    return ViewPatient(patient.hospital_no, patient.nhs_no, patient.name, patient.birth_date, patient.sex)
