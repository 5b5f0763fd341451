"""``GET /api/providers/{provider_id}``."""

import pytest

from fixtures.service import Service
from fixtures.shapes import PROVIDER_ALONE

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("provider_id", ["altus", "cirrus", "nimbus", "vacant"])
async def test_it_answers_with_every_field_and_the_models(api: Service, provider_id: str) -> None:
    provider = await api.json(f"/api/providers/{provider_id}")
    assert list(provider) == PROVIDER_ALONE
    assert provider["models_count"] == len(provider["models"])
    listed = {item["id"]: item for item in (await api.json("/api/providers"))["data"]}
    del provider["models"]
    assert provider == listed[provider_id]


async def test_it_names_the_models_by_id(api: Service) -> None:
    assert (await api.json("/api/providers/altus"))["models"] == ["alpha-1", "beta-mini"]
    assert (await api.json("/api/providers/vacant"))["models"] == []


async def test_it_names_the_unknown_provider_and_suggests_a_near_one(api: Service) -> None:
    error = await api.problem("/api/providers/cirus", 404)
    assert error["type"] == "NOT_FOUND"
    assert error["message"] == "Provider not found: 'cirus'. Did you mean 'cirrus'?"
    error = await api.problem("/api/providers/zzzzzzzz", 404)
    assert error["message"] == "Provider not found: 'zzzzzzzz'"
