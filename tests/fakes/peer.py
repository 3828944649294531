"""A DICOM peer on loopback that misbehaves as told: raw bytes by the letter of PS3.8, no DICOM library.

A script is a function that gets each accepted connection. The common ones are below; when it returns, the
connection is closed. Several scripts serve several connections, the last one all that follow.

    with ScriptedPeer(falls_silent) as peer:
        echo(peer.node, limits=SHORT)
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from iep_desktop.core.model import Node, NodeRole

Script = Callable[["Connection"], None]
IMPLICIT = "1.2.840.10008.1.2"
_DIMSE = {
    0x0001: 0x8001,
    0x0010: 0x8010,
    0x0020: 0x8020,
    0x0030: 0x8030,
}  # C-STORE, C-GET, C-FIND, C-ECHO: request to response


class Closed(Exception):
    """The other side has gone, or the test is over."""


@dataclass
class Message:
    """A DIMSE request as it came."""

    context_id: int
    command: dict[int, bytes]  # element number of group 0000: value
    data: bytearray = field(default_factory=bytearray)

    def us(self, element: int) -> int:
        number: int = struct.unpack("<H", self.command[element])[0]
        return number


@dataclass
class Connection:
    """One accepted connection, with the few words of the protocol that the scripts need."""

    sock: socket.socket
    over: threading.Event
    called: str = ""
    calling: str = ""
    contexts: list[tuple[int, str, str]] = field(default_factory=list)  # id, SOP class, transfer syntax
    messages: list[Message] = field(default_factory=list)

    # -- PDUs (PS3.8 9.3)

    def read_pdu(self) -> tuple[int, bytes]:
        kind, length = struct.unpack(">BxL", self._read(6))
        return kind, self._read(length)

    def read_request(self) -> None:
        """Read the A-ASSOCIATE-RQ."""
        kind, body = self.read_pdu()
        assert kind == 0x01
        self.called, self.calling = (
            body[4:20].decode().strip(),
            body[20:36].decode().strip(),
        )
        for item, content in _items(body[68:]):
            if item == 0x20:
                names = _items(content[4:])
                sop_class, syntax, *_ = (uid.decode() for _, uid in names)  # of several syntaxes the first
                self.contexts.append((content[0], sop_class, syntax))

    def accept(self, *, max_pdu: int = 16384, refused: Sequence[str] = (), reason: int = 3) -> None:
        """A-ASSOCIATE-AC to everything but the `refused` SOP classes."""
        body = struct.pack(">HH", 1, 0) + self.called.ljust(16).encode() + self.calling.ljust(16).encode()
        body += bytes(32) + _item(0x10, b"1.2.840.10008.3.1.1.1")
        for number, sop_class, syntax in self.contexts:
            result = reason if sop_class in refused else 0
            body += _item(0x21, bytes((number, 0, result, 0)) + _item(0x40, syntax.encode()))
        user = _item(0x51, struct.pack(">L", max_pdu)) + _item(0x52, b"1.2.3.4") + _item(0x55, b"SCRIPTED")
        self.send(_pdu(0x02, body + _item(0x50, user)))

    def reject(self, result: int, source: int, reason: int) -> None:
        self.send(_pdu(0x03, bytes((0, result, source, reason))))

    def abort(self) -> None:
        self.send(_pdu(0x07, bytes((0, 0, 2, 0))))

    def release(self) -> None:
        """Answer the A-RELEASE-RQ, wherever it comes, and wait for the other side to close."""
        while True:
            kind, _ = self.read_pdu()
            if kind == 0x05:
                self.send(_pdu(0x06, bytes(4)))

    def send(self, data: bytes) -> None:
        try:
            self.sock.sendall(data)
        except OSError as exc:
            raise Closed from exc

    def wait(self) -> None:
        """Do nothing, neither reading nor closing, until the test is over."""
        self.over.wait()

    # -- DIMSE (PS3.7)

    def read_message(self) -> Message | None:
        """The next request with its data set; None when the other side asks for release, which is granted."""
        command = b""
        message: Message | None = None
        while True:
            kind, body = self.read_pdu()
            if kind == 0x05:
                self.send(_pdu(0x06, bytes(4)))
                return None
            if kind != 0x04:
                raise Closed
            for context_id, control, fragment in _pdvs(body):
                if control & 1:
                    command += fragment
                    if control & 2:
                        message = Message(context_id, _elements(command))
                        if message.us(0x0800) == 0x0101:
                            return self._remember(message)
                elif message is not None:
                    message.data += fragment
                    if control & 2:
                        return self._remember(message)

    def answer(self, message: Message, status: int, comment: str = "", data: bytes = b"") -> None:
        command = response(message, status, comment, with_data=bool(data))
        self.send(data_pdu(message.context_id, 3, command))
        if data:
            self.send(data_pdu(message.context_id, 2, data))

    def _remember(self, message: Message) -> Message:
        self.messages.append(message)
        return message

    def _read(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            try:
                part = self.sock.recv(length - len(data))
            except OSError as exc:
                raise Closed from exc
            if not part:
                raise Closed
            data += part
        return data


class ScriptedPeer:
    """Listens on a free loopback port and plays the scripts, one connection after another or at once."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = scripts
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self.connections: list[Connection] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.node = Node("Scripted", NodeRole.PACS, "RWE", "SCRIPTED", "127.0.0.1", self.port)

    @property
    def messages(self) -> list[Message]:
        return [message for connection in self.connections for message in connection.messages]

    def __enter__(self) -> Self:
        self._start(self._listen)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._over.set()
        for sock in [
            self._listener,
            *(connection.sock for connection in self.connections),
        ]:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()
        for thread in self._threads:
            thread.join(5)

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            connection = Connection(sock, self._over)
            script = self._scripts[min(len(self.connections), len(self._scripts) - 1)]
            self.connections.append(connection)
            self._start(self._play, script, connection)

    def _play(self, script: Script, connection: Connection) -> None:
        try:
            script(connection)
        except Closed:
            pass
        connection.sock.close()

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()


