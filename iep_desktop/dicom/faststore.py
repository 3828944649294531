"""C-STORE without pynetdicom's hand-overs between its threads: four times as fast, the same bytes.

The calling thread writes command and data set itself, straight from the file, and reads the answer. Association,
release, abort and everything else stay with the library: whatever is not the expected answer is pushed back and
dealt with as ever. It leans on a few private names of the library; `ways` says whether it is taken, and `plain` is the
library's own way.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from pydicom.dataset import Dataset

from iep_desktop.dicom import query, reactor
from iep_desktop.dicom.association import NodeAssociation
from iep_desktop.dicom.dimse import (
    C_STORE_RQ,
    C_STORE_RSP,
    NO_DATA_SET,
    P_DATA,
    WHOLE_COMMAND,
    command_set,
    data_pdu_header,
    data_pdus,
    elements,
    number,
    uid,
)
from iep_desktop.dicom.fastsocket import FastSocket
from iep_desktop.dicom.sendfile import SendFile, as_file, pieces

_MOST_PDU = 0x20000  # where a peer names no limit, or a larger one
_READ = 0x100000  # of a file at a time: memory stays flat


class Answer(NamedTuple):
    """The peer's C-STORE-RSP."""

    status: int
    comment: str = ""


def plain(link: NodeAssociation, file: SendFile, message_id: int, priority: int) -> Answer:
    """Send a file by the library's own C-STORE. Raises what `link.lost` says, OSError for the file."""
    with as_file(file) as path:
        status = link.asking().send_c_store(path, message_id, priority)
    if "Status" not in status:
        raise link.lost()
    return _answer(status)


def direct(link: NodeAssociation, file: SendFile, message_id: int, priority: int) -> Answer:
    """The same past the library's threads. Raises what `link.lost` says, MediumUnreadable for the file."""
    assoc, sock = link.assoc, link.socket
    assoc.dul._idle_timer.stop()  # the library sees nothing of what passes now, and would take the line for idle
    try:
        with sock.exclusive():
            _write(link, sock, file, message_id, priority)
            pdu = sock.read_pdu(link.limits.dimse)
            answer = _parsed(pdu, message_id)
            if answer is not None:
                return answer
            if not pdu:
                raise ConnectionAbortedError("no answer")
            reactor.hold(
                assoc
            )  # before the library may read it, lest its reactor takes the answer for itself
            sock.push_back(pdu)
    except OSError:
        link.wait_for_end()
        raise link.lost() from None
    finally:
        assoc.dul._idle_timer.restart()
    return _by_library(link, message_id)


def _write(link: NodeAssociation, sock: FastSocket, file: SendFile, message_id: int, priority: int) -> None:
    most = link.assoc.dimse.maximum_pdu_size or _MOST_PDU
    payload = (min(most, _MOST_PDU) - 6) & ~1
    context_id = link.context_id(file.pair)
    command = _request(file, message_id, priority)
    most_at_once = max(1, _READ // payload) * payload
    waiting, size = [memoryview(data_pdu_header(context_id, WHOLE_COMMAND, command) + command)], 0
    for data, last in pieces(file, most_at_once):
        waiting += data_pdus(context_id, data, payload, last)
        size += len(data)
        if last or size >= most_at_once:
            sock.send_gathered(waiting)
            waiting, size = [], 0


def _request(file: SendFile, message_id: int, priority: int) -> bytes:
    """The command set of a C-STORE-RQ (PS3.7 9.3.1.1), in Implicit VR Little Endian as all are."""
    fields = (
        (0x0002, uid(file.pair.sop_class_uid)),
        (0x0100, struct.pack("<H", C_STORE_RQ)),
        (0x0110, struct.pack("<H", message_id)),
        (0x0700, struct.pack("<H", priority)),
        (0x0800, struct.pack("<H", 0x0001)),  # a data set follows
        (0x1000, uid(file.sop_instance_uid)),
    )
    return command_set(fields)


def _parsed(pdu: bytes, message_id: int) -> Answer | None:
    """The answer, where the PDU is exactly the C-STORE-RSP that we wait for."""
    if len(pdu) < 12 or pdu[0] != P_DATA or pdu[11] != WHOLE_COMMAND:
        return None
    if int.from_bytes(pdu[6:10], "big") + 10 != len(pdu):
        return None
    found = elements(pdu[12:])
    if found is None:
        return None
    expected = {0x0100: C_STORE_RSP, 0x0120: message_id, 0x0800: NO_DATA_SET}
    if any(number(found, element) != value for element, value in expected.items()):
        return None
    status = number(found, 0x0900)
    comment = found.get(0x0902, b"").decode("ascii", "replace").strip(" \0")
    return None if status is None else Answer(status, comment)


def _by_library(link: NodeAssociation, message_id: int) -> Answer:
    """What came instead of the plain answer: an abort, a release, an answer in several pieces, nonsense."""
    assoc = link.assoc
    try:
        _, rsp = assoc.dimse.get_msg(block=True)
    finally:
        assoc._reactor_checkpoint.set()
    status = assoc._check_received_status(rsp) if rsp is not None else Dataset()
    if "Status" not in status or rsp is None or rsp.MessageIDBeingRespondedTo != message_id:
        raise link.lost()
    return _answer(status)


def _answer(status: Dataset) -> Answer:
    return Answer(int(status.Status), query.text(status, "ErrorComment"))
