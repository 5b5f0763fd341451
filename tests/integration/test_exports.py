"""``/api/export/``: the whole registry, made once, compressed, with validators."""

import asyncio
import csv
import io
import resource
import sqlite3
from pathlib import Path

import msgspec
import pytest

from contract.builders import large_registry
from fixtures.catalogue import catalogue
from fixtures.codings import UNPACK, raw
from fixtures.service import Service, start_service
from openmodels.api.exports import ENDPOINTS
from openmodels.edge.asgi import Message
from openmodels.registry.exporters.table import FORMATS

pytestmark = pytest.mark.anyio

PLACES = [endpoint.path for endpoint in ENDPOINTS]
LARGE = "/api/export/registry.ndjson"


def test_it_has_a_place_for_every_format_and_where_clients_append_to_an_address() -> None:
    assert PLACES == [
        "/api/export/models-dev.json",
        "/api/export/models-dev/api.json",
        "/api/export/models-dev/catalog.json",
        "/api/export/litellm.json",
        "/api/export/openrouter.json",
        "/api/export/openrouter/models",
        "/api/export/registry.ndjson",
        "/api/export/registry.csv",
        "/api/export/registry.sqlite",
    ]


@pytest.mark.parametrize("name", FORMATS)
async def test_it_answers_what_the_exporter_writes(api: Service, name: str) -> None:
    chosen = FORMATS[name]
    response = await api.get(f"/api/export/{chosen.file_name}")
    assert response.status_code == 200
    assert response.content == b"".join(chosen.write(catalogue()))
    assert response.headers["content-type"] == chosen.media_type
    assert response.headers["content-length"] == str(len(response.content))
    assert response.headers["x-registry-revision"] == api.live.snapshot.revision
    assert response.headers["cache-control"].startswith("public, max-age=")
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["last-modified"] == "Sat, 28 Feb 2026 08:00:00 GMT"
    saved = response.headers.get("content-disposition")
    assert saved == (f'attachment; filename="{chosen.file_name}"' if chosen.saved else None)


@pytest.mark.parametrize(
    ("one", "other"),
    [("models-dev.json", "models-dev/api.json"), ("openrouter.json", "openrouter/models")],
)
async def test_it_answers_the_same_at_both_places(api: Service, one: str, other: str) -> None:
    first, second = [await api.get(f"/api/export/{place}") for place in (one, other)]
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]


@pytest.mark.parametrize("coding", UNPACK)
async def test_it_is_compressed_as_the_client_takes_it(api: Service, coding: str) -> None:
    response, body = await raw(api, LARGE, accept_encoding=coding)
    plain = await api.get(LARGE)
    unpacked = plain.content if coding == "identity" else UNPACK[coding](body)
    assert unpacked == plain.content
    assert response.headers.get("content-encoding", "identity") == coding
    assert response.headers["content-length"] == str(len(body))
    assert response.headers["vary"] == "Accept-Encoding"
    assert (response.headers["etag"] == plain.headers["etag"]) is (coding == "identity")


async def test_it_says_that_nothing_changed(api: Service) -> None:
    first = await api.get(LARGE, accept_encoding="gzip")
    for header in (
        {"if_none_match": first.headers["etag"]},
        {"if_none_match": "*"},
        {"if_modified_since": first.headers["last-modified"]},
    ):
        second = await api.get(LARGE, accept_encoding="gzip", **header)
        assert (second.status_code, second.content) == (304, b"")
        assert second.headers["etag"] == first.headers["etag"]
        assert "content-length" not in second.headers
        assert "x-ratelimit-limit" not in second.headers
    assert (
        await api.get(LARGE, accept_encoding="br", if_none_match=first.headers["etag"])
    ).status_code == 200
    assert (await api.get(LARGE, if_none_match='"another"')).status_code == 200


@pytest.mark.parametrize("place", PLACES)
async def test_it_answers_head_with_the_length_and_no_body(api: Service, place: str) -> None:
    response = await api.request("HEAD", place)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-length"] == str(len((await api.get(place)).content))
    assert response.headers["etag"]


