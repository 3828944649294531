"""Real peers for all acceptance tests."""

from tests.peers import dcmqrscp, orthanc, orthanc_process, storescp

__all__ = ["dcmqrscp", "orthanc", "orthanc_process", "storescp"]
