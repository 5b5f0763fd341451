"""Validators, conditional requests and content codings."""

from email.utils import parsedate_to_datetime

import pytest

from fixtures.codings import UNPACK, raw
from fixtures.service import NOW, Service, start_service

pytestmark = pytest.mark.anyio

LARGE, SMALL = "/api/models", "/api/models?limit=1&vendor=nobody"


@pytest.mark.parametrize(
    ("target", "cache_control"),
    [
        ("/api/models", "public, max-age=60, stale-while-revalidate=300"),
        ("/api/models/alpha-1", "public, max-age=60, stale-while-revalidate=300"),
        ("/api/providers", "public, max-age=10, stale-while-revalidate=30"),
        ("/api/telemetry/health/cirrus", "public, max-age=10, stale-while-revalidate=30"),
        ("/api/openapi.json", "public, max-age=3600, stale-while-revalidate=86400"),
        ("/api/docs", "public, max-age=3600, stale-while-revalidate=86400"),
    ],
)
async def test_it_says_how_long_an_answer_holds(api: Service, target: str, cache_control: str) -> None:
    response = await api.get(target)
    assert response.headers["cache-control"] == cache_control
    assert response.headers["vary"] == "Accept-Encoding"
    etag = response.headers["etag"]
    assert etag.startswith('"')
    assert etag.endswith('"')
    assert parsedate_to_datetime(response.headers["last-modified"]) <= NOW


async def test_it_dates_a_registry_answer_by_its_publication(api: Service) -> None:
    response = await api.get("/api/models")
    assert response.headers["last-modified"] == "Sat, 28 Feb 2026 08:00:00 GMT"


@pytest.mark.parametrize("sent", ["{}", "W/{}", '"other", {}', '"other" ,W/{}', "*", "{},"])
async def test_it_answers_304_to_who_has_the_answer(api: Service, sent: str) -> None:
    etag = (await api.get(LARGE)).headers["etag"]
    response = await api.get(LARGE, if_none_match=sent.format(etag))
    assert response.status_code == 304
    assert response.content == b""
    assert "content-length" not in response.headers
    assert "content-type" not in response.headers
    assert response.headers["etag"] == etag
    for name in ("cache-control", "vary", "last-modified", "x-registry-revision", "x-request-id", "link"):
        assert name in response.headers


async def test_it_answers_304_to_head_too(api: Service) -> None:
    etag = (await api.get(LARGE)).headers["etag"]
    response = await api.request("HEAD", LARGE, headers={"if-none-match": etag})
    assert response.status_code == 304


@pytest.mark.parametrize("sent", ['"other"', "", "nonsense", '""', '"*"'])
async def test_it_answers_in_full_to_who_has_another_answer(api: Service, sent: str) -> None:
    assert (await api.get(LARGE, if_none_match=sent)).status_code == 200


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("Sat, 28 Feb 2026 08:00:00 GMT", 304),
        ("Sat, 28 Feb 2026 08:00:01 GMT", 304),
        ("Sat, 28 Feb 2026 07:59:59 GMT", 200),
        ("yesterday", 200),
        ("", 200),
        ("Sat, 28 Feb 99999 08:00:00 GMT", 200),
    ],
)
async def test_it_answers_304_to_who_has_it_since(api: Service, since: str, status: int) -> None:
    assert (await api.get(LARGE, if_modified_since=since)).status_code == status


async def test_it_believes_the_etag_rather_than_the_date(api: Service) -> None:
    response = await api.get(
        LARGE, if_none_match='"other"', if_modified_since="Sun, 01 Mar 2026 12:00:00 GMT"
    )
    assert response.status_code == 200


async def test_it_never_answers_304_to_an_error(api: Service) -> None:
    response = await api.get("/api/models/nothing-of-the-kind", if_none_match="*")
    assert response.status_code == 404


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
async def test_it_compresses_what_is_large(api: Service, coding: str) -> None:
    _, plain = await raw(api, LARGE)
    response, packed = await raw(api, LARGE, accept_encoding=coding)
    assert len(plain) > 1024
    assert response.headers["content-encoding"] == coding
    assert response.headers["vary"] == "Accept-Encoding"
    assert int(response.headers["content-length"]) == len(packed) < len(plain)
    assert UNPACK[coding](packed) == plain


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip, deflate", "gzip"),
        ("GZIP", "gzip"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("br;q=1.0, zstd;q=0, gzip;q=0.5", "br"),
        ("*", "zstd"),
        ("*;q=0.5, zstd;q=0", "br"),
        ("identity", None),
        ("identity;q=1, gzip;q=0.5", None),
        ("gzip;q=0", None),
        ("deflate, compress", None),
        ("", None),
        ("nonsense;;;,,,=", None),
        ("gzip;q=lots", None),
    ],
)
async def test_it_uses_the_coding_that_the_client_likes_best(
    api: Service, accepted: str, coding: str | None
) -> None:
    response, _ = await raw(api, LARGE, accept_encoding=accepted)
    assert response.headers.get("content-encoding") == coding


async def test_it_does_not_compress_what_is_small(api: Service) -> None:
    response, body = await raw(api, SMALL, accept_encoding="gzip, br, zstd")
    assert len(body) <= 1024
    assert "content-encoding" not in response.headers
    assert response.headers["vary"] == "Accept-Encoding"


async def test_it_gives_each_coding_an_etag_of_its_own(api: Service) -> None:
    etags = {coding: (await raw(api, LARGE, accept_encoding=coding))[0].headers["etag"] for coding in UNPACK}
    assert len(set(etags.values())) == 4
    for coding, etag in etags.items():
        same, _ = await raw(api, LARGE, accept_encoding=coding, if_none_match=etag)
        assert same.status_code == 304
        assert "content-encoding" not in same.headers
    other, _ = await raw(api, LARGE, accept_encoding="gzip", if_none_match=etags["identity"])
    assert other.status_code == 200


async def test_it_gives_different_queries_different_answers() -> None:
    service = await start_service()
    both = [await service.ids(f"/api/models?vendor={vendor}") for vendor in ("acme", "zenith")]
    assert both == [["alpha-1", "alpha-0"], ["beta-mini", "gamma-free"]]
    again = [await service.ids(f"/api/models?vendor={vendor}") for vendor in ("acme", "zenith")]
    assert again == both


async def test_it_answers_the_same_bytes_from_its_cache() -> None:
    service = await start_service()
    first = await service.get("/api/models")
    second = await service.get("/api/models")
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
