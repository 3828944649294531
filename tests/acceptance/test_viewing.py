"""Looking at what lies between two hospitals: each end sees it where it may read, and nobody else's copy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydicom import dcmread

from iep_desktop.core.job import Context
from tests.acceptance.test_due import look
from tests.acceptance.test_exchange import sent
from tests.peers import Orthanc
from tests.two_hospitals import NUMBERS, THEM, Pair, Party, four_archives, pair_over


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Orthanc]]:
    with four_archives(tmp_path_factory.mktemp("archives")) as running:
        yield running


@pytest.fixture
def pair(tmp_path: Path, archives: dict[str, Orthanc]) -> Pair:
    return pair_over(tmp_path, archives)


def looked_at(party: Party, number: str) -> Path:
    """The middle image, as this end's viewer and its rail get it."""
    with party.desk() as desk:
        id_ = desk.reading.transaction(number).id
        viewing = desk.viewings.of_transaction(id_, Context())
        (study,) = viewing.view.studies
        (series,) = study.series
        assert [image.number for image in series.images] == [1, 2, 3]
        where = (viewing.source, study, series)
        made = desk.thumbnails.of_series(*where, Context(), viewing.view.transaction_id)
        assert made.width > 0
        return viewing.source.file(study, series, series.images[1], Context())


def kept(party: Party) -> list[Path]:
    return [path for path in (party.root / "viewing").rglob("*") if path.is_file()]


def test_what_lies_on_iep_is_looked_at_in_our_gateway_and_by_its_sender_on_its_own_pacs(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    number = sent(pair, tmp_path / "study", images=3)
    archives["their pacs"].stop()
    try:
        path = looked_at(pair.us, number)
    finally:
        archives["their pacs"].start()
    assert dcmread(path).PatientID == NUMBERS[THEM]
    assert path.is_relative_to(pair.us.root / "viewing")
    archives["our gateway"].clear()
    assert dcmread(looked_at(pair.them, number)).PatientID == NUMBERS[THEM]


def test_what_was_looked_at_is_purged_with_what_lies_in_the_gateway(pair: Pair, tmp_path: Path) -> None:
    number = sent(pair, tmp_path / "study", images=3)
    looked_at(pair.us, number)
    assert kept(pair.us)
    look(pair.us, after=timedelta(days=15, minutes=1))
    assert pair.us.status(number) == "Purged"
    assert kept(pair.us) == []


def test_looking_changes_nothing_and_is_forgotten_with_the_transactions_spool(
    pair: Pair, archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    number = sent(pair, tmp_path / "study", images=3)
    before = pair.us.show(number)
    looked_at(pair.us, number)
    assert pair.us.show(number) == before
    assert len(archives["our gateway"].sop_instance_uids()) == 3
    assert {path.suffix for path in kept(pair.us)} == {".dcm", ".thumb"}
    with pair.us.desk() as desk:
        desk.spool.free(desk.reading.transaction(number).id)
    assert kept(pair.us) == []
