"""Retrieving a study, series or instances from a node: C-GET, or C-MOVE to our listener where it has no C-GET.

Owns what is asked for in which order, and the comparison of what came with what the node lists, before and after.
Every instance goes to the sink as it arrives. Where the line breaks everything that came stays: the same call again,
with `had`, asks only for the rest. Must not judge whose images these are: the sink sees each one's patient.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydicom.dataset import Dataset
from pynetdicom.presentation import build_context

from iep_desktop.core.errors import Cancelled, NodeRejected, Permanent
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.core.queries import PacsInstance
from iep_desktop.dicom import fastreceive, getting, ways
from iep_desktop.dicom.association import NoContextAccepted, NodeAssociation
from iep_desktop.dicom.contexts import class_groups, retrieve_contexts
from iep_desktop.dicom.fastsocket import DEFAULT_LIMITS, Limits
from iep_desktop.dicom.getting import GET_MODEL, MOVE_MODEL, Outcome, Stop, next_message_id, stopping
from iep_desktop.dicom.harvest import Harvest, Retrieved, Sink
from iep_desktop.dicom.instance_head import InstanceHead
from iep_desktop.dicom.scu import find_instances
from iep_desktop.dicom.settling import Settling
from iep_desktop.dicom.status import retrieve_error

AT_ONCE = 500  # SOP Instance UIDs in a request: a value of VR UI has at most 64 KB in explicit VR
_MOMENT = 0.2  # seconds in which a cancellation is noticed
_LATE = 5.0  # seconds that a C-MOVE's instances may come after its final response


@dataclass(frozen=True)
class Wanted:
    """A study; only some series or instances of it where they are named."""

    study_uid: str
    series_uids: frozenset[str] = frozenset()
    sop_instance_uids: frozenset[str] = frozenset()

    def covers(self, series_uid: str, sop_instance_uid: str) -> bool:
        if self.sop_instance_uids and sop_instance_uid not in self.sop_instance_uids:
            return False
        return not self.series_uids or series_uid in self.series_uids


def retrieve(
    node: Node,
    wanted: Wanted,
    folder: Path,
    sink: Sink,
    ctx: Context | None = None,
    *,
    listed: Sequence[PacsInstance] | None = None,
    had: Collection[str] = frozenset(),
    listener: MoveListener | None = None,
    recheck: bool = True,
    limits: Limits = DEFAULT_LIMITS,
    direct: bool = True,
) -> Retrieved:
    """Bring what is wanted into `folder`, each instance durable before the sink hears of it.

    `listed` is all that the node holds of the study, where the caller has just asked; `had` are SOP Instance UIDs
    that need not come again; without `recheck` nobody asks at the end whether the study has grown.

    Raises:
        NodeUnreachable, Retriable: the line broke, the node is silent or short of resources. The sink has what came.
        NodeRejected: it offers neither C-GET nor a C-MOVE that we can use, or does not know our listener.
        Permanent: it has nothing of the study, or fails.
        OutOfSpace: our disk is full.
        Cancelled, and whatever the sink raises.
    """
    job = ctx or Context()

    def start(harvest: Harvest, listed: Sequence[PacsInstance]) -> Bringing:
        return _Run(node, harvest, listed, job, listener, limits, direct)

    def find() -> Sequence[PacsInstance]:
        return find_instances(node, wanted.study_uid, limits=limits, ctx=job)

    return gather(node, wanted, folder, sink, find, start, listed=listed, had=had, recheck=recheck)


class MoveListener(Protocol):
    """Where a node sends to what a C-MOVE asked it for: the listener of this process, or of another."""

    @property
    def ae_title(self) -> str: ...

    def next_message_id(self) -> int:
        """For the C-MOVE; no other at this listener has it at the same time."""
        ...

    def expecting(self, message_id: int, node: Node, harvest: Harvest) -> AbstractContextManager[None]:
        """For the time of a C-MOVE at `node`: its instances go to the harvest."""
        ...


class Bringing(Protocol):
    """One retrieve, whichever way it goes."""

    def fetch(self, asked: Sequence[PacsInstance]) -> None:
        """Bring these; returns when all that came is durable and recorded."""
        ...

    def result(self, asked: Sequence[PacsInstance], grown: Sequence[PacsInstance]) -> Retrieved: ...


def gather(
    node: Node,
    wanted: Wanted,
    folder: Path,
    sink: Sink,
    find: Callable[[], Sequence[PacsInstance]],
    start: Callable[[Harvest, Sequence[PacsInstance]], Bringing],
    *,
    listed: Sequence[PacsInstance] | None,
    had: Collection[str],
    recheck: bool,
) -> Retrieved:
    """What every way has in common: `find` says what the node holds of the study, `start` makes the way."""
    if listed is None:
        listed = find()
    if not listed:
        raise Permanent(f"{node.name} has no images of this study", "", "Ask the PACS team where it is.")
    had = frozenset(had)

    def fits(head: InstanceHead) -> bool:
        return head.sop_instance_uid not in had and wanted.covers(head.series_uid, head.sop_instance_uid)

    asked = [
        one
        for one in listed
        if one.sop_instance_uid not in had and wanted.covers(one.series_uid, one.sop_instance_uid)
    ]
    run = start(Harvest(folder, wanted.study_uid, sink, fits), listed)
    run.fetch(asked)
    grown: list[PacsInstance] = []
    if recheck:
        known = {one.sop_instance_uid for one in listed}
        grown = [
            one
            for one in find()
            if one.sop_instance_uid not in known and wanted.covers(one.series_uid, one.sop_instance_uid)
        ]
    return run.result(asked, grown)


@dataclass(frozen=True)
class _Request:
    level: str
    keys: dict[str, str | list[str]]
    instances: tuple[PacsInstance, ...]

    @property
    def identifier(self) -> Dataset:
        ds = Dataset()
        ds.QueryRetrieveLevel = self.level
        for keyword, value in self.keys.items():
            setattr(ds, keyword, value)
        return ds


class _Run:
    """One retrieve on its way: associations, requests, and the sums of what the peer says."""

    def __init__(
        self,
        node: Node,
        harvest: Harvest,
        listed: Sequence[PacsInstance],
        ctx: Context,
        listener: MoveListener | None,
        limits: Limits,
        direct: bool,
    ) -> None:
        self._node = node
        self._harvest = harvest
        self._listed = listed
        self._ctx = ctx
        self._listener = listener
        self._limits = limits
        self._direct = direct and ways.direct()
        self._reception = Settling(harvest.folder, harvest)
        self._outcomes: list[Outcome] = []
        self._stop: Stop | None = None
        self._by_move = False
        self._by_series = False  # the peer does not take SOP Instance UIDs
        self._gives_way = False

    def fetch(self, asked: Sequence[PacsInstance]) -> None:
        try:
            with self._reception:
                for classes in class_groups(one.sop_class_uid for one in asked):
                    group = [one for one in asked if one.sop_class_uid in classes]
                    while True:
                        self._ctx.let_pass()
                        self._ctx.check()
                        if self._brought(classes, group):
                            break
        except BaseException as exc:
            if self._harvest.error and exc is not self._harvest.error:
                raise self._harvest.error from exc
            raise
        finally:
            self._harvest.over = True

    def result(self, asked: Sequence[PacsInstance], grown: Sequence[PacsInstance]) -> Retrieved:
        harvest, outcomes = self._harvest, self._outcomes
        failed = {uid for outcome in outcomes for uid in outcome.failed_uids} - harvest.received
        return Retrieved(
            received=frozenset(harvest.received),
            missing=harvest.lacking(asked),
            failed=frozenset(failed),
            duplicates=harvest.duplicates,
            collisions=tuple(harvest.collisions),
            strangers=tuple(harvest.strangers),
            grown=tuple(grown),
            completed_by_peer=sum(outcome.completed for outcome in outcomes),
            failed_by_peer=sum(outcome.failed for outcome in outcomes),
            warned_by_peer=sum(outcome.warned for outcome in outcomes),
            by_move=self._by_move,
        )

    def _brought(self, classes: Sequence[str], group: Sequence[PacsInstance]) -> bool:
        """Whether that was all. False where the job is held for something more urgent: an archive serves a few
        associations at once, so the place is given up; what has come stays."""
        self._gives_way = False
        lacking = self._harvest.lacking(group)
        if not lacking:
            return True
        try:
            with self._association(classes) as link:
                for request in self._requests(lacking):
                    self._bring(link, request)
                    if self._gives_way:
                        return False
        except Cancelled:
            if not self._gives_way or self._ctx.cancelled:
                raise
            return False  # the node does not hear C-CANCEL
        return True

    @contextmanager
    def _association(self, classes: Sequence[str]) -> Iterator[NodeAssociation]:
        """One that hears cancellation: at once while it is opened, by C-CANCEL first while something comes."""
        sent = retrieve_contexts(classes)
        models = [build_context(model) for model in (GET_MODEL, MOVE_MODEL)]
        roles = dict.fromkeys(str(context.abstract_syntax) for context in sent)
        link = NodeAssociation(self._node, [*models, *sent], self._limits, roles=roles)
        forget = self._ctx.on_cancel(lambda: self._stop.ask() if self._stop else link.cancel())
        try:
            with link:
                yield link
        except NoContextAccepted as exc:
            raise self._no_way("It offers neither C-GET nor C-MOVE to us.") from exc
        finally:
            forget()

    def _requests(self, wanted: Sequence[PacsInstance]) -> Iterator[_Request]:
        """The fewest that ask for exactly these: the study, whole series, or SOP Instance UIDs."""
        study = {"StudyInstanceUID": self._harvest.study_uid}
        if len(wanted) == len(self._listed):
            yield _Request("STUDY", {**study}, tuple(wanted))
            return
        sizes = by_series(self._listed)
        for series_uid, members in by_series(wanted).items():
            keys = {**study, "SeriesInstanceUID": series_uid}
            if self._by_series or len(members) == len(sizes[series_uid]):
                yield _Request("SERIES", {**keys}, members)
                continue
            for at in range(0, len(members), AT_ONCE):
                chunk = members[at : at + AT_ONCE]
                uids = [one.sop_instance_uid for one in chunk]
                yield _Request("IMAGE", {**keys, "SOPInstanceUID": uids}, chunk)

    def _bring(self, link: NodeAssociation, request: _Request) -> None:
        self._ctx.check()
        if self._came(request) == len(request.instances):
            return  # with an earlier request that had to ask for more
        outcome = self._ask(link, request)
        if request.level == "IMAGE" and not self._came(request) and not self._gives_way:
            self._by_series = True  # PS3.4 C.4.2.1.4.1 allows lists of UIDs, but not every node takes them
            whole = {k: v for k, v in request.keys.items() if k != "SOPInstanceUID"}
            outcome = self._ask(link, _Request("SERIES", whole, request.instances))
        came = self._came(request)
        self._outcomes.append(outcome)
        if self._gives_way:
            return
        out_of_resources = 0xA700 <= outcome.status <= 0xA7FF
        if came < len(request.instances) and _is_failure(outcome.status) and (out_of_resources or not came):
            raise retrieve_error(outcome.status, self._node.name, self._our_ae)

    def _ask(self, link: NodeAssociation, request: _Request) -> Outcome:
        message_id = self._listener.next_message_id() if self._listener else next_message_id()
        model = self._model(link)
        with stopping(link, message_id, model) as stop:
            self._stop = stop
            try:
                if model == GET_MODEL:
                    outcome = self._get(link, request, message_id)
                else:
                    outcome = self._move(link, request, message_id)
            finally:
                self._stop = None
        self._reception.flush()
        if self._harvest.error:
            raise self._harvest.error
        if stop.asked and (self._ctx.cancelled or not self._gives_way):
            raise Cancelled()
        return outcome

    def _get(self, link: NodeAssociation, request: _Request, message_id: int) -> Outcome:
        way = fastreceive.get if self._direct else getting.get
        return way(link, request.identifier, message_id, self._reception, self._after_each)

    def _move(self, link: NodeAssociation, request: _Request, message_id: int) -> Outcome:
        assert self._listener is not None
        self._by_move = True
        with self._listener.expecting(message_id, self._node, self._harvest):
            outcome = getting.move(
                link, request.identifier, self._listener.ae_title, message_id, self._after_each
            )
            self._wait_for_late(request, outcome)
        return outcome

    def _wait_for_late(self, request: _Request, outcome: Outcome) -> None:
        """Some nodes send their final response before the last instance."""
        expected = min(outcome.completed + outcome.warned, len(request.instances))
        deadline = time.monotonic() + _LATE
        while self._came(request) < expected and time.monotonic() < deadline and not self._harvest.error:
            self._ctx.check()
            with self._harvest.arrived:
                if self._harvest.arrived.wait(_MOMENT):
                    deadline = time.monotonic() + _LATE

    def _came(self, request: _Request) -> int:
        return len(request.instances) - len(self._harvest.lacking(request.instances))

    def _after_each(self) -> None:
        if self._by_move:  # what the node sends to our listener would come all the same
            self._ctx.let_pass()
        elif self._ctx.held:
            self._gives_way = True
        if self._stop and (self._harvest.error or self._ctx.cancelled or self._gives_way):
            self._stop.ask()

    def _model(self, link: NodeAssociation) -> str:
        """C-GET where the peer takes it and would send at least something that way."""
        offered = {pair.sop_class_uid for pair in link.accepted}
        if GET_MODEL in offered and offered - {GET_MODEL, MOVE_MODEL}:
            return GET_MODEL
        if MOVE_MODEL in offered and self._listener is not None:
            return MOVE_MODEL
        if GET_MODEL in offered:
            raise self._no_way("It would not send these kinds of image to us.")
        if MOVE_MODEL in offered:
            raise self._no_way("It sends by C-MOVE only, and this computer's listener is not switched on.")
        raise self._no_way("It offers neither C-GET nor C-MOVE to us.")

    def _no_way(self, message: str) -> NodeRejected:
        hint = "Ask the PACS team to allow retrieving (C-GET or C-MOVE) for our AE title."
        return NodeRejected(f"{self._node.name} lets us retrieve nothing", message, hint)

    @property
    def _our_ae(self) -> str:
        return self._listener.ae_title if self._listener else self._node.calling_ae


def by_series(instances: Sequence[PacsInstance]) -> dict[str, tuple[PacsInstance, ...]]:
    series: dict[str, list[PacsInstance]] = {}
    for one in instances:
        series.setdefault(one.series_uid, []).append(one)
    return {uid: tuple(members) for uid, members in series.items()}


def _is_failure(status: int) -> bool:
    return status != 0x0000 and not 0xB000 <= status <= 0xBFFF
