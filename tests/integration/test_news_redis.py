"""Processes over one database hear of each other's changes by Redis, and look while it is away."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest
import redis
from redis.asyncio import Redis
from sqlalchemy import make_url
from structlog.testing import capture_logs

from contract.builders import AT, settings_in
from fixtures.nodes import node_over, running, writer_over
from fixtures.real_servers import ValkeyServer, valkey_server
from fixtures.running_prober import turns, until
from openmodels.clock import SettableClock
from openmodels.settings import Settings
from openmodels.store.news import CHANGES
from openmodels.store.news_redis import Patience, RedisNews, channel_of
from openmodels.store.open_news import redis_news
from openmodels.store.redis_link import RedisLink

pytestmark = pytest.mark.anyio

SHORT = Patience(quiet=0.05, test=0.5)
SECRET = "hunter2"
T = TypeVar("T")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def own_valkey() -> Iterator[ValkeyServer]:
    """One that may be stopped."""
    with valkey_server() as server:
        yield server


def channel(settings: Settings) -> str:
    return channel_of(make_url(f"sqlite:///{settings.data_dir}/openmodels.db"))


class Listening:
    """News over a Redis, by a clock that stands still."""

    def __init__(self, url: str, name: str, patience: Patience = SHORT) -> None:
        self.clock = SettableClock(AT)
        self.link = RedisLink(url, clock=self.clock)
        self.news = RedisNews(self.link, name, self.clock, patience=patience)
        self.heard: list[str] = []

    async def begun(self) -> None:
        """Wait until it listens, letting time pass for whoever waits to try again."""
        async with asyncio.timeout(30):
            while not self.news.listening:
                self.clock.advance(seconds=5)
                await asyncio.sleep(0.01)
        await turns()
        self.heard.clear()

    async def lost(self) -> None:
        await until(lambda: not self.news.listening)


@asynccontextmanager
async def listening(url: str, name: str, patience: Patience = SHORT) -> AsyncIterator[Listening]:
    """News, and the way to Redis coming back beside, as in a process; who runs the news is the test's."""
    listener = Listening(url, name, patience)
    try:
        async with running(listener.link.run()):
            yield listener
    finally:
        await listener.link.close()


def say(server: ValkeyServer, name: str, *words: str | bytes) -> None:
    with redis.Redis(port=server.port) as client:
        for word in words:
            client.publish(name, word)


async def test_it_serves_at_once_what_another_process_published(
    valkey: ValkeyServer, settings: Settings
) -> None:
    async with (
        listening(valkey.url, channel(settings)) as one,
        listening(valkey.url, channel(settings)) as two,
        node_over(settings, one.news) as node,
        node_over(settings, two.news, announce=two.news.announce) as other,
    ):
        await one.begun()
        await two.begun()
        revision = await other.publish("second")
        await node.serves(revision)
        await other.serves(revision)  # an announcement to oneself does no harm
        await node.serves(await other.publish("third"))


async def test_it_knows_at_once_what_another_process_recorded(
    valkey: ValkeyServer, settings: Settings
) -> None:
    async with (
        listening(valkey.url, channel(settings)) as one,
        listening(valkey.url, channel(settings)) as two,
        running(two.news.run(two.heard.append)),
        node_over(settings, one.news) as node,
        writer_over(settings, two.news.announce) as other,
    ):
        await one.begun()
        await two.begun()
        await node.knows(await other.record())


async def test_it_sends_what_waits_when_a_process_ends(valkey: ValkeyServer, settings: Settings) -> None:
    told = settings_in(settings.data_dir, OPENMODELS_REDIS_URL=valkey.url)
    async with listening(valkey.url, channel(settings)) as one, node_over(settings, one.news) as node:
        await one.begun()
        async with redis_news(told, node.engine.url, SettableClock(AT)) as brief:
            assert brief is not None
            async with writer_over(settings, brief.announce) as other:
                revision = await other.publish("second")
        await node.serves(revision)


async def test_it_announces_to_the_other_processes_of_its_own_database_only(valkey: ValkeyServer) -> None:
    async with (
        listening(valkey.url, channel_of(make_url("sqlite:///one.db"))) as one,
        listening(valkey.url, channel_of(make_url("sqlite:///two.db"))) as two,
        running(one.news.run(one.heard.append)),
        running(two.news.run(two.heard.append)),
    ):
        await one.begun()
        await two.begun()
        two.news.announce("registry")
        await until(lambda: two.heard == ["registry"])
        one.news.announce("telemetry")
        await until(lambda: bool(one.heard))
        assert (one.heard, two.heard) == (["telemetry"], ["registry"])


async def test_it_sends_one_announcement_of_many_that_wait(valkey: ValkeyServer) -> None:
    async with listening(valkey.url, "c") as one, running(one.news.run(one.heard.append)):
        await one.begun()
        for _ in range(1000):
            one.news.announce("telemetry")
            one.news.announce("registry")
        await until(lambda: len(one.heard) == 2)
        await turns()
        assert sorted(one.heard) == sorted(CHANGES)


