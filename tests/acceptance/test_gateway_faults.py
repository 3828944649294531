"""A recipient's gateway that is down, full, renamed, or loses what it took: both are told, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from iep_desktop.core.model import Node, NodeRole
from iep_desktop.dicom.archive import Archive
from tests.acceptance.killing import spooled
from tests.peers import free_port, run_orthanc
from tests.two_hospitals import IDENTITY, NIGHT_AND_DAY, THEM, US, Party, store_study

IMAGES = 4


class MoodyArchive(Archive):
    """A real archive with bad days: `full` refuses for want of room, `loses` so many that it said to have taken."""

    full = False
    loses = 0

    def _on_store(self, event: Any) -> int:
        if self.full:
            return 0xA700
        if self.loses:
            self.loses -= 1
            return 0x0000
        return super()._on_store(event)


@dataclass
class Bench:
    them: Party
    us: Party
    gateway: MoodyArchive
    port: int
    study: str

    def send(self) -> tuple[int, Any]:
        form = self.them.export_form(US)
        return self.them.run("transfer", "--to", US, "--form", form, "--study", self.study, "--wait")

    def retry(self, number: str) -> tuple[int, Any]:
        return self.them.run("retry", number, "--wait")


@contextmanager
def _bench(folder: Path) -> Iterator[Bench]:
    port = free_port()
    gateway = MoodyArchive(folder / "gateway", "GATE", port)
    with ExitStack() as stack:
        theirs = stack.enter_context(Archive(folder / "theirs", "PACS"))
        own = replace(NIGHT_AND_DAY, ledger_url=f"sqlite:///{folder / 'ledger.sqlite'}")
        inbox = Node("RWE GATE", NodeRole.GATEWAY, US, "GATE", "127.0.0.1", port)
        nowhere = Node("RWE PACS", NodeRole.PACS, US, "PACS", "127.0.0.1", free_port())
        pacs = Node("RX1 PACS", NodeRole.PACS, THEM, "PACS", "127.0.0.1", theirs.port)
        us = Party(folder / US, nowhere, own, ods=US, gateway=inbox)
        them = Party(folder / THEM, pacs, replace(own, delivery_node="RX1 PACS"), ods=THEM)
        study = store_study(pacs, folder / "study", IMAGES, **IDENTITY, PatientID="K0999222")
        yield Bench(them, us, gateway, port, study)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with _bench(tmp_path) as made:
        yield made


def test_a_gateway_that_is_down_gets_everything_when_it_is_back(bench: Bench) -> None:
    code, document = bench.send()
    assert (code, document["status"], document["error"]["kind"]) == (4, "Failed", "node-unreachable"), (
        document
    )
    assert bench.us.status(document["number"]) == "Failed"
    assert len(spooled(bench.them)) == IMAGES
    with bench.gateway:
        code, document = bench.retry(document["number"])
    assert (code, document["status"], len(bench.gateway)) == (0, "On IEP", IMAGES)
    assert spooled(bench.them) == []


def test_a_gateway_that_is_full_gets_everything_when_it_has_room(bench: Bench) -> None:
    bench.gateway.full = True
    with bench.gateway:
        code, document = bench.send()
        assert (code, document["status"]) == (4, "Failed")
        assert document["error"]["title"] == "RWE GATE has no room for 3 images"
        bench.gateway.full = False
        code, document = bench.retry(document["number"])
    assert (code, document["status"], len(bench.gateway)) == (0, "On IEP", IMAGES)


def test_a_gateway_that_loses_what_it_took_is_found_out_and_gets_it_again(bench: Bench) -> None:
    bench.gateway.loses = 2
    with bench.gateway:
        code, document = bench.send()
        if document["status"] == "Failed":
            code, document = bench.retry(document["number"])
    assert (code, document["status"], len(bench.gateway)) == (0, "On IEP", IMAGES), document


def test_a_gateway_that_goes_on_losing_never_makes_a_transfer_on_iep(bench: Bench) -> None:
    bench.gateway.loses = 10_000
    with bench.gateway:
        code, document = bench.send()
    assert (code, document["status"]) == (4, "Failed")
    assert "does not show 4 images that it took" in document["error"]["title"]
    assert bench.us.status(document["number"]) == "Failed"


def test_a_gateway_that_has_changed_its_ae_title_is_a_matter_for_the_admin(tmp_path: Path) -> None:
    with (
        _bench(tmp_path) as bench,
        run_orthanc(
            tmp_path / "renamed", config={"DicomAet": "RENAMED", "DicomCheckCalledAet": True}
        ) as gateway,
    ):
        moved = replace(gateway.node, name="RWE GATE", hospital=US, role=NodeRole.GATEWAY, ae_title="GATE")
        with bench.us.desk() as desk:
            desk.nodes.add(moved)
        code, document = bench.send()
        assert (code, document["error"]["kind"]) == (4, "node-rejected"), document
        with bench.us.desk() as desk:
            desk.nodes.add(replace(moved, ae_title="RENAMED"))
        code, document = bench.retry(document["number"])
        assert (code, document["status"]) == (0, "On IEP")
        assert len(gateway.sop_instance_uids()) == IMAGES


def test_images_that_vanish_from_the_gateway_while_they_are_downloaded_fail_the_download(
    bench: Bench,
) -> None:
    us = bench.us
    with bench.gateway:
        number = bench.send()[1]["number"]
    with MoodyArchive(bench.gateway._folder.with_name("empty"), "GATE", bench.port):  # purged by its owner
        code, document = us.run("download", number, "--wait")
    assert (code, document["status"]) == (4, "Failed"), document
    assert "RWE GATE" in document["error"]["title"]
    code, document = bench.them.run("retry", number)
    assert (code, document["error"]["rule"]) == (5, "R-TX-8")
