from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.ui.worklist.flat_rows import FlatRows, Place


@st.composite
def opened_lists(draw: st.DrawFn) -> tuple[int, dict[int, int]]:
    total = draw(st.integers(1, 40))
    rows = draw(st.dictionaries(st.integers(0, total - 1), st.integers(1, 5), max_size=8))
    return total, rows


@given(opened_lists())
def test_every_flat_row_is_the_place_that_counting_finds(case: tuple[int, dict[int, int]]) -> None:
    total, opened = case
    flat = FlatRows(total)
    for row, children in opened.items():
        flat.open(row, children)
    expected = [Place(row, child) for row in range(total) for child in range(-1, opened.get(row, 0))]
    assert [flat.place(at) for at in range(len(flat))] == expected
    assert [flat.flat(row) for row in range(total)] == [
        at for at, place in enumerate(expected) if place.child == -1
    ]


@given(opened_lists(), st.integers(1, 5))
def test_new_rows_on_top_take_opened_ones_along(case: tuple[int, dict[int, int]], count: int) -> None:
    total, opened = case
    flat = FlatRows(total)
    for row, children in opened.items():
        flat.open(row, children)
    flat.insert_at_top(count)
    assert flat.total == total + count
    assert {row: flat.children(row) for row in flat.opened} == {
        row + count: children for row, children in opened.items()
    }


def test_a_closed_row_has_no_children() -> None:
    flat = FlatRows(3)
    flat.open(1, 2)
    flat.close(1)
    assert (len(flat), flat.children(1)) == (3, 0)
