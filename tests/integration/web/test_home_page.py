"""``/``: the first page."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from contract.builders import check, model, offering, provider, registry
from fixtures.catalogue import pricing
from fixtures.failing import FailingTelemetry
from fixtures.failing_history import WatchedHistory
from fixtures.markup import Element, parse
from fixtures.observatory import start_observatory
from fixtures.service import NOW, Service, start_service
from openmodels.errors import StoreError
from openmodels.store.memory import MemoryRegistryStore
from openmodels.store.memory_history import MemoryHistoryStore

pytestmark = pytest.mark.anyio


async def first_page(service: Service) -> Element:
    response = await service.get("/", accept="text/html")
    assert response.status_code == 200, response.text
    return parse(response.text)


def counts(page: Element) -> dict[str, str]:
    return {row.one("dt").text: row.one("dd").text for row in page.one("dl", class_="counts").all("div")}


def states(page: Element) -> list[str]:
    return page.one("ul", class_="states").texts("li")


async def test_it_says_in_one_sentence_what_this_is_and_lets_search() -> None:
    page = await first_page(await start_service())
    assert page.texts("h1") == ["What language models cost, who offers them, and which providers are up"]
    form = page.one("form", class_="seek")
    assert form["action"] == "/models"
    assert form.one("input")["name"] == "search"
    assert form.one("label")["for"] == form.one("input")["id"]


async def test_it_counts_what_there_is() -> None:
    service = await start_service()
    stats = await service.json("/api/stats")
    assert counts(await first_page(service)) == {
        "models": str(stats["models"]),
        "providers": str(stats["providers"]),
        "offerings": str(stats["mappings"]),
        "checks in 24 h": "0",
    }


async def test_it_says_who_is_down_and_why_before_who_is_up() -> None:
    page = await first_page(await start_observatory())
    now = page.one("section", id="now")
    assert "data-live" in now
    assert states(page) == ["1 up", "1 degraded", "1 down", "2 unknown"]
    assert now.texts("h3") == ["down", "degraded", "up"]
    down, degraded = now.all("ul", class_="matters")
    assert down.one("a")["href"] == "/providers/nimbus"
    assert "3 checks in a row failed" in down.text
    assert degraded.text.startswith("Stratus for")
    assert "answers take four times as long as usual" in degraded.text
    assert [link["href"] for link in now.one("ul", class_="names").all("a")] == ["/providers/cirrus"]


async def test_it_says_how_to_begin_where_nothing_was_ever_checked() -> None:
    now = (await first_page(await start_service())).one("section", id="now")
    assert "No provider was ever checked." in now.text
    assert "openmodels serve" in now.text
    assert now.all("ul") == []


async def test_it_says_that_nobody_was_checked_lately() -> None:
    service = await start_service()
    await service.record([check("cirrus", NOW - timedelta(days=2))])
    now = (await first_page(service)).one("section", id="now")
    assert "Nothing was checked lately" in now.text
    assert "2 days ago" in now.text


async def test_it_names_the_providers_with_the_most_models_where_many_are_up() -> None:
    names = [f"provider-{number:02}" for number in range(60)]
    content = registry(
        model("one"), *(provider(name) for name in names), *(offering(name, "one") for name in names[20:])
    )
    service = await start_service(content)
    await service.record([check(name, NOW - timedelta(minutes=1)) for name in names])
    listed = (await first_page(service)).one("ul", class_="names").all("a")
    assert [link["href"].rpartition("/")[2] for link in listed[:-1]] == [*names[:8], *names[20:]]
    assert listed[-1].text == "and 12 more"
    assert listed[-1]["href"] == "/providers?status=up"


async def test_it_shows_the_popular_models_as_the_api_ranks_them() -> None:
    service = await start_service()
    page = await first_page(service)
    popular = [item["id"] for item in await service.json("/api/models/popular?limit=10")]
    shown = page.one("section", class_="popular").all("a", class_="name")
    assert [link["href"].removeprefix("/models/") for link in shown] == popular


async def test_it_says_prices_as_they_are() -> None:
    content = registry(
        model("known", context_window=200_000),
        model("free"),
        model("unknown", context_window=None),
        provider("p"),
        offering("p", "known", "0.1"),
        offering("p", "free", "0"),
        offering("p", "unknown", pricing=pricing(None, None)),
    )
    rows = (await first_page(await start_service(content))).one("section", class_="popular").rows()
    said = {row[0]: row[1:] for row in rows[1:]}
    assert said["Known"][:2] == ["200K", "$0.10"]
    assert said["Free"][1] == "free"
    assert said["Unknown"][:2] == ["unknown", "unknown"]


async def test_it_shows_the_models_that_were_added_last_but_none_that_is_retired() -> None:
    day = NOW - timedelta(days=1)
    content = registry(
        model("old", created_at=day - timedelta(days=9), release_date="2026-02-28"),
        model("new-b", created_at=day, release_date="2026-01"),
        model("new-a", created_at=day + timedelta(hours=1), release_date="2025-12-31"),
        model("gone", created_at=NOW, status="retired", deprecation_date=day.date()),
    )
    newest = (await first_page(await start_service(content))).one("section", class_="newest")
    assert [row[:2] for row in newest.rows()[1:]] == [
        ["New-B", "Jan 2026"],
        ["New-A", "31 Dec 2025"],
        ["Old", "28 Feb 2026"],
    ]


async def test_it_shows_the_latest_price_changes_with_where_they_went() -> None:
    store = MemoryRegistryStore()
    before = registry(model("m"), provider("p"), offering("p", "m", "2"))
    (old,) = before.offerings
    after = replace(
        before, offerings=(replace(old, pricing=replace(old.pricing, input_per_million=Decimal(1))),)
    )
    head = (await store.publish(before, base=None, at=NOW - timedelta(days=2))).head
    await store.publish(after, base=head.revision, at=NOW - timedelta(hours=3))
    changes = (await first_page(await start_service(registry=store))).one("ul", class_="price-changes")
    (line,) = changes.texts("li")
    assert line == "M at P 3 hours ago input price from 2 → to 1 USD per million tokens ▼ cheaper, −50.0 %"


async def test_it_says_that_no_price_has_changed() -> None:
    page = await first_page(await start_service())
    assert "No price has changed yet." in page.one("section", class_="dearer").text


async def test_it_is_whole_over_an_empty_registry() -> None:
    page = await first_page(await start_service(registry()))
    assert counts(page)["models"] == "0"
    assert page.text.count("There are no models yet.") == 2


async def test_it_shows_the_registry_while_telemetry_cannot_be_read() -> None:
    page = await first_page(await start_service(telemetry=FailingTelemetry(StoreError("away"))))
    assert "Telemetry cannot be read at the moment." in page.one("section", id="now").text
    assert counts(page)["checks in 24 h"] == "unknown"
    assert page.one("section", class_="popular").all("a", class_="name")


async def test_it_shows_the_rest_while_the_history_cannot_be_read() -> None:
    store = MemoryRegistryStore()
    history = WatchedHistory(MemoryHistoryStore(store))
    service = await start_service(registry=store, history=history)
    history.error = StoreError("away")
    page = await first_page(service)
    assert "The history cannot be read at the moment." in page.one("section", class_="dearer").text


async def test_it_tells_search_engines_how_to_search_here() -> None:
    page = await first_page(await start_service(PUBLIC_URL="https://models.example.com/"))
    (structured,) = page.all("script", type="application/ld+json")
    said = json.loads("".join(str(child) for child in structured.children))
    assert said["@type"] == "WebSite"
    assert said["url"] == "https://models.example.com/"
    target = said["potentialAction"]["target"]["urlTemplate"]
    assert target == "https://models.example.com/models?search={search_term_string}"
    assert page.one("link", rel="canonical")["href"] == "https://models.example.com/"