# -- the usual misbehaviour


def never_answers(connection: Connection) -> None:
    """Takes the TCP connection and says nothing at all."""
    connection.wait()


def falls_silent(connection: Connection) -> None:
    """Accepts the association and then answers nothing, but reads on."""
    connection.read_request()
    connection.accept()
    while True:
        connection.read_pdu()


def stops_reading(connection: Connection) -> None:
    """Accepts the association and takes not one more byte."""
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.read_request()
    connection.accept()
    connection.wait()


def answers_garbage(connection: Connection) -> None:
    """Answers the A-ASSOCIATE-RQ like a web server."""
    connection.read_request()
    connection.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    connection.wait()


def answers_garbage_later(connection: Connection) -> None:
    """Accepts, and answers the first request with bytes that are no PDU."""
    connection.read_request()
    connection.accept()
    connection.read_message()
    connection.send(bytes(range(200, 256)) * 10)
    connection.wait()


def half_a_pdu(connection: Connection) -> None:
    """Accepts, and answers the first request with the beginning of a PDU only."""
    connection.read_request()
    connection.accept()
    connection.read_message()
    connection.send(struct.pack(">BBL", 0x04, 0, 1000) + bytes(10))
    connection.wait()


def endless_pdu(connection: Connection) -> None:
    """Accepts, and announces a PDU of 4 GB as answer to the first request."""
    connection.read_request()
    connection.accept()
    connection.read_message()
    connection.send(struct.pack(">BBL", 0x04, 0, 0xFFFFFFFF) + bytes(1000))
    connection.wait()


def half_a_header(connection: Connection) -> None:
    """Accepts, sends three bytes by itself, and then only reads."""
    connection.read_request()
    connection.accept()
    connection.send(bytes((0x04, 0, 0)))
    while True:
        connection.read_pdu()


def aborts_mid_image(connection: Connection) -> None:
    """Reads the command and some data of a C-STORE, then aborts."""
    connection.read_request()
    connection.accept()
    connection.read_pdu()
    connection.read_pdu()
    connection.abort()
    while True:
        connection.read_pdu()


def dies_mid_image(connection: Connection) -> None:
    """Reads the command and some data of a C-STORE, then the line is cut (TCP reset)."""
    connection.read_request()
    connection.accept()
    connection.read_pdu()
    connection.read_pdu()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hangs_up(connection: Connection) -> None:
    """Closes instead of answering the A-ASSOCIATE-RQ."""
    connection.read_request()


def aborts_at_once(connection: Connection) -> None:
    connection.read_request()
    connection.abort()
    connection.wait()


def refuses(result: int, source: int, reason: int) -> Script:
    """A-ASSOCIATE-RJ (PS3.8 Table 9-21)."""

    def script(connection: Connection) -> None:
        connection.read_request()
        connection.reject(result, source, reason)
        connection.wait()

    return script


def accepts_no(*sop_classes: str, reason: int = 3) -> Script:
    """Accepts the association, but not these SOP classes, and success to everything else."""

    def script(connection: Connection) -> None:
        connection.read_request()
        connection.accept(refused=sop_classes, reason=reason)
        while (message := connection.read_message()) is not None:
            connection.answer(message, 0x0000)

    return script


def answers(*statuses: int | tuple[int, str], max_pdu: int = 16384) -> Script:
    """Answers request after request with these statuses (and comments), the last one to all that follow."""

    def script(connection: Connection) -> None:
        connection.read_request()
        connection.accept(max_pdu=max_pdu)
        while (message := connection.read_message()) is not None:
            said = statuses[min(len(connection.messages), len(statuses)) - 1]
            status, comment = said if isinstance(said, tuple) else (said, "")
            connection.answer(message, status, comment)

    return script


