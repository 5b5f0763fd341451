"""``/status``."""

from datetime import timedelta

import pytest

from contract.builders import check
from fixtures.failing import FailingTelemetry
from fixtures.markup import Element, parse
from fixtures.observatory import start_observatory
from fixtures.service import NOW, Service, start_service
from openmodels.domain.alerts import Window
from openmodels.domain.records import Registry
from openmodels.errors import StoreError
from openmodels.store.cluster_ports import ProberSeen
from openmodels.store.memory_alerts import MemoryAlertStore
from openmodels.store.memory_cluster import MemoryClusterStore

pytestmark = pytest.mark.anyio


async def page_of(service: Service) -> Element:
    response = await service.get("/status", accept="text/html")
    assert response.status_code == 200, response.text
    return parse(response.text)


def overall(page: Element) -> str:
    return page.one("p", class_="overall").one("strong").text


@pytest.fixture
async def observed() -> Service:
    return await start_observatory()


async def test_it_says_first_how_everything_is(observed: Service) -> None:
    assert overall(await page_of(observed)) == (
        "1 of 3 measured providers is up; 1 is down, 1 is degraded. 1 more was not checked lately."
    )


async def test_it_groups_the_measured_providers_the_worst_first(observed: Service) -> None:
    page = await page_of(observed)
    table = page.one("section", aria_labelledby="measured").one("table")
    groups = [[row[0] for row in body.rows()] for body in table.all("tbody")]
    assert groups == [
        ["Down 1", "Nimbus"],
        ["Degraded 1", "Stratus"],
        ["Up 1", "Cirrus Cloud"],
        ["Not checked lately 1", "altus"],
    ]
    (nimbus,) = (row for row in table.rows() if row[0] == "Nimbus")
    assert nimbus[1:] == ["down", "", "90.62 %", "97.58 %", "98.44 %"]


async def test_it_tells_since_when_a_provider_is_in_trouble_and_why(observed: Service) -> None:
    nimbus, stratus = (await page_of(observed)).one("section", aria_labelledby="trouble").all("li")
    assert nimbus.text == (
        "Nimbus down Since 26 minutes ago, for 26 min. "
        "3 checks in a row failed (timeout) Checked 1 minute ago"
    )
    assert "answers take four times as long as usual" in stratus.text


async def test_it_lists_incidents_newest_first_and_which_go_on(observed: Service) -> None:
    rows = (await page_of(observed)).one("section", aria_labelledby="incidents").rows()[1:]
    assert [(row[0], row[1], row[3]) for row in rows[:2]] == [
        ("Stratus", "degraded", "goes on"),
        ("Nimbus", "down", "goes on"),
    ]
    assert [
        "altus",
        "down",
        "31 days ago",
        "30 days ago",
        "15 h",
        "3 checks in a row failed (timeout)",
    ] in rows


async def test_it_names_providers_that_were_never_measured_and_how_to_subscribe(observed: Service) -> None:
    page = await page_of(observed)
    assert page.one("details", class_="never").texts("a") == ["Vacant"]
    assert page.all("a", href="/api/telemetry/incidents.atom")


async def test_it_shows_maintenance_that_goes_on_or_comes_and_no_other() -> None:
    alerts = MemoryAlertStore()
    for provider_id, begins, ends, reason in (
        (None, -30, 60, "a new database"),
        ("cirrus", 120, 180, ""),
        ("nimbus", -60, -30, "over"),
    ):
        await alerts.add_window(
            Window(
                provider_id=provider_id,
                starts_at=NOW + timedelta(minutes=begins),
                ends_at=NOW + timedelta(minutes=ends),
                reason=reason,
            )
        )
    page = await page_of(await start_service(alerts=alerts))
    assert page.one("section", aria_labelledby="maintenance").texts("li") == [
        "Now, All providers: 1 Mar 2026, 11:30 UTC to 1 Mar 2026, 13:00 UTC. a new database",
        "Planned, Cirrus Cloud: 1 Mar 2026, 14:00 UTC to 1 Mar 2026, 15:00 UTC",
    ]


async def test_it_tells_where_it_is_measured_from() -> None:
    cluster = MemoryClusterStore()
    seen = ProberSeen(name="one", region="eu-west", at=NOW - timedelta(seconds=5))
    await cluster.prober_seen(seen, lost_before=NOW - timedelta(minutes=1))
    page = await page_of(await start_service(cluster=cluster))
    assert page.one("section", aria_labelledby="regions").texts("li") == [
        "up eu-west: 1 prober, last heard of just now"
    ]


@pytest.mark.parametrize(
    ("checked", "sentence"),
    [
        ((), "No provider was ever checked."),
        (("cirrus",), "The only measured provider is up."),
        (("cirrus", "nimbus"), "All 2 measured providers are up."),
    ],
)
async def test_it_says_plainly_that_all_is_well_or_unknown(checked: tuple[str, ...], sentence: str) -> None:
    service = await start_service()
    await service.record([check(name, NOW - timedelta(minutes=1)) for name in checked])
    page = await page_of(service)
    assert overall(page) == sentence
    assert page.all("section", aria_labelledby="trouble") == []


async def test_it_says_that_nobody_checks_any_more() -> None:
    service = await start_service()
    await service.record([check("cirrus", NOW - timedelta(hours=3))])
    assert overall(await page_of(service)) == "No provider was checked lately."


async def test_it_stays_while_telemetry_cannot_be_read() -> None:
    telemetry = FailingTelemetry(None)
    service = await start_service(telemetry=telemetry)
    await service.record([check("cirrus", NOW - timedelta(minutes=1))])
    telemetry.error = StoreError("the database is away")
    page = await page_of(service)
    assert "Telemetry cannot be read at the moment" in page.one(id="now").text
    assert "Incidents cannot be read" in page.one("section", aria_labelledby="incidents").text


async def test_it_shows_an_empty_registry() -> None:
    assert overall(await page_of(await start_service(Registry()))) == "No provider was ever checked."
