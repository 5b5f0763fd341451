"""What the suites with foreign servers share: the servers, each started once, and who probes them."""

import ssl
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

from foreign.aimock import Aimock, start_aimock
from foreign.mock_llm import MockLlm, start_mock_llm
from openmodels.clock import SystemClock
from openmodels.prober.client import ProbeClient
from openmodels.prober.guard import Guard


@pytest.fixture(scope="session")
def aimock_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aimock]:
    with start_aimock(tmp_path_factory.mktemp("aimock")) as running:
        yield running


@pytest.fixture
def aimock(aimock_server: Aimock) -> Iterator[Aimock]:
    """The server, without faults and with an empty journal; what it says is shown when the test fails."""
    aimock_server.clear_faults()
    aimock_server.forget()
    yield aimock_server
    sys.stdout.write(aimock_server.process.news())


@pytest.fixture(scope="session")
def mock_llm_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockLlm]:
    with start_mock_llm(tmp_path_factory.mktemp("mock-llm")) as running:
        yield running


@pytest.fixture
def mock_llm(mock_llm_server: MockLlm) -> Iterator[MockLlm]:
    """The server; what it says is shown when the test fails."""
    yield mock_llm_server
    sys.stdout.write(mock_llm_server.process.news())


@pytest.fixture
async def client(anyio_backend: str) -> AsyncIterator[ProbeClient]:
    """Makes probes, of servers on this machine too. Nothing here speaks TLS, so it trusts nobody."""
    trusting_nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client = ProbeClient(
        guard=Guard(allow_private=True), clock=SystemClock(), region="test", ssl_context=trusting_nobody
    )
    yield client
    await client.close()
