"""What lifts a check of the gate: the words beside it and the buttons that a person may press (page 4). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from iep_desktop.core.imports import Assessment
from iep_desktop.core.matching import Agreement, Field, Match
from iep_desktop.core.rules import Check, Verdict


class Remedy(StrEnum):
    """The words are those of the button."""

    SECOND_PERSON = "Ask second person…"
    DISC_IS_WRONG = "The disc is wrong"
    THIS_PATIENT = "This is the patient"
    TAKE_BACK = "Take the decision back"
    LOOKED_ON_PAS = "I looked on the PAS"
    ASK_PACS_AGAIN = "Ask PACS again"
    CORRECT_FORM = "Correct the form"
    CHOOSE_STUDIES = "Choose studies"


@dataclass(frozen=True)
class CheckView:
    """A check as it is shown."""

    check: Check
    detail: str
    remedies: tuple[Remedy, ...] = ()


_ORDER = {Verdict.BLOCKS: 0, Verdict.WARNS: 1, Verdict.MET: 2}


def check_views(assessment: Assessment, *, decided: bool) -> tuple[CheckView, ...]:
    """All checks, what blocks first."""
    checks = sorted(assessment.gate.checks, key=lambda check: _ORDER[check.verdict])
    return tuple(_view(check, assessment, decided) for check in checks)


def _view(check: Check, assessment: Assessment, decided: bool) -> CheckView:
    if check.verdict is not Verdict.BLOCKS:
        takes_back = check.code == "match" and decided
        return CheckView(check, check.detail, (Remedy.TAKE_BACK,) if takes_back else ())
    match check.code:
        case "second-person":
            return CheckView(check, check.detail, (Remedy.SECOND_PERSON,))
        case "match":
            return _undecided(check, assessment.match)
        case "registered":
            return _unregistered(check, assessment)
        case "selection" | "beyond-form":
            return CheckView(
                check, check.detail or "Untick it, or give the reason.", (Remedy.CHOOSE_STUDIES,)
            )
        case _:
            return CheckView(check, check.detail, (Remedy.CORRECT_FORM,))


def _undecided(check: Check, match: Match | None) -> CheckView:
    if match is None:
        return CheckView(check, "Tick whose studies are meant.", (Remedy.CHOOSE_STUDIES,))
    if not match.medium_differences:
        detail = check.detail or "Compare the rows above, then say so."
        return CheckView(check, detail, (Remedy.THIS_PATIENT,))
    if two_sources_agree(match):
        detail = f"Form and PACS agree on {_values(match)}. Say that the disc is wrong."
        return CheckView(check, detail, (Remedy.DISC_IS_WRONG,))
    detail = "PACS cannot tell which is right: a second person decides, or correct the form."
    return CheckView(check, detail, (Remedy.SECOND_PERSON, Remedy.CORRECT_FORM))


def _unregistered(check: Check, assessment: Assessment) -> CheckView:
    error = assessment.pacs_error
    if error is None:
        return CheckView(check, check.detail, (Remedy.LOOKED_ON_PAS, Remedy.CORRECT_FORM))
    detail = " ".join(part for part in (f"{error.title}.", error.hint) if part)
    return CheckView(check, detail, (Remedy.ASK_PACS_AGAIN, Remedy.LOOKED_ON_PAS))


def two_sources_agree(match: Match) -> bool:
    """Where the disc differs, PACS says what the form says (screens.md, page 4)."""
    return all(match.pacs(field) is Agreement.AGREES for field in match.medium_differences)


def disc_is_wrong_grounds(match: Match) -> str:
    """The grounds that go into the record: which field, what the disc says, what form and PACS say."""
    parts = [
        f"{item.field.value}: the disc says {item.medium.text}, form and PACS agree on {item.form}"
        for item in match.fields
        if item.field in match.medium_differences
    ]
    return "The disc is wrong. " + "; ".join(parts) + "."


def agreeing_grounds(match: Match) -> str:
    """The grounds for a patient with whom nothing differs."""
    agreed = [_in_a_sentence(f.value) for f in Field if match.medium(f) is Agreement.AGREES]
    if not agreed:
        return ""
    return f"Compared by a person: {', '.join(agreed)} {'agree' if len(agreed) > 1 else 'agrees'} on form and disc."


def _in_a_sentence(label: str) -> str:
    """`Date of birth` → `date of birth`, but `NHS number` and `S number` stay."""
    return label if label[1:2].isupper() or label[1:2] == " " else label[0].lower() + label[1:]


def _values(match: Match) -> str:
    values = [item.form for item in match.fields if item.field in match.medium_differences]
    return " and ".join(values)