def finds(data_sets: Iterable[bytes], status: int = 0x0000) -> Script:
    """Answers a C-FIND with these encoded data sets, then with `status`."""

    def script(connection: Connection) -> None:
        connection.read_request()
        connection.accept()
        while (message := connection.read_message()) is not None:
            for data in data_sets:
                connection.answer(message, 0xFF00, data=data)
            connection.answer(message, status)

    return script


def releases_after(count: int) -> Script:
    """Takes some instances, then asks for release by itself, as a peer with an idle limit does."""

    def script(connection: Connection) -> None:
        connection.read_request()
        connection.accept()
        for _ in range(count):
            message = connection.read_message()
            if message is None:
                return
            connection.answer(message, 0x0000)
        connection.send(_pdu(0x05, bytes(4)))
        connection.read_pdu()

    return script


def answers_after(seconds: float) -> Script:
    """Answers every request with success, but takes its time."""

    def script(connection: Connection) -> None:
        connection.read_request()
        connection.accept()
        while (message := connection.read_message()) is not None:
            connection.over.wait(seconds)
            connection.answer(message, 0x0000)

    return script


def answers_byte_by_byte(connection: Connection) -> None:
    """Success, but each byte in a segment of its own."""
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.read_request()
    connection.accept()
    while (message := connection.read_message()) is not None:
        for byte in data_pdu(message.context_id, 3, response(message, 0x0000)):
            connection.send(bytes([byte]))


def answers_in_fragments(connection: Connection) -> None:
    """Success, but the command set is spread over two P-DATA-TF PDUs, as PS3.8 E.1 allows."""
    connection.read_request()
    connection.accept()
    while (message := connection.read_message()) is not None:
        command = response(message, 0x0000)
        connection.send(data_pdu(message.context_id, 1, command[:30]))
        connection.send(data_pdu(message.context_id, 3, command[30:]))


def answers_and_aborts(connection: Connection) -> None:
    """Success and an A-ABORT in one segment."""
    connection.read_request()
    connection.accept()
    message = connection.read_message()
    assert message is not None
    connection.send(data_pdu(message.context_id, 3, response(message, 0x0000)) + _pdu(0x07, bytes(4)))
    connection.read_pdu()


def answers_another(connection: Connection) -> None:
    """Answers a request that nobody made."""
    connection.read_request()
    connection.accept()
    message = connection.read_message()
    assert message is not None
    message.command[0x0110] = struct.pack("<H", message.us(0x0110) + 7)
    connection.answer(message, 0x0000)
    connection.wait()


def releases_instead(connection: Connection) -> None:
    """Asks for release where an answer is due."""
    connection.read_request()
    connection.accept()
    connection.read_message()
    connection.send(_pdu(0x05, bytes(4)))
    connection.read_pdu()


# -- bytes


def response(message: Message, status: int, comment: str = "", *, with_data: bool = False) -> bytes:
    """The command set that answers a request."""
    rsp = {0x0100: struct.pack("<H", _DIMSE[message.us(0x0100)]), 0x0120: message.command[0x0110]}
    rsp[0x0002] = message.command[0x0002]
    rsp[0x0800] = struct.pack("<H", 0x0001 if with_data else 0x0101)
    rsp[0x0900] = struct.pack("<H", status)
    if comment:
        rsp[0x0902] = comment.encode() + b" " * (len(comment) % 2)
    if 0x1000 in message.command:
        rsp[0x1000] = message.command[0x1000]
    return command_set(rsp)


def data_pdu(context_id: int, control: int, fragment: bytes) -> bytes:
    """A P-DATA-TF with one PDV; control: 1 command, 2 last fragment (PS3.8 E.2)."""
    return _pdu(0x04, struct.pack(">LBB", len(fragment) + 2, context_id, control) + fragment)


def _pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxL", kind, len(body)) + body


def _item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(content)) + content


def _items(data: bytes) -> Iterable[tuple[int, bytes]]:
    while data:
        kind, length = struct.unpack(">BxH", data[:4])
        yield kind, data[4 : 4 + length]
        data = data[4 + length :]


def _pdvs(data: bytes) -> Iterable[tuple[int, int, bytes]]:
    while data:
        (length,) = struct.unpack(">L", data[:4])
        yield data[4], data[5], data[6 : 4 + length]
        data = data[4 + length :]


def _elements(command: bytes) -> dict[int, bytes]:
    """A command set is always Implicit VR Little Endian (PS3.7 6.3.1)."""
    found = {}
    while command:
        _, element, length = struct.unpack("<HHL", command[:8])
        found[element] = command[8 : 8 + length]
        command = command[8 + length :]
    return found


def command_set(elements: dict[int, bytes]) -> bytes:
    body = b"".join(
        struct.pack("<HHL", 0, element, len(value)) + value for element, value in sorted(elements.items())
    )
    return struct.pack("<HHLL", 0, 0, 4, len(body)) + body