async def test_it_gives_another_etag_when_the_content_changes_and_the_old_one_when_it_is_back() -> None:
    service = await start_service()
    etags = [(await service.get(LARGE)).headers["etag"]]
    content = catalogue()
    await service.publish(msgspec.structs.replace(content, offerings=content.offerings[1:]))
    etags.append((await service.get(LARGE)).headers["etag"])
    await service.publish(content)
    etags.append((await service.get(LARGE)).headers["etag"])
    assert etags[0] == etags[2] != etags[1]


async def test_it_answers_many_who_ask_at_a_time() -> None:
    service = await start_service(large_registry(50, 500))
    answers = await asyncio.gather(*(service.get(LARGE) for _ in range(20)))
    content = b"".join(FORMATS["ndjson"].write(service.live.snapshot.registry))
    assert {answer.content for answer in answers} == {content}
    assert len({answer.headers["etag"] for answer in answers}) == 1


async def test_it_is_sent_in_parts() -> None:
    service = await start_service(large_registry(50, 1000))
    parts: list[Message] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        parts.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": LARGE,
        "raw_path": LARGE.encode(),
        "query_string": b"",
        "headers": [],
        "client": ("203.0.113.9", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
        "root_path": "",
        "http_version": "1.1",
        "asgi": {"version": "3.0"},
        "state": {},
    }
    await service.app(scope, receive, send)
    start, *bodies = parts
    assert start["status"] == 200
    assert len(bodies) > 5
    assert max(len(part["body"]) for part in bodies) <= 64 * 1024
    assert [part["more_body"] for part in bodies] == [True] * (len(bodies) - 1) + [False]
    length = dict(start["headers"])[b"content-length"]
    assert sum(len(part["body"]) for part in bodies) == int(length)


async def test_it_leaves_nothing_running_behind_an_answer_that_nobody_reads() -> None:
    service = await start_service(large_registry(50, 1000))
    before = asyncio.all_tasks()
    response = await service.request("HEAD", LARGE)
    assert response.status_code == 200
    assert asyncio.all_tasks() == before


async def test_it_counts_against_the_rate_limit() -> None:
    service = await start_service(RATE_LIMIT="2")
    left = [(await service.get(LARGE)).headers["x-ratelimit-remaining"] for _ in range(2)]
    assert left == ["1", "0"]
    refused = await service.get(LARGE)
    assert refused.status_code == 429
    assert refused.headers["cache-control"] == "no-store"


async def test_its_files_are_read_by_the_usual_readers(api: Service, tmp_path: Path) -> None:
    table = (await api.get("/api/export/registry.csv")).text
    assert len(list(csv.reader(io.StringIO(table, newline="")))) == 7
    file = tmp_path / "registry.sqlite"
    file.write_bytes((await api.get("/api/export/registry.sqlite")).content)
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT count(*) FROM offerings").fetchone() == (6,)
    connection.close()


@pytest.mark.parametrize("name", ["sqlite", "ndjson"])
async def test_it_answers_503_when_there_is_no_room_and_the_document_when_there_is(name: str) -> None:
    service = await start_service(large_registry(50, 500))
    place = f"/api/export/{FORMATS[name].file_name}"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
    try:
        problem = await service.problem(place, 503)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert problem["type"] == "SERVICE_UNAVAILABLE"
    assert (await service.get(place)).status_code == 200


async def test_it_says_that_it_is_not_given_in_ranges(api: Service) -> None:
    whole = await api.get(LARGE)
    response = await api.get(LARGE, range="bytes=0-9")
    assert (response.status_code, response.headers["accept-ranges"]) == (200, "none")
    assert response.content == whole.content


async def test_it_knows_no_other_format(api: Service) -> None:
    await api.problem("/api/export/registry.xlsx", 404)
    await api.problem("/api/export", 404)
