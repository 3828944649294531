"""What pynetdicom (3.0.4) does wrong, or slowly, at an association's line; mended on each until a release mends it.

Each function says what is wrong without it. See `reactor` for the library's other thread.
"""

from __future__ import annotations

import queue
import threading
from contextlib import suppress

from pynetdicom.association import Association
from pynetdicom.pdu_primitives import A_ASSOCIATE, P_DATA

_ABORT_ASKED, _ENDING = "Evt15", ("Sta1", "Sta13")
"""PS3.8 9.2: A-ABORT request primitive; idle, and waiting for the connection to close."""
_NEARLY = 0.01  # seconds
_REFUSED = (1, 2)  # PS3.8 Table 9-21: permanent, transient


def guard(assoc: Association) -> None:
    """Against what the library's thread for the line dies of.

    It takes every command set for sound; and an abort that we ask for while it ends the line by itself finds no place
    in its table of states (PS3.8 9.2.3 has none for it: the end is under way).
    """
    receive, act = assoc.dimse.receive_primitive, assoc.dul.state_machine.do_action

    def guarded(primitive: P_DATA) -> None:
        try:
            receive(primitive)
        except Exception:  # noqa: BLE001 - whatever a peer's bytes made of it
            assoc.dul.event_queue.put("Evt19")  # as an unrecognised PDU: it is aborted (PS3.8 9.2.3)

    def acting(event: str) -> None:
        if event == _ABORT_ASKED and assoc.dul.state_machine.current_state in _ENDING:
            with suppress(queue.Empty):  # ours is emptied at the end
                assoc.dul.to_provider_queue.get_nowait()
        else:
            act(event)

    assoc.dimse.receive_primitive = guarded  # type: ignore[method-assign]
    assoc.dul.state_machine.do_action = acting  # type: ignore[method-assign]


def end_at_once(assoc: Association, ended: threading.Event) -> None:
    """Almost every release took 10 ms longer: the library sleeps so long where the thread for the line is not quite at
    its end. `ended` is set when it is."""
    kill = assoc.kill

    def at_once() -> None:
        if assoc.dul.is_alive() and threading.current_thread() is not assoc.dul:
            ended.wait(_NEARLY)
        kill()

    assoc.kill = at_once  # type: ignore[method-assign]


def refusal(assoc: Association) -> A_ASSOCIATE | None:
    """The peer's A-ASSOCIATE-RJ, where that is how the request ended.

    Of a hundred refusals at once the library overlooked one: it asks whether the line is there, when its other thread
    may have read the refusal and closed the line already, and takes it for one that never was.
    """
    said = assoc.acceptor.primitive if assoc.is_rejected else assoc.dul.peek_next_pdu()
    return said if isinstance(said, A_ASSOCIATE) and said.result in _REFUSED else None
