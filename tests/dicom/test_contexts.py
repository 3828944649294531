"""Presentation contexts from the files at hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, JPEGLSLossless, MRImageStorage
from pynetdicom.presentation import build_context

from iep_desktop.dicom.contexts import MAX_CONTEXTS, Pair, groups, not_accepted, presentation_contexts
from iep_desktop.dicom.status import StatusFamily

CT = Pair(CTImageStorage, ExplicitVRLittleEndian)
CT_JPEG = Pair(CTImageStorage, JPEGLSLossless)


def test_each_class_and_syntax_gets_a_context_of_its_own_so_that_nothing_is_converted() -> None:
    contexts = presentation_contexts([CT, CT_JPEG])
    assert [(cx.abstract_syntax, cx.transfer_syntax) for cx in contexts] == [
        (CTImageStorage, [ExplicitVRLittleEndian]),
        (CTImageStorage, [JPEGLSLossless]),
    ]


@given(st.lists(st.integers(1, 400), max_size=600))
def test_no_group_is_too_large_and_nothing_is_lost_or_doubled(numbers: list[int]) -> None:
    pairs = [Pair(f"1.2.3.{n}", ExplicitVRLittleEndian) for n in numbers]
    found = groups(pairs)
    assert all(0 < len(group) <= MAX_CONTEXTS for group in found)
    assert sorted(pair for group in found for pair in group) == sorted(set(pairs))


def test_a_refused_class_and_a_refused_syntax_are_told_apart() -> None:
    refused = build_context(CTImageStorage, JPEGLSLossless)
    refused.result = 4
    by_others = not_accepted(CT_JPEG, [CT])
    by_reason = not_accepted(CT_JPEG, [], [refused])
    by_class = not_accepted(Pair(MRImageStorage, ExplicitVRLittleEndian), [CT])
    assert "only as Explicit VR Little Endian" in by_others.text
    assert by_reason.text.endswith("but not as JPEG-LS Lossless Image Compression.")
    assert by_class.text == "The node does not take MR Image Storage."
    assert {o.family for o in (by_others, by_reason, by_class)} == {StatusFamily.CONFIGURATION}
