"""``GET /api/telemetry/stream``: what is recorded, as it is recorded."""

import asyncio

import pytest

from contract.builders import check, measurement
from fixtures.service import NOW, Service, start_service
from fixtures.shapes import CHECK, MEASUREMENT, RATE_LIMIT_HEADERS
from fixtures.streaming import Client, checks, streaming, until
from openmodels.api.hub import HEARTBEAT_SECONDS, QUEUE_EVENTS

pytestmark = pytest.mark.anyio

STREAM = "/api/telemetry/stream"


@pytest.fixture
async def service() -> Service:
    return await start_service()


async def test_it_sends_each_check_and_measurement_as_it_is_recorded(service: Service) -> None:
    async with streaming(service) as running:
        running.record(check("nimbus", NOW))
        client = await running.follow()
        running.record(check("cirrus", NOW, "down", response_time_ms=None))
        first = await client.event()
        running.record(measurement("cirrus", "alpha-1", NOW, output_tokens=40))
        second = await client.event()
        assert (first.event, first.id) == ("check", "2-0")
        assert sorted(first.data) == sorted([*CHECK, "provider_id"])
        assert (first.data["provider_id"], first.data["status"]) == ("cirrus", "down")
        assert first.data["checked_at"] == "2026-03-01T12:00:00.000Z"
        assert (second.event, second.id) == ("measurement", "2-1")
        assert sorted(second.data) == sorted([*MEASUREMENT, "provider_id"])
        assert (second.data["model_id"], second.data["output_tokens"]) == ("alpha-1", 40)


async def test_it_says_at_once_that_it_lives_and_when_to_come_back(service: Service) -> None:
    async with streaming(service) as running:
        running.record(check("cirrus", NOW))
        client = await running.follow()
        opening = await client.block()
        assert (opening.comment, opening.retry, opening.id) == ("open", "3000", "1-0")


async def test_it_has_the_headers_of_a_stream_and_those_of_every_answer(service: Service) -> None:
    async with streaming(service, RATE_LIMIT="5") as running:
        client = await running.follow(accept_encoding="gzip, br, zstd")
        assert client.status == 200
        assert client.headers["content-type"] == "text/event-stream"
        assert client.headers["cache-control"] == "no-store"
        assert client.headers["x-accel-buffering"] == "no"
        assert client.headers["access-control-allow-origin"] == "*"
        assert client.headers["x-content-type-options"] == "nosniff"
        assert client.headers["x-ratelimit-remaining"] == "4"
        assert {*RATE_LIMIT_HEADERS, "x-request-id"} <= client.headers.keys()
        assert not {"etag", "last-modified", "content-encoding", "content-length"} & client.headers.keys()


async def test_it_counts_a_stream_as_one_request(service: Service) -> None:
    async with streaming(service, RATE_LIMIT="2") as running:
        client = await running.follow()
        running.record(*checks(20))
        for _ in range(20):
            await client.event()
        assert (await running.follow()).status == 200
        refused = await running.follow()
        assert refused.status == 429
        assert b"RATE_LIMITED" in await refused.body()


async def test_it_sends_each_client_what_it_wants(service: Service) -> None:
    recorded = (
        check("cirrus", NOW),
        measurement("cirrus", "alpha-1", NOW),
        measurement("nimbus", "alpha-1", NOW),
        measurement("nimbus", "beta-mini", NOW),
        check("nimbus", NOW, "down"),
    )
    wanted = {
        "": 5,
        "provider=cirrus": 2,
        "provider=cirrus,nimbus": 5,
        "provider=cirrus&provider=nimbus": 5,
        "provider=nobody": 0,
        "kind=check": 2,
        "kind=check,measurement": 5,
        "model=alpha-1": 2,
        "model=alpha-latest": 2,
        "model=alpha-1,beta-mini&provider=nimbus": 2,
        "model=alpha-1&kind=check": 0,
        "unknown=1": 5,
    }
    async with streaming(service, clients=20) as running:
        clients = {query: await running.follow(query) for query in wanted}
        running.record(*recorded)
        await until(lambda: running.hub.events.total() == len(recorded), what="all is taken up")
        running.hub.close()
        for query, client in clients.items():
            assert (await client.body()).count(b"event: ") == wanted[query], query


