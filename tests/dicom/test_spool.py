"""The spool: whole files or none, durable names, nothing of the patient, and clear words when something fails."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest

from iep_desktop.core.errors import Cancelled, IepError, MediumUnreadable, OutOfSpace, Permanent, Retriable
from iep_desktop.core.job import Context
from iep_desktop.dicom.spool import MediumAway, Spool, SpooledFile, SpoolRequest

UID = "1.2.826.0.1.3680043.9.1"


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def files(spool: Spool) -> list[str]:
    """Everything in the spool, temporary files too."""
    root = spool.path("1/a.dcm").parent.parent
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


def request(number: int, content: bytes = b"x" * 1000) -> SpoolRequest:
    return SpoolRequest(f"{UID}.{number}", lambda: BytesIO(content), len(content))


class Failing(BytesIO):
    """A medium that gives some bytes and then an error, which no real disc does on demand."""

    def __init__(self, code: int) -> None:
        super().__init__(b"x" * 100)
        self._code = code

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() == 0:
            return super().read(50)
        raise OSError(self._code, os.strerror(self._code))


def missing() -> BinaryIO:
    raise FileNotFoundError(errno.ENOENT, "No such file")


def test_an_instance_is_copied_with_its_hash_under_a_name_that_says_nothing(spool: Spool) -> None:
    content = os.urandom(3_000_001)
    spooled = spool.copy_in(lambda: BytesIO(content), 44, UID, len(content))

    assert spool.path(spooled.name).read_bytes() == content
    assert spooled.sha256 == hashlib.sha256(content).hexdigest()
    assert spooled.size == len(content)
    assert spooled.name.startswith("44/")
    assert UID not in spooled.name
    assert files(spool) == [spooled.name]


def test_only_we_may_read_the_spool(spool: Spool) -> None:
    old = os.umask(0)
    try:
        spooled = spool.copy_in(lambda: BytesIO(b"x"), 44, UID)
    finally:
        os.umask(old)
    path = spool.path(spooled.name)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700


def test_the_same_instance_copied_again_replaces_the_first(spool: Spool) -> None:
    first = spool.copy_in(lambda: BytesIO(b"one"), 44, UID)
    second = spool.copy_in(lambda: BytesIO(b"other"), 44, UID)
    assert first.name == second.name
    assert spool.verify(second.name, second.sha256)
    assert not spool.verify(first.name, first.sha256)


def test_two_transactions_do_not_share_files(spool: Spool) -> None:
    one, other = (spool.copy_in(lambda: BytesIO(b"x"), number, UID) for number in (44, 45))
    spool.free(44)
    assert not spool.verify(one.name, one.sha256)
    assert spool.verify(other.name, other.sha256)
    spool.free(44)  # twice does no harm


def test_many_are_copied_in_order_and_a_bad_one_does_not_stop_the_others(spool: Spool) -> None:
    requests = [request(n, b"%d" % n) for n in range(50)]
    requests[20] = SpoolRequest(f"{UID}.20", missing)
    requests[30] = SpoolRequest(f"{UID}.30", lambda: Failing(errno.EIO))
    requests[40] = SpoolRequest(f"{UID}.40", lambda: BytesIO(b"cut"), 1000)

    results = list(spool.copy_many(requests, 44))

    assert [done for done, _ in results] == requests
    failed = [n for n, (_, result) in enumerate(results) if isinstance(result, IepError)]
    assert failed == [20, 30, 40]
    assert all(isinstance(results[n][1], MediumUnreadable) for n in failed)
    for n, (_, result) in enumerate(results):
        if isinstance(result, SpooledFile):
            assert spool.path(result.name).read_bytes() == b"%d" % n
    assert len(files(spool)) == 47


def test_a_name_is_only_handed_out_when_its_folder_was_synced(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        log.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    for copied, _ in enumerate(spool.copy_many([request(n) for n in range(20)], 44), start=1):
        last_folder = len(log) - 1 - log[::-1].index("folder")
        assert log[: last_folder + 1].count("file") >= copied


@pytest.mark.parametrize("code", [errno.ENOMEDIUM, errno.ENXIO, errno.ESTALE])
def test_a_disc_that_was_taken_out_may_be_tried_again(spool: Spool, code: int) -> None:
    with pytest.raises(MediumAway) as caught:
        spool.copy_in(lambda: Failing(code), 44, UID)
    assert isinstance(caught.value, Retriable)
    assert files(spool) == []


def test_an_unreadable_sector_is_permanent_and_leaves_nothing(spool: Spool) -> None:
    with pytest.raises(MediumUnreadable) as caught:
        spool.copy_in(lambda: Failing(errno.EIO), 44, UID)
    assert isinstance(caught.value, Permanent)
    assert files(spool) == []


def test_a_source_shorter_than_the_medium_says_is_refused(spool: Spool) -> None:
    with pytest.raises(MediumUnreadable):
        spool.copy_in(lambda: BytesIO(b"x" * 10), 44, UID, 11)
    assert files(spool) == []


def test_cancelling_stops_within_a_file_and_leaves_nothing(spool: Spool) -> None:
    ctx = Context()

    class Endless(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            ctx.cancel()
            return b"x" * 1000

    with pytest.raises(Cancelled):
        spool.copy_in(Endless, 44, UID, ctx=ctx)
    assert files(spool) == []


def test_whoever_stops_listening_leaves_no_temporary_file(spool: Spool) -> None:
    copying = spool.copy_many([request(n) for n in range(100)], 44)
    next(copying)
    copying.close()  # type: ignore[attr-defined]
    assert not [name for name in files(spool) if name.endswith(".part")]


def test_space_is_checked_before_the_start(spool: Spool) -> None:
    spool.check_space(1)
    with pytest.raises(OutOfSpace) as caught:
        spool.check_space(1 << 60)
    assert "free" in caught.value.message
    assert "GB" in caught.value.message


def test_a_name_that_leads_out_of_the_spool_is_refused(spool: Spool) -> None:
    for name in ("../a.dcm", "44/../../etc/passwd", "/etc/passwd", "44/.hidden.dcm", "44", ""):
        with pytest.raises(Permanent):
            spool.path(name)


def test_a_damaged_or_missing_file_does_not_verify(spool: Spool) -> None:
    spooled = spool.copy_in(lambda: BytesIO(b"content"), 44, UID)
    assert spool.verify(spooled.name, spooled.sha256)
    spool.path(spooled.name).write_bytes(b"contenT")
    assert not spool.verify(spooled.name, spooled.sha256)
    spool.path(spooled.name).unlink()
    assert not spool.verify(spooled.name, spooled.sha256)


def test_sweeping_removes_old_coerced_files_and_spares_fresh_ones(spool: Spool) -> None:
    old, fresh = (spool.copy_in(lambda: BytesIO(b"x"), n, UID) for n in (1, 2))
    for spooled in (old, fresh):
        spool.coerced_path(spooled.name).write_bytes(b"y")
    past = time.time() - 7200
    os.utime(spool.coerced_path(old.name), (past, past))

    assert spool.sweep() == 1
    assert files(spool) == sorted([old.name, fresh.name, fresh.name + ".coerced"])


def test_sweeping_spares_what_another_is_writing(spool: Spool) -> None:
    half, go = threading.Event(), threading.Event()

    class Waiting(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            half.set()
            assert go.wait(10)
            return super().read(size)

    spooled: list[SpooledFile] = []
    thread = threading.Thread(
        target=lambda: spooled.append(spool.copy_in(lambda: Waiting(b"content"), 44, UID))
    )
    thread.start()
    assert half.wait(10)
    swept = spool.sweep()
    go.set()
    thread.join(10)

    assert swept == 0
    assert spool.verify(spooled[0].name, spooled[0].sha256)


# --- full disks and kills --------------------------------------------------------------------------------------

LIMITED = """
    import resource, sys
    from io import BytesIO
    from pathlib import Path
    from iep_desktop.core.errors import OutOfSpace
    from iep_desktop.dicom.spool import Spool, SpoolRequest
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    spool = Spool(Path(sys.argv[1]))
    sizes = [1000, 1000, 2_000_000, 1000]
    requests = [SpoolRequest(f"1.2.{n}", lambda s=s: BytesIO(b"x" * s), s) for n, s in enumerate(sizes)]
    try:
        for request, result in spool.copy_many(requests, 44):
            print(type(result).__name__)
    except OutOfSpace as error:
        print(error.kind)
