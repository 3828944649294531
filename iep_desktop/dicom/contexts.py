"""Presentation contexts for the files at hand (PS3.8 7.1.1.13). No network here.

One context per SOP class and transfer syntax, so that the peer can only say yes or no to the syntax that the
file has: nothing is ever converted. An association takes at most 128 contexts; more become several groups.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydicom.uid import UID
from pynetdicom.presentation import PresentationContext, StoragePresentationContexts, build_context

from iep_desktop.dicom.status import StatusFamily, StoreOutcome

MAX_CONTEXTS = 128  # PS3.8 9.3.2.2: context IDs are the odd numbers from 1 to 255


@dataclass(frozen=True, order=True)
class Pair:
    """What a file is and how it is encoded."""

    sop_class_uid: str
    transfer_syntax_uid: str


def groups(pairs: Iterable[Pair]) -> tuple[tuple[Pair, ...], ...]:
    """The distinct pairs in order, at most 128 in a group; each group is one association."""
    distinct = sorted(set(pairs))
    return tuple(tuple(distinct[at : at + MAX_CONTEXTS]) for at in range(0, len(distinct), MAX_CONTEXTS))


def presentation_contexts(group: Iterable[Pair]) -> list[PresentationContext]:
    return [build_context(pair.sop_class_uid, pair.transfer_syntax_uid) for pair in group]


# What a retrieve proposes for every SOP class, because no query says in which syntax a node would send: all of
# PS3.6 Table A-1 in which an image is kept, the retired JPEG processes too, but for the hierarchical ones. A node
# decodes, and sends uncompressed, what it holds in a syntax that is not proposed.
_SENT_TO_US = (
    *("1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"),
    *(f"1.2.840.10008.1.2.4.{number}" for number in (*range(50, 59), 70, 80, 81, *range(90, 94))),
    "1.2.840.10008.1.2.5",  # RLE
    *(f"1.2.840.10008.1.2.4.{number}" for number in (201, 202, 203, *range(100, 109), 110, 111, 112)),
)
_MOST_SENT = MAX_CONTEXTS - 2  # beside C-GET and C-MOVE
_CLASSES_AT_ONCE = _MOST_SENT // len(_SENT_TO_US)


def class_groups(sop_classes: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """The distinct SOP classes, as many in a group as one association can retrieve; unknown ones are alone."""
    distinct = sorted(set(sop_classes))
    unknown, known = [("",)] if "" in distinct else [], [uid for uid in distinct if uid]
    starts = range(0, len(known), _CLASSES_AT_ONCE)
    return (*unknown, *(tuple(known[at : at + _CLASSES_AT_ONCE]) for at in starts))


def retrieve_contexts(sop_classes: Iterable[str]) -> list[PresentationContext]:
    """What a node may send us: a context of its own for each class and syntax, so that it need not convert anything.

    Of unknown classes (an empty UID) the usual ones are proposed, each with all syntaxes in one context.
    """
    classes = list(sop_classes)
    if "" in classes:
        usual = [str(context.abstract_syntax) for context in StoragePresentationContexts]
        return [build_context(uid, list(_SENT_TO_US)) for uid in usual[:_MOST_SENT]]
    return [build_context(uid, syntax) for uid in classes for syntax in _SENT_TO_US]


def not_accepted(
    pair: Pair, accepted: Iterable[Pair], refused: Iterable[PresentationContext] = ()
) -> StoreOutcome:
    """Why no instance of this pair can be sent: the class is unknown there, or only this transfer syntax."""
    kind, syntax = UID(pair.sop_class_uid).name, UID(pair.transfer_syntax_uid).name
    others = sorted(
        UID(p.transfer_syntax_uid).name for p in accepted if p.sop_class_uid == pair.sop_class_uid
    )
    reasons = {cx.result for cx in refused if cx.abstract_syntax == pair.sop_class_uid}
    if others:
        text = f"The node takes {kind} only as {', '.join(others)}, not as {syntax}."
    elif 0x04 in reasons:  # PS3.8 Table 9-18: transfer-syntaxes-not-supported
        text = f"The node takes {kind}, but not as {syntax}."
    else:
        text = f"The node does not take {kind}."
    hint = "Ask the PACS team to allow this kind of image (SOP class and transfer syntax) for our AE title."
    return StoreOutcome(None, StatusFamily.CONFIGURATION, text, hint)
