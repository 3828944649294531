"""Which way messages take: by the system, the library's version and the setting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pynetdicom.association import Association

from iep_desktop.core.errors import InvalidInput
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.dicom import faststore, ways
from iep_desktop.dicom.archive import Archive
from iep_desktop.dicom.association import NodeAssociation
from iep_desktop.dicom.sendfile import SendFile
from iep_desktop.settings import Settings
from iep_desktop.workers import network
from tests.hospital import FAST, Hospital, ct_disc, form


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    ways.use("automatic")


def test_the_library_is_as_the_direct_way_knows_it() -> None:
    assert ways.library_is_known(), (
        "pynetdicom has changed: adapt the direct way, until then the plain one serves"
    )


@pytest.mark.parametrize("way", list(ways.Way))
def test_another_version_of_the_library_is_never_gone_past(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setattr("pynetdicom.__version__", "3.1.0")
    monkeypatch.setattr(ways, "library_is_known", ways.library_is_known.__wrapped__)
    ways.use(way)
    assert not ways.direct()


def test_nor_is_one_that_lacks_an_inner_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Association, "_check_received_status")
    assert not ways.library_is_known.__wrapped__()


@pytest.mark.parametrize(
    ("system", "way", "direct"),
    [
        ("linux", "automatic", True),
        ("win32", "automatic", False),
        ("darwin", "automatic", False),
        ("win32", "direct", True),
        ("linux", "library", False),
    ],
)
def test_it_is_taken_where_it_was_tried_or_where_somebody_says_so(
    monkeypatch: pytest.MonkeyPatch, system: str, way: str, direct: bool
) -> None:
    monkeypatch.setattr("iep_desktop.dicom.ways.sys.platform", system)
    ways.use(way)
    assert ways.direct() is direct


@pytest.mark.parametrize(("way", "direct"), [("automatic", True), ("library", False)])
def test_the_setting_of_a_profile_decides_how_its_images_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, direct: bool
) -> None:
    went: list[SendFile] = []
    send = faststore.direct

    def seen(link: NodeAssociation, file: SendFile, message_id: int, priority: int) -> faststore.Answer:
        went.append(file)
        return send(link, file, message_id, priority)

    monkeypatch.setattr(faststore, "direct", seen)
    with Archive(tmp_path / "archive", "PACS") as archive:
        node = Node("PACS", NodeRole.PACS, "RWE", "PACS", "127.0.0.1", archive.port)
        hospital = Hospital(tmp_path / "profile", node, replace(FAST, network_way=way))
        code, _ = hospital.import_(ct_disc(tmp_path / "cd", images=2).root, form(), "--registered")
    assert (code, len(archive), len(went)) == (0, 2, 2 * direct)


def test_a_word_that_is_no_way_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidInput) as caught:
        network.set_up(Settings(network_way="quick"))
    assert "automatic, direct, library" in caught.value.hint
