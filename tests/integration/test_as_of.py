"""``?as_of=``: answers from what was published then."""

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from contract.builders import model, settings_in
from fixtures.failing_history import WatchedHistory
from fixtures.past import lived, start_lived
from fixtures.service import Service, start_service
from openmodels.api.app import ENDPOINTS
from openmodels.api.params import AS_OF
from openmodels.api.past import KEPT, MOST_MAKING
from openmodels.domain.records import revision_of
from openmodels.errors import StoreError
from openmodels.opening import open_stores
from openmodels.store.memory import MemoryRegistryStore
from openmodels.store.memory_history import MemoryHistoryStore

pytestmark = pytest.mark.anyio


async def prices(service: Service, as_of: str) -> dict[str, Any]:
    """By provider: what llama cost for input."""
    found = await service.json(f"/api/models/llama/providers?as_of={as_of}")
    return {item["provider_id"]: item["pricing"]["input_per_million"] for item in found["providers"]}


async def start_watched() -> tuple[Service, WatchedHistory]:
    store = MemoryRegistryStore()
    history = WatchedHistory(MemoryHistoryStore(store))
    return await start_lived(store, history), history


@pytest.fixture
async def service() -> Service:
    return await start_lived()


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026-03-01", {"groq": 0.59}),
        ("2026-03-02", {"groq": 0.59}),
        ("2026-03-03", {"groq": 0.64}),
        ("2026-03-04", {"groq": 0.64}),
        ("2026-03-05", {"acme": 1.0, "groq": 0.64}),
        ("2026-03-09", {"acme": 1.5}),
        ("2026-03-10", {"acme": 1.5}),
        ("2026-03-11", {"acme": 1.5}),
        ("2026-03-03T11:59:59.999Z", {"groq": 0.59}),
        ("2026-03-03T12:00:00Z", {"groq": 0.64}),
        ("2026-03-03T13:00:00%2B02:00", {"groq": 0.59}),
        ("2026-03-03T13:00:00+01:00", {"groq": 0.64}),
    ],
)
async def test_it_answers_what_held_then(service: Service, as_of: str, expected: dict[str, float]) -> None:
    assert await prices(service, as_of) == expected


async def test_it_answers_to_the_digit_as_on_that_day() -> None:
    service = await start_lived()
    for at, content in lived():
        then = await start_service(content)
        for target in ("/api/models/llama", "/api/models/llama/providers", "/api/models?sort=name&limit=1"):
            joint = "&" if "?" in target else "?"
            past = await service.get(f"{target}{joint}as_of={at.isoformat().replace('+00:00', 'Z')}")
            assert past.content == (await then.get(target)).content, (at, target)
            assert past.headers["x-registry-revision"] == revision_of(content)


async def test_what_was_answered_as_the_beginning_is_within_the_history(service: Service) -> None:
    """Times are answered to the millisecond, and published to the microsecond."""
    begins_at = (await service.json("/api/changes"))["begins_at"]
    assert begins_at == "2026-03-01T09:30:00.123Z"
    assert await prices(service, begins_at) == {"groq": 0.59}


async def test_a_list_is_filtered_and_paged_as_of_then(service: Service) -> None:
    response = await service.get("/api/models?as_of=2026-03-05&sort=name&limit=1")
    assert response.json()["pagination"] == {"page": 1, "limit": 1, "total": 2}
    assert "as_of=2026-03-05" in response.headers["link"]
    assert await service.ids("/api/models?as_of=2026-03-05&provider=groq&sort=name") == ["llama", "old"]
    assert await service.ids("/api/models?as_of=2026-03-07&provider=groq") == ["llama"]
    assert await service.ids("/api/models?search=old&as_of=2026-03-01") == ["old"]
    assert await service.ids("/api/models?provider=groq") == []


async def test_what_is_not_there_then_is_not_found_and_the_message_says_when(service: Service) -> None:
    assert (await service.json("/api/models/old?as_of=2026-03-06"))["id"] == "old"
    error = await service.problem("/api/models/old?as_of=2026-03-07", 404)
    assert error["message"] == "Model not found in what was published as of 2026-03-07T23:59:59.999Z: 'old'"


