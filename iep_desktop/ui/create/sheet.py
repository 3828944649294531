"""What a person has typed on New Request or New Transfer, whole and half: shown by the page, kept as a draft.

Studies and attachments are no part of it: they are searched and chosen again, so that nothing old is sent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from iep_desktop.core.identifiers import format_nhs_number
from iep_desktop.core.model import Form, FormKind, RecipientKind
from iep_desktop.ui.disc_wizard import form_text
from iep_desktop.ui.disc_wizard.form_text import FormText


@dataclass(frozen=True)
class Sheet:
    """`confirmed`: the institution of the text is fixed (R-TX-2)."""

    text: FormText
    confirmed: bool = False
    recipient_kind: RecipientKind = RecipientKind.INSTITUTION
    node: str = ""  # the recipient's, for what is sent
    onward_reason: str = ""  # R-GATE-8
    request_id: int | None = None  # the request that is answered


def blank(kind: FormKind) -> Sheet:
    """No disc has a part in it, so that no number of discs is asked for."""
    return Sheet(FormText(kind=kind, disc_no="", discs=""))


def of_form(form: Form, *, confirmed: bool = False, request_id: int | None = None) -> Sheet:
    text = form_text.of_form(form)
    text = replace(text, nhs_no=format_nhs_number(text.nhs_no), disc_no="", discs="")
    return Sheet(text, confirmed=confirmed, request_id=request_id)


def to_draft(sheet: Sheet, saved_at: datetime) -> str:
    return json.dumps({
        "saved_at": saved_at.isoformat(),
        "form": form_text.to_json(sheet.text),
        "confirmed": sheet.confirmed,
        "recipient_kind": sheet.recipient_kind.value,
        "node": sheet.node,
        "onward_reason": sheet.onward_reason,
        "request_id": sheet.request_id,
    })  # fmt: skip


def from_draft(text: str, kind: FormKind) -> Sheet:
    """A draft of another version, or a damaged one, is no error: what is understood is used."""
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        return blank(kind)
    if not isinstance(document, dict):
        return blank(kind)
    typed = replace(form_text.from_json(document.get("form")), kind=kind, disc_no="", discs="")
    request_id = document.get("request_id")
    return Sheet(
        typed,
        confirmed=document.get("confirmed") is True and bool(typed.hospital),
        recipient_kind=_recipient_kind(document.get("recipient_kind")),
        node=_string(document.get("node")),
        onward_reason=_string(document.get("onward_reason")),
        request_id=request_id if isinstance(request_id, int) else None,
    )


def _recipient_kind(value: Any) -> RecipientKind:
    return RecipientKind(value) if value in list(RecipientKind) else RecipientKind.INSTITUTION


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
