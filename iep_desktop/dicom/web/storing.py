"""STOW-RS (PS3.18 10.5): several instances a request, streamed from their files; what became of each is read.

A file is sent as it lies there, behind a file meta of ours (PS3.10 7.1), so that nothing of its preamble goes along.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.dicom.fastsocket import DEFAULT_LIMITS, Limits
from iep_desktop.dicom.part10 import file_meta
from iep_desktop.dicom.sendfile import send_file, unreadable
from iep_desktop.dicom.status import StatusFamily, StoreOutcome, store_outcome
from iep_desktop.dicom.troubles import at
from iep_desktop.dicom.web.documents import JSON, Item, read_json, sequence, value
from iep_desktop.dicom.web.line import WebLine
from iep_desktop.dicom.web.troubles import ASK_LOG, refusal

AT_ONCE = 20  # instances in a request: more gain little, and are all sent again when the line breaks
AT_ONCE_BYTES = 64 << 20
_CHUNK = 1 << 17
_FAILED, _REFERENCED = "00081198", "00081199"  # Failed SOP Sequence, Referenced SOP Sequence
_UID, _FAILURE, _WARNING = "00081155", "00081197", "00081196"
_ANSWERED = (200, 202, 400, 409)  # with a Store Instances Response Module (PS3.18 Table 10.5.3-1)
_STOPS = (401, 403, 404, 405, 408, 425, 429, 502, 503, 504)  # it is not about the instances
_REFUSED = "The node refuses the image"


@dataclass(frozen=True)
class _Part:
    """One instance in the body of a request."""

    path: Path
    uid: str
    front: bytes
    offset: int
    size: int  # of the data set

    @property
    def length(self) -> int:
        return len(self.front) + self.size


class WebStoreSession:
    """Get it from `open_store`. `at_once` and `at_once_bytes` say how much `store_many` should be given."""

    at_once = AT_ONCE
    at_once_bytes = AT_ONCE_BYTES

    def __init__(self, line: WebLine) -> None:
        self._line = line

    def store(self, path: Path) -> StoreOutcome:
        (outcome,) = self.store_many([path])
        return outcome

    def store_many(self, paths: Sequence[Path]) -> list[StoreOutcome]:
        """What became of each, in order. Raises as `scu.StoreSession.store`."""
        if not paths:
            return []
        boundary = secrets.token_hex(16)
        parts = [_part(path, boundary) for path in paths]
        end = f"\r\n--{boundary}--\r\n".encode()
        headers = {
            "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
            "Content-Length": str(sum(part.length for part in parts) + len(end)),
            "Accept": JSON,
        }
        with self._line.ask("POST", "/studies", headers=headers, body=_body(parts, end)) as answer:
            status = answer.status_code
            said = self._judged(answer, parts)
        if said is not None:
            return said
        if len(paths) == 1:
            return [_of_status(status)]
        return [outcome for path in paths for outcome in self.store_many([path])]  # one may spoil all

    def _judged(self, answer: httpx.Response, parts: Sequence[_Part]) -> list[StoreOutcome] | None:
        """None where the node refuses the request as a whole, for what may be the fault of one instance."""
        node, status = self._line.node, answer.status_code
        if status in _STOPS or status < 200 or 300 <= status < 400:
            raise at(node, refusal(node, status, signed_in=self._line.signs_in))
        if status not in _ANSWERED:
            return None
        if not answer.is_success and "json" not in answer.headers.get("Content-Type", ""):
            return None
        document = read_json(node, answer)
        failed, stored = sequence(document, _FAILED), sequence(document, _REFERENCED)
        if not answer.is_success and not failed and not stored:
            return None
        named = {value(item, _UID): _stored(item) for item in stored}
        named |= {value(item, _UID): _failed(item) for item in failed}
        return [named.get(part.uid) or named.get("") or _UNNAMED for part in parts]


@contextmanager
def open_store(
    node: Node, sign_in: str = "", ctx: Context | None = None, *, limits: Limits = DEFAULT_LIMITS
) -> Iterator[WebStoreSession]:
    """Nothing is connected before the first instance."""
    with WebLine(node, sign_in, limits, ctx) as line:
        yield WebStoreSession(line)


_UNNAMED = StoreOutcome(
    None,
    StatusFamily.PROCESSING,
    "The node does not say what became of the image.",
    "It is tried again later.",
)


def _part(path: Path, boundary: str) -> _Part:
    file = send_file(path)
    try:
        size = path.stat().st_size - file.offset
    except OSError as exc:
        raise unreadable() from exc
    kind = f"\r\n--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    meta = file_meta(file.pair.sop_class_uid, file.sop_instance_uid, file.pair.transfer_syntax_uid)
    return _Part(path, file.sop_instance_uid, kind + meta, file.offset, size)


def _body(parts: Sequence[_Part], end: bytes) -> Iterator[bytes]:
    """Never more of a file in memory than a chunk of it."""
    for part in parts:
        yield part.front
        yield from _data_set(part)
    yield end


def _data_set(part: _Part) -> Iterator[bytes]:
    left = part.size
    try:
        with part.path.open("rb", buffering=0) as file:
            file.seek(part.offset, os.SEEK_SET)
            while left and (chunk := file.read(min(_CHUNK, left))):
                left -= len(chunk)
                yield chunk
    except OSError as exc:
        raise unreadable() from exc
    if left:
        raise unreadable()  # it was cut short meanwhile


def _stored(item: Item) -> StoreOutcome:
    return store_outcome(_number(value(item, _WARNING)) or 0x0000)


def _failed(item: Item) -> StoreOutcome:
    reason = _number(value(item, _FAILURE))
    if reason:
        return store_outcome(reason)
    return StoreOutcome(None, StatusFamily.PERMANENT, f"{_REFUSED} and gives no reason.", ASK_LOG)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _of_status(status: int) -> StoreOutcome:
    """One instance alone in a request, and only the request's status says what became of it."""
    said = f"(HTTP status {status})."
    if status == 507:
        return StoreOutcome(
            None, StatusFamily.OUT_OF_RESOURCES, f"The node has no room {said}", "It is tried again later."
        )
    if status >= 500:
        return StoreOutcome(None, StatusFamily.PROCESSING, f"The node failed with the image {said}", ASK_LOG)
    if status == 415:
        hint = "Ask the PACS team to allow this kind of image (SOP class and transfer syntax)."
        return StoreOutcome(None, StatusFamily.CONFIGURATION, f"{_REFUSED} for its kind {said}", hint)
    if status == 413:
        hint = "Ask the PACS team to allow larger requests."
        return StoreOutcome(None, StatusFamily.CONFIGURATION, f"{_REFUSED} for its size {said}", hint)
    return StoreOutcome(None, StatusFamily.PERMANENT, f"{_REFUSED} {said}", ASK_LOG)
