"""The other side of `engine_process`: an engine and its listener, at the orders of a window in another process.

Runs until the orders end, which they do when the window closes, or dies. Standard output belongs to the news alone.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from iep_desktop.core.errors import Permanent
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.workers.desk import Desk
from iep_desktop.workers.engine import Engine, headless
from iep_desktop.workers.engine_line import (
    Expect,
    Expecting,
    Forget,
    Looked,
    Message,
    NotUnderstood,
    Settled,
    Wake,
    Working,
    decode,
    encode,
)
from iep_desktop.workers.listener import Listener

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from iep_desktop.dicom.storage_scp import StorageListener

NEWS_MS = 500
READER_SECONDS = 1.0
NICE, LEAST = 10, 19  # of 20 steps down


def serve_standard(desk: Desk) -> None:
    """Serve over standard input and output; whatever else writes there goes to standard error.

    Below the window's priority: a person waits for that, while an image can wait for a millisecond.

    Raises:
        LedgerUnusable: the ledger was deleted or damaged meanwhile.
    """
    give_way()
    news = os.dup(1)
    os.dup2(2, 1)
    with open(0, "rb", buffering=0, closefd=False) as orders, open(news, "wb", buffering=0) as out:
        serve(desk, orders, out)


def give_way() -> None:
    """Let what a person does on this computer come first."""
    import psutil

    process = psutil.Process()
    below_normal = getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", None)  # Windows
    process.nice(min(process.nice() + NICE, LEAST) if below_normal is None else below_normal)


def serve(desk: Desk, orders: BinaryIO, news: BinaryIO) -> None:
    """Raises LedgerUnusable."""
    with headless(desk) as (application, engine):
        listener = Listener(desk)
        service = _Service(desk, engine, listener, news)
        service.ended.connect(application.quit, Qt.ConnectionType.QueuedConnection)
        reader = threading.Thread(target=service.read, args=(orders,), name="orders", daemon=True)
        reader.start()
        listener.start()
        application.exec()
        service.close()
        listener.stop()
        reader.join(
            READER_SECONDS
        )  # where the orders have ended it is in Qt's hands, and must come out of them


class _Service(QObject):
    """Orders in, news out. Lives in the thread of the event loop; orders are read, and landings told, in others."""

    ended = Signal()
    _ordered = Signal(object)

    def __init__(self, desk: Desk, engine: Engine, listener: Listener, news: BinaryIO) -> None:
        super().__init__()
        self._desk, self._engine, self._news = desk, engine, news
        self._lock = threading.Lock()
        self._told: Message | None = None
        self._loans: dict[int, AbstractContextManager[None]] = {}
        self._ordered.connect(self._do, Qt.ConnectionType.QueuedConnection)
        engine.settled.connect(lambda id: self.tell(Settled(id)))
        listener.looked.connect(engine.wake)
        listener.looked.connect(lambda: self.tell(Looked(self._listening())))
        self._tick = QTimer(self)
        self._tick.setInterval(NEWS_MS)
        self._tick.timeout.connect(self._tell_work)
        self._tick.start()

    def read(self, orders: BinaryIO) -> None:
        """In a thread of its own, until the orders end."""
        for line in orders:
            with suppress(NotUnderstood):  # of a window that knows more: it is a hint and can be left undone
                self._ordered.emit(decode(line))
        self.ended.emit()

    def tell(self, message: Message) -> None:
        """From any thread. A window that is gone is heard of by the end of its orders."""
        with self._lock, suppress(BrokenPipeError):
            self._news.write(encode(message))

    def close(self) -> None:
        for key in list(self._loans):
            self._forget(key)

    def _do(self, order: Message) -> None:
        match order:
            case Wake():
                self._engine.wake()
            case Expect():
                self._expect(order)
            case Forget():
                self._forget(order.key)

    def _tell_work(self) -> None:
        rate = self._engine.rate
        now = Working(self._engine.jobs, *rate.per_second(), rate.usual())
        if now != self._told:
            self._told = now
            self.tell(now)

    # -- the listener, lent to the window

    def _listening(self) -> str:
        listener = self._listener()
        return listener.ae_title if listener else ""

    def _listener(self) -> StorageListener | None:
        with suppress(Permanent):  # its port is taken: the round of the clock has said so
            return self._desk.storage_listener
        return None

    def _expect(self, order: Expect) -> None:
        listener = self._listener()
        if listener is None:
            return
        from iep_desktop.workers.landing_elsewhere import Telling

        telling = Telling(order, self.tell)
        node = Node("", NodeRole.PACS, "", order.ae_title, "", 0, calling_ae=order.calling_ae)
        self._loans[order.key] = listener.expecting(order.message_id, node, telling)
        self._loans[order.key].__enter__()
        self.tell(Expecting(order.key))

    def _forget(self, key: int) -> None:
        loan = self._loans.pop(key, None)
        if loan:
            loan.__exit__(None, None, None)
