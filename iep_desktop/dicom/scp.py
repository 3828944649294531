"""A listener for associations: our socket on every connection, only known callers where that is asked for.

Owns threads and port; what the services answer is for the handlers that it is given (see `archive`). Every SOP
class of storage is taken in every transfer syntax, private ones too.
"""

from __future__ import annotations

import functools
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined, unused-ignore]
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from iep_desktop.core.errors import Permanent
from iep_desktop.dicom import mending
from iep_desktop.dicom.association import tear_down
from iep_desktop.dicom.fastsocket import DEFAULT_LIMITS, MAX_PDU, FastSocket, Limits

_POLL = 0.1  # seconds until the accepting thread notices that it is to end


class Listener:
    """Answers C-ECHO, and what `handlers` are given for, on `host` and `port` (0: any free one)."""

    def __init__(
        self,
        ae_title: str,
        port: int,
        handlers: Mapping[evt.EventType, Callable[..., Any]],
        *,
        services: Iterable[str] = (),
        host: str = "127.0.0.1",
        callers: Iterable[str] = (),
        limits: Limits = DEFAULT_LIMITS,
        associations: int = 32,
    ) -> None:
        """`services` are SOP classes besides storage and verification; without `callers` anyone may call."""
        self._ae = _acceptor(ae_title, callers, services, limits)
        self._ae.maximum_associations = associations
        self._handlers = handlers
        self._limits = limits
        self._address = (host, port)
        self._server: ThreadedAssociationServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def ae(self) -> AE:
        return self._ae

    @property
    def port(self) -> int:
        """The port it listens on, also where any free one was asked for."""
        return int(self._server.server_address[1]) if self._server else self._address[1]

    def start(self) -> None:
        """Listen, in threads of its own. Raises Permanent where the port is taken or not allowed."""
        try:
            self._server = self._ae.make_server(
                self._address,
                evt_handlers=list(self._handlers.items()),
                server_class=ThreadedAssociationServer,
                request_handler=functools.partial(_OurRequestHandler, limits=self._limits),
            )
        except OSError as exc:
            hint = "Choose another port, or end the program that has it."
            raise Permanent(f"Cannot listen on port {self._address[1]}", exc.strerror or "", hint) from exc
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL,), name=f"listener:{self.port}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End all associations and free the port."""
        if self._server is None or self._thread is None:
            return
        server, self._server = self._server, None
        socketserver.BaseServer.shutdown(server)  # the library's own wants the server in a list of the AE
        self._thread.join()
        server.server_close()
        for assoc in server.active_associations:
            tear_down(assoc)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()


def _acceptor(ae_title: str, callers: Iterable[str], services: Iterable[str], limits: Limits) -> AE:
    # Every SOP class of storage in every transfer syntax, private ones too, without a list of them that the library
    # would copy for each association (0.1 s). It concerns listeners only.
    _config.UNRESTRICTED_STORAGE_SERVICE = True
    ae = AE(ae_title=ae_title)
    ae.require_called_aet = True
    ae.require_calling_aet = list(callers)
    ae.maximum_pdu_size = MAX_PDU
    ae.acse_timeout, ae.dimse_timeout, ae.network_timeout = limits.acse, limits.dimse, limits.network
    for uid in (Verification, *services):
        ae.add_supported_context(uid)
    return ae


class _OurRequestHandler(RequestHandler):
    """Gives each accepted association our socket."""

    def __init__(self, request: socket.socket, address: Any, server: Any, *, limits: Limits) -> None:
        self._limits = limits
        super().__init__(request, address, server)

    def _create_association(self) -> Association:
        assoc = super()._create_association()
        assoc.dul.event_queue.get_nowait()  # the library's socket has announced itself; ours does it again
        assoc.dul.socket = FastSocket(assoc, self._limits, client_socket=self.request)
        mending.guard(assoc)
        return assoc
