"""Receiving C-STORE requests without pynetdicom's hand-overs between its threads, for C-GET and for our listener.

The calling thread reads the line and writes the file, with the memory of one buffer however large the object.
Association, release, abort and every other service stay with the library: whatever is not expected here is pushed
back for it to read. Leans on the same private names as `faststore`; where `ways` says so, `getting` and the library's
own handlers serve.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydicom.dataset import Dataset
from pynetdicom.association import Association

from iep_desktop.dicom import query, reactor
from iep_desktop.dicom.association import NodeAssociation
from iep_desktop.dicom.contexts import Pair
from iep_desktop.dicom.dimse import (
    C_ECHO_RQ,
    C_ECHO_RSP,
    C_GET_RQ,
    C_GET_RSP,
    C_STORE_RQ,
    C_STORE_RSP,
    NO_DATA_SET,
    WHOLE_COMMAND,
    command_set,
    data_pdu_header,
    number,
    text,
    us,
)
from iep_desktop.dicom.fastsocket import FastSocket, Limits
from iep_desktop.dicom.getting import GET_MODEL, PENDING, Outcome
from iep_desktop.dicom.incoming import Confused, Foreign, Incoming, Message, read_identifier, request
from iep_desktop.dicom.landing import Announced, Reception
from iep_desktop.dicom.unloading import Unloading

_NOT_SUPPORTED = 0x0122


def get(
    link: NodeAssociation,
    identifier: Dataset,
    message_id: int,
    reception: Reception,
    after_each: Callable[[], None],
) -> Outcome:
    """As `getting.get`, but faster."""
    assoc, sock = link.assoc, link.socket
    kinds = _accepted(assoc)
    asked = request(assoc, GET_MODEL, C_GET_RQ, message_id, identifier)
    reactor.hold(assoc)  # it would look a thousand times a second whether something came
    assoc.dul._idle_timer.stop()  # the library sees nothing of what passes now, and would take the line for idle
    try:
        with Unloading() as beside, sock.exclusive():
            sock.send_gathered(asked)
            incoming = Incoming(sock, link.limits.network, beside.exchange)
            while True:
                message = incoming.message(link.limits.dimse)
                if message.kind == C_STORE_RQ:
                    _take(incoming, message, kinds, reception, "", sock, beside)
                    after_each()
                elif message.kind == C_GET_RSP:
                    answer = _get_response(assoc, incoming, message)
                    after_each()
                    if answer.status not in PENDING:
                        return answer
                else:
                    raise Confused("neither an instance nor a response")
    except Confused:
        link.confused()
        raise link.lost() from None
    except (OSError, Foreign):
        assoc._reactor_checkpoint.set()
        link.wait_for_end()
        raise link.lost() from None
    finally:
        assoc._reactor_checkpoint.set()
        assoc.dul._idle_timer.restart()


def serve(assoc: Association, sock: FastSocket, reception: Reception, limits: Limits) -> None:
    """Answer C-STORE and C-ECHO of an accepted association; returns when the library is to go on with it."""
    kinds = _accepted(assoc)
    calling_ae = str(assoc.requestor.ae_title).strip()
    assoc.dul._idle_timer.stop()
    try:
        with sock.exclusive():
            incoming = Incoming(sock, limits.network)
            while True:
                message = incoming.message(limits.network)
                if message.kind == C_STORE_RQ and message.has_data:
                    _take(incoming, message, kinds, reception, calling_ae, sock)
                elif message.kind == C_ECHO_RQ and not message.has_data:
                    _respond(sock, message, C_ECHO_RSP, 0x0000)
                else:
                    incoming.hand_back(message)
                    return
    except Foreign:
        return
    except (Confused, TimeoutError):
        assoc.abort()
    except OSError:
        sock.shut()  # the library's own thread sees it and ends the association
    except BaseException:
        assoc.abort()  # the rest of a message may still be on the line
        raise
    finally:
        assoc.dul._idle_timer.restart()


def _accepted(assoc: Association) -> dict[int, Pair]:
    return {
        context.context_id or 0: Pair(str(context.abstract_syntax), str(context.transfer_syntax[0]))
        for context in assoc.accepted_contexts
    }


def _take(
    incoming: Incoming,
    message: Message,
    kinds: Mapping[int, Pair],
    reception: Reception,
    calling_ae: str,
    sock: FastSocket,
    beside: Unloading | None = None,
) -> None:
    """Receive one instance and answer for it."""
    pair = kinds.get(message.context_id)
    if pair is None or not message.has_data:
        raise Confused("an instance outside of what was agreed")
    fields = message.fields
    sop_class, title, origin = text(fields, 0x0002), text(fields, 0x1030), number(fields, 0x1031)
    if sop_class != pair.sop_class_uid:
        for _ in incoming.data_set(message):
            pass
        _respond(sock, message, C_STORE_RSP, _NOT_SUPPORTED)
        return
    announced = Announced(
        sop_class,
        text(fields, 0x1000),
        pair.transfer_syntax_uid,
        calling_ae,
        (title, origin) if title and origin else None,
    )
    landing = reception.begin(announced, beside)
    try:
        for piece in incoming.data_set(message):
            landing.write(piece)
    except BaseException:
        landing.drop()
        raise
    _respond(sock, message, C_STORE_RSP, reception.finish(landing))


def _respond(sock: FastSocket, message: Message, kind: int, status: int) -> None:
    fields = [
        (0x0002, message.fields.get(0x0002, b"")),
        (0x0100, us(kind)),
        (0x0120, message.fields.get(0x0110, b"\0\0")),
        (0x0800, us(NO_DATA_SET)),
        (0x0900, us(status)),
    ]
    if 0x1000 in message.fields:
        fields.append((0x1000, message.fields[0x1000]))
    command = command_set(fields)
    sock.send_gathered([memoryview(data_pdu_header(message.context_id, WHOLE_COMMAND, command) + command)])


def _get_response(assoc: Association, incoming: Incoming, message: Message) -> Outcome:
    """C-GET-RSP (PS3.7 9.3.3.2), the final one with the list of what has failed."""
    if not message.has_data and number(message.fields, 0x0900) in PENDING:
        return Outcome(PENDING[0])  # one for each instance: the counts are of use at the end
    identifier = read_identifier(assoc, incoming, message)
    failed = query.texts(identifier, "FailedSOPInstanceUIDList") if identifier else ()
    status, completed, failures, warned = (
        number(message.fields, element) or 0 for element in (0x0900, 0x1021, 0x1022, 0x1023)
    )
    return Outcome(status, completed, failures, warned, frozenset(failed))
