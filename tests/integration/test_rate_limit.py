"""The rate limit: a hundred requests in 60 seconds from the first, by client."""

import pytest

from fixtures.service import NOW, Service, start_service
from fixtures.shapes import RATE_LIMIT_HEADERS

pytestmark = pytest.mark.anyio

TARGET = "/api/models?limit=1"
START = int(NOW.timestamp())


async def limited(limit: int = 3, *, proxies: str = "") -> Service:
    return await start_service(RATE_LIMIT=str(limit), TRUSTED_PROXIES=proxies)


async def left(service: Service, target: str = TARGET, *, peer: str = "203.0.113.7", **headers: str) -> int:
    response = await service.get(target, peer=peer, **headers)
    return int(response.headers["x-ratelimit-remaining"]) if response.status_code != 429 else -1


async def test_it_lets_a_hundred_requests_through_in_a_window() -> None:
    service = await limited(100)
    assert [await left(service) for _ in range(101)] == [*range(99, -1, -1), -1]


async def test_it_says_when_to_come_back_in_the_header_as_in_the_message() -> None:
    service = await limited()
    for _ in range(3):
        await service.get(TARGET)
    for waited, seconds in ((0, 60), (20.5, 40), (38.9, 1)):
        service.clock.advance(seconds=waited)
        response = await service.get(TARGET)
        unit = "second" if seconds == 1 else "seconds"
        assert response.status_code == 429
        assert response.headers["retry-after"] == str(seconds)
        assert response.json()["error"]["message"] == f"Rate limit exceeded. Try again in {seconds} {unit}."
        assert [response.headers[name] for name in RATE_LIMIT_HEADERS] == ["3", "0", str(START + 60)]


async def test_it_opens_a_new_window_when_the_old_one_has_passed() -> None:
    service = await limited()
    for _ in range(5):
        await service.get(TARGET)
    service.clock.advance(seconds=59.999)
    assert await left(service) == -1
    service.clock.advance(seconds=0.001)
    response = await service.get(TARGET)
    assert response.status_code == 200
    assert [response.headers[name] for name in RATE_LIMIT_HEADERS] == ["3", "2", str(START + 120)]


async def test_it_holds_what_it_promised_over_many_windows() -> None:
    service = await limited(2)
    for _ in range(20):
        assert [await left(service), await left(service), await left(service)] == [1, 0, -1]
        service.clock.advance(seconds=30)
        assert await left(service) == -1
        service.clock.advance(seconds=30)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/api/models/nothing"),
        ("GET", "/api/nothing"),
        ("GET", "/api/models?limit=0"),
        ("POST", "/api/models"),
        ("HEAD", "/api/models"),
        ("OPTIONS", "/api/models"),
        ("GET", "/api/openapi.json"),
        ("GET", "/api/models?search=%FF"),
        ("GET", "/api/models?search=" + "a" * 9000),
    ],
)
async def test_it_counts_and_says_so_whatever_the_answer(method: str, target: str) -> None:
    service = await limited()
    response = await service.request(method, target)
    assert [response.headers[name] for name in RATE_LIMIT_HEADERS] == ["3", "2", str(START + 60)]


async def test_it_counts_an_answer_of_304() -> None:
    service = await limited()
    etag = (await service.get(TARGET)).headers["etag"]
    response = await service.get(TARGET, if_none_match=etag)
    assert (response.status_code, response.headers["x-ratelimit-remaining"]) == (304, "1")


@pytest.mark.parametrize("path", ["/api/health", "/api/health/", "/api/health/live", "/api/health/live/"])
async def test_it_does_not_count_health_checks(path: str) -> None:
    service = await limited()
    for _ in range(5):
        response = await service.get(path)
        assert response.status_code == 200
        assert [response.headers[name] for name in RATE_LIMIT_HEADERS] == ["3", "3", str(START + 60)]
    for _ in range(4):
        await service.get(TARGET)
    response = await service.get(path)
    assert (response.status_code, response.headers["x-ratelimit-remaining"]) == (200, "0")


