"""Storage commitment in the whole program: which evidence counts, and what becomes of a report that is late or says no.

The archive is a scripted one where it must misbehave, and a stock Orthanc and DCMTK where it shall not.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, generate_uid

from iep_desktop.core.evidence import CommitmentReport, CommitmentState, CommitmentUse, Reference
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.dicom import scu
from iep_desktop.dicom.archive import Archive
from iep_desktop.dicom.commitment import open_commitment
from iep_desktop.dicom.storage_scp import Caller, ListenerSettings, StorageListener
from iep_desktop.workers import committing
from tests.fakes.committing_archive import Act, CommittingArchive, aborts, here, never, there
from tests.fakes.instances import make_instance
from tests.hospital import FAST, Hospital, ct_disc, form
from tests.peers import CALLING_AE, Orthanc, free_port, run_dcmqrscp, run_orthanc
from tests.two_hospitals import IDENTITY, NIGHT_AND_DAY, NUMBERS, THEM, US, Party, store_study

IMAGES = 3


class Case:
    """A hospital with a committing PACS, and its import of a disc."""

    def __init__(self, folder: Path, archive: CommittingArchive, *, wait: float, listens: bool) -> None:
        self.folder, self.archive = folder, archive
        port = archive.listener_port = free_port()
        heard = {"listener_port": port, "listener_callers": (("PACS", "127.0.0.1"),)} if listens else {}
        settings = replace(FAST, commitment_wait_seconds=wait, **heard)
        self.hospital = Hospital(folder / "profile", archive.node, settings)
        self.number = ""

    def use(self, use: CommitmentUse) -> None:
        with self.hospital.desk() as desk:
            desk.nodes.add(replace(self.archive.node, commitment=use))

    def import_(self) -> dict[str, Any]:
        disc = ct_disc(self.folder / "cd", images=IMAGES)
        _, document = self.hospital.import_(disc.root, form(), "--registered")
        self.number = document["number"]
        return self.show()

    def show(self) -> dict[str, Any]:
        shown: dict[str, Any] = self.hospital.run("show", self.number)[1]
        return shown

    def retry(self) -> dict[str, Any]:
        self.hospital.run("retry", self.number, "--wait")
        return self.show()

    def events(self) -> list[str]:
        with self.hospital.desk() as desk:
            id_ = desk.reading.transaction(self.number).id
            return [event.text for event in desk.reading.details(id_).events]

    def states(self) -> list[CommitmentState]:
        with self.hospital.desk() as desk:
            id_ = desk.reading.transaction(self.number).id
            return [one.state for one in desk.ledger.commitments.of(id_)]

    def report_late(self, *reasons: int) -> int | None:
        """The archive reports to the listener of a program that runs now."""
        with self.hospital.desk() as desk:
            assert desk.storage_listener is not None
            there(*reasons)(self.archive, None, self.archive.asked[-1])
        return self.archive.answers[-1]


@pytest.fixture
def case(tmp_path: Path) -> Any:
    with ExitStack() as stack:

        def make(act: Act, *, wait: float = 20, listens: bool = True, status: int = 0) -> Case:
            archive = CommittingArchive(tmp_path / "archive", act, status=status)
            stack.enter_context(archive)
            return Case(tmp_path, archive, wait=wait, listens=listens)

        yield make


Make = Callable[..., Case]
WHOLE, SHOWN = {"by storage commitment": IMAGES}, {"by instance": IMAGES}


def test_what_a_node_commits_itself_to_is_delivered_on_that_evidence(case: Make) -> None:
    import_ = case(there())
    shown = import_.import_()
    assert (shown["status"], shown["evidence"], shown["uncommitted"]) == ("Delivered", WHOLE, [])
    assert import_.archive.answers == [0x0000]
    assert f"PACS has committed itself to keep {IMAGES} images" in import_.events()
    assert import_.states() == [CommitmentState.SETTLED]


def test_a_node_that_reports_where_it_was_asked_needs_no_listener_of_ours(case: Make) -> None:
    import_ = case(here(), listens=False)
    import_.use(CommitmentUse.ALWAYS)
    shown = import_.import_()
    assert (shown["status"], shown["evidence"]) == ("Delivered", WHOLE)
    assert import_.archive.answers == [0x0000]


@pytest.mark.parametrize(
    ("listens", "use"), [(False, CommitmentUse.AUTOMATIC), (True, CommitmentUse.OFF)], ids=str
)
def test_a_node_whose_report_could_not_reach_us_or_is_not_wanted_is_not_asked(
    case: Make, listens: bool, use: CommitmentUse
) -> None:
    import_ = case(never, listens=listens)
    import_.use(use)
    shown = import_.import_()
    assert (shown["status"], shown["evidence"]) == ("Delivered", SHOWN)
    assert import_.archive.asked == []


def test_images_that_a_node_does_not_keep_wait_for_a_person_with_their_list(case: Make) -> None:
    import_ = case(there(0x0112))
    shown = import_.import_()
    assert (shown["status"], shown["tab"]) == ("Uploading", "Action Required")
    assert shown["instances"] | {"verified": 2, "failed": 0} == shown["instances"]
    (image,) = shown["uncommitted"]
    assert image["reason"] == "the node does not have the image (0112)"
    assert image["sop_instance_uid"] == _asked(import_)[-1]
    assert any("1 image without commitment" in line for line in shown["required"])

    import_.archive.act = there()
    shown = import_.retry()
    assert (shown["status"], shown["evidence"], shown["uncommitted"]) == ("Delivered", WHOLE, [])
    assert import_.archive.stored == IMAGES + 1  # only the one that it had lost


def test_a_node_that_is_short_of_resources_is_asked_again(case: Make) -> None:
    import_ = case(never)

    def short_once(archive: CommittingArchive, assoc: Any, asked: Dataset) -> None:
        archive.act = there()
        there(0x0213)(archive, assoc, asked)

    import_.archive.act = short_once
    shown = import_.import_()
    assert (shown["status"], shown["evidence"]) == ("Delivered", WHOLE)
    assert (len(import_.archive.asked), import_.archive.stored) == (2, IMAGES)


def test_a_late_report_leaves_other_evidence_and_a_list_and_lifts_both_when_it_comes(case: Make) -> None:
    import_ = case(never, wait=0.3)
    shown = import_.import_()
    assert (shown["status"], shown["tab"], shown["evidence"]) == ("Delivered", "Action Required", SHOWN)
    assert [one["sop_instance_uid"] for one in shown["uncommitted"]] == _asked(import_)
    assert {one["reason"] for one in shown["uncommitted"]} == {"the node has not answered for it"}
    assert any("has not come" in text for text in import_.events())

    assert import_.report_late() == 0x0000
    shown = import_.show()
    assert (shown["tab"], shown["evidence"], shown["uncommitted"]) == ("Action Required", WHOLE, [])
    assert all("commitment" not in line for line in shown["required"])  # its exam waits for RIS
    assert f"PACS has committed itself to {IMAGES} of {IMAGES} images, after the limit" in import_.events()
    assert import_.states() == [CommitmentState.SETTLED]


def test_a_late_report_that_says_no_names_the_images_of_what_is_delivered(case: Make) -> None:
    import_ = case(never, wait=0.3)
    import_.import_()
    import_.report_late(0x0110, 0x0119)
    shown = import_.show()
    assert shown["evidence"] == {"by storage commitment": 1, "by instance": 2}
    assert [one["reason"][-5:-1] for one in shown["uncommitted"]] == ["0110", "0119"]
    assert shown["tab"] == "Action Required"


def test_a_report_that_comes_twice_counts_once(case: Make) -> None:
    def twice(archive: CommittingArchive, assoc: Any, asked: Dataset) -> None:
        there()(archive, assoc, asked)
        there(0x0112)(archive, assoc, asked)

    import_ = case(twice)
    shown = import_.import_()
    _join(import_)
    assert (shown["status"], import_.show()["evidence"]) == ("Delivered", WHOLE)
    assert import_.show()["uncommitted"] == []


def test_a_report_that_leaves_images_out_commits_to_the_others_only(case: Make) -> None:
    def leaves_out(archive: CommittingArchive, assoc: Any, asked: Dataset) -> None:
        archive.report_anew(str(asked.TransactionUID), list(asked.ReferencedSOPSequence)[:-1])

    import_ = case(leaves_out)
    shown = import_.import_()
    assert (shown["status"], shown["tab"]) == ("Delivered", "Action Required")
    assert shown["evidence"] == {"by storage commitment": 2, "by instance": 1}
    assert [one["sop_instance_uid"] for one in shown["uncommitted"]] == _asked(import_)[-1:]


def test_a_report_about_something_else_commits_to_nothing(case: Make) -> None:
    def foreign(archive: CommittingArchive, assoc: Any, asked: Dataset) -> None:
        archive.report_anew("1.2.3.4", list(asked.ReferencedSOPSequence))

    import_ = case(foreign, wait=0.5)
    shown = import_.import_()
    _join(import_)
    assert (shown["evidence"], import_.archive.answers) == (SHOWN, [0x0115])


@pytest.mark.parametrize("status", [0x0122, 0x0213])
def test_a_node_that_declines_the_request_is_asked_what_it_shows(case: Make, status: int) -> None:
    import_ = case(never, status=status)
    shown = import_.import_()
    assert (shown["status"], shown["evidence"], shown["uncommitted"]) == ("Delivered", SHOWN, [])
    assert any("declines storage commitment" in text for text in import_.events())
    assert import_.states() == [CommitmentState.DECLINED]


def test_a_node_that_aborts_after_it_has_agreed_is_heard_on_a_line_of_its_own(case: Make) -> None:
    def aborts_and_reports(archive: CommittingArchive, assoc: Any, asked: Dataset) -> None:
        aborts(archive, assoc, asked)
        there()(archive, assoc, asked)

    import_ = case(aborts_and_reports)
    assert import_.import_()["evidence"] == WHOLE


def test_a_line_that_ends_without_a_report_is_not_waited_on(case: Make) -> None:
    import_ = case(aborts, wait=300, listens=False)
    import_.use(CommitmentUse.ALWAYS)
    shown = import_.import_()
    assert (shown["status"], shown["evidence"]) == ("Delivered", SHOWN)


def test_a_person_may_accept_what_the_node_shows(case: Make) -> None:
    import_ = case(never, wait=0.3)
    import_.import_()
    code, document = import_.hospital.run("accept-evidence", import_.number)
    assert (code, document["status"]) == (0, "Delivered")
    shown = import_.show()
    assert (shown["evidence"], shown["uncommitted"]) == (SHOWN, [])
    assert any("operator accepts" in text for text in import_.events())
    code, document = import_.hospital.run("accept-evidence", import_.number)
    assert (code, document["error"]["kind"]) == (5, "refused")


def test_a_node_that_has_long_been_silent_is_not_waited_for(case: Make) -> None:
    import_ = case(never, wait=0.2)
    import_.import_()
    with import_.hospital.desk() as desk:
        id_, wait = desk.reading.transaction(import_.number).id, timedelta(seconds=0.2)
        for no in range(2):
            desk.ledger.commitments.ask(id_, "PACS", f"2.25.{no}", _asked(import_), wait)
            desk.ledger.commitments.give_up([f"2.25.{no}"], CommitmentState.LATE)
    disc = ct_disc(import_.folder / "another", images=1)
    _, document = import_.hospital.import_(disc.root, form(), "--registered")
    assert (document["status"], len(import_.archive.asked)) == ("Delivered", 1)


def _kill_once_it_is_agreed(import_: Case) -> None:
    """The program imports, and is killed when the archive has agreed to say later what it holds."""
    disc = ct_disc(import_.folder / "cd", images=IMAGES)
    command = import_.hospital.command(
        "import", disc.root, "--form", import_.hospital.write_form(form()), "--wait", "--registered"
    )
    agreed = threading.Event()
    import_.archive.act = lambda *_: agreed.set()
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert agreed.wait(60)
    program.kill()
    program.wait(20)


def test_killed_between_request_and_report_it_sends_nothing_twice_and_learns_what_was_said(
    case: Make,
) -> None:
    import_ = case(never, wait=120)
    _kill_once_it_is_agreed(import_)
    import_.number = import_.hospital.run("worklist")[1]["transactions"][0]["number"]
    assert import_.states() == [CommitmentState.ASKED]

    assert import_.report_late() == 0x0000
    import_.hospital.run("run", "--until-idle")
    shown = import_.show()
    assert (shown["status"], shown["evidence"]) == ("Delivered", WHOLE)
    assert (import_.archive.stored, len(import_.archive.asked)) == (IMAGES, 1)


def test_killed_before_a_report_that_found_nobody_it_asks_again_and_sends_nothing_twice(case: Make) -> None:
    import_ = case(never, wait=0.5)
    _kill_once_it_is_agreed(import_)
    import_.archive.act = there()
    import_.hospital.run("run", "--until-idle")
    import_.number = import_.hospital.run("worklist")[1]["transactions"][0]["number"]
    shown = import_.show()
    assert (shown["status"], shown["evidence"]) == ("Delivered", WHOLE)
    assert (import_.archive.stored, len(import_.archive.asked)) == (IMAGES, 2)


def _asked(import_: Case) -> list[str]:
    return [str(item.ReferencedSOPInstanceUID) for item in import_.archive.asked[-1].ReferencedSOPSequence]


def _join(import_: Case) -> None:
    for thread in import_.archive._threads:
        thread.join(20)


# -- real archives


@pytest.fixture
def listening(tmp_path: Path) -> Any:
    """Orthanc, which knows our listener, and a hospital that listens."""
    port = free_port()
    with run_orthanc(tmp_path / "orthanc", move_port=port, aets=(CALLING_AE,)) as orthanc:
        yield orthanc, _heard(tmp_path, orthanc.node, port)


def _heard(folder: Path, node: Node, port: int) -> Hospital:
    heard = {"listener_port": port, "listener_callers": ((node.ae_title, "127.0.0.1"),)}
    return Hospital(folder / "profile", node, replace(FAST, commitment_wait_seconds=30.0, **heard))


def test_a_stock_orthanc_commits_itself_on_associations_of_its_own(
    listening: tuple[Orthanc, Hospital], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committing, "MOST", 2)
    _orthanc, hospital = listening
    hospital.admit(tmp_path)
    code, document = hospital.import_(ct_disc(tmp_path / "cd", images=5).root, form())
    assert (code, document["status"]) == (0, "Delivered"), document
    shown = hospital.run("show", document["number"])[1]
    assert shown["evidence"] == {"by storage commitment": 5}
    assert [(one["images"], one["state"]) for one in shown["commitments"]] == [
        (2, "settled"),
        (2, "settled"),
        (1, "settled"),
    ]


def test_a_stock_orthanc_says_which_image_it_does_not_have(tmp_path: Path) -> None:
    port, uid, arrived, kept = free_port(), str(generate_uid()), threading.Event(), list[CommitmentReport]()
    there_, lost = (Reference(CTImageStorage, f"1.2.826.0.1.8.{no}") for no in (1, 2))

    def take(report: CommitmentReport) -> bool:
        kept.append(report)
        arrived.set()
        return report.uid == uid

    listens = ListenerSettings(CALLING_AE, port, "127.0.0.1", (Caller("ORTHANC", "127.0.0.1"),))
    with (
        run_orthanc(tmp_path / "orthanc", move_port=port, aets=(CALLING_AE,)) as orthanc,
        StorageListener(listens, tmp_path / "in", lambda *_: tmp_path, lambda _: None, on_report=take),
        scu.open_store(orthanc.node) as storing,
        open_commitment(orthanc.node, take) as session,
    ):
        assert storing.store(make_instance(tmp_path / "1.dcm", SOPInstanceUID=there_.sop_instance_uid)).stored
        session.ask(uid, (there_, lost))
        assert arrived.wait(30)
    assert kept == [CommitmentReport(uid, frozenset({there_}), {lost.sop_instance_uid: 0x0112})]


# -- a transfer


def test_a_transfer_is_on_iep_only_when_the_gateway_answers_for_every_image(tmp_path: Path) -> None:
    with ExitStack() as stack:
        gateway = stack.enter_context(CommittingArchive(tmp_path / "gateway", here(0x0112)))
        theirs = stack.enter_context(Archive(tmp_path / "theirs", "PACS"))
        settings = replace(NIGHT_AND_DAY, ledger_url=f"sqlite:///{tmp_path / 'ledger.sqlite'}")
        inbox = replace(gateway.node, name="RWE GATE", role=NodeRole.GATEWAY, commitment=CommitmentUse.ALWAYS)
        own = Node("RX1 PACS", NodeRole.PACS, THEM, "PACS", "127.0.0.1", theirs.port)
        them = Party(tmp_path / THEM, own, replace(settings, delivery_node=own.name), THEM)
        Party(tmp_path / US, replace(own, name="RWE PACS", hospital=US), settings, US, inbox)
        study = store_study(own, tmp_path / "study", images=IMAGES, **IDENTITY, PatientID=NUMBERS[THEM])
        form_ = them.export_form(US)
        _, document = them.run("transfer", "--to", US, "--form", form_, "--study", study, "--wait")
        shown = them.show(document["number"])
        assert (shown["status"], shown["tab"]) == ("Uploading", "Action Required")
        assert (len(shown["uncommitted"]), shown["instances"]["verified"]) == (1, IMAGES - 1)

        gateway.act = here()
        code, document = them.run("retry", document["number"], "--wait")
        assert (code, document["status"], document["required"]) == (0, "On IEP", [])
        assert them.show(document["number"])["evidence"] == WHOLE


def test_dcmtk_offers_none_and_is_asked_what_it_shows(tmp_path: Path) -> None:
    port = free_port()
    with run_dcmqrscp(tmp_path / "pacs", move_port=port) as pacs:
        hospital = _heard(tmp_path, pacs.node, port)
        code, document = hospital.import_(ct_disc(tmp_path / "cd", images=4).root, form(), "--registered")
        assert (code, document["status"]) == (0, "Delivered"), document
        shown = hospital.run("show", document["number"])[1]
    assert (shown["evidence"], shown["commitments"]) == ({"by instance": 4}, [])
