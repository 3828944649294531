"""The demo's DICOM nodes, run in a process of their own: our PACS and gateway, and those of the partner hospitals.

Beside them it keeps the partners' programs running, each in a process of its own, once somebody stays a while.

Several programs may use one demo at once. The first starts the process; each holds a *lifeline* to it, a connection
that the system closes with the program, however it ends. When the last lifeline is gone, the process ends too.
"""

from __future__ import annotations

import json
import os
import secrets
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import iep_desktop
from iep_desktop.core.errors import Permanent
from iep_desktop.core.model import Node, NodeRole
from iep_desktop.settings import write_atomically

HOST = "127.0.0.1"
_STATE = "running.json"
_LOCK = "running.lock"
_TAKEN = 3
"""Exit code: another process serves this folder."""
_START_SECONDS = 30.0
_END_SECONDS = 1.0
_PARTNERS_AFTER_SECONDS = 3.0
_ORPHAN_SECONDS = 20.0  # without any lifeline at first: whoever started us has died
_KEPT: list[subprocess.Popen[bytes]] = []
"""Processes that we started and that others still use."""


@dataclass(frozen=True)
class _Served:
    """A node of the demo without its port."""

    name: str
    role: NodeRole
    hospital: str
    ae_title: str

    def node(self, port: int) -> Node:
        return Node(self.name, self.role, self.hospital, self.ae_title, HOST, port)


SERVED = (
    _Served("UHLPACSWFM01", NodeRole.PACS, "RWE", "UHLPACSWFM01"),  # R-FORM: the default delivery node
    _Served("UHL gateway", NodeRole.GATEWAY, "RWE", "UHLGATEWAY"),
    _Served("NUH gateway", NodeRole.GATEWAY, "RX1", "NUHGATEWAY"),
    _Served("NUH PACS", NodeRole.PACS, "RX1", "NUHPACS"),
    _Served("UHDB gateway", NodeRole.GATEWAY, "RTG", "UHDBGATEWAY"),
    _Served("UHDB PACS", NodeRole.PACS, "RTG", "UHDBPACS"),
    _Served("SFH gateway", NodeRole.GATEWAY, "RK5", "SFHGATEWAY"),
    _Served("SFH PACS", NodeRole.PACS, "RK5", "SFHPACS"),
)


# --- the program's side ------------------------------------------------------------------------------------------


@contextmanager
def running_nodes(folder: Path, log: Path) -> Iterator[tuple[Node, ...]]:
    """The nodes over `folder`, answering until the `with` ends; started unless another program has started them.

    Raises:
        Permanent: they do not start.
    """
    process, lifeline, ports = _attached(folder, log)
    try:
        yield tuple(served.node(ports[served.ae_title]) for served in SERVED)
    finally:
        lifeline.close()
        if process is not None:
            _let_end(process)


def _attached(
    folder: Path, log: Path
) -> tuple[subprocess.Popen[bytes] | None, socket.socket, Mapping[str, int]]:
    process: subprocess.Popen[bytes] | None = None
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        state = _read_state(folder)
        lifeline = _lifeline(state) if state else None
        if state and lifeline:
            return process, lifeline, state["ports"]
        if process is None:
            process = _start(folder, log)
        elif process.poll() == _TAKEN:
            process = None
        elif process.returncode is not None:
            raise _does_not_start(log)
        time.sleep(0.02)
    if process is not None:
        process.kill()
        process.wait()
    raise _does_not_start(log)


def _start(folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """Not in our session, so that Ctrl+C ends the program and not the nodes before it."""
    path = os.pathsep.join(
        filter(None, (str(Path(iep_desktop.__file__).parents[1]), os.environ.get("PYTHONPATH")))
    )
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "iep_desktop.demo", "nodes", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=os.environ | {"PYTHONPATH": path},
            start_new_session=sys.platform != "win32",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )


def _let_end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        _KEPT.append(process)  # another program holds a lifeline


