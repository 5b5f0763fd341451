"""``GET /api/models``: filters, sorts, pages, shape."""

import pytest

from fixtures.catalogue import catalogue, with_many_models
from fixtures.service import Service, start_service
from fixtures.shapes import CHEAPEST, MODEL
from openmodels.domain.checks import check_registry
from openmodels.domain.vocabulary import CAPABILITIES

pytestmark = pytest.mark.anyio

BY_RECENCY = ["alpha-1", "beta-mini", "gamma-free", "alpha-0", "delta-embed"]


async def test_it_is_tested_over_a_valid_registry() -> None:
    assert check_registry(catalogue()) == []


async def test_it_lists_every_field_of_a_model_in_order(api: Service) -> None:
    models = (await api.json("/api/models"))["data"]
    assert all(list(model) == MODEL for model in models)
    assert models[0] == {
        "id": "alpha-1",
        "name": "Alpha One",
        "vendor": "acme",
        "capabilities": ["chat", "vision", "code", "reasoning", "function-calling"],
        "context_window": 200_000,
        "max_output_tokens": 8192,
        "description": "A multimodal model that sees, reasons and calls functions.",
        "vendor_name": "Acme Labs",
        "family": "alpha",
        "modalities": ["text", "image", "code"],
        "input_modalities": ["text", "image"],
        "output_modalities": ["code", "text"],
        "open_weights": False,
        "licensing": "proprietary",
        "release_date": "2026-02-10",
        "knowledge_cutoff": "2025-10",
        "status": "active",
        "deprecation_date": None,
        "replaced_by": None,
        "aliases": ["alpha-latest", "alpha-one"],
        "providers_count": 3,
        "cheapest": {
            "provider_id": "cirrus",
            "input_per_million": 0.1,
            "output_per_million": 2.5,
            "currency": "USD",
        },
        "created_at": "2025-01-01T00:00:00.000Z",
        "updated_at": "2025-07-10T14:30:00.000Z",
    }
    assert list(models[0]["cheapest"]) == CHEAPEST


async def test_it_says_null_for_what_nobody_knows(api: Service) -> None:
    delta = (await api.json("/api/models"))["data"][-1]
    assert delta["id"] == "delta-embed"
    for key in (
        "vendor",
        "context_window",
        "max_output_tokens",
        "vendor_name",
        "family",
        "input_modalities",
        "output_modalities",
        "open_weights",
        "release_date",
        "knowledge_cutoff",
        "deprecation_date",
        "replaced_by",
        "cheapest",
    ):
        assert key in delta
        assert delta[key] is None
    assert (delta["aliases"], delta["providers_count"]) == ([], 0)


async def test_it_writes_prices_as_the_registry_does(api: Service) -> None:
    raw = (await api.get("/api/models")).content
    assert b'"cheapest":{"provider_id":"cirrus","input_per_million":0.1,"output_per_million":2.50,' in raw
    assert b'"cheapest":{"provider_id":"cirrus","input_per_million":0,"output_per_million":0.0,' in raw


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("recency", BY_RECENCY),
        ("name", ["alpha-1", "alpha-0", "beta-mini", "delta-embed", "gamma-free"]),
        ("context_window", ["alpha-1", "beta-mini", "gamma-free", "alpha-0", "delta-embed"]),
        ("providers", ["alpha-1", "gamma-free", "beta-mini", "alpha-0", "delta-embed"]),
        ("price", ["gamma-free", "alpha-1", "alpha-0", "beta-mini", "delta-embed"]),
        ("relevance", BY_RECENCY),
    ],
)
async def test_it_sorts_with_unknown_values_last_and_ties_by_id(
    api: Service, sort: str, expected: list[str]
) -> None:
    assert await api.ids(f"/api/models?sort={sort}") == expected


async def test_it_sorts_the_newest_first_unless_told_otherwise(api: Service) -> None:
    assert await api.ids("/api/models") == BY_RECENCY


