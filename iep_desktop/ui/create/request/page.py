"""New Request: the form, what blocks beside it, *Send and Create Transaction* (R-FORM, A1)."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from iep_desktop.core.form_rules import Check, Gate
from iep_desktop.core.job import Context
from iep_desktop.core.model import Form, FormKind, Hospital, Node, NodeRole, Priority
from iep_desktop.core.transaction import Transaction
from iep_desktop.ui.create.asks import CreateDesk, SendsRequests
from iep_desktop.ui.create.form_page import FormPage, Words
from iep_desktop.ui.create.institution import InstitutionPicker
from iep_desktop.ui.create.request.fields import RequestFields
from iep_desktop.ui.create.sheet import Sheet
from iep_desktop.ui.theme import Theme
from iep_desktop.workers.queries import Queries

WORDS = Words("New Request", "&Send and Create Transaction", "request", FormKind.IMPORT)


class _RequestGate:
    """The gate of a request as the asker wants it."""

    def __init__(self, requests: SendsRequests) -> None:
        self._requests = requests

    def assess(self, form: Form, _ctx: Context) -> Gate:
        return self._requests.assess(form)


class RequestPage(FormPage):
    """Asks another hospital for images."""

    def __init__(self, desk: CreateDesk, queries: Queries, theme: Theme) -> None:
        super().__init__(desk, queries, theme, WORDS, _RequestGate(desk.requests))
        self.institution = InstitutionPicker(theme)
        self.fields = RequestFields(theme)
        self.institution.edited.connect(self.changed)
        self.institution.confirmed.connect(self._confirmed)
        self.fields.edited.connect(self.changed)
        self.build(self.institution, self.fields)
        nodes = desk.nodes
        queries.ask(lambda _ctx: nodes.list(), self._nodes_came, owner=self)

    def _confirmed(self) -> None:
        self.changed()
        self.fields.control("call_ref").setFocus()

    def _nodes_came(self, nodes: tuple[Node, ...]) -> None:
        ours = [n.name for n in nodes if n.role is NodeRole.PACS and n.hospital == self.desk.me.hospital]
        self.fields.node.setText(ours[0] if ours else "")
        self.fields.delivery.setVisible(bool(ours))

    # -- the form

    def sheet(self) -> Sheet:
        picker = self.institution
        text = replace(self.fields.text(), hospital=picker.ods, hospital_typed=picker.typed)
        return Sheet(text, confirmed=picker.is_confirmed)

    def put(self, sheet: Sheet) -> None:
        self.fields.show_text(sheet.text)
        self.institution.show_institution(sheet.text.hospital, sheet.text.hospital_typed, sheet.confirmed)

    def order(self) -> Form:
        return self.sheet().text.to_form()

    def own_checks(self) -> tuple[Check, ...]:
        return (self.institution.check(),)

    def mark(self, problems: dict[str, str]) -> None:
        self.fields.set_problems(problems)
        self.fields.reason.setVisible(self.fields.text().priority is Priority.BLUE_LIGHT)

    def make(self, order: Form, ctx: Context) -> Transaction:
        return self.desk.requests.create(order.hospital, order)

    def take_hospitals(self, hospitals: tuple[Hospital, ...]) -> None:
        ours = self.desk.me.hospital
        self.institution.set_hospitals([hospital for hospital in hospitals if hospital.ods != ours])

    def first_focus(self) -> QWidget:
        if not self.offer.isHidden():
            return self.offer.take
        return self.fields.control("call_ref") if self.institution.is_confirmed else self.institution.box
