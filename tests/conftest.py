"""What holds for every test: no screen, no keyring and no profile of the user's own, no thread left behind."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

# Set before anything imports Qt or keyring, and inherited by the programs that tests start.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
os.environ.pop("IEP_PROFILE", None)

hypothesis.settings.register_profile(
    "house",
    deadline=None,  # a shared machine's pauses say nothing about the code
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize="CI" in os.environ,
    print_blob=True,
)
hypothesis.settings.load_profile("house")

_GRACE_SECONDS = 3.0
_MUCH_GARBAGE = 20_000  # objects
_OFTEN = 20


@pytest.fixture(scope="session", autouse=True)
def _users_own_folders_untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Default profiles land in a temporary folder."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in ("CACHE", "CONFIG", "DATA", "STATE"):
            patch.setenv(f"XDG_{kind}_HOME", str(tmp_path_factory.mktemp(kind.lower())))
        yield


@pytest.fixture(scope="session", autouse=True)
def _garbage_is_collected_where_qt_objects_live() -> Iterator[None]:
    """In the main thread alone, between two tests, as `workers.collecting` does it in the program."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def _garbage_of_a_test_goes_with_it() -> Iterator[None]:
    yield
    gc.disable()  # a program that a test ran has given collecting back
    if gc.get_count()[0] > _MUCH_GARBAGE:
        gc.collect(2 if gc.get_count()[2] > _OFTEN else 1)


@pytest.fixture(autouse=True)
def _no_thread_left_behind() -> Iterator[None]:
    """Fail the test whose non-daemon threads outlive it: they would keep the program from ending."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in left:
        _wait_for(thread)
    alive = [thread.name for thread in left if thread.is_alive()]
    assert not alive, f"threads left behind: {', '.join(alive)}"


def _wait_for(thread: threading.Thread) -> None:
    """A library's thread may be just starting when the test ends: it cannot be joined before it has."""
    deadline = time.monotonic() + _GRACE_SECONDS
    while thread in threading.enumerate() and not thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    if thread.is_alive():
        thread.join(_GRACE_SECONDS)


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger's file, made once."""
    from iep_desktop.store.upgrade import open_ledger  # a test that needs none does not load SQL for it

    path = tmp_path_factory.mktemp("ledger") / "empty.sqlite"
    open_ledger(f"sqlite:///{path}").dispose()
    return path