async def test_it_does_not_count_preflights() -> None:
    service = await limited()
    asked = {"origin": "https://example.org", "access-control-request-method": "GET"}
    for _ in range(5):
        response = await service.request("OPTIONS", TARGET, headers=asked)
        assert (response.status_code, response.headers["x-ratelimit-remaining"]) == (204, "3")
    for _ in range(4):
        await service.get(TARGET)
    # A browser shows the page nothing of an answer whose preflight failed, not even that it is a 429.
    response = await service.request("OPTIONS", TARGET, headers=asked)
    assert (response.status_code, response.headers["x-ratelimit-remaining"]) == (204, "0")


async def test_it_does_not_count_what_is_not_under_api() -> None:
    service = await limited()
    for _ in range(5):
        response = await service.get("/")
        assert response.status_code != 429
        assert "x-ratelimit-limit" not in response.headers


@pytest.mark.parametrize("path", [b"/%61pi/models", b"//api/models", b"/api//models", b"/api/models/"])
async def test_it_counts_a_path_that_is_written_in_another_way(path: bytes) -> None:
    service = await limited(1)
    assert await left(service) == 0
    assert await status_of(service, path) == 429


async def status_of(service: Service, path: bytes) -> int:
    """The status for a path just as written; the client would tidy it up."""
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": path.replace(b"%61", b"a").decode(),
        "raw_path": path,
        "query_string": b"",
        "headers": [],
        "client": ("203.0.113.7", 4711),
    }
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message)

    await service.app(scope, receive, send)
    status = sent[0]["status"]
    assert isinstance(status, int)
    return status


async def test_it_counts_each_client_by_itself() -> None:
    service = await limited(1)
    assert await left(service, peer="192.0.2.1") == 0
    assert await left(service, peer="192.0.2.2") == 0
    assert await left(service, peer="192.0.2.1") == -1


async def test_it_counts_ipv6_clients_by_their_64() -> None:
    service = await limited(2)
    assert await left(service, peer="2001:db8:1:2::1") == 1
    assert await left(service, peer="2001:db8:1:2:ffff:ffff:ffff:ffff") == 0
    assert await left(service, peer="2001:db8:1:2:3:4:5:6") == -1
    assert await left(service, peer="2001:db8:1:3::1") == 1


async def test_it_counts_an_ipv4_client_once_however_it_is_written() -> None:
    service = await limited(2)
    assert await left(service, peer="192.0.2.1") == 1
    assert await left(service, peer="::ffff:192.0.2.1") == 0


async def test_it_believes_no_forwarding_header_of_a_stranger() -> None:
    service = await limited(2)
    assert await left(service, x_forwarded_for="198.51.100.1") == 1
    assert await left(service, x_forwarded_for="198.51.100.2") == 0
    assert await left(service, x_forwarded_for="198.51.100.3") == -1


PROXIES = "10.0.0.0/8, 2001:db8:ffff::/48"


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("1.1.1.1, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
        ("198.51.100.1:55555", "198.51.100.1"),
        ('"198.51.100.1"', "198.51.100.1"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("1.1.1.1, 2001:db8:5::7", "2001:db8:5::9"),
        ("[2001:db8:5::7]:443", "2001:db8:5::9"),
        ("198.51.100.1, nonsense", "10.0.0.1"),
        ("", "10.0.0.1"),
        ("10.1.1.1", "10.1.1.1"),
    ],
)
async def test_it_counts_the_rightmost_address_that_is_no_trusted_proxy(forwarded: str, client: str) -> None:
    service = await limited(5, proxies=PROXIES)
    assert await left(service, peer="10.0.0.1", x_forwarded_for=forwarded) == 4
    # Straight from that client, or through another proxy: the same bucket.
    peer = "192.0.2.99" if client.startswith("10.") else client
    assert await left(service, peer=peer, x_forwarded_for=forwarded) == (4 if peer != client else 3)
    assert await left(service, peer="2001:db8:ffff::1", x_forwarded_for=client) == (
        3 if peer != client else 2
    )


async def test_it_reads_forwarding_headers_that_are_repeated() -> None:
    service = await limited(5, proxies=PROXIES)
    async with service.client("10.0.0.1") as client:
        for expected in ("4", "3"):
            response = await client.get(
                TARGET, headers=[("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "10.2.2.2")]
            )
            assert response.headers["x-ratelimit-remaining"] == expected
    assert await left(service, peer="198.51.100.1") == 2


async def test_it_has_no_limit_when_the_setting_is_0(api: Service) -> None:
    response = await api.get(TARGET)
    assert not [name for name in response.headers if name.startswith("x-ratelimit")]
