"""``GET /api/models/popular``."""

from datetime import UTC, datetime

import pytest

from contract.builders import model, offering, provider, registry
from fixtures.service import Service, start_service
from fixtures.shapes import MODEL

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def test_it_answers_a_bare_array_of_models(api: Service) -> None:
    models = await api.json("/api/models/popular")
    assert isinstance(models, list)
    assert all(list(item) == MODEL for item in models)


async def test_it_weighs_recency_and_offerings_and_leaves_old_unoffered_models_out(api: Service) -> None:
    models = await api.json("/api/models/popular")
    assert [item["id"] for item in models] == ["alpha-1", "beta-mini", "gamma-free", "delta-embed"]


async def test_it_lets_recency_fall_linearly_from_6_to_24_months() -> None:
    content = registry(
        provider("p"),
        provider("q"),
        model("a-fresh", release_date="2025-10-01"),
        model("b-month-old", release_date="2026-02-01"),
        model("c-year-old", release_date="2025-03-01"),  # recency 0.667: 0.467
        model("d-old-but-offered", release_date="2023-01-01"),  # 0.3 x 2/2
        model("e-half-offered", release_date="2024-03-15"),  # recency 0.03: 0.02 + 0.15
        model("f-old", release_date="2023-01-01"),
        offering("p", "d-old-but-offered"),
        offering("q", "d-old-but-offered"),
        offering("p", "e-half-offered"),
    )
    service = await start_service(content, now=NOW)
    assert [item["id"] for item in await service.json("/api/models/popular")] == [
        "a-fresh",
        "b-month-old",
        "c-year-old",
        "d-old-but-offered",
        "e-half-offered",
    ]


async def test_it_gives_twelve_unless_told_otherwise() -> None:
    service = await start_service(registry(*(model(f"m-{n:03}") for n in range(101))), now=NOW)
    assert len(await service.json("/api/models/popular")) == 12
    assert len(await service.json("/api/models/popular?limit=3")) == 3
    assert len(await service.json("/api/models/popular?limit=100")) == 100


@pytest.mark.parametrize("limit", ["0", "101", "ten"])
async def test_it_refuses_a_limit_out_of_range(api: Service, limit: str) -> None:
    error = await api.problem(f"/api/models/popular?limit={limit}")
    assert error["details"] == [{"parameter": "limit", "value": limit, "range": [1, 100]}]
