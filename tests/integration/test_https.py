"""The HTTPS rule, behind a proxy and on the server's own socket."""

import pytest

from fixtures.service import Service, start_service

pytestmark = pytest.mark.anyio

PROXY = "10.0.0.1"


async def strict(rate_limit: str = "0") -> Service:
    return await start_service(HTTPS_ONLY="on", TRUSTED_PROXIES="10.0.0.0/8", RATE_LIMIT=rate_limit)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
async def test_it_leads_plain_http_to_https(method: str) -> None:
    service = await strict()
    response = await service.request(method, "/api/models?search=a%20b&page=2")
    assert response.status_code == 308
    assert response.headers["location"] == "https://api.example.com/api/models?search=a%20b&page=2"
    assert response.headers["cache-control"] == "no-store"
    assert response.content == b""


@pytest.mark.parametrize(
    ("host", "location"),
    [
        ("api.example.com:80", "https://api.example.com/api/models"),
        ("api.example.com:8080", "https://api.example.com:8080/api/models"),
        ("[2001:db8::1]", "https://[2001:db8::1]/api/models"),
    ],
)
async def test_it_keeps_the_host(host: str, location: str) -> None:
    service = await strict()
    response = await service.get("/api/models", host=host)
    assert response.headers["location"] == location


@pytest.mark.parametrize("host", ["evil.com/x", "a@b", "a b", "a?b", "a#b", "a\\b"])
async def test_it_leads_nowhere_for_a_malformed_host(host: str) -> None:
    service = await strict()
    response = await service.get("/api/models", host=host)
    assert response.status_code == 400
    assert response.json()["error"]["message"] == "The Host header is missing or malformed"


@pytest.mark.parametrize(
    ("peer", "proto", "status"),
    [
        (PROXY, "https", 200),
        (PROXY, "HTTPS", 200),
        (PROXY, "http, https", 200),
        (PROXY, "https, http", 308),
        (PROXY, "http", 308),
        (PROXY, "", 308),
        ("192.0.2.1", "https", 308),
    ],
)
async def test_it_believes_what_a_trusted_proxy_says_of_the_protocol(
    peer: str, proto: str, status: int
) -> None:
    service = await strict()
    response = await service.get("/api/models", peer=peer, x_forwarded_proto=proto)
    assert response.status_code == status


async def test_it_leads_to_https_who_reached_the_proxy_without() -> None:
    service = await strict()
    response = await service.request(
        "GET", "/api/models", peer=PROXY, base="https://inner", headers={"x-forwarded-proto": "http"}
    )
    assert response.status_code == 308


async def test_it_answers_https_with_hsts() -> None:
    service = await strict()
    for target in ("/api/models", "/api/nothing", "/"):
        response = await service.request("GET", target, base="https://api.example.com")
        assert response.status_code != 308
        assert response.headers["strict-transport-security"] == "max-age=31536000"


async def test_it_sends_no_hsts_over_plain_http() -> None:
    redirected = await (await strict()).get("/api/models")
    assert "strict-transport-security" not in redirected.headers
    served = await (await start_service()).get("/api/models")
    assert "strict-transport-security" not in served.headers


async def test_it_counts_what_it_leads_to_https() -> None:
    service = await strict("5")
    response = await service.get("/api/models")
    assert (response.status_code, response.headers["x-ratelimit-remaining"]) == (308, "4")
