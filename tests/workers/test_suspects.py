"""Which images are blamed for a line that breaks, and which never are."""

from __future__ import annotations

from pathlib import Path

import pytest

from iep_desktop.core.errors import Cause, NodeUnreachable
from iep_desktop.workers.suspects import LIMIT, Suspects
from tests.store.samples import images

ENDED = NodeUnreachable("PACS ended the connection", cause=Cause.ABORTED)


def test_an_image_over_which_the_line_broke_is_sent_last_and_the_others_keep_their_order(
    tmp_path: Path,
) -> None:
    first, second, third = images(3)
    Suspects(tmp_path).broke([first], ENDED)
    assert Suspects(tmp_path).last((first, second, third)) == (second, third, first)


def test_it_is_blamed_after_so_many_breaks_also_by_the_next_process(tmp_path: Path) -> None:
    (image,) = images(1)
    blamed = [Suspects(tmp_path).broke([image], ENDED) for _ in range(LIMIT)]
    assert blamed == [[]] * (LIMIT - 1) + [[image]]


def test_of_two_that_were_on_their_way_each_is_counted_by_itself(tmp_path: Path) -> None:
    unbearable, innocent = images(2)
    suspects = Suspects(tmp_path)
    suspects.broke([unbearable, innocent], ENDED)
    for _ in range(LIMIT - 2):
        suspects.broke([unbearable], ENDED)
    assert suspects.broke([unbearable], ENDED) == [unbearable]


@pytest.mark.parametrize("cause", [Cause.NOBODY_LISTENS, Cause.BUSY, Cause.FULL, Cause.UNKNOWN_HOST])
def test_no_image_is_blamed_for_a_node_that_cannot_be_reached(tmp_path: Path, cause: Cause) -> None:
    (image,) = images(1)
    blamed = [Suspects(tmp_path).broke([image], NodeUnreachable("No", cause=cause)) for _ in range(LIMIT)]
    assert blamed == [[]] * LIMIT
