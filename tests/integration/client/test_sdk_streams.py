"""Following the stream with the SDK: of a real server, and of one that breaks it in every way."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from contract.builders import check, measurement
from fixtures.clients import Driven, DrivenStream, Flavour, driven
from fixtures.faulty_server import OneAfterAnother, dripping, error, said, streamed
from fixtures.running_prober import until
from fixtures.scripted_server import Received, Script, ScriptedServer, Step, scripted
from fixtures.service import NOW
from fixtures.site import Site, running_site
from openmodels.domain.telemetry import Check
from openmodels_client import (
    BadRequest,
    ConnectionFailed,
    InvalidResponse,
    OpenModelsError,
    RateLimited,
    Retry,
    ServerError,
    TimedOut,
)
from openmodels_client.types import Gap, RecordedCheck, RecordedMeasurement

pytestmark = pytest.mark.anyio

SOON = 0.1


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A real server, whose stream's events the tests make."""
    with running_site() as running:
        yield running


def made(number: int, provider: str = "cirrus") -> Check:
    return check(provider, NOW - timedelta(seconds=1000 - number), response_time_ms=float(number))


# --- A real server ------------------------------------------------------------------------------------------


async def record(site: Site, *checks: Check, **more: Any) -> None:
    await asyncio.to_thread(site.record, *checks, **more)


def followers(site: Site) -> int:
    assert site.service.hub is not None
    return site.service.hub.clients


async def first_of(site: Site, stream: DrivenStream, count: int, *checks: Check, **more: Any) -> list[Any]:
    """The first events of a stream, which are recorded when it is followed."""
    # The one of the test before may still be there.
    await until(lambda: followers(site) == 0)
    taking = asyncio.create_task(stream.take(count))
    await until(lambda: followers(site) == 1)
    await record(site, *checks, **more)
    return await taking


async def test_it_tells_what_is_recorded(site: Site, flavour: Flavour) -> None:
    measured = measurement("cirrus", "alpha-1", NOW, output_tokens=64)
    async with driven(flavour, site.url) as client, client.stream() as stream:
        events = await first_of(site, stream, 3, made(1), made(2, "stratus"), measurements=(measured,))
        assert [type(event) for event in events] == [RecordedCheck, RecordedCheck, RecordedMeasurement]
        assert [event.provider_id for event in events] == ["cirrus", "stratus", "cirrus"]
        assert (events[0].response_time_ms, events[2].output_tokens) == (1.0, 64)
        assert events[2].measured_at == NOW
        assert stream.stream.place


async def test_it_tells_what_is_wanted(site: Site, flavour: Flavour) -> None:
    measured = measurement("nimbus", "alpha-1", NOW)
    wanted = {"provider": ["nimbus", "altus"], "kind": ["check", "measurement"]}
    async with driven(flavour, site.url) as client, client.stream(**wanted) as stream:
        events = await first_of(site, stream, 2, made(1), made(2, "altus"), measurements=(measured,))
        assert [event.provider_id for event in events] == ["altus", "nimbus"]


async def test_it_goes_on_after_a_place(site: Site, flavour: Flavour) -> None:
    async with driven(flavour, site.url) as client:
        async with client.stream() as stream:
            await first_of(site, stream, 1, made(1))
            place = stream.stream.place
        await record(site, made(2), made(3))
        async with client.stream(after=place) as stream:
            assert [event.response_time_ms for event in await stream.take(2)] == [2, 3]


async def test_it_goes_on_when_a_server_is_started_again(site: Site, flavour: Flavour) -> None:
    async with driven(flavour, site.url) as client, client.stream() as stream:
        await first_of(site, stream, 1, made(1))
        await asyncio.to_thread(site.stop)
        await record(site, made(2))
        await asyncio.to_thread(site.start)
        assert [event.response_time_ms for event in await stream.take(1)] == [2]
        assert client.waits[0] >= 3


async def test_it_hangs_up_when_it_is_closed(site: Site, flavour: Flavour) -> None:
    async with driven(flavour, site.url) as client:
        async with client.stream() as stream:
            await first_of(site, stream, 1, made(1))
        await until(lambda: followers(site) == 0)
        assert await stream.take(1) == []


async def test_it_says_what_the_server_refuses(site: Site, flavour: Flavour) -> None:
    async with driven(flavour, site.url) as client:
        async with client.stream(after="yesterday") as stream:
            with pytest.raises(BadRequest, match=r"(?i)last.event.id"):
                await stream.take(1)
        async with client.stream(kind="weather") as stream:
            with pytest.raises(BadRequest, match="kind"):
                await stream.take(1)


@pytest.mark.parametrize("wrong", [{"after": "a b"}, {"after": "1\r\nx: y"}, {"silence": 0}, {"silence": -1}])
async def test_it_refuses_what_cannot_be_asked(flavour: Flavour, wrong: dict[str, Any]) -> None:
    async with driven(flavour, "http://127.0.0.1:1") as client:
        with pytest.raises(ValueError, match="is needed"):
            async with client.stream(**wrong):
                pass


