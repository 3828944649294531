"""Patient and hospital identifiers (R-ID). Pure functions; raises `InvalidInput`, never returns a flag."""

from __future__ import annotations

import re
from dataclasses import dataclass

from iep_desktop.core.errors import InvalidInput

_S_NUMBER = re.compile(r"(?:RWE)?S([0-9]{6})")
_LONG_STRING = re.compile(r"[^\\\x00-\x1f\x7f]{1,64}")  # LO, PS3.5 6.2
UHL = "RWE"
_CALL_REFERENCE = re.compile(r"[A-Z]{0,4}[0-9]{4,12}")
_ODS_CODE = re.compile(r"[A-Z0-9]{3,10}")
_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))*")


def parse_nhs_number(text: str) -> str:
    """The ten digits of an NHS number typed with or without spaces and hyphens (R-ID-1).

    Raises:
        InvalidInput: not ten digits, or the modulus-11 check digit is wrong.
    """
    digits = re.sub(r"[\s\-]", "", text)
    if not (len(digits) == 10 and digits.isascii() and digits.isdigit()):
        raise InvalidInput("NHS number is not 10 digits", hint="Read it again from the form.", rule="R-ID-1")
    from stdnum.gb import nhs  # lazy: it takes a sixth of a window's start

    if not nhs.is_valid(digits):
        raise InvalidInput(
            "NHS number: check digit is wrong", hint="A digit is mistyped: read it again.", rule="R-ID-1"
        )
    return digits


def normalise_nhs_number(text: str) -> str:
    """The ten digits where `text` is an NHS number, else `text` stripped: what is wrong stays to be seen."""
    try:
        return parse_nhs_number(text)
    except InvalidInput:
        return text.strip()


def format_nhs_number(digits: str) -> str:
    """`9990000018` → `999 000 0018` (3-3-4); anything else comes back unchanged."""
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}" if len(digits) == 10 and digits.isdigit() else digits


@dataclass(frozen=True)
class HospitalNumber:
    """UHL hospital number (R-ID-2, R-ID-3)."""

    digits: str  # six

    @property
    def s_number(self) -> str:
        return f"S{self.digits}"

    @property
    def rwes_number(self) -> str:
        return f"RWES{self.digits}"

    @property
    def warning(self) -> str:
        """R-ID-2: the guideline prints "digits 1–9"; a 0 is accepted, and said."""
        return "The guideline prints digits 1–9; this number holds a 0." if "0" in self.digits else ""


@dataclass(frozen=True)
class NumberFormat:
    """How a hospital writes its patients' numbers. `pattern`: a regular expression; empty: UHL's own (R-ID-2, 3)."""

    name: str = "S number"
    pattern: str = ""

    def check(self, text: str) -> tuple[str, str]:
        """The number as it is shown, and what to look at again; empty where nothing.

        Raises:
            InvalidInput: it is no number of this hospital's.
        """
        if not self.pattern:
            number = parse_hospital_number(text)
            return number.s_number, number.warning
        shown = text.strip()
        if not (_LONG_STRING.fullmatch(shown) and re.fullmatch(self.pattern, shown)):
            raise InvalidInput("Not a hospital number", "It is written in another way here.", rule="R-ID-2")
        return shown, ""

    def ways_to_write(self, text: str) -> tuple[str, ...]:
        """R-ID-3: S999111 and RWES999111 are one number; PACS knows it by either. None where it is no number."""
        if self.pattern:
            return (text.strip(),) if text.strip() else ()
        try:
            number = parse_hospital_number(text)
        except InvalidInput:
            return ()
        return number.s_number, number.rwes_number


UHL_NUMBERS = NumberFormat()
ANY_NUMBER = r"[^\s].*"


def number_format(ods: str, pattern: str) -> NumberFormat:
    """That of a profile: the setting where there is one, else UHL's at UHL, and elsewhere whatever DICOM can hold.

    Raises:
        InvalidInput: the setting is no regular expression.
    """
    if not pattern:
        return UHL_NUMBERS if ods == UHL else NumberFormat("Hospital number", ANY_NUMBER)
    try:
        re.compile(pattern)
    except re.error as error:
        raise InvalidInput(
            "The format of hospital numbers is no regular expression", str(error), "Correct the settings."
        ) from error
    return NumberFormat("Hospital number", pattern)


def parse_hospital_number(text: str) -> HospitalNumber:
    """`S999111`, `RWES999111`, in any case and spacing → the hospital number.

    Raises:
        InvalidInput: neither an S number nor an RWES number.
    """
    match = _S_NUMBER.fullmatch(re.sub(r"[\s\-]", "", text).upper())
    if match is None:
        raise InvalidInput(
            "Not a hospital number", "Expected S and 6 digits, or RWES and 6 digits.", rule="R-ID-2"
        )
    return HospitalNumber(match[1])


def normalise_hospital_number(text: str) -> str:
    """The S number where `text` is one (also written RWES…), else `text` stripped: another hospital's own."""
    try:
        return parse_hospital_number(text).s_number
    except InvalidInput:
        return text.strip()


def parse_call_reference(text: str) -> str:
    """The service desk's number, for example 06396375 (R-ID-5)."""
    reference = re.sub(r"\s", "", text).upper()
    if not _CALL_REFERENCE.fullmatch(reference):
        raise InvalidInput(
            "Not a call reference", "The service desk's number has 4 to 12 digits.", rule="R-ID-5"
        )
    return reference


def parse_ods_code(text: str) -> str:
    """An organisation's ODS code, upper case."""
    code = text.strip().upper()
    if not (_ODS_CODE.fullmatch(code) and code.isascii()):
        raise InvalidInput("Not an ODS code", "For example RWE for Leicester, RX1 for Nottingham.")
    return code


def is_uid(text: str) -> bool:
    """PS3.5 9.1: at most 64 characters, components of digits without leading zeros."""
    return len(text) <= 64 and text.isascii() and _UID.fullmatch(text) is not None
