"""Two who act on one row at once, in two programs over one ledger: the second is told, and nothing is doubled.

Both have read the row before either writes, which is the worst that can happen.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from iep_desktop.core.drafts import TransferPart
from iep_desktop.core.errors import IepError, InvalidInput, Refused
from iep_desktop.core.me import Me
from iep_desktop.core.model import Priority
from iep_desktop.core.replies import Decline, DeclineReason
from iep_desktop.core.transaction import Status, Transaction
from iep_desktop.dicom.spool import Spool
from iep_desktop.store.check import check
from iep_desktop.store.circuits import Circuits
from iep_desktop.store.commitments import Commitments
from iep_desktop.store.database import Database
from iep_desktop.store.directory import Directory
from iep_desktop.store.exchange import Exchange
from iep_desktop.store.line import Line
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.upgrade import open_ledger
from iep_desktop.workers.acts import Acts
from iep_desktop.workers.downloads import Downloads
from iep_desktop.workers.gatekeeper import Gatekeeper
from iep_desktop.workers.imports import Imports
from iep_desktop.workers.replies import Replies
from iep_desktop.workers.requests import Requests
from tests.core.samples import FORM
from tests.store.samples import disc, transfer
from tests.store.steps import on_iep

US, THEM = "RWE", "RX1"
NO_IMAGES = Decline(DeclineReason.OTHER, "Not here")


class AtOnce(Transactions):
    """Who reads a row waits until the other has read it, too."""

    gate: threading.Barrier | None = None

    def by_id(self, id: int) -> Transaction:
        found = super().by_id(id)
        gate, self.gate = self.gate, None
        if gate is not None:
            gate.wait(10)
        return found


@dataclass
class Person:
    """One program with its own connection to the ledger."""

    database: Database
    rows: AtOnce
    me: Me

    @property
    def replies(self) -> Replies:
        return Replies(self.me, self.rows)

    @property
    def requests(self) -> Requests:
        return Requests(self.me, self.rows, Directory(self.database))

    @property
    def imports(self) -> Imports:
        return Imports(self.me, self.rows, cast("Gatekeeper", None))

    @property
    def downloads(self) -> Downloads:
        nothing = cast("Gatekeeper", None)
        return Downloads(self.me, self.rows, self.exchange, lambda: cast("Spool", None), nothing)

    @property
    def acts(self) -> Acts:
        circuits = Circuits(self.database, self.me.hospital)
        return Acts(
            self.me,
            self.rows,
            self.exchange,
            Directory(self.database),
            circuits,
            Commitments(self.database, self.me.hospital),
            lambda _priority, _trauma: None,
        )

    @property
    def exchange(self) -> Exchange:
        return Exchange(self.database, self.me.hospital)

    @property
    def line(self) -> Line:
        return Line(self.database, self.me.hospital)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "ledger.sqlite"
    open_ledger(f"sqlite:///{path}").dispose()
    return path


Sit = Callable[[str, str], Person]


@pytest.fixture
def sit(empty: Path, tmp_path: Path) -> Iterator[Sit]:
    """Somebody of a hospital sits down at a program."""
    url = f"sqlite:///{shutil.copy(empty, tmp_path / 'ledger.sqlite')}"
    opened: list[Database] = []

    def person(hospital: str, name: str) -> Person:
        database = open_ledger(url)
        opened.append(database)
        return Person(database, AtOnce(database, hospital), Me(name, hospital, name))

    yield person
    for database in opened:
        database.dispose()


Act = Callable[[Person, int], object]


def both(first: tuple[Person, Act], second: tuple[Person, Act], id: int) -> list[IepError]:
    """They act at once; what was refused."""
    gate = threading.Barrier(2)

    def act(person: Person, does: Act) -> IepError | None:
        person.rows.gate = gate
        try:
            does(person, id)
        except IepError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(act, *each) for each in (first, second)]
    return [error for answer in answers if (error := answer.result())]


def a_request(sit: Sit) -> int:
    return sit(US, "asks").requests.create(THEM, FORM).id


def accepted(sit: Sit) -> int:
    made = a_request(sit)
    sit(THEM, "accepts").replies.accept(made)
    return made


def declined(sit: Sit) -> int:
    made = a_request(sit)
    sit(THEM, "declines").replies.decline(made, NO_IMAGES)
    return made


def lacking(sit: Sit) -> int:
    made = a_request(sit)
    sit(THEM, "wonders").replies.ask_details(made, "Which leg?")
    return made


def a_transfer(sit: Sit) -> int:
    return on_iep(sit(US, "sends").database)


def downloading(sit: Sit) -> int:
    made = a_transfer(sit)
    sit(US, "gets").exchange.request_download(made, "PACS", "gets")
    return made


def a_disc(sit: Sit) -> int:
    return sit(US, "imports").rows.create(disc(1)).id


def send(person: Person, id: int) -> object:
    request = person.rows.by_id(id)
    part = TransferPart(request_id=request.id)
    return person.rows.create(transfer(THEM, US, transfer=part, created_by=person.me.user))


SAME: dict[str, tuple[Callable[[Sit], int], str, Act]] = {
    "accept": (a_request, THEM, lambda p, id: p.replies.accept(id)),
    "decline": (a_request, THEM, lambda p, id: p.replies.decline(id, NO_IMAGES)),
    "ask for details": (a_request, THEM, lambda p, id: p.replies.ask_details(id, "Which leg?")),
    "give details": (lacking, US, lambda p, id: p.requests.give_details(id, replace(FORM, comments=p.me.user))),
    "withdraw": (a_request, US, lambda p, id: p.requests.cancel(id)),
    "send again": (declined, US, lambda p, id: p.requests.send_again(id, replace(FORM, comments=p.me.user))),
    "answer with images": (accepted, THEM, send),
    "download": (a_transfer, US, lambda p, id: p.exchange.request_download(p.rows.by_id(id).id, "PACS", p.me.user)),
    "stop a download": (downloading, US, lambda p, id: p.exchange.leave_download(p.rows.by_id(id).id, p.me.user, ())),
    "match": (a_disc, US, lambda p, id: p.imports.decide(id, "They agree")),
    "look up": (a_disc, US, lambda p, id: p.imports.register(id)),
    "correct a form": (a_disc, US, lambda p, id: p.imports.correct_form(id, replace(FORM, comments=p.me.user))),
    "our own form": (
        a_transfer, US, lambda p, id: p.downloads.match(id, replace(FORM, hospital=THEM, comments=p.me.user))
    ),
    "assign": (a_disc, US, lambda p, id: p.acts.assign(id)),
    "enter on RIS": (
        a_disc, US, lambda p, id: p.imports.enter_ris(id, 0, p.me.user[:1], p.rows.by_id(id).exams[0].accession)
    ),
    "cancel": (a_disc, US, lambda p, id: p.acts.cancel(id)),
    "hurry": (
        a_disc, US, lambda p, id: p.line.set_priority(p.rows.by_id(id).id, Priority.BLUE_LIGHT, "Trauma", p.me.user)
    ),
}  # fmt: skip


def counts(person: Person, id: int) -> tuple[int, int, int]:
    """Events, messages and answers: what could be doubled."""
    rows = person.rows
    return len(rows.events(id)), len(rows.messages(id)), len(rows.by_id(id).answers)


@pytest.mark.parametrize("name", SAME)
def test_of_two_who_do_the_same_the_second_is_told_and_nothing_is_doubled(sit: Sit, name: str) -> None:
    prepare, hospital, act = SAME[name]
    made, another = prepare(sit), prepare(sit)
    first, second, alone = (sit(hospital, user) for user in ("A. First", "B. Second", "C. Alone"))
    act(alone, another)
    (error,) = both((first, act), (second, act), made)
    assert isinstance(error, Refused)
    assert error.title
    assert error.message
    assert error.hint or error.rule
    assert counts(first, made) == counts(alone, another)
    assert check(first.database) == ()


DIFFERENT: dict[str, tuple[Callable[[Sit], int], tuple[str, Act], tuple[str, Act]]] = {
    "accept and decline": (a_request, (THEM, SAME["accept"][2]), (THEM, SAME["decline"][2])),
    "download and decline": (
        a_transfer,
        (US, SAME["download"][2]),
        (
            US,
            lambda p, id: p.rows.move(
                p.rows.by_id(id).id, Status.DECLINED, "", p.me.user, expected=Status.ON_IEP
            ),
        ),
    ),
    "withdraw and send again": (
        declined,
        (US, SAME["withdraw"][2]),
        (US, SAME["send again"][2]),
    ),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_of_two_who_want_different_things_one_gets_it(sit: Sit, name: str) -> None:
    prepare, (his, does), (hers, does_other) = DIFFERENT[name]
    made = prepare(sit)
    first, second = sit(his, "A. First"), sit(hers, "B. Second")
    errors = both((first, does), (second, does_other), made)
    assert len(errors) <= 1
    assert all(isinstance(error, Refused) for error in errors)
    ends = [sit(hospital, "C. Looks").rows for hospital in (US, THEM)]
    assert ends[0].events(made) == ends[1].events(made)
    assert ends[0].by_id(made).status is ends[1].by_id(made).status
    assert check(first.database) == ()


def test_asked_and_asker_at_once_end_in_one_truth(sit: Sit) -> None:
    made = a_request(sit)
    asker, asked = sit(US, "A. First"), sit(THEM, "B. Second")
    errors = both((asker, SAME["withdraw"][2]), (asked, SAME["accept"][2]), made)
    assert [type(error) for error in errors] in ([], [Refused])
    for end in (asker, asked):
        seen = end.rows.by_id(made)
        assert (seen.status, seen.required, seen.queued) == (Status.CANCELLED, (), False)


def test_each_program_sees_its_hospitals_rows_only(sit: Sit) -> None:
    local, shared = a_disc(sit), a_request(sit)
    third = sit("RNQ", "C. Stranger")
    for made in (local, shared):
        for ask in (
            third.rows.by_id,
            third.rows.events,
            third.rows.messages,
            third.rows.instances,
            third.rows.counts,
            third.rows.status,
            third.rows.series_progress,
            third.exchange.attachments,
        ):
            with pytest.raises(InvalidInput):
                ask(made)
        with pytest.raises(InvalidInput):
            third.rows.cancel(made, "C. Stranger")
    assert third.rows.change_token() == 0
    assert third.line.all() == ()
    with pytest.raises(InvalidInput):
        sit(THEM, "B. Reader").rows.by_id(local)
