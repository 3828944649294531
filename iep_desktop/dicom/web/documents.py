"""DICOM JSON (PS3.18 F) as it comes from a node: read, judged, and turned into data sets or single values."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import httpx
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from iep_desktop.core.model import Node
from iep_desktop.dicom.troubles import at
from iep_desktop.dicom.web.troubles import unreadable_answer

JSON = "application/dicom+json"
Item = dict[str, Any]


def read_json(node: Node, answer: httpx.Response) -> Any:
    """Raises Permanent where it is no JSON."""
    try:
        return json.loads(answer.read())
    except (ValueError, RecursionError):
        raise at(
            node, unreadable_answer(node)
        ) from None  # the exception holds the text, which names patients


def data_sets(node: Node, document: Any, keywords: Iterable[str]) -> list[Dataset]:
    """The answers of a query, with the elements of these keywords. Raises Permanent where they are none."""
    tags = [f"{tag_for_keyword(keyword):08X}" for keyword in keywords]
    try:
        return [Dataset.from_json({tag: ds[tag] for tag in tags if tag in ds}) for ds in _items(document)]
    except Exception:  # noqa: BLE001 - whatever pydicom makes of what is no DICOM JSON
        raise at(node, unreadable_answer(node)) from None


def sequence(document: Any, tag: str) -> list[Item]:
    """The items of a sequence; none where there is no such."""
    element = document.get(tag) if isinstance(document, dict) else None
    values = element.get("Value") if isinstance(element, dict) else None
    return [item for item in values if isinstance(item, dict)] if isinstance(values, list) else []


def value(item: Item, tag: str) -> str:
    """The first value as text, empty where there is none."""
    element = item.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return str(values[0]).strip() if isinstance(values, list) and values else ""


def _items(document: Any) -> list[Item]:
    if not isinstance(document, list) or not all(isinstance(item, dict) for item in document):
        raise ValueError("no list of objects")
    return document
