"""A small archive: takes instances (C-STORE), answers queries (C-FIND) and gives them back (C-GET, C-MOVE).

Owns a folder of DICOM files and an index of it in memory, read from the files at the start. An instance is
answered 0000 only when its file is on the disk under its name (fsync, rename); bytes are kept as they came. It
serves as the PACS of a demonstration and as a peer in tests; it is not meant for a hospital's archive.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Self

from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined, unused-ignore]
    PatientRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelGet,
    PatientRootQueryRetrieveInformationModelMove,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from iep_desktop.dicom.contexts import MAX_CONTEXTS
from iep_desktop.dicom.disk import PART, make_folder, replacing, sync, sync_folder
from iep_desktop.dicom.fastsocket import DEFAULT_LIMITS, Limits
from iep_desktop.dicom.holdings import LEVELS, TAGS, UNIQUE, Holding, Holdings, holding
from iep_desktop.dicom.scp import Listener

SERVICES: tuple[str, ...] = (
    PatientRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelGet,
    PatientRootQueryRetrieveInformationModelMove,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)
SUCCESS, PENDING, CANCELLED = 0x0000, 0xFF00, 0xFE00
OUT_OF_RESOURCES, MISMATCH, BAD_IDENTIFIER, CANNOT_UNDERSTAND = 0xA700, 0xA900, 0xA900, 0xC000
_log = logging.getLogger(__name__)
_Answers = Iterator[tuple[int, Dataset | None]]


class Archive:
    """An archive over `folder`; a context manager, or `start` and `stop`."""

    def __init__(
        self,
        folder: Path,
        ae_title: str,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        callers: Iterable[str] = (),
        destinations: Mapping[str, tuple[str, int]] | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """`callers` are the AE titles that may call (none: anyone); `destinations` those that C-MOVE may send
        to, with host and port."""
        self._folder = folder
        self._destinations = dict(destinations or {})
        self._holdings = Holdings()
        handlers: dict[evt.EventType, Callable[..., Any]] = {
            evt.EVT_C_STORE: self._on_store,
            evt.EVT_C_FIND: self._on_find,
            evt.EVT_C_GET: self._on_get,
            evt.EVT_C_MOVE: self._on_move,
        }
        self._listener = Listener(
            ae_title, port, handlers, services=SERVICES, host=host, callers=callers, limits=limits
        )

    @property
    def port(self) -> int:
        return self._listener.port

    def __len__(self) -> int:
        """How many instances it holds."""
        return len(self._holdings)

    def start(self) -> None:
        """Read the folder, then listen. Raises Permanent where the port is taken."""
        make_folder(self._folder)
        for path in sorted(self._folder.rglob("*")):
            if path.suffix == PART:
                path.unlink(missing_ok=True)
            elif path.is_file():
                self._read(path)
        self._listener.start()

    def stop(self) -> None:
        self._listener.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _read(self, path: Path) -> None:
        try:
            ds = dcmread(path, stop_before_pixels=True, specific_tags=TAGS)
            self._holdings.add(holding(path, ds, str(ds.file_meta.TransferSyntaxUID)))
        except Exception as exc:  # noqa: BLE001 - whatever lies in the folder
            _log.warning("A file of the archive is no instance: %s", type(exc).__name__)

    # -- storage (PS3.4 B)

    def _on_store(self, event: Any) -> int:
        try:
            data = event.encoded_dataset()
            ds = dcmread(BytesIO(data), stop_before_pixels=True, specific_tags=TAGS)
            path = self._path_of(ds)
            new = holding(path, ds, str(event.context.transfer_syntax))
        except Exception as exc:  # noqa: BLE001 - whatever a caller may send
            _log.warning("An instance cannot be understood: %s", type(exc).__name__)
            return CANNOT_UNDERSTAND
        if new.sop_instance_uid != event.request.AffectedSOPInstanceUID:
            return MISMATCH
        try:
            _write(path, data)
        except OSError as exc:
            _log.warning("An instance cannot be written: %s", exc.strerror)
            return OUT_OF_RESOURCES
        self._holdings.add(new)
        return SUCCESS

    def _path_of(self, ds: Dataset) -> Path:
        study, series, instance = (str(ds[UNIQUE[level]].value) for level in LEVELS[1:])
        return self._folder / _safe(study) / _safe(series) / f"{_safe(instance)}.dcm"

    # -- query and retrieve (PS3.4 C)

    def _on_find(self, event: Any) -> _Answers:
        identifier, level = _question(event)
        if identifier is None:
            yield BAD_IDENTIFIER, None
            return
        for answer in self._holdings.find(level, identifier):
            if event.is_cancelled:
                yield CANCELLED, None
                return
            answer.RetrieveAETitle = self._listener.ae.ae_title
            yield PENDING, answer
        # the library sends the final success by itself

    def _on_get(self, event: Any) -> Iterator[Any]:
        yield from self._send(event, self._wanted(event))

    def _on_move(self, event: Any) -> Iterator[Any]:
        destination = self._destinations.get(str(event.move_destination).strip())
        if destination is None:
            yield None, None  # A801: move destination unknown
            return
        wanted = self._wanted(event)
        yield (*destination, {"contexts": _contexts(wanted)})
        yield from self._send(event, wanted)

    def _wanted(self, event: Any) -> list[Holding]:
        identifier, level = _question(event)
        if identifier is None or not identifier.get(UNIQUE[level]):
            return []
        return self._holdings.select(identifier)

    def _send(self, event: Any, wanted: list[Holding]) -> Iterator[Any]:
        yield len(wanted)
        for instance in wanted:
            if event.is_cancelled:
                yield CANCELLED, None
                return
            yield PENDING, dcmread(instance.path)


def serve(
    folder: Path,
    ae_title: str,
    port: int,
    ready: Callable[[int], None],
    *,
    until: threading.Event | None = None,
    **options: Any,
) -> None:
    """Run an archive in this process until `until` is set (or for ever); `ready` gets the port."""
    with Archive(folder, ae_title, port, **options) as archive:
        ready(archive.port)
        (until or threading.Event()).wait()


def _question(event: Any) -> tuple[Dataset | None, str]:
    """Identifier and level, or None where they cannot be understood."""
    try:
        identifier: Dataset = event.identifier
        level = str(identifier.QueryRetrieveLevel)
    except Exception as exc:  # noqa: BLE001 - whatever a caller may send
        _log.warning("A query cannot be understood: %s", type(exc).__name__)
        return None, ""
    return (identifier, level) if level in LEVELS else (None, "")


def _contexts(wanted: Iterable[Holding]) -> list[PresentationContext]:
    pairs = sorted({(h.first("SOPClassUID"), h.transfer_syntax_uid) for h in wanted})
    return [build_context(sop_class, syntax) for sop_class, syntax in pairs[:MAX_CONTEXTS]]


def _write(path: Path, data: bytes) -> None:
    """On the disk, under its name, before anybody hears of it."""
    make_folder(path.parent)
    with replacing(path) as out:
        out.write(data)
        sync(out)
    sync_folder(path.parent)


def _safe(uid: str) -> str:
    """A UID as a file name; one with anything but digits and dots could name another place."""
    if re.fullmatch(r"[0-9][0-9.]{0,63}", uid) and ".." not in uid:
        return uid
    return hashlib.sha256(uid.encode()).hexdigest()[:40]
