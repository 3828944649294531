"""What the headers of a transaction's spooled images say: whose they are and which studies, for the comparison."""

from __future__ import annotations

from dataclasses import dataclass

from iep_desktop.core.errors import Permanent
from iep_desktop.core.medium import MediumPatient
from iep_desktop.core.transaction import Medium, Transaction
from iep_desktop.dicom.media import read_all
from iep_desktop.dicom.medium_files import open_medium
from iep_desktop.dicom.spool import Spool
from iep_desktop.workers.gatekeeper import without_instances


@dataclass(frozen=True)
class Headers:
    spool: Spool

    def __call__(self, id: int, transaction: Transaction) -> Medium:
        """Read every file of the transaction's folder.

        Raises:
            Permanent: none of them can be read.
        """
        contents = read_all(open_medium(str(self.spool.folder(id))))
        patient = _of_most(contents.patients)
        if patient is None:
            raise Permanent(
                "None of the images that came can be read", "", "Ask the sender to send them again."
            )
        held = (
            f"{len(contents.patients)} patients, {len(contents.studies)} studies, {contents.instances} images"
        )
        return Medium(
            source=transaction.gateway,
            label=transaction.gateway,
            fingerprint=contents.fingerprint,
            contents=held,
            patient=without_instances(patient),
            patients=len(contents.patients),
        )


def _of_most(patients: tuple[MediumPatient, ...]) -> MediumPatient | None:
    return max(patients, key=lambda p: sum(len(s.present) for s in p.studies), default=None)
