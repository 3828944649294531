"""STOW-RS (PS3.18 10.5): several instances a request, streamed from their files; what became of each is read.

A file is sent as it lies there, behind a file meta of ours (PS3.10 7.1), so that nothing of its preamble goes along.
To a node that is far several requests go at once, each over a connection of its own: one alone would mostly wait.
"""

from __future__ import annotations

import functools
import queue
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from iep_desktop.core.errors import Cancelled, Cause, IepError
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.dicom.fastsocket import DEFAULT_LIMITS, Limits
from iep_desktop.dicom.part10 import file_meta
from iep_desktop.dicom.sendfile import SendFile, pieces, send_file, size_of, unreadable
from iep_desktop.dicom.status import StatusFamily, StoreOutcome, store_outcome
from iep_desktop.dicom.troubles import at
from iep_desktop.dicom.web.asking import NOTHING
from iep_desktop.dicom.web.documents import JSON, Item, read_json, sequence, value
from iep_desktop.dicom.web.line import WebLine
from iep_desktop.dicom.web.troubles import ASK_LOG, refusal

AT_ONCE = 40  # instances that are given together
AT_ONCE_BYTES = 64 << 20
NEAR, FAR = 20, 10  # instances in a request: more gain little, and are all sent again when the line breaks
_LINES = 4  # requests at once to a node that is far
_FAR_SECONDS = 0.005  # there and back
_CHUNK = 1 << 17
_FAILED, _REFERENCED = "00081198", "00081199"  # Failed SOP Sequence, Referenced SOP Sequence
_UID, _FAILURE, _WARNING = "00081155", "00081197", "00081196"
_ANSWERED = (200, 202, 400, 409)  # with a Store Instances Response Module (PS3.18 Table 10.5.3-1)
_STOPS = (401, 403, 404, 405, 408, 425, 429, 502, 503, 504)  # it is not about the instances
_REFUSED = "The node refuses the image"


@dataclass(frozen=True)
class _Part:
    """One instance in the body of a request."""

    file: SendFile
    front: bytes  # what comes before the data set
    size: int  # of the data set

    @property
    def length(self) -> int:
        return len(self.front) + self.size


class WebStoreSession:
    """Get it from `open_store`. `at_once` and `at_once_bytes` say how much `store_many` should be given."""

    at_once = AT_ONCE
    at_once_bytes = AT_ONCE_BYTES

    def __init__(self, open_line: Callable[[], WebLine]) -> None:
        self._open_line = open_line
        self._lines = [open_line()]
        self._most: int | None = None  # lines, once it is known how far the node is
        self._error: IepError | None = None

    def connect(self, file: SendFile) -> bool:
        """The first request does."""
        return True

    def round_trip(self) -> float | None:
        """Whoever sends by this need not know."""
        return None

    def store(self, path: Path) -> StoreOutcome:
        (outcome,) = self.store_many([path])
        return outcome

    def store_many(self, paths: Sequence[Path]) -> list[StoreOutcome]:
        """As `store_files`, of files as they lie there."""
        return self.store_files([send_file(path) for path in paths])

    def store_files(self, files: Sequence[SendFile]) -> list[StoreOutcome]:
        """What became of each, in order. Raises as `scu.StoreSession.store`; where only some requests broke off, theirs
        count as not stored, and the next call raises why."""
        if self._error is not None:
            raise self._error
        shares = self._shares(files)
        said = self._store_shares(shares)
        errors = [one for one in said if isinstance(one, IepError)]
        cancelled = [one for one in errors if isinstance(one, Cancelled)]
        if cancelled or (errors and len(errors) == len(said)):
            raise (cancelled or errors)[0]
        self._error = errors[0] if errors else None
        return [
            outcome
            for share, one in zip(shares, said, strict=True)
            for outcome in ([_broken_off(one)] * len(share) if isinstance(one, IepError) else one)
        ]

    def _shares(self, files: Sequence[SendFile]) -> list[Sequence[SendFile]]:
        """What goes in a request each."""
        if len(files) > FAR and self._most is None:
            self._most = _LINES if _there_and_back(self._lines[0]) > _FAR_SECONDS else 1
        size = NEAR if self._most == 1 else FAR
        return [files[at : at + size] for at in range(0, len(files), size)]

    def _store_shares(self, shares: Sequence[Sequence[SendFile]]) -> list[list[StoreOutcome] | IepError]:
        count = min(self._most or 1, len(shares))
        while len(self._lines) < count:
            self._lines.append(self._open_line())
        if count <= 1:
            return _in_turn(self._lines[0], shares)
        free: queue.SimpleQueue[WebLine] = queue.SimpleQueue()
        for line in self._lines[:count]:
            free.put(line)
        with ThreadPoolExecutor(count, "stow") as pool:
            said = list(pool.map(functools.partial(_over_any, free), shares))
        busy = [n for n, one in enumerate(said) if isinstance(one, IepError) and one.cause is Cause.BUSY]
        if busy:  # so many at once are too many for it
            self._most = 1
            again = _in_turn(self._lines[0], [shares[n] for n in busy])
            for n, one in zip(busy, again, strict=True):
                said[n] = one
        return said


