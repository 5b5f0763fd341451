"""``GET /api/search`` and ``GET /api/search/index``."""

import pytest

from fixtures.catalogue import with_many_models
from fixtures.service import PUBLISHED, Service, start_service
from fixtures.shapes import MODEL, PROVIDER

pytestmark = pytest.mark.anyio


async def found(api: Service, query: str) -> tuple[list[str], list[str], int]:
    body = await api.json(f"/api/search?{query}")
    assert list(body) == ["models", "providers", "total"]
    assert all(list(model) == MODEL for model in body["models"])
    assert all(list(provider) == PROVIDER for provider in body["providers"])
    return [m["id"] for m in body["models"]], [p["id"] for p in body["providers"]], body["total"]


@pytest.mark.parametrize(
    ("query", "models", "providers"),
    [
        ("q=alpha-1", ["alpha-1"], []),
        ("q=Alpha%20One", ["alpha-1"], []),
        ("q=cirrus", [], ["cirrus"]),
        ("q=CIRRUS+cloud", [], ["cirrus"]),
        ("q=mini", ["beta-mini"], []),
        ("q=gamma+fre", ["gamma-free"], []),
        ("q=gamma+fere", ["gamma-free"], []),
        ("q=nimbsu", [], ["nimbus"]),
        ("q=nothing-like-it-here", [], []),
        ("q=", [], []),
        ("", [], []),
        ("q=%21%21", [], []),
    ],
)
async def test_it_finds_models_and_providers(
    api: Service, query: str, models: list[str], providers: list[str]
) -> None:
    assert await found(api, query) == (models, providers, len(models) + len(providers))


async def test_it_puts_exact_before_prefix_before_substring(api: Service) -> None:
    models, _, _ = await found(api, "q=alpha")
    assert models == ["alpha-0", "alpha-1"]
    assert (await found(api, "q=alpha-0"))[0][0] == "alpha-0"
    assert (await found(api, "q=beta"))[0] == ["beta-mini"]


async def test_it_looks_for_one_kind_only_when_asked(api: Service) -> None:
    assert await found(api, "q=provider&type=models") == ([], [], 0)
    assert (await found(api, "q=provider&type=providers"))[1] == ["altus", "vacant"]
    assert (await found(api, "q=chat&type=models"))[1] == []


async def test_it_shows_ten_of_each_kind_unless_told_otherwise_and_counts_all() -> None:
    service = await start_service(with_many_models(30))
    models, _, total = await found(service, "q=many")
    assert (len(models), total) == (10, 30)
    assert len((await found(service, "q=many&limit=20"))[0]) == 20
    assert (await found(service, "q=many&limit=1"))[0] == ["many-000"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("q=a&limit=21", "limit must be an integer from 1 to 20, not '21'"),
        ("q=a&type=model", "type must be one of models, providers (did you mean models?), not 'model'"),
        ("q=a&q=b", "q must be given once, not 'a, b'"),
    ],
)
async def test_it_explains_a_value_that_it_does_not_take(api: Service, query: str, message: str) -> None:
    assert (await api.problem(f"/api/search?{query}"))["message"] == message


async def test_it_refuses_a_query_of_more_than_200_characters(api: Service) -> None:
    assert (await api.get("/api/search?q=" + "a" * 200)).status_code == 200
    error = await api.problem("/api/search?q=" + "a" * 201)
    assert error["message"].startswith("q must be at most 200 characters")


async def test_it_shows_the_status_of_the_providers_that_it_finds(api: Service) -> None:
    body = await api.json("/api/search?q=nimbus")
    assert body["providers"][0]["status"] == "down"


async def test_it_lists_every_name_for_search_on_the_clients_side(api: Service) -> None:
    body = await api.json("/api/search/index")
    assert list(body) == ["models", "providers", "updated_at"]
    assert [model["id"] for model in body["models"]] == [
        "alpha-0",
        "alpha-1",
        "beta-mini",
        "delta-embed",
        "gamma-free",
    ]
    assert body["models"][2] == {
        "id": "beta-mini",
        "name": "beta Mini",
        "vendor": "zenith",
        "capabilities": ["chat", "code"],
    }
    assert list(body["models"][0]) == ["id", "name", "vendor", "capabilities"]
    assert body["models"][3]["vendor"] is None
    assert body["providers"][1] == {"id": "cirrus", "name": "Cirrus Cloud", "compatibility": "openai"}
    assert list(body["providers"][0]) == ["id", "name", "compatibility"]
    assert body["updated_at"] == f"{PUBLISHED:%Y-%m-%dT%H:%M:%S}.123Z"
