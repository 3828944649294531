"""What we ask an archive for, whichever way it is asked: C-FIND (PS3.4 C) or QIDO-RS (PS3.18 10.6).

Owns the questions and what their answers become; a session of either kind says how a question is put.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TypeVar

from pydicom.dataset import Dataset

from iep_desktop.core.queries import PacsInstance, PacsPatient, PacsSeries, PacsStudy
from iep_desktop.dicom import query

MAX_RESULTS = 200

T = TypeVar("T")


class Finding(ABC):
    """Questions to one node, over one connection."""

    _lists_patients: bool
    """Whether it has a level above studies; else patients are those of the studies."""

    @abstractmethod
    def _find(
        self, level: str, keys: dict[str, str], limit: int | None, read: Callable[[Dataset], T]
    ) -> list[T]:
        """At most `limit` answers at PATIENT, STUDY, SERIES or IMAGE; keys by keyword (`query.RETURN_KEYS`).

        Each is read as it comes: a hundred thousand data sets would not fit into memory.
        """

    def patients(
        self, *, patient_id: str = "", name: str = "", limit: int = MAX_RESULTS
    ) -> tuple[PacsPatient, ...]:
        """Patients by number, or by name (PN; `*` and `?` are wildcards). Where the node has no Patient Root
        model (PS3.4 C.6.1), they are those of its studies."""
        keys = {k: v for k, v in (("PatientID", patient_id), ("PatientName", name)) if v}
        level = "PATIENT" if self._lists_patients else "STUDY"
        found = self._find(level, keys, limit, query.patient)
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
        return tuple(self._find("STUDY", keys, limit, query.study))

    def series(self, study_uid: str) -> tuple[PacsSeries, ...]:
        """All series of a study, with the number of instances where the node says it."""
        keys = {"StudyInstanceUID": study_uid}
        return tuple(self._find("SERIES", keys, None, query.series))

    def instance_uids(self, study_uid: str, series_uid: str) -> frozenset[str]:
        """The SOP Instance UIDs that the node has of a series."""
        keys = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": series_uid}
        return frozenset(self._find("IMAGE", keys, None, _uid)) - {""}

    def instances(self, study_uid: str) -> tuple[PacsInstance, ...]:
        """Everything that the node has of a study, series by series."""
        found: dict[str, PacsInstance] = {}
        for answer in self.series(study_uid):
            series = replace(answer, study_uid=study_uid)  # some nodes leave it out
            keys = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": series.series_uid}
            for one in self._find("IMAGE", keys, None, partial(query.instance, of=series)):
                found.setdefault(one.sop_instance_uid, one)
        found.pop("", None)
        return tuple(found.values())


def _uid(ds: Dataset) -> str:
    return query.text(ds, "SOPInstanceUID")
