"""An HTTP server on loopback that answers as told, byte by byte: what no real archive can be made to do.

    with HttpPeer([answer(503)]) as peer:
        echo(peer.node)

Each request takes the next answer, the last one serves all that follow; `posts` is the answer to every POST, if given.
SILENCE: the request is read, and never answered. DEAF: it is not even read. `requests` holds what came: method and
target, headers, body.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from iep_desktop.core.model import Node, NodeRole
from iep_desktop.core.web_address import web_node

SILENCE, DEAF = b"silence", b"deaf"


def answer(
    status: int, body: bytes | Any = b"", kind: str = "application/dicom+json", **headers: str
) -> bytes:
    """A whole answer; a body that is not bytes becomes JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = {"Content-Type": kind, "Content-Length": str(len(content)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + content


class HttpPeer:
    def __init__(
        self, answers: Sequence[bytes], context: ssl.SSLContext | None = None, *, posts: bytes = b""
    ) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.asked = threading.Event()  # a request has come, or what there is of it
        self.connections = 0
        self._answers = list(answers)
        self._taking = threading.Lock()
        self._posts = posts
        self._context = context
        self._over = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

        self.port = int(self._server.getsockname()[1])

    @property
    def node(self) -> Node:
        scheme = "https" if self._context else "http"
        return web_node("Scripted", NodeRole.PACS, "RWE", f"{scheme}://127.0.0.1:{self.port}/dicom-web")

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._over.set()
        for sock in (self._server, *self._open):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, run: Any, *args: Any) -> None:
        thread = threading.Thread(target=run, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                sock, _ = self._server.accept()
                self._open.append(sock)
                if self._context:
                    sock = self._context.wrap_socket(sock, server_side=True)
                    self._open.append(sock)
            except OSError:
                continue
            self.connections += 1
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        with suppress(OSError), sock, sock.makefile("rb") as stream:
            while not self._over.is_set() and self._once(sock, stream):
                pass

    def _next(self, first: str) -> bytes:
        if self._posts and first.startswith("POST"):
            return self._posts
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def _once(self, sock: socket.socket, stream: Any) -> bool:
        """One request; False where the connection ends."""
        if self._answers[0] == DEAF:
            self.asked.set()
            self._over.wait()
            return False
        first = stream.readline().decode("latin-1").strip()
        if not first:
            return False
        headers = {}
        while line := stream.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", "0")))
        with self._taking:
            self.requests.append((first, headers, body))
            said = self._next(first)
        self.asked.set()
        if said == SILENCE:
            self._over.wait()
            return False
        sock.sendall(said)
        head, _, content = said.partition(b"\r\n\r\n")
        length = next(
            (int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.startswith(b"Content-Length")), -1
        )
        return length == len(content)  # else it has been cut
