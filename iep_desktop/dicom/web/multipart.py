"""Multipart bodies (RFC 2046, PS3.18 8.6.1): read piece by piece as they come, so that no part is ever held whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.message import Message

_LONGEST_HEADERS = 1 << 16


class NoMultipart(Exception):
    """It is none, or it ends before its end."""


def boundary_of(content_type: str) -> str:
    """The boundary of a multipart body; empty where it is none."""
    header = Message()
    header["Content-Type"] = content_type
    if header.get_content_maintype() != "multipart":
        return ""
    return str(header.get_param("boundary") or "")


def pieces(chunks: Iterable[bytes], boundary: str) -> Iterator[bytes | None]:
    """The bytes of one part after the other; None where a part has come whole.

    Raises:
        NoMultipart.
    """
    stop = b"\r\n--" + boundary.encode("ascii", "replace")
    coming = iter(chunks)
    buffer = bytearray(b"\r\n")  # so that the first boundary is found like any other
    inside = False
    while True:
        found = buffer.find(stop)
        if found < 0:
            safe = max(0, len(buffer) - len(stop) + 1)
            if inside and safe:
                yield bytes(memoryview(buffer)[:safe])
            del buffer[:safe]
            _more(buffer, coming)
            continue
        if inside:
            yield bytes(memoryview(buffer)[:found])
            yield None
        del buffer[: found + len(stop)]
        if not _skip_headers(buffer, coming):
            return
        inside = True


def _skip_headers(buffer: bytearray, coming: Iterator[bytes]) -> bool:
    """To the first byte of the part; False where the last one has been."""
    while len(buffer) < 2:
        _more(buffer, coming)
    if buffer[:2] == b"--":
        return False
    while (end := buffer.find(b"\r\n\r\n")) < 0:
        if len(buffer) > _LONGEST_HEADERS:
            raise NoMultipart()
        _more(buffer, coming)
    del buffer[: end + 4]
    return True


def _more(buffer: bytearray, coming: Iterator[bytes]) -> None:
    chunk = next(coming, None)
    if chunk is None:
        raise NoMultipart()
    buffer += chunk
