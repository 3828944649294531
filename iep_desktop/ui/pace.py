"""How fast something moves and how long it will still take; counts and sizes as words. Pure; the clock is given."""

from __future__ import annotations

from collections import deque

_WINDOW = 8.0  # seconds that the rate looks back: a drive speeds up and slows down


class Pace:
    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def saw(self, now: float, done: int) -> None:
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[0][0] > _WINDOW:
            self._seen.popleft()

    def forget(self) -> None:
        """After a pause the old times say nothing."""
        self._seen.clear()

    @property
    def rate(self) -> float:
        """Files a second; 0 while not known."""
        if len(self._seen) < 2:
            return 0.0
        (start, first), (end, last) = self._seen[0], self._seen[-1]
        return (last - first) / (end - start) if end > start else 0.0

    def left(self, total: int) -> str:
        """`about 1 min left`; empty while nobody can know."""
        if not self._seen or self.rate <= 0 or not total:
            return ""
        seconds = max(0, total - self._seen[-1][1]) / self.rate
        if seconds < 5:
            return "a moment left"
        return (
            f"about {round(seconds)} s left"
            if seconds < 55
            else f"about {max(1, round(seconds / 60))} min left"
        )


def show_size(size: int) -> str:
    """Decimal units, as drives and PACS show them."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))} KB" if size else "0"
    if size < 1_000_000_000:
        return f"{size / 1_000_000:.0f} MB"
    return f"{size / 1_000_000_000:.1f} GB"


def several(number: int, one: str, many: str = "") -> str:
    """`1 study`, `3 studies`; `many` where an s is not enough."""
    return f"{show_count(number)} {one if number == 1 else many or one + 's'}"


def show_count(number: int) -> str:
    """Thousands parted by a narrow space, as the pictures do."""
    return f"{number:,}".replace(",", "\u202f")