async def test_before_the_beginning_is_a_404_that_says_when_it_begins(service: Service) -> None:
    for as_of in ("2026-02-28", "0001-01-01", "0000-01-01", "2026-03-01T09:30:00.122Z"):
        error = await service.problem(f"/api/models?as_of={as_of}", 404)
        assert error["message"].endswith("the history begins at 2026-03-01T09:30:00.123Z")
        assert error["details"][0]["parameter"] == "as_of"


async def test_a_hair_before_the_beginning_the_message_tells_the_two_apart(service: Service) -> None:
    error = await service.problem("/api/models?as_of=2026-03-01T09:30:00.123455Z", 404)
    assert error["message"] == (
        "Nothing is known of 2026-03-01T09:30:00.123455Z: the history begins at 2026-03-01T09:30:00.123456Z"
    )


async def test_the_future_is_a_404_that_says_what_time_it_is(service: Service) -> None:
    for as_of in ("2026-03-13", "9999-12-31", "9999-12-31T23:59:59-23:59"):
        error = await service.problem(f"/api/models?as_of={as_of}", 404)
        assert "it is 2026-03-10T12:00:00.000Z now" in error["message"]


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "yesterday",
        "2026-3-1",
        "20260301",
        "2026-W09",
        "2026-13-01",
        "2026-02-30",
        "2026-03-01T10:00",
        "2026-03-01T10:00:00",
        "2026-03-01T24:00:00Z",
        "2026-03-01T10:00:00%2B24:00",
        "%D9%A2026-03-01",
        "1" * 5000,
    ],
)
async def test_what_is_no_time_is_a_400_that_shows_one(service: Service, wrong: str) -> None:
    error = await service.problem(f"/api/models?as_of={wrong}")
    assert error["message"].startswith("as_of must be a da")
    assert "such as 2026-03-01" in error["message"]


async def test_given_twice_is_a_400(service: Service) -> None:
    assert "given once" in (await service.problem("/api/models?as_of=2026-03-01&as_of=2026-03-02"))["message"]


async def test_endpoints_that_show_what_is_measured_ignore_it(service: Service) -> None:
    past, now = [await service.json(f"/api/models/llama/compare{q}") for q in ("?as_of=2026-03-01", "")]
    assert past == now


async def test_every_endpoint_that_takes_it_answers_as_of_then() -> None:
    service = await start_lived()
    taking = [endpoint for endpoint in ENDPOINTS if AS_OF in endpoint.params]
    assert len(taking) >= 4
    for endpoint in taking:
        path = endpoint.path.replace("{model_id}", "llama")
        response = await service.get(f"{path}?as_of=2026-03-01")
        assert response.status_code == 200, response.text
        assert response.headers["x-registry-revision"] == revision_of(lived()[0][1]), path


async def test_it_is_kept_and_validated_like_any_other_answer(service: Service) -> None:
    first = await service.get("/api/models/llama?as_of=2026-03-01")
    assert first.headers["cache-control"].startswith("public, max-age=60")
    again = await service.get("/api/models/llama?as_of=2026-03-01", if_none_match=first.headers["etag"])
    assert again.status_code == 304
    assert first.headers["etag"] != (await service.get("/api/models/llama")).headers["etag"]


async def test_a_publish_moves_the_present_and_not_the_past(service: Service) -> None:
    before = (await service.get("/api/models/llama?as_of=2026-03-09")).content
    assert (await service.json("/api/models?as_of=2026-03-10"))["pagination"]["total"] == 1
    _, last = lived()[-1]
    await service.publish(replace(last, models=(*last.models, model("newest"))))
    assert (await service.get("/api/models/llama?as_of=2026-03-09")).content == before
    assert (await service.json("/api/models?as_of=2026-03-10"))["pagination"]["total"] == 2


async def test_a_revision_is_read_back_once_for_all_who_ask_at_a_time() -> None:
    service, history = await start_watched()
    targets = [f"/api/models/llama?as_of=2026-03-01T{hour}:00:00Z" for hour in range(10, 24)]
    answers = await asyncio.gather(*map(service.get, targets))
    assert {answer.status_code for answer in answers} == {200}
    assert history.reads == 1
    await service.get("/api/models?as_of=2026-03-02")
    assert history.reads == 1