async def test_it_sorts_by_relevance_when_something_is_searched(api: Service) -> None:
    assert await api.ids("/api/models?search=alpha") == ["alpha-0", "alpha-1"]
    assert await api.ids("/api/models?search=alpha+one") == ["alpha-1"]
    assert await api.ids("/api/models?search=alpha&sort=recency") == ["alpha-1", "alpha-0"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("search=Alpha+Zero", ["alpha-0"]),
        ("search=alpha-latest", ["alpha-1"]),
        ("search=ZENITH&sort=name", ["beta-mini", "gamma-free"]),
        ("search=multimodal", ["alpha-1"]),
        ("search=gama+free", ["gamma-free"]),
        ("search=%20", BY_RECENCY),
        ("search=", BY_RECENCY),
        ("search=nothing-like-it-here", []),
        ("capability=vision", ["alpha-1"]),
        ("capability=vision&capability=audio", ["alpha-1", "gamma-free"]),
        ("capability=vision,audio", ["alpha-1", "gamma-free"]),
        ("capability=vision,%20audio", ["alpha-1", "gamma-free"]),
        ("modality=image", ["alpha-1"]),
        ("modality=image,audio", ["alpha-1", "gamma-free"]),
        ("vendor=acme", ["alpha-1", "alpha-0"]),
        ("vendor=acme,zenith", ["alpha-1", "beta-mini", "gamma-free", "alpha-0"]),
        ("vendor=nobody", []),
        ("vendor=", BY_RECENCY),
        ("provider=nimbus", ["alpha-1", "gamma-free"]),
        ("provider=nimbus&provider=altus", ["alpha-1", "beta-mini", "gamma-free"]),
        ("provider=vacant", []),
        ("provider=nobody", []),
        ("licensing=mit", ["gamma-free"]),
        ("licensing=mit,apache-2.0", ["beta-mini", "gamma-free"]),
        ("licensing=gpl-3.0", []),
        ("status=retired", ["alpha-0"]),
        ("status=preview,deprecated", ["beta-mini", "gamma-free"]),
        ("open_weights=true", ["beta-mini", "gamma-free"]),
        ("open_weights=false", ["alpha-1"]),
        ("min_context=8192", ["alpha-1", "beta-mini", "gamma-free"]),
        ("min_context=8193", ["alpha-1"]),
        ("min_context=0", ["alpha-1", "beta-mini", "gamma-free", "alpha-0"]),
        ("max_input_price=0", ["gamma-free"]),
        ("max_input_price=0.1", ["alpha-1", "gamma-free"]),
        ("max_input_price=0.0999999999999", ["gamma-free"]),
        ("max_input_price=1e-1", ["alpha-1", "gamma-free"]),
        ("capability=chat&vendor=zenith", ["beta-mini", "gamma-free"]),
        ("capability=chat&vendor=zenith&status=preview", ["beta-mini"]),
        ("capability=chat,vision&modality=audio&open_weights=true&min_context=1", ["gamma-free"]),
        ("search=alpha&status=active", ["alpha-1"]),
        ("nonsense=1&capability=vision&Capability=none", ["alpha-1"]),
    ],
)
async def test_it_filters(api: Service, filters: str, expected: list[str]) -> None:
    body = await api.json(f"/api/models?{filters}")
    assert [model["id"] for model in body["data"]] == expected
    assert body["pagination"]["total"] == len(expected)


@pytest.mark.parametrize(
    ("alias", "canonical"),
    [
        ("capability=tools", "capability=function-calling"),
        ("capability=tool-use", "capability=function-calling"),
        ("capability=function_calling", "capability=function-calling"),
        ("capability=code-generation", "capability=code"),
        ("capability=embedding", "capability=embeddings"),
        ("capability=tts", "capability=speech"),
        ("capability=stt", "capability=transcription"),
        ("capability=json-mode", "capability=structured-output"),
        ("capability=structured_outputs", "capability=structured-output"),
        ("modality=pdf", "modality=file"),
    ],
)
async def test_it_takes_the_other_names_of_capabilities_and_modalities(
    api: Service, alias: str, canonical: str
) -> None:
    assert await api.ids(f"/api/models?{alias}") == await api.ids(f"/api/models?{canonical}")


