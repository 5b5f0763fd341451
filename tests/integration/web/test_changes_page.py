"""``/changes``: what changed, for people."""

from datetime import timedelta
from decimal import Decimal

import pytest

from contract.builders import model, offering, provider, registry, vendor
from fixtures.failing_history import WatchedHistory
from fixtures.markup import Element, parse
from fixtures.past import day, lived, start_lived
from fixtures.service import Service, start_service
from openmodels.domain.records import Pricing, Registry
from openmodels.errors import StoreError
from openmodels.store.memory import MemoryRegistryStore
from openmodels.store.memory_history import MemoryHistoryStore

pytestmark = pytest.mark.anyio


@pytest.fixture
async def service() -> Service:
    return await start_lived()


async def page(service: Service, query: str = "") -> Element:
    response = await service.get(f"/changes?{query}", accept="text/html")
    assert response.status_code == 200, response.text
    return parse(response.text)


async def told(service: Service, query: str = "") -> list[str]:
    """What is said of each thing that changed."""
    return (await page(service, query)).texts("li", class_="change")


async def after(*registries: Registry) -> Service:
    """A service over these, published one after the other, an hour apart."""
    store, base = MemoryRegistryStore(), None
    for number, content in enumerate(registries):
        base = (await store.publish(content, base=base, at=day(1 + number))).head.revision
    return await start_service(registry=store, history=MemoryHistoryStore(store), now=day(20))


async def test_it_tells_what_changed_by_day_and_revision(service: Service) -> None:
    found = await page(service)
    assert found.texts("h2") == ["9 Mar 2026", "7 Mar 2026", "5 Mar 2026", "3 Mar 2026"]
    assert len(found.texts("h3")) == 4
    assert found.texts("h3")[0].startswith("12:00 UTC, revision ")
    assert found.texts("li", class_="change")[-1] == (
        "~ Llama at groq input price from 0.59 → to 0.64 USD per million tokens "
        "▲ dearer, +8.5 % source: litellm"
    )


async def test_names_lead_to_what_is_there_and_ids_of_what_is_gone_lead_nowhere(service: Service) -> None:
    (gone,) = (await page(service, "model=old&kind=offering")).all("p", class_="about")
    (new,) = (await page(service, "action=added")).all("p", class_="about")
    assert (gone.text, gone.all("a")) == ("old at groq", [])
    assert [link["href"] for link in new.all("a")] == ["/models/llama", "/providers/acme"]


async def test_words_for_prices_say_the_direction() -> None:
    def at(price: str | None, currency: str = "USD") -> Registry:
        amount = None if price is None else Decimal(price)
        pricing = Pricing(input_per_million=amount, output_per_million=None, currency=currency)
        return registry(model("m"), provider("p"), offering("p", "m", pricing=pricing))

    service = await after(at("1"), at("0.5"), at("0"), at("2"), at(None), at("3"), at("4", "EUR"))
    said = (await page(service, "topic=price")).texts("span", class_="trend")
    assert said == ["▲ no longer free", "▼ free now", "▼ cheaper, −50.0 %"]
    assert "input price from 3 USD → to 4 EUR per million tokens" in (await told(service, "topic=price"))[0]


async def test_what_changed_of_one_thing_stands_together() -> None:
    service = await after(
        registry(model("m")), registry(model("m", context_window=9, max_output_tokens=4, family="f"))
    )
    (item,) = (await page(service)).all("li", class_="change")
    assert item.texts("span", class_="what") == ["context window", "family", "longest answer"]


async def test_long_values_are_cut_with_the_whole_beside_them() -> None:
    long = "word " * 100
    service = await after(
        registry(model("m", name="a" * 200, description="Short, but long enough.")),
        registry(model("m", name="b" * 200, description=long)),
    )
    (item,) = (await page(service)).all("li", class_="change")
    assert item.one("bdi", class_="before").text == "a" * 79 + "…"
    name, description = item.all("details")
    assert name.texts("dd") == ["a" * 200, "b" * 200]
    assert description.texts("dd") == ["Short, but long enough.", long.strip()]


async def test_everything_is_escaped() -> None:
    evil = "<script>alert(1)</script>\u202e"
    service = await after(
        registry(vendor("v", name="V"), model("m", name="M")),
        registry(vendor("v", name=evil), model("m", name=evil)),
    )
    response = await service.get("/changes")
    assert "<script>alert" not in response.text
    assert "&lt;script&gt;alert(1)" in response.text


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("kind=provider", 1),
        ("kind=model,provider", 3),
        ("kind=model&kind=provider", 3),
        ("action=added", 1),
        ("topic=price", 2),
        ("model=old", 2),
        ("provider=acme", 2),
        ("since=2026-03-07&until=2026-03-08", 2),
        ("model=&provider=&since=&until=", 8),
    ],
)
async def test_it_is_filtered_as_the_api_is(service: Service, query: str, number: int) -> None:
    assert len(await told(service, query)) == number
    raw = (await page(service, query)).one("link", type="application/json")["href"]
    assert len((await service.json(raw))["changes"]) == number


