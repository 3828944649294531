"""DIMSE messages read off the line in the library's place, with the memory of one buffer however large they are.

For whoever holds `FastSocket.exclusive`. What is not expected is pushed back, so that the library reads it as ever.
Must not know what a message asks for.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO

from pydicom.dataset import Dataset
from pynetdicom.association import Association
from pynetdicom.dsutils import decode, encode

from iep_desktop.dicom.dimse import (
    COMMAND,
    DATA_SET,
    LAST,
    NO_DATA_SET,
    P_DATA,
    WHOLE_COMMAND,
    command_set,
    data_pdu_header,
    data_pdus,
    elements,
    number,
    uid,
    us,
)
from iep_desktop.dicom.fastsocket import FastSocket

_BUFFER = 0x40000  # bytes
_ROOM = 0x20000  # bytes that must be left in a buffer that is not exchanged yet
_LONGEST_COMMAND = 0x10000
_LONGEST_PDU = 0x1000000  # as the library's way has it
_LONGEST_IDENTIFIER = 0x4000000  # a failed list of hundreds of thousands of UIDs
_SMALLEST_PDU = 0x1000
_PDU, _PDV = struct.Struct(">BxL"), struct.Struct(">LBB")  # PS3.8 9.3.1, 9.3.5.1

Exchange = Callable[[memoryview | None], memoryview]


class Foreign(Exception):
    """Something for the library came, and was pushed back for it to read."""


class Confused(ConnectionAbortedError):
    """What came is not DICOM, or not its turn."""


@dataclass(frozen=True)
class Message:
    """A command set as it came; its data set, if any, is still on the line."""

    context_id: int
    command: bytes
    fields: Mapping[int, bytes]

    @property
    def kind(self) -> int | None:
        return number(self.fields, 0x0100)

    @property
    def has_data(self) -> bool:
        return number(self.fields, 0x0800) != NO_DATA_SET


class Incoming:
    """Messages off the line in the library's place; to be used in `FastSocket.exclusive`."""

    def __init__(self, sock: FastSocket, patience: float, exchange: Exchange | None = None) -> None:
        """`patience`: seconds for the rest of what has begun. `exchange` gives an empty buffer for a full one."""
        self._sock = sock
        self._patience = patience
        self._exchange = exchange
        self._buffer = exchange(None) if exchange else memoryview(bytearray(_BUFFER))
        self._at = self._end = 0  # what is in the buffer and not read yet
        self._pdu = self._pdv = 0  # bytes that are left of the present ones
        self._context_id = self._control = 0

    def message(self, seconds: float) -> Message:
        """The next command set. Raises TimeoutError where it does not begin in time, Foreign, Confused, OSError."""
        command = b""
        while True:
            fragment = self._fragment(seconds)
            seconds = self._patience
            command += fragment
            if not self._control & COMMAND or len(command) > _LONGEST_COMMAND:
                raise Confused("a command was due")
            if self._control & LAST and not self._pdv:
                break
        fields = elements(command)
        if fields is None:
            raise Confused("not a command set")
        return Message(self._context_id, command, fields)

    def data_set(self, message: Message) -> Iterator[memoryview]:
        """The message's data set in pieces, each to be used before the next, or before its buffer is exchanged."""
        while True:
            fragment = self._fragment(self._patience)
            if self._control & COMMAND or self._context_id != message.context_id:
                raise Confused("a data set was due")
            yield fragment
            if self._control & LAST and not self._pdv:
                return

    def hand_back(self, message: Message) -> None:
        """Let the library read it, and all that follows."""
        header = data_pdu_header(message.context_id, WHOLE_COMMAND, message.command)
        rest = bytes((P_DATA, 0)) + self._pdu.to_bytes(4, "big") if self._pdu else b""
        self._push_back(header + message.command + rest)

    def _push_back(self, before: bytes = b"") -> None:
        self._sock.push_back(before + bytes(self._buffer[self._at : self._end]))
        self._at = self._end = self._pdu = 0

    def _fragment(self, seconds: float) -> memoryview:
        """What is there of the present PDV, or of the next."""
        if not self._pdv:
            self._begin_pdv(seconds)
        if self._pdv and self._at == self._end:
            self._fill(self._patience)
        start = self._at
        self._at = min(self._end, start + self._pdv)
        self._pdv -= self._at - start
        self._pdu -= self._at - start
        return self._buffer[start : self._at]

    def _begin_pdv(self, seconds: float) -> None:
        if not self._pdu:
            self._need(6, seconds)
            kind, length = _PDU.unpack_from(self._buffer, self._at)
            if kind != P_DATA or length > _LONGEST_PDU:
                self._push_back()
                raise Foreign
            self._at += 6
            self._pdu = length
        self._need(6, self._patience)
        length, self._context_id, self._control = _PDV.unpack_from(self._buffer, self._at)
        self._at += 6
        self._pdu -= 6
        self._pdv = length - 2
        if not 0 <= self._pdv <= self._pdu:
            raise Confused("a PDV that its PDU does not hold")

    def _need(self, count: int, seconds: float) -> None:
        """So many bytes in the buffer, not taken yet."""
        while self._end - self._at < count:
            self._fill(seconds if self._at == self._end else self._patience)

    def _fill(self, seconds: float) -> None:
        if self._exchange is None or len(self._buffer) - self._end < _ROOM:
            left = bytes(self._buffer[self._at : self._end])
            if self._exchange is not None:
                self._buffer = self._exchange(self._buffer)
            self._buffer[: len(left)] = left
            self._at, self._end = 0, len(left)
        self._end += self._sock.receive_into(self._buffer[self._end :], seconds)


def request(
    assoc: Association, model: str, kind: int, message_id: int, identifier: Dataset
) -> list[memoryview]:
    """C-FIND-RQ and C-GET-RQ (PS3.7 9.3.2.1, 9.3.3.1) with their identifier, in pieces to send.

    Raises ValueError where the model was not accepted, or the identifier cannot be encoded."""
    accepted = {str(context.abstract_syntax): context.context_id for context in assoc.accepted_contexts}
    context_id = accepted.get(model)
    if context_id is None:
        raise ValueError("a model that was not accepted")
    fields = ((0x0002, uid(model)), (0x0100, us(kind)), (0x0110, us(message_id)), (0x0700, us(0)))
    command = command_set((*fields, (0x0800, us(DATA_SET))))
    encoded = encode(identifier, *_encoding(assoc, context_id))
    if encoded is None:
        raise ValueError("an identifier that cannot be encoded")
    payload = max(_SMALLEST_PDU, assoc.dimse.maximum_pdu_size or _BUFFER) - 6 & ~1
    first = memoryview(data_pdu_header(context_id, WHOLE_COMMAND, command) + command)
    return [first, *data_pdus(context_id, memoryview(encoded), payload, last=True)]


def read_identifier(assoc: Association, incoming: Incoming, message: Message) -> Dataset | None:
    """The data set of a response; None where there is none, or it cannot be read."""
    if not message.has_data:
        return None
    encoded = bytearray()
    for piece in incoming.data_set(message):
        if len(encoded) < _LONGEST_IDENTIFIER:
            encoded += piece
    try:
        return decode(BytesIO(encoded), *_encoding(assoc, message.context_id))
    except Exception:  # noqa: BLE001 - whatever a peer may send
        return None


def _encoding(assoc: Association, context_id: int) -> tuple[bool, bool, bool]:
    """Implicit VR, little endian, deflated: as the context was agreed."""
    for context in assoc.accepted_contexts:
        if context.context_id == context_id:
            syntax = context.transfer_syntax[0]
            return syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated
    raise Confused("a context that was not agreed")