async def test_it_announces_again_after_a_failure_that_nobody_foresaw(valkey: ValkeyServer) -> None:
    class Odd(RedisLink):
        failing = False

        async def call(self, ask: Callable[[Redis], Awaitable[T]]) -> T:
            if self.failing:
                raise AttributeError("nobody foresaw this")
            return await super().call(ask)

    clock = SettableClock(AT)
    link, heard = Odd(valkey.url, clock=clock), list[str]()
    news = RedisNews(link, "c", clock, patience=Patience(quiet=600))
    async with running(news.run(heard.append)):
        await until(lambda: news.listening)
        heard.clear()
        link.failing = True
        with capture_logs() as logs:
            news.announce("registry")
            await until(lambda: clock.sleepers == 1)
        assert [line["log_level"] for line in logs] == ["error"]
        link.failing = False
        clock.advance(seconds=1)
        await until(lambda: heard == ["registry"])
    await link.close()


async def test_it_ignores_what_is_no_announcement(valkey: ValkeyServer) -> None:
    async with listening(valkey.url, "c") as one, running(one.news.run(one.heard.append)):
        await one.begun()
        say(valkey, "c", "", "Registry", "test 1", b"\xff\xfe\x00", b"x" * 100_000)
        say(valkey, "c", "registry")
        await until(lambda: bool(one.heard))
        assert (one.heard, one.news.heard) == (["registry"], 1)


async def test_it_looks_while_redis_is_stopped_and_hears_again_when_it_is_back(
    own_valkey: ValkeyServer, settings: Settings
) -> None:
    with capture_logs() as logs:
        async with (
            listening(own_valkey.url, channel(settings)) as one,
            node_over(settings, one.news, interval=0.05, announce=one.news.announce) as node,
        ):
            await one.begun()
            own_valkey.stop()
            await one.lost()
            await node.serves(await node.publish("second"))  # by looking
            await node.knows(await node.record())
            own_valkey.start()
            await one.begun()
            heard = one.news.heard
            await node.serves(await node.publish("third"))
            await until(lambda: one.news.heard > heard)
    told = [line["event"] for line in logs if line.get("by") == "redis"]
    assert told == [
        "no news of changes arrive; looking for them instead",
        "news of changes arrive again",
    ]


async def test_it_notices_a_redis_that_hangs(own_valkey: ValkeyServer) -> None:
    async with listening(own_valkey.url, "c") as one, running(one.news.run(one.heard.append)):
        await one.begun()
        own_valkey.stop(signal.SIGSTOP)
        await one.lost()
        one.news.announce("registry")  # waits for nothing
        own_valkey.stop(signal.SIGCONT)
        await one.begun()
        say(own_valkey, "c", "telemetry")
        await until(lambda: one.heard[-1:] == ["telemetry"])


async def test_it_hears_again_after_its_subscription_was_cut(valkey: ValkeyServer) -> None:
    async with listening(valkey.url, "c") as one, running(one.news.run(one.heard.append)):
        await one.begun()
        async with Redis(port=valkey.port) as client:
            await client.client_kill_filter(_type="pubsub")
        await one.lost()
        await one.begun()
        say(valkey, "c", "registry")
        await until(lambda: bool(one.heard))


async def test_it_ends_at_once_though_redis_hangs(own_valkey: ValkeyServer) -> None:
    patience = Patience(quiet=600, test=600)
    async with listening(own_valkey.url, "c", patience) as one, running(one.news.run(one.heard.append)):
        await one.begun()
        own_valkey.stop(signal.SIGSTOP)
    own_valkey.stop(signal.SIGCONT)


async def test_it_says_nothing_of_the_password(valkey: ValkeyServer) -> None:
    with capture_logs() as logs:
        async with (
            listening(valkey.url.replace("//", f"//somebody:{SECRET}@"), "c") as one,
            running(one.news.run(one.heard.append)),
        ):
            await until(lambda: bool(logs) and one.clock.sleepers > 0)
    assert logs
    assert SECRET not in str(logs)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("postgresql://u:p@db/a", "postgresql+psycopg://v:q@db:5432/a?sslmode=require", True),
        ("postgresql://db/a", "postgresql://db/b", False),
        ("postgresql://db/a", "postgresql://other/a", False),
        ("postgresql://db/a", "postgresql://db:5433/a", False),
        ("postgresql:///a?host=/run/x", "postgresql:///a?host=/run/y", False),
        ("postgresql:///a?host=x&host=y", "postgresql:///a?host=x&host=y", True),
        ("sqlite:///var/a.db", "sqlite:///var/../var/a.db", True),
        ("sqlite:///var/a.db", "sqlite:////var/a.db", False),
    ],
)
def test_it_names_a_channel_by_the_database(one: str, other: str, same: bool) -> None:
    assert (channel_of(make_url(one)) == channel_of(make_url(other))) is same
    assert channel_of(make_url(one)).startswith("openmodels:")


def test_it_names_no_place_and_no_secret_in_a_channel() -> None:
    name = channel_of(make_url(f"postgresql://somebody:{SECRET}@db.example.com/private"))
    for word in ("somebody", SECRET, "example", "private"):
        assert word not in name
