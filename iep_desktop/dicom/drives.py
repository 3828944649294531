"""The drives of this computer that take discs and sticks: which there are, what is in them, and out with it.

Owns what Linux, Windows and macOS know of drives. Asked again and again, off the event loop, while discs come and go:
a drive that vanishes meanwhile is left out, never an error. Must not read what is on a medium.
"""

from __future__ import annotations

import contextlib
import os
import plistlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from iep_desktop.core.errors import Permanent
from iep_desktop.core.medium import Drive, DriveKind

_SECONDS = 20  # for a command of the system; a drive may have to spin down first
_OPTICAL_FILE_SYSTEMS = frozenset({"iso9660", "udf"})
_NOT_DRIVES = ("loop", "ram", "zram", "dm-", "md", "fd", "nbd")
_EJECT, _DRIVE_STATUS, _CURRENT_SLOT, _DISC_INSIDE = 0x5309, 0x5326, 0x7FFFFFFF, 4  # linux/cdrom.h
_OCTAL = re.compile(r"\\([0-7]{3})")
_HEX = re.compile(r"\\x([0-9a-f]{2})")


class _System(Protocol):
    def drives(self) -> Iterator[Drive]: ...
    def eject(self, drive: Drive) -> None: ...


def drives() -> tuple[Drive, ...]:
    """Optical drives (also empty ones) and removable media, sorted by device. Never raises."""
    found: list[Drive] = []
    with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
        found.extend(_system().drives())
    return tuple(sorted(found, key=lambda drive: drive.device))


def eject(drive: Drive) -> None:
    """Unmount and eject.

    Raises:
        Permanent: the system will not; the hint says what to do.
    """
    try:
        _system().eject(drive)
    except (OSError, subprocess.SubprocessError) as error:
        raise Permanent(
            "The disc cannot be ejected",
            "The system refused it.",
            "Close every program that shows the disc, then try again, or press the button on the drive.",
        ) from error


def _system() -> _System:
    system: _System = Linux()
    if sys.platform == "win32":
        system = _Windows()
    if sys.platform == "darwin":
        system = _MacOS()
    return system


@dataclass(frozen=True)
class _Mount:
    device: str
    point: str
    file_system: str


@dataclass(frozen=True)
class Linux:
    """`root` stands before /proc, /sys and /dev."""

    root: Path = field(default=Path("/"))

    def drives(self) -> Iterator[Drive]:
        mounts, labels = self._mounts(), self._labels()
        for block in sorted(_children(self.root / "sys/block")):
            with contextlib.suppress(OSError):
                if (drive := self._drive(block, mounts, labels)) is not None:
                    yield drive
        for mount in mounts:  # disc images
            if mount.file_system in _OPTICAL_FILE_SYSTEMS and Path(mount.device).name.startswith("loop"):
                label = labels.get(mount.device, Path(mount.point).name)
                yield Drive(mount.device, DriveKind.OPTICAL, mount.point, label, has_medium=True)

    def eject(self, drive: Drive) -> None:
        """With the desktop's own service where it runs, since a user may not unmount; else as root would."""
        if drive.mount_point:
            _first_that_works(
                ["udisksctl", "unmount", "--no-user-interaction", "-b", drive.device],
                ["umount", drive.mount_point],
            )
        if drive.kind is DriveKind.OPTICAL and not Path(drive.device).name.startswith("loop"):
            _open_tray(drive.device)

    def _drive(self, block: Path, mounts: list[_Mount], labels: dict[str, str]) -> Drive | None:
        if block.name.startswith(_NOT_DRIVES):
            return None
        optical = block.name.startswith("sr")
        if not optical and _read(block / "removable") != "1" and "/usb" not in os.path.realpath(block):
            return None
        parts = {f"/dev/{name}" for name in (block.name, *(child.name for child in _children(block)))}
        mount = next((mount for mount in mounts if mount.device in parts), None)
        device = mount.device if mount else f"/dev/{block.name}"
        loaded = self._disc_inside(block.name) if optical else _read(block / "size") not in ("", "0")
        name = next((labels[part] for part in sorted(parts) if part in labels), "")
        return Drive(
            device,
            DriveKind.OPTICAL if optical else DriveKind.REMOVABLE,
            mount.point if mount else "",
            name or (Path(mount.point).name if mount else _read(block / "device/model")),
            has_medium=mount is not None or loaded,
        )

    def _mounts(self) -> list[_Mount]:
        lines = [line.split(" ") for line in _read(self.root / "proc/mounts").splitlines()]
        return [
            _Mount(_unescaped(line[0]), _unescaped(line[1]), line[2])
            for line in lines
            if len(line) > 2 and line[0].startswith("/dev/")
        ]

    def _labels(self) -> dict[str, str]:
        folder = self.root / "dev/disk/by-label"
        return {
            f"/dev/{Path(os.path.realpath(link)).name}": _HEX.sub(lambda m: chr(int(m[1], 16)), link.name)
            for link in _children(folder)
        }

    def _disc_inside(self, name: str) -> bool:
        """What the drive says, without waiting for it."""
        try:
            return _ask_drive(str(self.root / "dev" / name), _DRIVE_STATUS, _CURRENT_SLOT) == _DISC_INSIDE
        except OSError:
            return False


