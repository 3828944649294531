"""Drives of a Linux whose /proc, /sys and /dev are a folder of ours, and ejecting with real programs."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from iep_desktop.core.errors import Permanent
from iep_desktop.core.medium import Drive, DriveKind
from iep_desktop.dicom.drives import Linux, drives, eject

MOUNTS = r"""/dev/vda1 / ext4 rw 0 0
proc /proc proc rw 0 0
/dev/sr0 /media/cd\040of\040RX1 iso9660 ro 0 0
/dev/sdb1 /media/STICK vfat rw 0 0
/dev/loop3 /media/image udf ro 0 0
/dev/loop1 /snap/core squashfs ro 0 0
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A fixed disk, two optical drives (one empty), a stick, a card reader without card."""
    for name, removable, size in (
        ("vda", "0", "1000"), ("sr0", "1", "1000"), ("sr1", "1", "2097151"), ("sdb", "1", "1000"), ("sdc", "1", "0"),
        ("loop3", "0", "1000"),
    ):  # fmt: skip
        block = tmp_path / "sys/block" / name
        block.mkdir(parents=True)
        (block / "removable").write_text(removable + "\n")
        (block / "size").write_text(size + "\n")
    (tmp_path / "sys/block/sdb/sdb1").mkdir()
    (tmp_path / "sys/block/sr1/device").mkdir()
    (tmp_path / "sys/block/sr1/device/model").write_text("DVD-RW DRIVE   \n")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/mounts").write_text(MOUNTS)
    labels = tmp_path / "dev/disk/by-label"
    labels.mkdir(parents=True)
    (labels / r"CT\x20HEAD").symlink_to("../../sr0")
    return tmp_path


def test_optical_drives_and_removable_media_are_listed(root: Path) -> None:
    assert sorted(Linux(root).drives(), key=lambda drive: drive.device) == [
        Drive("/dev/loop3", DriveKind.OPTICAL, "/media/image", "image", True),
        Drive("/dev/sdb1", DriveKind.REMOVABLE, "/media/STICK", "STICK", True),
        Drive("/dev/sdc", DriveKind.REMOVABLE, "", "", False),
        Drive("/dev/sr0", DriveKind.OPTICAL, "/media/cd of RX1", "CT HEAD", True),
        Drive("/dev/sr1", DriveKind.OPTICAL, "", "DVD-RW DRIVE", False),
    ]


def test_a_disk_on_usb_is_removable_though_it_does_not_say_so(root: Path) -> None:
    real = root / "devices/pci0000:00/usb1/1-1/sdd"
    real.mkdir(parents=True)
    (real / "removable").write_text("0\n")
    (real / "size").write_text("1000\n")
    (root / "sys/block/sdd").symlink_to(real)
    assert Drive("/dev/sdd", DriveKind.REMOVABLE, "", "", True) in set(Linux(root).drives())


def test_a_disc_that_is_taken_out_is_gone_from_the_list(root: Path) -> None:
    (root / "proc/mounts").write_text("")
    found = {drive.device: drive for drive in Linux(root).drives()}
    assert (found["/dev/sr0"].mount_point, found["/dev/sr0"].has_medium) == ("", False)
    assert "/dev/loop3" not in found


def test_a_system_that_tells_nothing_has_no_drives(tmp_path: Path) -> None:
    assert list(Linux(tmp_path).drives()) == []


def test_the_drives_of_this_computer_can_be_asked() -> None:
    assert all(isinstance(drive, Drive) for drive in drives())


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_a_stick_is_unmounted_by_the_desktop_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "udisksctl", f'echo "$@" > {tmp_path}/called')
    monkeypatch.setenv("PATH", str(tmp_path))
    Linux().eject(Drive("/dev/sdz1", DriveKind.REMOVABLE, "/media/STICK", "STICK", True))
    assert (tmp_path / "called").read_text() == "unmount --no-user-interaction -b /dev/sdz1\n"


def test_without_that_service_it_is_unmounted_as_root_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "udisksctl", "exit 1")
    program(tmp_path, "umount", f'echo "$@" > {tmp_path}/called')
    monkeypatch.setenv("PATH", str(tmp_path))
    Linux().eject(Drive("/dev/sdz1", DriveKind.REMOVABLE, "/media/STICK", "STICK", True))
    assert (tmp_path / "called").read_text().split() == ["/media/STICK"]


def test_an_optical_drive_that_does_not_listen_is_ejected_by_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "eject", f'echo "$@" > {tmp_path}/called')
    monkeypatch.setenv("PATH", str(tmp_path))
    Linux().eject(Drive("/dev/sr99", DriveKind.OPTICAL))
    assert (tmp_path / "called").read_text().split() == ["/dev/sr99"]


def test_a_disc_that_is_in_use_is_refused_with_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "umount", "echo target is busy >&2; exit 32")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Permanent) as refused:
        eject(Drive("/dev/sr99", DriveKind.OPTICAL, "/media/JONES_DISC", "JONES_DISC", True))
    assert "button" in refused.value.hint
    assert "JONES" not in str(refused.value)


def test_without_any_program_for_it_ejecting_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Permanent):
        eject(Drive(os.fspath(tmp_path / "sr99"), DriveKind.OPTICAL))
