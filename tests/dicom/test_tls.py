"""Associations by TLS with a real Orthanc: both sides show certificates, and nothing is trusted by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydicom.uid import generate_uid

from iep_desktop.core.errors import InvalidInput, NodeUnreachable, Refused
from iep_desktop.core.job import Context
from iep_desktop.dicom import tls
from iep_desktop.dicom.fastsocket import Limits
from iep_desktop.dicom.retrieve import Wanted, retrieve
from iep_desktop.dicom.scu import echo, open_store, read_pair
from iep_desktop.settings import Settings, create_profile
from iep_desktop.workers.desk import Desk
from tests.fakes.instances import make_instance
from tests.fakes.ways import way  # noqa: F401
from tests.peers import Orthanc, run_orthanc

LONG = Limits(connect=10, acse=10, dimse=10, network=20, write=10, release=0.3)


@dataclass(frozen=True)
class Identity:
    certificate: Path
    key: Path


class Authority:
    """Signs certificates for this computer."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Test authority {folder.name}")])
        signed = self._builder(self._name, self._key).add_extension(x509.BasicConstraints(True, 0), True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(self._signed(signed))

    def identity(self, name: str, *, address: str = "127.0.0.1") -> Identity:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        made = Identity(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        made.certificate.write_bytes(self._signed(self._builder(subject, key).add_extension(names, False)))
        form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        made.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
        return made

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )

    def _signed(self, builder: x509.CertificateBuilder) -> bytes:
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def secured(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """Takes only callers whose certificate the authority has signed."""
    identity = authority.identity("orthanc")
    config = {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(identity.certificate),
        "DicomTlsPrivateKey": str(identity.key),
        "DicomTlsTrustedCertificates": str(authority.file),
        "DicomTlsRemoteCertificateRequired": True,
    }
    with run_orthanc(tmp_path_factory.mktemp("secured"), config=config) as peer:
        yield peer


@pytest.fixture(autouse=True)
def _no_tls_afterwards() -> Iterator[None]:
    yield
    tls.use("")


def trust(authority: Authority, identity: Identity | None = None) -> None:
    files = (str(identity.certificate), str(identity.key)) if identity else ("", "")
    tls.use(str(authority.file), *files)


@pytest.mark.usefixtures("way")
def test_images_go_and_come_by_tls(secured: Orthanc, authority: Authority, tmp_path: Path) -> None:
    trust(authority, authority.identity("us"))
    node = replace(secured.node, tls=True)
    study = generate_uid()
    path = make_instance(tmp_path / "1.dcm", pixels=512, StudyInstanceUID=study)
    assert echo(node, limits=LONG).echo_seconds > 0
    with open_store(node, {read_pair(path)}, limits=LONG) as session:
        assert session.store(path).stored
    result = retrieve(node, Wanted(study), tmp_path / "back", lambda received: None, limits=LONG)
    assert len(result.received) == 1
    assert result.complete


def test_a_node_that_asks_for_a_certificate_gets_none_in_the_open_either(
    secured: Orthanc, authority: Authority
) -> None:
    with pytest.raises(NodeUnreachable):
        echo(secured.node, limits=LONG)
    trust(authority)
    with pytest.raises(NodeUnreachable):
        echo(replace(secured.node, tls=True), limits=LONG)


def test_a_certificate_of_another_authority_is_not_trusted(secured: Orthanc, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    trust(other, other.identity("us"))
    with pytest.raises(NodeUnreachable, match="is not trusted"):
        echo(replace(secured.node, tls=True), limits=LONG)


def test_a_certificate_of_another_computer_is_not_trusted(authority: Authority, tmp_path: Path) -> None:
    theirs = authority.identity("elsewhere", address="10.1.2.3")
    config = {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(theirs.certificate),
        "DicomTlsPrivateKey": str(theirs.key),
        "DicomTlsTrustedCertificates": str(authority.file),
        "DicomTlsRemoteCertificateRequired": False,
    }
    trust(authority)
    with (
        run_orthanc(tmp_path / "peer", config=config) as peer,
        pytest.raises(NodeUnreachable, match="is not trusted"),
    ):
        echo(replace(peer.node, tls=True), limits=LONG)


def test_without_certificates_a_node_with_tls_is_not_spoken_to(secured: Orthanc) -> None:
    with pytest.raises(Refused, match="TLS"):
        echo(replace(secured.node, tls=True), limits=LONG)


def test_the_files_of_the_settings_are_used(secured: Orthanc, authority: Authority, tmp_path: Path) -> None:
    us = authority.identity("desk")
    chosen = Settings(
        tls_trusted=str(authority.file), tls_certificate=str(us.certificate), tls_key=str(us.key)
    )
    with closing(Desk(create_profile(tmp_path / "profile", chosen))) as desk:
        node = replace(secured.node, name="Secured", tls=True)
        assert desk.nodes.echo(node, Context()).echo_seconds > 0


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_files_that_are_no_certificates_are_said(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "authority.pem"
    if content:
        path.write_text(content)
    with pytest.raises(InvalidInput, match=r"authority\.pem"):
        tls.use(str(path))


def test_a_key_with_a_password_is_said_and_nobody_is_asked(authority: Authority, tmp_path: Path) -> None:
    identity = authority.identity("locked")
    key = serialization.load_pem_private_key(identity.key.read_bytes(), None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(InvalidInput, match=r"locked\.key"):
        tls.use(str(authority.file), str(identity.certificate), str(locked))
