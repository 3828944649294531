"""A line on loopback that fails as told, between us and any real peer: it knows where a PDU begins, and nothing more.

    with FaultProxy(archive.node, Fault(Harm.CUT, TO_PEER, pdu=P_DATA, nth=2, after=500)) as line:
        send(line.node)          # the connection is reset 500 bytes into our second P-DATA-TF

Several faults serve several connections, one each; connections that follow are left alone. None leaves one alone, a
tuple of faults is for one connection.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from types import TracebackType
from typing import Self

from iep_desktop.core.model import Node

ASSOCIATE_RQ, ASSOCIATE_AC, P_DATA, RELEASE_RQ, RELEASE_RP = 0x01, 0x02, 0x04, 0x05, 0x06  # PS3.8 9.3
_CHUNK = 0x4000


class Way(Enum):
    TO_PEER = "to the peer"
    TO_US = "to us"


TO_PEER, TO_US = Way.TO_PEER, Way.TO_US


class Harm(Enum):
    """What happens to the bytes of one direction from a place on."""

    CUT = "reset at both ends"  # RST
    CLOSE = "closed at both ends"  # FIN
    STALL = "not taken any more"  # the sender's buffers fill
    SWALLOW = "taken, and gone"  # as after the sleep of a computer: nobody is told
    CORRUPT = "eight bytes overwritten"
    THROTTLE = "let through at so many bytes a second"
    DELAY = "each piece held back for so many seconds"


@dataclass(frozen=True)
class Fault:
    """From the `nth` PDU of a kind on (without a kind: from the first byte), `after` so many bytes more."""

    harm: Harm
    way: Way
    pdu: int | None = None
    nth: int = 1
    after: int = 0
    amount: float = 0.0  # bytes a second, or seconds


@dataclass
class _Place:
    """Watches one direction go by, and says where in a piece the fault begins."""

    fault: Fault
    _passed: int = 0
    _skip: int = 0  # of the PDU under way
    _header: bytearray = field(default_factory=bytearray)
    _seen: Counter[int] = field(default_factory=Counter)
    _at: int | None = None

    def __post_init__(self) -> None:
        if self.fault.pdu is None:
            self._at = self.fault.after

    def find(self, data: bytes) -> int | None:
        self._walk(data)
        start, self._passed = self._passed, self._passed + len(data)
        if self._at is not None and self._at < self._passed:
            return max(self._at - start, 0)
        return None

    def _walk(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip, at = self._skip - step, at + step
                continue
            if not self._header:
                self._begins(data[at], self._passed + at)
            self._header.append(data[at])
            at += 1
            if len(self._header) == 6:
                self._skip = int.from_bytes(self._header[2:6], "big")
                self._header.clear()

    def _begins(self, kind: int, at: int) -> None:
        self._seen[kind] += 1
        if self._at is None and kind == self.fault.pdu and self._seen[kind] == self.fault.nth:
            self._at = at + self.fault.after


@dataclass
class _Line:
    """One connection through the proxy."""

    ours: socket.socket
    theirs: socket.socket
    over: threading.Event

    def carry(self, way: Way, faults: Sequence[Fault]) -> None:
        source, target = (self.ours, self.theirs) if way is TO_PEER else (self.theirs, self.ours)
        places = [_Place(fault) for fault in faults if fault.way is way]
        try:
            while data := self._read(source):
                if not self._through(data, places, target):
                    return
            self.end(reset=False)
        except (OSError, ValueError):  # ended by the other direction
            self.end(reset=False)

    def _read(self, source: socket.socket) -> bytes:
        """Never blocked within `recv`: a socket that somebody reads from is not reset when it is closed."""
        while not select.select([source], [], [], 0.02)[0]:
            pass
        return source.recv(_CHUNK)

    def _through(self, data: bytes, places: list[_Place], target: socket.socket) -> bool:
        """False: this direction carries nothing any more."""
        for place in places:
            at = place.find(data)
            if at is None:
                continue
            harm, amount = place.fault.harm, place.fault.amount
            if harm in (Harm.CUT, Harm.CLOSE, Harm.STALL, Harm.SWALLOW):
                target.sendall(data[:at])
                return self._stops(harm, target)
            if harm is Harm.CORRUPT:
                if not self._corrupted(place):
                    data = data[:at] + b"\xfe" * len(data[at : at + 8]) + data[at + 8 :]
            elif harm is Harm.DELAY:
                self.over.wait(amount)
            else:
                target.sendall(data[:at])
                self._slowly(data[at:], amount, target)
                return True
        target.sendall(data)
        return True

    def _corrupted(self, place: _Place) -> bool:
        """Once is enough."""
        done, place.fault = place.fault.amount < 0, replace(place.fault, amount=-1.0)
        return done

    def _slowly(self, data: bytes, rate: float, target: socket.socket) -> None:
        step = max(int(rate / 20), 1)
        for at in range(0, len(data), step):
            target.sendall(data[at : at + step])
            if self.over.wait(1 / 20):
                return

    def _stops(self, harm: Harm, target: socket.socket) -> bool:
        if harm in (Harm.CUT, Harm.CLOSE):
            self.end(reset=harm is Harm.CUT)
        elif harm is Harm.STALL:
            self.over.wait()
        else:
            source = self.theirs if target is self.ours else self.ours
            while self._read(source):
                pass
            self.end(reset=False)  # the sender has gone
        return False

    def end(self, *, reset: bool) -> None:
        for sock in (self.ours, self.theirs):
            try:
                if reset:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                else:
                    sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()


class FaultProxy:
    """Listens on a free loopback port; `node` is the peer as it is reached through the line."""

    def __init__(self, node: Node, *faults: Fault | tuple[Fault, ...] | None) -> None:
        self._peer = node
        self._faults = faults
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lines: list[_Line] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        if any(fault.harm is Harm.STALL for each in faults for fault in _given(each)):
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # for all that it accepts
        self.node = replace(node, host="127.0.0.1", port=self._listener.getsockname()[1])

    @property
    def connections(self) -> int:
        return len(self._lines)

    def __enter__(self) -> Self:
        self._start(self._listen)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in self._lines:
            line.end(reset=False)
        for thread in self._threads:
            thread.join(5)

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                ours, _ = self._listener.accept()
            except OSError:
                return
            try:
                theirs = socket.create_connection((self._peer.host, self._peer.port), 5)
            except OSError:
                ours.close()
                continue
            for sock in (ours, theirs):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            theirs.settimeout(None)
            faults = self._faults[len(self._lines)] if len(self._lines) < len(self._faults) else None
            given = _given(faults)
            line = _Line(ours, theirs, self._over)
            self._lines.append(line)
            for way in Way:
                self._start(line.carry, way, given)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()


def _given(faults: Fault | tuple[Fault, ...] | None) -> tuple[Fault, ...]:
    return faults if isinstance(faults, tuple) else (faults,) if faults else ()