"""


def run(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_disk_that_fills_up_stops_the_copy_and_leaves_no_half_file(tmp_path: Path) -> None:
    process = run(LIMITED, tmp_path / "spool")
    out, _ = process.communicate(timeout=30)

    assert out.endswith("out-of-space\n")
    left = [p for p in (tmp_path / "spool").rglob("*") if p.is_file()]
    assert all(p.suffix == ".dcm" and p.stat().st_size == 1000 for p in left)


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 1 MB where we may mount one, else a folder."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
        ).returncode
        == 0
    )
    yield folder
    if mounted:
        subprocess.run(["umount", folder], check=True)


def test_a_tiny_disk_is_refused_before_the_start(tiny: Path) -> None:
    spool = Spool(tiny / "spool")
    with pytest.raises(OutOfSpace):
        spool.check_space(1 << 50)
    if tiny.is_mount():
        with pytest.raises(OutOfSpace):
            spool.copy_in(lambda: BytesIO(b"x" * (3 << 20)), 44, UID)
        assert files(spool) == []


ENDLESS = """
    import sys
    from io import BytesIO
    from pathlib import Path
    from iep_desktop.dicom.spool import Spool, SpoolRequest
    content = bytes(range(256)) * 4000
    spool = Spool(Path(sys.argv[1]))
    def requests():
        n = 0
        while True:
            n += 1
            yield SpoolRequest(f"1.2.{n}", lambda: BytesIO(content), len(content))
    for request, result in spool.copy_many(requests(), 44):
        print(result.name, result.sha256, flush=True)
"""


@pytest.mark.parametrize("names", [1, 17, 40])
def test_a_kill_leaves_whole_files_and_what_is_half_is_swept(tmp_path: Path, names: int) -> None:
    process = run(ENDLESS, tmp_path / "spool")
    assert process.stdout is not None
    known = [process.stdout.readline().split() for _ in range(names)]
    process.send_signal(signal.SIGKILL)
    known += [line.split() for line in process.stdout.read().splitlines() if len(line.split()) == 2]
    process.wait(10)
    process.stdout.close()

    spool = Spool(tmp_path / "spool")
    assert all(spool.verify(name, sha256) for name, sha256 in known if len(sha256) == 64)
    spool.sweep()
    left = files(spool)
    assert not [name for name in left if name.endswith(".part")]
    assert all(spool.verify(name, known[0][1]) for name in left)
