"""The pages that say why there is no other."""

import io

import pytest

from fixtures.failing import FailingTelemetry
from fixtures.failing_history import WatchedHistory
from fixtures.markup import Element, parse
from fixtures.service import Service, start_service
from openmodels.errors import NotFound, RateLimited, RequestError, StoreError
from openmodels.logs import set_up_logs
from openmodels.store.memory import MemoryRegistryStore
from openmodels.store.memory_history import MemoryHistoryStore
from openmodels.web.built import Built
from openmodels.web.faults import details_of
from openmodels.web.rendering import Rendering, Site

pytestmark = pytest.mark.anyio

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def failed(service: Service, target: str, status: int, method: str = "GET") -> Element:
    """The page of an error, which must be whole and have what every error has."""
    response = await service.request(method, target, headers={"accept": BROWSER})
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert "Accept" in response.headers["vary"]
    assert "default-src 'none'" in response.headers["content-security-policy"]
    page = parse(response.text)
    assert len(page.all("h1")) == 1
    assert page.one("meta", name="robots")["content"] == "noindex, follow"
    assert page.all("link", rel="canonical") == []
    assert f"Status {status}, request {response.headers['x-request-id']}." in page.one("main").text
    return page


async def test_it_says_that_nothing_is_there_and_where_to_look(api: Service) -> None:
    page = await failed(api, "/nothing", 404)
    assert page.one("h1").text == "Nothing is here"
    assert page.one("p", class_="lead").text == "There is nothing at '/nothing'."
    assert page.one("form", class_="seek")["action"] == "/models"
    assert page.all("p", class_="meant") == []
    for link in page.one("main").all("a"):
        assert (await api.get(link["href"])).status_code == 200


@pytest.mark.parametrize(
    ("target", "said", "meant"),
    [
        ("/models/alpha-11", "Model not found: 'alpha-11'.", "/models/alpha-1"),
        ("/providers/cirus", "Provider not found: 'cirus'.", "/providers/cirrus"),
    ],
)
async def test_it_leads_to_what_was_probably_meant(api: Service, target: str, said: str, meant: str) -> None:
    page = await failed(api, target, 404)
    assert page.one("p", class_="lead").text == said
    assert page.one("p", class_="meant").one("a")["href"] == meant
    problem = await api.problem(f"/api{target}", 404)
    assert problem["message"] == f"{said[:-1]}. Did you mean '{meant.rpartition('/')[2]}'?"


async def test_it_says_which_parameter_is_wrong_and_what_is_allowed(api: Service) -> None:
    page = await failed(api, "/models?sort=pric&page=0", 400)
    first, second = page.all("dl", class_="detail")
    assert first.texts("dd")[:2] == ["sort", "pric"]
    assert "price" in first.texts("dd")[2]
    assert second.texts("dd")[:2] == ["page", "0"]
    assert second.texts("dd")[2].startswith("1 to ")


async def test_it_shows_what_was_asked_as_text(api: Service) -> None:
    page = await failed(api, "/models?sort=%3Cscript%3Ehostile()%3C/script%3E", 400)
    assert "<script>hostile()</script>" in page.one("main").text
    assert all("hostile" not in script.text for script in page.all("script"))


async def test_it_refuses_other_methods(api: Service) -> None:
    page = await failed(api, "/models", 405, "POST")
    assert page.one("h1").text == "That is not allowed"


async def test_it_refuses_addresses_that_are_too_long(api: Service) -> None:
    page = await failed(api, "/models?search=" + "a" * 8200, 414)
    assert page.one("h1").text == "That address is too long"


async def test_it_says_no_more_of_an_unforeseen_failure_than_its_request() -> None:
    set_up_logs(form="json", level="info", stream=io.StringIO())
    service = await start_service(telemetry=FailingTelemetry(ValueError("the password is hunter2")))
    page = await failed(service, "/", 500)
    assert page.one("h1").text == "Something went wrong"
    assert "hunter2" not in page.text
    assert page.all("form", class_="seek") == []


async def test_it_says_that_the_history_cannot_be_read_now() -> None:
    store = MemoryRegistryStore()
    history = WatchedHistory(MemoryHistoryStore(store))
    service = await start_service(registry=store, history=history)
    history.error = StoreError("away")
    page = await failed(service, "/changes", 503)
    assert page.one("h1").text == "Not at the moment"


@pytest.mark.parametrize("accept", ["application/json", "*/*", ""])
async def test_programs_get_the_envelope(api: Service, accept: str) -> None:
    response = await api.get("/nothing", accept=accept)
    assert response.headers["content-type"] == "application/json"
    assert response.json()["error"]["message"].endswith("/api/openapi.json lists every path.")


async def test_the_api_answers_browsers_too_in_the_envelope(api: Service) -> None:
    response = await api.get("/api/models/nothing", accept=BROWSER)
    assert response.headers["content-type"] == "application/json"


def test_it_says_when_to_come_back() -> None:
    rendering = Rendering(Site(version="1", built=Built()))
    page = parse(rendering.error(RateLimited(30), "").decode())
    assert page.one("h1").text == "Too many requests"
    assert "Try again in 30 seconds." in page.one("main").text


def test_ranges_are_said_in_words() -> None:
    ranges: tuple[list[int | None], ...] = ([1, 5], [None, 5], [1, None], [])
    error = RequestError("wrong", [{"parameter": "n", "value": 9, "range": given} for given in ranges])
    assert [detail.allowed for detail in details_of(error)] == [
        ("1 to 5",),
        ("at most 5",),
        ("at least 1",),
        (),
    ]


def test_a_detail_without_a_parameter_is_left_to_the_message() -> None:
    assert details_of(NotFound("gone", [{"reason": "other"}])) == []
