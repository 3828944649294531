"""A day of two hospitals whose engines are killed again and again, over four real archives that take their time.

    with busy_day(folder) as day:
        day.order_more()                          # several jobs of each kind wait, or are under way
        doom = Doom(day.us, moments)              # an engine, to be killed at a random moment
        …
        day.us.met()                              # what its end met

Each archive notes every image that comes over its wire, stored or not, so that what came twice can be told.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydicom import dcmread

from iep_desktop.core.transaction import Status, TransactionType
from iep_desktop.workers.desk import Desk
from tests.acceptance.doomed import Seam
from tests.acceptance.kill_record import Kind, Met, is_over, kind_of, met
from tests.fakes.disc_builder import Patient, Series, Study, build_disc
from tests.peers import Orthanc, run_orthanc
from tests.two_hospitals import IDENTITY, NUMBERS, THEM, US, Party, pair_over, store_study

IMAGES = 30  # of each transaction
LANES = 3  # associations that a transaction is sent over
AT_ONCE = 2  # transactions of a kind that wait or run whenever somebody is killed
LONGEST = 1.2  # seconds that an engine works before it is killed,
FARTHEST = 25  # or images that come to the archives meanwhile
LINE = 65  # bytes that an archive notes of an image, about
LOOK = 0.1  # seconds between two looks whether it works yet: they cost the engines processor time,
START = 0.4  # and in so many after its start it has not loaded its modules yet
SEAM = 30.0  # seconds in which an engine comes to its seam
MOST = 60.0  # seconds after which it is killed in any case

TAKES_ITS_TIME = """
local came = io.open("came.txt", "a")

function ReceivedInstanceFilter(dicom, origin, info)
  came:write(dicom.SOPInstanceUID, "\\n")
  came:flush()
  os.execute("test -e slow && sleep 0.02")
  return true
end

function IncomingFindRequestFilter(source, origin)
  os.execute("test -e slow && sleep 0.05")
  return source
end
"""


@dataclass
class Archive:
    """A real archive, what it was given over the wire, and what it must hold in the end."""

    peer: Orthanc
    expected: dict[str, Path] = field(default_factory=dict)  # the source of each image, by its UID

    def slow(self, slow: bool) -> None:
        path = self.peer.folder / "slow"
        if slow:
            path.touch()
        else:
            path.unlink(missing_ok=True)

    def came(self) -> Counter[str]:
        return Counter(self._noted.read_text().split() if self._noted.exists() else ())

    def bytes_noted(self) -> int:
        return self._noted.stat().st_size if self._noted.exists() else 0

    @property
    def _noted(self) -> Path:
        return self.peer.folder / "came.txt"


@dataclass
class End:
    """One hospital, with its desk open all day."""

    party: Party
    desk: Desk
    archives: dict[str, Archive]  # by the name of their node
    orders: list[int] = field(default_factory=list)
    _came: dict[str, Counter[str]] = field(default_factory=dict)
    _done: dict[int, tuple[Kind, str]] = field(default_factory=dict)  # what is over stays over

    def numbers(self, kind: Kind, *, over: bool) -> list[str]:
        """Of its orders of a kind: those that are over, or those that are not."""
        going: dict[int, tuple[Kind, str]] = {}
        for key in [key for key in self.orders if key not in self._done]:
            transaction = self.desk.ledger.transactions.by_id(key)
            is_done = is_over(transaction) and not transaction.queued
            (self._done if is_done else going)[key] = kind_of(transaction), transaction.number
        found = self._done if over else going
        return [found[key][1] for key in self.orders if key in found and found[key][0] is kind]

    def running(self) -> list[int]:
        """The transactions that hold a slot: a killed engine's still do."""
        slots = self.desk.ledger.slots.slots()
        return [slot.transaction_id for slot in slots if slot.transaction_id is not None]

    def noted(self) -> int:
        """Bytes: grows with every image that comes to an archive."""
        return sum(archive.bytes_noted() for archive in self.archives.values())

    def begins(self) -> None:
        """Remember what has come to the archives until now."""
        self._came = {name: archive.came() for name, archive in self.archives.items()}

    def met(self) -> tuple[Met, ...]:
        """What the engine that was just killed had under way."""
        return tuple(map(self._met, self.running()))

    def _met(self, id: int) -> Met:
        transactions = self.desk.ledger.transactions
        node = transactions.by_id(id).node
        given = self.archives[node].came() - self._came[node]
        return met(transactions, id, self.party.root / "spool", given)

    def did(self, *arguments: str | Path) -> Any:
        """A command of its operator's, which is not refused."""
        code, document = self.party.run(*arguments)
        assert code in (0, 3), document
        return document

    def order(self, *arguments: str | Path) -> int:
        """The same, and it is kept in mind."""
        key = self.desk.reading.transaction(self.did(*arguments)["number"]).id
        self.orders.append(key)
        return key


