"""Real DICOM peers on loopback for tests and benchmarks: Orthanc, DCMTK's storescp and dcmqrscp.

Each starts in a folder given to it, on free ports, with its stock configuration, and is gone when the `with`
ends. A peer can be stopped, killed and started again on the same port, with what it had stored. As fixtures:

    from tests.peers import orthanc, storescp, dcmqrscp  # noqa: F401

The called side's AE title, host and port come as `peer.node`, ready for `iep_desktop.dicom`.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from iep_desktop.core.model import Node, NodeRole
from iep_desktop.core.web_address import web_node

CALLING_AE = "IEPDESKTOP"
STORE_AE = "IEPSTORE"  # where peers may send to by C-MOVE: a Storage SCP of the test, port `move_port`
START_TIMEOUT = 20.0
_PLUGINS = ("/usr/share/orthanc/plugins", "/usr/local/share/orthanc/plugins")

_P = TypeVar("_P", bound="Peer")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def wait_for_port(port: int, process: subprocess.Popen[bytes], timeout: float = START_TIMEOUT) -> None:
    """Return when somebody listens on loopback; raise when the process died or the time is up."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the peer ended at once with exit code {process.returncode}")
        with socket.socket() as sock:
            sock.settimeout(0.5)
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"nobody listens on port {port}")


class Peer:
    """A server process and the node that it is."""

    def __init__(self, folder: Path, ae_title: str, port: int, command: Sequence[str], nagle: bool) -> None:
        self.folder = folder
        self.node = Node(ae_title.title(), NodeRole.PACS, "RWE", ae_title, "127.0.0.1", port, CALLING_AE)
        self._command = list(command)
        # DCMTK (which Orthanc uses as well) switches Nagle's algorithm off when the variable is set.
        self._env = dict(os.environ) if nagle else dict(os.environ, TCP_NODELAY="1")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.folder / "peer.log").read_text(errors="replace")

    def node_as(self, **changes: Any) -> Node:
        """The same node, but for example with `calling_ae` or `ae_title` changed."""
        return replace(self.node, **changes)

    def start(self) -> None:
        with (self.folder / "peer.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self.folder,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        for port in self._ports():
            wait_for_port(port, self._process)

    def _ports(self) -> list[int]:
        return [self.node.port]

    def stop(self) -> None:
        """End it as an administrator would."""
        if self._process is not None:
            self._process.terminate()
            self._wait()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._wait()

    def _wait(self) -> None:
        assert self._process is not None
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


class FilePeer(Peer):
    """A peer that writes what it receives as files into `storage`."""

    @property
    def storage(self) -> Path:
        return self.folder / "storage"

    def clear(self) -> None:
        for path in self.storage.iterdir():
            path.unlink()

    def files(self) -> list[Path]:
        return sorted(p for p in self.storage.iterdir() if p.is_file() and p.name != "index.dat")


class Orthanc(Peer):
    """An Orthanc with its REST interface (no password, loopback only)."""

    def __init__(self, folder: Path, port: int, http_port: int, nagle: bool) -> None:
        command = [_program("Orthanc"), str(folder / "orthanc.json")]
        super().__init__(folder, "ORTHANC", port, command, nagle)
        self.http_port = http_port
        self.web_node: Node | None = None

    def _ports(self) -> list[int]:
        return [self.node.port, self.http_port]

    def rest(self, path: str, *, method: str = "GET", body: Any = None) -> Any:
        """The decoded JSON answer of the REST interface."""
        answer = self.rest_bytes(path, method=method, body=body)
        return json.loads(answer) if answer else None

    def rest_bytes(self, path: str, *, method: str = "GET", body: Any = None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.http_port}{path}"
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=30) as answer:
            content: bytes = answer.read()
            return content

    def clear(self) -> None:
        for patient in self.rest("/patients"):
            self.rest(f"/patients/{patient}", method="DELETE")

    def sop_instance_uids(self) -> list[str]:
        found = self.rest(
            "/tools/find", method="POST", body={"Level": "Instance", "Query": {}, "Expand": True}
        )
        return sorted(instance["MainDicomTags"]["SOPInstanceUID"] for instance in found)

    def file(self, sop_instance_uid: str) -> bytes:
        """The DICOM file as Orthanc keeps it."""
        query = {"Level": "Instance", "Query": {"SOPInstanceUID": sop_instance_uid}}
        (orthanc_id,) = self.rest("/tools/find", method="POST", body=query)
        return self.rest_bytes(f"/instances/{orthanc_id}/file")


