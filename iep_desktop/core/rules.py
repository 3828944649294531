"""The gate in front of PACS (R-GATE, R-ID, R-FORM, R-DISC): which clause blocks, and what lifts it.

Pure: facts in, checks out. Asking PACS for a fact, and showing a check to a person, is done elsewhere; but every door
(window, command line, engine) passes this same gate, and no image leaves the spool while a check blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from iep_desktop.core.form_rules import Check, Gate, Verdict, block, form_checks, is_all_imaging
from iep_desktop.core.identifiers import UHL_NUMBERS, NumberFormat
from iep_desktop.core.matching import Field, Match, asked_studies
from iep_desktop.core.medium import MediumStudy
from iep_desktop.core.model import Form
from iep_desktop.core.transaction import MatchDecision

__all__ = [
    "Check",
    "Gate",
    "ImportFacts",
    "Registration",
    "Verdict",
    "form_checks",
    "import_gate",
    "is_all_imaging",
]


class Registration(StrEnum):
    """What is known of the patient's registration on the PAS (R-GATE-5)."""

    NOT_ASKED = "not asked"
    UNREACHABLE = "PACS does not answer"
    NOT_FOUND = "not found on PACS"
    KNOWN_TO_PACS = "known to PACS"
    LOOKED_UP = "looked up on the PAS by a person"


@dataclass(frozen=True)
class ImportFacts:
    """Everything the import gate looks at."""

    form: Form
    hospital_known: bool
    registration: Registration
    match: Match | None  # None: no patient of the medium is chosen yet
    patients_on_medium: int
    decision: MatchDecision | None
    studies: tuple[MediumStudy, ...]  # those chosen
    everything_reason: str = ""
    earlier: tuple[str, ...] = ()  # one line each: number, exam, when
    elsewhere: int = 0  # studies that PACS has under another patient's number
    numbers: NumberFormat = UHL_NUMBERS


def import_gate(facts: ImportFacts) -> Gate:
    """R-GATE-1, 3, 5, 7, 10 and R-DISC-2 for bringing a medium's images into PACS (R-GATE-2: none gets past it)."""
    checks = [
        *form_checks(
            facts.form,
            hospital_known=facts.hospital_known,
            everything=bool(facts.everything_reason),
            numbers=facts.numbers,
        ),
        *_registration(facts),
        *_matching(facts),
        *_selection(facts),
        *_elsewhere(facts),
        *_history(facts),
    ]
    return Gate(tuple(checks))


def _registration(facts: ImportFacts) -> Iterator[Check]:
    match facts.registration:
        case Registration.KNOWN_TO_PACS:
            yield Check("registered", Verdict.MET, "Registered: known to PACS", "", "R-GATE-5", "§2.7e")
        case Registration.LOOKED_UP:
            yield Check(
                "registered", Verdict.MET, "Registered: looked up on the PAS", "", "R-GATE-5", "§2.7d"
            )
        case _:
            yield block(
                "registered", "Not shown to be registered on the PAS", "R-GATE-5", "§2.7d",
                "Look the patient up on the PAS", _WHY_UNREGISTERED[facts.registration],
            )  # fmt: skip


_WHY_UNREGISTERED = {
    Registration.NOT_ASKED: "PACS has not been asked yet.",
    Registration.UNREACHABLE: "PACS does not answer, so that it cannot prove it.",
    Registration.NOT_FOUND: "PACS does not know the hospital number.",
}