@pytest.mark.parametrize(
    "query", ["kind=checks", "kind=", "last_event_id=x", "last_event_id=1", "last_event_id=-1-0"]
)
async def test_it_refuses_what_it_does_not_understand(service: Service, query: str) -> None:
    async with streaming(service) as running:
        client = await running.follow(query)
        assert client.status == 400
        assert client.headers["content-type"] == "application/json"
        assert b'"type":"BAD_REQUEST"' in await client.body()
        assert running.hub.clients == 0


async def test_it_gives_a_sign_of_life_with_the_place_that_was_reached(service: Service) -> None:
    async with streaming(service) as running:
        client = await running.follow("provider=nobody")
        await client.block()
        running.record(*checks(3))
        await until(lambda: running.hub.events.total() == 3, what="all is taken up")
        service.clock.advance(seconds=HEARTBEAT_SECONDS)
        sign = await client.block()
        assert (sign.comment, sign.id, sign.event, sign.data) == ("heartbeat", "3-0", "", None)
        service.clock.advance(seconds=HEARTBEAT_SECONDS)
        assert (await client.block()).comment == "heartbeat"


async def test_it_cuts_off_a_client_that_falls_behind_and_no_other(service: Service) -> None:
    async with streaming(service) as running:
        slow, quick = await running.follow(), await running.follow()
        await slow.block()
        slow.taking.clear()
        for _ in range(3):
            running.record(*checks(QUEUE_EVENTS))
            assert len([await quick.event() for _ in range(QUEUE_EVENTS)]) == QUEUE_EVENTS
        await slow.ended()
        assert (running.hub.fallen_behind, running.hub.clients) == (1, 1)
        running.record(check("nimbus", NOW))
        assert (await quick.event()).data["provider_id"] == "nimbus"


async def test_it_takes_so_many_clients_and_no_more(service: Service) -> None:
    async with streaming(service, clients=2) as running:
        first, _ = await running.follow(), await running.follow()
        refused = await running.follow()
        assert refused.status == 503
        assert refused.headers["retry-after"] == "30"
        body = await refused.body()
        assert b'"type":"SERVICE_UNAVAILABLE"' in body
        assert b"Try again in 30 seconds" in body
        assert running.hub.refused == 1
        first.hang_up()
        await first.ended()
        assert (await running.follow()).status == 200


async def test_it_never_takes_more_clients_when_many_come_at_once(service: Service) -> None:
    async with streaming(service, clients=3) as running:
        running.feed.answering.clear()
        coming = [asyncio.create_task(running.follow()) for _ in range(8)]
        await until(lambda: running.hub.refused == 5, what="five are refused while three wait")
        running.feed.answering.set()
        statuses = sorted([(await task).status for task in coming])
        assert statuses == [200] * 3 + [503] * 5


async def test_it_takes_nobody_when_the_setting_says_so(service: Service) -> None:
    async with streaming(service, clients=0) as running:
        assert (await running.follow()).status == 503


async def test_it_frees_the_place_as_soon_as_a_client_hangs_up(service: Service) -> None:
    async with streaming(service) as running:
        client = await running.follow()
        assert running.hub.clients == 1
        client.hang_up()
        await client.ended()
        assert running.hub.clients == 0


async def test_it_frees_the_place_of_a_client_that_hangs_up_while_it_is_sent_to(service: Service) -> None:
    async with streaming(service) as running:
        client = await running.follow()
        await client.block()
        client.taking.clear()
        running.record(*checks(5))
        await until(lambda: running.hub.events.total() == 5, what="all is taken up")
        client.hang_up()
        await client.ended()
        assert running.hub.clients == 0


async def test_it_ends_all_streams_when_the_server_stops(service: Service) -> None:
    async with streaming(service) as running:
        clients = [await running.follow() for _ in range(3)]
        running.record(check("cirrus", NOW))
        await until(lambda: running.hub.events.total() == 1, what="it is taken up")
        running.hub.close()
        for client in clients:
            assert (await client.body()).count(b"event: check\n") == 1
            await client.ended()
        late = await running.follow()
        assert late.status == 503
        assert b"stopping" in await late.body()


