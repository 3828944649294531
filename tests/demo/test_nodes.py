"""The demo's nodes: they answer, they end with whoever uses them, and they bear neighbours."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from iep_desktop.core.errors import Permanent
from iep_desktop.core.job import Context
from iep_desktop.core.model import Node
from iep_desktop.demo.nodes import SERVED, running_nodes
from iep_desktop.dicom import scu

pytestmark = pytest.mark.xdist_group("demo")

USER = """
import sys
from pathlib import Path
from iep_desktop.demo.nodes import running_nodes
with running_nodes(Path(sys.argv[1]), Path(sys.argv[2])) as nodes:
    print(nodes[0].port, flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_program(folder: Path, log: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A program that uses the nodes until its input ends; and the PACS's port."""
    command = [sys.executable, "-c", USER, str(folder), str(log)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            yield program, int(program.stdout.readline())
        finally:
            program.kill()


def listens(port: int) -> bool:
    with socket.socket() as sock:
        sock.settimeout(1)
        return sock.connect_ex(("127.0.0.1", port)) == 0


def soon(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "nodes.log"


def test_all_nodes_answer_and_the_pacs_knows_our_patients(pacs_folder: Path, log: Path) -> None:
    with running_nodes(pacs_folder, log) as nodes:
        assert [node.ae_title for node in nodes] == [served.ae_title for served in SERVED]
        for node in nodes:
            scu.echo(node)
        (found,) = scu.find_patients(nodes[0], patient_id="S999111", ctx=Context())
        assert (found.name, str(found.birth_date)) == ("MOUSE^Minnie", "1961-03-17")
        (study,) = scu.find_studies(nodes[0], patient_id="S999113", ctx=Context())
        assert study.modalities == ("CR",)
        assert scu.find_patients(nodes[1], patient_id="S999111", ctx=Context()) == ()
        ports = [node.port for node in nodes]
    assert soon(lambda: not any(map(listens, ports)))


def test_the_next_start_finds_the_same_ports(pacs_folder: Path, log: Path) -> None:
    with running_nodes(pacs_folder, log) as first:
        pass
    with running_nodes(pacs_folder, log) as second:
        assert second == first


def test_a_port_that_another_program_has_taken_is_replaced(pacs_folder: Path, log: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        ports = {served.ae_title: taken for served in SERVED}
        state = {"control": taken, "token": "x" * 32, "ports": ports}
        (pacs_folder / "running.json").write_text(json.dumps(state))
        with running_nodes(pacs_folder, log) as nodes:
            assert all(node.port != taken for node in nodes)
            assert len({node.port for node in nodes}) == len(SERVED)
            scu.echo(nodes[0])


@pytest.mark.parametrize("state", ["{", '{"control": "x", "token": "t", "ports": {}}'])
def test_a_damaged_note_of_the_last_start_does_no_harm(pacs_folder: Path, log: Path, state: str) -> None:
    (pacs_folder / "running.json").write_text(state)
    with running_nodes(pacs_folder, log) as nodes:
        scu.echo(nodes[0])


def test_two_programs_share_the_nodes_and_the_last_one_ends_them(pacs_folder: Path, log: Path) -> None:
    with another_program(pacs_folder, log) as (first, port):
        with running_nodes(pacs_folder, log) as nodes:
            assert nodes[0].port == port
            first.kill()
            first.wait()
            scu.echo(nodes[0])  # still there for us
        assert soon(lambda: not listens(port))


def test_programs_that_start_at_once_share_the_nodes(pacs_folder: Path, log: Path) -> None:
    with another_program(pacs_folder, log) as (_, one), another_program(pacs_folder, log) as (_, other):
        assert one == other


def test_the_nodes_die_with_a_program_that_is_killed(pacs_folder: Path, log: Path) -> None:
    with another_program(pacs_folder, log) as (program, port):
        assert listens(port)
        program.kill()  # SIGKILL: it can clean nothing up
        program.wait()
        assert soon(lambda: not listens(port))


def test_what_is_stored_is_there_at_the_next_start(pacs_folder: Path, log: Path, discs: Path) -> None:
    image = discs / "clean" / "DICOM" / "PT000000" / "ST000000" / "SE000001" / "IM000007"

    def images(node: Node) -> int:
        return sum(
            study.instances or 0 for study in scu.find_studies(node, patient_id="884120", ctx=Context())
        )

    with running_nodes(pacs_folder, log) as nodes:
        with scu.open_store(nodes[0], (), Context()) as session:
            assert session.store(image).stored
        assert images(nodes[0]) == 1
    with running_nodes(pacs_folder, log) as nodes:
        assert images(nodes[0]) == 1


def test_nodes_that_cannot_start_say_where_to_look(tmp_path: Path, log: Path) -> None:
    with pytest.raises(Permanent, match="does not start") as caught, running_nodes(tmp_path / "missing", log):
        pass
    assert str(log) in caught.value.message
    assert "FileNotFoundError" in log.read_text()


def test_no_patient_is_in_the_log(pacs_folder: Path, log: Path) -> None:
    with running_nodes(pacs_folder, log) as nodes:
        scu.find_patients(nodes[0], patient_id="S999111", ctx=Context())
    assert "MOUSE" not in log.read_text()
    assert "S999111" not in log.read_text()
