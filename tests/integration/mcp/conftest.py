"""What the tests of the door for agents share."""

from collections.abc import Iterator

import pytest

from fixtures.commands import program
from fixtures.observatory import start_observatory
from fixtures.site import Site, running_site

__all__ = ["program"]


@pytest.fixture(scope="session")
def observed() -> Iterator[Site]:
    """A server with telemetry and a history. Shared: a test must not change what it holds."""
    with running_site(start_observatory) as site:
        yield site
