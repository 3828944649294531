"""Figure 6, second half: scrolling 1,000 CT slices on the screen, from cache and cold; and dragging a window.

    python -m benchmarks.cine [SLICES]

A real pane, offscreen, 800 × 800: each frame is asked for, brought through the threads, and painted before the next
one is asked for. *Cold* begins with an empty cache and reads every file. Bars: 60 frames a second from cache, 30 cold.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from PySide6.QtCore import QEventLoop
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication

from benchmarks.figure import note, say
from benchmarks.synthetic import ct_slices, ram_folder
from iep_desktop.core.job import Context
from iep_desktop.core.pictures import Look, Slot, WindowLevel
from iep_desktop.core.viewing import ViewImage, ViewSeries, ViewStudy
from iep_desktop.ui.theme import Theme, ThemeChoice
from iep_desktop.ui.viewer.frame_feed import FrameFeed
from iep_desktop.ui.viewer.pane import Pane
from iep_desktop.workers.stacks import Stack

FROM_CACHE, COLD = 60.0, 30.0
SIDE = 800
SECONDS = 60.0


class _Files:
    """Paths as they are."""

    def file(self, study: ViewStudy, series: ViewSeries, image: ViewImage, ctx: Context) -> Path:
        return Path(image.where)


class _Pane(Pane):
    """Knows which frame it has painted last."""

    painted: tuple[Slot, Look] | None = None

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self.painted = (self.picture.slot, self.picture.look) if self.picture else None


class _Screen:
    """One pane, and the frames that were painted."""

    def __init__(self, paths: list[Path], theme: Theme) -> None:
        images = tuple(ViewImage(f"2.25.{at}", where=str(path)) for at, path in enumerate(paths, start=1))
        series = ViewSeries("2.25.0", "CT", images=images)
        self.stack = Stack(ViewStudy("2.25.9", series=(series,)), series)
        self.feed = FrameFeed(_Files())
        self.pane = _Pane(0, self.feed, theme)
        self.pane.resize(SIDE, SIDE)
        self.pane.show()

    def open(self) -> None:
        self.pane.open(self.stack)
        self._wait()

    def show(self, place: int) -> None:
        self.pane.go(place)
        self._wait()

    def look(self, level: WindowLevel) -> None:
        self.pane.set_level(level)
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + SECONDS
        while self.pane.waits or self.pane.painted != self._wanted():
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            if self.pane.missing or time.monotonic() > end:
                raise RuntimeError(f"a frame did not come: {self.pane.missing}")

    def _wanted(self) -> tuple[Slot, Look] | None:
        picture = self.pane.picture
        return (picture.slot, picture.look) if picture else (self.stack.slot(0), Look())

    def close(self) -> None:
        self.feed.close()
        self.pane.close()


def rate(screen: _Screen, count: int) -> float:
    """Frames a second through the whole series, each one painted."""
    screen.show(0)
    begun = time.perf_counter()
    for place in range(1, count):
        screen.show(place)
    return (count - 1) / (time.perf_counter() - begun)


def dragging(screen: _Screen, steps: int = 200) -> float:
    """Windows a second on one slice, each one painted."""
    begun = time.perf_counter()
    for step in range(steps):
        screen.look(WindowLevel(40, 80.0 + step))
    return steps / (time.perf_counter() - begun)


def measure(count: int) -> bool:
    app = QApplication.instance() or QApplication([])
    theme = Theme(app, ThemeChoice.LIGHT)  # type: ignore[arg-type]
    with ram_folder() as folder:
        note(f"making {count} slices")
        paths = ct_slices(folder / "slices", count)
        screen = _Screen(paths, theme)
        screen.open()
        cold = rate(screen, count)
        cached = rate(screen, count)
        kept = sum(screen.stack.slot(at).key in screen.feed.reader.cache for at in range(count))
        windows = dragging(screen)
        screen.close()
    note(f"{kept} of {count} frames were in the cache, {screen.feed.reader.cache.bytes >> 20} MB")
    return say(
        "6, scrolling",
        ours=f"{cached:.0f} frames/s from cache, {cold:.0f} cold, {windows:.0f} windows/s",
        theirs=f"{FROM_CACHE:.0f} and {COLD:.0f} frames/s",
        ratio=round(min(cached / FROM_CACHE, cold / COLD), 2),
        wanted="≥ 60 frames/s from cache, ≥ 30 cold",
        met=cached >= FROM_CACHE and cold >= COLD,
    )


def main(arguments: list[str]) -> int:
    return 0 if measure(int(arguments[0]) if arguments else 1_000) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
