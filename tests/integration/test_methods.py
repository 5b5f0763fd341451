"""Methods: GET and HEAD everywhere, OPTIONS for CORS, nothing else; and the headers that every answer has."""

import pytest

from fixtures.service import Service, start_service
from fixtures.shapes import RATE_LIMIT_HEADERS

pytestmark = pytest.mark.anyio

ALLOW = "GET, HEAD, OPTIONS"
CHANGING = {"x-request-id", "x-ratelimit-remaining"}
EVERYWHERE = [
    "/api/models",
    "/api/models/alpha-1",
    "/api/models/nothing",
    "/api/models?limit=0",
    "/",
    "/nothing",
]


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "QUERY"]
)
@pytest.mark.parametrize("target", ["/api/models", "/api/nothing", "/", "/api/docs"])
async def test_it_allows_no_method_that_could_change_something(
    api: Service, method: str, target: str
) -> None:
    response = await api.request(method, target, content=b"{}")
    assert response.status_code == 405
    assert response.headers["allow"] == ALLOW
    error = response.json()["error"]
    assert error["type"] == "METHOD_NOT_ALLOWED"
    assert error["message"].endswith("is not allowed: this API is read-only; use GET")


@pytest.mark.parametrize(
    "target",
    [*EVERYWHERE, "/api/providers", "/api/stats", "/api/search?q=a", "/api/openapi.json", "/api/docs"],
)
async def test_it_answers_head_as_get_without_the_body(api: Service, target: str) -> None:
    got = await api.request("GET", target)
    head = await api.request("HEAD", target)
    assert head.status_code == got.status_code
    assert head.content == b""
    kept = {name: value for name, value in got.headers.items() if name not in CHANGING}
    assert {name: value for name, value in head.headers.items() if name not in CHANGING} == kept
    assert int(head.headers["content-length"]) == len(got.content)


async def test_it_answers_head_first_and_get_after_it_alike() -> None:
    service = await start_service()
    head = await service.request("HEAD", "/api/models")
    got = await service.request("GET", "/api/models")
    assert (head.content, head.headers["etag"]) == (b"", got.headers["etag"])
    assert got.json()["data"]


@pytest.mark.parametrize("target", ["/api/models", "/api/nothing", "/"])
async def test_it_answers_a_preflight(api: Service, target: str) -> None:
    response = await api.request(
        "OPTIONS",
        target,
        headers={
            "origin": "https://example.org",
            "access-control-request-method": "GET",
            "access-control-request-headers": "x-anything",
        },
    )
    assert response.status_code == 204
    assert response.content == b""
    assert "content-length" not in response.headers
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["access-control-allow-methods"] == ALLOW
    assert response.headers["access-control-allow-headers"] == "*"
    assert int(response.headers["access-control-max-age"]) > 0
    assert response.headers["allow"] == ALLOW


@pytest.mark.parametrize("target", EVERYWHERE)
async def test_it_lets_every_origin_read_every_answer(api: Service, target: str) -> None:
    response = await api.get(target, origin="https://example.org")
    assert response.headers["access-control-allow-origin"] == "*"
    exposed = {name.strip().lower() for name in response.headers["access-control-expose-headers"].split(",")}
    assert exposed >= {
        *RATE_LIMIT_HEADERS,
        "link",
        "etag",
        "x-request-id",
        "x-registry-revision",
        "retry-after",
    }


@pytest.mark.parametrize("target", EVERYWHERE)
async def test_it_sends_the_security_headers_with_every_answer(api: Service, target: str) -> None:
    response = await api.get(target)
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"


async def test_it_lets_its_page_run_no_script_but_its_own(api: Service) -> None:
    response = await api.get("/api/docs")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(
        part.strip().split(" ", 1) for part in response.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert "unsafe-inline" not in response.headers["content-security-policy"]
    assert "<script>" not in response.text


@pytest.mark.parametrize(
    "target",
    [
        "/api/models",
        "/api/models/alpha-1",
        "/api/models/alpha-1/compare",
        "/api/providers",
        "/api/telemetry/ranked/alpha-1",
        "/api/search?q=a",
        "/api/stats",
        "/api/health",
    ],
)
async def test_it_names_the_revision_that_answered(api: Service, target: str) -> None:
    assert (await api.get(target)).headers["x-registry-revision"] == api.live.snapshot.revision


async def test_it_links_the_pages_of_a_list(api: Service) -> None:
    async def link(query: str) -> str:
        return (await api.get(f"/api/models?{query}")).headers["link"]

    assert await link("limit=2") == (
        '</api/models?limit=2&page=1>; rel="first", '
        '</api/models?limit=2&page=2>; rel="next", '
        '</api/models?limit=2&page=3>; rel="last"'
    )
    assert await link("page=2&limit=2&sort=name") == (
        '</api/models?limit=2&sort=name&page=1>; rel="first", '
        '</api/models?limit=2&sort=name&page=1>; rel="prev", '
        '</api/models?limit=2&sort=name&page=3>; rel="next", '
        '</api/models?limit=2&sort=name&page=3>; rel="last"'
    )
    assert await link("page=9&limit=2") == (
        '</api/models?limit=2&page=1>; rel="first", '
        '</api/models?limit=2&page=3>; rel="prev", '
        '</api/models?limit=2&page=3>; rel="last"'
    )
    assert await link("vendor=nobody") == (
        '</api/models?vendor=nobody&page=1>; rel="first", </api/models?vendor=nobody&page=1>; rel="last"'
    )


async def test_it_links_pages_that_can_be_followed(api: Service) -> None:
    target: str | None = "/api/models?limit=2&capability=chat,completion&search="
    seen: list[str] = []
    while target is not None:
        response = await api.get(target)
        seen += [model["id"] for model in response.json()["data"]]
        target = response.links.get("next", {}).get("url")
    assert seen == ["alpha-1", "beta-mini", "gamma-free", "alpha-0"]
