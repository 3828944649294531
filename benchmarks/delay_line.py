"""A line on loopback that is as far as told: every byte comes so much later, each way, and as many as are sent.

    with delay_line(node.host, node.port, 0.015) as port:
        send(replace(node, host="127.0.0.1", port=port))

Both ways hold back, and neither throttles: what was sent together arrives together. In a process of its own, so that
it takes nothing from the interpreter that is measured. What a real line does besides is left out: a connection is
open at once, and a peer that waits for the ACK of what it sent before (Nagle) waits no longer than on loopback.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_MOST_HELD = 256 << 20  # bytes of one way; only a peer that stops reading comes near
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux


@contextmanager
def delay_line(host: str, port: int, seconds: float) -> Iterator[int]:
    """The loopback port at which the peer is `seconds` away, each way."""
    serve_there = f"from benchmarks.delay_line import serve; serve({host!r}, {port}, {seconds!r})"
    process = subprocess.Popen(
        [sys.executable, "-c", serve_there],
        env=dict(os.environ, PYTHONPATH=str(_ROOT)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def serve(host: str, port: int, seconds: float) -> None:
    """Print the port that it listens at, then carry until it is ended."""
    asyncio.run(_serve(host, port, seconds))


async def _serve(host: str, port: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()

    def accepted() -> _End:
        near, far = _End(seconds), _End(seconds)
        near.other, far.other = far, near
        near.dials = lambda: loop.create_connection(lambda: far, host, port)
        return near

    server = await loop.create_server(accepted, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class _End(asyncio.Protocol):
    """One of the two connections of a line: what it reads, the other writes after the delay."""

    other: _End
    dials = None
    """Connects the other end, where that is not there yet."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._held: deque[bytes] = deque()  # in order; empty bytes are the end
        self._size = 0
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._socket = transport.get_extra_info("socket")
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.dials is not None:
            transport.pause_reading()
            self._dialling = self._loop.create_task(self._dial())

    async def _dial(self) -> None:
        assert self._transport is not None
        assert self.dials is not None
        try:
            await self.dials()
            self._transport.resume_reading()
        except OSError:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if _QUICKACK is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        self._hold(data)

    def eof_received(self) -> bool:
        self._hold(b"")
        return True  # the way back stays open

    def connection_lost(self, error: Exception | None) -> None:
        if self.other._transport is not None:
            end = self.other._transport.close if error is None else self.other._transport.abort
            self._loop.call_later(self._seconds, end)

    def _hold(self, data: bytes) -> None:
        self._held.append(data)
        self._size += len(data)
        if self._size > _MOST_HELD and self._transport is not None:
            self._transport.pause_reading()
        self._loop.call_later(self._seconds, self._let_go)

    def _let_go(self) -> None:
        """The oldest: timers of the same moment may fire in another order."""
        data = self._held.popleft()
        full, self._size = self._size > _MOST_HELD, self._size - len(data)
        if full and self._size <= _MOST_HELD and self._transport is not None:
            self._transport.resume_reading()
        line = self.other._transport
        if line is None or line.is_closing():
            return
        if data:
            line.write(data)
            return
        self._ended = True
        line.write_eof()
        if self.other._ended and self._transport is not None:
            line.close()
            self._transport.close()
