"""Text of a data set in its own Specific Character Set (0008,0005), never guessing (PS3.3 C.12.1.1.2).

Owns strict decoding, encoding, and the change of whole data sets to ISO_IR 192. pydicom replaces what it cannot
decode and reads undeclared bytes as Latin-1, which is right for a screen; what is written must lose nothing, so
here such bytes are an error. Must not know which attributes are coerced.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from pydicom.charset import CODES_TO_ENCODINGS, STAND_ALONE_ENCODINGS, python_encoding
from pydicom.datadict import private_dictionary_VR

from iep_desktop.dicom.elements import Element, Malformed, Syntax, changed_items, element, with_value

CHARSET = 0x00080005
UTF_8 = "ISO_IR 192"
TEXT_VRS = frozenset({"SH", "LO", "ST", "LT", "PN", "UC", "UT"})  # PS3.5 6.1.2.2

_FRAGMENT = re.compile(rb"^[^\x1b]+|\x1b[^\x1b]*")
_RESET = re.compile(rb"[\r\n\t\f\\]")  # PS3.5 6.1.2.5.3: the first character set is back after these
_RESET_IN_NAME = re.compile(rb"[\r\n\t\f\\^=]")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff\x1b]")
_BOTH_BYTES = ("iso2022_jp", "iso2022_jp_2")  # G0 sets of two bytes: Python's codec takes the escape as well
_ASCII_ESCAPE = b"\x1b(B"
_LETTERS = str.maketrans(
    {"ß": "ss", "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Ø": "O", "ø": "o", "Ł": "L", "ł": "l", "Đ": "D"}
    | {"đ": "d", "Ð": "D", "ð": "d", "Þ": "Th", "þ": "th", "ı": "i", "’": "'", "‘": "'", "–": "-", "—": "-"}
)


class CannotRecode(Exception):
    """The data set holds text that its own character set does not explain."""


@dataclass(frozen=True)
class Charset:
    """The character sets of a data set, the first one and those that escape sequences may call."""

    codecs: tuple[str, ...] = ("ascii",)
    extensible: bool = False

    def encode(self, text: str) -> bytes:
        """In the first character set alone, so that no escape sequence is needed.

        Raises:
            UnicodeEncodeError: it has no such letter.
        """
        codec = self.codecs[0]
        if (codec == "shift_jis" and "~" in text) or codec in _BOTH_BYTES:
            raise UnicodeEncodeError(codec, text, 0, len(text), "has no such letter")
        return text.encode("ascii" if codec == "shift_jis" else codec)

    def decode(self, value: bytes, vr: str) -> str:
        """Strictly; raises UnicodeDecodeError where bytes have no meaning in the declared sets."""
        if not self.extensible or b"\x1b" not in value:
            return value.decode(self.codecs[0])
        reset = _RESET_IN_NAME if vr == "PN" else _RESET
        return "".join(self._fragment(fragment, reset) for fragment in _FRAGMENT.findall(value))

    def _fragment(self, fragment: bytes, reset: re.Pattern[bytes]) -> str:
        first = self.codecs[0]
        if not fragment.startswith(b"\x1b"):
            return fragment.decode(first)
        escape = fragment[:4] if fragment[1:3] in (b"$(", b"$)") else fragment[:3]
        codec = CODES_TO_ENCODINGS.get(escape, "")
        if escape == _ASCII_ESCAPE:  # G0 alone changes: the upper half is still that of the first set
            return fragment[3:].decode("ascii" if first == "shift_jis" else first)
        if codec not in self.codecs:
            raise UnicodeDecodeError(codec or "ascii", fragment, 0, len(escape), "undeclared escape sequence")
        if codec in _BOTH_BYTES:
            return fragment.decode(codec)
        body = fragment[len(escape) :]
        end = reset.search(body)
        cut = end.start() if end else len(body)
        return body[:cut].decode(codec) + body[cut:].decode(first)


def charset_of(value: bytes | None) -> Charset:
    """Of the value of (0008,0005); common misspellings are understood, an unknown term means ASCII and no more."""
    terms = [_spelt(term) for term in (value or b"").decode("ascii", "replace").split("\\")]
    if terms[0] in STAND_ALONE_ENCODINGS:
        return Charset((python_encoding[terms[0]],))
    codecs = tuple(_codec(term) for term in terms if term not in STAND_ALONE_ENCODINGS)
    return Charset(codecs, extensible=any("2022" in term for term in terms))


def recoded(elements: list[Element], syntax: Syntax, charset: Charset) -> list[Element]:
    """The data set in ISO_IR 192: every text in it, also in sequences, and (0008,0005) itself.

    Items that declare a character set of their own keep it. ASCII stays byte for byte, group lengths go.
    What is hidden in private elements of unknown VR stays as it is.

    Raises:
        CannotRecode: some text has no meaning in `charset`; nothing may be changed then.
    """
    try:
        changed = _texts(elements, syntax, charset)
    except (UnicodeDecodeError, Malformed) as error:
        raise CannotRecode from error
    others = [e for e in changed if e.tag != CHARSET]
    return sorted([element(syntax, CHARSET, "CS", UTF_8.encode()), *others], key=lambda e: e.tag)


def transliterated(text: str) -> str:
    """In ASCII: `Müller` → `Muller`, `Strauß` → `Strauss`.

    Raises:
        UnicodeEncodeError: a letter is not a Latin one.
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    plain.encode("ascii")
    return plain


