"""``/providers/:id``."""

from datetime import timedelta

import pytest

from contract.builders import check, measurement, model, offering, provider, registry
from fixtures.catalogue import pricing
from fixtures.failing import FailingTelemetry
from fixtures.markup import Element, parse
from fixtures.observatory import start_observatory
from fixtures.service import NOW, Service, start_service
from openmodels.domain.alerts import Window
from openmodels.errors import StoreError
from openmodels.store.memory_alerts import MemoryAlertStore

pytestmark = pytest.mark.anyio


async def page_of(service: Service, target: str) -> Element:
    response = await service.get(target, accept="text/html")
    assert response.status_code == 200, response.text
    return parse(response.text)


def facts(page: Element, class_: str = "facts") -> dict[str, str]:
    found = {}
    for group in page.all("dl", class_=class_):
        for pair in group.all("div"):
            found[pair.one("dt").text] = pair.one("dd").text
    return found


def models(page: Element) -> list[list[str]]:
    return page.one(id="offered").rows()[1:]


@pytest.fixture
async def observed() -> Service:
    return await start_observatory()


async def test_it_shows_how_the_provider_is_doing(observed: Service) -> None:
    shown = facts(await page_of(observed, "/providers/nimbus"))
    assert (shown["Now"], shown["Last check"], shown["Uptime, 30 days"]) == (
        "down",
        "1 minute ago",
        "97.58 %",
    )
    assert (shown["Models"], shown["Speaks the API of"], shown["Regions"]) == ("2", "anthropic", "global")


async def test_it_gives_the_figures_that_the_api_gives_of_the_period(observed: Service) -> None:
    health = await observed.json("/api/telemetry/health/cirrus?period=24h&limit=1")
    latency = await observed.json("/api/telemetry/latency/cirrus?period=24h&limit=1")
    shown = facts(await page_of(observed, "/providers/cirrus?period=24h"))
    assert shown["Checks"] == str(health["checks_total"])
    assert shown["Response, p95"] == f"{health['p95_response_time_ms']:.0f} ms"
    assert shown["Completions"] == str(latency["samples"])
    assert shown["First token, p50"] == f"{latency['p50_ttft_ms']:.0f} ms"
    assert shown["Tokens per second, mean"] == f"{latency['average_tokens_per_second']:.1f}"


async def test_it_draws_the_days_and_gives_their_figures(observed: Service) -> None:
    section = (await page_of(observed, "/providers/nimbus")).one("section", aria_labelledby="uptime")
    assert section.one("svg", class_="bars")["aria-label"] == (
        "97.58 % over 30 days; 1 day with trouble: 1 Mar 2026 (down)"
    )
    assert section.rows()[1:3] == [
        ["1 Mar 2026", "down", "62.5 %", "16", "6"],
        ["28 Feb 2026", "up", "100 %", "8", "0"],
    ]


async def test_it_draws_completions_over_time_with_a_gap_where_nothing_was_measured(
    observed: Service,
) -> None:
    page = await page_of(observed, "/providers/cirrus?period=7d")
    chart = page.one("figure", id="completion-chart")
    assert [(th.text, th["data-role"], th["data-group"]) for th in chart.all("th", class_="number")] == [
        ("First token p50", "line", "ttft"),
        ("First token p95", "high", "ttft"),
        ("Whole answer p50", "line", "total"),
        ("Whole answer p95", "high", "total"),
    ]
    empty = [row for row in chart.rows()[1:] if set(row[1:]) == {"–"}]
    assert [row[0] for row in empty] == ["2026-02-25 15:00"]
    assert "first token p50" in chart.one("figcaption").text


async def test_it_draws_response_times_where_there_are_enough_checks(observed: Service) -> None:
    for minutes in range(0, 360, 5):
        await observed.record([check("cirrus", NOW - timedelta(minutes=minutes), response_time_ms=100.0)])
    page = await page_of(observed, "/providers/cirrus?period=24h")
    rows = page.one("figure", id="response-chart").rows()
    assert rows[0] == ["Time (UTC)", "p50", "p95"]
    assert ["2026-03-01 08:00", "100", "100"] in rows


async def test_it_tells_of_incidents_and_maintenance() -> None:
    alerts = MemoryAlertStore()
    window = Window(
        provider_id="nimbus", starts_at=NOW, ends_at=NOW + timedelta(hours=1), reason="a new rack"
    )
    await alerts.add_window(window)
    service = await start_service(alerts=alerts)
    await service.record([check("nimbus", NOW - timedelta(minutes=m), "down") for m in (20, 15, 10)])
    await service.record([check("nimbus", NOW - timedelta(minutes=m)) for m in (5, 1)])
    page = await page_of(service, "/providers/nimbus")
    assert page.one("section", aria_labelledby="incidents").rows()[1:] == [
        ["down", "20 minutes ago", "5 minutes ago", "15 min", "3 checks in a row failed (timeout)"]
    ]
    assert page.one("section", aria_labelledby="maintenance").texts("li") == [
        "Now: 1 Mar 2026, 12:00 UTC to 1 Mar 2026, 13:00 UTC. a new rack"
    ]
    other = await page_of(service, "/providers/cirrus")
    assert other.all("section", aria_labelledby="maintenance") == []


