"""``/providers``."""

from datetime import timedelta

import pytest

from contract.builders import check, provider, registry
from fixtures.failing import FailingTelemetry
from fixtures.markup import Element, parse
from fixtures.observatory import start_observatory
from fixtures.service import NOW, Service, start_service
from openmodels.domain.records import Registry
from openmodels.errors import StoreError

pytestmark = pytest.mark.anyio

BY_NAME = ["altus", "Cirrus Cloud", "Nimbus", "Stratus", "Vacant"]


async def page_of(service: Service, target: str = "/providers") -> Element:
    response = await service.get(target, accept="text/html")
    assert response.status_code == 200, response.text
    return parse(response.text)


def names(page: Element) -> list[str]:
    return [row.cells()[0].text for row in page.one(id="found").all("tr")[1:]]


@pytest.fixture
async def observed() -> Service:
    return await start_observatory()


async def test_it_shows_how_each_provider_is_doing_and_how_it_did(observed: Service) -> None:
    page = await page_of(observed)
    cells = {row[0]: row[1:] for row in page.one(id="found").rows()[1:]}
    assert list(cells) == BY_NAME
    assert cells["Nimbus"] == ["down", "", "97.58 %", "2", "anthropic", "global", "1 minute ago"]
    assert cells["Vacant"] == ["unknown", "", "unknown", "0", "openai", "eu-west-1", "never"]
    assert [svg["aria-label"] for svg in page.all("svg", class_="bars")][2] == (
        "97.58 % over 30 days; 1 day with trouble: 1 Mar 2026 (down)"
    )
    assert page.one("a", href="/providers/nimbus").text == "Nimbus"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("search=cloud", ["Cirrus Cloud"]),
        ("compatibility=anthropic,custom", ["altus", "Nimbus"]),
        ("compatibility=anthropic&compatibility=custom", ["altus", "Nimbus"]),
        ("region=eu-west-1", ["Cirrus Cloud", "Vacant"]),
        ("status=down&status=degraded", ["Nimbus", "Stratus"]),
        ("sort=models", ["Stratus", "altus", "Cirrus Cloud", "Nimbus", "Vacant"]),
        ("search=&compatibility=&region=&sort=&status=&page=", BY_NAME),
        ("search=zzzzzz", []),
    ],
)
async def test_it_lists_what_the_api_would(observed: Service, query: str, expected: list[str]) -> None:
    assert names(await page_of(observed, f"/providers?{query}")) == expected


async def test_it_counts_what_each_choice_would_leave_of_the_others(observed: Service) -> None:
    page = await page_of(observed, "/providers?status=up,unknown&compatibility=openai")
    ticks = {field["value"]: "checked" in field for field in page.all("input", type="checkbox")}
    assert {value for value, ticked in ticks.items() if ticked} == {"up", "unknown", "openai"}
    now, speaks = page.all("fieldset")
    assert now.texts("label") == ["up 1", "degraded 1", "down 0", "unknown 1"]
    assert speaks.texts("label") == ["openai 2", "anthropic 0", "google 0", "cohere 0", "custom 1"]
    assert "2 of 5 providers" in page.texts(role="status")


async def test_it_keeps_every_region_that_was_asked_for(observed: Service) -> None:
    page = await page_of(observed, "/providers?region=eu-west-1,ap-south-1")
    assert [option["value"] for option in page.one(id="region").all("option") if "selected" in option] == [
        "eu-west-1"
    ]
    kept = [field for field in page.all("input", name="region") if "checked" in field]
    assert [field["value"] for field in kept] == ["ap-south-1"]


async def test_it_tells_search_engines_of_the_list_and_not_of_its_variants(observed: Service) -> None:
    plain, filtered = await page_of(observed), await page_of(observed, "/providers?status=up")
    assert plain.all("meta", name="robots") == []
    assert filtered.one("meta", name="robots")["content"] == "noindex, follow"
    assert filtered.one("link", rel="canonical")["href"] == "/providers"
    assert filtered.one("link", type="application/json")["href"] == "/api/providers?status=up&sort=name"


async def test_it_leads_through_the_pages_and_keeps_the_filters() -> None:
    service = await start_service(
        registry(*(provider(f"many-{number:03}", regions=("global",)) for number in range(120)))
    )
    page = await page_of(service, "/providers?region=global&page=2")
    assert names(page)[0] == "Many-050"
    assert page.one("a", rel="next")["href"] == "/providers?region=global&page=3"
    assert page.one("a", rel="prev")["href"] == "/providers?region=global"
    beyond = await page_of(service, "/providers?page=9")
    assert "No such page" in beyond.one(id="found").text


async def test_it_says_what_is_wrong_with_a_filter(observed: Service) -> None:
    response = await observed.get("/providers?status=bogus", accept="text/html")
    assert response.status_code == 400
    assert "status must be one of up, degraded, down, unknown" in parse(response.text).text


async def test_it_shows_the_registry_while_telemetry_cannot_be_read() -> None:
    telemetry = FailingTelemetry(None)
    service = await start_service(telemetry=telemetry)
    await service.record([check("cirrus", NOW - timedelta(minutes=1))])
    telemetry.error = StoreError("the database is away")
    page = await page_of(service)
    assert names(page) == ["altus", "Cirrus Cloud", "Nimbus", "Vacant"]
    assert "Telemetry cannot be read at the moment" in page.one(id="found").text


async def test_it_says_that_there_are_none() -> None:
    assert "No providers yet" in (await page_of(await start_service(Registry()))).one(id="found").text
