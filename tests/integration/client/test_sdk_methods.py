"""Every method of the SDK against a real server, held to the JSON that the server sends."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import httpx2
import msgspec
import pytest

from fixtures.clients import Driven, Flavour, driven, http_of
from fixtures.observatory import DEGRADED, DOWN, FLOCK, UP
from fixtures.service import NOW
from fixtures.site import Site
from openmodels.domain.snapshot import Snapshot
from openmodels_client import BadRequest, NotFound, OpenModels
from openmodels_client.types import ModelOfferings

pytestmark = pytest.mark.anyio


class Asked(NamedTuple):
    """A call of a method, and what it must ask for."""

    method: str
    target: str
    given: tuple[str, ...] = ()
    named: dict[str, Any] = {}  # noqa: RUF012 - nobody changes it


TOKENS: dict[str, Any] = {"input_tokens": 20_000, "output_tokens": 500}
CALLS = (
    Asked("models.list", "/api/models"),
    Asked(
        "models.list",
        "/api/models?search=alpha&capability=vision&capability=code&modality=text&vendor=acme&provider=cirrus"
        "&licensing=proprietary&status=active&open_weights=false&min_context=1000&max_input_price=1.50"
        "&sort=price&page=1&limit=7",
        named={
            "search": "alpha",
            "capability": ["vision", "code"],
            "modality": "text",
            "vendor": "acme",
            "provider": ("cirrus",),
            "licensing": "proprietary",
            "status": "active",
            "open_weights": False,
            "min_context": 1000,
            "max_input_price": Decimal("1.50"),
            "sort": "price",
            "page": 1,
            "limit": 7,
        },
    ),
    Asked("models.list", "/api/models?as_of=2026-02-20", named={"as_of": date(2026, 2, 20)}),
    Asked("models.popular", "/api/models/popular?limit=5", named={"limit": 5}),
    Asked("models.get", "/api/models/alpha-1", ("alpha-1",)),
    Asked("models.get", "/api/models/alpha-latest", ("alpha-latest",)),
    Asked("models.providers", "/api/models/alpha-1/providers", ("alpha-1",)),
    Asked(
        "models.compare",
        "/api/models/alpha-1/compare?sort=ttft&region=global&period=24h",
        ("alpha-1",),
        {"sort": "ttft", "region": "global", "period": "24h"},
    ),
    Asked(
        "models.history",
        "/api/models/alpha-1/history?topic=price&limit=2",
        ("alpha-1",),
        {"topic": "price", "limit": 2},
    ),
    Asked("models.prices", "/api/models/alpha-1/prices", ("alpha-1",)),
    Asked(
        "models.provenance",
        "/api/models/alpha-1/provenance?provider=cirrus",
        ("alpha-1",),
        {"provider": "cirrus"},
    ),
    Asked(
        "models.cost",
        "/api/models/alpha-1/cost?input_tokens=20000&output_tokens=500&cached_tokens=100&requests=7&batch=false",
        ("alpha-1",),
        TOKENS | {"cached_tokens": 100, "requests": 7, "batch": False},
    ),
    Asked(
        "models.choose",
        "/api/models/alpha-1/choose?input_tokens=20000&output_tokens=500&max_price=0.75&min_uptime=99.5"
        "&max_ttft_ms=500&prefer=price&period=30d",
        ("alpha-1",),
        TOKENS
        | {"max_price": Decimal("0.75"), "min_uptime": 99.5, "max_ttft_ms": 500}
        | {"prefer": "price", "period": "30d"},
    ),
    Asked(
        "providers.list",
        "/api/providers?status=up&status=down&sort=models",
        named={"status": ["up", "down"], "sort": "models"},
    ),
    Asked("providers.get", f"/api/providers/{UP}", (UP,)),
    Asked(
        "telemetry.health",
        f"/api/telemetry/health/{DOWN}?period=24h&limit=3",
        (DOWN,),
        {"period": "24h", "limit": 3},
    ),
    Asked(
        "telemetry.latency",
        f"/api/telemetry/latency/{DEGRADED}?model=alpha-1&model=beta-mini&limit=3",
        (DEGRADED,),
        {"model": ["alpha-1", "beta-mini"], "limit": 3},
    ),
    Asked(
        "telemetry.ranked",
        "/api/telemetry/ranked/alpha-1?weights=uptime%3A0.5%2Cttft%3A0.50&limit=2",
        ("alpha-1",),
        {"weights": {"uptime": 0.5, "ttft": Decimal("0.50")}, "limit": 2},
    ),
    Asked(
        "telemetry.uptime", f"/api/telemetry/uptime?days=3&provider={UP}", named={"days": 3, "provider": UP}
    ),
    Asked("telemetry.series", f"/api/telemetry/series/{UP}?period=24h", (UP,), {"period": "24h"}),
    Asked("telemetry.incidents", "/api/telemetry/incidents?since=2026-02-01", named={"since": "2026-02-01"}),
    Asked("search", "/api/search?q=alpha&type=models&limit=3", ("alpha",), {"type": "models", "limit": 3}),
    Asked("names", "/api/search/index"),
    Asked("stats", "/api/stats"),
    Asked("health", "/api/health"),
    Asked(
        "changes",
        "/api/changes?since=2026-02-01T00%3A00%3A00.000Z&kind=offering&topic=price&limit=3",
        named={"since": datetime(2026, 2, 1), "kind": "offering", "topic": ["price"], "limit": 3},  # noqa: DTZ001
    ),
    Asked(
        "lifecycle",
        "/api/lifecycle?status=deprecated&status=retired&limit=5",
        named={"status": ("deprecated", "retired"), "limit": 5},
    ),
)
NOT_THE_SAME_TWICE = {"latency_ms", "timestamp", "duration_s"}


@pytest.mark.parametrize("asked", CALLS, ids=lambda asked: asked.target[:60])
async def test_it_gives_what_the_server_sends(observed: Site, flavour: Flavour, asked: Asked) -> None:
    targets: list[str] = []

    async with with_requests(flavour, observed.url, targets) as client:
        answer = await client.ask(asked.method, *asked.given, **asked.named)
    assert targets == [asked.target]
    async with httpx2.AsyncClient() as plain:
        response = await plain.get(observed.url + asked.target)
    require_same(answer, json.loads(response.content, parse_float=Decimal), asked.target)


@asynccontextmanager
async def with_requests(flavour: Flavour, url: str, targets: list[str]) -> AsyncIterator[Driven]:
    """A client that notes what it asks for."""

    def note(request: httpx2.Request) -> None:
        targets.append(request.url.raw_path.decode())

    async def note_later(request: httpx2.Request) -> None:
        note(request)

    hooks = {"request": [note_later if flavour == "async" else note]}
    async with (
        http_of(flavour, event_hooks=hooks) as http,
        driven(flavour, url, http_client=http) as client,
    ):
        yield client


def require_same(ours: Any, sent: Any, at: str) -> None:
    """Nothing is lost, nothing is invented, and every decimal has the digits that were sent."""
    if isinstance(ours, msgspec.Struct):
        assert set(sent) <= set(ours.__struct_fields__), at
        for name in ours.__struct_fields__:
            if name in sent:
                require_same(getattr(ours, name), sent[name], f"{at} {name}")
            else:
                assert getattr(ours, name) in {None, False, ()}, f"{at} {name}"
    elif isinstance(ours, tuple):
        assert len(ours) == len(sent), at
        for number, (one, other) in enumerate(zip(ours, sent, strict=True)):
            require_same(one, other, f"{at}[{number}]")
    elif at.rpartition(" ")[2] in NOT_THE_SAME_TWICE:
        assert type(ours) is not str
    elif isinstance(ours, datetime):
        assert ours == datetime.fromisoformat(sent), at
    elif isinstance(ours, Decimal):
        assert str(ours) == str(sent), at
    elif isinstance(ours, float):
        assert ours == pytest.approx(float(sent)), at
    else:
        assert ours == sent, at


async def test_its_prices_are_exact(observed: Site, flavour: Flavour) -> None:
    async with driven(flavour, observed.url) as client:
        offerings: ModelOfferings = await client.ask("models.providers", "alpha-1")
        (one,) = [offering for offering in offerings.providers if offering.provider_id == "stratus"]
        assert (str(one.pricing.input_per_million), one.pricing.currency) == ("0.2", "EUR")
        prices = [offering.pricing for offering in offerings.providers]
        written = {str(price.input_per_million) for price in prices if price.input_per_million is not None}
        assert "0.1" in written
        assert any(price.image_per_unit and str(price.image_per_unit) == "0.0040" for price in prices)


async def test_it_goes_through_all_pages(observed: Site, flavour: Flavour) -> None:
    targets: list[str] = []
    snapshot: Snapshot = observed.service.live.snapshot
    async with with_requests(flavour, observed.url, targets) as client:
        models = await client.go_through("models.iter", sort="name", limit=20)
    ids = [model.id for model in models]
    assert len(ids) == len(set(ids)) == len(snapshot.models) > FLOCK
    assert [target.partition("&page=")[2] for target in targets] == [
        str(page + 1) for page in range(-(-len(ids) // 20))
    ]


async def test_it_goes_through_no_more_pages_than_are_wanted(observed: Site, flavour: Flavour) -> None:
    targets: list[str] = []
    async with with_requests(flavour, observed.url, targets) as client:
        assert len(await client.go_through("models.iter", limit=5, most=7)) == 7
        assert len(targets) == 2
        assert await client.go_through("models.iter", most=0) == []
        assert len(targets) == 2


async def test_it_goes_through_pages_by_cursor(observed: Site, flavour: Flavour) -> None:
    async with driven(flavour, observed.url) as client:
        whole = await client.go_through("iter_changes", kind="offering")
        parts = await client.go_through("iter_changes", kind="offering", limit=3)
        assert len(whole) > 9
        assert parts == whole
        history = await client.go_through("models.iter_history", "alpha-1", limit=2)
        assert history == list((await client.ask("models.history", "alpha-1", limit=100)).changes)


@pytest.mark.parametrize(
    ("method", "named"),
    [
        ("models.iter", {"search": "nobody at all"}),
        ("providers.iter", {"search": "nobody at all"}),
        ("iter_lifecycle", {"vendor": "nobody"}),
        ("iter_changes", {"model": "nobody"}),
    ],
)
async def test_it_goes_through_nothing_where_nothing_fits(
    observed: Site, flavour: Flavour, method: str, named: dict[str, Any]
) -> None:
    async with driven(flavour, observed.url) as client:
        assert await client.go_through(method, **named) == []


async def test_a_time_that_was_read_can_be_asked_for(observed: Site, flavour: Flavour) -> None:
    async with driven(flavour, observed.url) as client:
        changes = await client.go_through("iter_changes", kind="offering", topic="price")
        (change, *_) = [change for change in changes if change.field == "pricing.input_per_million"]
        provider_id, _, model_id = change.id.partition("/")
        # Times are sent in whole milliseconds, rounded down; the change itself was a little later.
        then = await client.ask("models.providers", model_id, as_of=change.at)
        (offering,) = [one for one in then.providers if one.provider_id == provider_id]
        assert offering.pricing.input_per_million == change.new


@pytest.mark.parametrize(
    "model_id", ["no/body", "no body", "ünïcode/../x", "...", "%2e%2e", "a?b=c#d", "x" * 255, "..%2f.."]
)
async def test_an_id_of_any_letters_is_not_found(observed: Site, flavour: Flavour, model_id: str) -> None:
    async with driven(flavour, observed.url) as client:
        for method in ("models.get", "models.cost", "telemetry.ranked"):
            with pytest.raises(NotFound) as caught:
                await client.ask(method, model_id)
            assert (caught.value.type, caught.value.status) == ("NOT_FOUND", 404)
        assert client.waits == []


async def test_its_errors_say_what_the_server_says(observed: Site, flavour: Flavour) -> None:
    async with driven(flavour, observed.url) as client:
        with pytest.raises(NotFound, match="Did you mean 'alpha-1'"):
            await client.ask("models.get", "alpha1")
        with pytest.raises(BadRequest, match="limit must be an integer from 1 to 100, not '200'") as caught:
            await client.ask("models.list", limit=200)
        (detail,) = caught.value.details
        assert detail["parameter"] == "limit"
        assert caught.value.request_id
        assert caught.value.url == f"{observed.url}/api/models?limit=200"


@pytest.mark.parametrize("method", ["models.get", "providers.get", "telemetry.health"])
async def test_it_does_not_ask_for_what_is_no_id(observed: Site, flavour: Flavour, method: str) -> None:
    async with driven(flavour, observed.url) as client:
        with pytest.raises(ValueError, match="an id is needed"):
            await client.ask(method, "..")


async def test_many_may_use_one_client_at_once(observed: Site, flavour: Flavour) -> None:
    async with driven(flavour, observed.url) as client:
        ids = [f"flock-{number:02}" for number in range(20)] * 3
        found = await asyncio.gather(*(client.ask("models.get", model_id) for model_id in ids))
        assert [model.id for model in found] == ids


async def test_it_finds_a_server_by_number_and_below_a_path(flavour: Flavour) -> None:
    # The real server listens on IPv4, at the root; see also the scripted one.
    with OpenModels("http://[::1]:1/models/") as client:
        assert client.base_url == "http://[::1]:1/models"


async def test_it_holds_the_clock_of_the_server(observed: Site, flavour: Flavour) -> None:
    async with driven(flavour, observed.url) as client:
        health = await client.ask("telemetry.health", UP, period="1h")
        assert health.checks[0].checked_at <= NOW
