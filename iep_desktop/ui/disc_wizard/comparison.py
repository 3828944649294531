"""Form, disc and PACS side by side as cells that a table can draw (page 4). Pure: words and marks, no colours.

What a difference means is decided in `core.rules`; here only what is to be seen of it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.identifiers import parse_nhs_number
from iep_desktop.core.imports import Assessment
from iep_desktop.core.matching import Agreement, Field, FieldMatch
from iep_desktop.core.medium import MediumStudy
from iep_desktop.core.model import Exam
from iep_desktop.core.transaction import MatchDecision
from iep_desktop.ui.pace import several
from iep_desktop.ui.widgets.field import show_day

Pieces = tuple[tuple[str, bool], ...]


class Mark(StrEnum):
    AGREES = "agrees"
    DIFFERS = "differs"
    ABSENT = "says nothing"
    OWN = "its own"
    ALONE = "nothing to compare with"


@dataclass(frozen=True)
class CellView:
    """A cell's mark and its text in pieces; a piece that is True differs from the other source."""

    mark: Mark
    pieces: Pieces
    strong: str = ""  # of the last column: bold, before the pieces

    @property
    def text(self) -> str:
        words = "".join(piece for piece, _ in self.pieces)
        return f"{self.strong}  {words}".strip() if self.strong else words

    @property
    def spoken(self) -> str:
        """For a screen reader: what the icon and the underline say to the eye."""
        return self.text if self.mark is Mark.ABSENT else f"{self.text}, {self.mark}"


@dataclass(frozen=True)
class RowView:
    label: str
    form: CellView
    disc: CellView
    pacs: CellView
    goes: CellView

    @property
    def differs(self) -> bool:
        return Mark.DIFFERS in (self.form.mark, self.disc.mark, self.pacs.mark)


def rows(
    assessment: Assessment, decision: MatchDecision | None, source: str = "on the disc"
) -> tuple[RowView, ...]:
    """One row a field that is compared; `source` is where the images' own data stand."""
    match = assessment.match
    unknown = "no answer" if assessment.pacs_error else "not known to PACS"
    absent = "not on PACS" if assessment.pacs else unknown
    return tuple(_row(field, absent, decision, source) for field in match.fields) if match else ()


def _row(field: FieldMatch, pacs_absent: str, decision: MatchDecision | None, source: str) -> RowView:
    disc = _source_cell(field.medium.text, field.medium.agreement, field.form, f"not {source}")
    pacs = _source_cell(field.pacs.text, field.pacs.agreement, field.form, pacs_absent)
    return RowView(field.field.value, _form_cell(field), disc, pacs, _goes(field, decision))


def _source_cell(text: str, agreement: Agreement, form: str, absent: str) -> CellView:
    match agreement:
        case Agreement.AGREES:
            return CellView(Mark.AGREES, _plain(text))
        case Agreement.DIFFERS:
            return CellView(Mark.DIFFERS, differing(text, form))
        case Agreement.OWN:
            return CellView(Mark.OWN, _plain(f"{text}, the sender’s own"))
        case Agreement.ABSENT:
            return CellView(Mark.ALONE, _plain(text)) if text else CellView(Mark.ABSENT, _plain(absent))


def _form_cell(field: FieldMatch) -> CellView:
    others = (field.medium.agreement, field.pacs.agreement)
    if not field.form:
        return CellView(Mark.ABSENT, _plain("not on the form"))
    if Agreement.AGREES in others:
        return CellView(Mark.AGREES, _plain(field.form))
    if Agreement.DIFFERS in others:
        other = field.pacs.text if field.pacs.agreement is Agreement.DIFFERS else field.medium.text
        return CellView(Mark.DIFFERS, differing(field.form, other))
    return CellView(Mark.ALONE, _plain(field.form))


def _goes(field: FieldMatch, decision: MatchDecision | None) -> CellView:
    """What the images will say (IHE IRWF.b takes the form's data), and why that may be trusted."""
    if not field.form:
        return CellView(Mark.ABSENT, _plain("nothing"))
    mark, why = _trust(field, decision)
    return CellView(mark, _plain(why), field.form)


