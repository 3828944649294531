"""What we ask an archive for, whichever way it is asked: C-FIND (PS3.4 C) or QIDO-RS (PS3.18 10.6).

Owns the questions and what their answers become; a session of either kind says how a question is put.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import date

from pydicom.dataset import Dataset

from iep_desktop.core.queries import PacsInstance, PacsPatient, PacsSeries, PacsStudy
from iep_desktop.dicom import query

MAX_RESULTS = 200


class Finding(ABC):
    """Questions to one node, over one connection."""

    _lists_patients: bool
    """Whether it has a level above studies; else patients are those of the studies."""

    @abstractmethod
    def _find(self, level: str, keys: dict[str, str], limit: int | None) -> list[Dataset]:
        """At most `limit` answers at PATIENT, STUDY, SERIES or IMAGE; keys by keyword (`query.RETURN_KEYS`)."""

    def patients(
        self, *, patient_id: str = "", name: str = "", limit: int = MAX_RESULTS
    ) -> tuple[PacsPatient, ...]:
        """Patients by number, or by name (PN; `*` and `?` are wildcards). Where the node has no Patient Root
        model (PS3.4 C.6.1), they are those of its studies."""
        keys = {k: v for k, v in (("PatientID", patient_id), ("PatientName", name)) if v}
        level = "PATIENT" if self._lists_patients else "STUDY"
        found = [query.patient(ds) for ds in self._find(level, keys, limit)]
        return tuple(dict.fromkeys(found))

    def studies(
        self,
        *,
        patient_id: str = "",
        study_uid: str = "",
        accession: str = "",
        date_from: date | None = None,
        date_to: date | None = None,
        modality: str = "",
        description: str = "",
        limit: int = MAX_RESULTS,
    ) -> tuple[PacsStudy, ...]:
        asked = (
            ("PatientID", patient_id),
            ("StudyInstanceUID", study_uid),
            ("AccessionNumber", accession),
            ("StudyDate", query.date_range(date_from, date_to)),
            ("ModalitiesInStudy", modality),
            ("StudyDescription", description),
        )
        keys = {k: v for k, v in asked if v}
        return tuple(query.study(ds) for ds in self._find("STUDY", keys, limit))

    def series(self, study_uid: str) -> tuple[PacsSeries, ...]:
        """All series of a study, with the number of instances where the node says it."""
        keys = {"StudyInstanceUID": study_uid}
        return tuple(query.series(ds) for ds in self._find("SERIES", keys, None))

    def instance_uids(self, study_uid: str, series_uid: str) -> frozenset[str]:
        """The SOP Instance UIDs that the node has of a series."""
        keys = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": series_uid}
        found = self._find("IMAGE", keys, None)
        return frozenset(query.text(ds, "SOPInstanceUID") for ds in found) - {""}

    def instances(self, study_uid: str) -> tuple[PacsInstance, ...]:
        """Everything that the node has of a study, series by series."""
        found: dict[str, PacsInstance] = {}
        for answer in self.series(study_uid):
            series = replace(answer, study_uid=study_uid)  # some nodes leave it out
            keys = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": series.series_uid}
            for ds in self._find("IMAGE", keys, None):
                one = query.instance(ds, series)
                found.setdefault(one.sop_instance_uid, one)
        found.pop("", None)
        return tuple(found.values())
