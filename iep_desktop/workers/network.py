"""How this process uses the network: the libraries loaded, whom it trusts, which way it takes, how long it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iep_desktop.settings import Settings
from iep_desktop.workers.libraries import load_network

if TYPE_CHECKING:
    from iep_desktop.dicom.fastsocket import Limits


def set_up(settings: Settings) -> Limits:
    """The limits for every association. Raises InvalidInput for settings that cannot be used."""
    load_network()
    from iep_desktop.dicom import tls, ways
    from iep_desktop.dicom.fastsocket import Limits

    tls.use(settings.tls_trusted, settings.tls_certificate, settings.tls_key)
    ways.use(settings.network_way)
    return Limits(
        connect=settings.connect_seconds,
        acse=settings.connect_seconds,
        dimse=settings.answer_seconds,
        network=settings.answer_seconds,
        write=settings.answer_seconds,
    )
