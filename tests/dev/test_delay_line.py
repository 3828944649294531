"""The line of the benchmarks that is far: late, whole, in order, and no slower than the sender."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.delay_line import delay_line

DELAY = 0.05


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a peer that sends back all that it gets, once it has all."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        served = threading.Thread(target=_serve, args=(server,))
        served.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        served.join()


def _serve(server: socket.socket) -> None:
    with ThreadPoolExecutor(16) as pool:
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            pool.submit(_answer, line)


def _answer(line: socket.socket) -> None:
    with line:
        line.sendall(_all(line))


def _all(line: socket.socket) -> bytes:
    data = bytearray()
    while part := line.recv(1 << 20):
        data += part
    return bytes(data)


def _there_and_back(port: int, data: bytes) -> tuple[bytes, float]:
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        start = time.monotonic()
        line.sendall(data)
        line.shutdown(socket.SHUT_WR)
        return _all(line), time.monotonic() - start


def test_every_byte_comes_later_by_the_delay_each_way(echo: int) -> None:
    with delay_line("127.0.0.1", echo, DELAY) as port:
        answer, seconds = _there_and_back(port, b"early")
    assert answer == b"early"
    assert seconds >= 2 * DELAY


def test_many_pieces_on_many_connections_wait_together_and_not_one_after_the_other(echo: int) -> None:
    data = bytes(range(256)) * (4 << 12)  # 4 MB, 16 pieces at least
    with delay_line("127.0.0.1", echo, DELAY) as port, ThreadPoolExecutor(16) as pool:
        start = time.monotonic()
        answers = list(pool.map(lambda _: _there_and_back(port, data)[0], range(16)))
        seconds = time.monotonic() - start
    assert answers == [data] * 16
    assert seconds < 16 * 16 * 2 * DELAY / 4


def test_a_peer_that_is_not_there_is_not_there_through_the_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        nobody = gone.getsockname()[1]
    with (
        delay_line("127.0.0.1", nobody, DELAY) as port,
        socket.create_connection(("127.0.0.1", port), 10) as line,
    ):
        assert line.recv(1) == b""
