"""The door of this package: a file → what can be shown of it, or a named placeholder that says why not.

Owns the choice by SOP Class and content, and the edge: whatever a foreign file makes libraries raise becomes one of
our errors. Files with pixels are told apart and left to `dicom.render`.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag

from iep_desktop.core.documents import Document, HasPixels, Report, ReportLine, Unshown, document_kind
from iep_desktop.core.errors import IepError, MediumUnreadable, Permanent
from iep_desktop.core.viewing import ViewPatient
from iep_desktop.dicom.documents.encapsulated import encapsulated
from iep_desktop.dicom.documents.presentation import presentation_state
from iep_desktop.dicom.documents.structured import facts, report
from iep_desktop.dicom.documents.values import class_name, clean, words
from iep_desktop.dicom.documents.waveform import waveform
from iep_desktop.dicom.file_start import DEFLATED, META_CLASS, NotDicom, Start, read_start
from iep_desktop.dicom.medium_facts import WANTED, Facts, code
from iep_desktop.dicom.render.opening import inflated_data
from iep_desktop.dicom.skim import Damaged, skim

LARGEST_VALUE = 256 << 20  # bytes of a document; the rest of the file is not read then

_PIXELS = {0x7FE00008, 0x7FE00009, 0x7FE00010}
_OLD_TEXTS = ("InterpretationText", "TextComments", "ImpressionsRETIRED", "Impressions", "TextString")


@contextlib.contextmanager
def translated(title: str) -> Iterator[None]:
    try:
        yield
    except IepError as error:
        if type(error) is Permanent and error.title != title:
            raise Permanent(title, error.message, error.hint) from error
        raise
    except Exception as error:  # a parser may raise anything for what a disc holds
        if isinstance(error, OSError) and error.errno is not None:  # the system's own, not pydicom's
            raise MediumUnreadable("The file cannot be read", error.strerror or "") from error
        raise Permanent(title, f"The file is damaged ({type(error).__name__}).") from error


def read_document(path: Path) -> Document:
    """What a file holds. A kind that is not known, and one that makes no sense, is `Unshown` with the reason.

    Raises:
        MediumUnreadable: the file cannot be read.
        Permanent: it is no DICOM file, or so damaged that not even its kind is known.
    """
    with translated("The document cannot be shown"), path.open("rb") as file:
        ds, sop_class, has_pixels = _dataset(file)
        kind = document_kind(sop_class)
        if has_pixels and not kind:
            return HasPixels()
        try:
            with translated(kind or "The document cannot be shown"):
                return _document(ds, sop_class, kind)
        except Permanent as error:
            return Unshown(kind or class_name(sop_class) or "Document", error.message)


def header_identity(path: Path) -> ViewPatient:
    """Whose file it is, as its own head says. What it does not say is empty.

    Raises:
        MediumUnreadable, Permanent: there is no head to read.
    """
    with translated("The file cannot be read"), path.open("rb") as file:
        start, body = body_of(file)
        values = skim(body, start.syntax, WANTED, lambda tag, vr, length: tag >= 0x7FE00000)
        patient = Facts().patient(values, start.syntax)
        return ViewPatient(
            patient.patient_id, patient.nhs_no, patient.name, patient.birth_date, patient.sex, patient.issuer
        )


def body_of(file: BinaryIO) -> tuple[Start, BinaryIO]:
    """How the file begins, and its data set from where it stands, inflated where it must be.

    Raises:
        Permanent: it is no DICOM file.
    """
    try:
        start = read_start(file)
    except (NotDicom, Damaged) as error:
        raise Permanent(
            "The file cannot be read", "It is not DICOM, or does not begin as it should."
        ) from error
    return start, io.BytesIO(inflated_data(file)) if start.transfer_syntax == DEFLATED else file


def _dataset(file: BinaryIO) -> tuple[Dataset, str, bool]:
    """Everything before the pixels, its SOP Class, and whether there are pixels."""
    start, body = body_of(file)
    found: list[int] = []

    def at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
        if tag in _PIXELS:
            found.append(tag)
        return tag in _PIXELS or LARGEST_VALUE < length < 0xFFFFFFFF

    ds = read_dataset(body, start.syntax.implicit, start.syntax.little, stop_when=at_pixels)
    return ds, words(ds, "SOPClassUID") or code(start.meta, META_CLASS), bool(found)


def _document(ds: Dataset, sop_class: str, kind: str) -> Document:
    """By what is in it where that tells; discs hold private and retired classes of every kind."""
    if "EncapsulatedDocument" in ds or kind in ("PDF document", "Clinical document (CDA)"):
        return encapsulated(ds, kind)
    if kind == "Presentation state":
        return presentation_state(ds, _exact(sop_class) or kind)
    if "ContentSequence" in ds:
        return report(ds, kind or "Report")
    if "WaveformSequence" in ds or kind == "Waveform":
        return waveform(ds, _exact(sop_class) or kind or "Waveform")
    if kind in ("Structured report", "Key objects"):
        return Unshown(kind, "It has no content.", facts(ds))
    return _old_text(ds) or _placeholder(ds, sop_class, kind)


def _old_text(ds: Dataset) -> Report | None:
    """Texts of retired objects: interpretations, comments."""
    texts = [text for keyword in _OLD_TEXTS if (text := words(ds, keyword))]
    lines = tuple(ReportLine(0, "", line) for text in texts for line in clean(text).split("\n"))
    return Report("Report", facts(ds), lines) if lines else None


def _placeholder(ds: Dataset, sop_class: str, kind: str) -> Unshown:
    title = kind or _exact(sop_class) or "Unknown object"
    if not sop_class:
        why = "The file does not say what it is."
    elif not (kind or _exact(sop_class)):
        why = f"Its kind is not known: {sop_class[:64]}."
    elif "Rows" in ds or "Image" in title:
        why = "The file says that it is an image, but it holds no pixels."
    else:
        why = "It is no image and no report; this viewer does not show objects of its kind."
    return Unshown(title, why, facts(ds))


def _exact(sop_class: str) -> str:
    """The standard's name; empty where it has none."""
    known = class_name(sop_class)
    return "" if known == sop_class else known
