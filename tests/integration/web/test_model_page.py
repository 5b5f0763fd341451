"""``/models/{model_id}``."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from contract.builders import check, measurement, offering, provider, registry
from fixtures.catalogue import MODELS, OFFERINGS, PROVIDERS, VENDORS, catalogue, pricing
from fixtures.failing import FailingTelemetry
from fixtures.failing_history import WatchedHistory
from fixtures.markup import Element, parse
from fixtures.service import NOW, Service, start_service
from openmodels.domain.records import Registry
from openmodels.errors import StoreError
from openmodels.store.memory import MemoryRegistryStore
from openmodels.store.memory_history import MemoryHistoryStore

pytestmark = pytest.mark.anyio


async def page(service: Service, target: str, status: int = 200) -> Element:
    """The page there."""
    response = await service.get(target, accept="text/html")
    assert response.status_code == status, response.text
    return parse(response.text)


def facts(shown: Element) -> dict[str, str]:
    """The facts of the model, by label."""
    return {one.one("dt").text: one.one("dd").text for one in shown.one("dl").all("div")}


def offered(shown: Element) -> list[list[str]]:
    """What the cells of each offering say."""
    return shown.one("table", class_="model-offerings").rows()[1:]


def providers(shown: Element) -> list[str]:
    """The names of the providers, in the order of the table of offerings."""
    table = shown.one("table", class_="model-offerings")
    return [link.text for link in table.all("a") if link["href"].startswith("/providers/")]


async def test_it_tells_the_facts(api: Service) -> None:
    shown = await page(api, "/models/alpha-1")
    assert shown.one("h1").text == "Alpha One"
    known = facts(shown)
    assert known["Vendor"] == "Acme Labs"
    assert known["Released"] == "10 Feb 2026"
    assert known["Knowledge until"] == "Oct 2025"
    assert known["Context window"] == "200K 200,000 tokens"
    assert (known["Input"], known["Output"]) == ("text, image", "code, text")
    assert known["Open weights"] == "no"
    chips = shown.one("ul", class_="chips").all("a")
    assert [(chip.text, chip["href"]) for chip in chips][1] == ("vision", "/models?capability=vision")


async def test_it_says_unknown_where_nobody_knows(api: Service) -> None:
    known = facts(await page(api, "/models/delta-embed"))
    assert known["Context window"] == known["Released"] == known["Open weights"] == "unknown"
    assert known["Modalities"] == "text in or out"


async def test_an_alias_shows_the_model_and_names_its_own_page(api: Service) -> None:
    shown = await page(api, "/models/alpha-latest")
    assert shown.one("link", rel="canonical")["href"] == "/models/alpha-1"
    assert shown.one("form", id="offerings-form")["action"] == "/models/alpha-1#offerings"


async def test_an_unknown_model_is_a_page_that_says_what_was_meant(api: Service) -> None:
    shown = (await page(api, "/models/alpha-11", 404)).one("main")
    assert "Model not found: 'alpha-11'. Did you mean" in shown.text
    assert "alpha-1" in shown.text.partition("Did you mean")[2]


async def test_it_ranks_the_offerings_and_says_why(api: Service) -> None:
    shown = await page(api, "/models/alpha-1")
    ranking = (await api.json("/api/telemetry/ranked/alpha-1"))["ranked_providers"]
    assert (
        providers(shown) == [row["provider_name"] for row in ranking] == ["Cirrus Cloud", "altus", "Nimbus"]
    )
    first = shown.one("table", class_="model-offerings").all("tr")[1].cells()
    assert "Rank 1" in first[0].text
    assert "acme/alpha-1@2026" in first[0].text
    assert first[1].text == "$0.10"
    score = first[-1].text
    assert score.startswith(f"{ranking[0]['composite_score']:.1f}")
    assert "uptime 90 % → 36 of 40" in score
    assert "first token 300 ms → 30 of 30" in score


async def test_it_shows_every_price_and_limit(api: Service) -> None:
    first = offered(await page(api, "/models/alpha-1"))[0]
    assert first[2].startswith("$2.50")
    for said in ("cache read $0.025", "batch $0.05 in, $1.25 out", "prompts above 200K: $0.20 in, $5.00 out"):
        assert said in first[2]
    assert first[3] == "128K4K"
    assert first[4] == "500 requests"


@pytest.mark.parametrize("sort", ["price", "output_price", "blended_price", "ttft", "throughput", "uptime"])
async def test_it_sorts_as_the_api_compares(api: Service, sort: str) -> None:
    shown = await page(api, f"/models/alpha-1?sort={sort}")
    compared = (await api.json(f"/api/models/alpha-1/compare?sort={sort}"))["comparison"]
    assert providers(shown) == [row["provider_name"] for row in compared]
    marked = [head for head in shown.all("th") if "aria-sort" in head]
    if sort != "blended_price":
        assert marked[0]["aria-sort"] == ("descending" if sort in {"throughput", "uptime"} else "ascending")


async def test_a_filter_by_region_leaves_the_rest_of_the_address_alone(api: Service) -> None:
    shown = await page(api, "/models/alpha-1?region=global&sort=price&input_tokens=5")
    assert providers(shown) == ["Nimbus"]
    heading = next(link for link in shown.all("a") if link.text == "Output")
    assert heading["href"] == "/models/alpha-1?sort=output_price&region=global&input_tokens=5#offerings"
    kept = {(field["form"], field["name"]): field["value"] for field in shown.all("input", type="hidden")}
    assert kept["cost-form", "region"] == kept["code-form", "region"] == "global"
    assert kept["offerings-form", "input_tokens"] == "5"


async def test_a_region_that_nobody_measures_from_shows_the_figures_of_all(api: Service) -> None:
    shown = await page(api, "/models/alpha-1?region=global")
    assert providers(shown) == ["Nimbus"]
    assert "Nothing was measured from global" in shown.one("div", id="offerings").text
    assert offered(shown)[0][6].startswith("25 %")


async def test_a_region_without_offerings_says_so(api: Service) -> None:
    shown = await page(api, "/models/alpha-1?region=mars-1")
    assert "can be had in mars-1" in shown.one("div", id="offerings").text


async def test_its_offerings_are_refreshed_when_their_providers_are_heard_of(api: Service) -> None:
    region = (await page(api, "/models/alpha-1")).one("div", id="offerings")
    assert "data-live" in region
    assert region["data-live-providers"].split() == ["altus", "cirrus", "nimbus"]


async def test_without_telemetry_it_ranks_by_price_alone() -> None:
    shown = await page(await start_service(), "/models/alpha-1")
    assert "ranked by price alone" in shown.one("div", id="offerings").text
    assert offered(shown)[0][-1].endswith("by price alone")
    assert not shown.all("figure", id="speed")


async def test_a_model_that_nobody_offers_says_so(api: Service) -> None:
    shown = await page(api, "/models/alpha-0")
    assert "Nobody offers this model" in shown.one("main").text
    assert (
        "This model is retired: it ended on 31 Dec 2024. Its successor is Alpha One."
        in shown.one("main").text
    )
    assert not shown.all("form", id="cost-form")


async def test_a_deprecated_model_says_when_it_ends_and_what_follows(api: Service) -> None:
    note = (await page(api, "/models/gamma-free")).one("p", class_="model-ending")
    assert note.text == "This model ends on 31 Dec 2026. Its successor is beta Mini."
    assert note.one("a")["href"] == "/models/beta-mini"


async def test_a_retired_offering_has_no_rank_and_stands_last() -> None:
    gone = offering("vacant", "alpha-1", "0.01", status="retired", available_regions=("eu-west-1",))
    content = registry(*MODELS, *PROVIDERS, *OFFERINGS, *VENDORS, gone)
    last = offered(await page(await start_service(content), "/models/alpha-1"))[-1]
    assert "Vacant" in last[0]
    assert "retired" in last[0]
    assert last[-1] == "not ranked"


async def test_the_figures_of_the_speed_chart_are_those_that_were_measured() -> None:
    service = await start_service()
    await service.record(
        measurements=[
            measurement("nimbus", "alpha-1", NOW - timedelta(hours=hours), time_to_first_token_ms=700.0)
            for hours in range(1, 30)
        ]
    )
    figure = (await page(service, "/models/alpha-1")).one("figure", id="speed")
    assert figure["data-unit"] == "ms"
    assert "Nimbus" in figure.texts("th", scope="col")
    assert "700 ms" in figure.texts("td")


async def test_its_prices_are_drawn_and_listed() -> None:
    service = await start_service()
    service.clock.advance(seconds=3 * 86_400)
    await service.publish(_with_price("nimbus", "0.45"))
    shown = await page(service, "/models/alpha-1")
    figure = shown.one("figure", id="prices-input")
    assert (figure["data-chart"], figure["data-unit"]) == ("step", "USD per 1M tokens")
    assert figure.texts("th", scope="col") == ["Time (UTC)", "Nimbus", "Cirrus Cloud"]
    assert [row[1:] for row in figure.rows()[1:]][:2] == [["$0.30", "$0.10"], ["$0.45", "$0.10"]]
    assert "from $0.10 to $0.45 now. It changed at 1 of them." in figure.text
    changes = shown.one("table", class_="model-changes").rows()[1:]
    assert [row[1:] for row in changes] == [["Nimbus", "$0.30 → $0.45", "–", "changed"]]


async def test_a_history_that_cannot_be_read_is_said_and_all_else_is_there() -> None:
    store = MemoryRegistryStore()
    history = WatchedHistory(MemoryHistoryStore(store))
    service = await start_service(registry=store, history=history)
    history.error = StoreError("away")
    shown = await page(service, "/models/alpha-1")
    assert "The history cannot be read" in shown.one("section", id="prices").text
    assert len(offered(shown)) == 3


async def test_telemetry_that_cannot_be_read_is_said_and_all_else_is_there() -> None:
    service = await start_service(telemetry=FailingTelemetry(StoreError("away")))
    shown = await page(service, "/models/alpha-1")
    assert "Telemetry cannot be read" in shown.one("div", id="offerings").text
    assert len(offered(shown)) == 3


async def test_it_works_out_what_a_workload_costs(api: Service) -> None:
    asked = "input_tokens=20000&cached_tokens=15000&output_tokens=500&requests=10"
    shown = await page(api, f"/models/alpha-1?{asked}")
    costs = (await api.json(f"/api/models/alpha-1/cost?{asked}"))["offerings"]
    rows = shown.one("table", class_="model-costs").rows()[1:]
    assert [row[0].split()[0] for row in rows] == [cost["provider_name"].split()[0] for cost in costs]
    assert Decimal(rows[0][1].removeprefix("$")) == Decimal(str(costs[0]["total"]))
    assert rows[-1][1] == "unknown"
    assert "unknown: input per million" in rows[-1][3]
    assert "150,000 cached input × $0.025 per 1M = $0.00375" in "".join(row[3] for row in rows)
    link = next(a for a in shown.one("div", id="costs").all("a") if a.text == "The same as JSON")
    assert link["href"].startswith("/api/models/alpha-1/cost?input_tokens=20000")


async def test_empty_fields_of_the_calculator_are_taken_as_usual(api: Service) -> None:
    shown = await page(api, "/models/alpha-1?input_tokens=&output_tokens=&requests=&region=&sort=")
    assert "1 request of 1,000 input and 1,000 output tokens." in shown.one("div", id="costs").text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("input_tokens=many", "Input tokens: must be an integer from 0 to 100000000."),
        ("requests=0", "Requests: must be an integer from 1 to 1000000000."),
        ("input_tokens=5&cached_tokens=6", "Input tokens must be at least 6"),
    ],
)
async def test_what_cannot_be_worked_out_is_said_beside_the_fields(
    api: Service, asked: str, said: str
) -> None:
    shown = await page(api, f"/models/alpha-1?{asked}")
    problem = shown.one("div", role="alert")
    assert said in problem.text
    (field,) = [one for one in shown.all("input") if one.attributes.get("aria-invalid")]
    assert field["aria-describedby"] == problem["id"]
    assert not shown.all("table", class_="model-costs")


async def test_code_is_for_the_best_ranked_provider_or_the_one_that_was_chosen(api: Service) -> None:
    section = (await page(api, "/models/alpha-1")).one("section", id="code")
    assert [o["value"] for o in section.one("select").all("option") if "selected" in o] == ["cirrus"]
    assert all("acme/alpha-1@2026" in code for code in section.texts("code", class_="language-curl"))
    chosen = (await page(api, "/models/alpha-1?provider=nimbus&language=python")).one("section", id="code")
    assert [o["value"] for o in chosen.one("select").all("option") if "selected" in o] == ["nimbus"]
    assert [r["value"] for r in chosen.all("input", type="radio") if "checked" in r] == ["python"]


async def test_search_engines_are_told_known_prices_only(api: Service) -> None:
    shown = await page(api, "/models/alpha-1")
    (told,) = [
        json.loads("".join(map(str, s.children))) for s in shown.all("script", type="application/ld+json")
    ]
    assert told["name"] == "Alpha One"
    assert [offer["seller"]["name"] for offer in told["offers"]] == ["Cirrus Cloud", "Nimbus"]
    assert told["offers"][0]["priceSpecification"][0]["price"] == "0.1"
    assert not shown.all("meta", name="robots")


async def test_variants_are_not_for_search_engines(api: Service) -> None:
    shown = await page(api, "/models/alpha-1?sort=price")
    assert shown.one("meta", name="robots")["content"] == "noindex, follow"
    assert shown.one("link", rel="canonical")["href"] == "/models/alpha-1"


async def test_it_leads_to_all_that_is_told_elsewhere(api: Service) -> None:
    shown = await page(api, "/models/alpha-1")
    links = {link["href"] for link in shown.all("a")}
    assert links >= {
        "/api/models/alpha-1",
        "/api/models/alpha-1/provenance",
        "/api/models/alpha-1/prices",
        "/changes?model=alpha-1",
        "/compare?model=alpha-1",
        "/api/changes.atom?model=alpha-1",
    }


async def test_a_model_of_eighty_providers_is_shown_whole() -> None:
    many = [provider(f"cloud-{n:02}", name=f"Cloud {n:02}", regions=("global",)) for n in range(80)]
    offers = [
        offering(f"cloud-{n:02}", "alpha-1", f"0.{n + 10}", available_regions=("global",)) for n in range(80)
    ]
    content = registry(*MODELS, *PROVIDERS, *VENDORS, *many, *offers)
    service = await start_service(content)
    await service.record([check(f"cloud-{n:02}", NOW - timedelta(minutes=5)) for n in range(80)])
    shown = await page(service, "/models/alpha-1")
    assert len(offered(shown)) == 80
    assert len(shown.one("figure", id="prices-input").texts("th", scope="col")) == 9
    assert "72 more offerings not drawn" in shown.one("section", id="prices").text


def _with_price(provider_id: str, price: str) -> Registry:
    """The small registry, with another input price of ``alpha-1``."""
    content = catalogue()
    return replace(
        content,
        offerings=tuple(
            replace(o, pricing=pricing(price, "0.60"))
            if (o.provider_id, o.model_id) == (provider_id, "alpha-1")
            else o
            for o in content.offerings
        ),
    )
