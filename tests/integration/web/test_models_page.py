"""``/models``: the list of models, which its address says all of."""

from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from contract.builders import model, offering, provider, registry, vendor
from fixtures.catalogue import MODELS, OFFERINGS, PROVIDERS, VENDORS, pricing, with_many_models
from fixtures.markup import Element, parse
from fixtures.service import Service, start_service
from openmodels.domain.records import Registry

pytestmark = pytest.mark.anyio


async def page(service: Service, query: str = "") -> Element:
    response = await service.get(f"/models?{query}" if query else "/models", accept="text/html")
    assert response.status_code == 200, response.text
    return parse(response.text)


def ids(found: Element) -> list[str]:
    """The models on the page."""
    return [box["value"] for box in found.all("input", type="checkbox", name="model")]


def tally(found: Element) -> str:
    """How many models it says there are."""
    return found.one("main").one("p", role="status").text


def chips(found: Element) -> list[tuple[str, str]]:
    """The filters at work, each with where removing it leads; the last one clears all."""
    (area,) = found.all("ul", class_="chips")
    return [(link.text, link["href"]) for link in area.all("a")]


def values(found: Element, name: str) -> dict[str, str]:
    """The boxes of a filter: by value, what stands beside it."""
    return {
        label.one("input")["value"]: label.text
        for label in found.all("label", class_="tick")
        if label.one("input")["name"] == name
    }


async def test_it_lists_every_model_the_newest_first(api: Service) -> None:
    found = await page(api)
    assert ids(found) == ["alpha-1", "beta-mini", "gamma-free", "alpha-0", "delta-embed"]
    assert tally(found) == "5 models"
    assert found.one("h1").text == "Models"
    assert found.all("meta", name="robots") == []
    assert found.one("link", rel="canonical")["href"] == "/models"


async def test_a_row_says_what_is_known_and_what_is_not(api: Service) -> None:
    listed = (await page(api)).one("tbody").rows()
    assert listed[0] == [
        "",
        "Alpha One Acme Labs · alpha-1",
        "chat, vision, code, reasoning, function-calling",
        "200K",
        "8K",
        "$0.10 at Cirrus Cloud",
        "$2.50",
        "3",
        "10 Feb 2026",
    ]
    assert listed[2][5:7] == ["free at Cirrus Cloud", "free"]
    assert listed[4][3:] == ["unknown", "unknown", "unknown", "unknown", "0", "unknown"]


async def test_rows_lead_to_the_model_and_to_who_has_it_cheapest(api: Service) -> None:
    row = (await page(api)).one("tbody").all("tr")[0]
    assert [link["href"] for link in row.all("a")] == ["/models/alpha-1", "/providers/cirrus"]


@pytest.mark.parametrize(
    "query",
    [
        "search=alpha",
        "capability=vision",
        "capability=tools&modality=image",
        "vendor=zenith,acme&status=active",
        "provider=cirrus",
        "licensing=mit",
        "open_weights=true",
        "min_context=8192",
        "max_input_price=0.2",
        "sort=price",
        "sort=name",
        "sort=context_window",
        "sort=providers",
        "search=model&sort=relevance",
        "search=model&sort=recency",
    ],
)
async def test_it_finds_what_the_api_finds(api: Service, query: str) -> None:
    found = await page(api, query)
    assert ids(found) == await api.ids(f"/api/models?{query}&limit=50")
    json_link = found.one("link", rel="alternate", type="application/json")["href"]
    assert await api.ids(json_link) == ids(found)
    assert found.one("meta", name="robots")["content"] == "noindex, follow"


async def test_fields_left_empty_are_not_given(api: Service) -> None:
    empty = "search=&capability=&modality=&vendor=&provider=&licensing=&status=&open_weights="
    found = await page(api, f"{empty}&min_context=&max_input_price=&sort=&page=")
    assert len(ids(found)) == 5
    assert found.all("ul", class_="chips") == []
    assert found.one("link", rel="canonical")["href"] == "/models"


@pytest.mark.parametrize(
    "query",
    ["capability=flying", "min_context=many", "max_input_price=-1", "sort=best", "page=0", "open_weights=1"],
)
async def test_wrong_values_are_explained_by_an_error_page(api: Service, query: str) -> None:
    response = await api.get(f"/models?{query}", accept="text/html")
    assert response.status_code == 400
    assert query.partition("=")[0] in parse(response.text).one("main").text


