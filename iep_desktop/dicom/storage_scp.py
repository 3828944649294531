"""Our listener for instances: what nodes send us by themselves, and what we asked them for by C-MOVE.

Owns who may call (AE title and address, nobody by default), the limits, and whose instance each one is: that of a
running retrieve, or of the program. 0000 is answered only when the file is durable and recorded (PS3.4 B.2.3). Nodes
report here, too, what they commit themselves to keep (see `commitment`). Must not know the ledger, and logs nothing
that could name a patient.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from pynetdicom import evt

from iep_desktop.core.errors import IepError
from iep_desktop.core.model import Node
from iep_desktop.dicom import commitment, fastreceive, ways
from iep_desktop.dicom.fastsocket import DEFAULT_LIMITS, Limits
from iep_desktop.dicom.getting import next_message_id, store
from iep_desktop.dicom.harvest import Harvest
from iep_desktop.dicom.instance_head import InstanceHead
from iep_desktop.dicom.landing import LARGEST, Announced, Collision, Keeper, Received, Reception
from iep_desktop.dicom.scp import Listener

_NOT_KNOWN = (0x01, 0x01, 0x03)  # PS3.8 Table 9-21: permanent, service user, calling AE title not recognised
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Caller:
    """Who may call: an AE title at an IP address, in a network ("10.1.0.0/16") or at a host's name."""

    ae_title: str
    address: str


@dataclass(frozen=True)
class ListenerSettings:
    ae_title: str
    port: int
    host: str = "0.0.0.0"
    callers: tuple[Caller, ...] = ()  # none: nobody may call
    associations: int = 16
    largest: int = LARGEST  # bytes of one instance
    idle: float = 60.0  # seconds without a request until an association is ended


@dataclass(frozen=True)
class ListenerCounts:
    """Since the start."""

    received: int = 0
    duplicates: int = 0  # came again, the same bytes
    collisions: int = 0
    refused_callers: int = 0
    failed: int = 0  # our disk, or nobody could record it


