"""DIMSE messages as bytes: command sets (PS3.7 6.3.1) and the P-DATA-TF PDUs that carry them (PS3.8 9.3.5, E.2).

For the fast ways of sending and receiving, which go round the library. No network here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

C_STORE_RQ, C_STORE_RSP = 0x0001, 0x8001  # PS3.7 E.1
C_FIND_RQ, C_FIND_RSP = 0x0020, 0x8020
C_GET_RQ, C_GET_RSP = 0x0010, 0x8010
C_ECHO_RQ, C_ECHO_RSP = 0x0030, 0x8030
NO_DATA_SET, DATA_SET = 0x0101, 0x0001
P_DATA = 0x04  # PDU type
COMMAND, LAST = 0x01, 0x02  # message control header
WHOLE_COMMAND = COMMAND | LAST


def command_set(fields: Iterable[tuple[int, bytes]]) -> bytes:
    """Of element numbers in group 0000, ascending, and their values; Implicit VR Little Endian as all are."""
    body = b"".join(struct.pack("<HHL", 0, element, len(value)) + value for element, value in fields)
    return struct.pack("<HHLL", 0, 0, 4, len(body)) + body


def elements(command: bytes) -> dict[int, bytes] | None:
    """The values of a command set by element number; None where it is not one."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 8 <= len(command):
        group, element, length = struct.unpack_from("<HHL", command, at)
        if group:
            return None
        found[element] = command[at + 8 : at + 8 + length]
        at += 8 + length
    return found if at == len(command) else None


def number(found: Mapping[int, bytes], element: int) -> int | None:
    value = found.get(element, b"")
    return int.from_bytes(value, "little") if len(value) == 2 else None


def text(found: Mapping[int, bytes], element: int) -> str:
    return found.get(element, b"").decode("ascii", "replace").strip(" \0")


def us(value: int) -> bytes:
    return struct.pack("<H", value)


def uid(name: str) -> bytes:
    value = name.encode("ascii")
    return value + b"\0" * (len(value) % 2)


def data_pdus(context_id: int, data: memoryview, payload: int, last: bool) -> list[memoryview]:
    """P-DATA-TF PDUs in pieces: header, data, header, data... (PS3.8 E.2: 0x02 marks the last fragment)."""
    if not data:
        return []
    pieces = []
    full = memoryview(data_pdu_header(context_id, 0x00, data[:payload]))
    for at in range(0, len(data) - payload, payload):
        pieces += [full, data[at : at + payload]]
    rest = data[max((len(data) - 1) // payload, 0) * payload :]
    return [*pieces, memoryview(data_pdu_header(context_id, LAST if last else 0x00, rest)), rest]


def data_pdu_header(context_id: int, control: int, fragment: bytes | memoryview) -> bytes:
    """P-DATA-TF with one PDV, up to the fragment (PS3.8 9.3.5.1)."""
    return struct.pack(">BxLLBB", P_DATA, len(fragment) + 6, len(fragment) + 2, context_id, control)