def _trust(field: FieldMatch, decision: MatchDecision | None) -> tuple[Mark, str]:
    disc, pacs = field.medium.agreement, field.pacs.agreement
    if pacs is Agreement.DIFFERS:
        return Mark.DIFFERS, "PACS differs"
    if disc is Agreement.DIFFERS:
        if decision is not None:
            return Mark.AGREES, f"decided by {decision.confirmed_by or decision.decided_by}"
        return Mark.DIFFERS, "form and PACS agree" if pacs is Agreement.AGREES else "form or images"
    if field.field is Field.HOSPITAL_NUMBER:
        return (Mark.AGREES, "known to PACS") if pacs is Agreement.AGREES else (Mark.ALONE, "from the form")
    if disc is Agreement.AGREES and pacs is Agreement.AGREES:
        return Mark.AGREES, "all three agree"
    if disc is Agreement.AGREES:
        return Mark.AGREES, "form and images agree"
    if field.field is Field.NHS_NUMBER and _is_nhs_number(field.form):
        return Mark.AGREES, "check digit right"
    return (Mark.AGREES, "form and PACS agree") if pacs is Agreement.AGREES else (Mark.ALONE, "from the form")


def _is_nhs_number(text: str) -> bool:
    try:
        return bool(parse_nhs_number(text))
    except InvalidInput:
        return False


def exams_row(
    exams: tuple[Exam, ...], studies: tuple[MediumStudy, ...], beyond: int, earlier: int
) -> RowView:
    """The last row: what was asked for, what is ticked, what the history knows."""
    images = sum(len(study.present) for study in studies)
    wanted = "; ".join(exam.label for exam in exams)
    found = "; ".join(_study(study) for study in studies)
    count = f"{several(len(studies), 'study', 'studies')}, {several(images, 'image')}"
    why = f"{beyond} beyond the form" if beyond else "as asked"
    asked = Mark.AGREES if wanted and found and not beyond else Mark.ALONE
    return RowView(
        "Exams",
        CellView(asked if wanted else Mark.ABSENT, _plain(wanted or "none listed")),
        CellView(asked if found else Mark.ABSENT, _plain(found or "none ticked")),
        CellView(Mark.OWN, _plain("seen before")) if earlier else CellView(Mark.ABSENT, _plain("none yet")),
        CellView(Mark.OWN if beyond else Mark.AGREES, _plain(why), count)
        if studies
        else CellView(Mark.DIFFERS, _plain("nothing ticked")),
    )


def _study(study: MediumStudy) -> str:
    what = study.description or ", ".join(study.modalities)
    return f"{what}, {show_day(study.date) or 'no date'}"


def differing(text: str, other: str) -> Pieces:
    """`text` in pieces; those that `other` does not have are marked. A number differs as a whole."""
    mine, theirs = _words(text), _words(other)
    pieces: list[tuple[str, bool]] = []
    matcher = difflib.SequenceMatcher(None, mine, theirs, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "replace" and b - a == d - c:
            for one, two in zip(mine[a:b], theirs[c:d], strict=True):
                pieces += _inside(one, two)
        elif b > a:
            pieces.append(("".join(mine[a:b]), tag != "equal"))
    return _joined(pieces) or ((text, True),)


def _inside(word: str, other: str) -> Iterator[tuple[str, bool]]:
    if not (word.isalpha() and other.isalpha()):
        yield word, True
        return
    matcher = difflib.SequenceMatcher(None, word, other, autojunk=False)
    for tag, a, b, _, _ in matcher.get_opcodes():
        if b > a:
            yield word[a:b], tag != "equal"


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|\W", text)


def _joined(pieces: list[tuple[str, bool]]) -> Pieces:
    joined: list[tuple[str, bool]] = []
    for piece, marked in pieces:
        if joined and joined[-1][1] == marked:
            joined[-1] = (joined[-1][0] + piece, marked)
        else:
            joined.append((piece, marked))
    return tuple(joined)


def _plain(text: str) -> Pieces:
    return ((text, False),)