@dataclass(frozen=True)
class _MacOS:
    volumes: Path = field(default=Path("/Volumes"))

    def drives(self) -> Iterator[Drive]:
        for volume in sorted(_children(self.volumes)):
            with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
                info = plistlib.loads(_run(["diskutil", "info", "-plist", str(volume)]))
                optical = bool(info.get("OpticalMediaType"))
                if optical or info.get("RemovableMediaOrExternalDevice") or info.get("RemovableMedia"):
                    kind = DriveKind.OPTICAL if optical else DriveKind.REMOVABLE
                    device = str(info.get("DeviceIdentifier", ""))
                    yield Drive(device, kind, str(volume), volume.name, has_medium=True)

    def eject(self, drive: Drive) -> None:
        _run(["diskutil", "eject", drive.device])


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    class _Windows:
        def drives(self) -> Iterator[Drive]:
            kernel = ctypes.windll.kernel32
            kernel.SetThreadErrorMode(1, None)  # SEM_FAILCRITICALERRORS: no box that asks for a disc
            present = kernel.GetLogicalDrives()
            for number in range(26):
                device = f"{chr(65 + number)}:"
                kind = kernel.GetDriveTypeW(f"{device}\\") if present >> number & 1 else 0
                if kind in (2, 5):  # DRIVE_REMOVABLE, DRIVE_CDROM
                    yield self._drive(device, DriveKind.OPTICAL if kind == 5 else DriveKind.REMOVABLE)

        def eject(self, drive: Drive) -> None:
            """Lock, dismount, eject: Windows refuses the first while a program has a file open."""
            kernel = ctypes.WinDLL("kernel32", use_last_error=True)
            kernel.CreateFileW.restype = wintypes.HANDLE
            handle = kernel.CreateFileW(f"\\\\.\\{drive.device}", 0xC0000000, 3, None, 3, 0, None)
            if handle == wintypes.HANDLE(-1).value:
                raise ctypes.WinError(ctypes.get_last_error())
            try:
                returned = wintypes.DWORD()
                # FSCTL_LOCK_VOLUME, FSCTL_DISMOUNT_VOLUME, IOCTL_STORAGE_EJECT_MEDIA
                for control in (0x00090018, 0x00090020, 0x002D4808):
                    if not kernel.DeviceIoControl(
                        wintypes.HANDLE(handle), control, None, 0, None, 0, ctypes.byref(returned), None
                    ):
                        raise ctypes.WinError(ctypes.get_last_error())
            finally:
                kernel.CloseHandle(wintypes.HANDLE(handle))

        def _drive(self, device: str, kind: DriveKind) -> Drive:
            label = ctypes.create_unicode_buffer(261)
            root = f"{device}\\"
            loaded = bool(
                ctypes.windll.kernel32.GetVolumeInformationW(root, label, 261, None, None, None, None, 0)
            )
            return Drive(device, kind, root if loaded else "", label.value or device, loaded)


def _open_tray(device: str) -> None:
    try:
        _ask_drive(device, _EJECT, 0)
    except OSError:
        _run(["eject", device])


def _ask_drive(device: str, request: int, argument: int) -> int:
    """Linux' cdrom.h. O_NONBLOCK: an empty drive opens too, and at once."""
    answer = 0
    if sys.platform != "win32":
        import fcntl

        handle = os.open(device, os.O_RDONLY | os.O_NONBLOCK)
        try:
            answer = int(fcntl.ioctl(handle, request, argument))
        finally:
            os.close(handle)
    return answer


def _first_that_works(*commands: list[str]) -> None:
    """Raises what the last command raised where none works."""
    for command in commands[:-1]:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            _run(command)
            return
    _run(commands[-1])


def _run(command: list[str]) -> bytes:
    program = shutil.which(command[0])
    if program is None:
        raise FileNotFoundError(command[0])
    done = subprocess.run([program, *command[1:]], capture_output=True, timeout=_SECONDS, check=True)
    return done.stdout


def _children(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _unescaped(text: str) -> str:
    """/proc/mounts writes a space as \\040."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)
