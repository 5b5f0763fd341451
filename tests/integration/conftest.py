"""What the tests of one endpoint or command share."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from fixtures.fake_client import FAST
from openmodels.fake.server import FakeProvider


@pytest.fixture
async def fake() -> AsyncIterator[FakeProvider]:
    """A fake provider that is quick."""
    async with FakeProvider(FAST, seed=1) as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    """A client for it."""
    async with httpx2.AsyncClient(timeout=20, trust_env=False) as running:
        yield running