async def test_the_form_holds_what_was_asked_for(api: Service) -> None:
    found = await page(
        api, "search=alpha&capability=vision&open_weights=false&min_context=100000&max_input_price=1.50"
    )
    form = found.one("form", id="choose")
    assert form["data-swap"] == "listing"
    assert found.one("input", id="search")["value"] == "alpha"
    ticked = [box["value"] for box in form.all("input", type="checkbox") if "checked" in box]
    assert ticked == ["vision"]
    chosen = [option["value"] for option in form.all("option") if "selected" in option]
    assert chosen == ["false", "100000"]
    assert found.one("input", id="max_input_price")["value"] == "1.50"


async def test_every_field_has_a_name_for_those_who_cannot_see_it(api: Service) -> None:
    found = await page(api)
    labelled = {label["for"] for label in found.all("label") if "for" in label}
    wrapped = [id(field) for label in found.all("label") for field in label.all("input")]
    for field in [*found.one("main").all("input"), *found.one("main").all("select")]:
        named = field.attributes.get("id") in labelled or "aria-label" in field or id(field) in wrapped
        assert named, field.attributes


async def test_values_are_counted_among_what_the_other_filters_leave(api: Service) -> None:
    found = await page(api, "vendor=zenith")
    counted = values(found, "capability")
    assert {value: said for value, said in counted.items() if not said.endswith(" 0")} == {
        "chat": "chat 2",
        "audio": "audio 1",
        "code": "code 1",
        "speech": "speech 1",
    }
    # Nothing moves when something is chosen.
    assert list(counted) == list(values(await page(api), "capability"))
    assert values(found, "vendor") == {"acme": "Acme Labs 2", "zenith": "Zenith AI 2"}
    assert values(await page(api, "search=alpha&vendor=zenith"), "vendor")["zenith"] == "Zenith AI 0"


async def test_a_filter_with_many_values_is_a_list_to_choose_from_and_boxes_for_the_chosen() -> None:
    vendors = [vendor(f"vendor-{number:02}") for number in range(30)]
    models = [model(f"m-{v.id}", vendor=v.id) for v in vendors]
    found = await page(await start_service(registry(*vendors, *models)), "vendor=vendor-07&vendor=vendor-09")
    assert values(found, "vendor") == {"vendor-07": "Vendor-07 1", "vendor-09": "Vendor-09 1"}
    (more,) = found.all("select", name="vendor")
    assert [option["value"] for option in more.all("option")][:3] == ["", "vendor-00", "vendor-01"]
    assert len(more.all("option")) == 29
    assert len(ids(found)) == 2


async def test_each_filter_at_work_can_be_removed(api: Service) -> None:
    found = await page(
        api, "search=alpha&vendor=acme,zenith&open_weights=false&min_context=8000&sort=price&page=1"
    )
    assert chips(found) == [
        (
            "Remove Search: alpha ×",
            "/models?vendor=acme&vendor=zenith&open_weights=false&min_context=8000&sort=price",
        ),
        (
            "Remove Vendor: Acme Labs ×",
            "/models?search=alpha&vendor=zenith&open_weights=false&min_context=8000&sort=price",
        ),
        (
            "Remove Vendor: Zenith AI ×",
            "/models?search=alpha&vendor=acme&open_weights=false&min_context=8000&sort=price",
        ),
        (
            "Remove Weights: closed ×",
            "/models?search=alpha&vendor=acme&vendor=zenith&min_context=8000&sort=price",
        ),
        (
            "Remove Context: 8K tokens or more ×",
            "/models?search=alpha&vendor=acme&vendor=zenith&open_weights=false&sort=price",
        ),
        ("Clear all", "/models"),
    ]
    assert found.one("title").text.startswith("Models: “alpha”, Acme Labs, Zenith AI and more")


async def test_headings_sort_and_say_how_the_list_is_sorted(api: Service) -> None:
    found = await page(api, "capability=chat&sort=price")
    headings = {
        heading.text.split(" ")[0]: heading for heading in found.one("thead").all("th") if heading.all("a")
    }
    assert set(headings) == {"Model", "Context", "Input", "Offerings", "Released"}
    assert [name for name, heading in headings.items() if "aria-sort" in heading] == ["Input"]
    assert headings["Input"]["aria-sort"] == "ascending"
    assert headings["Context"].one("a")["href"] == "/models?capability=chat&sort=context_window"
    assert (await page(api)).one("th", aria_sort="descending").text == "Released"
    assert (await page(api, "search=alpha")).all("th", aria_sort="descending") == []


