"""`iep-desktop render`: a frame as a PNG, without any profile."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from iep_desktop import cli
from tests.dicom.render.making import SAMPLES, as_array, grey, open_image


def _no(*_: Any) -> Any:
    raise AssertionError("this door must stay closed")


def _main(*argv: str | Path) -> tuple[int, dict[str, Any]]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = cli.main(["--json", *map(str, argv)], open_window=_no, draw_screens=_no, open_demo=_no)
    return code, json.loads(out.getvalue())


@pytest.mark.parametrize("name", ["CT_small.dcm", "examples_ybr_color.dcm"])
def test_the_picture_is_what_the_renderer_shows_and_holds_nothing_else(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out.png"
    code, document = _main("render", SAMPLES / name, "--out", out)
    picture = Image.open(out)
    wanted = open_image(SAMPLES / name).render()
    assert (code, document["out"], document["frame"]) == (0, str(out), 1)
    assert np.array_equal(np.asarray(picture), as_array(wanted))
    assert picture.size == (document["width"], document["height"])
    assert picture.info == {}


def test_frame_and_size_can_be_chosen(tmp_path: Path) -> None:
    source = tmp_path / "image"
    frames = np.stack([np.full((40, 80), k, np.uint8) for k in (10, 20, 30)])
    source.write_bytes(grey(frames).getvalue())
    code, document = _main("render", source, "--out", tmp_path / "a.png", "--frame", "3", "--size", "20")
    assert code == 0
    assert (document["frame"], document["frames"], document["width"], document["height"]) == (3, 3, 20, 10)
    assert set(np.asarray(Image.open(tmp_path / "a.png")).ravel()) == {30}


@pytest.mark.parametrize(
    ("more", "code", "title"),
    [
        (["--frame", "4"], 2, "no frame 4"),
        (["--frame", "0"], 2, "whole number"),
        (["--size", "-5"], 2, "whole number"),
        (["--size", "9" * 40], 0, ""),
    ],
)
def test_unusable_arguments_are_told(tmp_path: Path, more: list[str], code: int, title: str) -> None:
    found, document = _main("render", SAMPLES / "CT_small.dcm", "--out", tmp_path / "out.png", *more)
    assert found == code
    assert title in document.get("error", {"title": ""})["title"]


@pytest.mark.parametrize("name", ["rtplan.dcm", "MR_truncated.dcm", "nowhere.dcm"])
def test_an_image_that_cannot_be_shown_says_why_and_writes_nothing(tmp_path: Path, name: str) -> None:
    code, document = _main("render", SAMPLES / name, "--out", tmp_path / "out.png")
    assert code == 4
    assert document["error"]["message"]
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    code, document = _main("render", SAMPLES / "CT_small.dcm", "--out", tmp_path / "no" / "out.png")
    assert code == 2
    assert "cannot be written" in document["error"]["title"]
