"""Runs a test over both ways of C-STORE: `from tests.fakes.ways import way  # noqa: F401`."""

from __future__ import annotations

import pytest

from iep_desktop.dicom import ways


@pytest.fixture(params=["direct", "plain"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The way that `open_store` takes; "plain" as if the library's inner parts had changed."""
    chosen = str(request.param)
    monkeypatch.setattr(ways, "direct", lambda: chosen == "direct")
    return chosen
