"""The gate in front of PACS (R-GATE, R-ID, R-FORM, R-DISC): which clause blocks, and what lifts it.

Pure: facts in, checks out. Asking PACS for a fact, and showing a check to a person, is done elsewhere; but every door
(window, command line, engine) passes this same gate, and no image leaves the spool while a check blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.identifiers import parse_call_reference, parse_hospital_number, parse_nhs_number
from iep_desktop.core.matching import Field, Match, asked_studies
from iep_desktop.core.medium import MediumStudy
from iep_desktop.core.model import Exam, Form, FormKind
from iep_desktop.core.transaction import MatchDecision, Requirement

_IMAGES = (
    r"(imaging|images?|stud(y|ies)|scans?|exams?|examinations?|x-?rays?|films?"
    r"|radiology|radiographs?|priors?|mris?|cts?)"
)
_ALL_IMAGING = re.compile(
    rf"\b(all|any|every)\b.{{0,20}}\b{_IMAGES}\b"
    # Only side by side: "whole body scan" and "whole spine MRI" are exams.
    rf"|\b(complete|entire|whole|full)\s+(set\s+of\s+)?{_IMAGES}\b"
    r"|^\W*(all|any|everything|the lot|(all|as|whatever is) available)\W*$",
    re.IGNORECASE | re.DOTALL,
)


class Verdict(StrEnum):
    MET = "met"
    WARNS = "warns"
    BLOCKS = "blocks"


@dataclass(frozen=True)
class Check:
    """One thing that must be true. `lift` names what a person can do about it, in words for a button."""

    code: str
    verdict: Verdict
    title: str
    detail: str = ""
    rule: str = ""
    clause: str = ""
    lift: str = ""

    def as_requirement(self) -> Requirement:
        return Requirement(self.code, self.title, self.detail, self.rule, self.clause, self.lift)


@dataclass(frozen=True)
class Gate:
    """All checks of one import; open only where none blocks."""

    checks: tuple[Check, ...]

    @property
    def is_open(self) -> bool:
        return not self.blocking

    @property
    def blocking(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.verdict is Verdict.BLOCKS)

    @property
    def warnings(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.verdict is Verdict.WARNS)

    @property
    def met(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.verdict is Verdict.MET)

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        return tuple(check.as_requirement() for check in self.blocking)


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


def import_gate(facts: ImportFacts) -> Gate:
    """R-GATE-1, 3, 5, 7, 10 and R-DISC-2 for bringing a medium's images into PACS (R-GATE-2: none gets past it)."""
    checks = [
        *form_checks(
            facts.form, hospital_known=facts.hospital_known, everything=bool(facts.everything_reason)
        ),
        *_registration(facts),
        *_matching(facts),
        *_selection(facts),
        *_history(facts),
    ]
    return Gate(tuple(checks))


def form_checks(form: Form, *, hospital_known: bool, everything: bool = False) -> Iterator[Check]:
    """R-GATE-1 and R-GATE-3: the form and the call; can be asked while the form is being typed."""
    yield from _call(form)
    if form.kind is FormKind.EXPORT:
        yield _block(
            "form-kind",
            "This is an export form",
            "R-GATE-3",
            "§2.3a",
            "Use the import form A2 or the CD form A6",
        )
    yield from _patient(form)
    yield from _origin(form, hospital_known)
    yield from _exams(form, everything)
    yield from _requester(form)
    if form.kind is FormKind.CD:
        yield from _disc_form(form)


def is_all_imaging(text: str) -> bool:
    """R-GATE-7: "all imaging", "all studies" and the like are no description of an exam."""
    return _ALL_IMAGING.search(text) is not None


# --- the single checks -------------------------------------------------------------------------------------


def _block(code: str, title: str, rule: str, clause: str, lift: str, detail: str = "") -> Check:
    return Check(code, Verdict.BLOCKS, title, detail, rule, clause, lift)


def _missing(code: str, what: str, clause: str = "§2.3a") -> Check:
    return _block(code, f"{what} is missing", "R-GATE-3", clause, "Complete the form")


def _call(form: Form) -> Iterator[Check]:
    if not form.call_ref:
        yield _block(
            "call", "No service-desk call is logged", "R-GATE-1", "§2.7a", "Enter the call reference",
            "Authorisation is a complete form and a logged call: either alone moves nothing.",
        )  # fmt: skip
        return
    try:
        reference = parse_call_reference(form.call_ref)
    except InvalidInput as error:
        yield _block("call", error.title, "R-ID-5", "§2.7a", "Enter the call reference", error.message)
    else:
        yield Check("call", Verdict.MET, f"Call {reference} logged", "", "R-GATE-1", "§2.7a")


def _patient(form: Form) -> Iterator[Check]:
    patient = form.patient
    if not patient.name.strip("^= "):
        yield _missing("name", "Patient name")
    if patient.birth_date is None:
        yield _missing("birth-date", "Date of birth")
    if not patient.address:
        yield _missing("address", "Address")
    yield from _hospital_number(patient.hospital_no)
    yield from _nhs_number(form)


def _hospital_number(text: str) -> Iterator[Check]:
    if not text:
        yield _missing("hospital-no", "S number")
        return
    try:
        number = parse_hospital_number(text)
    except InvalidInput as error:
        yield _block("hospital-no", error.title, error.rule, "§2.3a", "Correct the form", error.message)
        return
    verdict = Verdict.WARNS if number.warning else Verdict.MET
    yield Check(
        "hospital-no", verdict, f"Hospital number {number.s_number}", number.warning, "R-ID-2", "§2.3a"
    )


