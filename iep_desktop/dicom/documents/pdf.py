"""Pages of a PDF as pictures and as text, made by PDFium in a process of its own.

A crash or a hang costs the page that caused it. Must not know DICOM or Qt.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO, cast

import iep_desktop
from iep_desktop.core.documents import PdfPage
from iep_desktop.core.errors import Permanent
from iep_desktop.dicom.documents.pdf_process import LARGEST_PAGE, LARGEST_PDF
from iep_desktop.dicom.render.decoder_process import receive, send

_MODULE = "iep_desktop.dicom.documents.pdf_process"
_SECONDS = 20.0
_WIDEST = 4096  # pixels
_MOST_PIXELS = 30e6  # of a page: three bytes each stay below LARGEST_PAGE


class PdfReader:
    """One document. Safe to use from several threads; `close` ends its process."""

    def __init__(self, data: bytes, seconds: float = _SECONDS) -> None:
        """Raises Permanent where it is damaged, encrypted or too large."""
        if len(data) > LARGEST_PDF:
            raise _unshowable("It is too large.")
        self._data, self._seconds = data, seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self.sizes: tuple[tuple[float, float], ...] = ()
        with self._lock:
            self._open()

    def page(self, number: int, width: int) -> PdfPage:
        """Page `number`, counted from 0, `width` pixels wide."""
        points = self.sizes[number]
        tallest = (_MOST_PIXELS * points[0] / max(points[1], 1.0)) ** 0.5
        answer, data = self._ask({"page": number, "width": int(max(16, min(width, _WIDEST, tallest)))})
        shown = PdfPage(int(answer["width"]), int(answer["height"]), data)
        if len(data) != 3 * shown.width * shown.height:
            raise _unshowable("A page does not have the size that it announces.")
        return shown

    def text(self, number: int) -> str:
        """What is written on a page, for the clipboard and for screen readers."""
        return self._ask({"page": number})[1].decode("utf-8", "replace").replace("\r\n", "\n")

    def close(self) -> None:
        """Also from another thread while a page is made, which then fails."""
        self._closed = True
        if self._process is not None:
            self._process.kill()
        with self._lock:
            self._end()

    def _ask(self, request: dict[str, object]) -> tuple[dict[str, Any], bytes]:
        with self._lock:
            if self._closed:
                raise _unshowable("It was closed.")
            if self._process is None:
                self._open()
            answer = self._exchange(request, b"")
        if answer is None or "error" in answer[0]:
            raise _unshowable("A page is damaged.")
        return answer

    def _open(self) -> None:
        self._process = _started()
        answer = self._exchange({}, self._data)
        if answer is None or "error" in answer[0]:
            self._end()
            raise _unshowable("It is damaged, or protected by a password.")
        self.sizes = tuple((max(float(w), 1.0), max(float(h), 1.0)) for w, h in answer[0]["pages"])
        if not self.sizes:
            self._end()
            raise _unshowable("It has no pages.")

    def _exchange(self, request: dict[str, object], data: bytes) -> tuple[dict[str, Any], bytes] | None:
        """The answer; None where the process died over it or was too slow, for which it is killed."""
        process = cast("subprocess.Popen[bytes]", self._process)
        alarm = threading.Timer(self._seconds, process.kill)
        alarm.daemon = True
        alarm.start()
        try:
            send(cast("BinaryIO", process.stdin), request, data)
            answer = receive(cast("BinaryIO", process.stdout), LARGEST_PAGE)
        except (OSError, ValueError):
            answer = None
        finally:
            alarm.cancel()
        if answer is None:
            self._end()
        return answer

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            try:
                cast("BinaryIO", pipe).close()
            except OSError:  # what was not yet written to the dead
                pass


def _started() -> subprocess.Popen[bytes]:
    # `-m` must find this very program, and nothing in the working folder, which may be a disc.
    home = str(Path(iep_desktop.__file__).resolve().parent.parent)
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": home},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise Permanent("The PDF reader cannot be started", error.strerror or "") from error


def _unshowable(reason: str) -> Permanent:
    return Permanent("The PDF cannot be shown", reason)
