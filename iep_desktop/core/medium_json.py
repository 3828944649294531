"""A medium's contents as the JSON of `inspect` (cli.md). Pure; says nothing that the contents do not."""

from __future__ import annotations

from typing import Any

from iep_desktop.core.medium import Finding, MediumContents, MediumPatient, MediumSeries, MediumStudy


def to_json(contents: MediumContents) -> dict[str, Any]:
    """Dates are ISO 8601 or None; `instances` are those present, `missing` those that are only listed."""
    return {
        "source": contents.source,
        "kind": str(contents.kind),
        "patients": [_patient(patient) for patient in contents.patients],
        "instances": contents.instances,
        "missing": contents.missing,
        "bytes": contents.bytes,
        "findings": [_finding(finding) for finding in contents.findings],
    }


def _patient(patient: MediumPatient) -> dict[str, Any]:
    return {
        "patient_id": patient.patient_id,
        "issuer": patient.issuer,
        "name": patient.name,
        "birth_date": patient.birth_date.isoformat() if patient.birth_date else None,
        "sex": patient.sex,
        "studies": [_study(study) for study in patient.studies],
    }


def _study(study: MediumStudy) -> dict[str, Any]:
    return {
        "study_uid": study.study_uid,
        "date": study.date.isoformat() if study.date else None,
        "description": study.description,
        "accession": study.accession,
        "series": [_series(series) for series in study.series],
    }


def _series(series: MediumSeries) -> dict[str, Any]:
    return {
        "series_uid": series.series_uid,
        "modality": series.modality,
        "number": series.number,
        "description": series.description,
        "instances": len(series.present),
        "missing": series.missing,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": str(finding.code),
        "severity": str(finding.severity),
        "message": finding.message,
        "path": finding.path,
    }
