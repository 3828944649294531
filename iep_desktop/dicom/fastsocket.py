"""The socket under a DICOM association: fast, and never blocked for ever.

A subclass of pynetdicom's `AssociationSocket` and nothing else of its internals. Fast: no Nagle, quick ACK armed
before every read (a peer with Nagle holds its second small write until our ACK, 40 ms an image). Never blocked:
connecting, each read of a PDU and each stalled write have a time limit; stock pynetdicom hangs for ever when a
peer stops reading while we write. What went wrong stays in `failure` for whoever translates it.

The library's thread reads and writes here; `exclusive` lets another (see `faststore`) do so in its place, with
writes that gather their pieces and bytes that can be pushed back for the library to read.
"""

from __future__ import annotations

import select
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pynetdicom import evt
from pynetdicom.transport import T_CONNECT, AddressInformation, AssociationSocket

if TYPE_CHECKING:
    from pynetdicom.association import Association

MAX_PDU = 0x20000  # what we offer to receive: 128 KiB, the most that DCMTK takes
_MAX_INCOMING = 0x1000000  # no peer has a reason for more (an A-ASSOCIATE of 128 contexts is some 100 KiB)
_CHUNK = 0x40000
_PIECES = 512  # of one gathered write; Linux takes 1024
_SLICE = 0.1  # how soon an interruption is noticed, in seconds
_ASIDE = 0.005  # how long the library's thread stands aside while another reads, in seconds
_ABORT = 0x07  # PDU type of A-ABORT (PS3.8 9.3.8)
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux


@dataclass(frozen=True)
class Limits:
    """The longest that we wait, in seconds."""

    connect: float = 10.0  # for the TCP connection
    acse: float = 15.0  # for the answer to our A-ASSOCIATE
    dimse: float = 120.0  # for the answer to a request
    network: float = 60.0  # for the rest of a PDU that has begun; an association idle for longer is ended
    write: float = 30.0  # for a peer that takes no more bytes
    release: float = 3.0  # for the answer to our release, and for the peer to close


DEFAULT_LIMITS = Limits()


