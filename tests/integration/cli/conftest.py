"""What the tests of commands that ask a server share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.asking import Asker
from fixtures.commands import Program, program
from fixtures.observatory import start_observatory
from fixtures.site import Site, running_site
from openmodels_client import Retry

__all__ = ["program"]


@pytest.fixture(scope="session")
def observed() -> Iterator[Site]:
    """A server with telemetry and a history. Shared: a test must not change what it holds."""
    with running_site(start_observatory) as site:
        yield site


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again without a pause."""
    monkeypatch.setattr("openmodels.cli.telling.RETRY", Retry(times=2, first_wait=0.0))


@pytest.fixture
def ask(program: Program, tmp_path: Path, observed: Site) -> Asker:
    """Runs ``openmodels`` against that server, in an empty home folder."""
    return Asker(program, tmp_path, observed.url)