@pytest.mark.parametrize(
    ("query", "message", "details"),
    [
        (
            "capability=visoin",
            f"capability must be one of {', '.join(CAPABILITIES)} (did you mean vision?), not 'visoin'",
            {"parameter": "capability", "value": "visoin", "did_you_mean": "vision"},
        ),
        (
            "modality=Text",
            "modality must be one of text, image, audio, video, file, code (did you mean text?), not 'Text'",
            {"parameter": "modality", "value": "Text", "did_you_mean": "text"},
        ),
        (
            "status=gone",
            "status must be one of active, preview, deprecated, retired, not 'gone'",
            {"parameter": "status", "value": "gone"},
        ),
        (
            "sort=newest",
            "sort must be one of recency, name, context_window, providers, price, relevance, not 'newest'",
            {"parameter": "sort", "value": "newest"},
        ),
        (
            "open_weights=yes",
            "open_weights must be true or false, not 'yes'",
            {"parameter": "open_weights", "value": "yes", "allowed": ["true", "false"]},
        ),
        (
            "min_context=-1",
            "min_context must be an integer from 0 to 9007199254740991, not '-1'",
            {"parameter": "min_context", "value": "-1", "range": [0, 9007199254740991]},
        ),
        (
            "max_input_price=cheap",
            "max_input_price must be a number, 0 or more, not 'cheap'",
            {"parameter": "max_input_price", "value": "cheap", "range": [0, None]},
        ),
        (
            "limit=101",
            "limit must be an integer from 1 to 100, not '101'",
            {"parameter": "limit", "value": "101", "range": [1, 100]},
        ),
    ],
)
async def test_it_explains_a_value_that_it_does_not_take(
    api: Service, query: str, message: str, details: dict[str, object]
) -> None:
    error = await api.problem(f"/api/models?{query}")
    assert error["type"] == "BAD_REQUEST"
    assert error["message"] == message
    assert len(error["details"]) == 1
    assert details.items() <= error["details"][0].items()
    assert ("allowed" in error["details"][0]) != ("range" in error["details"][0])


@pytest.mark.parametrize("name", ["page", "limit", "min_context"])
@pytest.mark.parametrize(
    "text", ["", "x", "1e9", "10.0", "+1", "0x10", "1_0", "%201", "%D9%A1", "-1", "99999999999999999999999"]
)
async def test_it_takes_nothing_but_plain_digits_in_range_for_a_number(
    api: Service, name: str, text: str
) -> None:
    error = await api.problem(f"/api/models?{name}={text}")
    assert error["details"][0]["parameter"] == name
    assert "range" in error["details"][0]
    assert f"{name} must be an integer from " in error["message"]


@pytest.mark.parametrize("text", ["", "NaN", "Infinity", "-0.1", "1_0", "%D9%A1", "0x1", "1e", "9" * 41])
async def test_it_takes_nothing_but_decimals_for_a_price(api: Service, text: str) -> None:
    error = await api.problem(f"/api/models?max_input_price={text}")
    assert error["details"][0]["parameter"] == "max_input_price"


@pytest.mark.parametrize(
    "name", ["search", "open_weights", "min_context", "max_input_price", "sort", "page", "limit"]
)
async def test_it_takes_a_single_valued_parameter_once(api: Service, name: str) -> None:
    value = {"open_weights": "true", "sort": "name"}.get(name, "1")
    error = await api.problem(f"/api/models?{name}={value}&{name}={value}")
    assert error["message"] == f"{name} must be given once, not '{value}, {value}'"


async def test_it_names_every_parameter_that_is_wrong(api: Service) -> None:
    error = await api.problem("/api/models?sort=up&page=0&capability=fly")
    assert [detail["parameter"] for detail in error["details"]] == ["capability", "sort", "page"]


async def test_it_takes_up_to_200_characters_of_search(api: Service) -> None:
    assert (await api.get("/api/models?search=" + "%C3%A9" * 200)).status_code == 200
    error = await api.problem("/api/models?search=" + "a" * 201)
    assert error["message"].startswith("search must be at most 200 characters, not 'aaa")
    assert error["details"][0]["range"] == [0, 200]


async def test_it_pages_through_all_models_once() -> None:
    service = await start_service(with_many_models(40))
    everything = await service.ids("/api/models?limit=100&sort=name")
    assert len(everything) == 45
    paged = [await service.ids(f"/api/models?sort=name&page={page}") for page in (1, 2, 3)]
    assert [len(ids) for ids in paged] == [20, 20, 5]
    assert [model_id for page in paged for model_id in page] == everything


async def test_it_gives_an_empty_page_past_the_end(api: Service) -> None:
    body = await api.json("/api/models?page=9007199254740991&limit=100")
    assert body == {"data": [], "pagination": {"page": 9007199254740991, "limit": 100, "total": 5}}
