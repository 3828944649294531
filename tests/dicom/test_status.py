"""C-STORE statuses: which family, and words for every one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.core.errors import NodeRejected, OutOfSpace, Permanent, Retriable
from iep_desktop.dicom.status import StatusFamily, meaning_of_store, query_error, store_outcome


@pytest.mark.parametrize(
    ("status", "family"),
    [
        (0x0000, StatusFamily.SUCCESS),
        (0xB000, StatusFamily.WARNING),
        (0xB006, StatusFamily.WARNING),
        (0xB007, StatusFamily.WARNING),
        (0xA700, StatusFamily.OUT_OF_RESOURCES),
        (0xA7FF, StatusFamily.OUT_OF_RESOURCES),
        (0xA900, StatusFamily.PERMANENT),
        (0xC000, StatusFamily.PERMANENT),
        (0xCFFF, StatusFamily.PERMANENT),
        (0x0122, StatusFamily.CONFIGURATION),
        (0x0124, StatusFamily.CONFIGURATION),
        (0x1234, StatusFamily.UNKNOWN),
        (0xFFFF, StatusFamily.UNKNOWN),
    ],
)
def test_each_status_belongs_to_its_family(status: int, family: StatusFamily) -> None:
    assert meaning_of_store(status).family is family


@given(st.integers(0, 0xFFFF))
def test_every_status_has_words_and_every_failure_a_next_step(status: int) -> None:
    outcome = store_outcome(status)
    assert outcome.text
    assert outcome.stored == (status == 0 or 0xB000 <= status <= 0xBFFF)
    assert outcome.stored or outcome.hint
    assert status == 0 or f"{status:04X}" in outcome.text


def test_warnings_count_as_stored_and_only_lack_of_resources_is_tried_again() -> None:
    assert store_outcome(0xB000).stored
    assert [store_outcome(s).retriable for s in (0xA700, 0xA900, 0xC000, 0x0122, 0x4321)] == [
        True,
        False,
        False,
        False,
        False,
    ]


def test_an_unknown_status_is_shown_as_it_came_with_the_comment_of_the_node() -> None:
    outcome = store_outcome(0x4321, "Quota of tenant used up ")
    assert "4321" in outcome.text
    assert '"Quota of tenant used up"' in outcome.text


def test_failed_queries_become_errors_of_our_families() -> None:
    kinds = [type(query_error(status, "PACS")) for status in (0xA700, 0x0122, 0xFE00, 0xC001)]
    assert kinds == [OutOfSpace, NodeRejected, Retriable, Permanent]
