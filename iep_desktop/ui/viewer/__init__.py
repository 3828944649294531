"""The viewer: look before you send, see what came. Review, not diagnosis. `open_viewer` is the door.

What it needs is loaded when the first one opens, so that no other window starts later for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iep_desktop.core.viewing import ImageSource, ViewSet
    from iep_desktop.ui.services import StateStore
    from iep_desktop.ui.theme import Theme
    from iep_desktop.ui.viewer.window import ViewerWindow
    from iep_desktop.workers.queries import Queries


def open_viewer(
    view: ViewSet, source: ImageSource, queries: Queries, theme: Theme, state: StateStore, **more: Any
) -> ViewerWindow:
    """Show a set in a window of its own, for the caller to keep; `more` as `ViewerWindow` takes it."""
    from iep_desktop.ui.viewer.window import ViewerWindow

    window = ViewerWindow(view, source, queries, theme, state, **more)
    window.show()
    return window
