"""The demo's partner hospitals: one sends what it is asked for, one declines, and all end with the demo."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from iep_desktop import settings
from iep_desktop.core.forms import parse_form
from iep_desktop.core.job import Context
from iep_desktop.core.model import FormKind
from iep_desktop.core.transaction import Status, Transaction
from iep_desktop.demo import open_demo, partners
from iep_desktop.workers.desk import Desk, open_desk

pytestmark = pytest.mark.xdist_group("demo")


@contextmanager
def desk_of(profile: settings.Profile) -> Iterator[Desk]:
    desk = open_desk(profile)
    try:
        yield desk
    finally:
        desk.close()


def asked(ours: Desk, discs: Path, ods: str) -> Transaction:
    form = parse_form((discs / "damaged.form.json").read_bytes())
    return ours.requests.create(
        ods, replace(form, kind=FormKind.IMPORT, hospital=ods, discs=None, disc_no=None, labelled=None)
    )


def look(partner: partners.Partner, desk: Desk) -> None:
    """Its person, when enough time has gone by."""
    later = datetime.now(UTC) + timedelta(minutes=2)
    partners.Person(partner, desk, now=lambda: later).look()


def test_a_request_is_answered_with_images_that_reach_our_pacs(made: Path) -> None:
    partner = partners.partner_of("RX1")
    with open_demo(made) as demo, desk_of(demo.profile) as ours:
        request = asked(ours, demo.discs, "RX1")
        with desk_of(partners._profile(made, partner)) as theirs:
            for _ in ("looks", "accepts", "sends"):
                look(partner, theirs)
            (number,) = ours.reading.by_id(request.id).answers
            transfer = ours.reading.transaction(number)
            theirs.legs.run(transfer.id, Context())
        assert ours.reading.by_id(transfer.id).status is Status.ON_IEP
        ours.downloads.download(transfer.id)
        ours.legs.run(transfer.id, Context())
        assert ours.reading.by_id(transfer.id).status is Status.DELIVERED
        assert ours.reading.by_id(request.id).status is Status.DELIVERED


def test_a_partner_declines(made: Path) -> None:
    partner = partners.partner_of("RK5")
    with open_demo(made) as demo, desk_of(demo.profile) as ours:
        request = asked(ours, demo.discs, "RK5")
        with desk_of(partners._profile(made, partner)) as theirs:
            for _ in ("looks", "declines"):
                look(partner, theirs)
        assert ours.reading.by_id(request.id).status is Status.DECLINED


def test_a_partner_takes_its_time(made: Path) -> None:
    partner = partners.partner_of("RTG")
    with open_demo(made) as demo, desk_of(demo.profile) as ours:
        request = asked(ours, demo.discs, "RTG")
        with desk_of(partners._profile(made, partner)) as theirs:
            person = partners.Person(partner, theirs)
            for _ in range(3):
                person.look()
        assert ours.reading.by_id(request.id).status is Status.STARTED
        ours.requests.cancel(request.id)


def test_a_partners_program_ends_when_its_starter_does(made: Path) -> None:
    with open_demo(made):
        process = subprocess.Popen(
            [sys.executable, "-m", "iep_desktop.demo", "partner", str(made), "RX1"], stdin=subprocess.PIPE
        )
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(3)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0