async def test_long_lists_have_pages() -> None:
    service = await start_service(with_many_models(100))
    first, last = await page(service, "capability=chat"), await page(service, "capability=chat&page=3")
    assert len(ids(first)) == 50
    assert len(ids(last)) == 3
    assert first.one("a", rel="next")["href"] == "/models?capability=chat&page=2"
    assert last.one("a", rel="prev")["href"] == "/models?capability=chat&page=2"
    assert tally(first) == "103 of 105 models"
    second = await page(service, "page=2")
    assert second.one("link", rel="canonical")["href"] == "/models?page=2"
    assert second.all("meta", name="robots") == []


async def test_past_the_end_it_leads_to_the_last_page() -> None:
    service = await start_service(with_many_models(100))
    found = await page(service, "page=9")
    assert ids(found) == []
    (last,) = [link for link in found.all("a") if link.text == "The last page is 3"]
    assert last["href"] == "/models?page=3"
    assert found.one("meta", name="robots")["content"] == "noindex, follow"


async def test_where_nothing_fits_it_says_what_would_without_the_filters(api: Service) -> None:
    found = await page(api, "search=alpha&vendor=zenith")
    said = found.one("div", class_="empty").text
    assert "No model fits." in said
    assert "Without the filters, 2 models would." in said
    assert "/models?search=alpha" in [link["href"] for link in found.one("div", class_="empty").all("a")]


async def test_where_nothing_is_found_it_says_what_may_have_been_meant(api: Service) -> None:
    said = (await page(api, "search=gamma+xylophone")).one("div", class_="empty").text
    assert "Did you mean Gamma Free?" in said
    said = (await page(api, "search=cirrus+cloud")).one("div", class_="empty").text
    assert "There is a provider of that name: Cirrus Cloud." in said
    nothing = (await page(api, "search=qqqqqqqq")).one("div", class_="empty")
    assert nothing.text == "No model fits. Show every model"


async def test_an_empty_registry_says_so() -> None:
    found = await page(await start_service(Registry()))
    assert "There are no models yet." in found.one("main").text
    assert tally(found) == "0 models"


async def test_models_can_be_ticked_and_compared(api: Service) -> None:
    found = await page(api)
    boxes = found.all("input", name="model")
    assert {box["form"] for box in boxes} == {"compare"}
    assert boxes[0]["aria-label"] == "Compare Alpha One"
    form = found.one("form", id="compare")
    assert form["action"] == "/compare"
    assert form.one("button")["type"] == "submit"


async def test_it_leads_to_the_list_in_other_forms(api: Service) -> None:
    found = await page(api, "vendor=acme")
    links = {link.text: link["href"] for link in found.one("p", class_="elsewhere").all("a")}
    assert parse_qs(urlsplit(links["This list as JSON"]).query) == {"vendor": ["acme"], "limit": ["50"]}
    for target in links.values():
        assert (await api.get(target)).status_code == 200


async def test_names_and_searches_are_text_whatever_they_hold() -> None:
    evil = '"><script>alert(1)</script>\u202e'
    first = replace(MODELS[0], name=evil, vendor="acme")
    vendors = (replace(VENDORS[0], name=evil), VENDORS[1])
    service = await start_service(registry(first, *MODELS[1:], *PROVIDERS, *OFFERINGS, *vendors))
    response = await service.get(f"/models?vendor=acme&search={'%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E'}")
    assert "<script>alert" not in response.text
    found = await page(service, "vendor=acme")
    assert found.one("tbody").all("bdi")[0].text == evil
    box = found.all("input", name="model")[0]
    assert box["aria-label"] == "Compare " + evil.removesuffix("\u202e")


async def test_prices_of_other_currencies_say_which() -> None:
    one = offering("acme", "one", pricing=pricing("1", None, "EUR"))
    service = await start_service(registry(model("one"), provider("acme"), one))
    (row,) = (await page(service)).one("tbody").rows()
    assert row[5:7] == ["€1.00 at Acme", "unknown"]
