"""Presentation contexts for the files at hand (PS3.8 7.1.1.13). No network here.

One context per SOP class and transfer syntax, so that the peer can only say yes or no to the syntax that the
file has: nothing is ever converted. An association takes at most 128 contexts; more become several groups.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydicom.uid import UID
from pynetdicom.presentation import PresentationContext, build_context

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
