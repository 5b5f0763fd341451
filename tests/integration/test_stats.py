"""``GET /api/stats``."""

import pytest

from contract.builders import check
from fixtures.service import NOW, Service, start_service

pytestmark = pytest.mark.anyio


async def test_it_counts_what_there_is(api: Service) -> None:
    body = await api.json("/api/stats")
    assert list(body) == ["models", "providers", "mappings", "last_sync_at", "revision", "checks_24h"]
    assert body == {
        "models": 5,
        "providers": 4,
        "mappings": 6,
        "last_sync_at": "2026-02-28T08:00:00.123Z",
        "revision": api.live.snapshot.revision,
        "checks_24h": 24,
    }


async def test_it_counts_a_new_check_at_once() -> None:
    service = await start_service()
    assert (await service.json("/api/stats"))["checks_24h"] == 0
    await service.record([check("cirrus", NOW)])
    assert (await service.json("/api/stats"))["checks_24h"] == 1
