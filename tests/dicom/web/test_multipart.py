"""Multipart bodies come in pieces of any size, and are the same parts whatever the pieces are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iep_desktop.dicom.web.multipart import NoMultipart, boundary_of, pieces

_PART = st.binary(max_size=40) | st.sampled_from(
    [b"\r\n--", b"\r\n--B", b"--EDGE", b"\r\n\r\n", b"\r\n--EDG\r\n"]
)


def _body(parts: list[bytes]) -> bytes:
    heads = [b"\r\n--EDGE\r\nContent-Type: application/dicom\r\n\r\n" + part for part in parts]
    return b"".join(heads)[2:] + b"\r\n--EDGE--\r\n"


def _read(body: bytes, size: int) -> list[bytes]:
    found, part = [], b""
    for piece in pieces((body[at : at + size] for at in range(0, len(body), size)), "EDGE"):
        if piece is None:
            found.append(part)
            part = b""
        else:
            part += piece
    return found


@given(st.lists(_PART, min_size=1, max_size=4), st.integers(1, 60))
def test_parts_come_out_as_they_went_in_whatever_the_pieces(parts: list[bytes], size: int) -> None:
    assert _read(_body(parts), size) == parts


@given(st.integers(0, 200))
def test_a_body_that_ends_early_is_never_taken_for_whole(cut: int) -> None:
    body = _body([b"first", b"second"])
    with pytest.raises(NoMultipart):
        _read(body[: min(cut, len(body) - 4)], 7)


def test_what_is_no_multipart_has_no_boundary() -> None:
    assert boundary_of('multipart/related; type="application/dicom"; boundary="a b"') == "a b"
    assert boundary_of("application/dicom+json; boundary=x") == ""
    assert boundary_of("") == ""
