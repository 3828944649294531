"""New Transfer: recipient, patient, images and documents, priority; what blocks beside it; *Send* (R-FORM, A1, A4)."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QLineEdit, QWidget

from iep_desktop.core.exchange import TransferAssessment, TransferOrder
from iep_desktop.core.form_rules import Check, block, is_all_imaging
from iep_desktop.core.job import Context
from iep_desktop.core.model import Exam, Form, FormKind, Hospital, Node, RecipientKind
from iep_desktop.core.queries import PacsStudy
from iep_desktop.core.transaction import Transaction
from iep_desktop.ui.create import sheet as sheets
from iep_desktop.ui.create.asks import CreateDesk
from iep_desktop.ui.create.attachments_box import AttachmentsBox
from iep_desktop.ui.create.form_page import FormPage, Words
from iep_desktop.ui.create.image_review import ImageReview
from iep_desktop.ui.create.institution import InstitutionPicker
from iep_desktop.ui.create.sheet import Sheet
from iep_desktop.ui.create.studies_box import StudiesBox
from iep_desktop.ui.create.transfer.criteria import CriteriaBar
from iep_desktop.ui.create.transfer.fields import StaffFields, WhoFields
from iep_desktop.ui.disc_wizard.form_text import FormText
from iep_desktop.ui.disc_wizard.parts import FormField, column, row
from iep_desktop.ui.services import StateStore
from iep_desktop.ui.theme import Theme
from iep_desktop.ui.widgets.field import Field, Select
from iep_desktop.ui.widgets.labels import Hairline, Label
from iep_desktop.ui.widgets.segmented import Segmented
from iep_desktop.workers.queries import Queries

WORDS = Words("New Transfer", "&Send the images", "transfer", FormKind.EXPORT)
_KINDS = (
    (RecipientKind.INSTITUTION, "Institution", "&Institution"),
    (RecipientKind.COMPANY, "Company, hospital or third party", "Company, hosp&ital or third party"),
    (RecipientKind.INDIVIDUAL, "Individual", "Where the &individual works"),
)
_EMPTY = (
    "Nothing is ticked by itself (A4). Enter the patient’s number and search PACS for the relevant studies."
)


class TransferPage(FormPage):
    """Sends images to another hospital."""

    def __init__(self, desk: CreateDesk, queries: Queries, theme: Theme, state: StateStore) -> None:
        super().__init__(desk, queries, theme, WORDS, desk.transfers)
        self.kind = Segmented([(kind.value, text) for kind, text, _ in _KINDS], theme, "Recipient")
        self.institution = InstitutionPicker(theme)
        self.node = Select()
        self.node_field = Field("Destination node", self.node, theme)
        self.who, self.staff = WhoFields(theme, desk.me.numbers), StaffFields(theme)
        self.asked = Label("", "text2", wrap=True)
        self.criteria = CriteriaBar(theme)
        self.studies = StudiesBox(desk.transfers, queries, theme, _EMPTY)
        self.review = ImageReview(desk, queries, theme, state)
        self.onward = QLineEdit()
        self.onward.setPlaceholderText("Why the patient’s care needs it, for example the MDT decides on both")
        self.onward_field = FormField(
            "Images of another hospital are ticked: why are they sent on? (§2.6c)",
            self.onward,
            theme,
            mandatory=True,
        )
        self.attachments = AttachmentsBox(desk.transfers, queries, theme)
        self._sheet = sheets.blank(FormKind.EXPORT)
        self._text = FormText()
        self.build(self._recipient(), self.who, self._images(), self.staff)
        self._wire()

    # -- building

    def _recipient(self) -> QWidget:
        kinds = row(Label("Recipient", "text2"), self.kind, spacing=12)
        kinds.addStretch(1)
        box = column(spacing=8)
        box.addLayout(kinds)
        box.addWidget(self.institution)
        node = row(self.node_field)
        node.addStretch(1)
        self.node.setMinimumWidth(self.theme.sizes.of(280))
        box.addLayout(node)
        widget = QWidget()
        widget.setLayout(box)
        self.node_field.hide()
        return widget

    def _images(self) -> QWidget:
        widget = QWidget()
        widget.setLayout(
            column(
                Hairline(),
                Label("Images and documents", weight=600),
                self.asked,
                self.criteria,
                self.studies,
                self.review,
                self.onward_field,
                self.attachments,
                spacing=12,
            )
        )
        self.onward_field.hide()
        self.asked.hide()
        self.review.hide()
        return widget

    def _wire(self) -> None:
        self.kind.chosen.connect(self._kind_chosen)
        self.institution.edited.connect(self.changed)
        self.institution.confirmed.connect(self._confirmed)
        self.who.edited.connect(self.changed)
        self.staff.edited.connect(self.changed)
        self.criteria.search_wanted.connect(self.search)
        self.criteria.cleared.connect(self.studies.clear)
        self.studies.changed.connect(self._studies_changed)
        self.studies.viewed.connect(self.review.look_at)
        self.review.changed.connect(self.changed)
        self.attachments.changed.connect(self.changed)
        self.onward.textEdited.connect(lambda _: self.changed())
        self.node.currentIndexChanged.connect(lambda _: self.changed())

    # -- the recipient

    def _kind_chosen(self, key: str) -> None:
        label = next(label for kind, _, label in _KINDS if kind.value == key)
        self.institution.set_label(label)
        self.changed()

    def _confirmed(self) -> None:
        self._fix_kind()
        self._ask_nodes()
        self.changed()
        self.who.control("call_ref").setFocus()

    def _fix_kind(self) -> None:
        """The kind of recipient is fixed together with it (R-TX-2)."""
        self.kind.setEnabled(not self.institution.is_confirmed)

    def _ask_nodes(self) -> None:
        """The recipient's gateways."""
        transfers, to = self.desk.transfers, self.institution.ods
        self.node_field.setVisible(False)
        if to and self.institution.is_confirmed:
            self.queries.ask(lambda _ctx: transfers.destinations(to), self._nodes_came, owner=self)

    def _nodes_came(self, nodes: tuple[Node, ...]) -> None:
        with QSignalBlocker(self.node):
            self.node.clear()
            for node in nodes:
                self.node.addItem(node.name, node.name)
            self.node.set_value(self._sheet.node)
        self.node_field.setVisible(bool(nodes))
        self.changed(typed=False)

    # -- images

    def search(self) -> None:
        """Ask PACS for the patient as the form stands."""
        form = self.sheet().text.to_form()
        self.studies.search(self.criteria.criteria(form.patient.hospital_no), form)

    def _studies_changed(self) -> None:
        self.onward_field.setVisible(bool(self.studies.ticked_foreign))
        sheet = self.sheet()
        to = (sheet.text.hospital, sheet.node)
        self.review.studies_are(self.studies.ticked, sheet.text.to_form().patient, to)
        self.changed()

    def answer(self, request_id: int) -> None:
        """The transfer that answers a request, prefilled from it and tied to it."""
        if self.drafts.is_saving:
            self.drafts.save_now()
        self.offer.hide()
        transfers = self.desk.transfers
        self.queries.ask(
            lambda _ctx: transfers.prefilled(request_id),
            lambda form: self._prefill(form, request_id),
            self.error.show_error,
            owner=self,
        )

    def _prefill(self, form: Form, request_id: int) -> None:
        self.offer.hide()
        self.show_sheet(sheets.of_form(form, confirmed=True, request_id=request_id))
        self.drafts.begin_another()
        self.who.control("hospital_no").setFocus()

    # -- the form

    def sheet(self) -> Sheet:
        picker, text = self.institution, self._text
        for fields in (self.who, self.staff):
            text = fields.onto(text)
        text = replace(text, hospital=picker.ods, hospital_typed=picker.typed)
        return replace(
            self._sheet,
            text=text,
            confirmed=picker.is_confirmed,
            recipient_kind=RecipientKind(self.kind.key),
            node=str(self.node.value() or self._sheet.node),
            onward_reason=self.onward.text(),
        )

    def put(self, sheet: Sheet) -> None:
        self._sheet, self._text = sheet, sheet.text
        self.who.show_text(sheet.text)
        self.staff.show_text(sheet.text)
        self.kind.choose(sheet.recipient_kind.value)
        self.institution.set_label(next(label for kind, _, label in _KINDS if kind is sheet.recipient_kind))
        self.institution.show_institution(sheet.text.hospital, sheet.text.hospital_typed, sheet.confirmed)
        self._fix_kind()
        self.onward.setText(sheet.onward_reason)
        self.attachments.clear()
        self.studies.clear()
        with QSignalBlocker(self.node):
            self.node.clear()
        self._ask_nodes()
        asked = "; ".join(exam.label for exam in sheet.text.to_form().exams)
        self.asked.setText(f"Asked for: {asked}")
        self.asked.setVisible(bool(asked))

    def changed(self, *, typed: bool = True) -> None:
        self.studies.patient_is(self.sheet().text.to_form())
        super().changed(typed=typed)

    def order(self) -> TransferOrder:
        sheet = self.sheet()
        form = sheet.text.to_form()
        to = replace(form.recipient, kind=sheet.recipient_kind)
        return TransferOrder(
            to=form.hospital,
            form=replace(form, recipient=to, exams=form.exams or _exams_of(self.studies.ticked)),
            studies=self.studies.ticked,
            instances=self.review.instances,
            review=self.review.review,
            destination_node=sheet.node,
            onward_reason=sheet.onward_reason.strip(),
            attachments=self.attachments.attachments,
            request_id=sheet.request_id,
        )

    def own_checks(self) -> tuple[Check, ...]:
        checks = [self.institution.check()]
        answer: TransferAssessment | None = self.gate.answer_to(self._order)
        if answer is not None and answer.pacs_error is not None:
            error = answer.pacs_error
            checks.append(block("pacs", error.title, "R-GATE-4", "§2.6a", "Search again", error.hint))
        if self.review.leaves_out_all:
            title = "No image is ticked in the review"
            checks.append(block("images", title, "R-GATE-8", "A4", "Tick the relevant images"))
        if self.attachments.is_reading:
            checks.append(block("reading", "A document is still being read", "R-FORM", "A4", "Wait for it"))
        return tuple(checks)

    def mark(self, problems: dict[str, str]) -> None:
        self.who.set_problems(problems)
        self.staff.set_problems(problems)

    def make(self, order: TransferOrder, ctx: Context) -> Transaction:
        return self.desk.transfers.create(order, ctx)

    def take_hospitals(self, hospitals: tuple[Hospital, ...]) -> None:
        ours = self.desk.me.hospital
        self.institution.set_hospitals([hospital for hospital in hospitals if hospital.ods != ours])

    def first_focus(self) -> QWidget:
        if not self.offer.isHidden():
            return self.offer.take
        if not self.institution.is_confirmed:
            return self.institution.box
        return self.who.control("hospital_no" if self._sheet.request_id else "call_ref")


def _exams_of(studies: tuple[PacsStudy, ...]) -> tuple[Exam, ...]:
    """What is sent, as exams of the form, for the history's sake; what PACS does not say fully is no exam here."""
    return tuple(
        Exam(study.study_date, study.modalities[0], study.description)
        for study in studies
        if study.study_date and study.modalities and not is_all_imaging(study.description)
    )
