"""The engine of a window, in a process of its own: nine transfers share no interpreter with the event loop.

Owns that process: starts it, starts it again when it dies, tells it to look, hears its news, and stops it. It is
`iep-desktop run` with a line to us (`engine_line`); when the window dies its input ends, and so does it, between two
images. What it did and what it was doing stands in the ledger.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Qt, QTimer, Signal

from iep_desktop.workers.engine_line import (
    Expecting,
    Landed,
    Looked,
    Message,
    NotUnderstood,
    Settled,
    Wake,
    Working,
    decode,
    encode,
)
from iep_desktop.workers.lent_listener import LentListener
from iep_desktop.workers.rate import ToldRate

_log = logging.getLogger(__name__)

AGAIN_MS, LONGEST_AGAIN_MS = 1_000, 30_000
STOP_SECONDS = 25.0


class EngineProcess(QObject):
    """Lives in the thread of the event loop and never blocks it, but for `stop`."""

    settled = Signal(int)  # a job of this transaction ended, however it ended
    looked = Signal()  # it has looked at what is due, and is at work
    _ordered = Signal(object)

    def __init__(self, profile: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._profile = profile
        self._process: QProcess | None = None
        self._stopping = False
        self._jobs = 0
        self._again = AGAIN_MS
        self.rate = ToldRate()
        self.rounds = 0
        self.listener = LentListener(self._ordered.emit)
        self._ordered.connect(self._say, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        return self._jobs > 0

    @property
    def process_id(self) -> int:
        """0 where it does not run."""
        return int(self._process.processId()) if self._process else 0

    def start(self) -> None:
        if self._stopping or self._process is not None:
            return
        process = QProcess(self)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._not_started)
        self._process = process
        process.start(sys.executable, [*_module(), "--profile", str(self._profile), "run", "--for-window"])

    def wake(self) -> None:
        """Look for work now; called by whoever has just queued something."""
        self._say(Wake())

    def stop(self, seconds: float = STOP_SECONDS) -> bool:
        """Its jobs end between two images and go on at the next start; False where it had to be killed."""
        self._stopping = True
        process, self._process, self._jobs = self._process, None, 0
        if process is None:
            return True
        process.readyReadStandardOutput.disconnect(self._read)
        process.closeWriteChannel()
        clean = process.waitForFinished(int(seconds * 1000))
        if not clean:
            process.kill()
            process.waitForFinished()
        return clean

    # -- inside

    def _say(self, message: Message) -> None:
        if self._process is not None and not self._stopping:
            self._process.write(encode(message))

    def _read(self) -> None:
        while self._process is not None and self._process.canReadLine():
            try:
                self._hear(decode(bytes(self._process.readLine().data())))
            except NotUnderstood:
                _log.warning("the engine said something that is not understood")

    def _hear(self, news: Message) -> None:
        match news:
            case Working():
                self._jobs = news.jobs
                self.rate.tell(news)
            case Settled():
                self.settled.emit(news.transaction_id)
            case Looked():
                self.rounds += 1
                self._again = AGAIN_MS
                self.listener.ae_title = news.listening
                self.looked.emit()
            case Expecting():
                self.listener.granted(news)
            case Landed():
                self.listener.landed(news)

    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._ended()

    def _ended(self, *_: object) -> None:
        """It never ends by itself while all is well: the ledger could not be opened, or it was killed."""
        if self._process is None:
            return
        self._process.deleteLater()
        self._process, self._jobs = None, 0
        self.listener.ae_title = ""
        if not self._stopping:
            _log.warning("the engine's process has ended and is started again in %d ms", self._again)
            QTimer.singleShot(self._again, self, self.start)
            self._again = min(self._again * 2, LONGEST_AGAIN_MS)


def _module() -> list[str]:
    """How this program is called: an installed one is its own interpreter."""
    return [] if getattr(sys, "frozen", False) else ["-m", __name__.partition(".")[0]]
