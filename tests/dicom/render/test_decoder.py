"""The decoder processes: a crash or a hang costs one frame, never the program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from iep_desktop.core.errors import Permanent
from iep_desktop.dicom.render import codecs, frames
from iep_desktop.dicom.render.codecs import Request
from iep_desktop.dicom.render.decoder import Decoders, decoders
from iep_desktop.dicom.render.decoder_process import receive, send
from iep_desktop.dicom.render.image import open_image
from tests.dicom.render.making import JPEG, SAMPLES, shown
from tests.fuzz.corpus import packed, ramp

DATA = Path(__file__).parent.parent.parent / "data" / "render"
PICTURE = ramp(16, 16, "u1")
FRAME = packed(PICTURE, "PNG")  # any bytes that are no JPEG
JPEG_FRAME = packed(PICTURE, "JPEG", quality=100)
REQUEST = Request(JPEG, 16, 16, 1, 8, 8, signed=False, ycc=False)


@pytest.fixture
def own() -> Any:
    """Decoders that no other test uses."""
    own = Decoders(most=1, seconds=5)
    yield own
    own.close()


def close(array: Any) -> bool:
    return bool(np.abs(array.astype(int) - PICTURE).max() < 8)


@pytest.mark.parametrize("path", sorted(DATA.glob("codec-*.dcm")), ids=lambda path: path.stem)
def test_images_that_made_a_codec_crash_are_an_error_and_the_next_one_is_shown(path: Path) -> None:
    image = open_image(path)
    with pytest.raises(Permanent, match="made the decoder fail"):
        image.render(image.frames - 1)
    assert shown(SAMPLES / "JPEG2000.dcm").std() > 10


def test_one_process_serves_one_frame_after_another(own: Decoders) -> None:
    assert close(own.decode(REQUEST, JPEG_FRAME))
    first = own._free[0]._process.pid
    assert close(own.decode(REQUEST, JPEG_FRAME))
    assert own._free[0]._process.pid == first
    assert own.crashes == 0


def test_what_the_codec_refuses_does_not_end_its_process(own: Decoders) -> None:
    with pytest.raises(Permanent, match="cannot be decoded"):
        own.decode(REQUEST, FRAME)
    assert own.crashes == 0
    assert close(own.decode(REQUEST, JPEG_FRAME))


def test_a_process_that_died_meanwhile_is_replaced_without_a_word(own: Decoders) -> None:
    own.decode(REQUEST, JPEG_FRAME)
    own._free[0]._process.kill()
    own._free[0]._process.wait()
    assert close(own.decode(REQUEST, JPEG_FRAME))
    assert own.crashes == 0


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGSTOP")
def test_a_process_that_hangs_is_ended_and_the_next_frame_is_decoded() -> None:
    own = Decoders(most=1)
    own.decode(REQUEST, JPEG_FRAME)
    own._seconds = 0.4
    os.kill(own._free[0]._process.pid, signal.SIGSTOP)
    with pytest.raises(Permanent, match="made the decoder fail"):
        own.decode(REQUEST, JPEG_FRAME)
    assert own.crashes == 1
    own._seconds = 10
    assert close(own.decode(REQUEST, JPEG_FRAME))
    own.close()


def test_a_prepared_process_takes_the_first_frame_and_there_is_never_more_than_one() -> None:
    own = Decoders(most=1)
    own.prepare()
    own.prepare()
    (waiting,) = own._free
    assert close(own.decode(REQUEST, JPEG_FRAME))
    assert own._free == [waiting]
    own.close()


@pytest.mark.parametrize(("worth", "processes"), [(60.0, 1), (0.0, 2)])
def test_another_process_is_started_only_when_waiting_has_cost_more(worth: float, processes: int) -> None:
    own = Decoders(most=2, worth=worth)
    with ThreadPoolExecutor(2) as pool:
        arrays = list(pool.map(lambda _: own.decode(REQUEST, JPEG_FRAME), range(30)))
    assert all(map(close, arrays))
    assert len(own._free) == processes
    own.close()


def test_many_threads_decode_at_once() -> None:
    own = Decoders(most=2)
    with ThreadPoolExecutor(6) as pool:
        arrays = list(pool.map(lambda _: own.decode(REQUEST, JPEG_FRAME), range(40)))
    assert all(map(close, arrays))
    assert 1 <= len(own._free) <= 2
    own.close()


def test_a_decoder_that_gives_another_size_than_asked_for_is_not_believed(own: Decoders) -> None:
    with pytest.raises(Permanent, match="does not have the size"):
        own.decode(Request(JPEG, 16, 32, 1, 8, 8, signed=False, ycc=False), JPEG_FRAME)


def test_an_answer_longer_than_the_frame_is_not_read() -> None:
    pipe = BytesIO()
    send(pipe, {}, b"x" * 100)
    pipe.seek(0)
    with pytest.raises(ValueError, match="too long"):
        receive(pipe, most=99)


def test_the_process_ends_with_the_program_that_started_it() -> None:
    script = (
        "import sys, os; from iep_desktop.dicom.render.decoder import decoders; from tests.dicom.render.test_decoder"
        " import REQUEST, JPEG_FRAME; decoders.decode(REQUEST, JPEG_FRAME);"
        " print(decoders._free[0]._process.pid, flush=True); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 9, done.stderr
    import psutil

    try:
        psutil.Process(int(done.stdout)).wait(timeout=10)
    except psutil.NoSuchProcess:
        pass
    assert not psutil.pid_exists(int(done.stdout))


def test_neither_renderer_nor_decoder_needs_qt_and_the_decoder_needs_no_pydicom() -> None:
    script = (
        "import sys, importlib; importlib.import_module(sys.argv[1]);"
        " print(sorted({m.split('.')[0] for m in sys.modules} & {'PySide6', 'pydicom', 'numpy'}))"
    )
    for module, wanted in (("image", "['numpy', 'pydicom']"), ("decoder_process", "[]")):
        name = f"iep_desktop.dicom.render.{module}"
        done = subprocess.run(
            [sys.executable, "-c", script, name], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == wanted


def test_no_codec_is_called_in_the_program_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codecs, "decode", None)
    assert shown(SAMPLES / "MR_small_jpeg_ls_lossless.dcm").std() > 10


def test_all_frames_use_the_same_decoders() -> None:
    assert frames.decoders is decoders