# --- A server that breaks it --------------------------------------------------------------------------------

OPENING = b"retry: 2000\n: open\nid: 0-0\n\n"


def event(number: int, kind: str = "check", **more: Any) -> bytes:
    data = {
        "status": "up",
        "outcome": "ok",
        "checked_at": "2026-03-01T12:00:00.000Z",
        "response_time_ms": number,
        "region": "eu",
        "provider_id": "cirrus",
    } | more
    return b"id: %d-0\nevent: %s\ndata: %s\n\n" % (number, kind.encode(), msgspec.json.encode(data))


class Following:
    """Plays a stream of so many events, broken anew at each connection; it goes on after the place sent."""

    def __init__(self, events: int, *breaks: "int | Step") -> None:
        self._stream = [event(number) for number in range(1, events + 1)]
        self._breaks = iter(breaks)
        self.places: list[str | None] = []

    def __call__(self, request: Received) -> Script:
        place = request.headers.get("last-event-id")
        self.places.append(place)
        seen = int((place or "0-0").partition("-")[0])
        whole = OPENING.replace(b"0-0", b"%d-0" % seen) + b"".join(self._stream[seen:])
        broken = next(self._breaks, None)
        if broken is None:
            return [*streamed(whole, end=False), Step.HANG]
        if broken is Step.RESET:
            return [*streamed(whole[: len(whole) // 2], end=False), Step.RESET]
        assert isinstance(broken, int)
        return streamed(whole[:broken], end=broken % 2 == 0)


@asynccontextmanager
async def following(
    flavour: Flavour, play: Any, *, retry: Retry | None = None, patience: float = 10.0, **named: Any
) -> AsyncIterator[tuple[ScriptedServer, Driven, DrivenStream]]:
    async with (
        scripted(play) as server,
        driven(flavour, server.url, retry=retry, timeout=patience) as client,
        client.stream(**named) as stream,
    ):
        yield server, client, stream


async def test_nothing_is_lost_or_told_twice_however_it_breaks(flavour: Flavour) -> None:
    size = len(OPENING + event(1))
    play = Following(9, 1, 10, size - 1, size, size + 1, size + 40, Step.RESET, 2 * size + 25, 0, Step.RESET)
    async with following(flavour, play) as (server, client, stream):
        events = await stream.take(9)
        assert [event.response_time_ms for event in events] == list(range(1, 10))
        assert len(server.requests) == len(client.waits) + 1 == 11
        assert play.places[0] is None
        # What broke before the server had said from where it goes on begins anew.
        assert "0-0" in play.places
        assert stream.stream.place == "9-0"


async def test_it_waits_as_long_as_the_server_says_and_longer_each_time_in_vain(flavour: Flavour) -> None:
    away = said("<html>", 502, content_type="text/html")
    play = OneAfterAnother(
        streamed(OPENING + event(1)),
        away,
        away,
        error(503, retry_after="30"),
        streamed(OPENING.replace(b"2000", b"1000") + event(2)),
        streamed(event(3)),
    )
    async with following(flavour, play) as (_, client, stream):
        assert len(await stream.take(3)) == 3
        bounds = [(2, 3), (4, 6), (8, 12), (30, 38), (1, 1.5)]
        assert len(client.waits) == len(bounds)
        assert all(low <= wait <= high for wait, (low, high) in zip(client.waits, bounds, strict=True))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(503, "8 clients follow already", retry_after="30"), ServerError),
        (error(429, "slow down", retry_after="5"), RateLimited),
        (said("", 502), ServerError),
    ],
    ids=["full", "limited", "away"],
)
async def test_at_first_it_is_tried_as_often_as_any_question(
    flavour: Flavour, answer: bytes, kind: type[OpenModelsError]
) -> None:
    async with following(flavour, [answer], retry=Retry(times=2)) as (server, client, stream):
        with pytest.raises(kind):
            await stream.take(1)
        assert (len(server.requests), len(client.waits)) == (3, 2)
    play = OneAfterAnother(answer, streamed(OPENING + event(1)))
    async with following(flavour, play) as (_, client, stream):
        assert len(await stream.take(1)) == 1
        assert len(client.waits) == 1


async def test_it_gives_up_at_once_where_that_is_wanted(flavour: Flavour) -> None:
    async with scripted([b""]) as server:
        url = server.url
    async with driven(flavour, url, retry=Retry(times=0)) as client, client.stream() as stream:
        with pytest.raises(ConnectionFailed, match="Connection refused"):
            await stream.take(1)
        assert client.waits == []


