"""Qt, loaded so that it leaves the sources of all other modules alone.

PySide6 (6.11) reads the source of every module that is imported beside it, for whether that module may switch features
such as `snake_case`, and `linecache` keeps what was read: a sixth of the window's start, 22 MB of a window and 38 MB of
an engine (docs/performance.md). No module here switches features. It leans on a private name; where that is not there,
Qt does what it always did.
"""

from __future__ import annotations

import sys


def load_qt() -> None:
    """To be called before anything else imports PySide6."""
    import shiboken6  # noqa: F401 - it brings what is looked for

    feature = sys.modules.get("shibokensupport.feature")
    if hasattr(feature, _LOOK):
        setattr(feature, _LOOK, _switches_no_feature)


_LOOK = "_mod_uses_pyside"


def _switches_no_feature(module: object) -> bool:
    return False
