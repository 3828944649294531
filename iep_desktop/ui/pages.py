"""The pages behind the tabs. Each is made when it is first looked at, and so are the modules that it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal

from PySide6.QtWidgets import QStackedWidget

from iep_desktop.core.transaction import Tab

if TYPE_CHECKING:
    from iep_desktop.ui.create.page import CreatePage
    from iep_desktop.ui.queues.page import QueuesPage
    from iep_desktop.ui.worklist.required_page import RequiredPage
    from iep_desktop.ui.worklist.tab_page import TabPage
    from iep_desktop.ui.worklist.worklist_page import WorklistPage

QUEUES: Final = "Queues"
"""A tab that is no worklist."""
Place = Tab | Literal["Queues"] | None  # None: Create
TABS: tuple[Place, ...] = (
    None,
    Tab.IN_PROGRESS,
    Tab.ACTION_REQUIRED,
    Tab.FAILED,
    Tab.ALL,
    Tab.ACCEPTED,
    QUEUES,
)
WORKLISTS = (Tab.IN_PROGRESS, Tab.FAILED, Tab.ALL, Tab.ACCEPTED)


def title(place: Place) -> str:
    """The word on the tab."""
    return place.value if isinstance(place, Tab) else place or "Create"


class Pages(QStackedWidget):
    """Makes each page once, with what `make_…` give."""

    def __init__(
        self,
        make_create: Callable[[], CreatePage],
        make_worklist: Callable[[Tab], WorklistPage],
        make_required: Callable[[], RequiredPage],
        make_queues: Callable[[], QueuesPage],
    ) -> None:
        super().__init__()
        self._make_create, self._make_worklist = make_create, make_worklist
        self._make_required, self._make_queues = make_required, make_queues
        self._create: CreatePage | None = None
        self._required: RequiredPage | None = None
        self._queues: QueuesPage | None = None
        self._worklists: dict[Tab, WorklistPage] = {}

    @property
    def create_page(self) -> CreatePage:
        if self._create is None:
            self._create = self._make_create()
            self.addWidget(self._create)
        return self._create

    @property
    def required_page(self) -> RequiredPage:
        if self._required is None:
            self._required = self._make_required()
            self.addWidget(self._required)
        return self._required

    @property
    def queues_page(self) -> QueuesPage:
        if self._queues is None:
            self._queues = self._make_queues()
            self.addWidget(self._queues)
        return self._queues

    def worklist(self, tab: Tab) -> WorklistPage:
        if tab not in self._worklists:
            self._worklists[tab] = self._make_worklist(tab)
            self.addWidget(self._worklists[tab])
        return self._worklists[tab]

    def list_of(self, tab: Tab) -> TabPage:
        return self.required_page if tab is Tab.ACTION_REQUIRED else self.worklist(tab)

    def show_page(self, place: Place) -> None:
        if isinstance(place, Tab):
            self.setCurrentWidget(self.list_of(place))
        else:
            self.setCurrentWidget(self.queues_page if place else self.create_page)

    @property
    def lists(self) -> list[TabPage]:
        """Those that have been made."""
        return [*self._worklists.values(), *([self._required] if self._required else [])]

    @property
    def searched(self) -> list[TabPage | QueuesPage]:
        """Those of them that the header's search narrows."""
        return [*self.lists, *([self._queues] if self._queues else [])]

    @property
    def made_queues_page(self) -> QueuesPage | None:
        return self._queues

    @property
    def made_create_page(self) -> CreatePage | None:
        return self._create


class Worklists(Mapping[Tab, "WorklistPage"]):
    """The worklist pages by tab; asking for one makes it."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def __getitem__(self, tab: Tab) -> WorklistPage:
        if tab not in WORKLISTS:
            raise KeyError(tab)
        return self._pages.worklist(tab)

    def __iter__(self) -> Iterator[Tab]:
        return iter(WORKLISTS)

    def __len__(self) -> int:
        return len(WORKLISTS)

    def __contains__(self, tab: object) -> bool:
        return tab in WORKLISTS
