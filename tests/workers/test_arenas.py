"""Threads of an engine share what they free, and what nobody needs goes back to the system."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from iep_desktop.workers.arenas import give_back, share_arenas

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

    def library(name: object) -> object:
        asked.append(name)
        return object()

    monkeypatch.setattr("iep_desktop.workers.arenas.ctypes.CDLL", library)
    share_arenas()
    give_back()
    assert asked == ([None, None] if sys.platform.startswith("linux") else [])


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_many_threads_have_two_arenas_where_they_would_have_many(tmp_path: object) -> None:
    def arenas(*how: str) -> int:
        command = [sys.executable, "-c", COUNT, f"{tmp_path}/info.xml", *how]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert arenas() > 4
    assert arenas("shared") <= 2


GAPS = """
import psutil, sys
from iep_desktop.workers.arenas import give_back

of = psutil.Process()
blocks = [bytes(3_000) for _ in range(20_000)]
blocks = blocks[::100]  # 60 MB of gaps; each that stays keeps what is before it from the system
before = of.memory_info().rss
give_back()
print(before - of.memory_info().rss)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps gaps")
def test_what_lies_free_between_what_is_in_use_goes_back() -> None:
    command = [sys.executable, "-c", GAPS]
    returned = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert returned > 40_000_000
