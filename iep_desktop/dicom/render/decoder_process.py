"""The process in which native codecs run: reads requests from standard input, writes frames to standard output.

A crash ends this process and nothing else; the program starts another. Speaks lengths, JSON and raw bytes, no pickle:
even a process that a malicious image has taken over can give back no more than a wrong frame. Must not import Qt.
Run as `python -m iep_desktop.dicom.render.decoder_process`.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import sys
from typing import BinaryIO

_HEAD = struct.Struct("<LQ")  # of the JSON, of the bytes
_MOST_MEMORY = 6 << 30  # address space, of which the libraries alone take 1 GB


def send(pipe: BinaryIO, document: dict[str, object], data: bytes | memoryview) -> None:
    text = json.dumps(document).encode()
    pipe.write(_HEAD.pack(len(text), len(data)) + text)
    pipe.write(data)
    pipe.flush()


def receive(pipe: BinaryIO, most: int) -> tuple[dict[str, object], bytes] | None:
    """None where the other side has gone. ValueError where it says more than `most` bytes."""
    head = pipe.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    text_length, length = _HEAD.unpack(head)
    if text_length > 1 << 16 or length > most:
        raise ValueError("too long an answer")
    text, data = pipe.read(text_length), pipe.read(length)
    if len(text) < text_length or len(data) < length:
        return None
    document = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError("no answer")
    return document, data


def main() -> None:
    _restrain()
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_WRONLY)
    for noisy in (1, 2):  # libraries print what they think of a frame
        os.dup2(silence, noisy)
    import numpy  # noqa: F401, ICN001 - loaded before it is asked for anything

    while (received := receive(requests, 1 << 40)) is not None:
        _answer(answers, *received)


def _answer(answers: BinaryIO, document: dict[str, object], data: bytes) -> None:
    import numpy as np

    from iep_desktop.dicom.render.codecs import Request, Undecodable, decode

    try:
        array = np.ascontiguousarray(decode(Request(**document), data))  # type: ignore[arg-type]
    except Undecodable as error:
        send(answers, {"error": str(error)}, b"")
    except Exception as error:  # noqa: BLE001 - the door of a process: codecs raise anything
        send(answers, {"error": f"The compressed frame cannot be decoded ({type(error).__name__})."}, b"")
    else:
        send(answers, {"type": array.dtype.str, "shape": list(array.shape)}, array.data.cast("B"))


def _restrain() -> None:
    """No windows about crashes, no core files, no more memory than a frame can need."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetErrorMode(0x0001 | 0x0002)  # critical errors and crashes end in silence
    else:
        import resource

        for limit, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, _MOST_MEMORY)):
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(limit, (most, resource.getrlimit(limit)[1]))
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # the frame's size was checked before it came here


if __name__ == "__main__":
    main()
