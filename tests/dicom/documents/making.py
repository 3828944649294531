"""Synthetic documents: reports, presentation states, waveforms and encapsulated files, right or wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom.data
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

SAMPLES = Path(pydicom.data.__file__).parent / "test_files"
CLASSES = "1.2.840.10008.5.1.4.1.1."
REPORT, KEY_OBJECTS, PRESENTATION = CLASSES + "88.33", CLASSES + "88.59", CLASSES + "11.1"
ECG, PDF, CDA = CLASSES + "9.1.1", CLASSES + "104.1", CLASSES + "104.2"
CT = CLASSES + "2"


def item(**attributes: Any) -> Dataset:
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def code(meaning: str, value: str = "1", scheme: str = "99TEST") -> list[Dataset]:
    return [item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)]


def content(kind: str, name: str = "", relation: str = "CONTAINS", **attributes: Any) -> Dataset:
    if name:
        attributes["ConceptNameCodeSequence"] = code(name)
    return item(ValueType=kind, RelationshipType=relation, **attributes)


def write(path: Path, sop_class: str, *, syntax: str = ExplicitVRLittleEndian, **attributes: Any) -> Path:
    ds = item(
        **{
            "SOPClassUID": sop_class,
            "SOPInstanceUID": "2.25.999",
            "PatientName": "MOUSE^Minnie",
            "PatientID": "S999111",
            "PatientBirthDate": "19610317",
            "PatientSex": "F",
            **attributes,
        }
    )
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    ds.file_meta.MediaStorageSOPInstanceUID = UID("2.25.999")
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    ds.save_as(path, enforce_file_format=True)
    return path


def sr(path: Path, *items: Dataset, sop_class: str = REPORT, **attributes: Any) -> Path:
    return write(
        path,
        sop_class,
        Modality="SR",
        ValueType="CONTAINER",
        ConceptNameCodeSequence=attributes.pop("title", code("CT report")),
        ContentSequence=list(items),
        **attributes,
    )


def ecg(path: Path, samples: Any, interpretation: str = "SS", **of_group: Any) -> Path:
    """`samples`: samples × channels of whole numbers."""
    array = np.asarray(samples)
    channels = of_group.pop("channels", [channel(f"Lead {n + 1}") for n in range(array.shape[1])])
    group = {
        "WaveformOriginality": "ORIGINAL",
        "NumberOfWaveformChannels": array.shape[1],
        "NumberOfWaveformSamples": array.shape[0],
        "SamplingFrequency": "500",
        "WaveformBitsAllocated": 8 * array.itemsize,
        "WaveformSampleInterpretation": interpretation,
        "ChannelDefinitionSequence": channels,
        **of_group,
    }
    made = item(**group)
    data = array.tobytes()
    made.add_new("WaveformData", "OB" if array.itemsize == 1 else "OW", data + b"\0" * (len(data) % 2))
    return write(path, ECG, Modality="ECG", WaveformSequence=[made])


def channel(name: str, *, sensitivity: str | None = "0.5", unit: str = "mV", **more: Any) -> Dataset:
    ds = item(ChannelSourceSequence=code(name), **more)
    if sensitivity is not None:
        ds.ChannelSensitivity = sensitivity
        ds.ChannelSensitivityUnitsSequence = code("unit", unit, "UCUM")
    return ds


def encapsulated(path: Path, data: bytes, media_type: str, sop_class: str = PDF, **attributes: Any) -> Path:
    return write(
        path,
        sop_class,
        DocumentTitle=attributes.pop("title", "Discharge letter"),
        MIMETypeOfEncapsulatedDocument=media_type,
        EncapsulatedDocument=data + b"\0" * (len(data) % 2),
        EncapsulatedDocumentLength=len(data),
        **attributes,
    )


def pdf_bytes(*pages: str) -> bytes:
    """A small PDF whose pages say one line each; a black bar stands at their foot."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for n, text in enumerate(pages):
        stream = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET 0 0 612 50 re f".encode()
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * n} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream")
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, xref)
    return bytes(out)
