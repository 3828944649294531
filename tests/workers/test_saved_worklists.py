from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.transaction import Direction, Tab, TransactionType, WorklistFilter
from iep_desktop.store.database import Database
from iep_desktop.store.drafts import Drafts
from iep_desktop.store.upgrade import open_ledger
from iep_desktop.workers import saved_worklists
from iep_desktop.workers.saved_worklists import SavedWorklists


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    yield opened
    opened.dispose()


NIGHT = WorklistFilter(Tab.FAILED, "MOUSE", frozenset({Direction.OUT}), blue_light_only=True)


def test_what_one_person_saves_is_theirs_alone(database: Database) -> None:
    mine, theirs = (SavedWorklists(Drafts(database, owner=name)) for name in ("A. Operator", "B. Admin"))
    mine.save("Night", NIGHT)
    mine.save("all ours", WorklistFilter())
    assert mine.list() == (("all ours", WorklistFilter()), ("Night", NIGHT))
    assert theirs.list() == ()


def test_a_name_is_saved_over_and_deleted(database: Database) -> None:
    saved = SavedWorklists(Drafts(database, owner="A. Operator"))
    saved.save("Night", NIGHT)
    saved.save("Night", WorklistFilter(Tab.ALL))
    assert saved.list() == (("Night", WorklistFilter(Tab.ALL)),)
    saved.delete("Night")
    assert saved.list() == ()


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_a_worklist_needs_a_name(database: Database, name: str) -> None:
    with pytest.raises(InvalidInput, match="needs a name"):
        SavedWorklists(Drafts(database)).save(name, NIGHT)


def test_what_another_version_wrote_narrows_nothing(database: Database) -> None:
    drafts = Drafts(database, owner="A. Operator")
    drafts.save(saved_worklists.KIND, "Odd", '{"tab": "Nowhere"}')
    drafts.save(saved_worklists.KIND, "Torn", "{")
    assert dict(SavedWorklists(drafts).list()) == {"Odd": WorklistFilter(), "Torn": WorklistFilter()}


FILTERS = st.builds(
    WorklistFilter,
    tab=st.sampled_from(Tab),
    search=st.text(max_size=20),
    directions=st.frozensets(st.sampled_from(Direction)),
    types=st.frozensets(st.sampled_from(TransactionType)),
    created_by=st.text(max_size=20),
    blue_light_only=st.booleans(),
    date_from=st.none() | st.dates(min_value=date(1900, 1, 1)),
    date_to=st.none() | st.dates(),
)


@given(FILTERS)
def test_every_search_comes_back_as_it_was(wanted: WorklistFilter) -> None:
    text = json.dumps(saved_worklists._to_json(wanted))
    assert saved_worklists._from_json(text) == wanted
