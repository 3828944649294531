"""The services that we use at other nodes: C-ECHO, C-FIND and C-STORE (PS3.4 A, C, B).

Takes and returns core objects; knows no spool and no ledger. Errors are those of `core.errors`: NodeUnreachable
where the line breaks (in the middle too, so that the engine can resume), NodeRejected where the node says no,
Cancelled where the job was stopped. What a node says about one instance is a `StoreOutcome`, not an exception.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import date
from pathlib import Path

from pydicom.dataset import Dataset
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined, unused-ignore]
    PatientRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

from iep_desktop.core.errors import IepError, NodeRejected, Permanent
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.core.queries import EchoResult, PacsInstance, PacsPatient, PacsStudy
from iep_desktop.dicom import fastecho, fastfind, faststore, query, ways
from iep_desktop.dicom.association import NoContextAccepted, NodeAssociation, associate
from iep_desktop.dicom.contexts import MAX_CONTEXTS, Pair, groups, not_accepted, presentation_contexts
from iep_desktop.dicom.fastsocket import DEFAULT_LIMITS, Limits
from iep_desktop.dicom.faststore import Answer
from iep_desktop.dicom.finding import MAX_RESULTS, Finding, T
from iep_desktop.dicom.sendfile import SendFile, send_file, unreadable
from iep_desktop.dicom.status import StoreOutcome, query_error, store_outcome

_PATIENT_ROOT: str = PatientRootQueryRetrieveInformationModelFind
_STUDY_ROOT: str = StudyRootQueryRetrieveInformationModelFind
_ASK_LOG = "Ask the PACS team to look at the node's log."


def echo(node: Node, *, limits: Limits = DEFAULT_LIMITS, ctx: Context | None = None) -> EchoResult:
    """Ask whether the node is there and knows us (PS3.4 A)."""
    start = time.monotonic()
    with associate(node, [build_context(Verification)], limits=limits, ctx=ctx) as link:
        connected = time.monotonic()
        status = _answered(link, link.asking().send_c_echo())
        if status.Status != 0x0000:
            raise NodeRejected(
                f"{node.name} does not answer C-ECHO",
                f"It failed with status {status.Status:04X}.",
            )
        version = link.assoc.acceptor.implementation_version_name or ""
        return EchoResult(node.name, connected - start, time.monotonic() - connected, version)


class FindSession(Finding):
    """C-FIND at one node over one association; get it from `open_find`."""

    def __init__(self, link: NodeAssociation) -> None:
        self._link = link
        self._models = {pair.sop_class_uid for pair in link.accepted}
        self._lists_patients = _PATIENT_ROOT in self._models
        self._message_id = 0

    @property
    def _study_model(self) -> str:
        return _STUDY_ROOT if _STUDY_ROOT in self._models else _PATIENT_ROOT

    def _find(
        self, level: str, keys: dict[str, str], limit: int | None, read: Callable[[Dataset], T]
    ) -> list[T]:
        model = _PATIENT_ROOT if level == "PATIENT" else self._study_model
        found: list[T] = []
        self._message_id = self._message_id % 0xFFFF + 1
        way = fastfind.direct if ways.direct() else fastfind.plain
        with closing(way(self._link, model, query.identifier(level, **keys), self._message_id)) as answers:
            for code, answer in answers:
                if code not in fastfind.PENDING:
                    if code != 0x0000 and not (code == 0xFE00 and found):
                        raise query_error(code, self._link.node.name)
                    break
                if answer is None or not query.is_answer(answer, level):
                    title = f"{self._link.node.name} sends an answer that cannot be read"
                    raise Permanent(title, "", _ASK_LOG)
                found.append(read(answer))
                if limit is not None and len(found) == limit:
                    self._link.abort()  # a C-CANCEL may be ignored, and then everything would still come
                    break
        return found


@contextmanager
def open_find(
    node: Node, *, limits: Limits = DEFAULT_LIMITS, ctx: Context | None = None
) -> Iterator[FindSession]:
    models = [build_context(_STUDY_ROOT), build_context(_PATIENT_ROOT)]
    try:
        with associate(node, models, limits=limits, ctx=ctx) as link:
            yield FindSession(link)
    except NoContextAccepted as exc:
        hint = "Ask the PACS team to allow queries (C-FIND) for our AE title."
        raise NodeRejected(f"{node.name} takes no queries", "It does not offer C-FIND to us.", hint) from exc


def find_patients(
    node: Node,
    *,
    patient_id: str = "",
    name: str = "",
    limit: int = MAX_RESULTS,
    limits: Limits = DEFAULT_LIMITS,
    ctx: Context | None = None,
) -> tuple[PacsPatient, ...]:
    """At most `limit` patients; as many as that means that there may be more."""
    with open_find(node, limits=limits, ctx=ctx) as session:
        return session.patients(patient_id=patient_id, name=name, limit=limit)


def find_studies(
    node: Node,
    *,
    patient_id: str = "",
    study_uid: str = "",
    accession: str = "",
    date_from: date | None = None,
    date_to: date | None = None,
    modality: str = "",
    description: str = "",
    limit: int = MAX_RESULTS,
    limits: Limits = DEFAULT_LIMITS,
    ctx: Context | None = None,
) -> tuple[PacsStudy, ...]:
    """At most `limit` studies; as many as that means that there may be more. Dates are inclusive."""
    with open_find(node, limits=limits, ctx=ctx) as session:
        return session.studies(
            patient_id=patient_id,
            study_uid=study_uid,
            accession=accession,
            date_from=date_from,
            date_to=date_to,
            modality=modality,
            description=description,
            limit=limit,
        )


def find_instances(
    node: Node, study_uid: str, *, limits: Limits = DEFAULT_LIMITS, ctx: Context | None = None
) -> tuple[PacsInstance, ...]:
    """Everything that the node has of a study; empty where it has nothing."""
    with open_find(node, limits=limits, ctx=ctx) as session:
        return session.instances(study_uid)


def verified_uids(
    node: Node,
    study_uid: str,
    series_uid: str,
    *,
    limits: Limits = DEFAULT_LIMITS,
    ctx: Context | None = None,
) -> frozenset[str]:
    """The SOP Instance UIDs that the node confirms to have of a series."""
    with open_find(node, limits=limits, ctx=ctx) as session:
        return session.instance_uids(study_uid, series_uid)


class StoreSession:
    """C-STORE to one node, one instance after the other; get it from `open_store`.

    Associations are opened as they are needed: the first with the first instance, another where more than 128
    presentation contexts are to be proposed, a new one after the line broke.
    """

    at_once = 1  # a C-STORE-RQ takes one instance
    at_once_bytes = 0

    def __init__(
        self,
        node: Node,
        pairs: Iterable[Pair],
        limits: Limits,
        ctx: Context | None,
        priority: int,
        direct: bool,
        measured: bool,
    ) -> None:
        self._node = node
        self._groups = list(groups(pairs))
        self._limits = limits
        self._ctx = ctx
        self._priority = priority
        self._direct = direct and ways.direct()
        self._measured = measured
        self._group: tuple[Pair, ...] = ()
        self._link: NodeAssociation | None = None
        self._open = ExitStack()
        self._nothing_accepted: set[Pair] = set()
        self._message_id = 0

    def store(self, path: Path) -> StoreOutcome:
        """Send a file as it lies there. Raises NodeUnreachable when the line breaks, MediumUnreadable when the
        file cannot be read, Cancelled."""
        return self.store_file(send_file(path))

    def store_file(self, file: SendFile) -> StoreOutcome:
        """Raises as `store`."""
        link = self._connected(file.pair)
        if link is None:
            return not_accepted(file.pair, ())
        if file.pair not in link.accepted:
            return not_accepted(file.pair, link.accepted, link.refused)
        answer = self._send(link, file)
        return store_outcome(answer.status, answer.comment)

    def store_files(self, files: Sequence[SendFile]) -> list[StoreOutcome]:
        return [self.store_file(file) for file in files]

    def connect(self, file: SendFile) -> bool:
        """Open the association that the file needs, where it is not open; False where the node takes nothing over it.

        Raises what the node says to the association."""
        return self._connected(file.pair) is not None

    def round_trip(self) -> float | None:
        """Seconds of a C-ECHO over the open association; None where there is none, or the node offers none over it."""
        link = self._link
        if link is None or not link.alive or not fastecho.offered(link):
            return None
        self._message_id = self._message_id % 0xFFFF + 1
        way = fastecho.direct if self._direct else fastecho.plain
        return way(link, self._message_id)

    @property
    def connected(self) -> bool:
        return self._link is not None and self._link.alive

    def _send(self, link: NodeAssociation, file: SendFile) -> Answer:
        self._message_id = self._message_id % 0xFFFF + 1
        way = faststore.direct if self._direct else faststore.plain
        try:
            return way(link, file, self._message_id, self._priority)
        except IepError:
            self.close(abort=True)
            raise
        except OSError as exc:
            self.close(abort=True)  # part of it may be sent: the peer must not wait for the rest
            raise unreadable() from exc
        except RuntimeError as exc:  # the association ended just before
            error = link.lost()
            self.close(abort=True)
            raise error from exc

    def _connected(self, pair: Pair) -> NodeAssociation | None:
        """None where the node takes nothing of what goes with this pair."""
        if self._ctx:
            self._ctx.check()
        if pair in self._nothing_accepted:
            return None
        try:
            return self._link_for(pair)
        except NoContextAccepted:
            self._nothing_accepted.update(self._group)
            return None

    def _link_for(self, pair: Pair) -> NodeAssociation:
        if self._link is not None and self._link.alive and pair in self._group:
            return self._link
        self.close()
        self._group = self._group_of(pair)
        contexts = presentation_contexts(self._group)
        if self._measured and len(contexts) < MAX_CONTEXTS:
            contexts.append(build_context(Verification))
        self._link = self._open.enter_context(
            associate(self._node, contexts, limits=self._limits, ctx=self._ctx)
        )
        return self._link

    def _group_of(self, pair: Pair) -> tuple[Pair, ...]:
        for group in self._groups:
            if pair in group:
                return group
        self._groups.append((pair,))  # nobody announced it: it gets an association of its own
        return (pair,)

    def close(self, *, abort: bool = False) -> None:
        """Release the open association, if any; with `abort` end it without waiting."""
        if abort and self._link is not None:
            self._link.abort()
        self._link = None
        self._open.close()


@contextmanager
def open_store(
    node: Node,
    pairs: Iterable[Pair] = (),
    ctx: Context | None = None,
    *,
    limits: Limits = DEFAULT_LIMITS,
    priority: int = 0,
    direct: bool = True,
    measured: bool = False,
) -> Iterator[StoreSession]:
    """A session for the SOP classes and transfer syntaxes at hand; `priority` is that of PS3.7 E.1-1: 0 medium,
    1 high, 2 low; without `direct` the library's own C-STORE serves; `measured`: `round_trip` will be asked for.
    Nothing is connected before the first instance."""
    session = StoreSession(node, pairs, limits, ctx, priority, direct, measured)
    try:
        yield session
    except BaseException:
        session.close(abort=True)
        raise
    session.close()


def read_pair(path: Path) -> Pair:
    """SOP class and transfer syntax from a file's meta information (PS3.10 7.1)."""
    return send_file(path).pair


def _answered(link: NodeAssociation, status: Dataset) -> Dataset:
    """The status, or the reason why there is none."""
    if "Status" not in status:
        raise link.lost()
    return status
