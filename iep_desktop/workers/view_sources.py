"""Where the files of a set come from: this computer, a disc, the spool, or a node that is asked when they are shown.

Each is an `ImageSource`: blocking, safe from several threads, cancelled through the context; what cannot be had is an
error with the reason to show in its place. Must not decode, and must not change a transaction.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from iep_desktop.core.errors import IepError, MediumUnreadable, Permanent, Retriable
from iep_desktop.core.job import Context
from iep_desktop.core.queries import PacsInstance
from iep_desktop.core.viewing import ImageSource, ViewImage, ViewSeries, ViewStudy
from iep_desktop.dicom.file_heads import sop_instance_uid
from iep_desktop.dicom.file_start import NotDicom
from iep_desktop.dicom.medium_files import FolderMedium, reason
from iep_desktop.dicom.skim import Damaged
from iep_desktop.dicom.spool import file_name
from iep_desktop.workers.viewing_cache import ViewingCache

if TYPE_CHECKING:
    from iep_desktop.dicom.landing import Received

AHEAD = 32  # images around the one that is wanted, in one association
SILENCE = 15.0  # seconds in which a node that has failed is not asked again
_WAIT = 0.05


class AsksNode(Protocol):
    """One node, as images are looked for and fetched from it. Both raise as `dicom.retrieve` does."""

    @property
    def name(self) -> str: ...
    def find(self, study_uid: str, ctx: Context) -> Sequence[PacsInstance]: ...
    def fetch(
        self,
        study_uid: str,
        series_uid: str,
        sop_instance_uids: frozenset[str],
        listed: Sequence[PacsInstance],
        folder: Path,
        sink: Callable[[Received], None],
        ctx: Context,
    ) -> object: ...


@dataclass(frozen=True)
class LocalFiles:
    """`where` is the file's path on this computer."""

    def file(self, study: ViewStudy, series: ViewSeries, image: ViewImage, ctx: Context) -> Path:
        return present(Path(image.where))


class MediumFiles:
    """A disc, stick or folder: `where` is relative to its root, and nothing outside of it is ever opened."""

    def __init__(self, root: str) -> None:
        self._medium = FolderMedium(root)

    def file(self, study: ViewStudy, series: ViewSeries, image: ViewImage, ctx: Context) -> Path:
        with _from_the_disc(), self._medium.open(image.where) as opened:
            return Path(opened.name)


class DiscFiles(MediumFiles):
    """The disc that a transaction was made of, by SOP Instance UID: by now another one may be in the drive."""

    def __init__(self, root: str, paths: Mapping[str, str]) -> None:
        super().__init__(root)
        self._paths = paths

    def file(self, study: ViewStudy, series: ViewSeries, image: ViewImage, ctx: Context) -> Path:
        where = self._paths.get(image.sop_instance_uid, "")
        path = super().file(study, series, replace(image, where=where), ctx)
        with _from_the_disc():
            there = _instance(path)
        if there != image.sop_instance_uid:
            raise MediumUnreadable(
                "Another disc is in the drive",
                "It holds another file in this place.",
                "Put the right one in.",
            )
        return path


@contextmanager
def _from_the_disc() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MediumUnreadable(
            "The image cannot be read from the disc", reason(error), "Is the disc still in the drive?"
        ) from error


def _instance(path: Path) -> str:
    """Empty where it is none. Raises OSError."""
    try:
        with path.open("rb") as file:
            return sop_instance_uid(file)
    except (NotDicom, Damaged):
        return ""


@dataclass(frozen=True)
class SpoolFiles:
    """What of a transaction is on this computer, by SOP Instance UID; all else comes from `otherwise`."""

    paths: Mapping[str, Path]
    otherwise: ImageSource

    def file(self, study: ViewStudy, series: ViewSeries, image: ViewImage, ctx: Context) -> Path:
        path = self.paths.get(image.sop_instance_uid)
        if path is not None and path.is_file():
            return path
        return self.otherwise.file(study, series, image, ctx)


@dataclass(frozen=True)
class Nowhere:
    """Images that cannot be had, and why."""

    why: IepError

    def file(self, study: ViewStudy, series: ViewSeries, image: ViewImage, ctx: Context) -> Path:
        raise self.why


