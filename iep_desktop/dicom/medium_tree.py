"""The tree of a medium while it is being read: patients → studies → series → instances, each instance once.

Owns what belongs together and what wins: what a file says of itself wins over what a DICOMDIR says of it, and the first
file over later ones; a blank is filled by whoever knows. Must not read anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Generic, TypeVar

from iep_desktop.core.medium import MediumInstance, MediumPatient, MediumSeries, MediumStudy
from iep_desktop.dicom.medium_facts import Placed

Said = TypeVar("Said", MediumPatient, MediumStudy, MediumSeries)


@dataclass(eq=False)
class _Node(Generic[Said]):
    """What is said of a patient, study or series; `certain` once a file said it."""

    said: Said
    certain: bool = False
    heard: Said | None = None  # last: most files of a series say the very same

    def hear(self, said: Said, certain: bool) -> None:
        if certain and not self.certain:
            self.said, self.certain = _filled(said, self.said), True
        elif said is not self.heard:
            self.said = _filled(self.said, said)
        self.heard = said


@dataclass(eq=False)
class _Series(_Node[MediumSeries]):
    instances: dict[str, MediumInstance] = field(default_factory=dict)
    built: MediumSeries | None = None


@dataclass(eq=False)
class _Study(_Node[MediumStudy]):
    series: dict[str, _Series] = field(default_factory=dict)


@dataclass(eq=False)
class _Patient(_Node[MediumPatient]):
    studies: dict[str, _Study] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Place:
    patient: _Patient
    study: _Study
    series: _Series


class Tree:
    """`put` what is listed or read; `patients` is what results."""

    def __init__(self) -> None:
        self._patients: list[_Patient] = []
        self._by_id: dict[str, list[_Patient]] = {}
        self._places: dict[str, _Place] = {}

    def put(self, placed: Placed, *, certain: bool) -> None:
        """Add an instance, or put it where it belongs; `certain` where the file itself says so."""
        key = key_of(placed.instance)
        place = self._place(placed, certain)
        before = self._places.get(key)
        if before is not None and before.series is not place.series:
            self._take_out(key, before)
        self._places[key] = place
        place.series.instances[key] = placed.instance
        place.series.built = None

    def drop(self, key: str) -> None:
        """Forget an instance, and what it alone stood for."""
        if place := self._places.pop(key, None):
            self._take_out(key, place)

    def holds(self, key: str) -> bool:
        return key in self._places

    def gather(self) -> None:
        """Move what is only listed to the study of that UID of which files were read: they say whose it is."""
        certain = {
            uid: (patient.said, study.said)
            for patient in self._patients
            for uid, study in patient.studies.items()
            if study.certain and uid
        }
        for key, place in list(self._places.items()):
            whose = certain.get(place.study.said.study_uid)
            if whose and not place.study.certain:
                self.put(Placed(*whose, place.series.said, place.series.instances[key]), certain=False)

    def patients(self) -> tuple[MediumPatient, ...]:
        """In the order of first mention; series and instances by number."""
        return tuple(
            replace(patient.said, studies=tuple(_study(study) for study in patient.studies.values()))
            for patient in self._patients
        )

    def _place(self, placed: Placed, certain: bool) -> _Place:
        patient = self._patient(placed.patient, placed.study.study_uid)
        patient.hear(placed.patient, certain)
        study = patient.studies.setdefault(placed.study.study_uid, _Study(placed.study))
        study.hear(placed.study, certain)
        series = study.series.setdefault(placed.series.series_uid, _Series(placed.series))
        series.hear(placed.series, certain)
        series.built = None
        return _Place(patient, study, series)

    def _patient(self, said: MediumPatient, study_uid: str) -> _Patient:
        """The one of the same number and name, whose issuer and birth date do not differ where both are given.

        Of several, the one with the study.
        """
        same_id = self._by_id.setdefault(said.patient_id, [])
        same = [patient for patient in same_id if _same_patient(patient.said, said)]
        same.sort(key=lambda patient: study_uid not in patient.studies)
        if same:
            return same[0]
        patient = _Patient(said)
        same_id.append(patient)
        self._patients.append(patient)
        return patient

    def _take_out(self, key: str, place: _Place) -> None:
        del place.series.instances[key]
        place.series.built = None
        if not place.series.instances:
            place.study.series.pop(place.series.said.series_uid, None)
        if not place.study.series:
            place.patient.studies.pop(place.study.said.study_uid, None)
        if not place.patient.studies and place.patient in self._patients:
            self._patients.remove(place.patient)
            self._by_id[place.patient.said.patient_id].remove(place.patient)


def key_of(instance: MediumInstance) -> str:
    """What makes an instance one: its UID; of a listed file whose UID is not said, its path."""
    return instance.sop_instance_uid or f"path {instance.path}"


def name_key(name: str) -> str:
    """A PN as far as it can differ by meaning: upper case, without padding and empty components at the end."""
    groups = (group.rstrip("^ ") for group in name.split("="))
    return "=".join(" ".join(group.split()) for group in groups).rstrip("=").upper()


def _same_patient(one: MediumPatient, other: MediumPatient) -> bool:
    return (
        (one.name == other.name or name_key(one.name) == name_key(other.name))
        and _agree(one.issuer, other.issuer)
        and _agree(one.birth_date, other.birth_date)
    )


def _agree(one: object, other: object) -> bool:
    return not one or not other or one == other


def _filled(first: Said, second: Said) -> Said:
    """`first`, its blanks filled from `second`."""
    if first == second:
        return first
    blank = {
        f.name: getattr(second, f.name) for f in fields(first) if getattr(first, f.name) in ("", None, ())
    }
    return replace(first, **blank)


def _study(study: _Study) -> MediumStudy:
    series = sorted((_built(series) for series in study.series.values()), key=_by_number)
    return replace(study.said, series=tuple(series))


def _built(series: _Series) -> MediumSeries:
    if series.built is None:
        instances = sorted(series.instances.values(), key=_by_number)
        series.built = replace(series.said, instances=tuple(instances))
    return series.built


def _by_number(numbered: MediumSeries | MediumInstance) -> tuple[bool, int]:
    return numbered.number is None, numbered.number or 0