class StorageListener:
    """A Storage SCP (PS3.4 B) in threads of its own."""

    def __init__(
        self,
        settings: ListenerSettings,
        inbox: Path,
        folder_for: Callable[[InstanceHead, str], Path],
        on_instance: Callable[[Received], None],
        *,
        on_report: commitment.Take | None = None,
        limits: Limits = DEFAULT_LIMITS,
        direct: bool = True,
    ) -> None:
        """`folder_for` (given the calling AE title) says where an instance goes that no retrieve waits for, on the
        disk of the `inbox`; `on_instance` records it. Both are called in the thread of an association, the second
        also with what it has had before; when one raises, the sender is told to try again or not at all. `on_report`
        keeps what a node reports of storage commitment; without it none is taken."""
        self._settings = settings
        self._folder_for = folder_for
        self._on_instance = on_instance
        self._expected: dict[tuple[str, int] | None, _Expected] = {}  # by our AE title and message ID
        self._counts = ListenerCounts()
        self._lock = threading.Lock()
        self._reception = Reception(inbox, _Program(self, ""), settings.largest)
        self._limits = replace(limits, network=settings.idle)
        handlers: dict[evt.EventType, Callable[..., Any]] = {
            evt.EVT_REQUESTED: self._on_requested,
            evt.EVT_C_STORE: self._on_store,
        }
        self._direct = direct and ways.direct()
        if self._direct:
            handlers[evt.EVT_ESTABLISHED] = self._on_established
            handlers[evt.EVT_REJECTED] = self._on_rejected
        if on_report is not None:
            take = on_report
            handlers[evt.EVT_N_EVENT_REPORT] = lambda event: commitment.answer(event, take)
        self._listener = Listener(
            settings.ae_title,
            settings.port,
            handlers,
            host=settings.host,
            limits=self._limits,
            associations=settings.associations,
        )
        if on_report is not None:
            commitment.offer(self._listener.ae)

    @property
    def ae_title(self) -> str:
        return self._settings.ae_title

    @property
    def port(self) -> int:
        return self._listener.port

    @property
    def counts(self) -> ListenerCounts:
        return self._counts

    def start(self) -> None:
        """Raises Permanent where the port is taken."""
        self._listener.start()

    def stop(self) -> None:
        """End all associations: what is not answered yet is sent again by its sender."""
        self._listener.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @staticmethod
    def next_message_id() -> int:
        """For a C-MOVE of this process; another process that uses this listener has numbers of its own."""
        return next_message_id()

    @contextmanager
    def expecting(self, message_id: int, node: Node, harvest: Harvest) -> Iterator[None]:
        """For the time of a C-MOVE at `node`: its instances go to the harvest."""
        with self._lock:
            self._expected[node.calling_ae, message_id] = _Expected(node.ae_title, harvest)
        try:
            yield
        finally:
            with self._lock:
                del self._expected[node.calling_ae, message_id]

    def keeper(self, head: InstanceHead, announced: Announced) -> Keeper:
        """The retrieve that asked for it, else the program.

        A node that does not name the C-MOVE that it answers is believed where its retrieve waits for this instance;
        what others send of the same study meanwhile is theirs.
        """
        with self._lock:
            if announced.move_originator in self._expected:
                return self._expected[announced.move_originator].harvest
            for one in self._expected.values():
                if one.ae_title == announced.calling_ae and one.harvest.wants(head):
                    return one.harvest
            return _Program(self, announced.calling_ae)

    def folder_for(self, head: InstanceHead, calling_ae: str) -> Path:
        return self._folder_for(head, calling_ae)

    def record(self, received: Received) -> None:
        self._on_instance(received)

    def count(self, **more: int) -> None:
        with self._lock:
            now = {name: getattr(self._counts, name) + by for name, by in more.items()}
            self._counts = replace(self._counts, **now)

    def _on_requested(self, event: Any) -> None:
        """Before anything else is negotiated: is it one of the callers, and at one of its addresses?"""
        assoc = event.assoc
        title = str(assoc.requestor.primitive.calling_ae_title).strip()
        address = str(assoc.requestor.address_info.address)
        if not any(c.ae_title == title and _is_at(address, c.address) for c in self._settings.callers):
            self.count(refused_callers=1)
            _log.warning("An association is refused: %r at %s is not known", title, address)
            assoc.acse.send_reject(*_NOT_KNOWN)
            assoc.kill()
        elif self._direct:
            assoc.dul.socket.reserve()  # the first instance may come right behind our answer

    def _on_established(self, event: Any) -> None:
        fastreceive.serve(event.assoc, event.assoc.dul.socket, self._reception, self._limits)

    def _on_rejected(self, event: Any) -> None:
        with event.assoc.dul.socket.exclusive():
            pass  # the library waits for the peer to close

    def _on_store(self, event: Any) -> int:
        return store(event, self._reception, str(event.assoc.requestor.ae_title).strip())


@dataclass(frozen=True)
class _Expected:
    """A running C-MOVE: who was asked, and who waits."""

    ae_title: str
    harvest: Harvest


@dataclass(frozen=True)
class _Program:
    """The keeper of what nobody has asked for."""

    listener: StorageListener
    calling_ae: str

    def chosen(self, head: InstanceHead, announced: Announced) -> Keeper:
        return self.listener.keeper(head, announced)

    def place(self, head: InstanceHead) -> Path:
        return self.listener.folder_for(head, self.calling_ae)

    def keep(self, received: Received, new: bool) -> None:
        self.listener.record(received)
        self.listener.count(received=int(new), duplicates=int(not new))

    def collided(self, collision: Collision) -> None:
        patients = "two patients" if collision.two_patients else "two instances"
        _log.warning("An instance is refused: %s have the same SOP Instance UID", patients)
        self.listener.count(collisions=1)

    def failed(self, error: IepError) -> None:
        _log.warning("An instance cannot be kept: %s", error.title)
        self.listener.count(failed=1)


def _is_at(address: str, allowed: str) -> bool:
    caller = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(caller, ipaddress.IPv6Address) and caller.ipv4_mapped:
        caller = caller.ipv4_mapped
    try:
        return caller in ipaddress.ip_network(allowed, strict=False)
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(allowed, None)
    except OSError:
        return False
    return any(ipaddress.ip_address(str(one[4][0]).partition("%")[0]) == caller for one in found)
