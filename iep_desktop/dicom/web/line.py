"""One HTTP connection with a node: opened, limited in time, cancelled, and its troubles in our words.

Owns the HTTP client; knows no service. Certificates and host names are always verified. Redirects are never followed,
so that a sign-in reaches nobody but the node. `cancel` from any thread ends all waiting, whatever is waited for.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import httpcore
import httpx

from iep_desktop.core.errors import Cancelled
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.dicom import tls
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.troubles import at
from iep_desktop.dicom.web.troubles import broken

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(
        logging.CRITICAL
    )  # they log addresses, and those of queries name patients

_SLICE = 0.1  # how soon a cancellation is noticed while a connection is opened, in seconds
_IDLE = 15.0  # seconds after which a connection is not used again: many servers have closed it by then


class WebLine:
    """A context manager. Connects with the first request, and again where the node has closed the connection."""

    def __init__(self, node: Node, sign_in: str, limits: Limits, ctx: Context | None) -> None:
        """`sign_in` is `user:password`, or a token; empty where the node asks for none."""
        self.node = node
        self.signs_in = bool(sign_in)
        self._ctx = ctx or Context()
        self.connect_seconds = 0.0
        self._cancelled = False
        self._socket: socket.socket | None = None
        self._client = httpx.Client(
            transport=_Transport(self, tls.context() or ssl.create_default_context()),
            timeout=httpx.Timeout(limits.dimse, connect=limits.connect, write=limits.write),
            headers=_authorization(sign_in),
            follow_redirects=False,
            trust_env=False,  # no proxy, and no password from a .netrc
        )

    def __enter__(self) -> Self:
        self._forget = self._ctx.on_cancel(self.cancel)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._forget()
        self._client.close()
        if self._socket is not None:
            self._socket.close()

    def cancel(self) -> None:
        """From any thread, without waiting."""
        self._cancelled = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def check(self) -> None:
        """Between two images. Raises Cancelled."""
        self._ctx.let_pass()
        self._ctx.check()

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    @contextmanager
    def ask(
        self,
        method: str,
        path: str,
        *,
        keys: Mapping[str, str | list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Iterable[bytes] | None = None,
    ) -> Iterator[httpx.Response]:
        """The answer, whatever its status, not read yet. What breaks while it is used is translated, too.

        Raises:
            NodeUnreachable: nobody there, silent, broken off, or what comes is not HTTP.
            Cancelled.
        """
        self._ctx.check()
        try:
            with self._client.stream(
                method, self.node.dicomweb + path, params=keys, headers=headers, content=body
            ) as answer:
                yield answer
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as exc:
            if self._cancelled:
                raise Cancelled() from None
            raise at(self.node, broken(self.node, exc)) from None  # httpx keeps the request in its exceptions

    def connected(self, sock: socket.socket) -> None:
        """A second handle of the connection: shutting it down wakes whoever waits, TLS or not."""
        old, self._socket = self._socket, sock.dup()
        if old is not None:
            old.close()
        if self._cancelled:  # meanwhile
            self.cancel()


class _Transport(httpx.HTTPTransport):
    """One connection, opened by ourselves."""

    def __init__(self, line: WebLine, context: ssl.SSLContext) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=1,
            keepalive_expiry=_IDLE,
            network_backend=_Connecting(line),
        )


class _Connecting(httpcore.SyncBackend):
    """Opens TCP connections beside the caller, who stops waiting when the job is cancelled."""

    def __init__(self, line: WebLine) -> None:
        self._line = line

    def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        start = time.monotonic()
        opened: Future[httpcore.NetworkStream] = Future()
        connect = super().connect_tcp

        def run() -> None:
            try:
                opened.set_result(connect(host, port, *args, **kwargs))
            except BaseException as exc:  # noqa: BLE001 - it is raised where it is waited for
                opened.set_exception(exc)

        threading.Thread(target=run, name="connecting", daemon=True).start()
        while not self._line.cancelled:
            try:
                stream = opened.result(_SLICE)
            except TimeoutError:
                continue
            self._line.connect_seconds = time.monotonic() - start
            self._line.connected(stream.get_extra_info("socket"))
            return stream
        opened.add_done_callback(_close)
        raise httpcore.ConnectError("cancelled")


def _close(opened: Future[httpcore.NetworkStream]) -> None:
    if not opened.exception():
        opened.result().close()


def _authorization(sign_in: str) -> dict[str, str]:
    if not sign_in:
        return {}
    if ":" in sign_in:
        return {"Authorization": "Basic " + b64encode(sign_in.encode()).decode()}
    return {"Authorization": f"Bearer {sign_in}"}
