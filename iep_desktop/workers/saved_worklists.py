"""Searches that a person keeps under a name: the menu All Worklists (R-UI). The person's own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.transaction import Direction, Tab, TransactionType, WorklistFilter
from iep_desktop.store.drafts import Drafts

KIND = "worklist"
LONGEST_NAME = 60


@dataclass(frozen=True)
class SavedWorklists:
    drafts: Drafts

    def save(self, name: str, wanted: WorklistFilter) -> None:
        """Keep it, replacing the one of that name. Raises InvalidInput for a name that is none."""
        name = " ".join(name.split())
        if not 1 <= len(name) <= LONGEST_NAME:
            raise InvalidInput("A worklist needs a name", f"It has 1 to {LONGEST_NAME} characters.")
        self.drafts.save(KIND, name, json.dumps(_to_json(wanted)))

    def list(self) -> tuple[tuple[str, WorklistFilter], ...]:
        """By name."""
        found = {draft.key: _from_json(draft.text) for draft in self.drafts.list(KIND)}
        return tuple(sorted(found.items(), key=lambda item: item[0].casefold()))

    def delete(self, name: str) -> None:
        self.drafts.delete(KIND, name)


def _to_json(wanted: WorklistFilter) -> dict[str, Any]:
    return {
        "tab": wanted.tab.value,
        "search": wanted.search,
        "directions": sorted(wanted.directions),
        "types": sorted(wanted.types),
        "created_by": wanted.created_by,
        "blue_light_only": wanted.blue_light_only,
        "date_from": wanted.date_from.isoformat() if wanted.date_from else None,
        "date_to": wanted.date_to.isoformat() if wanted.date_to else None,
    }


def _from_json(text: str) -> WorklistFilter:
    """A damaged one, or one of a newer version, shows everything: it costs a search, nothing else."""
    try:
        return _filter(json.loads(text))
    except (ValueError, LookupError, TypeError):
        return WorklistFilter()


def _filter(document: dict[str, Any]) -> WorklistFilter:
    return WorklistFilter(
        tab=Tab(document["tab"]),
        search=document["search"],
        directions=frozenset(map(Direction, document["directions"])),
        types=frozenset(map(TransactionType, document["types"])),
        created_by=document["created_by"],
        blue_light_only=document["blue_light_only"],
        date_from=_day(document["date_from"]),
        date_to=_day(document["date_to"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
