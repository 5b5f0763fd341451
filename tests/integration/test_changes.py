"""``/api/changes``: what changed in the registry."""

import base64
from typing import Any

import pytest

from fixtures.past import lived, start_lived
from fixtures.service import Service

pytestmark = pytest.mark.anyio


@pytest.fixture
async def service() -> Service:
    return await start_lived()


async def changes(service: Service, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await service.json(f"/api/changes?{query}"))["changes"]
    return found


async def test_it_tells_of_everything_but_the_beginning(service: Service) -> None:
    found = await service.json("/api/changes")
    assert list(found) == ["begins_at", "changes", "next"]
    assert [change["at"][:10] for change in found["changes"]] == [
        "2026-03-09",
        "2026-03-09",
        "2026-03-09",
        "2026-03-07",
        "2026-03-07",
        "2026-03-05",
        "2026-03-05",
        "2026-03-03",
    ]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("kind=provider", {"groq"}),
        ("kind=model", {"llama", "old"}),
        ("kind=provider,model", {"groq", "llama", "old"}),
        ("kind=vendor", set()),
        ("action=added", {"acme/llama"}),
        ("action=changed&kind=model", {"llama"}),
        ("topic=price", {"groq/llama", "acme/llama"}),
        ("model=old", {"old", "groq/old"}),
        ("model=llama-latest", set()),
        ("model=", {"groq", "llama", "old", "groq/llama", "groq/old", "acme/llama"}),
        ("provider=acme", {"acme/llama"}),
        ("provider=groq&model=llama", {"groq/llama"}),
        ("provider=nobody", set()),
        ("since=2026-03-07&until=2026-03-08", {"old", "groq/old"}),
    ],
)
async def test_it_is_filtered(service: Service, query: str, ids: set[str]) -> None:
    assert {change["id"] for change in await changes(service, query)} == ids


async def test_what_is_new_or_gone_is_given_in_short(service: Service) -> None:
    (gone,) = await changes(service, "kind=model&action=removed")
    assert gone["old"] == {"id": "old", "name": "Old One", "vendor": None, "status": "active"}
    (new,) = await changes(service, "action=added")
    assert set(new["new"]) == {"model_id", "provider_id", "provider_model_name", "pricing", "status"}


async def test_pages_make_up_the_whole_and_keep_the_filters(service: Service) -> None:
    whole = await changes(service, "kind=offering")
    first = await service.get("/api/changes?kind=offering&limit=3&unknown=x")
    link = first.headers["link"]
    assert link.startswith("</api/changes?kind=offering&limit=3&cursor=")
    second = await service.get(link[1 : link.index(">")])
    assert [*first.json()["changes"], *second.json()["changes"]] == whole
    assert second.json()["next"] is None
    assert "link" not in second.headers


async def test_a_page_that_is_just_full_has_no_next(service: Service) -> None:
    count = len(await changes(service))
    assert (await service.json(f"/api/changes?limit={count}"))["next"] is None
    assert (await service.json(f"/api/changes?limit={count - 1}"))["next"] is not None


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "AAAA", "!" * 20, "A" * 19, "A" * 21, "A" * 5000, "AAAAAAAAAAAAAAAAAAA=", "%C3%A9" * 20],
)
async def test_a_cursor_that_is_none_is_a_400(service: Service, cursor: str) -> None:
    error = await service.problem(f"/api/changes?cursor={cursor}")
    assert error["message"].startswith("cursor must be what `next` of an earlier page says")


@pytest.mark.parametrize("byte", [0x00, 0x7F, 0x80, 0xFF])
async def test_a_cursor_that_was_never_given_is_some_place_or_other(service: Service, byte: int) -> None:
    cursor = base64.urlsafe_b64encode(bytes([byte]) * 15).decode()
    assert len(await changes(service, f"cursor={cursor}")) in {0, 8}


async def test_wrong_values_are_explained_all_at_once(service: Service) -> None:
    error = await service.problem("/api/changes?kind=modle&topic=prices&action=x&limit=101&since=now")
    assert {detail["parameter"] for detail in error["details"]} == {
        "kind",
        "topic",
        "action",
        "limit",
        "since",
    }
    assert "did you mean model?" in error["message"]


async def test_it_may_be_kept_for_half_a_minute_and_shows_a_publish_at_once(service: Service) -> None:
    before = await service.get("/api/changes")
    assert before.headers["cache-control"].startswith("public, max-age=30")
    again = await service.get("/api/changes", if_none_match=before.headers["etag"])
    assert again.status_code == 304
    await service.publish(lived()[0][1])
    assert len(await changes(service)) > len(before.json()["changes"])
