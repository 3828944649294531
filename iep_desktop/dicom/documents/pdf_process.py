"""The process in which PDFium runs: a foreign PDF that breaks it ends this process and nothing else.

Speaks lengths, JSON and raw bytes, as the decoder process does. PDFium is built without JavaScript; forms are not
filled, links not followed, nothing is written. Run as `python -m iep_desktop.dicom.documents.pdf_process`.
"""

from __future__ import annotations

import os
import sys
from typing import Any, BinaryIO

from iep_desktop.dicom.render.decoder_process import receive, send

LARGEST_PDF = 256 << 20  # bytes
LARGEST_PAGE = 100 << 20  # bytes of a picture
MOST_PAGES = 2_000
_MOST_MEMORY = 4 << 30  # address space
_MOST_LETTERS = 200_000


def main() -> None:
    _restrain()
    answers = os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_WRONLY)
    for noisy in (1, 2):
        os.dup2(silence, noisy)
    pdf: Any = None
    while (received := receive(sys.stdin.buffer, LARGEST_PDF)) is not None:
        request, data = received
        try:
            if pdf is None:
                pdf = _opened(data)
                send(answers, {"pages": _sizes(pdf)}, b"")
            else:
                _answer(answers, pdf, request)
        except Exception as error:  # noqa: BLE001 - the door of a process: a library may raise anything
            send(answers, {"error": type(error).__name__}, b"")


def _opened(data: bytes) -> Any:
    import pypdfium2

    return pypdfium2.PdfDocument(data)


def _sizes(pdf: Any) -> list[tuple[float, float]]:
    """Width and height of each page in points."""
    return [pdf.get_page_size(at) for at in range(min(len(pdf), MOST_PAGES))]


def _answer(answers: BinaryIO, pdf: Any, request: dict[str, object]) -> None:
    page = pdf[int(str(request["page"]))]
    try:
        if "width" not in request:
            text = page.get_textpage().get_text_range()[:_MOST_LETTERS]
            send(answers, {}, text.encode("utf-8", "replace"))
            return
        bitmap = page.render(scale=int(str(request["width"])) / page.get_width(), rev_byteorder=True)
        picture = bitmap.to_numpy()[..., :3]
        height, width = picture.shape[:2]
        send(answers, {"width": width, "height": height}, picture.tobytes())
    finally:
        page.close()


def _restrain() -> None:
    """No core files, and no more memory than a document can need."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetErrorMode(0x0001 | 0x0002)  # crashes end in silence
        return
    import contextlib
    import resource

    for limit, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, _MOST_MEMORY)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, resource.getrlimit(limit)[1]))


if __name__ == "__main__":
    main()