async def test_it_gives_up_when_it_is_refused_for_good_later(flavour: Flavour) -> None:
    for refused, kind in (
        (error(404, "gone"), OpenModelsError),
        (error(500, "broken"), ServerError),
        (error(503, "come back tomorrow", retry_after="86400"), ServerError),
        (said("<html>", content_type="text/html"), InvalidResponse),
        (said("", 302, location="/login"), InvalidResponse),
    ):
        play = OneAfterAnother(streamed(OPENING + event(1)), refused)
        async with following(flavour, play) as (server, _, stream):
            await stream.take(1)
            with pytest.raises(kind):
                await stream.take(1)
            assert len(server.requests) == 2


async def test_it_comes_back_when_nothing_is_said_for_long(flavour: Flavour) -> None:
    play = OneAfterAnother(
        [*streamed(OPENING + event(1), end=False), Step.HANG],
        [*streamed(event(2), end=False), Step.HANG],
    )
    async with following(flavour, play, silence=SOON) as (server, _, stream):
        assert len(await stream.take(2)) == 2
        assert server.requests[1].headers["last-event-id"] == "1-0"


async def test_a_sign_of_life_is_enough(flavour: Flavour) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
    async with dripping(head + OPENING, event(1)) as url, driven(flavour, url, timeout=SOON) as client:
        # Longer than an answer may take, since a stream has no end.
        async with client.stream() as stream:
            assert len(await stream.take(20)) == 20
        assert client.waits == []


@pytest.mark.parametrize(
    "silent",
    [[Step.HANG], [b"HTTP/1.1 503 X\r\nContent-Length: 10\r\n\r\n", Step.HANG]],
    ids=["head", "error"],
)
async def test_it_does_not_wait_for_ever_for_an_answer(flavour: Flavour, silent: Script) -> None:
    async with following(flavour, silent, patience=SOON) as (_, client, stream):
        with pytest.raises(TimedOut):
            await stream.take(1)
        assert client.waits == []


async def test_it_says_when_something_was_missed(flavour: Flavour) -> None:
    gap = b'id: 50-0\nevent: gap\ndata: {"after":"1-0","until":"50-0","missed":49}\n\n'
    play = OneAfterAnother(streamed(OPENING + event(1)), streamed(gap + event(51)))
    async with following(flavour, play) as (_, _, stream):
        (_, missed, _) = await stream.take(3)
        assert missed == Gap(after="1-0", until="50-0", missed=49)


async def test_it_leaves_out_kinds_that_it_does_not_know(flavour: Flavour) -> None:
    stream_of = streamed(
        OPENING + event(1) + event(2, "weather") + b": heartbeat\nid: 3-0\n\n" + event(4, new=1)
    )
    async with following(flavour, OneAfterAnother(stream_of)) as (_, _, stream):
        assert [event.response_time_ms for event in await stream.take(2)] == [1, 4]


async def test_a_place_without_an_event_is_remembered_too(flavour: Flavour) -> None:
    play = OneAfterAnother(streamed(b": heartbeat\nid: 7-0\n\n"), streamed(event(8)))
    async with following(flavour, play) as (server, _, stream):
        await stream.take(1)
        assert server.requests[1].headers["last-event-id"] == "7-0"


@pytest.mark.parametrize("garbage", [b"event: check\ndata: {\n\n", b"id: a b\n\n", b"x" * 70_000])
async def test_it_refuses_garbage_after_what_was_good(flavour: Flavour, garbage: bytes) -> None:
    async with following(flavour, streamed(event(1) + garbage)) as (server, _, stream):
        assert len(await stream.take(1)) == 1
        with pytest.raises(InvalidResponse):
            await stream.take(1)
        assert len(server.requests) == 1


async def test_it_asks_for_events_that_are_not_compressed(flavour: Flavour) -> None:
    named: dict[str, Any] = {"provider": ["a", "b"], "model": "x/y", "kind": "check", "after": "7-7"}
    async with following(flavour, streamed(event(1)), **named) as (server, _, stream):
        await stream.take(1)
        request = server.requests[0]
        assert request.line.split()[1] == "/api/telemetry/stream?provider=a&provider=b&model=x%2Fy&kind=check"
        assert request.headers["accept"] == "text/event-stream"
        assert request.headers["accept-encoding"] == "identity"
        assert request.headers["last-event-id"] == "7-7"


async def test_with_asyncio_it_can_be_cancelled() -> None:
    async with following("async", [*streamed(OPENING + event(1), end=False), Step.HANG]) as (
        server,
        _,
        stream,
    ):
        await stream.take(1)
        waiting = asyncio.create_task(stream.take(1))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await server.left.wait()


async def test_with_asyncio_another_stream_goes_on_after_one_that_was_given_up() -> None:
    play = OneAfterAnother([*streamed(OPENING + event(1), end=False), Step.HANG], streamed(event(2)))
    async with scripted(play) as server, driven("async", server.url) as client:
        async with client.stream() as stream:
            await stream.take(1)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(stream.take(1), SOON)
            assert await stream.take(1) == []
        async with client.stream(after=stream.stream.place) as another:
            assert [event.response_time_ms for event in await another.take(1)] == [2]
        assert server.requests[1].headers["last-event-id"] == "1-0"