@dataclass
class Doom:
    """An engine that will be killed, as it starts, or some time or some images after it began to work, or at a seam.

    By images, too, so that kills fall all along a transaction, however slow the machine is.
    """

    end: End
    moments: random.Random
    seam: Seam | None = None
    of: TransactionType = TransactionType.TRANSFER  # whose seam
    process: subprocess.Popen[bytes] = field(init=False)
    _shot: bool = False
    _due: float = field(default_factory=lambda: time.monotonic() + MOST)
    _until: int | None = None  # bytes that the archives note before it falls
    _began: bool = False
    _looks: float = field(default_factory=lambda: time.monotonic() + START)

    def __post_init__(self) -> None:
        self.end.begins()
        command = self.end.party.command("run", "--until-idle")
        if self.seam is not None:
            doomed = [sys.executable, "-m", "tests.acceptance.doomed", self.seam.name]
            command = [*doomed, str(self.moments.randint(1, 2)), self.of.name, *command[3:]]
        elif self.moments.random() < 0.1:
            self._due = time.monotonic() + self.moments.uniform(0, 1.5)
        with (self.end.party.root / "engine.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def works(self) -> bool:
        """It has claimed something, or is no more."""
        mine = f"/{self.process.pid}/"
        slots = self.end.desk.ledger.slots.slots()
        return self.process.poll() is not None or any(mine in slot.holder for slot in slots)

    def fell(self) -> bool:
        """Kill it when its time has come; whether it is dead."""
        if self.process.poll() is not None:
            return True
        if not self._began and time.monotonic() >= self._looks:
            self._looks = time.monotonic() + LOOK
            if self.works():
                self._began = True
                self._choose()
        if time.monotonic() < self._due and (self._until is None or self.end.noted() < self._until):
            return False
        self._shot = True
        self.process.kill()
        self.process.wait()
        return True

    def _choose(self) -> None:
        """How long it works."""
        if self.seam is not None:
            self._due = time.monotonic() + SEAM
        elif self.moments.random() < 0.5:
            self._due = min(self._due, time.monotonic() + self.moments.uniform(0, LONGEST))
        else:
            self._until = self.end.noted() + self.moments.randint(0, FARTHEST * LINE)

    @property
    def killed(self) -> bool:
        """False where it had nothing left to do."""
        return self.process.wait() == -signal.SIGKILL

    @property
    def came_to_its_seam(self) -> bool:
        return self.killed and not self._shot


@dataclass
class Day:
    folder: Path
    us: End
    them: End
    archives: dict[str, Archive]
    made: int = 0  # discs and studies

    def slow(self, slow: bool) -> None:
        for archive in self.archives.values():
            archive.slow(slow)

    def order_more(self) -> None:
        """Until there is enough of each kind for several jobs at once in either engine."""
        self.slow(False)
        for end in (self.us, self.them):
            for _ in range(AT_ONCE - len(end.numbers(Kind.IMPORT, over=False))):
                self._order_import(end)
        for _ in range(AT_ONCE - len(self.them.numbers(Kind.UPLOAD, over=False))):
            self._order_upload()
        self._take_what_came(AT_ONCE - len(self.us.numbers(Kind.DOWNLOAD, over=False)))
        self.slow(True)

    def begin(self, studies: int) -> None:
        """Some transfers have come already, and as many studies that nobody has announced: we take all of them."""
        for _ in range(studies):
            self._order_upload()
            self._store(self.archives["RWE GATE"], PatientID="N9990001")
        self.them.party.work()
        for _ in range(2):  # silence in between: they are complete
            self.us.party.work()
        rows = self.us.did("worklist", "--tab", "action-required")["transactions"]
        for row in rows:
            self._take(row["number"])
        types = [TransactionType.DIRECT_ROUTING, TransactionType.TRANSFER]
        assert sorted(row["type"] for row in rows) == sorted(types * studies)

    def close(self) -> None:
        """Nobody is killed any more: all that is ordered is done."""
        self.slow(False)
        self.them.party.work()
        self._take_what_came(1000)
        self.us.party.work()
        self.them.party.work()  # what a sender had left when its recipient delivered goes with its next round

    def _order_import(self, end: End) -> None:
        self.made += 1
        study = Study(description=f"CT HEAD {self.made}", series=(Series("CT", images=IMAGES),))
        disc = build_disc(self.folder / f"cd{self.made}", Patient(studies=(study,)))
        form = end.party.form(hospital=THEM if end is self.us else US)
        end.order("import", disc.root, "--form", form, "--registered")
        files = {uid: disc.file(no) for no, uid in enumerate(disc.uids)}
        self.archives[f"{end.party.ods} PACS"].expected |= files

    def _order_upload(self) -> None:
        study, files = self._store(self.archives["RX1 PACS"], PatientID=NUMBERS[THEM])
        form = self.them.party.export_form(US)
        self.them.order("transfer", "--to", US, "--form", form, "--study", study)
        self.archives["RWE GATE"].expected |= files

    def _take_what_came(self, most: int) -> None:
        """Match it to a form of our own, and download it."""
        for number in self.them.numbers(Kind.UPLOAD, over=True):
            transaction = self.us.desk.reading.transaction(number)
            if most > 0 and transaction.status is Status.ON_IEP:
                self._take(number)
                most -= 1

    def _take(self, number: str) -> None:
        self.us.did("match", number, "--form", self.us.party.form(hospital=THEM), "--registered")
        key = self.us.order("download", number)
        gateway, pacs = self.archives["RWE GATE"].expected, self.archives["RWE PACS"].expected
        for instance in self.us.desk.ledger.transactions.instances(key):
            pacs[instance.sop_instance_uid] = gateway[instance.sop_instance_uid]

    def _store(self, archive: Archive, **elements: Any) -> tuple[str, dict[str, Path]]:
        """A new study there; its UID, and its files by theirs."""
        self.made += 1
        folder = self.folder / f"study{self.made}"
        study = store_study(archive.peer.node, folder, IMAGES, **{**IDENTITY, **elements})
        files = {
            str(dcmread(path, stop_before_pixels=True).SOPInstanceUID): path for path in folder.iterdir()
        }
        archive.expected |= files
        return study, files


@contextmanager
def busy_day(folder: Path) -> Iterator[Day]:
    """Two hospitals that have just begun: nothing is ordered, nobody works."""
    script = folder / "takes_its_time.lua"
    script.write_text(TAKES_ITS_TIME)
    names = {
        "our pacs": "RWE PACS",
        "our gateway": "RWE GATE",
        "their pacs": "RX1 PACS",
        "their gateway": "RX1 GATE",
    }
    with ExitStack() as stack:
        config = {"LuaScripts": [str(script)]}
        peers = {name: stack.enter_context(run_orthanc(folder / name, config=config)) for name in names}
        pair = pair_over(folder, peers)
        archives = {names[name]: Archive(peer) for name, peer in peers.items()}
        for party in (pair.us, pair.them):
            party.configure(retry_limit=1000)  # it is the machine that fails here, not a node
            with party.desk() as desk:
                for node in (party.node, party.gateway):
                    assert node is not None
                    desk.nodes.add(replace(node, associations=LANES))
        us, them = (End(party, stack.enter_context(party.desk()), archives) for party in (pair.us, pair.them))
        yield Day(folder, us, them, archives)
