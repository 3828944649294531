"""One association with a node: opened, limited in time, cancelled, closed, and its troubles in our words.

Owns the pynetdicom application entity, its settings and the translation of everything that can go wrong into
`core.errors`; knows no service (those are in `scu`). Nothing here is logged that could name a patient:
pynetdicom's own log is silenced, because even its tracebacks can quote an identifier.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from ssl import SSLContext
from types import TracebackType
from typing import Any, Self

from pynetdicom import AE, _config, evt
from pynetdicom import association as library
from pynetdicom.presentation import PresentationContext, build_role
from pynetdicom.transport import AddressInformation, AssociationSocket

from iep_desktop.core.errors import Cancelled, Cause, IepError, NodeRejected, NodeUnreachable
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.dicom import mending, reactor, tls
from iep_desktop.dicom.contexts import Pair
from iep_desktop.dicom.fastsocket import DEFAULT_LIMITS, MAX_PDU, FastSocket, Limits
from iep_desktop.dicom.line_queues import Answers, Outgoing
from iep_desktop.dicom.troubles import ASK_CLASSES, LATER, at, not_secured, rejected, unreachable, unusable

_config.LOG_REQUEST_IDENTIFIERS = False
_config.LOG_RESPONSE_IDENTIFIERS = False
_config.LOG_HANDLER_LEVEL = "none"
_config.STORE_SEND_CHUNKED_DATASET = True  # a file's dataset is sent as it lies there, never decoded
logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)

_MOMENT = 0.3  # seconds


class NoContextAccepted(NodeRejected):
    """The node accepts us, but none of the kinds of object that we proposed."""


class NodeAssociation:
    """An association that we request. Use as a context manager; `cancel` from any thread ends all waiting."""

    def __init__(
        self,
        node: Node,
        contexts: Iterable[PresentationContext],
        limits: Limits = DEFAULT_LIMITS,
        roles: Iterable[str] = (),
    ) -> None:
        """`roles`: SOP classes of which the peer is to send us instances (SCP role, PS3.7 D.3.3.4)."""
        self.node = node
        self.limits = limits
        self._contexts = list(contexts)
        self._roles: list[Any] = [build_role(uid, scp_role=True) for uid in roles]
        self._cancelled = False
        self._peer_aborted = False
        self._peer_confused = False  # it sent what is not DICOM, or not its turn
        self._context_ids: dict[Pair, int] = {}
        self._ended = threading.Event()
        self._outgoing = Outgoing()
        self._answers = Answers()
        self._socket: FastSocket | None = None
        self._assoc: library.Association | None = None

    # -- opening and closing

    def open(self) -> None:
        """Connect and negotiate. Raises NodeUnreachable, NodeRejected, Retriable, InvalidInput or Cancelled."""
        if self._cancelled:
            raise Cancelled()
        if not 0 < self.node.port < 0x10000:
            raise unusable(self.node)
        secured = self._secured()
        try:
            ae = _Requestor(self)
            assoc = ae.associate(
                self.node.host,
                self.node.port,
                contexts=self._contexts,
                ae_title=self.node.ae_title,
                max_pdu=MAX_PDU,
                tls_args=secured,
                ext_neg=self._roles,
                evt_handlers=[
                    (evt.EVT_PDU_RECV, self._note_abort),
                    (evt.EVT_FSM_TRANSITION, self._note_transition),
                ],
            )
        except (ValueError, TypeError) as exc:
            self._tear_down()
            raise unusable(self.node) from exc
        except OSError as exc:  # the name of the host is not known
            raise at(self.node, unreachable(self.node, exc)) from exc
        if self._cancelled or not assoc.is_established:
            error = at(self.node, self._why_not_open(assoc))
            self._tear_down()
            raise error
        self._context_ids = {
            Pair(str(cx.abstract_syntax), cx.transfer_syntax[0]): cx.context_id or 0
            for cx in assoc.accepted_contexts
        }
        assoc.acse_timeout = self.limits.release  # from now on it limits only how the end is waited for

    def close(self) -> None:
        """Release politely where that is possible, and end the connection in any case. Never raises."""
        assoc = self._assoc
        if assoc is not None and assoc.is_established and not self._cancelled:
            assoc.release()
        self._tear_down()

    def abort(self) -> None:
        """End it now; the peer is told where the line still takes it."""
        assoc = self._assoc
        if assoc is not None and assoc.is_established:
            self._outgoing.refuse_data()
            assoc.abort(block=False)
            assoc.dul.join(0.2)
        self._tear_down()

    def cancel(self) -> None:
        """From any thread, without waiting: whoever waits for the peer gets on at once and raises Cancelled.

        `abort` alone does not free a blocked request (pynetdicom 3.0.4): it would wait for the DIMSE timeout.
        And an empty answer put into its queue may be taken by the library's own reactor, which `abort` has just
        woken, hence `Answers`.
        """
        self._cancelled = True
        assoc, sock = self._assoc, self._socket
        if assoc is None or sock is None:
            return
        sock.interrupt()
        self._outgoing.refuse_data()
        self._answers.end()
        if assoc.is_established:
            assoc.abort(block=False)
        else:
            sock.shut()  # still connecting or negotiating

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    # -- what the services need

    @property
    def assoc(self) -> library.Association:
        """The established association of the library."""
        if self._assoc is None:
            raise self.lost()
        return self._assoc

    def asking(self) -> library.Association:
        """The same, ready for a request by the library's own means."""
        reactor.hold(self.assoc)
        return self.assoc

    @property
    def alive(self) -> bool:
        return self._assoc is not None and self._assoc.is_established and not self._cancelled

    @property
    def accepted(self) -> Collection[Pair]:
        """What the peer agreed to take from us."""
        return self._context_ids.keys()

    def context_id(self, pair: Pair) -> int:
        return self._context_ids[pair]

    @property
    def socket(self) -> FastSocket:
        if self._socket is None:
            raise self.lost()
        return self._socket

    def confused(self) -> None:
        """What came is not DICOM, or not its turn: whoever reads in the library's place says so."""
        self._peer_confused = True

    def wait_for_end(self) -> None:
        """Give the library a moment to read why the line broke, so that `lost` can say it."""
        self._ended.wait(_MOMENT)

    @property
    def refused(self) -> list[PresentationContext]:
        return list(self._assoc.rejected_contexts) if self._assoc else []

    def lost(self) -> IepError:
        """Why an answer did not come: to be raised by the service that waited for it."""
        return at(self.node, self._loss())

    def _loss(self) -> IepError:
        name = self.node.name
        if self._cancelled:
            return Cancelled()
        if self._peer_aborted:
            return NodeUnreachable(
                f"{name} ended the connection",
                "The node aborted in the middle.",
                LATER,
                cause=Cause.ABORTED,
            )
        if self._peer_confused:
            message = "We ended the connection."
            return NodeUnreachable(f"{name} sent what is not DICOM", message, LATER, cause=Cause.NOT_DICOM)
        if self._socket is not None and self._socket.stalled:
            waited = f"For {self.limits.write:g} seconds it took no more data."
            return NodeUnreachable(f"{name} stopped reading", waited, LATER)
        if self._socket is not None and (self._socket.failure or self._socket.closed_by_peer):
            return NodeUnreachable(
                f"Connection to {name} lost",
                "The connection broke in the middle.",
                LATER,
                cause=Cause.BROKEN,
            )
        waited = f"No answer for {self.limits.dimse:g} seconds."
        return NodeUnreachable(f"{name} does not answer", waited, LATER)

    # -- inside

    def _secured(self) -> tuple[SSLContext, str] | None:
        """A node that is to be reached by TLS is never spoken to in the open."""
        if not self.node.tls:
            return None
        context = tls.context()
        if context is None:
            raise not_secured(self.node)
        return context, self.node.host

    def _note_abort(self, event: Any) -> None:
        if event.pdu.pdu_type == 0x07:  # A-ABORT
            self._peer_aborted = True

    def _note_transition(self, event: Any) -> None:
        """Nobody waits for an answer that cannot come any more; after bytes that are no PDU the library would."""
        if event.action == "AA-8":
            self._peer_confused = True
        if event.next_state in ("Sta1", "Sta13"):
            self._outgoing.end()
            self._answers.end()
            self._ended.set()

    def _why_not_open(self, assoc: library.Association) -> IepError:
        if self._cancelled:
            return Cancelled()
        answer = mending.refusal(assoc)
        if answer is not None:
            return rejected(
                self.node,
                answer.result or 0,
                answer.result_source or 0,
                answer.diagnostic or 0,
            )
        if assoc.rejected_contexts:
            title = f"{self.node.name} takes nothing of what was offered"
            return NoContextAccepted(
                title,
                "It accepted the association, but no kind of object.",
                ASK_CLASSES,
            )
        failure = self._socket.failure if self._socket else None
        if failure is not None and not self._connected:
            return unreachable(self.node, failure)
        return self._no_dicom_answer()

    @property
    def _connected(self) -> bool:
        return self._socket is not None and self._socket.was_connected

    def _no_dicom_answer(self) -> IepError:
        hint = "Check host and port; if they are right, ask the PACS team whether the node runs."
        if self._peer_aborted:
            message = "It ended the connection instead of answering our request."
        elif self._socket is not None and (self._socket.failure or self._socket.closed_by_peer):
            message = "It closed the connection, or what it answers is not DICOM."
        else:
            message = f"It took the connection, but does not answer within {self.limits.acse:g} seconds."
        return NodeUnreachable(f"{self.node.name} does not answer as a DICOM node", message, hint)

    def _tear_down(self) -> None:
        if self._assoc is not None:
            tear_down(self._assoc)


