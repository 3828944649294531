"""QIDO-RS (PS3.18 10.6): the questions of `Finding`, put by GET. An echo is the smallest of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx
from pydicom.dataset import Dataset

from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.core.queries import EchoResult
from iep_desktop.dicom import query
from iep_desktop.dicom.fastsocket import DEFAULT_LIMITS, Limits
from iep_desktop.dicom.finding import Finding, T
from iep_desktop.dicom.troubles import at
from iep_desktop.dicom.web.documents import JSON, data_sets, read_json
from iep_desktop.dicom.web.line import WebLine
from iep_desktop.dicom.web.troubles import refusal

_STUDIES = "/studies"
NOTHING: dict[str, str | list[str]] = {"StudyInstanceUID": "2.25.0", "limit": "1"}  # a study that nobody has
_MOST_PAGES = 10_000


class WebFindSession(Finding):
    """Get it from `open_find`."""

    _lists_patients = False  # DICOMweb knows studies, series and instances only

    def __init__(self, line: WebLine) -> None:
        self._line = line

    def _find(
        self, level: str, keys: dict[str, str], limit: int | None, read: Callable[[Dataset], T]
    ) -> list[T]:
        path, keys = _resource(level, keys)
        asked: dict[str, str | list[str]] = {**keys, "includefield": list(query.RETURN_KEYS[level])}
        if limit is not None:
            asked["limit"] = str(limit)
        found: list[T] = []
        for _ in range(_MOST_PAGES):
            answers, more = self._page(path, asked, level)
            found += map(read, answers)
            if not more or not answers or (limit is not None and len(found) >= limit):
                break
            asked["offset"] = str(len(found))
        return found[:limit]

    def _page(self, path: str, asked: dict[str, str | list[str]], level: str) -> tuple[list[Dataset], bool]:
        """Some answers, and whether the node says that it has more of them (PS3.18 8.3.4.4)."""
        with self._line.ask("GET", path, keys=asked, headers={"Accept": JSON}) as answer:
            unknown = answer.status_code == 404 and path != _STUDIES
            document = [] if unknown else _document(self._line, answer)
            warning = answer.headers.get("Warning", "")
        if unknown:  # a study that it does not have; unless nothing is there at all
            self._page(_STUDIES, NOTHING, "STUDY")
        return data_sets(self._line.node, document, query.RETURN_KEYS[level]), "additional" in warning


@contextmanager
def open_find(
    node: Node, sign_in: str = "", *, limits: Limits = DEFAULT_LIMITS, ctx: Context | None = None
) -> Iterator[WebFindSession]:
    with WebLine(node, sign_in, limits, ctx) as line:
        yield WebFindSession(line)


def echo(
    node: Node, sign_in: str = "", *, limits: Limits = DEFAULT_LIMITS, ctx: Context | None = None
) -> EchoResult:
    """Ask for a study that nobody has: whether the node is there, lets us in, and speaks DICOMweb."""
    start = time.monotonic()
    with WebLine(node, sign_in, limits, ctx) as line:
        with line.ask("GET", _STUDIES, keys=NOTHING, headers={"Accept": JSON}) as answer:
            document = _document(line, answer)
            version = answer.headers.get("Server", "")
        data_sets(node, document, ())
        return EchoResult(
            node.name, line.connect_seconds, time.monotonic() - start - line.connect_seconds, version
        )


def _document(line: WebLine, answer: httpx.Response) -> Any:
    if answer.status_code == 204:
        return []
    if not answer.is_success:
        raise at(line.node, refusal(line.node, answer.status_code, signed_in=line.signs_in))
    return read_json(line.node, answer)


def _resource(level: str, keys: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Where the answers to a question lie, and what is still to be matched there."""
    rest = dict(keys)
    if level == "STUDY":
        return _STUDIES, rest
    path = f"{_STUDIES}/{quote(rest.pop('StudyInstanceUID'), safe='')}/series"
    if level == "SERIES":
        return path, rest
    return f"{path}/{quote(rest.pop('SeriesInstanceUID'), safe='')}/instances", rest
