"""LiteLLM's proxy, started once, in front of an aimock."""

import sys
from collections.abc import Iterator

import pytest

from foreign.aimock import Aimock
from foreign.fixtures import aimock, aimock_server, client
from foreign_litellm.gateway import Gateway, start_gateway

__all__ = ["aimock", "aimock_server", "client", "gateway", "gateway_server"]


@pytest.fixture(scope="session")
def gateway_server(tmp_path_factory: pytest.TempPathFactory, aimock_server: Aimock) -> Iterator[Gateway]:
    with start_gateway(tmp_path_factory.mktemp("litellm"), aimock_server) as running:
        yield running


@pytest.fixture
def gateway(gateway_server: Gateway) -> Iterator[Gateway]:
    """The proxy; what it says is shown when the test fails."""
    yield gateway_server
    sys.stdout.write(gateway_server.process.news())
