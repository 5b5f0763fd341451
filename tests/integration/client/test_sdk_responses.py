"""What the SDK makes of answers: of none of the API, of another version, and of those it has already."""

import gzip
import json
import zlib
from typing import Any

import brotli
import pytest

from fixtures.clients import Flavour, driven
from fixtures.faulty_server import STATS, OneAfterAnother, as_json, error, said
from fixtures.scripted_server import scripted
from openmodels_client import (
    ApiError,
    InvalidResponse,
)

pytestmark = pytest.mark.anyio

HTML: Any = {"content_type": "text/html"}


# --- Something else there -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said("<html>", **HTML), "answered text/html, not application/json"),
        (said("{}", content_type=""), "without a content type"),
        (said(""), "cannot be read"),
        (said("{"), "cannot be read"),
        (said(b"\x00\xff" * 500), "cannot be read"),
        (as_json([1]), "cannot be read"),
        (as_json({"models": 1}), "required field `providers`"),
        (as_json(STATS | {"models": "many"}), r"`\$\.models`"),
        (
            said("", 301, location="https://elsewhere.example.com/x"),
            "a redirect to https://elsewhere.example",
        ),
        (said("", 308, location="/login"), "a redirect to /login"),
        (said("", 204), "answered 204"),
        (said("", 304), "answered 304"),
        (said("<html>", 403, **HTML), "answered 403, and not as this API does"),
        (said("not gzip", content_encoding="gzip"), "cannot be read"),
        (said(gzip.compress(json.dumps(STATS).encode())[:-12], content_encoding="gzip"), "cannot be read"),
        (said(b"not brotli", content_encoding="br"), "cannot be read"),
        (said(zlib.compress(b"{}")[3:], content_encoding="deflate"), "cannot be read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_it_says_what_answered_otherwise(flavour: Flavour, answer: bytes, why: str) -> None:
    async with scripted([answer]) as server, driven(flavour, server.url) as client:
        with pytest.raises(InvalidResponse, match=why) as caught:
            await client.ask("stats")
        assert caught.value.url == f"{server.url}/api/stats"
        assert len(server.requests) == 1


@pytest.mark.parametrize("coding", ["gzip", "br"])
async def test_it_stops_at_a_bomb(flavour: Flavour, coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openmodels_client.sending.MOST_BYTES", 3_000_000)
    spaces = b" " * 10_000_000
    packed = gzip.compress(spaces, 1) if coding == "gzip" else brotli.compress(spaces, quality=1)
    async with (
        scripted([said(packed, content_encoding=coding)]) as server,
        driven(flavour, server.url) as client,
    ):
        with pytest.raises(InvalidResponse, match="more than 3000000 bytes"):
            await client.ask("stats")


async def test_it_reads_what_is_compressed(flavour: Flavour) -> None:
    packed = gzip.compress(json.dumps(STATS).encode())
    async with (
        scripted([said(packed, content_encoding="gzip")]) as server,
        driven(flavour, server.url) as client,
    ):
        assert (await client.ask("stats")).models == 3


async def test_it_bears_what_it_does_not_know(flavour: Flavour) -> None:
    unknown = {"status": "haunted", "timestamp": "2026-03-01T12:00:00Z", "version": "9", "colour": [1, {}]}
    services = {
        "api": {"status": "up"},
        "database": {"status": "asleep", "latency_ms": None, "mood": "good"},
        "cache": {"status": "up"},
        "telemetry": {"status": "up"},
        "registry": {"status": "up", "revision": "1"},
        "oracle": {"status": "up"},
    }
    async with (
        scripted([as_json(unknown | {"services": services})]) as server,
        driven(flavour, server.url) as client,
    ):
        health = await client.ask("health")
        assert (health.status, health.services.database.status) == ("haunted", "asleep")
        assert (health.services.cache.latency_ms, health.services.regions) == (None, None)


async def test_a_service_that_is_not_well_is_an_answer(flavour: Flavour) -> None:
    part = {"status": "up", "revision": "1"}
    names = ("api", "database", "cache", "telemetry", "registry")
    ill = {"status": "degraded", "timestamp": "2026-03-01T12:00:00Z", "version": "1"}
    answers = (
        as_json(ill | {"services": dict.fromkeys(names, part)}, 503, etag='"1"'),
        said("<html>", 503, **HTML),
        error(503, "telemetry is away"),
        as_json(ill | {"services": dict.fromkeys(names, part)}, 503),
    )
    async with scripted(OneAfterAnother(*answers)) as server, driven(flavour, server.url) as client:
        assert (await client.ask("health")).status == "degraded"
        assert client.waits == []
        # Of a proxy, or as an error, it is none; and what was not well is not remembered.
        assert (await client.ask("health")).status == "degraded"
        assert len(client.waits) == 2
        assert not any("if-none-match" in request.headers for request in server.requests)


# --- Conditional requests -----------------------------------------------------------------------------------


@pytest.mark.parametrize("etag", ['"1"', 'W/"1"'])
async def test_it_asks_only_whether_what_it_has_is_still_true(flavour: Flavour, etag: str) -> None:
    answers = (
        as_json(etag=etag),
        said("", 304, etag=etag),
        as_json(STATS | {"models": 4}, etag='"2"'),
        said("", 304, etag='"2"'),
        as_json(STATS | {"models": 5}),
        as_json(STATS | {"models": 6}),
    )
    async with scripted(OneAfterAnother(*answers)) as server, driven(flavour, server.url) as client:
        found = [(await client.ask("stats")).models for _ in answers]
        assert found == [3, 3, 4, 4, 5, 6]
        sent = [request.headers.get("if-none-match") for request in server.requests]
        assert sent == [None, etag, etag, '"2"', '"2"', None]


async def test_it_remembers_each_question_by_itself(flavour: Flavour) -> None:
    async with (
        scripted([as_json({"models": [], "providers": [], "total": 0}, etag='"1"')]) as server,
        driven(flavour, server.url) as client,
    ):
        await client.ask("search", "a")
        await client.ask("search", "b")
        assert not any("if-none-match" in request.headers for request in server.requests)
        await client.ask("search", "a")
        assert server.requests[-1].headers["if-none-match"] == '"1"'


async def test_it_remembers_nothing_when_it_is_told_so(flavour: Flavour) -> None:
    async with scripted([as_json(etag='"1"')]) as server, driven(flavour, server.url, remember=0) as client:
        await client.ask("stats")
        await client.ask("stats")
        assert not any("if-none-match" in request.headers for request in server.requests)


async def test_it_remembers_nothing_of_an_error(flavour: Flavour) -> None:
    answers = (as_json(etag='"1"'), error(404, etag='"2"'), said("", 304, etag='"1"'))
    async with scripted(OneAfterAnother(*answers)) as server, driven(flavour, server.url) as client:
        await client.ask("stats")
        with pytest.raises(ApiError):
            await client.ask("stats")
        assert (await client.ask("stats")).models == 3
        assert server.requests[-1].headers["if-none-match"] == '"1"'