def tear_down(assoc: library.Association) -> None:
    """End an association's connection and threads, whatever state they are in; returns within moments."""
    sock = assoc.dul.socket
    if isinstance(sock, FastSocket):
        sock.shut()
    assoc.dul.kill_dul()
    assoc.kill()  # waits until the library's thread for the line has ended
    if isinstance(sock, FastSocket):
        sock.close()


class _Requestor(AE):  # type: ignore[misc, unused-ignore]
    """An application entity for exactly one association, which gets our socket and its own limits."""

    def __init__(self, link: NodeAssociation) -> None:
        super().__init__(ae_title=link.node.calling_ae)
        self._link = link
        self.connection_timeout = link.limits.connect
        self.acse_timeout = link.limits.acse
        self.dimse_timeout = link.limits.dimse
        self.network_timeout = link.limits.network

    def _create_socket(
        self,
        assoc: library.Association,
        address: AddressInformation,
        tls_args: tuple[SSLContext, str] | None,
    ) -> AssociationSocket:
        sock = FastSocket(assoc, self._link.limits, address=address)
        if tls_args:
            sock.tls_args = tls_args
        reactor.install(assoc)
        assoc.dul.to_provider_queue = self._link._outgoing
        assoc.dimse.msg_queue = self._link._answers
        mending.guard(assoc)
        mending.end_at_once(assoc, self._link._ended)
        self._link._socket, self._link._assoc = sock, assoc
        if self._link._cancelled:  # meanwhile
            sock.shut()
        return sock


@contextmanager
def associate(
    node: Node,
    contexts: Iterable[PresentationContext],
    *,
    limits: Limits = DEFAULT_LIMITS,
    ctx: Context | None = None,
    roles: Iterable[str] = (),
) -> Iterator[NodeAssociation]:
    """An open association that hears the job's cancellation, released at the end, aborted after an error."""
    link = NodeAssociation(node, contexts, limits, roles)
    forget = ctx.on_cancel(link.cancel) if ctx else None
    try:
        with link:
            yield link
    finally:
        if forget:
            forget()