def _over_any(free: queue.SimpleQueue[WebLine], files: Sequence[SendFile]) -> list[StoreOutcome] | IepError:
    line = free.get()
    try:
        return _Storing(line).store(files)
    except IepError as error:
        return error
    finally:
        free.put(line)


def _in_turn(line: WebLine, shares: Sequence[Sequence[SendFile]]) -> list[list[StoreOutcome] | IepError]:
    """One after the other; after an error nothing more is sent."""
    said: list[list[StoreOutcome] | IepError] = []
    for files in shares:
        try:
            said.append(_Storing(line).store(files))
        except IepError as error:
            return [*said, *[error] * (len(shares) - len(said))]
    return said


def _there_and_back(line: WebLine) -> float:
    """Seconds for the smallest question, over a connection that is open; any answer will do."""
    for _ in range(2):
        start = time.monotonic()
        with line.ask("GET", "/studies", keys=NOTHING, headers={"Accept": JSON}) as answer:
            answer.read()
    return time.monotonic() - start


@dataclass(frozen=True)
class _Storing:
    """One request after the other over one connection."""

    line: WebLine

    def store(self, files: Sequence[SendFile]) -> list[StoreOutcome]:
        """In one request, where the node takes it as a whole."""
        if not files:
            return []
        boundary = secrets.token_hex(16)
        parts = [_part(file, boundary) for file in files]
        end = f"\r\n--{boundary}--\r\n".encode()
        headers = {
            "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
            "Content-Length": str(sum(part.length for part in parts) + len(end)),
            "Accept": JSON,
        }
        with self.line.ask("POST", "/studies", headers=headers, body=_body(parts, end)) as answer:
            status = answer.status_code
            said = self._judged(answer, parts)
        if said is not None:
            return said
        if len(files) == 1:
            return [_of_status(status)]
        return [outcome for file in files for outcome in self.store([file])]  # one may spoil all

    def _judged(self, answer: httpx.Response, parts: Sequence[_Part]) -> list[StoreOutcome] | None:
        """None where the node refuses the request as a whole, for what may be the fault of one instance."""
        node, status = self.line.node, answer.status_code
        if status in _STOPS or status < 200 or 300 <= status < 400:
            raise at(node, refusal(node, status, signed_in=self.line.signs_in))
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
        return [named.get(part.file.sop_instance_uid) or named.get("") or _UNNAMED for part in parts]


@contextmanager
def open_store(
    node: Node, sign_in: str = "", ctx: Context | None = None, *, limits: Limits = DEFAULT_LIMITS
) -> Iterator[WebStoreSession]:
    """Nothing is connected before the first instance."""
    with ExitStack() as lines:
        yield WebStoreSession(lambda: lines.enter_context(WebLine(node, sign_in, limits, ctx)))


_UNNAMED = StoreOutcome(
    None,
    StatusFamily.PROCESSING,
    "The node does not say what became of the image.",
    "It is tried again later.",
)


def _broken_off(error: IepError) -> StoreOutcome:
    return StoreOutcome(None, StatusFamily.PROCESSING, f"{error.title}.", "It is tried again later.")


def _part(file: SendFile, boundary: str) -> _Part:
    kind = f"\r\n--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    meta = file_meta(file.pair.sop_class_uid, file.sop_instance_uid, file.pair.transfer_syntax_uid)
    return _Part(file, kind + meta, size_of(file))


def _body(parts: Sequence[_Part], end: bytes) -> Iterator[bytes]:
    """Never more of a file in memory than a chunk of it, where it was not read ahead."""
    for part in parts:
        yield part.front
        left = part.size
        for piece, _ in pieces(part.file, _CHUNK):
            left -= len(piece)
            yield bytes(piece)
        if left:
            raise unreadable()  # it became longer or shorter meanwhile
    yield end


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
