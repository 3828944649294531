"""Standard output and standard error: exactly one JSON document, or text; progress only on a terminal."""

from __future__ import annotations

import json
import sys
from typing import Any, TextIO

from tqdm import tqdm

from iep_desktop.core.job import Progress

_STAGES = {
    "copy": "copying",
    "send": "sending",
    "commitment": "awaiting commitment",
    "verify": "verifying",
    "read": "reading",
}


class Output:
    """Where a command says what it did."""

    def __init__(self, as_json: bool, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._json = as_json
        self._out = out or sys.stdout
        self._err = err or sys.stderr

    def result(self, document: Any, text: str) -> None:
        """The command's one answer: the document with --json, else the text."""
        shown = json.dumps(document, ensure_ascii=False, indent=2) if self._json else text
        print(shown, file=self._out, flush=True)

    def error(self, document: Any, text: str) -> None:
        """The answer when there is none: the document on standard output with --json, the text on standard error."""
        if self._json:
            self.result(document, "")
        else:
            self.note(text)

    def note(self, text: str) -> None:
        """Something beside the answer, for a person."""
        print(text, file=self._err, flush=True)

    def progress(self) -> ProgressBar:
        return ProgressBar(self._err)


class ProgressBar:
    """A bar for the stage that runs; silent where standard error is no terminal."""

    def __init__(self, err: TextIO) -> None:
        self._err = err
        self._stage = ""
        self._bar: tqdm[Any] | None = None

    def show(self, progress: Progress) -> None:
        if not self._err.isatty():
            return
        if progress.stage != self._stage:
            self.close()
            label = _STAGES.get(progress.stage, progress.stage)
            self._bar = tqdm(total=progress.total, desc=label, unit="image", file=self._err, leave=True)
            self._stage = progress.stage
        if self._bar is not None:
            self._bar.total = progress.total or None
            self._bar.update(progress.done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
