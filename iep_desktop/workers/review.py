"""The review before a send: warning signs of a set of images, and the review in the transaction's history.

Plain and blocking, cancelled through the context. Where images come from is the source's matter; what a sign means is
for a person to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from iep_desktop.core.errors import Cancelled, IepError, InvalidInput, Retriable
from iep_desktop.core.job import Context, Progress
from iep_desktop.core.reviewing import CODE, EVENT, Reviewed, event_text, is_mandatory, last_review
from iep_desktop.core.viewing import (
    ImageSource,
    Review,
    Sign,
    ViewImage,
    ViewPatient,
    ViewSeries,
    ViewSet,
    ViewStudy,
)

if TYPE_CHECKING:
    from iep_desktop.dicom.signs.judging import Looked
    from iep_desktop.dicom.signs.looking import Look
    from iep_desktop.store.transactions import Transactions

STAGE = "Looking for warning signs"
_TEXT_LOOKS = 5  # images of a series that are looked at for burned-in text
_TEXT_LOOKS_OF_CAPTURES = 25
_DRAWN_ON = frozenset({"US", "SC", "OT", "ES", "XC"})

Emit = Callable[[tuple[Sign, ...]], None]


def find_signs(
    view: ViewSet, source: ImageSource, ctx: Context, emit: Emit | None = None
) -> tuple[Sign, ...]:
    """All warning signs of a set. Reads every file once; `emit` hears those found so far after each series.

    An image that cannot be had is a sign, not an error.

    Raises:
        Cancelled.
    """
    from iep_desktop.dicom.signs.judging import judge

    looked: list[Looked] = []
    total = sum(len(series.images) for study in view.studies for series in study.series)
    for study, series in _series_of(view):
        for one in _looks(study, series, source, ctx):
            looked.append(one)
            ctx.progress(Progress(STAGE, len(looked), total))
        if emit is not None:
            emit(judge(looked, view.asked))
    return judge(looked, view.asked)


def _series_of(view: ViewSet) -> Iterator[tuple[ViewStudy, ViewSeries]]:
    for study in view.studies:
        for series in study.series:
            yield study, series


def _looks(study: ViewStudy, series: ViewSeries, source: ImageSource, ctx: Context) -> Iterator[Looked]:
    from iep_desktop.dicom.signs.judging import Looked

    chosen = _chosen_for_text(series)
    away: Look | None = None  # a node that does not answer is not asked again for each image
    for at, image in enumerate(series.images):
        ctx.check()
        if away is None:
            seen, away = _look(study, series, image, source, ctx, text=at in chosen)
        else:
            seen = away
        yield Looked(study, series, image, seen)


def _look(
    study: ViewStudy, series: ViewSeries, image: ViewImage, source: ImageSource, ctx: Context, *, text: bool
) -> tuple[Look, Look | None]:
    from iep_desktop.dicom.signs.looking import Look, look

    try:
        return look(source.file(study, series, image, ctx), text=text), None
    except Cancelled:
        raise
    except IepError as error:
        seen = Look(image.sop_instance_uid, ViewPatient(), trouble=error.message or error.title)
        return seen, seen if isinstance(error, Retriable) else None


def _chosen_for_text(series: ViewSeries) -> frozenset[int]:
    """Places of some images, spread over the series, first and last among them."""
    count = len(series.images)
    most = _TEXT_LOOKS_OF_CAPTURES if series.modality in _DRAWN_ON else _TEXT_LOOKS
    if count <= most:
        return frozenset(range(count))
    return frozenset(round(at * (count - 1) / (most - 1)) for at in range(most))


# --- written down -----------------------------------------------------------------------------------------------


class Reviews:
    """Reviews in the ledger. Whether a transfer may go without one is asked by the export gate, as all else."""

    def __init__(
        self,
        transactions: Transactions,
        mandatory_for: Callable[[], tuple[str, ...]] = tuple,
        keep: Callable[[tuple[str, ...]], object] = lambda _: None,
    ) -> None:
        """`mandatory_for` tells hospitals' codes and nodes' names, or `*` (settings, `review_before_send`)."""
        self._transactions = transactions
        self._mandatory_for, self._keep = mandatory_for, keep

    def record(self, transaction_id: int, review: Review) -> None:
        """Write *reviewed by, when* with the count of images and the signs shown into the history.

        Raises:
            InvalidInput: nobody reviewed, or nothing is ticked.
        """
        if not review.by.strip():
            raise InvalidInput("A review needs a name", hint="Sign in, or say who reviewed the images.")
        if not review.sop_instance_uids:
            raise InvalidInput("Nothing is ticked", hint="Tick the images that are to be sent.")
        self._transactions.record(transaction_id, EVENT, event_text(review), review.by)
        self._lift(transaction_id)

    def _lift(self, transaction_id: int) -> None:
        """What waited for this review alone may go: the engine asks the gate once more before anything does."""
        required = self._transactions.by_id(transaction_id).required
        left = tuple(one for one in required if one.code != CODE)
        if len(left) == len(required):
            return
        self._transactions.require(transaction_id, left)
        if not any(one.blocking for one in left):
            self._transactions.queue(transaction_id)

    def of(self, transaction_id: int) -> Reviewed | None:
        """The last one of a transaction."""
        return last_review(self._transactions.events(transaction_id))

    def mandatory(self, *destinations: str) -> bool:
        """For a window to say so before the gate does."""
        return is_mandatory(self._mandatory_for(), *destinations)

    def mandatory_for(self) -> tuple[str, ...]:
        """Where a review is mandatory, as the setting names it."""
        return self._mandatory_for()

    def set_mandatory(self, names: tuple[str, ...]) -> None:
        """From the next send on. Raises Permanent where the settings cannot be written."""
        self._keep(names)
