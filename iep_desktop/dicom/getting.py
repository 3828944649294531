"""One C-GET or C-MOVE request over an open association, to its final response (PS3.4 C.4.2, C.4.3).

Owns the sub-operation counts, the way to stop in the middle (C-CANCEL first, then the end of the association) and
the library's own way of receiving; the fast one is in `fastreceive`. Must not know what is wanted, nor where
instances go.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined, unused-ignore]
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from iep_desktop.dicom import query
from iep_desktop.dicom.association import NodeAssociation
from iep_desktop.dicom.landing import Announced, Reception

GET_MODEL: str = StudyRootQueryRetrieveInformationModelGet
MOVE_MODEL: str = StudyRootQueryRetrieveInformationModelMove
PENDING = (0xFF00, 0xFF01)
_COURTESY = 1.0  # seconds for the answer to our C-CANCEL
_numbers = itertools.count()


@dataclass(frozen=True)
class Outcome:
    """The final response to a request. Counts that the peer does not say are 0."""

    status: int
    completed: int = 0
    failed: int = 0
    warned: int = 0
    failed_uids: frozenset[str] = frozenset()


def next_message_id() -> int:
    """1 to 7FFF, never twice at the same time in this process, because a C-MOVE's instances are told by it."""
    return next(_numbers) % 0x7FFF + 1


class Stop:
    """Asks a running request to end: C-CANCEL, and where that is not heeded, the end of the association."""

    def __init__(self, link: NodeAssociation, message_id: int, model: str) -> None:
        self._link = link
        self._message_id = message_id
        self._model = model
        self._asked = threading.Event()
        self._timer = threading.Timer(_COURTESY, link.cancel)
        self._timer.daemon = True

    @property
    def asked(self) -> bool:
        return self._asked.is_set()

    def ask(self) -> None:
        """From any thread, any number of times."""
        if self._asked.is_set():
            return
        self._asked.set()
        self._timer.start()
        try:
            self._link.assoc.send_c_cancel(self._message_id, query_model=self._model)
        except Exception:  # noqa: BLE001 - the association is just ending: then it ends
            self._link.cancel()

    def over(self) -> None:
        self._timer.cancel()


@contextmanager
def stopping(link: NodeAssociation, message_id: int, model: str) -> Iterator[Stop]:
    stop = Stop(link, message_id, model)
    try:
        yield stop
    finally:
        stop.over()


def get(
    link: NodeAssociation,
    identifier: Dataset,
    message_id: int,
    reception: Reception,
    after_each: Callable[[], None],
) -> Outcome:
    """By the library's own means. `after_each` is called after every instance. Raises what `link.lost` says."""
    assoc = link.assoc

    def on_store(event: Any) -> int:
        status = store(event, reception)
        after_each()
        return status

    assoc.bind(evt.EVT_C_STORE, on_store)
    for context in assoc.accepted_contexts:  # some nodes send, but do not say that they took the role
        context._as_scp = True
    return _ended(link, link.asking().send_c_get(identifier, GET_MODEL, message_id), after_each)


def move(
    link: NodeAssociation,
    identifier: Dataset,
    destination: str,
    message_id: int,
    after_each: Callable[[], None],
) -> Outcome:
    """The instances go to our listener at `destination`. Raises what `link.lost` says."""
    answers = link.asking().send_c_move(identifier, destination, MOVE_MODEL, message_id)
    return _ended(link, answers, after_each)


def announced(request: Any, transfer_syntax_uid: str, calling_ae: str) -> Announced:
    """What the library's C-STORE request says."""
    title, number = request.MoveOriginatorApplicationEntityTitle, request.MoveOriginatorMessageID
    return Announced(
        str(request.AffectedSOPClassUID or ""),
        str(request.AffectedSOPInstanceUID or ""),
        transfer_syntax_uid,
        calling_ae,
        (str(title).strip(), number) if title and number else None,
    )


def store(event: Any, reception: Reception, calling_ae: str = "") -> int:
    """Receive what the library has read into memory."""
    landing = reception.begin(announced(event.request, str(event.context.transfer_syntax), calling_ae))
    landing.write(event.request.DataSet.getbuffer())
    return reception.finish(landing)


def _ended(
    link: NodeAssociation,
    answers: Iterator[tuple[Dataset, Dataset | None]],
    after_each: Callable[[], None],
) -> Outcome:
    for status, identifier in answers:
        if "Status" not in status:
            break
        after_each()
        if status.Status not in PENDING:
            return outcome(status, identifier)
    raise link.lost()


def outcome(status: Dataset, identifier: Dataset | None) -> Outcome:
    def count(what: str) -> int:
        return query.number(status, f"NumberOf{what}Suboperations") or 0

    failed = query.texts(identifier, "FailedSOPInstanceUIDList") if identifier else ()
    return Outcome(
        int(status.Status), count("Completed"), count("Failed"), count("Warning"), frozenset(failed)
    )
