"""``GET /api/models/{model_id}``."""

import pytest

from fixtures.service import Service
from fixtures.shapes import MODEL_ALONE

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("model_id", ["alpha-0", "alpha-1", "beta-mini", "delta-embed", "gamma-free"])
async def test_it_answers_with_every_field_and_the_providers(api: Service, model_id: str) -> None:
    model = await api.json(f"/api/models/{model_id}")
    assert list(model) == MODEL_ALONE
    assert model["providers_count"] == len(model["providers"])
    listed = {item["id"]: item for item in (await api.json("/api/models"))["data"]}
    providers = model.pop("providers")
    assert providers == sorted(providers)
    assert model == listed[model_id]


async def test_it_names_the_providers_by_id(api: Service) -> None:
    assert (await api.json("/api/models/alpha-1"))["providers"] == ["altus", "cirrus", "nimbus"]
    assert (await api.json("/api/models/delta-embed"))["providers"] == []


async def test_it_tells_the_end_of_a_retired_model(api: Service) -> None:
    model = await api.json("/api/models/alpha-0")
    assert (model["status"], model["deprecation_date"], model["replaced_by"]) == (
        "retired",
        "2024-12-31",
        "alpha-1",
    )


async def test_it_takes_no_retired_or_unpriced_offering_for_the_cheapest(api: Service) -> None:
    assert (await api.json("/api/models/beta-mini"))["cheapest"] is None
    assert (await api.json("/api/models/gamma-free"))["cheapest"]["provider_id"] == "cirrus"


@pytest.mark.parametrize("alias", ["alpha-latest", "alpha-one"])
async def test_it_answers_an_alias_with_the_canonical_model(api: Service, alias: str) -> None:
    assert await api.json(f"/api/models/{alias}") == await api.json("/api/models/alpha-1")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("alpha-11", "Model not found: 'alpha-11'. Did you mean 'alpha-1'?"),
        ("alpha-latesst", "Model not found: 'alpha-latesst'. Did you mean 'alpha-1'?"),
        ("Gamma-Free", "Model not found: 'Gamma-Free'. Did you mean 'gamma-free'?"),
        ("nothing-of-the-kind", "Model not found: 'nothing-of-the-kind'"),
        ("%F0%9F%90%99", "Model not found: '🐙'"),
        ("x" * 300, f"Model not found: '{'x' * 100}…'"),
    ],
)
async def test_it_names_the_unknown_model_and_suggests_a_near_one(
    api: Service, name: str, message: str
) -> None:
    error = await api.problem(f"/api/models/{name}", 404)
    assert (error["type"], error["message"]) == ("NOT_FOUND", message)
