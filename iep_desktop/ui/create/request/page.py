"""New Request: the form, what blocks beside it, *Send and Create Transaction* (R-FORM, A1)."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from iep_desktop.core.errors import IepError, Refused
from iep_desktop.core.form_rules import Check, Gate
from iep_desktop.core.job import Context
from iep_desktop.core.model import Form, FormKind, Hospital, Node, Priority
from iep_desktop.core.transaction import Status, Transaction
from iep_desktop.ui.acts import Act
from iep_desktop.ui.create import sheet as sheets
from iep_desktop.ui.create.asks import CreateDesk, SendsRequests
from iep_desktop.ui.create.form_page import FormPage, Words
from iep_desktop.ui.create.institution import InstitutionPicker
from iep_desktop.ui.create.request.fields import RequestFields
from iep_desktop.ui.create.sheet import Sheet
from iep_desktop.ui.possible import possible
from iep_desktop.ui.theme import Theme
from iep_desktop.workers.queries import Queries

WORDS = Words("New Request", "&Send and Create Transaction", "request", FormKind.IMPORT)


class _RequestGate:
    """The gate of a request as the asker wants it; a request that is sent again is no history of itself."""

    def __init__(self, requests: SendsRequests) -> None:
        self._requests = requests
        self.number = ""

    def assess(self, form: Form, _ctx: Context) -> Gate:
        return self._requests.assess(form, self.number)


class RequestPage(FormPage):
    """Asks another hospital for images; or asks again after a decline, or completes what was missing (R-TX-6, 7)."""

    def __init__(self, desk: CreateDesk, queries: Queries, theme: Theme) -> None:
        self._rules = _RequestGate(desk.requests)
        self._again: Transaction | None = None
        super().__init__(desk, queries, theme, WORDS, self._rules)
        self.institution = InstitutionPicker(theme)
        self.fields = RequestFields(theme, desk.me.numbers)
        self.institution.edited.connect(self.changed)
        self.institution.confirmed.connect(self._confirmed)
        self.fields.edited.connect(self.changed)
        self.build(self.institution, self.fields)
        gatekeeper = desk.gatekeeper
        queries.ask(lambda _ctx: gatekeeper.pacs_node(""), self._node_came, self._no_node, owner=self)

    def _confirmed(self) -> None:
        self.changed()
        self.fields.control("call_ref").setFocus()

    def _node_came(self, node: Node) -> None:
        self.fields.node.setText(node.name)

    def _no_node(self, error: IepError) -> None:
        """No PACS is known yet: it can be asked for all the same."""
        self.fields.delivery.set_error(error.title)

    # -- one that was sent before

    def rework(self, request: Transaction) -> None:
        """The same transaction with its history and messages; its institution is fixed (R-TX-2)."""
        if self.drafts.is_saving:
            self.drafts.save_now()
        self.drafts.begin_another()
        self._is_again(request)
        self.side.say_saved(None)
        self.offer.hide()
        self.show_sheet(sheets.of_form(request.form, confirmed=True))

    def _is_again(self, request: Transaction | None) -> None:
        self._again = request
        self._rules.number = request.number if request else ""
        declined = request is not None and request.status is Status.DECLINED
        verb = "Re-work" if declined else "Complete"
        self.heading.setText(f"{verb} {request.number}" if request else WORDS.title)
        self.side.send.setText(
            ("&Send again" if declined else "&Send the details") if request else WORDS.send
        )

    def refused(self, error: Refused) -> None:
        """Somebody else may have sent it meanwhile: say how it stands, and the way to it."""
        again, reading = self._again, self.desk.reading
        if again is not None:
            self.queries.ask(
                lambda _ctx: reading.by_id(again.id),
                lambda now: self._stands(now, error),
                self.error.show_error,
                owner=self,
            )

    def _stands(self, now: Transaction, error: Refused) -> None:
        if self._again is None or now.id != self._again.id:
            return  # another form has been opened meanwhile
        self._again = now
        waits = {Act.REWORK, Act.COMPLETE} & set(possible(now, self.desk.me.user))
        step = (
            f"{now.number} has the status {now.status.value} now. What you typed is still here, to be "
            f"{'sent again or copied' if waits else 'copied; look at what was sent'}."
        )
        hint = "" if error.hint == "Refresh." else error.hint
        told = IepError(error.title, error.message, " ".join(part for part in (hint, step) if part))
        self.error.show_error(told, f"Open {now.number}", lambda: self.opened.emit(now))

    @property
    def keeps_draft(self) -> bool:
        return self._again is None

    def clear(self) -> None:
        self._is_again(None)
        super().clear()

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
        requests, again = self.desk.requests, self._again
        if again is None:
            return requests.create(order.hospital, order)
        send = requests.send_again if again.status is Status.DECLINED else requests.give_details
        send(again.id, order)
        return self.desk.reading.by_id(again.id)

    def take_hospitals(self, hospitals: tuple[Hospital, ...]) -> None:
        ours = self.desk.me.hospital
        self.institution.set_hospitals([hospital for hospital in hospitals if hospital.ods != ours])

    def first_focus(self) -> QWidget:
        if not self.offer.isHidden():
            return self.offer.take
        return self.fields.control("call_ref") if self.institution.is_confirmed else self.institution.box
