"""Steps that several tests of transactions take."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

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
from iep_desktop.store.instances import InstanceChange
from iep_desktop.store.transactions import Transactions
from iep_desktop.store.worklists import Worklists
from tests.store.samples import CONFIRM, FORM, LONG, THEM, US, disc, images, transfer


def delivered(ours: Transactions, **changes: Any) -> Transaction:
    made = ours.create(disc(1, **changes))
    for state in (InstanceState.SPOOLED, InstanceState.SENT, InstanceState.VERIFIED):
        ours.update_instances(made.id, [InstanceChange(images(1)[0].sop_instance_uid, state)])
    ours.move(made.id, Status.STARTED, "", "engine")
    ours.move(made.id, Status.DELIVERED, "", "engine")
    return ours.by_id(made.id)


def tab(database: Database, id: int) -> Tab:
    worklists = Worklists(database, US)
    working = [each for each in Tab if each is not Tab.ALL]
    pages = {
        each: worklists.page(WorklistFilter(tab=each), WorklistOrder(), 0, 1000).rows for each in working
    }
    return next((each for each, rows in pages.items() if id in {row.id for row in rows}), Tab.ALL)


NAMES = ("MOUSE^Minnie", "DUCK^Daisy", "GOOSE^Li", "MOUSER^Max", "NG^Ada")


def live_in(database: Database) -> None:
    """Sixty transactions of all kinds among three hospitals."""
    ours, chance = Transactions(database, US), random.Random(7)
    for no in range(60):
        patient = Patient(NAMES[no % len(NAMES)], None, f"S{no % 9:06d}", f"99900000{no % 13:02d}")
        form = replace(FORM, patient=patient)
        who = {"form": form, "created_by": f"person {no % 3}", "priority": list(Priority)[no % 4 == 0]}
        other = chance.choice((THEM, LONG))
        drafts = (disc(1, **who), transfer(US, other, **who), transfer(other, US, **who))
        request = transfer(US, other, type=TransactionType.REQUEST, **who)
        _act(ours, ours.create(chance.choice((*drafts, request))), chance)


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