@contextmanager
def run_orthanc(
    folder: Path,
    *,
    nagle: bool = True,
    move_port: int = 11113,
    aets: Sequence[str] = (CALLING_AE, STORE_AE),
    config: Mapping[str, Any] | None = None,
) -> Iterator[Orthanc]:
    """Orthanc as it comes, but on free ports and in `folder`; `config` overrides single settings.

    Stock Orthanc answers C-FIND and C-GET only for modalities that it knows: `aets` are made known, with
    `move_port` as the place where they listen.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port, http_port = free_port(), free_port()
    settings: dict[str, Any] = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "DicomPort": port,
        "HttpPort": http_port,
        "DicomModalities": {aet.lower(): [aet, "127.0.0.1", move_port] for aet in aets},
    }
    settings.update(config or {})
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with _running(Orthanc(folder, port, http_port, nagle)) as peer:
        yield peer


@contextmanager
def run_dicomweb(
    folder: Path, *, nagle: bool = True, config: Mapping[str, Any] | None = None
) -> Iterator[Orthanc]:
    """Orthanc with its DICOMweb plug-in; `peer.web_node` is the node by that."""
    plugins = {"Plugins": [_plugin("OrthancDicomWeb")], "DicomWeb": {"Enable": True}}
    with run_orthanc(folder, nagle=nagle, config={**plugins, **(config or {})}) as peer:
        url = f"http://127.0.0.1:{peer.http_port}/dicom-web"
        peer.web_node = web_node("Web", NodeRole.PACS, "RWE", url)
        yield peer


def _plugin(name: str) -> str:
    found = sorted(path for folder in _PLUGINS for path in Path(folder).glob(f"lib{name}.so*"))
    if not found:
        raise RuntimeError(f"the plug-in {name} of Orthanc is not installed")
    return str(found[0])


@contextmanager
def run_storescp(
    folder: Path, *, nagle: bool = True, options: Sequence[str] = ("+xa", "-pm")
) -> Iterator[FilePeer]:
    """DCMTK's storescp, AE title STORESCP; by default it takes every SOP class and transfer syntax it knows."""
    (folder / "storage").mkdir(parents=True, exist_ok=True)
    port = free_port()
    where = ["-aet", "STORESCP", "-od", str(folder / "storage")]
    command = [_program("storescp"), *options, *where, str(port)]
    with _running(FilePeer(folder, "STORESCP", port, command, nagle)) as peer:
        yield peer


@contextmanager
def run_dcmqrscp(
    folder: Path, *, nagle: bool = True, move_port: int = 11113, most: int = 16, options: Sequence[str] = ()
) -> Iterator[FilePeer]:
    """DCMTK's archive, AE title DCMQRSCP, one storage area, open to everybody, for `most` associations at once."""
    (folder / "storage").mkdir(parents=True, exist_ok=True)
    port = free_port()
    (folder / "dcmqrscp.cfg").write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 131072\nMaxAssociations = {most}\n"
        f"HostTable BEGIN\nstore = ({STORE_AE}, 127.0.0.1, {move_port})\nHostTable END\n"
        "VendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nDCMQRSCP {folder / 'storage'} RW (200, 4096mb) ANY\nAETable END\n"
    )
    command = [_program("dcmqrscp"), *options, "-c", str(folder / "dcmqrscp.cfg"), str(port)]
    with _running(FilePeer(folder, "DCMQRSCP", port, command, nagle)) as peer:
        yield peer


def _program(name: str) -> str:
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    if path is None:
        raise RuntimeError(f"{name} is not installed; the acceptance tests need Orthanc and DCMTK")
    return path


@contextmanager
def _running(peer: _P) -> Iterator[_P]:
    try:
        peer.start()
        yield peer
    finally:
        peer.kill()


@pytest.fixture(scope="session")
def orthanc_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with run_orthanc(tmp_path_factory.mktemp("orthanc")) as peer:
        yield peer


@pytest.fixture
def orthanc(orthanc_process: Orthanc) -> Orthanc:
    """An empty Orthanc; one process serves the whole session."""
    orthanc_process.clear()
    return orthanc_process


@pytest.fixture
def storescp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilePeer]:
    with run_storescp(tmp_path_factory.mktemp("storescp")) as peer:
        yield peer


@pytest.fixture
def dcmqrscp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilePeer]:
    with run_dcmqrscp(tmp_path_factory.mktemp("dcmqrscp")) as peer:
        yield peer
