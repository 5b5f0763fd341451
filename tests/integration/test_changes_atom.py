"""``/api/changes.atom``: a valid Atom feed (RFC 4287) of what changed."""

import re
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from contract.builders import model, provider, registry, vendor
from fixtures.past import FIRST, day, lived, priced, start_lived
from fixtures.service import Service, start_service
from openmodels.store.memory import MemoryRegistryStore

pytestmark = pytest.mark.anyio

NS = "{http://www.w3.org/2005/Atom}"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
URN = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
BASE = "https://models.example.com"


@pytest.fixture
async def service() -> Service:
    return await start_lived(public_url=f"{BASE}/")


async def feed(service: Service, query: str = "") -> ElementTree.Element:
    """The feed, of which everything that RFC 4287 demands of every feed is checked."""
    response = await service.get(f"/api/changes.atom{query}")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/atom+xml"
    root = ElementTree.fromstring(response.content)
    assert root.tag == f"{NS}feed"
    for element in (root, *root.findall(f"{NS}entry")):
        for name in ("id", "title", "updated"):
            (only,) = element.findall(NS + name)
            assert only.text
        assert RFC3339.fullmatch(element.findtext(f"{NS}updated", ""))
        assert URN.fullmatch(element.findtext(f"{NS}id", ""))
    assert root.findtext(f"{NS}author/{NS}name")
    (own,) = (link for link in root.findall(f"{NS}link") if link.get("rel") == "self")
    assert own.get("type") == "application/atom+xml"
    ids = [entry.findtext(f"{NS}id") for entry in root.findall(f"{NS}entry")]
    assert len(set(ids)) == len(ids)
    return root


def texts(root: ElementTree.Element, name: str) -> list[str]:
    return [entry.findtext(NS + name, "") for entry in root.findall(f"{NS}entry")]


async def test_its_titles_say_what_happened(service: Service) -> None:
    assert sorted(texts(await feed(service), "title")) == [
        "acme: llama added (1.00 in, 2 out, EUR per million tokens)",
        "acme: llama input price 1.00 → 1.50 EUR per million tokens (+50.0 %)",
        "groq: llama input price 0.59 → 0.64 USD per million tokens (+8.5 %)",
        "groq: llama removed",
        "groq: old removed",
        "llama context window 8,192 → 128,000 tokens",
        "old removed",
        "provider groq removed",
    ]


async def test_entries_come_newest_first_and_the_feed_is_as_new_as_the_newest(service: Service) -> None:
    root = await feed(service)
    updated = texts(root, "updated")
    assert updated == sorted(updated, reverse=True)
    assert root.findtext(f"{NS}updated") == updated[0] == "2026-03-09T12:00:00.000Z"


async def test_an_entry_says_the_rest(service: Service) -> None:
    root = await feed(service, "?topic=price&provider=groq")
    (entry,) = root.findall(f"{NS}entry")
    assert [category.get("term") for category in entry.findall(f"{NS}category")] == [
        "offering",
        "changed",
        "price",
    ]
    assert entry.findtext(f"{NS}content", "").splitlines()[:4] == [
        "field: pricing.input_per_million",
        "old: 0.59",
        "new: 0.64",
        "source: litellm",
    ]
    (link,) = entry.findall(f"{NS}link")
    assert link.get("href") == f"{BASE}/api/models/llama/history"


async def test_the_links_of_entries_lead_somewhere(service: Service) -> None:
    root = await feed(service)
    for link in root.iter(f"{NS}link"):
        assert (link.get("href") or "").startswith(BASE)
        assert (await service.get((link.get("href") or "").removeprefix(BASE))).status_code == 200


async def test_ids_stay_the_same_wherever_and_however_it_is_asked(service: Service) -> None:
    whole = texts(await feed(service), "id")
    assert texts(await feed(service, "?limit=2"), "id") == whole[:2]
    elsewhere = await start_lived()
    assert texts(await feed(elsewhere), "id") == whole
    await service.publish(lived()[0][1])
    assert texts(await feed(service), "id")[-len(whole) :] == whole


async def test_each_filter_is_a_feed_of_its_own(service: Service) -> None:
    one, other = await feed(service, "?kind=model"), await feed(service, "?kind=provider&unknown=1")
    assert one.findtext(f"{NS}id") != other.findtext(f"{NS}id")
    assert other.find(f"{NS}link").get("href") == f"{BASE}/api/changes.atom?kind=provider"  # type: ignore[union-attr]


async def test_without_a_public_address_links_are_relative(api: Service) -> None:
    root = await feed(api)
    assert root.findall(f"{NS}entry") == []
    assert root.findtext(f"{NS}updated") == "2026-02-28T08:00:00.123Z"
    assert [link.get("href") for link in root.findall(f"{NS}link")] == ["/api/changes.atom", "/api/changes"]