def _matching(facts: ImportFacts) -> Iterator[Check]:
    match, decision = facts.match, facts.decision
    if match is None:
        yield block(
            "match", "Whose images these are is not decided", "R-GATE-3", "§2.3a", "Choose the patient"
        )
        return
    if match.pacs_contradictions:
        fields = " and ".join(field.value.lower() for field in match.pacs_contradictions)
        yield block(
            "pacs-contradicts", "PACS knows another patient under this hospital number", "R-GATE-5", "§2.7e",
            "Correct the form", f"The {fields} on PACS differs from the form.",
        )  # fmt: skip
    if match.nothing_in_common:
        yield _second_person(decision)
    elif decision is not None:
        yield Check(
            "match", Verdict.MET, f"Matched by {decision.decided_by}", decision.grounds, "R-GATE-3", "§2.3a"
        )
    elif match.medium_agrees and facts.patients_on_medium == 1:
        yield Check(
            "match", Verdict.MET, "Form and disc agree", "Name and date of birth.", "R-GATE-3", "§2.3a"
        )
    else:
        yield block("match", _why_undecided(facts, match), "R-GATE-3", "§2.3a", "Compare and decide")


def _second_person(decision: MatchDecision | None) -> Check:
    """Nothing in common between form and medium: two persons must say that they belong together."""
    persons = (decision.decided_by, decision.confirmed_by) if decision else ()
    if decision and len({person.strip().casefold() for person in persons} - {""}) == 2:
        title = f"Matched by {decision.decided_by}, confirmed by {decision.confirmed_by}"
        return Check("match", Verdict.MET, title, decision.grounds, "R-GATE-3", "§2.3a")
    return block(
        "second-person", "Form and disc have nothing in common", "R-GATE-3", "§2.3a", "Ask a second person",
        "Neither name, date of birth nor a number agrees: a second person must confirm it in the window.",
    )  # fmt: skip


def _why_undecided(facts: ImportFacts, match: Match) -> str:
    if match.medium_differences:
        return f"{_join(match.medium_differences)}: form and disc differ"
    if facts.patients_on_medium > 1:
        return f"{facts.patients_on_medium} patients are on the disc"
    return "The disc does not say enough to match by itself"


def _join(fields: tuple[Field, ...]) -> str:
    return " and ".join(field.value for field in fields)


def _selection(facts: ImportFacts) -> Iterator[Check]:
    if not facts.studies:
        yield block(
            "selection", "No study on the disc is asked for by the form", "R-GATE-8", "§2.7d",
            "Choose studies, with a reason",
        )  # fmt: skip
        return
    asked = asked_studies(facts.form.exams, facts.studies)
    more = [study for study in facts.studies if study.study_uid not in asked]
    if more and not facts.everything_reason:
        yield block(
            "beyond-form", f"{_count(len(more), 'study', 'studies')} not on the form", "R-GATE-7", "§2.7d",
            "Give the reason, or leave them out",
        )  # fmt: skip
    elif more:
        title = f"{_count(len(more), 'study', 'studies')} beyond the form, with a reason"
        yield Check("beyond-form", Verdict.MET, title, facts.everything_reason, "R-GATE-7", "§2.7d")
    named = set(map(id, asked.values()))
    for exam in facts.form.exams:
        if id(exam) not in named and exam.date and exam.modality:
            yield Check(
                "not-on-disc", Verdict.WARNS, f"Not on the disc: {exam.label}", "", "R-GATE-3", "§2.3a"
            )


def _elsewhere(facts: ImportFacts) -> Iterator[Check]:
    """One Study Instance UID, two patients: PACS would file the images under the one it knows, or mix them."""
    if facts.elsewhere:
        yield block(
            "study-elsewhere",
            f"PACS has {facts.elsewhere} of the studies under another patient",
            "R-GATE-5", "§2.7e", "Ask the PACS team",
            "The same study UID belongs to another hospital number there. Nothing is sent before that is settled.",
        )  # fmt: skip


def _count(number: int, one: str, many: str) -> str:
    return f"1 {one} is" if number == 1 else f"{number} {many} are"


def _history(facts: ImportFacts) -> Iterator[Check]:
    """R-GATE-10 warns, it never blocks."""
    for line in facts.earlier:
        yield Check("seen-before", Verdict.WARNS, f"Seen before: {line}", "", "R-GATE-10", "A1")
