"""``GET /api/providers``."""

import pytest

from fixtures.service import Service
from fixtures.shapes import PROVIDER
from openmodels.domain.vocabulary import COMPATIBILITIES

pytestmark = pytest.mark.anyio

BY_NAME = ["altus", "cirrus", "nimbus", "vacant"]


async def test_it_lists_every_field_of_a_provider_in_order(api: Service) -> None:
    providers = (await api.json("/api/providers"))["data"]
    assert all(list(provider) == PROVIDER for provider in providers)
    assert providers[1] == {
        "id": "cirrus",
        "name": "Cirrus Cloud",
        "description": "A cloud with regions on two continents.",
        "api_base_url": "https://cirrus.example.com/v1",
        "auth_type": "bearer",
        "regions": ["us-east-1", "eu-west-1"],
        "compatibility": "openai",
        "models_count": 2,
        "docs_url": "https://docs.cirrus.example.com",
        "status_page_url": "https://status.cirrus.example.com",
        "env": ["CIRRUS_API_KEY"],
        "status": "up",
        "last_checked_at": "2026-03-01T11:59:00.000Z",
        "created_at": "2025-01-01T00:00:00.000Z",
        "updated_at": "2025-07-10T14:30:00.000Z",
    }


async def test_it_says_null_for_what_nobody_knows(api: Service) -> None:
    vacant = (await api.json("/api/providers"))["data"][3]
    assert (vacant["docs_url"], vacant["status_page_url"], vacant["last_checked_at"]) == (None, None, None)
    assert (vacant["status"], vacant["models_count"], vacant["env"]) == ("unknown", 0, [])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", BY_NAME),
        ("sort=name", BY_NAME),
        ("sort=models", ["altus", "cirrus", "nimbus", "vacant"]),
        ("search=cloud", ["cirrus"]),
        ("search=nimbsu", ["nimbus"]),
        ("search=zzzzzz", []),
        ("compatibility=openai", ["cirrus", "vacant"]),
        ("compatibility=anthropic,custom", ["altus", "nimbus"]),
        ("compatibility=anthropic&compatibility=custom", ["altus", "nimbus"]),
        ("region=eu-west-1", ["cirrus", "vacant"]),
        ("region=eu-west-1,ap-south-1", ["altus", "cirrus", "vacant"]),
        ("region=nowhere", []),
        ("status=up", ["cirrus"]),
        ("status=down", ["nimbus"]),
        ("status=unknown", ["altus", "vacant"]),
        ("status=up,down", ["cirrus", "nimbus"]),
        ("status=degraded", []),
        ("compatibility=openai&region=eu-west-1&status=unknown", ["vacant"]),
        ("search=provider&compatibility=openai", ["vacant"]),
        ("limit=2", ["altus", "cirrus"]),
        ("limit=2&page=2", ["nimbus", "vacant"]),
        ("limit=2&page=3", []),
    ],
)
async def test_it_filters_sorts_and_pages(api: Service, query: str, expected: list[str]) -> None:
    body = await api.json(f"/api/providers?{query}")
    assert [provider["id"] for provider in body["data"]] == expected
    if "limit" in query:
        assert body["pagination"]["total"] == 4


async def test_it_pages_twenty_at_a_time(api: Service) -> None:
    assert (await api.json("/api/providers"))["pagination"] == {"page": 1, "limit": 20, "total": 4}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "compatibility=opnai",
            f"compatibility must be one of {', '.join(COMPATIBILITIES)} (did you mean openai?), not 'opnai'",
        ),
        ("status=sleeping", "status must be one of up, degraded, down, unknown, not 'sleeping'"),
        ("sort=model", "sort must be one of name, models (did you mean models?), not 'model'"),
        ("limit=0", "limit must be an integer from 1 to 100, not '0'"),
    ],
)
async def test_it_explains_a_value_that_it_does_not_take(api: Service, query: str, message: str) -> None:
    assert (await api.problem(f"/api/providers?{query}"))["message"] == message
