"""Two hospitals for tests: two profiles over one ledger, each with a PACS and a gateway, all of them real archives.

with two_hospitals(folder) as pair:
    number = pair.us.requests(pair.them)      # by the real command line
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydicom.uid import generate_uid

from iep_desktop import settings
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.dicom import scu
from iep_desktop.settings import Settings
from tests.fakes.instances import make_instance
from tests.hospital import FAST, Hospital, form
from tests.peers import Orthanc, Peer, run_orthanc

US, THEM = "RWE", "RX1"
NUMBERS = {US: "S999111", THEM: "K0999222"}
"""ANNA's hospital number at either hospital, each written in its own way."""

IDENTITY = {"PatientName": "TESTING^ANNA", "PatientBirthDate": "19800101", "PatientSex": "F"}
NIGHT_AND_DAY = replace(FAST, keep_hours=False, direct_routing_silence_seconds=0.0)


@dataclass
class Party(Hospital):
    """One of the hospitals: its profile, its PACS, its gateway."""

    ods: str = US
    gateway: Node | None = None
    pacs: Peer | None = None
    inbox: Peer | None = None
    settings: Settings = field(default=NIGHT_AND_DAY)

    def __post_init__(self) -> None:
        settings.create_profile(
            self.root, replace(self.settings, hospital=self.ods, user=f"operator {self.ods}")
        )
        with self.desk() as desk:
            desk.nodes.add(self.node)
            if self.gateway:
                desk.nodes.add(self.gateway)

    def configure(self, **changes: Any) -> None:
        settings.open_profile(self.root).with_settings(**changes)

    # -- its archives

    def store(self, folder: Path, images: int = 3, **elements: Any) -> str:
        """A CT study of ANNA's in this PACS, under this hospital's number; returns its UID."""
        return store_study(
            self.node, folder, images, **{"PatientID": NUMBERS[self.ods], **IDENTITY, **elements}
        )

    # -- its acts

    def form(self, **changes: Any) -> Path:
        """A form of this hospital's for ANNA; as `tests.hospital.form`."""
        document = form(**{"patient__hospital_no": NUMBERS[self.ods], **changes})
        path = self.root / f"form-{len(list(self.root.glob('form-*')))}.json"
        path.write_text(json.dumps(document), "utf-8")
        return path

    def export_form(self, to: str, **changes: Any) -> Path:
        recipient = {"name": "Radiologist on call", "position": "", "phone": "x00000", "email": ""}
        return self.form(**{"kind": "export", "hospital": to, "recipient": recipient, **changes})

    def show(self, number: str) -> Any:
        code, document = self.run("show", number)
        assert code == 0, document
        return document

    def status(self, number: str) -> str:
        status: str = self.show(number)["status"]
        return status

    def work(self) -> None:
        """The engine, until it has nothing left to do."""
        code, document = self.run("run", "--until-idle")
        assert code == 0, document


@dataclass
class Pair:
    us: Party
    them: Party

    def statuses(self, number: str) -> tuple[str, str]:
        """What either end sees."""
        return self.us.status(number), self.them.status(number)


def store_study(node: Node, folder: Path, images: int = 3, **elements: Any) -> str:
    """Returns the Study Instance UID."""
    folder.mkdir(parents=True, exist_ok=True)
    uid = generate_uid()
    common = {
        "StudyInstanceUID": uid,
        "SeriesInstanceUID": generate_uid(),
        "StudyDate": "20240110",
        **elements,
    }
    with scu.open_store(node, (), Context()) as session:
        for number in range(1, images + 1):
            path = make_instance(folder / f"{number}.dcm", InstanceNumber=number, **common)
            assert session.store(path).stored
    return str(common["StudyInstanceUID"])


@contextmanager
def four_archives(folder: Path) -> Iterator[dict[str, Orthanc]]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(run_orthanc(folder / name))
            for name in ("our pacs", "our gateway", "their pacs", "their gateway")
        }


def pair_over(folder: Path, archives: dict[str, Orthanc]) -> Pair:
    """Two new profiles over a new ledger and these archives, which are emptied."""
    for archive in archives.values():
        archive.clear()
    ledger = f"sqlite:///{folder / 'ledger.sqlite'}"

    def party(ods: str, pacs: Orthanc, gateway: Orthanc) -> Party:
        return Party(
            folder / ods,
            _node(pacs, f"{ods} PACS", ods, NodeRole.PACS),
            replace(NIGHT_AND_DAY, ledger_url=ledger, delivery_node=f"{ods} PACS", issuer_of_patient_id=ods),
            ods=ods,
            gateway=_node(
                gateway, f"{ods} GATE", ods, NodeRole.GATEWAY, f"http://127.0.0.1:{gateway.http_port}"
            ),
            pacs=pacs,
            inbox=gateway,
        )

    return Pair(
        party(US, archives["our pacs"], archives["our gateway"]),
        party(THEM, archives["their pacs"], archives["their gateway"]),
    )


def _node(peer: Orthanc, name: str, ods: str, role: NodeRole, rest_url: str = "") -> Node:
    return replace(peer.node, name=name, hospital=ods, role=role, rest_url=rest_url)
