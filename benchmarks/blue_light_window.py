"""Figure 9 with the real window: all normal outbound slots send, *Send* is pressed for a Blue Light.

    python -m benchmarks.blue_light_window [IMAGES]

Whole transfers between stock Orthancs: the clock runs from the order that the page writes until an image of it lies in
the recipient's gateway, asked by its REST interface every 20 ms. In between are the gate (C-FIND), the slot, the C-GET
from PACS and the C-STORE. One Blue Light takes the reserved slot, and another one finds all slots busy.
"""

from __future__ import annotations

import sys
import threading
import time

from benchmarks.figure import note, say
from benchmarks.synthetic import ct_slices, ram_folder
from benchmarks.window import let_archives_give_way, open_window, sent, stored, until
from iep_desktop.app.session import Session
from iep_desktop.core.transaction import Transaction
from iep_desktop.workers.serving import NICE
from tests.peers import Orthanc
from tests.two_hospitals import Pair, four_archives, pair_over

BAR = 1.0
"""Seconds."""
NORMAL = 4
LOOK_SECONDS = 0.02


class Arrival:
    """When the first image of a study came to lie in an archive; looked for in a thread of its own."""

    def __init__(self, archive: Orthanc, study_uid: str) -> None:
        self.at = 0.0
        self._archive = archive
        self._asked = {"Level": "Instance", "Query": {"StudyInstanceUID": study_uid}, "Limit": 1}
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while not self._archive.rest("/tools/find", method="POST", body=self._asked):
            time.sleep(LOOK_SECONDS)
        self.at = time.perf_counter()


def main(images: int = 400) -> int:
    with ram_folder() as folder, four_archives(folder / "archives") as archives:
        let_archives_give_way(NICE)
        pair = pair_over(folder, archives)
        slices = ct_slices(folder / "ct", images)
        studies = [stored(pair.us.node, slices, folder / "one") for _ in range(NORMAL)]
        longer, shorter = (stored(pair.us.node, slices[:count], folder / "one") for count in (150, 3))
        with open_window(pair) as session:
            _fill(session, studies)
            normal = _seconds(session, pair, longer, busy=NORMAL)
            every = _seconds(session, pair, shorter, busy=NORMAL + 1)
    met = [
        _told("9 a Blue Light's first image from the window, all normal slots busy", normal),
        _told("9 a Blue Light's first image from the window, all slots busy", every),
    ]
    return 0 if all(met) else 1


def _busy(session: Session) -> int:
    return sum(slot.transaction_id is not None for slot in session.desk.ledger.slots.slots())


def _fill(session: Session, studies: list[str]) -> None:
    """Until each of these has sent something."""
    made = [sent(session.desk, study, urgent=False) for study in studies]
    session.engine.wake()
    transactions = session.desk.ledger.transactions
    until(lambda: all(transactions.by_id(key).counts.arrived for key in made), "all normal slots send")


def _seconds(session: Session, pair: Pair, study: str, busy: int) -> float:
    """From *Send* to the first image in the recipient's gateway, while so many slots are busy."""
    desk, window = session.desk, session.window
    assert isinstance(pair.them.inbox, Orthanc)
    if (now := _busy(session)) < busy:
        raise RuntimeError(f"{now} slots are busy instead of {busy}: give more images")
    arrival = Arrival(pair.them.inbox, study)
    began = time.perf_counter()

    def order(_ctx: object) -> Transaction:
        return desk.ledger.transactions.by_id(sent(desk, study, urgent=True))

    session.queries.ask(order, window._made, owner=window)
    until(lambda: arrival.at > 0, "the Blue Light's first image")
    note(f"Blue Light from the window: {arrival.at - began:.3f} s")
    return arrival.at - began


def _told(figure: str, seconds: float) -> bool:
    return say(
        figure,
        ours=f"{seconds:.2f} s",
        theirs="",
        ratio=seconds,
        wanted=f"<= {BAR:g} s",
        met=seconds <= BAR,
    )


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
