"""What the tests of the SDK share."""

from collections.abc import Iterator

import pytest

from fixtures.clients import FLAVOURS, Flavour
from fixtures.observatory import start_observatory
from fixtures.site import Site, running_site


@pytest.fixture(params=FLAVOURS)
def flavour(request: pytest.FixtureRequest) -> Flavour:
    found: Flavour = request.param
    return found


@pytest.fixture(scope="session")
def observed() -> Iterator[Site]:
    """A real server with telemetry and history. Shared: a test must not change what it holds."""
    with running_site(start_observatory) as site:
        yield site