class FastSocket(AssociationSocket):
    """`AssociationSocket` with the settings and limits above."""

    def __init__(
        self,
        assoc: Association,
        limits: Limits,
        *,
        address: AddressInformation | None = None,
        client_socket: socket.socket | None = None,
    ) -> None:
        super().__init__(assoc, client_socket=client_socket, address=address)
        self._limits = limits
        self.failure: OSError | None = None
        self.stalled = False  # the peer took no more bytes within the limit
        self.closed_by_peer = False
        self.was_connected = client_socket is not None
        self._turn = threading.Lock()  # whose turn to read it is
        self._library_reads = False
        self._reserved = False
        self._writing = threading.Lock()
        self._interrupted = False
        self._broken = False  # a PDU was left half written: nothing may follow
        self._pushed = bytearray()
        if client_socket is not None:
            _prepare(client_socket)

    def connect(self, primitive: T_CONNECT) -> None:
        """As in the base class, but with every name's addresses tried and the failure kept, not logged."""
        try:
            self.socket = self._open(primitive)
            self.assoc.requestor.address_info = AddressInformation.from_tuple(self.socket.getsockname())
            self._is_connected = self.was_connected = True
            evt.trigger(
                self.assoc,
                evt.EVT_CONN_OPEN,
                {"address": primitive.address_info.as_tuple},
            )
            primitive.result = "Evt2"
        except OSError as exc:
            self.failure = exc
            self._shutdown_socket()
            self.socket = None
            primitive.result = "Evt17"
        finally:
            self.provider_queue.put(primitive)
            self._ready.set()

    def _open(self, primitive: T_CONNECT) -> socket.socket:
        sock = self.socket
        if sock is None:
            raise ConnectionAbortedError("cancelled before it was connected")
        sock.settimeout(self._limits.connect)
        sock.connect(primitive.address_info.as_tuple)
        _prepare(sock)
        if self.tls_args:
            context, hostname = self.tls_args
            sock = context.wrap_socket(sock, server_side=False, server_hostname=hostname)
        return sock

    @property
    def ready(self) -> bool:
        """Whether the library may read. From a yes to its next question it is the library's turn."""
        if self._library_reads:
            self._library_reads = False
            self._turn.release()
        sock = self.socket
        if sock is None or not self._is_connected:
            return False
        if not self._turn.acquire(blocking=False):
            time.sleep(
                _ASIDE
            )  # the library's thread asks a thousand times a second, and would slow who reads
            return False
        try:
            self._library_reads = bool(self._pushed) or _has_data(sock)
        except (OSError, ValueError):
            self.event_queue.put("Evt17")  # transport connection closed
        if not self._library_reads:
            self._turn.release()
        return self._library_reads

    def recv(self, nr_bytes: int) -> bytearray:
        """Read exactly `nr_bytes`, or fewer when the peer closes; OSError after the network limit."""
        if nr_bytes > _MAX_INCOMING:
            raise self._failed(OSError("the peer announced an impossibly long PDU"))
        data = bytearray()
        deadline = time.monotonic() + self._limits.network
        while len(data) < nr_bytes:
            part = self._recv_some(min(nr_bytes - len(data), _CHUNK), deadline)
            if not part:
                self.closed_by_peer = True
                break
            data += part
        return data

    def _recv_some(self, nr_bytes: int, deadline: float) -> bytes:
        if self._pushed:
            part = bytes(self._pushed[:nr_bytes])
            del self._pushed[:nr_bytes]
            return part
        sock = self.socket
        if sock is None:
            return b""
        while not self._interrupted:
            _acknowledge_at_once(sock)
            left = max(0.01, deadline - time.monotonic())
            try:
                sock.settimeout(min(left, _SLICE))
                return sock.recv(nr_bytes)
            except TimeoutError as exc:
                if left <= _SLICE:
                    raise self._failed(exc) from None
            except OSError as exc:
                raise self._failed(exc) from None
        raise self._failed(ConnectionAbortedError("the connection is closed"))

    def send(self, bytestream: bytes) -> None:
        """Send all; a peer that takes nothing for longer than the write limit counts as gone."""
        try:
            self.send_gathered([memoryview(bytestream)])
            evt.trigger(self.assoc, evt.EVT_DATA_SENT, {"data": bytestream})
        except OSError:
            self.event_queue.put("Evt17")  # transport connection closed

    def send_gathered(self, pieces: list[memoryview]) -> None:
        """Send all pieces, in as few calls as the system allows. OSError when the peer is gone, has aborted, takes
        nothing for longer than the write limit, or `interrupt` was called."""
        with self._writing:
            try:
                if self._broken:
                    raise ConnectionAbortedError("a PDU before was not sent to its end")
                while pieces:
                    sent = self._send_some(pieces[:_PIECES])
                    pieces = _without(pieces, sent)
            except OSError as exc:
                self._broken = True
                raise self._failed(exc) from None

    def _send_some(self, pieces: list[memoryview]) -> int:
        """The number of bytes sent, at least one."""
        deadline = time.monotonic() + self._limits.write
        while True:
            sock = self.socket
            if sock is None or self._interrupted:
                raise ConnectionAbortedError("the connection is closed")
            try:
                if sock.gettimeout() != _SLICE:
                    sock.settimeout(_SLICE)
                return _send(sock, pieces)
            except TimeoutError:
                if _has_data(sock) and _next_byte(sock) == _ABORT:
                    raise ConnectionResetError("the peer aborted") from None
                if time.monotonic() >= deadline:
                    self.stalled = True
                    raise

    # -- in the library's place

    def reserve(self) -> None:
        """The library reads nothing more from now on: the next `exclusive` begins here."""
        while not self._turn.acquire(timeout=_SLICE):
            if not self.assoc.dul.is_alive():
                raise ConnectionAbortedError("the connection is closed")
        self._reserved = True

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Until the end of the block nobody else reads. OSError where the library has ended the connection."""
        if not self._reserved:
            self.reserve()
        self._reserved = False
        try:
            yield
        finally:
            self._turn.release()

    def read_pdu(self, seconds: float) -> bytes:
        """The next PDU, which has to begin within `seconds`; to be called in `exclusive`. Bytes behind it are pushed
        back. Empty where the time is up, the peer has closed, or `interrupt` was called."""
        deadline = time.monotonic() + seconds
        while not self._pushed and not self._wait_for_data():
            if self._interrupted or time.monotonic() >= deadline:
                return b""
        data = bytearray(self._recv_some(_CHUNK, time.monotonic() + self._limits.network))
        deadline = time.monotonic() + self._limits.network
        while data and len(data) < (whole := _pdu_length(data)):
            if whole > _MAX_INCOMING:
                break
            part = self._recv_some(_CHUNK, deadline)
            if not part:
                break
            data += part
        self.closed_by_peer = self.closed_by_peer or not data
        whole = min(_pdu_length(data), len(data))
        self._pushed += data[whole:]
        return bytes(data[:whole])

    def receive_into(self, buffer: memoryview, seconds: float) -> int:
        """How many bytes have come; to be called in `exclusive`. TimeoutError where none has within `seconds`, any
        other OSError where the connection is over."""
        if self._pushed:
            pushed = self._recv_some(len(buffer), 0.0)
            buffer[: len(pushed)] = pushed
            return len(pushed)
        deadline = time.monotonic() + seconds
        while (sock := self.socket) is not None and not self._interrupted:
            _acknowledge_at_once(sock)
            try:
                if sock.gettimeout() != _SLICE:  # a writer has changed it
                    sock.settimeout(_SLICE)
                count = sock.recv_into(buffer)
            except TimeoutError:
                if time.monotonic() >= deadline:
                    raise
                continue
            except OSError as exc:
                raise self._failed(exc) from None
            if not count:
                self.closed_by_peer = True
                break
            return count
        raise ConnectionAbortedError("the connection is closed")

    def _wait_for_data(self) -> bool:
        sock = self.socket
        if sock is None:
            raise ConnectionAbortedError("the connection is closed")
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            return True
        _acknowledge_at_once(sock)
        return _readable(sock, _SLICE)

    def push_back(self, data: bytes) -> None:
        """Let the library read these bytes next; to be called in `exclusive`."""
        self._pushed[:0] = data

    def interrupt(self) -> None:
        """From any thread: whoever reads or writes, the library too, stops at once."""
        self._interrupted = True

    def shut(self) -> None:
        """End the connection from any thread; a blocked read, write or connect returns at once."""
        sock = self.socket
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                sock.close()  # was not connected yet, or not any more

    def _shutdown_socket(self) -> None:
        """The library's own way to end it, which leaves the descriptor open when the peer was faster."""
        sock = self.socket
        if sock is not None:
            self.shut()
            sock.close()

    def _failed(self, exc: OSError) -> OSError:
        if self.failure is None:
            self.failure = exc
        return exc


