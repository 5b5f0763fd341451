"""Following a server's telemetry: the stream, and the figures that no event carries."""

import asyncio
import os
import select
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import httpx2
import pytest

from contract.builders import check, measurement
from fixtures import told
from fixtures.service import NOW, Service, start_service
from fixtures.site import Site, running_site
from openmodels.cli.watching.following import PAUSE, ROUND, Watcher
from openmodels.cli.watching.printing import print_events
from openmodels.cli.watching.state import State, watching
from openmodels.clock import SettableClock
from openmodels_client import OpenModelsError

pytestmark = pytest.mark.anyio
SECONDS = 30.0
"""A bound for every wait, for machines that are busy."""


async def _start() -> Service:
    service = await start_service()
    await service.record(
        [check("cirrus", NOW - timedelta(minutes=minute), response_time_ms=90.0) for minute in range(1, 9)],
        [measurement("cirrus", "alpha-1", NOW, time_to_first_token_ms=250.0)],
    )
    return service


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site(_start) as running:
        yield running


class NoticedClock(SettableClock):
    """Tells when somebody begins to wait for it."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self.asked = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.asked.set()
        await super().sleep(seconds)


class Watching:
    """A watcher at work, whose clock the test moves."""

    def __init__(self, watcher: Watcher, clock: NoticedClock) -> None:
        self.watcher = watcher
        self.clock = clock

    async def until(self, fits: Callable[[State], bool]) -> State:
        """The first state that fits."""
        async with asyncio.timeout(SECONDS):
            while not fits(self.watcher.state):
                self.watcher.changed.clear()
                await self.watcher.changed.wait()
        return self.watcher.state

    async def asleep(self) -> None:
        """Return once something waits for the clock."""
        async with asyncio.timeout(SECONDS):
            while not self.clock.sleepers:
                self.clock.asked.clear()
                await self.clock.asked.wait()

    async def go_on_until(self, fits: Callable[[State], bool]) -> None:
        """Let time pass until the state fits."""
        async with asyncio.timeout(SECONDS):
            while not fits(self.watcher.state):
                await self.asleep()
                self.clock.advance(seconds=5)
                await asyncio.sleep(0)


@asynccontextmanager
async def at_work(
    site: Site, *named: str, follows: bool = True, fresh: bool = True
) -> AsyncIterator[Watching]:
    """``follows`` these providers, or all, and with ``fresh`` reads their figures."""
    clock = NoticedClock(NOW)
    state = watching([told.provider(name, status="unknown") for name in named], everyone=not named)
    async with httpx2.AsyncClient(trust_env=False) as http:
        watcher = Watcher(state, site.url, clock=clock, http=http, timeout=SECONDS)
        tasks = [asyncio.create_task(watcher.follow())] if follows else []
        if fresh:
            tasks.append(asyncio.create_task(watcher.keep_fresh()))
        try:
            yield Watching(watcher, clock)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def is_connected(state: State) -> bool:
    return state.link == "connected"


async def test_it_reads_the_figures_of_each_provider_and_follows_what_comes(site: Site) -> None:
    async with at_work(site, "cirrus", "nimbus") as watching_:
        state = await watching_.until(lambda state: all(one.known for one in state.providers))
        cirrus = state.provider("cirrus")
        assert cirrus is not None
        assert (cirrus.name, cirrus.uptime, cirrus.total, cirrus.ttft_ms) == ("Cirrus Cloud", 100, 8, 250)
        await watching_.until(is_connected)
        site.record(check("cirrus", NOW, "down", response_time_ms=None))
        state = await watching_.until(lambda state: state.events == 1)
        assert state.last_event_at == NOW


async def test_it_hears_of_no_others_than_those_named(site: Site) -> None:
    async with at_work(site, "nimbus", fresh=False) as watching_:
        await watching_.until(is_connected)
        site.record(check("cirrus", NOW), check("nimbus", NOW))
        state = await watching_.until(lambda state: state.events == 1)
        assert state.provider("cirrus") is None


async def test_it_takes_in_whoever_is_measured_where_nobody_was_named(site: Site) -> None:
    async with at_work(site) as watching_:
        await watching_.until(is_connected)
        site.record(check("cirrus", NOW))
        await watching_.until(lambda state: state.provider("cirrus") is not None)
        await watching_.asleep()
        watching_.clock.advance(seconds=ROUND)
        state = await watching_.until(lambda state: all(one.known for one in state.providers))
        assert [one.id for one in state.providers] == ["cirrus"]


async def test_it_asks_again_where_a_check_is_not_what_the_status_says(site: Site) -> None:
    async with at_work(site, "cirrus") as watching_:
        await watching_.until(lambda state: is_connected(state) and state.providers[0].known)
        assert watching_.watcher.state.providers[0].status == "up"
        await watching_.asleep()
        failed = [
            check("cirrus", NOW + timedelta(seconds=number), "down", response_time_ms=None)
            for number in range(1, 6)
        ]
        site.advance(seconds=10)
        site.record(*failed)
        await watching_.until(lambda state: state.events == len(failed))
        # Not a whole round: only the pause that there is between any two.
        watching_.clock.advance(seconds=PAUSE)
        await watching_.until(lambda state: state.providers[0].status == "down")


async def test_it_says_that_it_reconnects_and_reads_what_it_missed(site: Site) -> None:
    async with at_work(site, "cirrus") as watching_:
        await watching_.until(lambda state: is_connected(state) and state.providers[0].known)
        site.stop()
        state = await watching_.until(lambda state: state.link == "reconnecting")
        assert state.retry_seconds is not None
        # As much as the server sends again, and more: it says that there is a gap.
        site.record(*(check("cirrus", NOW + timedelta(seconds=number)) for number in range(1100)))
        site.start()
        site.advance(seconds=1100)
        await watching_.go_on_until(lambda state: is_connected(state) and state.providers[0].total == 1108)


async def test_it_goes_on_where_figures_cannot_be_read(site: Site) -> None:
    async with at_work(site, "cirrus", fresh=False) as watching_:
        await watching_.until(is_connected)
        site.stop()
        reading = asyncio.create_task(watching_.watcher.keep_fresh())
        state = await watching_.until(lambda state: bool(state.problem))
        assert site.url in state.problem
        site.start()
        await watching_.go_on_until(lambda state: not state.problem)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


async def test_it_leaves_a_server_alone_that_takes_no_more_requests() -> None:
    async def limited() -> Service:
        return await start_service(RATE_LIMIT="2")

    with running_site(limited) as site:
        async with at_work(site, "cirrus") as watching_:
            state = await watching_.until(lambda state: bool(state.problem))
            assert state.problem == "the server takes no more requests now; figures come later"


async def test_it_raises_what_a_server_refuses(site: Site) -> None:
    clock = SettableClock(NOW)
    async with httpx2.AsyncClient(trust_env=False) as http:
        watcher = Watcher(
            watching([told.provider("cirrus")], everyone=False),
            site.url + "/elsewhere",
            clock=clock,
            http=http,
            timeout=SECONDS,
        )
        with pytest.raises(OpenModelsError):
            async with asyncio.timeout(SECONDS):
                await watcher.follow()


@pytest.mark.parametrize("as_json", [False, True])
async def test_it_writes_each_event_and_ends_when_nobody_reads(site: Site, *, as_json: bool) -> None:
    reading, writing = os.pipe()
    async with at_work(site, "cirrus", follows=False, fresh=False) as watching_:
        with os.fdopen(writing, "w") as stream:
            printing = asyncio.create_task(print_events(watching_.watcher, stream, as_json=as_json))
            await watching_.until(is_connected)
            site.record(check("cirrus", NOW))
            ready, _, _ = await asyncio.to_thread(select.select, [reading], [], [], SECONDS)
            assert ready
            line = os.read(reading, 4096)
            assert b"cirrus" in line
            assert line.startswith(b'{"event":"check"') == as_json
            os.close(reading)
            async with asyncio.timeout(SECONDS):
                await printing
