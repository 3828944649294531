"""The same jobs over DICOMweb, by the command line: an import into a PACS, a transfer through PACS and gateways."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from iep_desktop.core.model import Node, NodeRole
from iep_desktop.core.web_address import web_node
from tests.fakes.http_peer import HttpPeer, answer
from tests.hospital import Hospital, ct_disc, form
from tests.peers import Orthanc, run_dicomweb
from tests.two_hospitals import NIGHT_AND_DAY, NUMBERS, THEM, US, Pair, Party, store_study


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Orthanc]]:
    folder = tmp_path_factory.mktemp("web")
    with ExitStack() as stack:
        names = ("our pacs", "our gateway", "their pacs", "their gateway")
        yield {name: stack.enter_context(run_dicomweb(folder / name)) for name in names}


def address(peer: Orthanc) -> str:
    return f"http://127.0.0.1:{peer.http_port}/dicom-web"


def test_a_disc_is_imported_into_a_pacs_that_speaks_dicomweb(
    archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    pacs = archives["our pacs"]
    pacs.clear()
    hospital = Hospital(tmp_path / "profile", pacs.node)
    hospital.admit(tmp_path)
    code, document = hospital.run(
        "nodes", "add", "PACS", "--role", "pacs", "--hospital", "RWE", "--dicomweb", address(pacs)
    )
    assert code == 0, document
    assert document["dicomweb"] == address(pacs)
    code, document = hospital.run("nodes", "echo", "PACS")
    assert (code, document["up"]) == (0, True)
    code, document = hospital.run("find", "--node", "PACS", "--patient-id", "S999111")
    assert (code, len(document["studies"])) == (0, 1)
    disc = ct_disc(tmp_path / "disc", images=45)
    code, document = hospital.import_(disc.root, form())
    assert code == 0, document
    assert document["instances"] == {"total": 45, "sent": 45, "verified": 45, "failed": 0, "skipped": 0}
    stored = pacs.rest(
        "/tools/find", method="POST", body={"Level": "Instance", "Query": {"PatientID": "S999111"}}
    )
    assert len(stored) == 46
    spool = [path for path in (tmp_path / "profile" / "spool").rglob("*") if path.is_file()]
    assert spool == []


def test_a_transfer_goes_from_pacs_to_pacs_through_gateways_over_dicomweb(
    archives: dict[str, Orthanc], tmp_path: Path
) -> None:
    for archive in archives.values():
        archive.clear()
    ledger = f"sqlite:///{tmp_path / 'ledger.sqlite'}"

    def node(name: str, ods: str, role: NodeRole) -> Node:
        peer = archives[f"{'our' if ods == US else 'their'} {name}"]
        return web_node(f"{ods} {name}", role, ods, address(peer))

    def party(ods: str) -> Party:
        own = replace(NIGHT_AND_DAY, ledger_url=ledger, delivery_node=f"{ods} pacs", issuer_of_patient_id=ods)
        pacs, gateway = node("pacs", ods, NodeRole.PACS), node("gateway", ods, NodeRole.GATEWAY)
        return Party(tmp_path / ods, pacs, own, ods=ods, gateway=gateway)

    pair = Pair(party(US), party(THEM))
    identity = {"PatientName": "TESTING^ANNA", "PatientBirthDate": "19800101", "PatientSex": "F"}
    study = store_study(archives["our pacs"].node, tmp_path / "ours", 25, PatientID=NUMBERS[US], **identity)
    store_study(archives["their pacs"].node, tmp_path / "theirs", 1, PatientID=NUMBERS[THEM], **identity)
    code, document = pair.us.run(
        "transfer", "--to", THEM, "--form", pair.us.export_form(THEM), "--study", study, "--wait"
    )
    number = document["number"]
    assert (code, pair.statuses(number)) == (0, ("On IEP", "On IEP")), document
    assert len(archives["their gateway"].sop_instance_uids()) == 25
    assert pair.them.run("download", number, "--wait")[0] == 3  # whose images these are here is not decided
    code, document = pair.them.run(
        "match", number, "--form", pair.them.form(hospital=US), "--registered", "--wait"
    )
    assert (code, pair.statuses(number)) == (0, ("Delivered", "Delivered")), document
    assert document["instances"]["verified"] == 25
    assert len(archives["their pacs"].sop_instance_uids()) == 26
    patients = archives["their pacs"].rest("/patients?expand")
    assert {p["MainDicomTags"]["PatientID"] for p in patients} == {NUMBERS[THEM]}


def test_images_that_a_dicomweb_node_has_no_room_for_stay_in_the_spool(tmp_path: Path) -> None:
    known = [{"00100020": {"vr": "LO", "Value": ["S999111"]}, "00100010": _name(), "00100030": _born()}]
    hospital = Hospital(tmp_path / "profile", Node("PACS", NodeRole.PACS, "RWE", "PACS", "127.0.0.1", 104))
    disc = ct_disc(tmp_path / "disc", images=3)
    with HttpPeer([answer(200, known)], posts=answer(507)) as peer:
        url = peer.node.dicomweb
        hospital.run("nodes", "add", "PACS", "--role", "pacs", "--hospital", "RWE", "--dicomweb", url)
        code, document = hospital.import_(disc.root, form())
    assert code == 4, document
    assert document["error"]["title"] == "PACS has no room for 3 images"
    assert document["instances"]["sent"] == 0
    assert document["instances"]["failed"] == 0
    assert len(list((tmp_path / "profile" / "spool").rglob("*.dcm"))) == 3
    assert list((tmp_path / "profile" / "spool").rglob("*.coerced")) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--ae-title", "PACS", "--host", "localhost"], "nodes add needs --port"),
        (["--dicomweb", "ftp://host/x"], "--dicomweb is no address"),
        (["--dicomweb", "https://user:secret@host/x"], "--dicomweb is no address"),
        (["--dicomweb", "https://host/x?token=secret"], "--dicomweb is no address"),
    ],
)
def test_what_is_no_node_is_refused(arguments: list[str], words: str, tmp_path: Path) -> None:
    hospital = Hospital(tmp_path / "profile", Node("PACS", NodeRole.PACS, "RWE", "PACS", "127.0.0.1", 104))
    code, document = hospital.run("nodes", "add", "X", "--role", "pacs", "--hospital", "RWE", *arguments)
    assert code == 2
    assert document["error"]["title"].startswith(words)
    assert "secret" not in str(document)


def test_a_sign_in_goes_from_standard_input_to_the_keyring_and_from_there_to_the_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: dict[str, str] = {}
    monkeypatch.setattr("keyring.set_password", lambda _, name, secret: kept.update({name: secret}))
    monkeypatch.setattr("keyring.get_password", lambda _, name: kept.get(name))
    hospital = Hospital(tmp_path / "profile", Node("PACS", NodeRole.PACS, "RWE", "PACS", "127.0.0.1", 104))
    with HttpPeer([answer(401), answer(200, [])]) as peer:
        url = peer.node.dicomweb
        hospital.run("nodes", "add", "PACS", "--role", "pacs", "--hospital", "RWE", "--dicomweb", url)
        code, document = hospital.run("nodes", "echo", "PACS")
        assert code == 4
        assert "nodes sign-in" in document["error"]["hint"]
        monkeypatch.setattr("sys.stdin", StringIO("iep:open sesame\n"))
        code, document = hospital.run("nodes", "sign-in", "PACS")
        assert (code, document) == (0, {"node": "PACS", "signed_in": True})
        assert hospital.run("nodes", "echo", "PACS")[0] == 0
        assert "authorization" not in peer.requests[0][1]
        assert peer.requests[1][1]["authorization"] == "Basic aWVwOm9wZW4gc2VzYW1l"
    found = [p for p in hospital.root.rglob("*") if p.is_file() and b"sesame" in p.read_bytes()]
    assert found == []


def _name() -> dict[str, object]:
    return {"vr": "PN", "Value": [{"Alphabetic": "TESTING^ANNA"}]}


def _born() -> dict[str, object]:
    return {"vr": "DA", "Value": ["19800101"]}
