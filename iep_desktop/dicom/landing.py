"""A received instance on its way to our disk: written as it comes, judged when it is whole, durable before it counts.

Owns the file from the first byte to its final name, and the answer (C-STORE status, PS3.4 B.2.3) that the sender
gets. Bytes are kept as they came, behind a file meta of ours (PS3.10 7.1). Nothing is ever overwritten: the same
instance again is dropped, other bytes under the same UID are a collision. Must not know network, ledger, or what is
wanted: that says the keeper.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from iep_desktop.core.errors import IepError, MediumUnreadable, Permanent, Retriable
from iep_desktop.dicom import disk
from iep_desktop.dicom.instance_head import ENOUGH, InstanceHead, NoInstance, read_head, start_of_head
from iep_desktop.dicom.part10 import file_meta
from iep_desktop.dicom.sendfile import send_file
from iep_desktop.dicom.spool import file_name
from iep_desktop.dicom.unloading import Step, Unloading

LARGEST = 8 << 30  # bytes of one instance
SUCCESS, DUPLICATE, OUT_OF_RESOURCES, MISMATCH, CANNOT_UNDERSTAND = 0x0000, 0x0111, 0xA700, 0xA900, 0xC000

_log = logging.getLogger(__name__)
_naming = threading.Lock()  # between looking whether a name is free and taking it


@dataclass(frozen=True)
class Announced:
    """What a C-STORE-RQ says before its data set."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    calling_ae: str = ""
    move_originator: tuple[str, int] | None = (
        None  # AE title and message ID of the C-MOVE that it answers, if said
    )


@dataclass(frozen=True, slots=True)
class Received:
    """An instance that is on disk for good."""

    head: InstanceHead
    path: Path
    sha256: str  # of the file
    size: int  # of the file
    calling_ae: str = ""

    @property
    def name(self) -> str:
        """As the spool calls it, where it lies in a folder of the spool."""
        return f"{self.path.parent.name}/{self.path.name}"


@dataclass(frozen=True)
class Collision:
    """Two instances under one SOP Instance UID. The one that was there first was kept."""

    head: InstanceHead
    kept: InstanceHead

    @property
    def two_patients(self) -> bool:
        return (
            self.head.patient_id != self.kept.patient_id or self.head.patient_name != self.kept.patient_name
        )


