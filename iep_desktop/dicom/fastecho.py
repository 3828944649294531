"""How long a node's answer is under way, by one C-ECHO over an association that is open for something else (PS3.4 A).

By `direct` the library's threads do not count in; elsewhere its own C-ECHO serves, as in `faststore`.
"""

from __future__ import annotations

import time

from pynetdicom.sop_class import Verification  # type: ignore[attr-defined, unused-ignore]

from iep_desktop.dicom.association import NodeAssociation
from iep_desktop.dicom.dimse import (
    C_ECHO_RQ,
    C_ECHO_RSP,
    NO_DATA_SET,
    WHOLE_COMMAND,
    command_set,
    data_pdu_header,
    number,
    uid,
    us,
)
from iep_desktop.dicom.incoming import Confused, Foreign, Incoming


def offered(link: NodeAssociation) -> bool:
    return _context_id(link) is not None


def plain(link: NodeAssociation, message_id: int) -> float:
    """Seconds, those of the library's hand-overs among them. Raises what `link.lost` says."""
    start = time.monotonic()
    if "Status" not in link.asking().send_c_echo(message_id):
        raise link.lost()
    return time.monotonic() - start


def direct(link: NodeAssociation, message_id: int) -> float:
    """Seconds. Raises what `link.lost` says."""
    fields = ((0x0002, uid(Verification)), (0x0100, us(C_ECHO_RQ)), (0x0110, us(message_id)))
    command = command_set((*fields, (0x0800, us(NO_DATA_SET))))
    asked = data_pdu_header(_context_id(link) or 0, WHOLE_COMMAND, command) + command
    link.assoc.dul._idle_timer.stop()  # the library sees nothing of what passes now
    try:
        with link.socket.exclusive():
            start = time.monotonic()
            link.socket.send_gathered([memoryview(asked)])
            answer = Incoming(link.socket, link.limits.network).message(link.limits.dimse)
            seconds = time.monotonic() - start
            if answer.kind != C_ECHO_RSP or number(answer.fields, 0x0120) != message_id:
                raise Confused("not the answer to this question")
    except Confused:
        link.confused()
        raise link.lost() from None
    except (OSError, Foreign):
        link.wait_for_end()
        raise link.lost() from None
    finally:
        link.assoc.dul._idle_timer.restart()
    return seconds


def _context_id(link: NodeAssociation) -> int | None:
    accepted = link.assoc.accepted_contexts
    return next((cx.context_id for cx in accepted if str(cx.abstract_syntax) == Verification), None)