async def test_it_lists_the_models_with_prices_context_and_measured_speed(observed: Service) -> None:
    page = await page_of(observed, "/providers/cirrus")
    assert models(page) == [
        ["Alpha One", "$0.10", "$2.50", "128K", "4K", "80.0", "acme/alpha-1@2026"],
        ["Gamma Free deprecated", "free", "free", "8K", "unknown", "unknown", "gamma-free"],
    ]


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("name", ["both", "cheap", "fast", "unknown", "wide"]),
        ("price", ["cheap", "both", "fast", "wide", "unknown"]),
        ("output_price", ["both", "cheap", "fast", "wide", "unknown"]),
        ("context_window", ["wide", "both", "cheap", "fast", "unknown"]),
        ("throughput", ["fast", "both", "cheap", "unknown", "wide"]),
    ],
)
async def test_it_sorts_the_models_unknown_values_last(sort: str, first: list[str]) -> None:
    prices = {"both": ("2", "1"), "cheap": ("1", "2"), "fast": ("3", "3"), "wide": ("4", "4")}
    windows = {"wide": 200_000, "unknown": None}
    service = await start_service(
        registry(
            provider("cirrus"),
            *(model(name, context_window=windows.get(name, 8192)) for name in (*prices, "unknown")),
            *(
                offering("cirrus", name, pricing=pricing(*prices.get(name, (None, None))))
                for name in (*prices, "unknown")
            ),
        )
    )
    await service.record((), [measurement("cirrus", "fast", NOW - timedelta(hours=1))])
    page = await page_of(service, f"/providers/cirrus?sort={sort}")
    assert [row[0].lower() for row in models(page)] == first


async def test_it_leads_through_the_pages_of_many_models(observed: Service) -> None:
    page = await page_of(observed, "/providers/stratus?period=24h&page=2")
    assert len(models(page)) == 11
    assert page.one("a", rel="prev")["href"] == "/providers/stratus?period=24h#models"
    assert page.one("nav", aria_label="Period").all("a")[2]["href"] == (
        "/providers/stratus?period=30d&page=2#speed"
    )
    assert page.one("link", rel="canonical")["href"] == "/providers/stratus"
    assert page.all("meta", name="robots")


async def test_it_says_how_to_sign_in_and_shows_a_first_call(observed: Service) -> None:
    page = await page_of(observed, "/providers/cirrus")
    shown = facts(page, "sign-in")
    assert shown["Base address"] == "https://cirrus.example.com/v1"
    assert shown["Key from"] == "CIRRUS_API_KEY"
    assert page.one("a", href="https://docs.cirrus.example.com").text == "https://docs.cirrus.example.com"
    (call, _) = page.all("pre")
    assert "https://cirrus.example.com/v1/chat/completions" in call.text
    assert "CIRRUS_API_KEY" in call.text


async def test_it_gives_a_badge_to_copy_under_the_public_address() -> None:
    service = await start_service(PUBLIC_URL="https://models.example.com")
    page = await page_of(service, "/providers/cirrus")
    markdown = page.all("pre")[-1].text
    assert markdown == (
        "[![cirrus](https://models.example.com/api/badge/provider/cirrus.svg)]"
        "(https://models.example.com/providers/cirrus)"
    )
    assert (await service.get(page.one("img")["src"])).status_code == 200


async def test_it_leads_to_feeds_and_json_that_are_there(observed: Service) -> None:
    page = await page_of(observed, "/providers/nimbus")
    links = [link["href"] for link in page.all("a") if "nimbus" in link["href"]]
    assert {link.split("?")[0] for link in links} >= {
        "/api/telemetry/incidents.atom",
        "/api/changes.atom",
        "/api/providers/nimbus",
        "/api/telemetry/health/nimbus",
        "/api/telemetry/latency/nimbus",
        "/api/telemetry/series/nimbus",
    }
    for link in links:
        assert (await observed.get(link)).status_code == 200, link


async def test_it_says_that_nobody_has_measured_a_provider() -> None:
    page = await page_of(await start_service(), "/providers/vacant")
    assert "Nobody has measured this provider yet" in page.one(id="now").text
    assert page.all("section", aria_labelledby="uptime") == []
    assert "No models" in page.one(id="offered").text


async def test_it_shows_the_record_while_telemetry_cannot_be_read() -> None:
    telemetry = FailingTelemetry(None)
    service = await start_service(telemetry=telemetry)
    await service.record([check("cirrus", NOW - timedelta(minutes=1))])
    telemetry.error = StoreError("the database is away")
    page = await page_of(service, "/providers/cirrus")
    assert "Telemetry cannot be read at the moment" in page.one(id="now").text
    assert [row[0] for row in models(page)] == ["Alpha One", "Gamma Free deprecated"]


async def test_it_suggests_a_provider_for_a_name_that_is_nearly_right(observed: Service) -> None:
    response = await observed.get("/providers/cirus", accept="text/html")
    assert response.status_code == 404
    assert "Did you mean cirrus?" in parse(response.text).text
