"""Scripts for `ScriptedPeer` that answer a C-GET, well or badly: which instances, in which pieces, with what counts.

with ScriptedPeer(gives(paths[:2], completed=3)) as peer: ...
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from iep_desktop.dicom.sendfile import send_file
from tests.fakes.peer import Closed, Connection, Message, Script, command_set, data_pdu

_FAILED_LIST = struct.pack("<HH", 0x0008, 0x0058)


def gives(
    paths: Iterable[Path],
    *,
    status: int = 0x0000,
    completed: int | None = None,
    failed: int = 0,
    failed_uids: Sequence[str] = (),
    piece: int = 16000,
    then: Callable[[Connection], None] | None = None,
) -> Script:
    """Sends the instances and the final response, to every request the same; `then` is called instead of the final
    response. The statuses that we answered are in `connection.messages`."""
    files = list(paths)

    def script(connection: Connection) -> None:
        connection.read_request()
        connection.accept()
        while (request := connection.read_message()) is not None:
            for path in files:
                give(connection, path, piece)
                connection.read_message()
            if then:
                then(connection)
            count = len(files) if completed is None else completed
            finish(connection, request, status, count, failed, failed_uids)

    return script


def refuses_lists(paths: Iterable[Path], status: int) -> Script:
    """Gives whole series and studies, but answers a list of SOP Instance UIDs with this status."""
    files = list(paths)

    def script(connection: Connection) -> None:
        connection.read_request()
        connection.accept()
        while (request := connection.read_message()) is not None:
            if b"IMAGE" in bytes(request.data):
                finish(connection, request, status, 0)
                continue
            for path in files:
                give(connection, path)
                connection.read_message()
            finish(connection, request, 0x0000, len(files))

    return script


def gives_until_told(paths: Sequence[Path], *, heeds: bool) -> Script:
    """Gives the instances again and again until C-CANCEL comes, which is answered or not heeded."""

    def script(connection: Connection) -> None:
        connection.read_request()
        connection.accept()
        request = connection.read_message()
        assert request is not None
        number = 0
        while True:
            give(connection, paths[number % len(paths)])
            number += 1
            answer = connection.read_message()
            while answer is not None and answer.us(0x0100) == 0x0FFF:  # C-CANCEL-RQ, in front of our answer
                if heeds:
                    finish(connection, request, 0xFE00, number)
                    connection.read_message()
                    return
                answer = connection.read_message()

    return script


def cut(connection: Connection) -> None:
    """TCP reset."""
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise Closed


def silence(connection: Connection) -> None:
    while True:
        connection.read_pdu()


def half_an_image(path: Path) -> Callable[[Connection], None]:
    """The command and the beginning of an instance, and then the line is cut."""

    def then(connection: Connection) -> None:
        context_id, command, data = _request(connection, path)
        connection.send(data_pdu(context_id, 3, command) + data_pdu(context_id, 0, data[: len(data) // 2]))
        cut(connection)

    return then


def give(connection: Connection, path: Path, piece: int = 16000) -> None:
    """A C-STORE-RQ for the file, its data set in PDVs of `piece` bytes."""
    context_id, command, data = _request(connection, path)
    segment = data_pdu(context_id, 3, command)
    for at in range(0, len(data), piece):
        control = 2 if at + piece >= len(data) else 0
        segment += data_pdu(context_id, control, data[at : at + piece])
        if len(segment) > 1 << 20:
            connection.send(segment)
            segment = b""
    connection.send(segment)


def finish(
    connection: Connection,
    request: Message,
    status: int,
    completed: int,
    failed: int = 0,
    failed_uids: Sequence[str] = (),
) -> None:
    """The final C-GET-RSP."""
    uids = "\\".join(failed_uids).encode()
    uids += b"\0" * (len(uids) % 2)
    fields = {
        0x0002: request.command[0x0002],
        0x0100: struct.pack("<H", 0x8010),
        0x0120: request.command[0x0110],
        0x0800: struct.pack("<H", 0x0001 if uids else 0x0101),
        0x0900: struct.pack("<H", status),
        0x1021: struct.pack("<H", completed),
        0x1022: struct.pack("<H", failed),
        0x1023: struct.pack("<H", 0),
    }
    connection.send(data_pdu(request.context_id, 3, command_set(fields)))
    if uids:
        identifier = _FAILED_LIST + struct.pack("<L", len(uids)) + uids  # the models are Implicit VR here
        connection.send(data_pdu(request.context_id, 2, identifier))


def _request(connection: Connection, path: Path) -> tuple[int, bytes, bytes]:
    """Context ID, command set and data set of a C-STORE-RQ."""
    file = send_file(path)
    pair = file.pair
    (context_id, *_) = (
        number
        for number, sop_class, syntax in connection.contexts
        if (sop_class, syntax) == (pair.sop_class_uid, pair.transfer_syntax_uid)
    )
    fields = {
        0x0002: _uid(pair.sop_class_uid),
        0x0100: struct.pack("<H", 0x0001),
        0x0110: struct.pack("<H", 77),
        0x0700: struct.pack("<H", 0),
        0x0800: struct.pack("<H", 0x0001),
        0x1000: _uid(file.sop_instance_uid),
    }
    return context_id, command_set(fields), path.read_bytes()[file.offset :]


def _uid(uid: str) -> bytes:
    return uid.encode() + b"\0" * (len(uid) % 2)
