"""A case as a draft: what the operator typed and decided, as JSON; the disc itself is read again.

Nothing that is found in a draft of another version or a damaged one is an error: what is understood is used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from iep_desktop.core.transaction import MatchDecision
from iep_desktop.ui.disc_wizard import form_text
from iep_desktop.ui.disc_wizard.case import Case, Source, Started, Step
from iep_desktop.ui.disc_wizard.ticks import PatientKey, Ticks

KIND = "cd-import"


@dataclass(frozen=True)
class Restored:
    """Where a draft goes on."""

    step: Step
    source: Source | None


def to_text(case: Case, step: Step, saved_at: datetime) -> str:
    decision = case.decision
    return json.dumps({
        "step": int(step),
        "saved_at": saved_at.isoformat(),
        "form": form_text.to_json(case.text),
        "source": {"path": case.source.path, "label": case.source.label} if case.source else None,
        "patient": case.ticks.patient,
        "ticks": dict(case.ticks.by_hand),
        "reason": case.reason,
        "accessions": dict(case.accessions),
        "registered_by": case.registered_by,
        "decision": vars(decision) | {"decided_at": decision.decided_at.isoformat()} if decision else None,
        "incomplete": case.goes_on_incomplete,
        "done": [[key, started.transaction_id, started.number] for key, started in case.done.items()],
    })  # fmt: skip


def restore(case: Case, text: str) -> Restored:
    """Fill a fresh case from a draft; the disc's contents are still to be read."""
    document = _document(text)
    case.set_text(form_text.from_json(document.get("form")))
    source = _source(document.get("source"))
    if source:
        case.set_source(source)
    case.ticks = Ticks(_key(document.get("patient")), _flags(document.get("ticks")))
    case.reason = _string(document, "reason")
    case.accessions = _strings(document.get("accessions"))
    case.registered_by = _string(document, "registered_by")
    case.decision = _decision(document.get("decision"))
    case.goes_on_incomplete = document.get("incomplete") is True
    case.done = _done(document.get("done"))
    case.changed.emit()
    return Restored(_step(document.get("step")), source)


def title(text: str) -> str:
    """What a person recognises a draft by: `06396375, MOUSE, Minnie, saved 24/11/2026 14:09`."""
    document = _document(text)
    form = form_text.from_json(document.get("form"))
    name = ", ".join(part for part in (form.family, form.given) if part)
    parts = [form.call_ref, name, _saved(document.get("saved_at"))]
    return ", ".join(part for part in parts if part) or "without call reference or name"


def _saved(text: Any) -> str:
    try:
        return f"saved {datetime.fromisoformat(text).astimezone():%d/%m/%Y %H:%M}"
    except (TypeError, ValueError):
        return ""


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _step(value: Any) -> Step:
    return Step(value) if isinstance(value, int) and value in list(Step) else Step.CALL


def _source(value: Any) -> Source | None:
    if not isinstance(value, dict) or not isinstance(value.get("path"), str):
        return None
    return Source(value["path"], _string(value, "label"))


def _key(value: Any) -> PatientKey | None:
    parts = value if isinstance(value, list) and len(value) == 3 else ()
    if not parts or not all(isinstance(part, str) for part in parts):
        return None
    return (parts[0], parts[1], parts[2])


def _flags(value: Any) -> Mapping[str, bool]:
    items = value.items() if isinstance(value, dict) else ()
    return {key: flag for key, flag in items if isinstance(flag, bool)}


def _strings(value: Any) -> Mapping[str, str]:
    items = value.items() if isinstance(value, dict) else ()
    return {key: text for key, text in items if isinstance(text, str)}


def _string(document: Mapping[str, Any], key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""


def _decision(value: Any) -> MatchDecision | None:
    try:
        return MatchDecision(**value | {"decided_at": datetime.fromisoformat(value["decided_at"])})
    except (TypeError, KeyError, ValueError):
        return None


def _done(value: Any) -> Mapping[PatientKey, Started]:
    done: dict[PatientKey, Started] = {}
    for item in value if isinstance(value, list) else ():
        match item:
            case [raw, int(number_id), str(number)]:
                key = _key(raw)
                if key:
                    done[key] = Started(number_id, number)
    return done
