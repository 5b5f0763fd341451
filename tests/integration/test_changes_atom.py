"""``/api/changes.atom``: a valid Atom feed (RFC 4287) of what changed."""

import re
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from contract.builders import model, vendor
from fixtures.past import lived, start_lived
from fixtures.service import Service

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


async def test_a_publish_of_thousands_gives_the_newest_hundred(service: Service) -> None:
    _, last = lived()[-1]
    many = tuple(model(f"many-{number:04}") for number in range(2_000))
    await service.publish(replace(last, models=(*last.models, *many)))
    assert len(texts(await feed(service), "title")) == 100
    await service.problem("/api/changes.atom?limit=101")