class NotKept(Exception):
    """The instance is not wanted, or not fit; the sender is answered with `status`."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = status


class Collided(Exception):
    def __init__(self, collision: Collision) -> None:
        super().__init__("another instance has this UID")
        self.collision = collision


class Keeper(Protocol):
    """Who decides what is kept, and where. The methods raise NotKept, or IepError."""

    def chosen(self, head: InstanceHead, announced: Announced) -> Keeper:
        """Whose instance it is."""
        ...

    def place(self, head: InstanceHead) -> Path:
        """The folder for it, on the same disk as the inbox."""
        ...

    def keep(self, received: Received, new: bool) -> None:
        """It is durable; not `new` where the same file was there already. When this raises it counts as not kept."""
        ...

    def collided(self, collision: Collision) -> None: ...

    def failed(self, error: IepError) -> None:
        """Our disk did not take it."""
        ...


class Landing:
    """One instance being written. `write` never raises, so that the rest of it can always be read off the line."""

    def __init__(
        self, inbox: Path, announced: Announced, largest: int, beside: Unloading | None = None
    ) -> None:
        """`beside`: all work on the disk is done there, while the caller reads on."""
        self.announced = announced
        self._inbox = inbox
        self._largest = largest
        self._beside = beside
        self._first = bytearray()
        self._head: InstanceHead | None = None
        self._digest = hashlib.sha256()
        self._came = 0  # bytes of the data set
        self._size = 0  # of the file
        self._error: OSError | MemoryError | None = None
        self._too_large = False
        self._meta = file_meta(
            announced.sop_class_uid, announced.sop_instance_uid, announced.transfer_syntax_uid
        )
        self._do(self._open)

    def whole(self, step: Step) -> None:
        """Nothing more comes: `step` is called when all is written."""
        self._do(functools.partial(self._written, step))
        if self._beside is not None:
            self._beside.pass_on()

    def write(self, data: bytes | memoryview) -> None:
        if self._error or self._too_large:
            return
        if self._head is None and len(self._first) < ENOUGH:
            self._look(data)
        self._came += len(data)
        if len(self._meta) + self._came > self._largest:
            self._too_large = True
            self.drop()
            return
        self._do(functools.partial(self._put, data))

    def head(self) -> InstanceHead:
        """Who it is. Raises NotKept where it is too large, not an instance or not the announced one; OSError."""
        if self._error:
            raise self._error
        if self._too_large:
            _log.warning("An instance is larger than allowed")
            raise NotKept(OUT_OF_RESOURCES)
        said = self.announced
        try:
            head = self._head or read_head(bytes(self._first), said.transfer_syntax_uid, self._data_set)
        except NoInstance as exc:
            _log.warning("What was sent is no instance: %s", exc)
            raise NotKept(CANNOT_UNDERSTAND) from exc
        if (head.sop_instance_uid, head.sop_class_uid) != (said.sop_instance_uid, said.sop_class_uid):
            _log.warning("An instance is not what its request says")
            raise NotKept(MISMATCH)
        return head

    def sync(self) -> None:
        """To be called when all that came is written."""
        if self._error:
            raise self._error
        disk.sync(self._out)
        self._out.close()

    def take_name(self, head: InstanceHead, folder: Path) -> tuple[Received, bool]:
        """Durable when the folder is, where it was synced before; and whether it is new there. Raises Collided."""
        target = folder / file_name(head.sop_instance_uid)
        received = Received(head, target, self._digest.hexdigest(), self._size, self.announced.calling_ae)
        with _naming:
            if not _holds_an_instance(target):
                if folder != self._part.parent:
                    disk.make_folder(folder)
                self._part.replace(target)
                return received, True
        self.drop()
        with target.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != received.sha256:
                raise Collided(Collision(head, head_of(target)))
        return received, False

    def drop(self) -> None:
        """Leave nothing behind."""
        self._do(self._drop)

    def _drop(self) -> None:
        if hasattr(self, "_out"):
            with contextlib.suppress(OSError):
                self._out.close()
            with contextlib.suppress(OSError):
                self._part.unlink(missing_ok=True)

    def _look(self, data: bytes | memoryview) -> None:
        """While the rest is on its way: the sender waits when it is there."""
        begun = bool(self._first)
        self._first += data[: ENOUGH - len(self._first)]
        if not begun or len(self._first) == ENOUGH:
            with contextlib.suppress(NoInstance):  # that is said when it is whole
                self._head = start_of_head(bytes(self._first), self.announced.transfer_syntax_uid)

    def _do(self, step: Step) -> None:
        if self._beside is None:
            step()
        else:
            self._beside.do(step)

    def _written(self, step: Step) -> None:
        self._beside = None
        step()

    def _data_set(self) -> BinaryIO:
        if self._beside is not None:
            self._beside.wait()
        if self._error:
            raise self._error
        self._out.flush()
        file = self._part.open("rb")
        file.seek(len(self._meta))
        return file

    def _open(self) -> None:
        try:
            self._out, self._part = disk.open_part(self._inbox / file_name(self.announced.sop_instance_uid))
        except OSError as exc:
            self._error = exc
            return
        self._put(self._meta)

    def _put(self, data: bytes | memoryview) -> None:
        if self._error:
            return
        try:
            self._out.write(data)
            self._digest.update(data)
            self._size += len(data)
        except (OSError, MemoryError) as exc:
            self._error = exc
            self._drop()


class Judged:
    """An instance that is to be kept, on its way to be durable and recorded. `status` is the answer to its sender."""

    def __init__(self, landing: Landing, keeper: Keeper) -> None:
        self.status = SUCCESS
        self.wanted = True  # until it is refused, dropped or has failed; a dropped one is answered 0000 too
        self.folder: Path | None = None
        self._landing = landing
        self._keeper = keeper
        self._received: Received | None = None
        self._new = False
        self._do(self._judge)

    def sync(self) -> None:
        self._do(self._landing.sync)

    def take_name(self) -> None:
        self._do(self._take_name)

    def sync_folder(self) -> None:
        self._do(lambda: disk.sync_folder(self._named.path.parent))

    def hand_over(self) -> None:
        """Durable: now it may be recorded."""
        self._do(lambda: self._keeper.keep(self._named, self._new))
        if not self.wanted and self._received and self._new:
            with contextlib.suppress(OSError):
                self._received.path.unlink()

    def _judge(self) -> None:
        self._head = self._landing.head()
        self._keeper = self._keeper.chosen(self._head, self._landing.announced)
        self.folder = self._keeper.place(self._head)

    def _take_name(self) -> None:
        assert self.folder is not None
        self._received, self._new = self._landing.take_name(self._head, self.folder)

    @property
    def _named(self) -> Received:
        assert self._received is not None
        return self._received

    def _do(self, step: Callable[[], None]) -> None:
        """The next step, where all before went well; whatever is raised becomes a status."""
        if not self.wanted:
            return
        self.wanted = False
        try:
            with disk.own_disk():
                step()
            self.wanted = True
        except NotKept as no:
            self.status = no.status
        except Collided as exc:
            self.status = DUPLICATE
            self._keeper.collided(exc.collision)
        except IepError as exc:
            self.status = OUT_OF_RESOURCES if isinstance(exc, Retriable) else CANNOT_UNDERSTAND
            self._keeper.failed(exc)
        except Exception as exc:  # noqa: BLE001 - whatever a keeper may raise: the sender must be answered
            self.status = CANNOT_UNDERSTAND
            self._keeper.failed(Permanent("An instance cannot be recorded", type(exc).__name__))
        finally:
            if not self.wanted:
                self._landing.drop()


class Reception:
    """Takes instances; safe for several associations at once."""

    def __init__(self, inbox: Path, keeper: Keeper, largest: int = LARGEST) -> None:
        with disk.own_disk():
            disk.make_folder(inbox)
        self._inbox = inbox
        self._keeper = keeper
        self._largest = largest

    def begin(self, announced: Announced, beside: Unloading | None = None) -> Landing:
        return Landing(self._inbox, announced, self._largest, beside)

    def judge(self, landing: Landing) -> Judged:
        """Whole, but not durable: is it to be kept?"""
        return Judged(landing, self._keeper)

    def finish(self, landing: Landing) -> int:
        """The status for the sender. 0000 only where the file is durable and recorded."""
        judged = self.judge(landing)
        for step in (judged.sync, judged.take_name, judged.sync_folder, judged.hand_over):
            step()
        return judged.status


def head_of(path: Path) -> InstanceHead:
    """Of a file. Raises MediumUnreadable."""
    start = send_file(path)
    try:
        with path.open("rb") as file:
            file.seek(start.offset)
            first = file.read(ENOUGH)

        def again() -> BinaryIO:
            file = path.open("rb")
            file.seek(start.offset)
            return file

        return read_head(first, start.pair.transfer_syntax_uid, again)
    except (NoInstance, OSError) as exc:
        raise MediumUnreadable("A received file cannot be read any more") from exc


def _holds_an_instance(path: Path) -> bool:
    """A file that a power cut tore is no instance, and may be replaced."""
    if not path.exists():
        return False
    try:
        head_of(path)
    except IepError:
        return False
    return True