@pytest.mark.parametrize(
    "hostile",
    ["]]><entry/>", "<!DOCTYPE x>&lt;", "\"&'>", "a\x01\x1b[31m\x85", "\u202eevil", "\ufffe", "\ud83d\ude00"],
)
async def test_hostile_text_is_text(hostile: str) -> None:
    if "\ud83d" in hostile:
        hostile = hostile.encode("utf-16", "surrogatepass").decode("utf-16")
    service = await start_lived()
    _, last = lived()[-1]
    named = model("evil", name=hostile, description=f"A model named {hostile}, for tests.")
    await service.publish(replace(last, models=(named, *last.models), vendors=(vendor("v", name=hostile),)))
    await service.publish(replace(last, models=(replace(named, name="Good"), *last.models)))
    root = await feed(service, f"?model=evil&provider={quote('')}")
    assert [title.split(" ", 1)[0] for title in texts(root, "title")] == ["evil", "evil"]
    answered: Any = await feed(service, f"?model={quote(hostile)}")
    assert answered.findall(f"{NS}entry") == []


async def exchanged(served: int = 6) -> Service:
    """Prices that go from EUR to CNY, away, and come back in USD; the first ``served`` are served."""
    groq, llama = provider("groq"), model("llama")
    history = [
        registry(groq, llama, priced("groq", "4/9", "EUR")),
        registry(groq, llama, priced("groq", "5/9", "EUR")),
        registry(groq, llama, priced("groq", "40/80", "CNY")),
        registry(groq, llama),
        registry(groq, llama, priced("groq", "7/9", "USD")),
        registry(groq, llama, priced("groq", "8/9", "USD")),
    ]
    store = MemoryRegistryStore()
    service = None
    base = None
    for number, content in enumerate(history):
        at = FIRST if number == 0 else day(number + 1)
        base = (await store.publish(content, base=base, at=at)).head.revision
        if number + 1 == served:
            service = await start_service(registry=store, now=day(10))
    assert service is not None
    return service


@pytest.mark.parametrize(
    "query", ["", "topic=price", "action=changed", "kind=offering", "topic=price&model=llama&provider=groq"]
)
async def test_prices_are_in_the_currency_that_held_whatever_the_filter(query: str) -> None:
    titles = texts(await feed(await exchanged(), f"?{query}"), "title")
    assert [title.removeprefix("groq: llama ") for title in titles if "input price" in title] == [
        "input price 7 → 8 USD per million tokens (+14.3 %)",
        "input price 5 EUR → 40 CNY per million tokens",
        "input price 4 → 5 EUR per million tokens (+25.0 %)",
    ]
    assert "groq: llama output price 9 EUR → 80 CNY per million tokens" in titles


async def test_prices_are_in_the_currency_that_held_wherever_the_feed_is_cut() -> None:
    service = await exchanged()
    whole = texts(await feed(service, "?topic=price"), "title")
    for limit in range(1, len(whole)):
        assert texts(await feed(service, f"?topic=price&limit={limit}"), "title") == whole[:limit]
    before = texts(await feed(service, "?topic=price&until=2026-03-03"), "title")
    assert before == whole[1:]
    assert texts(await feed(service, "?topic=price&until=2026-03-02"), "title") == whole[-1:]


async def test_a_currency_that_is_not_certain_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openmodels.api.changes.MOST_PAID", 1)
    monkeypatch.setattr("openmodels.api.history.BATCH", 1)
    titles = texts(await feed(await exchanged(), "?topic=price"), "title")
    assert [title.removeprefix("groq: llama ") for title in titles if "input price" in title] == [
        "input price 7 → 8 USD per million tokens (+14.3 %)",
        "input price 5 → 40 per million tokens",
        "input price 4 → 5 per million tokens",
    ]


async def test_what_is_not_served_yet_is_not_told_in_the_currency_that_is() -> None:
    titles = texts(await feed(await exchanged(served=3), "?topic=price"), "title")
    assert "groq: llama input price 7 → 8 per million tokens (+14.3 %)" in titles
    assert "groq: llama input price 5 EUR → 40 CNY per million tokens" in titles


async def test_a_publish_of_thousands_gives_the_newest_hundred(service: Service) -> None:
    _, last = lived()[-1]
    many = tuple(model(f"many-{number:04}") for number in range(2_000))
    await service.publish(replace(last, models=(*last.models, *many)))
    assert len(texts(await feed(service), "title")) == 100
    await service.problem("/api/changes.atom?limit=101")
