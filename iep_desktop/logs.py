"""Logging: one rotating file in the profile. Names, numbers and birth dates never reach it: log UIDs, numbers of
transactions, AE titles, statuses. Other libraries' loggers stay at WARNING, since theirs may print identifiers."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

_FORMAT = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"


def start_logging(folder: Path, name: str = "iep-desktop", *, level: int = logging.INFO) -> logging.Handler:
    """Log to `folder`/`name`.log, at most five files of 2 MB; returns the handler, for shutdown.

    A file has one long-running writer: the engine of a window, a process of its own, has another name.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        folder / f"{name}.log", maxBytes=2_000_000, backupCount=4, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter(_FORMAT))
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    root.addHandler(handler)
    logging.getLogger("iep_desktop").setLevel(level)
    return handler