def _read_state(folder: Path) -> dict[str, Any] | None:
    """What the process that serves the folder, or the last one that did, has told."""
    try:
        state = json.loads((folder / _STATE).read_text("utf-8"))
        complete = {served.ae_title for served in SERVED} <= state["ports"].keys() and state["token"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return state if complete else None


def _lifeline(state: Mapping[str, Any]) -> socket.socket | None:
    """A connection to the process that wrote `state`; None where it is gone, whoever has its port now."""
    token = str(state["token"]).encode()
    lifeline: socket.socket | None = None
    try:
        lifeline = socket.create_connection((HOST, int(state["control"])), timeout=1.0)
        heard = b""
        while len(heard) < len(token) and (more := lifeline.recv(len(token) - len(heard))):
            heard += more
        if heard == token:
            return lifeline
    except (OSError, ValueError, KeyError, OverflowError):
        pass
    if lifeline is not None:
        lifeline.close()
    return None


def _does_not_start(log: Path) -> Permanent:
    return Permanent("The demo's PACS does not start", f"See {log}.", "Try another folder with --profile.")


# --- the process of the nodes ------------------------------------------------------------------------------------


def serve(folder: Path) -> int:
    """Serve the nodes over `folder` until the last lifeline is gone."""
    from iep_desktop.dicom.disk import lock

    with (folder / _LOCK).open("ab") as held:
        if not lock(held.fileno()):
            return _TAKEN
        with ExitStack() as stack:
            ports = _serve_nodes(folder, stack)
            control = stack.enter_context(socket.create_server((HOST, 0)))
            token = secrets.token_hex(16)
            state = {"control": control.getsockname()[1], "token": token, "ports": ports}
            write_atomically(folder / _STATE, json.dumps(state))
            stack.enter_context(_partners(folder.parent))
            _wait_for_lifelines(control, token.encode())
    return 0


@contextmanager
def _partners(root: Path) -> Iterator[None]:
    """The partner hospitals, after a while: a command that is soon over needs none. They end with this process."""
    started: list[subprocess.Popen[bytes]] = []
    timer = threading.Timer(_PARTNERS_AFTER_SECONDS, _start_partners, (root, started))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        for process in started:
            assert process.stdin is not None
            process.stdin.close()  # their sign to end
        for process in started:
            try:
                process.wait(_END_SECONDS * 10)
            except subprocess.TimeoutExpired:
                process.kill()


def _start_partners(root: Path, started: list[subprocess.Popen[bytes]]) -> None:
    from iep_desktop.demo.partners import PARTNERS

    for partner in PARTNERS:
        command = [sys.executable, "-m", "iep_desktop.demo", "partner", str(root), partner.ods]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE))


def _serve_nodes(folder: Path, stack: ExitStack) -> dict[str, int]:
    """The ports by AE title: those of the last time where they are free, so that nobody's nodes change."""
    last = (_read_state(folder) or {}).get("ports", {})
    ports = {}
    for served in SERVED:
        archive = _archive(folder / served.ae_title, served.ae_title, last.get(served.ae_title, 0))
        stack.callback(archive.stop)
        ports[served.ae_title] = archive.port
    return ports


def _archive(folder: Path, ae_title: str, port: int) -> Any:
    from iep_desktop.dicom.archive import Archive

    for wanted in (port, 0):
        archive = Archive(folder, ae_title, wanted, host=HOST)
        try:
            archive.start()
        except (Permanent, OverflowError):
            if wanted == 0:
                raise
        else:
            return archive
    raise AssertionError("port 0 is any free one")


def _wait_for_lifelines(control: socket.socket, token: bytes) -> None:
    """Return when there was a lifeline and there is none any more, or when none ever came."""
    lifelines: set[socket.socket] = set()
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        while ready := selector.select(None if lifelines else _ORPHAN_SECONDS):
            for key, _ in ready:
                if key.fileobj is control:
                    lifeline, _ = control.accept()
                    selector.register(lifeline, selectors.EVENT_READ)
                    lifelines.add(lifeline)
                    with suppress(OSError):  # gone already: its end is read next
                        lifeline.sendall(token)
                elif isinstance(key.fileobj, socket.socket) and _has_ended(key.fileobj):
                    selector.unregister(key.fileobj)
                    lifelines.discard(key.fileobj)
                    key.fileobj.close()
            if not lifelines:
                return


def _has_ended(lifeline: socket.socket) -> bool:
    try:
        return not lifeline.recv(1)
    except OSError:
        return True
