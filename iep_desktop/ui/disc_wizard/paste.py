"""A form out of an e-mail: lines of "Label: value", or a form file's JSON, pasted as they came.

Fills what it recognises and says what it did not; never raises, never guesses a value that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.forms import parse_form, parse_priority
from iep_desktop.core.model import FormKind
from iep_desktop.ui.disc_wizard.form_text import MODALITIES, ExamText, FormText, of_form, parse_day
from iep_desktop.ui.widgets.field import show_day

_LONGEST = 200_000  # an e-mail, not a mailbox
_LABELLED = re.compile(r"\s*[*•\-–>]*\s*([A-Za-z][A-Za-z0-9 /().'’&\-]{0,60}?)\s*[:=]\s*(.*)")
_DATE = re.compile(r"\b(\d{1,2}[/.\-]\d{1,2}[/.\-]\d{4}|\d{4}-\d{2}-\d{2})\b")
_CODE = re.compile(r"\((?:code:? *)?([A-Z][A-Z0-9]{3,7})\)|\bcode:? *([A-Z][A-Z0-9]{3,7})\b")
_OF = re.compile(r"(\d{1,2})\s*(?:of|/)\s*(\d{1,2})")
_ODS = re.compile(r"\(([A-Z0-9]{3,10})\)")
_SECTION = re.compile(r"(patient|staff|requester|referrer|clinician)\b.{0,20}", re.IGNORECASE)
_MODALITY_WORDS = {
    "mri": "MR", "magnetic": "MR", "xray": "CR", "x-ray": "CR", "radiograph": "CR",
    "ultrasound": "US", "uss": "US", "mammogram": "MG", "mammography": "MG", "pet": "PT",
    "angiogram": "XA", "fluoroscopy": "RF", "nuclear": "NM",
}  # fmt: skip

_LABELS = {
    "call_ref": "call reference|call ref|call no|call number|reference|service desk reference|ref",
    "patient_name": "patient name|name of patient|patient|patients name|full name",
    "name": "name",
    "family": "surname|family name|last name|patient surname",
    "given": "first name|forename|forenames|given name|first names|patient first name|patient forename",
    "birth_date": "date of birth|dob|birth date|born|d o b",
    "sex": "sex|gender",
    "nhs_no": "nhs number|nhs no|nhs|nhs num",
    "nhs_no_absent_reason": "no nhs number because|reason for no nhs number|nhs number absent reason"
    "|why no nhs number",
    "hospital_no": "hospital number|hospital no|s number|s no|unit number|patient id|uhl number|rwes number",
    "address": "address|patient address|home address",
    "hospital": "hospital|images from|sending hospital|from hospital|referring hospital|organisation"
    "|institution|trust",
    "discs": "number of cds|no of cds|number of discs|cds|discs|number of disks|disks",
    "disc": "disc|cd|disk|disc number",
    "labelled": "labelled|cd labelled|disc labelled|labeled",
    "exam": "exam|examination|study|scan|exam required|images required|study required|imaging",
    "exam_date": "study date|exam date|date of exam|date of study|date of scan|scan date|examination date",
    "modality": "modality|type|scan type",
    "description": "study description|exam description|description|body part|study type",
    "exam_code": "exam code|cris exam code|cris code|code|study description or cris exam code",
    "requester_name": "requester|requested by|requester name|staff name|requesting clinician|contact name"
    "|authorised by",
    "requester_email": "email|e-mail|staff email|staff e-mail|requester email|e mail|requester e-mail"
    "|email address",
    "requester_phone": "telephone|phone|contact number|contact no|tel|extension|ext|telephone number"
    "|phone number|bleep",
    "requester_consultant": "consultant|responsible consultant|requesting consultant",
    "requester_department": "department|dept|ward|speciality|specialty|internal post address",
    "priority": "priority|urgency",
    "priority_reason": "reason|reason for priority|priority reason|reason for urgency|clinical reason",
    "comments": "comments|comment|notes|additional information|further information|clinical details",
}
_FIELD_OF = {label: field for field, labels in _LABELS.items() for label in labels.split("|")}
_CONTINUES = {"address", "comments"}
_NAMES = {
    "call_ref": "call reference", "patient_name": "name", "birth_date": "date of birth",
    "nhs_no": "NHS number", "nhs_no_absent_reason": "why there is no NHS number", "hospital_no": "S number",
    "disc": "disc number", "discs": "number of CDs", "exam_date": "exam date", "exam_code": "exam code",
    "family": "surname", "given": "first name", "requester_name": "requester", "requester_email": "e-mail",
    "requester_phone": "telephone", "requester_consultant": "consultant",
    "requester_department": "department", "priority_reason": "reason",
}  # fmt: skip


@dataclass(frozen=True)
class Pasted:
    """The form after a paste: what was filled, in words, and the lines that were not understood."""

    text: FormText
    filled: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def parse_pasted(pasted: str, onto: FormText) -> Pasted:
    """Lay what an e-mail says over `onto`; fields that it does not name stay as they are."""
    pasted = pasted[:_LONGEST]
    if pasted.lstrip().startswith("{"):
        return _parse_json(pasted, onto)
    reader = _Reader(onto)
    for line in pasted.splitlines():
        reader.line(line)
    return reader.result()


def _parse_json(pasted: str, onto: FormText) -> Pasted:
    try:
        form = parse_form(pasted)
    except InvalidInput as error:
        return Pasted(onto, (), (f"{error.title}. {error.message}",))
    if form.kind is FormKind.EXPORT:
        return Pasted(onto, (), ("This is an export form (A3); an import needs A2 or A6.",))
    return Pasted(of_form(form), ("the whole form",))


class _Reader:
    """Reads line by line; remembers the section and the field that a line without label continues."""

    def __init__(self, onto: FormText) -> None:
        self._text = onto
        self._exams: list[ExamText] = []
        self._filled: list[str] = []
        self._unknown: list[str] = []
        self._of_staff = False
        self._open = ""  # the field that the next unlabelled line continues

    def line(self, line: str) -> None:
        line = "".join(c if c.isprintable() else " " for c in line)
        if not line.strip():
            self._open = ""
            return
        match = _LABELLED.fullmatch(line)
        field = _FIELD_OF.get(_plain(match[1])) if match else None
        if match and field is None and (numbered := re.fullmatch(r"(.+?) \d+", _plain(match[1]))):
            field = _FIELD_OF.get(numbered[1])
        if match and field:
            self._labelled(field, match[2].strip(), line)
        elif self._open and match is None:
            self._continue(line.strip())
        elif section := _SECTION.fullmatch(line.strip(" :*-–")):
            self._of_staff = section[1].casefold() != "patient"
        else:
            self._unknown.append(line.strip())

    def _labelled(self, field: str, value: str, line: str) -> None:
        if field == "name":
            field = "requester_name" if self._of_staff else "patient_name"
        self._open = field if field in _CONTINUES else ""
        if not value:
            if field == "patient_name":
                self._of_staff = False
            return
        setter = _SETTERS.get(field)
        understood = setter(self, value) if setter else self._plain_text(field, value)
        if understood:
            self._filled.append(_NAMES.get(field, field))
        else:
            self._unknown.append(line.strip())

    def _set(self, **values: object) -> bool:
        self._text = replace(self._text, **values)  # type: ignore[arg-type]  # names come from this module
        return True

    def _plain_text(self, field: str, value: str) -> bool:
        return self._set(**{field: value})

    def _continue(self, line: str) -> None:
        before = getattr(self._text, self._open)
        parting = ", " if self._open == "address" else "\n"
        self._set(**{self._open: f"{before}{parting}{line}" if before else line})
        if (name := _NAMES.get(self._open, self._open)) not in self._filled:
            self._filled.append(name)

    def patient_name(self, value: str) -> bool:
        family, given = _split_name(value)
        return self._set(family=family, given=given)

    def birth_date(self, value: str) -> bool:
        day = _first_day(value)
        return bool(day) and self._set(birth_date=day)

    def sex(self, value: str) -> bool:
        sex = {"f": "F", "female": "F", "m": "M", "male": "M", "o": "O", "other": "O"}.get(value.casefold())
        return bool(sex) and self._set(sex=sex)

    def nhs_no(self, value: str) -> bool:
        if any(c.isdigit() for c in value):
            return self._set(nhs_no=value)
        return self._set(nhs_no="", nhs_no_absent_reason=value)

    def hospital(self, value: str) -> bool:
        code = _ODS.search(value)
        return self._set(hospital=code[1] if code else "", hospital_typed=_ODS.sub("", value).strip())

    def discs(self, value: str) -> bool:
        number = re.search(r"\d{1,2}", value)
        return bool(number) and self._set(discs=number[0] if number else "")

    def disc(self, value: str) -> bool:
        both = _OF.search(value)
        return bool(both) and self._set(disc_no=both[1] if both else "", discs=both[2] if both else "")

    def labelled(self, value: str) -> bool:
        return self._set(labelled=value.casefold()[:1] in ("y", "t", "1"))

    def priority(self, value: str) -> bool:
        try:
            return self._set(priority=parse_priority(value))
        except InvalidInput:
            return False

    def exam(self, value: str) -> bool:
        exam = parse_exam(value)
        if exam.is_blank:
            return False
        self._exams.append(exam)
        return True

    def exam_date(self, value: str) -> bool:
        day = _first_day(value)
        return bool(day) and self._exam_part("date", day)

    def modality(self, value: str) -> bool:
        modality = _modality(value)
        return bool(modality) and self._exam_part("modality", modality)

    def description(self, value: str) -> bool:
        found = parse_exam(value)
        self._exam_part("description", found.description or value)
        return (
            not found.modality
            or self._exams[-1].modality != ""
            or self._exam_part("modality", found.modality)
        )

    def exam_code(self, value: str) -> bool:
        return self._exam_part("exam_code", value)

    def _exam_part(self, part: str, value: str) -> bool:
        """Parts belong to one exam until a part comes again."""
        if not self._exams or getattr(self._exams[-1], part):
            self._exams.append(ExamText())
        self._exams[-1] = replace(self._exams[-1], **{part: value})
        return True

    def result(self) -> Pasted:
        if self._exams:
            self._set(exams=tuple(self._exams))
        return Pasted(self._text, tuple(dict.fromkeys(self._filled)), tuple(self._unknown))


_SETTERS: dict[str, Callable[[_Reader, str], bool]] = {
    "patient_name": _Reader.patient_name,
    "birth_date": _Reader.birth_date,
    "sex": _Reader.sex,
    "nhs_no": _Reader.nhs_no,
    "hospital": _Reader.hospital,
    "discs": _Reader.discs,
    "disc": _Reader.disc,
    "labelled": _Reader.labelled,
    "priority": _Reader.priority,
    "exam": _Reader.exam,
    "exam_date": _Reader.exam_date,
    "modality": _Reader.modality,
    "description": _Reader.description,
    "exam_code": _Reader.exam_code,
}


def parse_exam(line: str) -> ExamText:
    """`CT chest with contrast (CCHESC), 02/11/2026` → its parts."""
    day = _DATE.search(line)
    rest = line.replace(day[0], " ") if day else line
    code = _CODE.search(rest)
    rest = rest.replace(code[0], " ") if code else rest
    modality = _modality(rest)
    words = rest.split()
    if words and words[0].strip(",").upper() in MODALITIES:
        words = words[1:]
    description = re.sub(r"\s+,|\s+on\s*$|[,;\s]+$", "", " ".join(words)).strip(" ,;-–")
    return ExamText(modality, description, (code[1] or code[2]) if code else "", _first_day(line))


def _modality(text: str) -> str:
    words = re.findall(r"[A-Za-z][A-Za-z\-]*", text)
    known = next(
        (w.upper() for w in words if w.upper() in MODALITIES and (w.isupper() or len(words) == 1)), ""
    )
    return known or next(
        (_MODALITY_WORDS[w.casefold()] for w in words if w.casefold() in _MODALITY_WORDS), ""
    )


def _first_day(text: str) -> str:
    match = _DATE.search(text)
    return show_day(parse_day(match[0])) if match else ""


def _split_name(value: str) -> tuple[str, str]:
    """`MOUSE, Minnie`, `MOUSE^Minnie`, `Minnie MOUSE` and `Mrs Minnie Mouse`."""
    if "^" in value or "," in value:
        family, _, given = value.replace("^", ",", 1).partition(",")
        return family.strip(), given.replace("^", " ").strip()
    words = [
        w for w in value.split() if w.casefold().strip(".") not in ("mr", "mrs", "ms", "miss", "dr", "master")
    ]
    return (words[-1] if words else "", " ".join(words[:-1]))


def _plain(label: str) -> str:
    return re.sub(r"[^a-z0-9/\- ]", "", label.casefold().replace(".", " ")).strip()


def said(pasted: Pasted) -> str:
    """What was filled in, and what was not understood, in words."""
    filled = f"Filled in: {', '.join(pasted.filled)}." if pasted.filled else "Nothing was recognised."
    if not pasted.unknown:
        return f"{filled} Everything was understood."
    lines = [f"  {line[:120]}" for line in pasted.unknown[:8]]
    if len(pasted.unknown) > len(lines):
        lines.append(f"  and {len(pasted.unknown) - len(lines)} more lines")
    return "\n".join([filled, "Not understood:", *lines])