async def test_one_is_made_at_a_time_and_who_comes_too_many_is_told_to_come_back() -> None:
    service, history = await start_watched()
    _, last = lived()[-1]
    await service.publish(replace(last, models=(*last.models, model("newest"))))
    service.clock.advance(seconds=60)
    history.may_read.clear()
    days = ("2026-03-03", "2026-03-05", "2026-03-07", "2026-03-09")
    assert len(days) == MOST_MAKING
    asked = [asyncio.create_task(service.get(f"/api/models?as_of={as_of}")) for as_of in days]
    # Whoever is refused got no answer that waits: by then, all the others do.
    await history.reading.wait()
    refused = await service.get("/api/models?as_of=2026-03-01")
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "5"
    assert "Try again in 5 seconds" in refused.json()["error"]["message"]
    # What is ready, and the present, are answered meanwhile.
    assert (await service.get("/api/models")).status_code == 200
    history.may_read.set()
    assert {(await task).status_code for task in asked} == {200}
    assert history.most_at_a_time == 1
    assert (await service.get("/api/models?as_of=2026-03-01")).status_code == 200


async def test_between_one_and_the_next_there_is_a_rest_as_long_as_the_work_was() -> None:
    service, history = await start_watched()
    history.may_read.clear()
    first = asyncio.create_task(service.get("/api/models?as_of=2026-03-01"))
    await history.reading.wait()
    second = asyncio.create_task(service.get("/api/models?as_of=2026-03-03"))
    service.clock.advance(seconds=30)
    history.may_read.set()
    assert (await first).status_code == 200
    while service.clock.sleepers == 0:  # noqa: ASYNC110 - the clock tells nobody
        await asyncio.sleep(0)
    assert history.reads == 1
    service.clock.advance(seconds=29)
    assert service.clock.sleepers == 1
    service.clock.advance(seconds=1)
    assert (await second).status_code == 200


async def test_the_few_that_were_asked_for_last_are_kept() -> None:
    service, history = await start_watched()
    days = ["2026-03-01", "2026-03-03", "2026-03-05", "2026-03-07"]
    assert len(days) == KEPT
    for _ in range(2):
        for number, as_of in enumerate(days):
            assert (await service.get(f"/api/models?as_of={as_of}&page={number + 1}")).status_code == 200
    assert history.reads == KEPT


async def test_who_hangs_up_does_not_take_it_from_others() -> None:
    service, history = await start_watched()
    history.may_read.clear()
    first, second = (
        asyncio.create_task(service.get(f"/api/models?as_of=2026-03-01&page={n}")) for n in (1, 2)
    )
    await history.reading.wait()
    first.cancel()
    history.may_read.set()
    assert (await second).status_code == 200
    assert history.reads == 1


async def test_a_failure_that_nobody_waits_for_any_more_is_no_ones_trouble() -> None:
    service, history = await start_watched()
    troubles: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: troubles.append(context))
    history.may_read.clear()
    asked = asyncio.create_task(service.get("/api/models?as_of=2026-03-01"))
    await history.reading.wait()
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    del asked  # it holds what it waited for
    history.error = StoreError("gone")
    history.may_read.set()
    while history.at_a_time:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0)
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()
    assert troubles == []


async def test_while_the_database_fails_the_present_is_answered_and_the_past_is_a_503() -> None:
    service, history = await start_watched()
    history.error = StoreError("gone")
    error = await service.problem("/api/models?as_of=2026-03-01", 503)
    assert error["message"].startswith("The history of the registry cannot be read")
    assert (await service.get("/api/models")).status_code == 200
    history.error = None
    assert (await service.get("/api/models?as_of=2026-03-01")).status_code == 200


async def test_a_failure_while_it_is_read_back_is_not_kept() -> None:
    service, history = await start_watched()
    history.may_read.clear()
    asked = asyncio.create_task(service.get("/api/models?as_of=2026-03-01"))
    await history.reading.wait()
    history.error = StoreError("gone")
    history.may_read.set()
    assert (await asked).status_code == 503
    history.error = None
    assert (await service.get("/api/models?as_of=2026-03-01")).status_code == 200


async def test_it_answers_the_same_over_sqlite(tmp_path: Path, service: Service) -> None:
    async with open_stores(settings_in(tmp_path)) as stores:
        over_sqlite = await start_lived(stores.registry, stores.history)
        for number in range(1, 11):
            target = f"/api/models/llama/providers?as_of=2026-03-{number:02}"
            assert (await over_sqlite.get(target)).content == (await service.get(target)).content
