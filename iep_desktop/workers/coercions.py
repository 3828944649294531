"""What an import writes into its images: our patient, the exam's accession number, and where it all came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from iep_desktop import __version__
from iep_desktop.core.identifiers import normalise_hospital_number
from iep_desktop.core.model import Exam
from iep_desktop.core.transaction import Transaction
from iep_desktop.dicom.coercion import Coercion, Importer

MODIFYING_SYSTEM = "IEP desktop"


class Coercions:
    """Makes the coercion of one study of a transaction (IHE IRWF.b)."""

    def __init__(
        self,
        issuer: str,
        station: str,
        hospital_name: Callable[[str], str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._issuer = issuer
        self._station = station
        self._hospital_name = hospital_name
        self._now = now

    def __call__(self, transaction: Transaction, exam: Exam | None) -> Coercion:
        """Raises InvalidInput for what DICOM cannot hold."""
        exam = exam or Exam()
        number = normalise_hospital_number(transaction.patient.hospital_no)
        return Coercion(
            patient=replace(transaction.patient, hospital_no=number),
            issuer=self._issuer,
            modifying_system=MODIFYING_SYSTEM,
            source_of_previous_values=self._hospital_name(transaction.sender),
            when=self._now(),
            accession=exam.accession,
            accession_issuer=self._issuer if exam.accession else "",
            exam_code=exam.exam_code,
            exam_description=exam.description,
            importer=Importer(
                institution=self._hospital_name(transaction.recipient),
                station=self._station,
                model=MODIFYING_SYSTEM,
                version=__version__,
            ),
        )