@dataclass
class _Fetching:
    """One series: its lock is held by whoever fetches of it; `asked` once a single image was wanted."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    asked: bool = False


class NodeFiles:
    """A PACS or gateway. A series' first image comes alone, for its thumbnail; then those around what is shown."""

    def __init__(self, node: AsksNode, cache: ViewingCache, scope: str, silence: float = SILENCE) -> None:
        """`scope`: as the cache has it, the transaction's id or what else is looked at together."""
        self._node = node
        self._cache, self._scope, self._silence = cache, scope, silence
        self._lock = threading.Lock()
        self._series: dict[str, _Fetching] = {}
        self._listed: dict[str, Sequence[PacsInstance]] = {}
        self._failed: tuple[float, IepError] | None = None

    def know(self, study_uid: str, instances: Sequence[PacsInstance]) -> None:
        """What the node holds of a study, where it has been asked already."""
        self._listed[study_uid] = instances

    def file(self, study: ViewStudy, series: ViewSeries, image: ViewImage, ctx: Context) -> Path:
        path = self._path(image.sop_instance_uid)
        if not path.is_file():
            with self._lock:
                fetching = self._series.setdefault(series.series_uid, _Fetching())
            self._wait_for(fetching.lock, ctx)
            try:
                if not path.is_file():
                    self._bring(study, series, image, fetching, ctx)
            finally:
                fetching.lock.release()
        self._cache.use(path)
        return path

    def _wait_for(self, lock: threading.Lock, ctx: Context) -> None:
        """Another is fetching of this series; most likely it brings this image too."""
        while not lock.acquire(timeout=_WAIT):
            ctx.check()

    def _bring(
        self, study: ViewStudy, series: ViewSeries, image: ViewImage, fetching: _Fetching, ctx: Context
    ) -> None:
        self._check_silence()
        around = self._around(series, image) if fetching.asked else (image,)
        fetching.asked = True
        uids = frozenset(one.sop_instance_uid for one in around)
        try:
            listed = self._list(study.study_uid, ctx)
            self._node.fetch(
                study.study_uid, series.series_uid, uids, listed, self._folder, self._arrived, ctx
            )
        except Retriable as error:
            ctx.check()
            if not self._path(image.sop_instance_uid).is_file():
                self._failed = (time.monotonic(), error)
                raise
        if not self._path(image.sop_instance_uid).is_file():
            raise Permanent("The image did not come", "The node lists it, but does not give it.")

    def _list(self, study_uid: str, ctx: Context) -> Sequence[PacsInstance]:
        if study_uid not in self._listed:
            self._listed[study_uid] = self._node.find(study_uid, ctx)
        return self._listed[study_uid]

    def _check_silence(self) -> None:
        """A node that fell silent is not waited for anew with each image."""
        if self._failed is not None and time.monotonic() - self._failed[0] < self._silence:
            raise self._failed[1]

    def _around(self, series: ViewSeries, image: ViewImage) -> tuple[ViewImage, ...]:
        """The image, and the nearest ones that are not here."""
        uid = image.sop_instance_uid
        at = next((n for n, one in enumerate(series.images) if one.sop_instance_uid == uid), 0)
        near = sorted(range(len(series.images)), key=lambda n: abs(n - at))[: 4 * AHEAD]
        missing = [n for n in near if not self._path(series.images[n].sop_instance_uid).is_file()]
        return tuple(series.images[n] for n in missing[:AHEAD]) or (image,)

    def _arrived(self, received: Received) -> None:
        self._cache.added(received.size)

    def _path(self, sop_instance_uid: str) -> Path:
        return self._folder / file_name(sop_instance_uid)

    @property
    def _folder(self) -> Path:
        """Of this node: what PACS holds may have another patient in its header than what the gateway holds."""
        return self._cache.folder(self._scope, self._node.name)


def present(path: Path) -> Path:
    """Raises MediumUnreadable where it is not there, or cannot be looked at."""
    try:
        path.stat()
    except OSError as error:
        raise MediumUnreadable(
            "The image is not there any more", reason(error), "Was the file moved, or the disc taken out?"
        ) from error
    return path