def _has_data(sock: socket.socket) -> bool:
    """`poll`, because `select` fails on descriptors above 1023; TLS may have read ahead."""
    return (isinstance(sock, ssl.SSLSocket) and bool(sock.pending())) or _readable(sock, 0)


def _next_byte(sock: socket.socket) -> int:
    """What the peer has sent, without taking it; -1 where it cannot be seen."""
    if isinstance(sock, ssl.SSLSocket):
        return -1
    seen = sock.recv(1, socket.MSG_PEEK)
    return seen[0] if seen else -1


def _pdu_length(data: bytes | bytearray) -> int:
    """Of the PDU that begins here, header included; 6 where not even that is there (PS3.8 9.3.1)."""
    return 6 + int.from_bytes(data[2:6], "big") if len(data) >= 6 else 6


def _send(sock: socket.socket, pieces: list[memoryview]) -> int:
    if hasattr(sock, "sendmsg") and not isinstance(sock, ssl.SSLSocket):
        return sock.sendmsg(pieces)
    return sock.send(pieces[0] if len(pieces) == 1 else b"".join(pieces))


def _without(pieces: list[memoryview], sent: int) -> list[memoryview]:
    """What is left after `sent` bytes."""
    for at, piece in enumerate(pieces):
        if sent < len(piece):
            return [piece[sent:], *pieces[at + 1 :]]
        sent -= len(piece)
    return []


def _readable(sock: socket.socket, seconds: float) -> bool:
    if sock.fileno() < 0:
        raise ConnectionAbortedError("the connection is closed")
    if sys.platform == "win32":
        return bool(select.select([sock], [], [], seconds)[0])
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _prepare(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "win32":
        _acknowledge_every_segment(sock)


def _acknowledge_at_once(sock: socket.socket) -> None:
    """Linux forgets TCP_QUICKACK as it sees fit, so it is armed again before every read."""
    if _QUICKACK is not None:
        try:
            sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        except OSError:  # closed meanwhile: the read will say so
            pass


def _acknowledge_every_segment(sock: socket.socket) -> None:
    """Windows' counterpart of TCP_QUICKACK; `socket.ioctl` does not let it through, hence ctypes."""
    if sys.platform == "win32":
        import ctypes

        sio_tcp_set_ack_frequency = 0x98000017
        once: Any = ctypes.c_int(1)
        returned = ctypes.c_ulong(0)
        ctypes.WinDLL("ws2_32").WSAIoctl(
            ctypes.c_void_p(sock.fileno()),
            ctypes.c_ulong(sio_tcp_set_ack_frequency),
            ctypes.byref(once),
            ctypes.c_ulong(ctypes.sizeof(once)),
            None,
            ctypes.c_ulong(0),
            ctypes.byref(returned),
            None,
            None,
        )