async def test_it_does_not_wait_for_a_client_that_takes_nothing_when_the_server_stops(
    service: Service,
) -> None:
    async with streaming(service) as running:
        client = await running.follow()
        await client.block()
        client.taking.clear()
        running.record(check("cirrus", NOW))
        await until(lambda: running.hub.events.total() == 1, what="it is taken up")
        running.hub.close()
        await client.ended()


async def test_it_goes_on_when_the_database_is_back(service: Service) -> None:
    async with streaming(service) as running:
        client = await running.follow()
        await client.block()
        running.feed.away = True
        running.record(*checks(2))
        before = running.feed.reads
        await until(lambda: running.feed.reads > before, what="it has tried")
        service.clock.advance(seconds=HEARTBEAT_SECONDS)
        assert (await client.block()).comment == "heartbeat"
        running.feed.away = False
        running.look()
        assert [(await client.event()).id for _ in range(2)] == ["1-0", "2-0"]


async def test_it_asks_again_at_the_next_look_although_the_epoch_stays(service: Service) -> None:
    async with streaming(service) as running:
        client = await running.follow()
        running.feed.away = True
        running.record(check("cirrus", NOW))
        before = running.feed.reads
        await until(lambda: running.feed.reads > before, what="it has tried")
        running.feed.away = False
        running.hub.look(running.hub._epoch or 0)
        assert (await client.event()).id == "1-0"


async def test_it_answers_503_while_the_database_is_away(service: Service) -> None:
    async with streaming(service) as running:
        running.feed.away = True
        client = await running.follow()
        assert client.status == 503
        assert b'"type":"SERVICE_UNAVAILABLE"' in await client.body()
        assert running.hub.clients == 0


async def test_it_asks_the_database_nothing_while_nobody_follows(service: Service) -> None:
    async with streaming(service) as running:
        client = await running.follow()
        client.hang_up()
        await client.ended()
        before = running.feed.reads
        running.record(*checks(5))
        await asyncio.sleep(0)
        assert running.feed.reads == before


async def test_it_reads_once_for_all_who_follow(service: Service) -> None:
    async with streaming(service) as running:
        clients = [await running.follow() for _ in range(8)]
        before = running.feed.reads
        running.record(*checks(3))
        for client in clients:
            await client.event()
        assert running.feed.reads - before <= 2


async def test_it_answers_head_with_the_headers_alone(service: Service) -> None:
    async with streaming(service) as running:
        client = await running.follow(method="HEAD")
        assert client.status == 200
        assert client.headers["content-type"] == "text/event-stream"
        assert await client.body() == b""
        await client.ended()
        assert running.hub.clients == 0
        assert (await running.follow("kind=x", method="HEAD")).status == 400


async def test_it_is_never_kept(service: Service) -> None:
    async with streaming(service) as running:
        for _ in range(2):
            client = await running.follow("kind=check", if_none_match="*")
            assert client.status == 200
            client.hang_up()
            await client.ended()
        assert running.app.counts.streamed == {200: 2}
        assert not running.app.counts.ready


async def test_a_refusal_is_no_stream_and_is_counted_as_any_answer(service: Service) -> None:
    async with streaming(service) as running:
        refused = await running.follow("last_event_id=999-999")
        assert (refused.status, refused.headers["cache-control"]) == (400, "no-store")
        assert not running.app.counts.streamed
        assert running.app.counts.made == {400: 1}


async def test_it_streams_what_a_store_records(service: Service) -> None:
    """The whole way: the store, the look at its epoch, the hub, the client."""
    client = Client(service.app, f"{STREAM}?kind=check")
    await client.begin()
    await service.record([check("cirrus", NOW)], [measurement("cirrus", "alpha-1", NOW)])
    block = await client.event()
    assert (block.event, block.data["provider_id"]) == ("check", "cirrus")
    client.hang_up()
    await client.ended()
