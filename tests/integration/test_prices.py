"""``/api/models/:id/prices``: what the offerings of a model cost over time."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from fixtures.catalogue import EVERY_PRICE
from fixtures.past import lived, priced, start_lived
from fixtures.service import Service, start_service
from openmodels.domain.views.registry import encoder

pytestmark = pytest.mark.anyio


@pytest.fixture
async def service() -> Service:
    return await start_lived()


def steps(series: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(point["at"][:10], point["input_per_million"]) for point in series["points"]]


async def test_it_gives_each_offering_as_steps(service: Service) -> None:
    found = await service.json("/api/models/llama/prices")
    assert (found["model_id"], found["model_name"]) == ("llama", "Llama")
    assert found["begins_at"] == "2026-03-01T09:30:00.123Z"
    acme, groq = found["series"]
    assert (acme["provider_id"], acme["provider_name"], acme["currency"]) == ("acme", "Acme", "EUR")
    assert steps(acme) == [("2026-03-05", 1.0), ("2026-03-09", 1.5)]
    assert acme["ended_at"] is None
    assert steps(groq) == [("2026-03-01", 0.59), ("2026-03-03", 0.64), ("2026-03-09", None)]
    assert groq["points"][0]["at"] == found["begins_at"]
    assert [point["offered"] for point in groq["points"]] == [True, True, False]
    assert groq["ended_at"] == "2026-03-09T12:00:00.000Z"
    assert groq["provider_name"] is None  # the provider is gone too


async def test_since_begins_with_what_held_then(service: Service) -> None:
    found = await service.json("/api/models/llama/prices?since=2026-03-04")
    assert found["begins_at"] == "2026-03-04T00:00:00.000Z"
    acme, groq = found["series"]
    assert steps(groq) == [("2026-03-04", 0.64), ("2026-03-09", None)]
    assert steps(acme) == [("2026-03-05", 1.0), ("2026-03-09", 1.5)]
    later = await service.json("/api/models/llama/prices?since=2026-03-10")
    assert [series["provider_id"] for series in later["series"]] == ["acme"]


async def test_since_before_the_beginning_or_ahead_is_brought_within(service: Service) -> None:
    before = await service.json("/api/models/llama/prices?since=0001-01-01")
    assert before == await service.json("/api/models/llama/prices")
    ahead = await service.json("/api/models/llama/prices?since=9999-12-31")
    assert ahead["begins_at"] == "2026-03-10T12:00:00.000Z"
    assert steps(ahead["series"][0]) == [("2026-03-10", 1.5)]


async def test_it_is_filtered_by_provider(service: Service) -> None:
    for query, expected in (("acme", ["acme"]), ("acme,groq", ["acme", "groq"]), ("nobody", [])):
        found = await service.json(f"/api/models/llama/prices?provider={query}")
        assert [series["provider_id"] for series in found["series"]] == expected


async def test_a_model_that_is_gone_still_has_prices(service: Service) -> None:
    found = await service.json("/api/models/old/prices")
    assert (found["model_name"], steps(found["series"][0])) == (
        "Old One",
        [("2026-03-01", 0.15), ("2026-03-07", None)],
    )
    await service.problem("/api/models/never/prices", 404)


async def test_every_price_is_there_with_its_digits() -> None:
    service = await start_service()
    response = await service.get("/api/models/alpha-1/prices?provider=cirrus")
    exact = msgspec.json.Decoder(float_hook=Decimal).decode
    (point,) = exact(response.content)["series"][0]["points"]
    prices = exact(encoder.encode(EVERY_PRICE))
    assert prices.pop("currency") == "USD"
    assert {name: str(point[name]) for name in prices} == {n: str(value) for n, value in prices.items()}
    assert b'"output_per_million":2.50' in response.content


async def test_what_is_published_and_not_served_yet_does_not_disturb_it(service: Service) -> None:
    before = await service.json("/api/models/llama/prices")
    service.clock.advance(seconds=3600)
    _, last = lived()[-1]
    head = await service.registry.head()
    assert head is not None
    dearer = replace(last, offerings=(priced("acme", "9/9", "EUR"),))
    await service.registry.publish(dearer, base=head.revision, at=service.clock.now())
    assert await service.json("/api/models/llama/prices") == before
    await service.live.refresh()
    now = await service.json("/api/models/llama/prices")
    assert steps(now["series"][0])[-1] == ("2026-03-10", 9)