async def test_the_form_holds_what_was_asked(service: Service) -> None:
    form = (await page(service, "kind=model&model=llama&since=2026-03-02&until=2026-03-09T10:00:00Z")).one(
        "form", class_="changes-filter"
    )
    ticked = [field["id"] for field in form.all("input", type="checkbox") if "checked" in field]
    assert ticked == ["kind-model"]
    fields = {field["id"]: (field.attributes.get("type"), field["value"]) for field in form.all("input")}
    assert fields["model"] == (None, "llama")
    assert fields["since"] == ("date", "2026-03-02")
    assert fields["until"] == ("text", "2026-03-09T10:00:00Z")


async def test_an_alias_means_its_model(service: Service) -> None:
    found = await page(service, "model=llama-latest")
    assert found.all("li", class_="change")
    assert found.one("a", href="/api/changes.atom?model=llama").text == "These changes as an Atom feed"


async def test_an_id_that_nobody_knows_is_answered_with_the_one_that_was_meant(service: Service) -> None:
    found = await page(service, "model=lama&topic=price")
    assert found.one("p", class_="note").one("a")["href"] == "/changes?topic=price&model=llama"
    assert found.one("div", class_="empty").text == "Nothing that fits No change fits these filters."


async def test_feed_and_json_keep_the_filters(service: Service) -> None:
    found = await page(service, "topic=price&model=&unknown=1&limit=1")
    links = [link["href"] for link in found.one("p", class_="changes-links").all("a")]
    assert links == ["/api/changes.atom?topic=price", "/api/changes?topic=price"]
    for link in links:
        assert (await service.get(link)).status_code == 200


async def test_pages_lead_on_and_back_and_make_up_the_whole(service: Service) -> None:
    def leads(found: Element) -> dict[str, str]:
        return {link.text: link["href"] for link in found.one("nav", class_="pager").all("a")}

    def shown(found: Element) -> list[str]:
        return found.texts("div", class_="line") + found.texts("li", class_="line")

    first = await page(service, "limit=3")
    assert list(leads(first)) == ["Older"]
    second = parse((await service.get(leads(first)["Older"])).text)
    assert list(leads(second)) == ["Newest", "Newer", "Older"]
    third = parse((await service.get(leads(second)["Older"])).text)
    assert list(leads(third)) == ["Newest", "Newer"]
    assert sum(len(shown(found)) for found in (first, second, third)) == len(await told(service))
    back = parse((await service.get(leads(third)["Newer"])).text)
    assert shown(back) == shown(second)
    assert leads(back) == leads(second)
    again = parse((await service.get(leads(back)["Newer"])).text)
    assert shown(again) == shown(first)
    assert list(leads(again)) == ["Older"]


async def test_the_last_page_says_when_the_history_begins(service: Service) -> None:
    begins = "The history begins on 1 Mar 2026, 09:30 UTC: of the time before, nothing is known."
    assert (await page(service)).one("p", class_="begin").text == begins
    assert (await page(service, "limit=3")).all("p", class_="begin") == []


async def test_it_says_that_nothing_has_changed_yet() -> None:
    found = await page(await start_service())
    assert found.one("div", class_="empty").text.startswith("Nothing has changed yet")


async def test_filters_are_not_for_search_engines(service: Service) -> None:
    assert (await page(service)).all("meta", name="robots") == []
    filtered = await page(service, "topic=price")
    assert filtered.one("meta", name="robots")["content"] == "noindex, follow"
    assert filtered.one("link", rel="canonical")["href"] == "/changes"


async def test_a_value_that_is_none_is_a_400_that_says_what_is_allowed(service: Service) -> None:
    for query in ("topic=prices", "since=yesterday", "cursor=x", "after=x", "limit=0"):
        response = await service.get(f"/changes?{query}", accept="text/html")
        assert response.status_code == 400
        assert query.partition("=")[0] in parse(response.text).one("p", class_="lead").text


async def test_a_history_that_cannot_be_read_is_a_503_that_says_so() -> None:
    store = MemoryRegistryStore()
    history = WatchedHistory(MemoryHistoryStore(store))
    base = None
    for at, content in lived():
        base = (await store.publish(content, base=base, at=at)).head.revision
    service = await start_service(registry=store, history=history, now=day(10))
    history.error = StoreError("away")
    for query in ("", "?after=AAY5ZC_xgAAAAAAAAAAB"):
        response = await service.get(f"/changes{query}", accept="text/html")
        assert response.status_code == 503
        assert "The history of the registry cannot be read" in parse(response.text).one("main").text
    history.error = None
    service.clock.advance(seconds=timedelta(minutes=1).total_seconds())
    assert (await service.get("/changes")).status_code == 200
