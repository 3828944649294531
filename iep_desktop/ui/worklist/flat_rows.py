"""Where opened rows' children stand in a flat list of rows. Pure arithmetic, no Qt."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A transaction's row, and which child of it (-1: the transaction itself)."""

    row: int
    child: int


class FlatRows:
    """`total` transactions, some of them opened to a number of children."""

    def __init__(self, total: int = 0) -> None:
        self.total = total
        self._opened: dict[int, int] = {}  # transaction row → children, in order of rows

    def __len__(self) -> int:
        return self.total + sum(self._opened.values())

    @property
    def opened(self) -> tuple[int, ...]:
        return tuple(self._opened)

    def children(self, row: int) -> int:
        return self._opened.get(row, 0)

    def flat(self, row: int) -> int:
        """The flat row of a transaction."""
        return row + sum(children for at, children in self._opened.items() if at < row)

    def place(self, flat: int) -> Place:
        before = 0
        for at, children in self._opened.items():
            start = at + before
            if flat <= start:
                break
            if flat <= start + children:
                return Place(at, flat - start - 1)
            before += children
        return Place(flat - before, -1)

    def open(self, row: int, children: int) -> None:
        self._opened = dict(sorted((self._opened | {row: children}).items()))

    def close(self, row: int) -> None:
        self._opened.pop(row, None)

    def insert_at_top(self, count: int) -> None:
        self.total += count
        self._opened = {row + count: children for row, children in self._opened.items()}