def ascii_or_mark(text: str) -> str:
    """As `transliterated`, for text that only informs: `?` for what is not a Latin letter."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).encode("ascii", "replace").decode()


def _texts(elements: list[Element], syntax: Syntax, charset: Charset) -> list[Element]:
    creators = {e.tag: e.value for e in elements if _is_creator(e.tag)}

    def in_item(content: list[Element], item_syntax: Syntax) -> list[Element] | None:
        own = any(e.tag == CHARSET for e in content)
        return None if own else _texts(content, item_syntax, charset)

    result = []
    for e in elements:
        if e.is_sequence:
            result.append(changed_items(e, syntax, in_item) if e.length else e)
        elif _text_vr(e, creators):
            result.append(_text(e, syntax, charset))
        elif e.tag & 0xFFFF:
            result.append(e)
    return result


def _text(e: Element, syntax: Syntax, charset: Charset) -> Element:
    value = e.raw[len(e.header) :]
    if not _BEYOND_ASCII.search(value):
        return e
    text = charset.decode(value, e.known_vr).encode("utf-8")
    return with_value(e, syntax, text + b" " * (len(text) % 2))


def _text_vr(e: Element, creators: dict[int, bytes | None]) -> bool:
    vr = e.known_vr
    if vr == "UN" and (e.tag >> 16) % 2:
        creator = creators.get(e.tag & 0xFFFF0000 | (e.tag >> 8 & 0xFF))
        vr = _private_vr(e.tag, creator) if creator else vr
    return vr in TEXT_VRS


def _private_vr(tag: int, creator: bytes) -> str:
    try:
        return private_dictionary_VR(tag, creator.decode("ascii").strip(" \0"))
    except (KeyError, UnicodeDecodeError):
        return "UN"


def _is_creator(tag: int) -> bool:
    return (tag >> 16) % 2 == 1 and 0x10 <= tag & 0xFFFF <= 0xFF


def _spelt(term: str) -> str:
    """`iso_ir-100`, `ISO 2022-IR 87` as the standard spells them."""
    term = re.sub(r"[\s\-_]+", " ", term.strip(" \0").upper())
    return term.replace("ISO IR", "ISO_IR", 1)


def _codec(term: str) -> str:
    if term in ("", "ISO_IR 6", "ISO 2022 IR 6"):
        return "ascii"
    return python_encoding.get(term, "ascii")