def _nhs_number(form: Form) -> Iterator[Check]:
    patient = form.patient
    if not patient.nhs_no:
        if not patient.nhs_no_absent_reason:
            yield _block(
                "nhs-no", "NHS number is missing", "R-ID-4", "§2.3a", "Enter it, or why there is none",
                "Without an NHS number the form must say why.",
            )  # fmt: skip
        return
    try:
        parse_nhs_number(patient.nhs_no)
    except InvalidInput as error:
        yield _block("nhs-no", error.title, "R-ID-1", "§2.3a", "Correct the form", error.hint)
    else:
        yield Check("nhs-no", Verdict.MET, "NHS number: check digit right", "", "R-ID-1", "§2.3a")


def _origin(form: Form, hospital_known: bool) -> Iterator[Check]:
    if not form.hospital:
        yield _missing("hospital", "The hospital the images come from")
    elif not hospital_known:
        yield _block(
            "hospital", f"No hospital has the code {form.hospital[:10]}", "R-GATE-3", "§2.3a",
            "Correct the form, or add the hospital in Admin",
        )  # fmt: skip


def _exams(form: Form, everything: bool) -> Iterator[Check]:
    if not form.exams and not everything:
        yield _block(
            "exams", "The form lists no exams", "R-GATE-7", "§2.7d", "List the exams, or take all with a reason",
            "Every exam needs its date and modality. Everything on the disc may be taken where a reason is recorded.",
        )  # fmt: skip
    for number, exam in enumerate(form.exams, start=1):
        yield from _exam(number, exam)


def _exam(number: int, exam: Exam) -> Iterator[Check]:
    if is_all_imaging(exam.description) or is_all_imaging(exam.exam_code):
        yield _block(
            f"exam-{number}-all", f"Exam {number}: “all imaging” cannot be asked for", "R-GATE-7", "A2",
            "Name each exam with date and modality",
        )  # fmt: skip
        return
    if exam.date is None:
        yield _block(
            f"exam-{number}-date", f"Exam {number} has no date", "R-GATE-3", "§2.3a", "Complete the form"
        )
    if not exam.modality:
        yield _block(
            f"exam-{number}-modality",
            f"Exam {number} has no modality",
            "R-GATE-3",
            "§2.3a",
            "Complete the form",
        )


def _requester(form: Form) -> Iterator[Check]:
    if not form.requester.name:
        yield _missing("requester", "The requester")
    if not (form.requester.phone or form.requester.email):
        yield _missing("requester-contact", "The authorising person's telephone or e-mail")


def _disc_form(form: Form) -> Iterator[Check]:
    """R-DISC-1 and R-DISC-2: the CD form A6."""
    if form.discs is None:
        yield _block("discs", "Number of CDs is missing", "R-DISC-1", "A6", "Complete the form")
    if not form.labelled:
        yield _block(
            "labelled", "The disc is not labelled", "R-DISC-2", "A5", "Label the disc with the call reference",
            "An unlabelled disc is not processed: it is logged and waits in the box.",
        )  # fmt: skip
    for exam_number, exam in enumerate(form.exams, start=1):
        if not (exam.description or exam.exam_code):
            yield _block(
                f"exam-{exam_number}-description", f"Exam {exam_number} has no description or exam code",
                "R-DISC-1", "A6", "Complete the form",
            )  # fmt: skip
    if form.requester.name and not (form.requester.phone and form.requester.email):
        yield _block(
            "staff-contact",
            "The CD form needs e-mail and contact number",
            "R-DISC-1",
            "A6",
            "Complete the form",
        )


def _registration(facts: ImportFacts) -> Iterator[Check]:
    match facts.registration:
        case Registration.KNOWN_TO_PACS:
            yield Check("registered", Verdict.MET, "Registered: known to PACS", "", "R-GATE-5", "§2.7e")
        case Registration.LOOKED_UP:
            yield Check(
                "registered", Verdict.MET, "Registered: looked up on the PAS", "", "R-GATE-5", "§2.7d"
            )
        case _:
            yield _block(
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
        yield _block(
            "match", "Whose images these are is not decided", "R-GATE-3", "§2.3a", "Choose the patient"
        )
        return
    if match.pacs_contradictions:
        fields = " and ".join(field.value.lower() for field in match.pacs_contradictions)
        yield _block(
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
        yield _block("match", _why_undecided(facts, match), "R-GATE-3", "§2.3a", "Compare and decide")


def _second_person(decision: MatchDecision | None) -> Check:
    """Nothing in common between form and medium: two persons must say that they belong together."""
    persons = (decision.decided_by, decision.confirmed_by) if decision else ()
    if decision and len({person.strip().casefold() for person in persons} - {""}) == 2:
        title = f"Matched by {decision.decided_by}, confirmed by {decision.confirmed_by}"
        return Check("match", Verdict.MET, title, decision.grounds, "R-GATE-3", "§2.3a")
    return _block(
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
        yield _block(
            "selection", "No study on the disc is asked for by the form", "R-GATE-8", "§2.7d",
            "Choose studies, with a reason",
        )  # fmt: skip
        return
    asked = asked_studies(facts.form.exams, facts.studies)
    more = [study for study in facts.studies if study.study_uid not in asked]
    if more and not facts.everything_reason:
        yield _block(
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


def _count(number: int, one: str, many: str) -> str:
    return f"1 {one} is" if number == 1 else f"{number} {many} are"


def _history(facts: ImportFacts) -> Iterator[Check]:
    """R-GATE-10 warns, it never blocks."""
    for line in facts.earlier:
        yield Check("seen-before", Verdict.WARNS, f"Seen before: {line}", "", "R-GATE-10", "A1")
