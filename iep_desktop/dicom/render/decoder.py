"""Our side of the decoder processes: starts them when the first compressed frame comes, restarts what crashed.

A crash or a hang costs the frame that caused it and about 0.2 s. As many processes as threads decode at once, at
most four; they end with the program, however it ends, because their standard input does.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

import iep_desktop
from iep_desktop.core.errors import Permanent
from iep_desktop.dicom.render.arrays import Pixels
from iep_desktop.dicom.render.checks import unshowable
from iep_desktop.dicom.render.codecs import Request
from iep_desktop.dicom.render.decoder_process import receive, send

_MOST_PROCESSES = min(4, os.cpu_count() or 1)
_MODULE = "iep_desktop.dicom.render.decoder_process"
_SECONDS = 10.0
_SECONDS_A_MEGAPIXEL = 2.0
_QUICKEST_START = 0.2  # seconds that a process needs on a quiet computer


class Decoders:
    """A few processes, each busy with one frame at a time."""

    def __init__(
        self, most: int = _MOST_PROCESSES, seconds: float = _SECONDS, worth: float | None = None
    ) -> None:
        """`worth`: seconds of waiting in all, after which one more process pays; by itself, what two starts take."""
        self._seconds, self._worth = seconds, worth
        self._start = (
            seconds  # what it takes to start a process here; not known before the first has answered
        )
        self._free: list[_Process] = []
        self._slots = threading.BoundedSemaphore(most)
        self._changed = threading.Condition()
        self._line: list[object] = []  # who waits for a free one
        self._processes = 0  # free and busy
        self._waited = 0.0  # seconds since the last one was started
        self.crashes = 0

    def decode(self, request: Request, data: bytes) -> Pixels:
        """The frame's samples.

        Raises:
            Permanent: the codec says no, crashed or took too long.
        """
        with self._slots:
            process = self._take()
            try:
                began = time.monotonic()
                answer = process.ask(request, data, self._time(request))
            except BaseException:
                self._lose(process)
                raise
            if answer is None:
                self._lose(process)
                self.crashes += 1
                raise unshowable("The compressed frame made the decoder fail; it is damaged.")
            with self._changed:
                if process.is_new:
                    self._start = max(time.monotonic() - began, _QUICKEST_START)
                    process.is_new = False
                self._free.append(process)
                self._changed.notify_all()
        return _array(request, *answer)

    def prepare(self) -> None:
        """Start a process where none waits, so that the first frame need not: soon there will be one to decode."""
        with self._changed:
            if not self._processes:
                self._free.append(self._started())

    def close(self) -> None:
        """End idle processes; the next frame starts one again."""
        with self._changed:
            free, self._free = self._free, []
        for process in free:
            self._lose(process)

    def _take(self) -> _Process:
        """One that is free, soon becomes free, or is new."""
        with self._changed:
            self._wait_in_line()
            while self._free:
                process = self._free.pop()
                if process.alive:
                    return process
                process.end()
                self._processes -= 1
            return self._started()

    def _wait_in_line(self) -> None:
        """Who came first gets the next free one, or else whoever is quick would always be."""
        me, began = object(), time.monotonic()
        self._line.append(me)
        while not ((self._free and self._line[0] is me) or not self._processes):
            worth = 2 * self._start if self._worth is None else self._worth
            left = worth - self._waited - (time.monotonic() - began)
            if left <= 0:
                break
            self._changed.wait(left)
        self._line.remove(me)
        self._waited += time.monotonic() - began
        self._changed.notify_all()

    def _started(self) -> _Process:
        process = _Process()
        self._processes += 1
        self._waited = 0.0
        return process

    def _lose(self, process: _Process) -> None:
        process.end()
        with self._changed:
            self._processes -= 1
            self._changed.notify_all()

    def _time(self, request: Request) -> float:
        return self._seconds + _SECONDS_A_MEGAPIXEL * request.rows * request.columns / 1e6


def _array(request: Request, document: dict[str, object], data: bytes) -> Pixels:
    if error := document.get("error"):
        raise unshowable(str(error))
    array: Pixels = np.frombuffer(data, np.dtype(str(document["type"])))
    shape = (*request.shape, request.samples)[: 3 if request.samples > 1 else 2]
    if array.dtype.kind not in "iu" or document["shape"] != list(shape):
        raise unshowable("The compressed frame does not have the size that it announces.")
    return array.reshape(shape)


class _Process:
    def __init__(self) -> None:
        self.is_new = True
        # `-m` must find this very program, and nothing in the working folder, which may be a disc.
        home = str(Path(iep_desktop.__file__).resolve().parent.parent)
        environment = {**os.environ, "PYTHONPATH": home, "OPENBLAS_NUM_THREADS": "1"}
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", _MODULE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                creationflags=flags,
            )
        except OSError as error:
            raise Permanent("The decoder cannot be started", error.strerror or "") from error

    def ask(self, request: Request, data: bytes, seconds: float) -> tuple[dict[str, object], bytes] | None:
        """The answer; None where the process died over it or was too slow, for which it is killed."""
        requests = cast("BinaryIO", self._process.stdin)
        answers = cast("BinaryIO", self._process.stdout)
        alarm = threading.Timer(seconds, self._process.kill)
        alarm.daemon = True
        alarm.start()
        try:
            send(requests, asdict(request), data)
            return receive(answers, 8 * request.rows * request.columns * request.samples)
        except (OSError, ValueError):
            return None
        finally:
            alarm.cancel()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                cast("Any", pipe).close()
            except OSError:  # what was not yet written to the dead
                pass


decoders = Decoders()
atexit.register(decoders.close)
