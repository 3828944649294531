"""What was seen of all files of a review, as warning signs for a person. Pure; opens nothing.

Owns when something is worth a warning, and its words, which name no patient.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from iep_desktop.core.identity import compared, differing_fields
from iep_desktop.core.matching import Field
from iep_desktop.core.viewing import Sign, SignKind, ViewImage, ViewPatient, ViewSeries, ViewStudy
from iep_desktop.dicom.signs.burned_in import LETTERS_NEEDED, LETTERS_NEEDED_OF_CAPTURES
from iep_desktop.dicom.signs.looking import Look

_MOST_GAPS = 0.5  # of the numbers between the first and the last; with more, numbers are no count
_LOWER = {field: field.value.lower() for field in (Field.NAME, Field.BIRTH_DATE, Field.SEX)}
_NAMED = 6  # gaps that are named


@dataclass(frozen=True)
class Looked:
    """An image of the set and what was seen of its file."""

    study: ViewStudy
    series: ViewSeries
    image: ViewImage
    look: Look

    @property
    def uid(self) -> str:
        return self.image.sop_instance_uid or self.look.sop_instance_uid


def judge(looked: Sequence[Looked], asked: ViewPatient | None = None) -> tuple[Sign, ...]:
    """The most serious first; those of a series together."""
    signs = [*_patients(looked, asked), *_birth_dates(looked), *_duplicates(looked)]
    by_series: dict[tuple[str, str], list[Looked]] = defaultdict(list)
    for one in looked:
        by_series[one.study.study_uid, one.series.series_uid].append(one)
    for group in by_series.values():
        for judged in (_unreadable, _empty, _burned_in, _missing, _captures):
            signs += judged(group)
    return tuple(signs)


def _sign(kind: SignKind, text: str, which: Sequence[Looked]) -> Sign:
    """Of a study or a series where all of `which` are in it."""
    studies = {one.study.study_uid for one in which}
    series = {one.series.series_uid for one in which}
    return Sign(
        kind,
        text,
        studies.pop() if len(studies) == 1 else "",
        series.pop() if len(series) == 1 else "",
        tuple(dict.fromkeys(one.uid for one in which)),
    )


def images(count: int) -> str:
    return f"{count:,} image{'' if count == 1 else 's'}"


def _verb(count: int, one: str, many: str) -> str:
    return f"{images(count)} {one if count == 1 else many}"


# --- whose ------------------------------------------------------------------------------------------------------


def _patients(looked: Sequence[Looked], asked: ViewPatient | None) -> list[Sign]:
    """Headers against the request; without one, against what most of the set say."""
    readable = [one for one in looked if _names_somebody(one.look.patient)]
    if not readable:
        return []
    usual = asked or Counter(one.look.patient for one in readable).most_common(1)[0][0]
    differ: dict[ViewPatient, tuple[Field, ...]] = {
        patient: differing_fields(compared(usual, patient))
        for patient in {one.look.patient for one in readable}
    }
    signs = []
    for study_uid in dict.fromkeys(one.study.study_uid for one in readable):
        wrong = [one for one in readable if one.study.study_uid == study_uid and differ[one.look.patient]]
        if wrong:
            fields = _listed({f for one in wrong for f in differ[one.look.patient]})
            whom = "the patient asked for" if asked else "the other images"
            said = _verb(len(wrong), "says", "say")
            signs.append(
                _sign(SignKind.OTHER_PATIENT, f"{said} another patient than {whom}: {fields}", wrong)
            )
    return signs


def _listed(fields: set[Field]) -> str:
    """`name, date of birth and NHS number`."""
    *first, last = (_LOWER.get(field, field.value) for field in Field if field in fields)
    return f"{', '.join(first)} and {last}" if first else last


def _names_somebody(patient: ViewPatient) -> bool:
    return bool(patient.name or patient.patient_id or patient.nhs_no)


def _birth_dates(looked: Sequence[Looked]) -> list[Sign]:
    with_date = [one for one in looked if one.look.patient.birth_date]
    counted = Counter(one.look.patient.birth_date for one in with_date)
    if len(counted) < 2:
        return []
    usual = counted.most_common(1)[0][0]
    others = [one for one in with_date if one.look.patient.birth_date != usual]
    text = f"{len(counted)} dates of birth; {_verb(len(others), 'has', 'have')} another one than most"
    return [_sign(SignKind.MIXED_BIRTH_DATES, text, others)]


def _duplicates(looked: Sequence[Looked]) -> list[Sign]:
    """The same UID twice anywhere; the same pixels twice in a study, blank images aside."""
    signs = []
    twice = _more_than_once(looked, lambda one: one.uid)
    for group in _by_study(twice):
        text = f"{_verb(len(group), 'has', 'have')} a UID that another one has"
        signs.append(_sign(SignKind.DUPLICATES, text, group))
    once = list({one.uid: one for one in looked if one.look.pixels and not one.look.empty}.values())
    same = _more_than_once(once, lambda one: f"{one.study.study_uid} {one.look.pixels}")
    for group in _by_study(same):
        text = f"{images(len(group))} with the same pixels as another one"
        signs.append(_sign(SignKind.DUPLICATES, text, group))
    return signs


def _more_than_once(looked: Iterable[Looked], key: Callable[[Looked], str]) -> list[Looked]:
    many = list(looked)
    counted = Counter(key(one) for one in many)
    return [one for one in many if key(one) and counted[key(one)] > 1]


def _by_study(looked: Iterable[Looked]) -> Iterable[list[Looked]]:
    groups: dict[str, list[Looked]] = defaultdict(list)
    for one in looked:
        groups[one.study.study_uid].append(one)
    return groups.values()


# --- of a series ------------------------------------------------------------------------------------------------


def _unreadable(group: list[Looked]) -> list[Sign]:
    wrong = [one for one in group if one.look.trouble]
    if not wrong:
        return []
    why = Counter(one.look.trouble for one in wrong).most_common(1)[0][0]
    text = f"{images(len(wrong))} cannot be shown: {why}"
    return [_sign(SignKind.UNREADABLE, text, wrong)]


def _empty(group: list[Looked]) -> list[Sign]:
    blank = [one for one in group if one.look.empty]
    return [_sign(SignKind.EMPTY, f"{_verb(len(blank), 'shows', 'show')} nothing", blank)] if blank else []


def _burned_in(group: list[Looked]) -> list[Sign]:
    said = [one for one in group if one.look.burned_in_said == "YES"]
    if said:
        text = f"{_verb(len(said), 'says', 'say')} that text is burned in"
        return [_sign(SignKind.BURNED_IN, text, said)]
    looked_for = [one for one in group if one.look.letters is not None]
    found = [one for one in looked_for if (one.look.letters or 0) >= _needed(one.look)]
    if not found:
        return []
    text = f"Likely burned-in text in {len(found)} of {images(len(looked_for))} looked at"
    return [_sign(SignKind.BURNED_IN, text, found)]


def _needed(look: Look) -> int:
    return LETTERS_NEEDED_OF_CAPTURES if look.drawn_on else LETTERS_NEEDED


def _captures(group: list[Looked]) -> list[Sign]:
    found = [one for one in group if one.look.capture]
    text = f"{_verb(len(found), 'is a secondary capture', 'are secondary captures')}"
    return [_sign(SignKind.SECONDARY_CAPTURE, text, found)] if found else []


def _missing(group: list[Looked]) -> list[Sign]:
    """Fewer than the source says it has, or gaps between the first and the last number."""
    series = group[0].series
    there = len({one.uid for one in group})
    if series.expected is not None and series.expected > there:
        text = f"{there:,} of {images(series.expected)} are here"
        return [_sign(SignKind.MISSING_NUMBERS, text, group)]
    numbers = sorted({n for one in group if (n := _number(one)) is not None})
    gaps = missing_numbers(numbers)
    if not gaps:
        return []
    return [
        _sign(SignKind.MISSING_NUMBERS, f"Number{'' if _single(gaps) else 's'} {_words(gaps)} missing", group)
    ]


def _number(one: Looked) -> int | None:
    return one.look.number if one.look.number is not None else one.image.number


def missing_numbers(numbers: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Gaps, from and to, in sorted numbers that count; none where they go in steps or do not count at all."""
    steps = [b - a for a, b in itertools.pairwise(numbers)]
    if len(steps) < 2:
        return ()
    step = math.gcd(*steps)
    gaps = tuple((a + step, b - step) for a, b in itertools.pairwise(numbers) if b - a > step)
    absent = sum((b - a) // step + 1 for a, b in gaps)
    return gaps if absent <= _MOST_GAPS * len(numbers) else ()


def _single(gaps: Sequence[tuple[int, int]]) -> bool:
    return len(gaps) == 1 and gaps[0][0] == gaps[0][1]


def _words(gaps: Sequence[tuple[int, int]]) -> str:
    said = [str(a) if a == b else f"{a}–{b}" for a, b in gaps[:_NAMED]]
    more = len(gaps) - _NAMED
    verb = "is" if _single(gaps) else "are"
    return ", ".join(said) + (f" and {more} more gaps" if more > 0 else "") + f" {verb}"
