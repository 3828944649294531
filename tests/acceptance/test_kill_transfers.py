"""Transfers killed at any moment at either end: each image exactly once in its target, none lost, nothing left over."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from iep_desktop.core.model import Node, NodeRole
from iep_desktop.dicom.archive import Archive
from iep_desktop.store.check import check
from tests.acceptance.killing import finish, kill_at_random, spooled
from tests.acceptance.test_kill import CountingArchive
from tests.two_hospitals import IDENTITY, NIGHT_AND_DAY, THEM, US, Party, store_study

TRANSFERS, IMAGES, KILLS = 3, 120, 10


@dataclass
class Ends:
    us: Party
    them: Party
    gateway: CountingArchive  # ours
    pacs: CountingArchive  # ours


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[Ends]:
    """Two hospitals whose archives take their time, so that kills meet transfers under way."""
    gateway = CountingArchive(tmp_path / "gateway", pause=0.01)
    pacs = CountingArchive(tmp_path / "pacs", pause=0.01)
    with Archive(tmp_path / "theirs", "PACS") as theirs, gateway, pacs:
        ledger = f"sqlite:///{tmp_path / 'ledger.sqlite'}"

        def party(ods: str, archive: Archive, inbox: Node | None) -> Party:
            node = Node(f"{ods} PACS", NodeRole.PACS, ods, "PACS", "127.0.0.1", archive.port)
            own = replace(NIGHT_AND_DAY, ledger_url=ledger, delivery_node=node.name, retry_limit=20)
            return Party(tmp_path / ods, node, own, ods=ods, gateway=inbox)

        inbox = Node("RWE GATE", NodeRole.GATEWAY, US, "PACS", "127.0.0.1", gateway.port)
        yield Ends(party(US, pacs, inbox), party(THEM, theirs, None), gateway, pacs)


@pytest.mark.timeout(300)
def test_transfers_killed_twenty_times_on_both_ways_arrive_whole_and_once(ends: Ends, tmp_path: Path) -> None:
    us, them = ends.us, ends.them
    numbers = []
    for no in range(TRANSFERS):
        study = store_study(them.node, tmp_path / f"s{no}", IMAGES, **IDENTITY, PatientID="K0999222")
        command: list[str | Path] = ["transfer", "--to", US, "--form", them.export_form(US), "--study", study]
        numbers.append(them.run(*command)[1]["number"])
    moments = random.Random(7)
    met = kill_at_random(them, KILLS, moments, (1.2, 2.2))
    finish(them)
    assert met >= KILLS // 2, "the uploads were over before the kills"
    assert [us.status(number) for number in numbers] == ["On IEP"] * TRANSFERS
    _each_once(ends.gateway, met)

    for number in numbers:
        assert us.run("match", number, "--form", us.form(hospital=THEM), "--registered")[0] in (0, 3)
        assert us.run("download", number)[0] in (0, 3)
    met = kill_at_random(us, KILLS, moments, (1.2, 2.2))
    finish(us)
    assert met >= KILLS // 2, "the downloads were over before the kills"
    assert [us.status(number) for number in numbers] == ["Delivered"] * TRANSFERS
    _each_once(ends.pacs, met)

    assert spooled(us) == spooled(them) == []
    with us.desk() as desk:
        assert check(desk.ledger.database) == ()


def _each_once(archive: CountingArchive, kills: int) -> None:
    """All are there; what came twice was on the wire when somebody was killed."""
    assert len(archive) == len(archive.came) == TRANSFERS * IMAGES
    again = sum(archive.came.values()) - len(archive.came)
    assert again <= kills * TRANSFERS
