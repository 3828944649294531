"""The DICOM nodes and hospitals that we know: kept in the ledger, tried over the network. Plain and blocking."""

from __future__ import annotations

from datetime import date

from iep_desktop.core.errors import IepError, InvalidInput
from iep_desktop.core.flow import LightState, NodeLight
from iep_desktop.core.job import Context
from iep_desktop.core.model import Hospital, Node
from iep_desktop.core.queries import EchoResult, PacsStudy
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.store.circuits import Circuit, Circuits
from iep_desktop.store.directory import Directory
from iep_desktop.workers import node_services

SLOW_SECONDS = 1.0


class Nodes:
    """List, change and try nodes."""

    def __init__(self, directory: Directory, circuits: Circuits, hospital: str, limits: Limits) -> None:
        self._directory = directory
        self._circuits = circuits
        self._hospital = hospital
        self._limits = limits

    def list(self) -> tuple[Node, ...]:
        return self._directory.nodes()

    def get(self, name: str) -> Node:
        """Raises InvalidInput where no node has this name."""
        node = next((node for node in self.list() if node.name == name), None)
        if node is None:
            raise InvalidInput(f"There is no node {name}", "", "See: iep-desktop nodes list")
        return node

    def add(self, node: Node) -> None:
        """Add a node, or replace the one of that name.

        Raises:
            InvalidInput: its hospital is not known.
        """
        if self._directory.hospital(node.hospital) is None:
            raise InvalidInput(f"No hospital has the code {node.hospital}", "", "Add it in Admin, Hospitals.")
        self._directory.put_node(node)
        self._circuits.forget(node.name)  # it may be another computer now

    def remove(self, name: str) -> None:
        self.get(name)
        self._directory.remove_node(name)
        self._circuits.forget(name)

    def add_hospital(self, hospital: Hospital) -> None:
        self._directory.put_hospital(hospital)

    def echo(self, node: Node, ctx: Context) -> EchoResult:
        """C-ECHO, or the smallest query by QIDO-RS. Raises what stands in the way, in plain words."""
        return node_services.echo(node, self._limits, ctx)

    def sign_in(self, name: str, secret: str) -> None:
        """Keep `user:password` or a token for a node, in the keyring.

        Raises:
            Permanent: there is no keyring, or it is locked.
        """
        node_services.keep_sign_in(self.get(name), secret)
        self._circuits.forget(name)

    def find_studies(
        self,
        name: str,
        *,
        patient_id: str,
        date_from: date | None,
        date_to: date | None,
        modality: str,
        ctx: Context,
    ) -> tuple[PacsStudy, ...]:
        with node_services.open_find(self.get(name), self._limits, ctx) as session:
            return session.studies(
                patient_id=patient_id, date_from=date_from, date_to=date_to, modality=modality
            )

    def lights(self, ctx: Context) -> tuple[NodeLight, ...]:
        """How our own nodes answer now; and others' at which the last transaction failed."""
        failing = {circuit.node: circuit for circuit in self._circuits.all()}
        ours = self._directory.nodes(self._hospital)
        names = {node.name for node in ours}
        others = [n for n in self._directory.nodes() if n.name in failing and n.name not in names]
        return (
            *(self._light(node, failing.get(node.name), ctx) for node in ours),
            *(NodeLight(n.name, n.role, LightState.DOWN, failing[n.name].reason) for n in others),
        )

    def _light(self, node: Node, circuit: Circuit | None, ctx: Context) -> NodeLight:
        if circuit is not None and circuit.open_since is not None:
            return NodeLight(node.name, node.role, LightState.DOWN, circuit.reason)
        try:
            result = self.echo(node, ctx)
        except IepError as error:
            ctx.check()
            return NodeLight(node.name, node.role, LightState.DOWN, str(error))
        seconds = result.connect_seconds + result.echo_seconds
        asked = "QIDO-RS" if node.dicomweb else "C-ECHO"
        if seconds > SLOW_SECONDS:
            return NodeLight(node.name, node.role, LightState.SLOW, f"{asked} took {seconds:.1f} s")
        return NodeLight(node.name, node.role, LightState.UP, f"answers {asked}")
