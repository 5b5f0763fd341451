"""``/compare``: models and offerings side by side."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from contract.builders import measurement, registry
from fixtures.catalogue import MODELS, OFFERINGS, PROVIDERS, VENDORS, pricing, with_many_models
from fixtures.failing import FailingTelemetry
from fixtures.markup import Element, parse
from fixtures.observations import observations
from fixtures.service import NOW, Service, start_service
from openmodels.domain.records import Registry
from openmodels.errors import StoreError

pytestmark = pytest.mark.anyio


async def page(service: Service, query: str = "") -> Element:
    response = await service.get(f"/compare?{query}", accept="text/html")
    assert response.status_code == 200, response.text
    return parse(response.text)


def rows(found: Element) -> dict[str, list[str]]:
    """By label: what the columns say."""
    table = found.one("table", class_="comparison")
    return {cells[0]: cells[1:] for cells in table.rows() if len(cells) > 1}


def compared(found: Element) -> list[str]:
    """What stands side by side."""
    heads = found.one("table", class_="comparison").one("thead").all("th")
    return [head.all("a")[0]["href"] for head in heads]


async def test_nothing_chosen_is_explained_with_pairs_to_begin_with(api: Service) -> None:
    found = await page(api)
    assert found.one("h1").text == "Compare models"
    assert found.all("table") == []
    pairs = found.one("section", class_="suggested").all("a")
    assert pairs[0].text == "Alpha One and beta Mini"
    assert pairs[0]["href"] == "/compare?model=alpha-1&model=beta-mini"
    assert found.all("meta", name="robots") == []


async def test_models_stand_side_by_side_in_the_order_given(api: Service) -> None:
    found = await page(api, "model=gamma-free,alpha-latest&model=beta-mini&model=gamma-free")
    assert compared(found) == ["/models/gamma-free", "/models/alpha-1", "/models/beta-mini"]
    assert found.one("h1").text == "Compare Gamma Free, Alpha One and beta Mini"
    canonical = found.one("link", rel="canonical")["href"]
    assert canonical == "/compare?model=gamma-free&model=alpha-1&model=beta-mini"
    assert found.one("meta", name="robots")["content"] == "noindex, follow"


async def test_it_says_what_is_known_and_what_is_not(api: Service) -> None:
    said = rows(await page(api, "model=alpha-1&model=delta-embed"))
    assert said["Made by ≠, differs"] == ["Acme Labs", "unknown"]
    assert said["Offered by ≠, differs"] == ["3 providers", "0 providers"]
    assert said["Context window, tokens ≠, differs"] == ["200,000", "unknown"]
    assert said["Open weights ≠, differs"] == ["– no", "unknown"]
    assert said["Released ≠, differs"] == ["10 Feb 2026", "unknown"]
    assert said["Knowledge until ≠, differs"] == ["Oct 2025", "unknown"]
    assert said["Status"] == ["active", "active"]
    assert said["Embeddings ≠, differs"] == ["– no", "✓ yes"]


async def test_prices_are_those_of_the_cheapest_offering_that_is_paid_for(api: Service) -> None:
    found = await page(api, "model=alpha-1&model=gamma-free")
    said = rows(found)
    assert said["Free at ≠, differs"] == ["none known", "Cirrus Cloud"]
    assert said["Cheapest paid at ≠, differs"] == ["Cirrus Cloud", "Nimbus"]
    assert said["Input ≠, differs"] == ["$0.10 ★ cheapest", "$0.50"]
    assert said["Output ≠, differs"] == ["$2.50", "$1.00 ★ cheapest"]
    assert said["Blended, 3 in : 1 out ≠, differs"] == ["$0.70", "$0.625 ★ cheapest"]
    assert said["Input from the cache ≠, differs"] == ["$0.025", "unknown"]


async def test_prices_in_two_currencies_have_no_cheapest() -> None:
    euros = replace(OFFERINGS[1], pricing=pricing("0.01", "0.02", "EUR"))
    content = registry(*MODELS, *PROVIDERS, *VENDORS, OFFERINGS[0], euros)
    service = await start_service(content)
    said = rows(await page(service, "offering=cirrus/alpha-1&offering=nimbus/alpha-1"))
    assert said["Input ≠, differs"] == ["$0.10", "€0.01"]


async def test_what_was_measured_is_the_best_of_a_models_offerings(api: Service) -> None:
    said = rows(await page(api, "model=alpha-1&model=gamma-free"))
    assert said["Output speed, tokens/s ≠, differs"] == ["90.0 ★ fastest at Nimbus", "61.5 at Cirrus Cloud"]
    assert said["Time to first token, mean ≠, differs"][1] == "50 ms ★ fastest at Cirrus Cloud"
    assert said["Samples ≠, differs"] == ["10", "1"]


async def test_offerings_stand_beside_models_with_their_own_limits_and_figures(api: Service) -> None:
    found = await page(api, "offering=cirrus/alpha-1&model=nimbus/alpha-latest&model=alpha-1")
    said = rows(found)
    assert found.one("h1").text == ("Compare Alpha One at Cirrus Cloud, Alpha One at Nimbus and Alpha One")
    assert said["Context window, tokens ≠, differs"] == ["128,000", "200,000 ★ largest", "200,000 ★ largest"]
    assert said["Name in the API ≠, differs"][0] == "acme/alpha-1@2026"
    assert said["Requests per minute ≠, differs"] == ["500", "unknown", "unknown"]
    assert said["Time to first token, mean ≠, differs"] == [
        "350 ms",
        "150 ms ★ fastest",
        "150 ms ★ fastest at Nimbus",
    ]
    head = found.one("table", class_="comparison").one("thead")
    assert head.texts("span", class_="status") == ["up", "down"]
    assert found.one("link", rel="canonical")["href"] == (
        "/compare?offering=cirrus/alpha-1&offering=nimbus/alpha-1&model=alpha-1"
    )


async def test_only_what_differs_is_shown_when_asked_for(api: Service) -> None:
    every = rows(await page(api, "model=alpha-1,gamma-free"))
    some = rows(await page(api, "model=alpha-1,gamma-free&differences=true"))
    assert some.keys() == {label for label in every if label.endswith("differs")} | {""}


async def test_two_that_are_the_same_have_no_differences() -> None:
    one = replace(MODELS[1], vendor=None)
    content = registry(replace(one, id="one"), replace(one, id="two"))
    found = await page(await start_service(content), "model=one,two&differences=true")
    assert found.all("div", class_="empty")[0].text.startswith("No differences")


async def test_what_is_measured_depends_on_the_period(api: Service) -> None:
    found = await page(api, "model=alpha-1,gamma-free&period=1h")
    assert [option.text for option in found.all("option") if "selected" in option] == ["the last hour"]
    said = rows(found)
    assert said["Output speed, tokens/s ≠, differs"][1] == "unknown"
    assert "period=1h" in found.all("a", class_="remove")[0]["href"]


async def test_price_stands_against_speed(api: Service) -> None:
    figure = (await page(api, "model=alpha-1,gamma-free")).one("figure", id="price-speed")
    assert figure.rows()[1:] == [
        ["Alpha One at Nimbus", "0.375", "90.0"],
        ["Alpha One at Cirrus Cloud", "0.70", "35.0"],
        ["Gamma Free at Cirrus Cloud", "free", "61.5"],
    ]
    groups = [row["data-group"] for row in figure.all("tr") if "data-group" in row]
    assert groups == ["Alpha One", "Alpha One", "Gamma Free"]
    assert figure.one("p").text == (
        "3 offerings with a known price and a speed measured over the last 7 days. "
        "Fastest: Alpha One at Nimbus, 90.0 tokens/s for $0.375. "
        "Cheapest: Gamma Free at Cirrus Cloud, 61.5 tokens/s for free."
    )


async def test_without_telemetry_it_says_that_nothing_was_measured() -> None:
    found = await page(await start_service(), "model=alpha-1,beta-mini")
    assert "Nothing was measured of them in this time." in found.one("table").text
    assert found.all("figure") == []
    assert "Nothing to draw" in found.one("main").text


async def test_telemetry_that_cannot_be_read_is_said_and_the_rest_is_there() -> None:
    service = await start_service(telemetry=FailingTelemetry(StoreError("away")))
    found = await page(service, "model=alpha-1,beta-mini")
    assert "Telemetry cannot be read at the moment" in found.one("p", class_="note").text
    assert rows(found)["Family ≠, differs"] == ["alpha", "beta"]


async def test_one_alone_is_shown_and_others_are_offered(api: Service) -> None:
    found = await page(api, "model=alpha-1&period=24h")
    assert compared(found) == ["/models/alpha-1"]
    assert not [label for label in rows(found) if "differs" in label]
    assert found.all("span", class_="best") == []
    first = found.one("section", class_="suggested").all("a")[0]
    assert (first.text, first["href"]) == ("beta Mini", "/compare?model=alpha-1&model=beta-mini&period=24h")


async def test_of_more_than_five_the_rest_is_named() -> None:
    service = await start_service(with_many_models(9))
    found = await page(service, "model=" + ",".join(f"many-00{n}" for n in range(8)))
    assert len(compared(found)) == 5
    assert found.one("p", class_="note").text == (
        "Only the first 5 are compared. Left out: Many-005, Many-006, Many-007."
    )
    assert found.all("input", id="add") == []


async def test_an_unknown_id_is_said_and_the_others_are_compared(api: Service) -> None:
    found = await page(api, "model=alpha-1&model=gama-free&model=beta-mini&offering=vacant/alpha-1")
    assert compared(found) == ["/models/alpha-1", "/models/beta-mini"]
    first, second = found.all("p", class_="note")
    assert first.text == "Nothing is known of gama-free; did you mean gamma-free?"
    assert first.one("a")["href"] == "/compare?model=alpha-1&model=beta-mini&model=gamma-free"
    assert second.text == "Nothing is known of vacant/alpha-1; did you mean alpha-1?"


async def test_the_form_keeps_what_is_compared_and_takes_one_more(api: Service) -> None:
    found = await page(api, "model=alpha-1&offering=cirrus/gamma-free&period=30d&differences=true")
    hidden = found.one("form", class_="compare-add").all("input", type="hidden")
    assert [(field["name"], field["value"]) for field in hidden] == [
        ("model", "alpha-1"),
        ("offering", "cirrus/gamma-free"),
        ("period", "30d"),
        ("differences", "true"),
    ]
    listed = found.one("datalist", id="known-models").all("option")
    assert len(listed) == len(MODELS)
    removed = found.all("a", class_="remove")[0]
    assert removed["href"] == "/compare?offering=cirrus/gamma-free&period=30d&differences=true"
    assert removed.text == "× Take away Alpha One"


async def test_thousands_of_models_are_not_all_listed() -> None:
    service = await start_service(with_many_models(1_000))
    assert (await page(service)).all("datalist", id="known-models") == []


async def test_empty_and_senseless_names_are_harmless(api: Service) -> None:
    long = "x" * 3_000
    found = await page(api, f"model=&model=,,&offering=/&model={long}&model=%3Cscript%3E&offering=a/b/c")
    notes = found.texts("p", class_="note")
    assert any("<script>" in note for note in notes)
    assert all(len(note) < 600 for note in notes)


async def test_everything_is_escaped() -> None:
    evil = "<img src=x onerror=alert(1)>\u202e" * 5
    content = registry(replace(MODELS[0], name=evil, vendor=None, family=None), *MODELS[1:])
    response = await (await start_service(content)).get("/compare?model=alpha-1,beta-mini")
    assert "<img" not in response.text
    title = parse(response.text).one("title").text
    assert "\u202e" not in title


async def test_an_empty_registry_says_so() -> None:
    found = await page(await start_service(Registry()))
    assert found.one("div", class_="empty").text.startswith("Nothing to compare yet")


async def test_a_period_that_is_none_is_a_400(api: Service) -> None:
    response = await api.get("/compare?model=alpha-1&period=2d", accept="text/html")
    assert response.status_code == 400
    assert "period must be one of" in parse(response.text).one("main").text


async def test_prices_in_another_currency_than_most_are_left_out_of_the_chart() -> None:
    euros = replace(OFFERINGS[1], pricing=pricing("1", "1", "EUR"))
    content = registry(*MODELS, *PROVIDERS, *VENDORS, OFFERINGS[0], euros, *OFFERINGS[2:])
    service = await start_service(content)
    await service.record(*observations())
    more = measurement("nimbus", "gamma-free", NOW - timedelta(hours=1), tokens_per_second=20.0)
    await service.record((), (more,))
    figure = (await page(service, "model=alpha-1,gamma-free")).one("figure", id="price-speed")
    assert len(figure.rows()) == 4
    assert figure.one("p").text.endswith("1 with prices in other currencies are not shown.")
