"""Fixtures that several folders of tests share."""

import asyncio
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from fixtures.catalogue import catalogue
from fixtures.excerpt import make_excerpt
from fixtures.observations import observations
from fixtures.plain_logs import set_up_plain_logs
from fixtures.real_servers import PostgresServer, ValkeyServer, postgres_server, valkey_server
from fixtures.server import RunningServer, start_server
from fixtures.service import NOW, Service, start_service
from openmodels.domain.records import Registry
from openmodels.registry.load import require_registry

# No test depends on how fast this machine is at the moment.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")
set_up_plain_logs()

BUNDLED = Path(__file__).parent.parent / "registry"
"""The registry that comes with the program."""


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def bundled() -> Path:
    """The folder of the registry that comes with the program."""
    return BUNDLED


@pytest.fixture(scope="session")
def excerpt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few models of the bundled registry: a server starts with them in a third of the time."""
    return make_excerpt(BUNDLED, tmp_path_factory.mktemp("excerpt") / "registry")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server, started when it is first asked for. Each test makes a database of its own."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def _valkey() -> Iterator[ValkeyServer]:
    with valkey_server() as server:
        yield server


@pytest.fixture
def valkey(_valkey: ValkeyServer) -> ValkeyServer:
    """A Valkey server that remembers nothing of the tests before. A test that stops it starts its own."""
    _valkey.flush()
    return _valkey


@pytest.fixture(scope="session")
def api() -> Service:
    """A service over the small registry, with telemetry. Shared: a test must not change what it holds."""

    async def start() -> Service:
        service = await start_service()
        await service.record(*observations())
        return service

    return asyncio.run(start())


@pytest.fixture(scope="session")
def reference_api() -> Service:
    """A service over the bundled registry, rate limit on. Shared: each test takes a peer of its own."""
    return asyncio.run(start_service(require_registry(BUNDLED), now=NOW, RATE_LIMIT="100"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A real server over the bundled registry, rate limit off."""
    folder = tmp_path_factory.mktemp("server")
    with start_server(folder, registry=BUNDLED, RATE_LIMIT="0") as running:
        yield running


@pytest.fixture(scope="session")
def documented_api() -> Service:
    """The bundled and the small registry together, with telemetry. Shared: it must not be changed."""
    one, other = require_registry(BUNDLED), catalogue()

    def both(kind: str, *key: str) -> tuple[Any, ...]:
        return tuple(sorted((*getattr(one, kind), *getattr(other, kind)), key=attrgetter(*key)))

    merged = Registry(
        models=both("models", "id"),
        providers=both("providers", "id"),
        offerings=both("offerings", "provider_id", "model_id"),
        vendors=both("vendors", "id"),
    )

    async def start() -> Service:
        service = await start_service(merged)
        await service.record(*observations())
        return service

    return asyncio.run(start())
