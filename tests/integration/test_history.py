"""``/api/models/:id/history``: what changed of one model."""

from pathlib import Path
from typing import Any

import pytest

from contract.builders import settings_in
from fixtures.failing_history import WatchedHistory
from fixtures.past import lived, start_lived
from fixtures.service import Service
from openmodels.errors import StoreError
from openmodels.opening import open_stores
from openmodels.store.history_ports import Replayed
from openmodels.store.memory import MemoryRegistryStore
from openmodels.store.memory_history import MemoryHistoryStore

pytestmark = pytest.mark.anyio


@pytest.fixture
async def service() -> Service:
    return await start_lived()


def told(change: dict[str, Any]) -> tuple[Any, ...]:
    return change["at"][:10], change["id"], change["action"], change["field"]


async def test_it_tells_what_changed_newest_first(service: Service) -> None:
    found = await service.json("/api/models/llama/history")
    assert list(found) == ["model_id", "model_name", "begins_at", "changes", "next"]
    assert (found["model_id"], found["model_name"], found["next"]) == ("llama", "Llama", None)
    assert found["begins_at"] == "2026-03-01T09:30:00.123Z"
    assert sorted(map(told, found["changes"]), reverse=True) == [
        ("2026-03-09", "groq/llama", "removed", None),
        ("2026-03-09", "acme/llama", "changed", "pricing.input_per_million"),
        ("2026-03-05", "llama", "changed", "context_window"),
        ("2026-03-05", "acme/llama", "added", None),
        ("2026-03-03", "groq/llama", "changed", "pricing.input_per_million"),
    ]
    days = [change["at"] for change in found["changes"]]
    assert days == sorted(days, reverse=True)


async def test_a_change_has_old_and_new_value_source_and_revision(service: Service) -> None:
    response = await service.get("/api/models/llama/history?topic=price&until=2026-03-04")
    (change,) = response.json()["changes"]
    past = await service.get("/api/models?as_of=2026-03-03")
    assert change == {
        "at": "2026-03-03T12:00:00.000Z",
        "revision": past.headers["x-registry-revision"],
        "kind": "offering",
        "id": "groq/llama",
        "action": "changed",
        "topic": "price",
        "field": "pricing.input_per_million",
        "old": 0.59,
        "new": 0.64,
        "source": "litellm",
    }


async def test_prices_keep_their_digits(service: Service) -> None:
    response = await service.get("/api/models/llama/history?since=2026-03-09&topic=price")
    assert b'"old":1.00,"new":1.50' in response.content


async def test_what_is_new_or_gone_is_given_whole(service: Service) -> None:
    changes = (await service.json("/api/models/llama/history?topic=lifecycle"))["changes"]
    gone = next(change for change in changes if change["action"] == "removed")
    new = next(change for change in changes if change["action"] == "added")
    assert gone["old"]["available_regions"] == ["us-east-1"]
    assert gone["old"]["provenance"][0]["source"] == "litellm"
    assert gone["new"] is None
    assert (new["old"], new["new"]["pricing"]["currency"]) == (None, "EUR")


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("since=2026-03-05", ["05", "05", "09", "09"]),
        ("until=2026-03-05", ["03", "05", "05"]),
        ("until=2026-03-05T12:00:00Z", ["03"]),
        ("since=2026-03-05T12:00:00Z&until=2026-03-05", ["05", "05"]),
        ("since=2026-03-08&until=2026-03-04", []),
        ("topic=limits", ["05"]),
        ("topic=limits,price", ["03", "05", "09"]),
        ("topic=other", []),
    ],
)
async def test_it_is_filtered(service: Service, query: str, days: list[str]) -> None:
    found = await service.json(f"/api/models/llama/history?{query}")
    assert sorted(change["at"][8:10] for change in found["changes"]) == days


async def test_an_alias_answers_for_the_model(service: Service) -> None:
    assert await service.json("/api/models/llama-latest/history") == await service.json(
        "/api/models/llama/history"
    )


async def test_a_model_that_is_gone_still_has_a_history(service: Service) -> None:
    await service.problem("/api/models/old", 404)
    found = await service.json("/api/models/old/history")
    assert (found["model_id"], found["model_name"]) == ("old", "Old One")
    assert {change["action"] for change in found["changes"]} == {"removed"}


async def test_a_model_that_nobody_ever_knew_is_a_404_with_a_suggestion(service: Service) -> None:
    error = await service.problem("/api/models/lama/history", 404)
    assert error["message"] == "Model not found: 'lama'. Did you mean 'llama'?"


async def test_a_model_that_never_changed_has_an_empty_history(api: Service) -> None:
    assert (await api.json("/api/models/alpha-1/history"))["changes"] == []


async def test_pages_make_up_the_whole(service: Service) -> None:
    whole = (await service.json("/api/models/llama/history"))["changes"]
    seen: list[Any] = []
    target: str | None = "/api/models/llama-latest/history?limit=2&topic=price,limits,lifecycle"
    while target:
        response = await service.get(target)
        page = response.json()
        assert len(page["changes"]) <= 2
        seen += page["changes"]
        link = response.headers.get("link")
        assert (link is None) == (page["next"] is None)
        if link:
            assert f"cursor={page['next']}" in link
            assert link.endswith('>; rel="next"')
        target = link and link[1 : link.index(">")]
    assert seen == whole


async def test_a_page_goes_on_where_it_was_though_older_changes_come_in(service: Service) -> None:
    first = await service.json("/api/models/llama/history?limit=3")
    rest = await service.json(f"/api/models/llama/history?cursor={first['next']}")
    at, content = lived()[0]
    older = [Replayed(at=at.replace(month=1), registry=lived()[1][1])]
    replayed = await service.history.replay(older)
    assert replayed.revisions == 1
    service.clock.advance(seconds=31)
    later = await service.json(f"/api/models/llama/history?cursor={first['next']}")
    assert later["changes"][: len(rest["changes"])] == rest["changes"]
    assert len(later["changes"]) > len(rest["changes"])
    assert later["begins_at"].startswith("2026-01-01")
    assert content is not None


async def test_while_the_database_fails_it_is_a_503_in_the_envelope() -> None:
    store = MemoryRegistryStore()
    history = WatchedHistory(MemoryHistoryStore(store))
    service = await start_lived(store, history)
    history.error = StoreError("the file is gone: /var/lib/openmodels.db")
    for target in (
        "/api/models/llama/history",
        "/api/models/llama/prices",
        "/api/models/gone/history",
        "/api/changes",
        "/api/changes.atom",
    ):
        error = await service.problem(target, 503)
        assert error["type"] == "SERVICE_UNAVAILABLE"
        assert error["message"].startswith("The history of the registry cannot be read")
    for target in ("/api/models/llama", "/api/models/llama/provenance"):
        assert (await service.get(target)).status_code == 200


async def test_it_answers_the_same_over_sqlite(tmp_path: Path, service: Service) -> None:
    targets = [
        "/api/models/llama/history",
        "/api/models/old/history",
        "/api/models/llama/history?topic=price&since=2026-03-04",
        "/api/models/llama/prices",
        "/api/models/llama/provenance?as_of=2026-03-04",
        "/api/changes?kind=offering,model&action=changed",
        "/api/changes?provider=groq",
        "/api/changes.atom",
    ]
    async with open_stores(settings_in(tmp_path)) as stores:
        over_sqlite = await start_lived(stores.registry, stores.history)
        for target in targets:
            assert (await over_sqlite.get(target)).text == (await service.get(target)).text, target
