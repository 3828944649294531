"""Steps that several tests of transactions take."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from iep_desktop.core.drafts import TransferPart
from iep_desktop.core.model import Patient, Priority
from iep_desktop.core.transaction import (
    Failure,
    InstanceState,
    Status,
    Tab,
    Transaction,
    TransactionType,
    WorklistFilter,
    WorklistOrder,
)
from iep_desktop.store.database import Database
from iep_desktop.store.exchange import Exchange
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.worklists import Worklists
from tests.store.samples import CONFIRM, FORM, LONG, THEM, US, disc, images, moved, transfer


def delivered(ours: Transactions, **changes: Any) -> Transaction:
    made = ours.create(disc(1, **changes))
    for state in (InstanceState.SPOOLED, InstanceState.SENT, InstanceState.VERIFIED):
        ours.update_instances(made.id, [moved(images(1)[0].sop_instance_uid, state)])
    ours.move(made.id, Status.STARTED, "", "engine")
    ours.move(made.id, Status.DELIVERED, "", "engine")
    return ours.by_id(made.id)


def verified(of: Transactions, id: int) -> None:
    """Its images go all the way to the end of the leg under way."""
    for state in (InstanceState.SPOOLED, InstanceState.SENT, InstanceState.VERIFIED):
        of.update_instances(
            id, [moved(i.sop_instance_uid, state) for i in of.instances(id) if i.state is not state]
        )


def on_iep(database: Database, request: int | None = None) -> int:
    """A transfer from them that lies in our gateway."""
    theirs, part = Transactions(database, THEM), TransferPart(request_id=request)
    made = theirs.create(transfer(THEM, US, instances=images(1), transfer=part, node="GATEWAY"))
    theirs.move(made.id, Status.UPLOADING, "", "engine")
    verified(theirs, made.id)
    Exchange(database, THEM).arrived(made.id, "On IEP", "engine", required_there=[CONFIRM])
    return made.id


def downloaded(database: Database, id: int) -> None:
    ours, exchange = Transactions(database, US), Exchange(database, US)
    exchange.request_download(id, "PACS", "A. Operator")
    ours.move(id, Status.DOWNLOADING, "", "engine")
    verified(ours, id)
    exchange.delivered(id, "Delivered", "engine", [])


def tab(database: Database, id: int) -> Tab:
    worklists = Worklists(database, US)
    working = [each for each in Tab if each is not Tab.ALL]
    pages = {
        each: worklists.page(WorklistFilter(tab=each), WorklistOrder(), 0, 1000).rows for each in working
    }
    return next((each for each, rows in pages.items() if id in {row.id for row in rows}), Tab.ALL)


NAMES = ("MOUSE^Minnie", "DUCK^Daisy", "GOOSE^Li", "MOUSER^Max", "NG^Ada")


def live_in(database: Database, *, own_forms: bool = True) -> None:
    """Sixty transactions of all kinds among three hospitals, some with a form of each end."""
    ours, chance = Transactions(database, US), random.Random(7)
    for no in range(60):
        patient = Patient(NAMES[no % len(NAMES)], None, f"S{no % 9:06d}", f"99900000{no % 13:02d}")
        form = replace(FORM, patient=patient)
        who = {"form": form, "created_by": f"person {no % 3}", "priority": list(Priority)[no % 4 == 0]}
        other = chance.choice((THEM, LONG))
        drafts = (disc(1, **who), transfer(US, other, **who), transfer(other, US, **who))
        request = transfer(US, other, type=TransactionType.REQUEST, **who)
        made = ours.create(chance.choice((*drafts, request)))
        _act(ours, made, chance)
        if own_forms and made.type is TransactionType.TRANSFER and made.recipient == US and no % 3:
            own = replace(patient, name="MOUSE^Lion", hospital_no="S777111")
            ours.set_form(made.id, replace(form, patient=own), "x")


def _act(ours: Transactions, made: Transaction, chance: random.Random) -> None:
    act: Callable[[int], object] = chance.choice(
        (
            lambda key: ours.require(key, [CONFIRM]),
            lambda key: ours.cancel(key, "x"),
            lambda key: ours.assign(key, "y"),
        )
    )
    act(made.id)
    if made.type is TransactionType.CD_IMPORT and chance.random() < 0.3:
        ours.require(made.id, ())
        if ours.status(made.id) is Status.NEW:
            ours.fail(made.id, Failure("x"))
