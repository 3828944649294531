"""Threads of an engine share what they free."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from iep_desktop.workers.arenas import share_arenas

COUNT = """
import ctypes, sys, threading
from iep_desktop.workers.arenas import share_arenas

if "shared" in sys.argv:
    share_arenas()
together = threading.Barrier(12)

def work():
    together.wait()
    kept.append([bytes(2000) for _ in range(200)])
    together.wait()

kept = []
threads = [threading.Thread(target=work) for _ in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, out)
libc.fclose(out)
print(open(sys.argv[1]).read().count("<heap nr="))
"""


def test_another_c_library_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr("iep_desktop.workers.arenas.ctypes.CDLL", lambda name: asked.append(name) or object())
    share_arenas()
    assert asked == ([None] if sys.platform.startswith("linux") else [])


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_many_threads_have_two_arenas_where_they_would_have_many(tmp_path: object) -> None:
    def arenas(*how: str) -> int:
        command = [sys.executable, "-c", COUNT, f"{tmp_path}/info.xml", *how]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert arenas() > 4
    assert arenas("shared") <= 2
