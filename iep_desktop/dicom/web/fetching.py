"""WADO-RS (PS3.18 10.4): a study, series or instances as multipart streams, each instance landed as it comes.

Asks for instances as they are stored (`transfer-syntax=*`): nothing is converted for us. What an answer leaves out is
missing, as in a C-GET; a stream that breaks off leaves what came whole.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx

from iep_desktop.core.errors import Cause, NodeUnreachable
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.core.queries import PacsInstance
from iep_desktop.dicom.fastsocket import DEFAULT_LIMITS, Limits
from iep_desktop.dicom.harvest import Harvest, Retrieved, Sink
from iep_desktop.dicom.landing import Announced, Landing, Reception
from iep_desktop.dicom.retrieve import Wanted, by_series, gather
from iep_desktop.dicom.sendfile import parse_start
from iep_desktop.dicom.settling import Settling
from iep_desktop.dicom.troubles import LATER, at
from iep_desktop.dicom.web.asking import open_find
from iep_desktop.dicom.web.line import WebLine
from iep_desktop.dicom.web.multipart import NoMultipart, boundary_of, pieces
from iep_desktop.dicom.web.troubles import refusal, unreadable_answer

_ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_START = 1 << 16  # bytes in which a part's file meta ends
_GONE = (404, 410)

_log = logging.getLogger(__name__)


def retrieve(
    node: Node,
    wanted: Wanted,
    folder: Path,
    sink: Sink,
    ctx: Context | None = None,
    sign_in: str = "",
    *,
    listed: Sequence[PacsInstance] | None = None,
    had: Collection[str] = frozenset(),
    recheck: bool = True,
    limits: Limits = DEFAULT_LIMITS,
) -> Retrieved:
    """As `dicom.retrieve.retrieve`, which says what is raised."""

    def find() -> Sequence[PacsInstance]:
        with open_find(node, sign_in, limits=limits, ctx=ctx) as session:
            return session.instances(wanted.study_uid)

    def start(harvest: Harvest, listed: Sequence[PacsInstance]) -> _Run:
        return _Run(WebLine(node, sign_in, limits, ctx), harvest, listed)

    return gather(node, wanted, folder, sink, find, start, listed=listed, had=had, recheck=recheck)


@dataclass(frozen=True)
class _Resource:
    path: str
    instances: tuple[PacsInstance, ...]


class _Run:
    """One retrieve on its way."""

    def __init__(self, line: WebLine, harvest: Harvest, listed: Sequence[PacsInstance]) -> None:
        self._line = line
        self._harvest = harvest
        self._listed = listed
        self._reception = Settling(harvest.folder, harvest)
        self._refused: set[str] = set()

    def fetch(self, asked: Sequence[PacsInstance]) -> None:
        try:
            with self._reception, self._line:
                for resource in self._resources(asked):
                    self._bring(resource)
                self._reception.flush()
                self._check()
        except BaseException as exc:
            if self._harvest.error and exc is not self._harvest.error:
                raise self._harvest.error from exc
            raise
        finally:
            self._harvest.over = True

    def result(self, asked: Sequence[PacsInstance], grown: Sequence[PacsInstance]) -> Retrieved:
        harvest = self._harvest
        return Retrieved(
            received=frozenset(harvest.received),
            missing=harvest.lacking(asked),
            failed=frozenset(self._refused - harvest.received),
            duplicates=harvest.duplicates,
            collisions=tuple(harvest.collisions),
            strangers=tuple(harvest.strangers),
            grown=tuple(grown),
            completed_by_peer=len(harvest.received),
            failed_by_peer=len(self._refused),
        )

    def _resources(self, wanted: Sequence[PacsInstance]) -> Iterator[_Resource]:
        """The fewest that hold exactly these; a series whole where most of it is wanted, the rest is dropped."""
        study = f"/studies/{quote(self._harvest.study_uid, safe='')}"
        if wanted and len(wanted) == len(self._listed):
            yield _Resource(study, tuple(wanted))
            return
        sizes = by_series(self._listed)
        for series_uid, members in by_series(wanted).items():
            series = f"{study}/series/{quote(series_uid, safe='')}"
            if 2 * len(members) > len(sizes[series_uid]):
                yield _Resource(series, members)
                continue
            for one in members:
                yield _Resource(f"{series}/instances/{quote(one.sop_instance_uid, safe='')}", (one,))

    def _bring(self, resource: _Resource) -> None:
        node = self._line.node
        with self._line.ask("GET", resource.path, headers={"Accept": _ACCEPT}) as answer:
            status = answer.status_code
            if answer.is_success and status != 204:
                self._take_in(answer)
                return
        if status != 204 and status not in _GONE:
            raise at(node, refusal(node, status, signed_in=self._line.signs_in))
        self._refused |= {one.sop_instance_uid for one in resource.instances}

    def _take_in(self, answer: httpx.Response) -> None:
        node, kind = self._line.node, answer.headers.get("Content-Type", "")
        boundary = boundary_of(kind)
        if not boundary and kind.partition(";")[0].strip() != "application/dicom":
            raise at(node, unreadable_answer(node))
        chunks = answer.iter_bytes()  # as they come: what is gathered would be lost where the line breaks
        incoming = _Incoming(self._reception)
        try:
            for piece in pieces(chunks, boundary) if boundary else _alone(chunks):
                if piece is None:
                    incoming.finish()
                    incoming = _Incoming(self._reception)
                    self._check()
                else:
                    incoming.write(piece)
        except NoMultipart:
            error = NodeUnreachable(
                f"Connection to {node.name} lost",
                "The images end before their end.",
                LATER,
                cause=Cause.BROKEN,
            )
            raise at(node, error) from None
        finally:
            incoming.drop()

    def _check(self) -> None:
        self._line.check()
        if self._harvest.error:
            raise self._harvest.error


class _Incoming:
    """One instance as it comes: a DICOM file, of which the meta information says what it is."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._start = bytearray()
        self._landing: Landing | None = None
        self._is_none = False

    def write(self, piece: bytes) -> None:
        if self._landing is not None:
            self._landing.write(piece)
        elif not self._is_none:
            self._start += piece
            if len(self._start) >= _START:
                self._begin()

    def finish(self) -> None:
        """It is whole."""
        if self._landing is None and not self._is_none:
            self._begin()
        if self._landing is not None:
            landing, self._landing = self._landing, None
            self._reception.finish(landing)

    def drop(self) -> None:
        """It is not, and will not be."""
        if self._landing is not None:
            self._landing.drop()

    def _begin(self) -> None:
        data = bytes(self._start)
        file = parse_start(data)
        if file is None:
            self._is_none = True
            _log.warning("What a node sent is no DICOM file")
            return
        self._landing = self._reception.begin(
            Announced(file.pair.sop_class_uid, file.sop_instance_uid, file.pair.transfer_syntax_uid)
        )
        self._landing.write(memoryview(data)[file.offset :])


def _alone(chunks: Iterable[bytes]) -> Iterator[bytes | None]:
    """Some nodes send a single instance without a multipart around it."""
    yield from chunks
    yield None
