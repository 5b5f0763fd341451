"""Coming back to ``/api/telemetry/stream``: what was missed is sent again, or said to be missing."""

import asyncio

import pytest

from contract.builders import check, measurement
from fixtures.service import NOW, Service, start_service
from fixtures.streaming import checks, streaming, until
from openmodels.api.hub import QUEUE_EVENTS, REPLAY_EVENTS

pytestmark = pytest.mark.anyio

KINDS = ((0, "check"), (1, "measurement"))


@pytest.fixture
async def service() -> Service:
    return await start_service()


@pytest.mark.parametrize("sent", ["x", "1", "1-", "1-2-3", "٣-٣", "9" * 19 + "-0", "4-0", "0-1", "<b>"])
async def test_it_refuses_an_id_that_it_never_sent(service: Service, sent: str) -> None:
    async with streaming(service) as running:
        running.record(*checks(3))
        for client in (
            await running.follow(last_event_id=sent),
            await running.follow("last_event_id=1-0", last_event_id=sent),
        ):
            assert client.status == 400
            assert b'"parameter":"last_event_id"' in await client.body()


@pytest.mark.parametrize("by_header", [True, False])
async def test_it_goes_on_where_a_client_left_off(service: Service, by_header: bool) -> None:
    async with streaming(service) as running:
        running.record(*checks(3), measurement("cirrus", "alpha-1", NOW))
        client = await (
            running.follow(last_event_id="1-0") if by_header else running.follow("last_event_id=1-0")
        )
        running.record(check("nimbus", NOW))
        ids = [(await client.event()).id for _ in range(4)]
        assert ids == ["2-0", "3-0", "3-1", "4-1"]


async def test_it_believes_the_header_before_the_query(service: Service) -> None:
    async with streaming(service) as running:
        running.record(*checks(3))
        client = await running.follow("last_event_id=0-0", last_event_id="2-0")
        assert (await client.event()).id == "3-0"


async def test_it_sends_what_was_missed_to_who_filters(service: Service) -> None:
    async with streaming(service) as running:
        running.record(*checks(150), *checks(1, "nimbus"), *checks(150))
        client = await running.follow("provider=nimbus&last_event_id=0-0")
        assert (await client.event()).id == "151-0"
        running.record(check("nimbus", NOW))
        assert (await client.event()).id == "302-0"


async def test_it_neither_loses_nor_repeats_what_is_recorded_while_a_client_comes_back(
    service: Service,
) -> None:
    async with streaming(service) as running:
        running.record(*checks(240), *(measurement("cirrus", "alpha-1", NOW) for _ in range(120)))
        first = await running.follow()
        late = await running.follow("last_event_id=0-0")
        for _ in range(30):
            running.record(check("cirrus", NOW), measurement("cirrus", "alpha-1", NOW))
            await asyncio.sleep(0)
        seen = [await late.event() for _ in range(270 + 150)]
        numbers = [[block.id.split("-")[n] for block in seen if block.event == kind] for n, kind in KINDS]
        assert numbers == [[str(n + 1) for n in range(count)] for count in (270, 150)]
        assert [(await first.event()).event for _ in range(60)].count("check") == 30


async def test_it_says_that_there_is_a_gap_when_too_much_was_missed(service: Service) -> None:
    async with streaming(service) as running:
        running.record(*checks(REPLAY_EVENTS + 2))
        client = await running.follow(last_event_id="1-0")
        gap = await client.event()
        assert (gap.event, gap.id) == ("gap", f"{REPLAY_EVENTS + 2}-0")
        assert gap.data == {"after": "1-0", "until": "1002-0", "missed": 1001}
        running.record(check("cirrus", NOW))
        assert (await client.event()).id == "1003-0"


async def test_it_sends_as_much_again_as_it_promises(service: Service) -> None:
    async with streaming(service) as running:
        running.record(*checks(REPLAY_EVENTS))
        client = await running.follow(last_event_id="0-0")
        assert [(await client.event()).event for _ in range(REPLAY_EVENTS)] == ["check"] * REPLAY_EVENTS


async def test_a_client_that_was_cut_off_resumes_without_a_loss(service: Service) -> None:
    async with streaming(service) as running:
        slow = await running.follow()
        await slow.block()
        slow.taking.clear()
        running.record(*checks(QUEUE_EVENTS + 150))
        await until(lambda: running.hub.fallen_behind == 1, what="it has fallen behind")
        slow.taking.set()
        seen = (await slow.body()).split(b"\n\n")[:-1]
        last = seen[-1].split(b"\n")[0].removeprefix(b"id: ").decode()
        assert len(seen) < QUEUE_EVENTS + 150
        again = await running.follow(last_event_id=last)
        for _ in range(QUEUE_EVENTS + 150 - len(seen)):
            block = await again.event()
        assert block.id == f"{QUEUE_EVENTS + 150}-0"


async def test_it_ends_properly_when_the_database_goes_while_it_sends_again(service: Service) -> None:
    async with streaming(service) as running:
        running.record(*checks(500))
        client = await running.follow("last_event_id=0-0")
        client.taking.clear()
        running.feed.away = True
        client.taking.set()
        body = await client.body()
        assert body.endswith(b"\n\n")
        await client.ended()
        assert running.hub.clients == 0
