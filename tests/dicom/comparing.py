"""Compares a coerced file with what it was, element by element, with pydicom and not with our own reader."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

from pydicom.dataset import Dataset, FileDataset
from pydicom.filereader import dcmread
from pydicom.tag import BaseTag

from iep_desktop.core.model import Patient
from iep_desktop.dicom.reconcile import CHANGED, Coercion, Importer

WHEN = datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC)
INTENDED = {(tag >> 16, tag & 0xFFFF) for tag in CHANGED}
"""As the code itself says it."""


def coercion(name: str = "MOUSE^Minnie", **changes: object) -> Coercion:
    """A whole coercion for a synthetic patient."""
    values: dict[str, object] = {
        "patient": Patient(name=name, birth_date=date(1950, 2, 1), hospital_no="S999111", sex="F"),
        "issuer": "RWE",
        "modifying_system": "IEP desktop RWE",
        "source_of_previous_values": "CD of Nottingham University Hospitals",
        "when": WHEN,
        "accession": "RWE0012345",
        "accession_issuer": "RWE",
        "exam_code": "XCHES",
        "exam_description": "X-ray chest",
        "importer": Importer(institution="Leicester", station="IMPORT-1", version="0.1"),
    }
    return Coercion(**{**values, **changes})  # type: ignore[arg-type]


def read(path: Path) -> FileDataset:
    return dcmread(path, force=True)


def raw(ds: Dataset, tag: BaseTag) -> object:
    """Of an element: its bytes where pydicom has not looked at it, else its value."""
    item = ds.get_item(tag)
    if item.VR == "SQ" and not isinstance(item.value, bytes):
        return [{t: raw(i, t) for t in tags(i)} for i in item.value]
    value = item.value
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) and len(value) > 4096 else value


def tags(ds: Dataset) -> list[BaseTag]:
    """Without having pydicom look at the values, as iterating over the data set would."""
    return list(ds.keys())


def differing(before: Dataset, after: Dataset) -> set[tuple[int, int]]:
    """Tags whose bytes differ; retired group lengths do not count."""
    both = {t for t in (*tags(before), *tags(after)) if t.element}
    return {
        (t.group, t.element)
        for t in both
        if t not in before or t not in after or raw(before, t) != raw(after, t)
    }


def texts(ds: Dataset) -> list[tuple[BaseTag, str]]:
    """Every text of the data set and its sequences, decoded by pydicom, without the attributes we change."""
    found: list[tuple[BaseTag, str]] = []
    for e in ds:
        if e.tag == 0x00080005 or (e.tag.group, e.tag.element) in INTENDED:
            continue
        if e.VR == "SQ":
            for item in e.value:
                found += texts(item)
        elif e.VR in ("SH", "LO", "ST", "LT", "PN", "UC", "UT"):
            found.append((e.tag, str(e.value)))
    return found


def complaints(path: Path) -> set[str]:
    """What DCMTK says against the file, warnings too; empty where nothing."""
    done = subprocess.run(["dcmdump", "-M", str(path)], capture_output=True, timeout=30, check=False)
    lines = done.stderr.decode(errors="replace").replace(str(path), "FILE").splitlines()
    return {line for line in lines if line.strip()} | (
        {f"exit {done.returncode}"} if done.returncode else set()
    )
