"""What each command of the viewer does: the one place where keys and buttons meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from iep_desktop.core.pictures import Look
from iep_desktop.ui.viewer.tools import Tool
from iep_desktop.ui.viewer.viewport import Viewport

if TYPE_CHECKING:
    from iep_desktop.ui.viewer.pane import Pane
    from iep_desktop.ui.viewer.window import ViewerWindow

_FASTER = 1.25


class Commands:
    """`run` takes an id of `keys.COMMANDS`."""

    def __init__(self, window: ViewerWindow) -> None:
        self._window = window
        self._acts: dict[str, Callable[[], object]] = {
            **{tool.name.lower(): partial(self._tool, tool) for tool in Tool},
            **self._image_acts(),
            **self._window_acts(),
        }

    def run(self, id: str) -> None:
        self._acts[id]()

    @property
    def _pane(self) -> Pane:
        return self._window.panes.active

    def _image_acts(self) -> dict[str, Callable[[], object]]:
        return {
            "unmeasure": lambda: self._pane.remove_line(),
            "invert": self._invert,
            "rotate": lambda: self._pane.set_port(self._pane.port.turned(1)),
            "rotate_left": lambda: self._pane.set_port(self._pane.port.turned(-1)),
            "flip": lambda: self._pane.set_port(self._pane.port.flipped()),
            "flip_down": lambda: self._pane.set_port(self._pane.port.flipped(upside_down=True)),
            "fit": lambda: self._pane.set_port(self._pane.port.fitted()),
            "one_to_one": lambda: self._pane.set_port(replace(self._pane.port, zoom=1.0, centre=None)),
            "reset": self._reset,
            "cine": self._cine,
            "slower": lambda: self._pane.cine.set_rate(self._pane.cine.rate / _FASTER),
            "faster": lambda: self._pane.cine.set_rate(self._pane.cine.rate * _FASTER),
            "again": lambda: self._pane.try_again(),
        }

    def _window_acts(self) -> dict[str, Callable[[], object]]:
        window = self._window
        return {
            "one": lambda: window.set_panes(1),
            "two": lambda: window.set_panes(2),
            "four": lambda: window.set_panes(4),
            "next_pane": window.panes.activate_next,
            "next_series": lambda: window.step_series(1),
            "previous_series": lambda: window.step_series(-1),
            "link": self._link,
            "scouts": self._scouts,
            "tags": window.panels.toggle_tags,
            "documents": window.next_document,
            "signs": window.show_signs,
            "keys": window.show_keys,
            "close": window.close,
        }

    def _tool(self, tool: Tool) -> None:
        self._window.panes.set_tool(tool)
        self._window.toolbar.set_tool(tool)

    def _invert(self) -> None:
        self._pane.set_look(replace(self._pane.look, invert=not self._pane.look.invert))

    def _reset(self) -> None:
        self._pane.set_look(Look())
        self._pane.set_port(Viewport())

    def _cine(self) -> None:
        self._pane.toggle_cine()
        self._window.toolbar.set_playing(playing=self._pane.cine.running)

    def _link(self) -> None:
        panes = self._window.panes
        panes.set_linked(linked=not panes.linked)
        self._window.toolbar.set_toggle("link", on=panes.linked)

    def _scouts(self) -> None:
        panes = self._window.panes
        panes.set_scouts(scouts=not panes.scouts)
        self._window.toolbar.set_toggle("scouts", on=panes.scouts)
