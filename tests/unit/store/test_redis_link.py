"""The way to Redis: its circuit breaker, over servers that stop, hang, forget and refuse."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from fixtures.real_servers import ValkeyServer, valkey_server
from fixtures.redis_links import Linked, client_of, linked
from fixtures.running_prober import turns, until
from fixtures.server import free_port
from openmodels.errors import RedisAway
from openmodels.store.redis_link import CALL_SECONDS, FIRST_PAUSE, LONGEST_PAUSE, RedisLink

pytestmark = pytest.mark.anyio

PASSWORD = "s3cret-word"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def own_valkey() -> Iterator[ValkeyServer]:
    """A server that the test may stop."""
    with valkey_server() as server:
        yield server


async def count(client: Redis) -> int:
    found = await client.incr("count")
    assert isinstance(found, int)
    return found


async def count_twice(client: Redis) -> int:
    await count(client)
    return await count(client)


def fails_at_once(link: RedisLink) -> RedisAway:
    """What a call raises, which must not wait for anything first."""
    asked = []

    async def ask(client: Redis) -> None:
        asked.append(client)

    with pytest.raises(RedisAway) as raised:
        link.call(ask).send(None)
    assert asked == []
    return raised.value


def events(logs: list[Any]) -> list[tuple[str, str]]:
    return [(entry["event"].partition(":")[0], entry["log_level"]) for entry in logs]


AWAY, BACK = ("redis is away", "warning"), ("redis is back", "info")


async def test_it_asks(valkey: ValkeyServer) -> None:
    async with linked(valkey.url) as one:
        assert [await one.link.call(count) for _ in range(3)] == [1, 2, 3]
        await one.link.ping()
        assert one.link.up
        assert one.link.failures == 0


async def test_it_asks_for_many_at_a_time(valkey: ValkeyServer) -> None:
    async with linked(valkey.url) as one:
        found = await asyncio.gather(*(one.link.call(count) for _ in range(200)))
        assert sorted(found) == list(range(1, 201))
        assert client_of(valkey).info("clients")["connected_clients"] <= 20


async def test_it_opens_the_circuit_when_nobody_answers_and_closes_it_when_somebody_does(
    own_valkey: ValkeyServer,
) -> None:
    async with linked(own_valkey.url) as one:
        with capture_logs() as logs:
            assert await one.link.call(count) == 1
            own_valkey.stop()
            with pytest.raises(RedisAway):
                await one.link.call(count)
            assert not one.link.up
            for _ in range(20):
                fails_at_once(one.link)
            with pytest.raises(RedisAway):
                await one.link.ping()
            own_valkey.start()
            await one.until_up()
            assert await one.link.call(count) == 1
        assert events(logs) == [AWAY, BACK]
        assert one.link.failures == 1


async def test_it_waits_longer_from_trial_to_trial() -> None:
    one = Linked(f"redis://127.0.0.1:{free_port()}")
    trials: list[float] = []
    connect = one.link.connect

    async def noted() -> None:
        trials.append(one.clock.unix())
        await connect()

    one.link.connect = noted  # type: ignore[method-assign]  # it goes on to what it was
    with pytest.raises(RedisAway):
        await one.link.call(count)
    began = one.clock.unix()
    running = asyncio.create_task(one.link.run())
    try:
        for seconds in (0.5, 1, 2, 4, 5, 5):
            await until(lambda: one.clock.sleepers == 1)
            one.clock.advance(seconds=seconds - 0.01)
            await asyncio.sleep(0)
            before = len(trials)
            one.clock.advance(seconds=0.01)
            await until(lambda before=before: len(trials) == before + 1)  # type: ignore[misc]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await one.link.close()
    assert [round(at - began, 3) for at in trials] == [0.5, 1.5, 3.5, 7.5, 12.5, 17.5]
    assert (FIRST_PAUSE, LONGEST_PAUSE) == (0.5, 5.0)


async def test_it_waits_for_a_hanging_server_once_however_many_ask(own_valkey: ValkeyServer) -> None:
    async with linked(own_valkey.url) as one:
        assert await one.link.call(count) == 1
        own_valkey.stop(signal.SIGSTOP)
        try:
            asked = [one.link.call(count) for _ in range(100)]
            answers = await asyncio.gather(*asked, return_exceptions=True)
            assert {type(answer) for answer in answers} == {RedisAway}
            assert one.link.failures == 1
            assert "within 0.25 s" in str(fails_at_once(one.link))
            # A trial of a server that still hangs leaves nothing behind.
            await one.link.connect()
        finally:
            own_valkey.stop(signal.SIGCONT)
        await one.until_up()
        found = await asyncio.gather(*(one.link.call(count) for _ in range(100)))
        assert len(set(found)) == 100
        assert one.link.failures == 1


async def test_it_survives_a_restart_between_two_calls(own_valkey: ValkeyServer) -> None:
    async with linked(own_valkey.url) as one:
        await asyncio.gather(*(one.link.call(count) for _ in range(20)))
        own_valkey.stop()
        own_valkey.start()
        await turns()
        assert await one.link.call(count) == 1
        assert one.link.failures == 0


def refusing(server: ValkeyServer, *commands: tuple[str, str]) -> Callable[[], None]:
    """Have the server refuse; gives what makes it take everything again."""
    client = client_of(server)
    before = {name: str(client.config_get(name)[name]) for name, _ in commands}
    for name, value in commands:
        client.config_set(name, value)

    def again() -> None:
        for name, value in before.items():
            client.config_set(name, value)

    return again


async def test_it_says_that_a_server_is_full(own_valkey: ValkeyServer) -> None:
    async with linked(own_valkey.url) as one:
        again = refusing(own_valkey, ("maxmemory-policy", "noeviction"), ("maxmemory", "1"))
        with capture_logs() as logs, pytest.raises(RedisAway, match="full \\(maxmemory\\)"):
            await one.link.call(count)
        assert "maxmemory-policy" in logs[0]["reason"]
        assert not one.link.up
        # It answers a PING all the same; that must not close the circuit.
        await one.link.connect()
        assert not one.link.up
        again()
        await one.link.connect()
        assert one.link.up


async def test_it_says_that_a_server_is_a_replica(own_valkey: ValkeyServer) -> None:
    async with linked(own_valkey.url) as one:
        client_of(own_valkey).replicaof("127.0.0.1", str(free_port()))
        with pytest.raises(RedisAway, match="name the primary in OPENMODELS_REDIS_URL"):
            await one.link.ping()
        client_of(own_valkey).replicaof("NO", "ONE")
        await one.link.connect()
        assert one.link.up


async def test_it_gives_the_password_and_says_when_it_is_wrong(own_valkey: ValkeyServer) -> None:
    client_of(own_valkey).config_set("requirepass", PASSWORD)
    place = f"127.0.0.1:{own_valkey.port}"
    async with linked(f"redis://:{PASSWORD}@{place}/0") as one:
        await one.link.ping()
    for url in (f"redis://{place}", f"redis://:{PASSWORD}x@{place}", f"redis://somebody:{PASSWORD}@{place}"):
        async with linked(url) as one:
            with capture_logs() as logs, pytest.raises(RedisAway, match="another user or password") as raised:
                await one.link.call(count)
            assert PASSWORD not in f"{logs}{raised.value!r}{raised.value.__cause__!r}"


async def test_a_ping_does_not_open_the_circuit(own_valkey: ValkeyServer) -> None:
    async with linked(own_valkey.url) as one:
        own_valkey.stop()
        with capture_logs() as logs, pytest.raises(RedisAway):
            await one.link.ping()
        assert (one.link.up, one.link.failures, logs) == (True, 0, [])


@pytest.mark.parametrize(("user", "password"), [("someone", PASSWORD), ("s%3Fme", "s3cret%2Fword" * 20)])
async def test_it_says_nothing_of_the_password_that_a_server_quotes(user: str, password: str) -> None:
    with valkey_server("--rename-command", "AUTH", '""') as server:
        async with linked(f"redis://{user}:{password}@127.0.0.1:{server.port}/0") as one:
            with capture_logs() as logs, pytest.raises(RedisAway, match="unknown command") as raised:
                await one.link.call(count)
            assert logs
            for secret in (user, unquote(user), "s3cret"):
                assert secret not in f"{logs}{raised.value!r}"
            for text in (f"no {unquote(password)} here", f"no {password} here"):
                assert one.link.told(ValueError(text)) == "no *** here"


async def test_it_begins_with_short_pauses_again_after_it_was_back_for_a_while(valkey: ValkeyServer) -> None:
    async def fail(_client: Redis) -> None:
        raise TimeoutError

    async with linked(valkey.url) as one:
        for steady, pause in ((0, 0.5), (59, 1), (59, 2), (60, 0.5), (0, 1)):
            one.clock.advance(seconds=steady)
            with pytest.raises(RedisAway):
                await one.link.call(fail)
            await until(lambda: one.clock.sleepers == 1)
            one.clock.advance(seconds=pause - 0.01)
            await turns()
            assert (one.link.up, one.clock.sleepers) == (False, 1)
            one.clock.advance(seconds=0.01)
            await until(lambda: one.link.up)
            await until(lambda: one.clock.sleepers == 0)


async def test_it_stays_away_from_a_server_that_is_slower_than_a_call_may_be(valkey: ValkeyServer) -> None:
    async def slow(client: Redis) -> None:
        await client.blpop(["nothing"], 2 * CALL_SECONDS)

    async with linked(valkey.url) as one:
        one.link.try_with(slow)
        with pytest.raises(RedisAway):
            await one.link.call(slow)
        await one.link.connect()
        assert not one.link.up


async def test_it_does_not_close_the_circuit_before_what_requests_do_works(valkey: ValkeyServer) -> None:
    works = False

    async def trial(_client: Redis) -> None:
        if not works:
            raise TimeoutError

    async with linked(valkey.url) as one:
        one.link.try_with(trial)
        with pytest.raises(RedisAway):
            await one.link.call(trial)
        await one.link.connect()
        assert not one.link.up
        works = True
        await one.link.connect()
        assert one.link.up


async def test_it_stays_closed_for_a_key_that_somebody_else_wrote(valkey: ValkeyServer) -> None:
    client_of(valkey).rpush("count", "not a number")
    async with linked(valkey.url) as one:
        with pytest.raises(RedisAway, match="WRONGTYPE"):
            await one.link.call(count)
        assert one.link.up


async def test_it_is_away_where_something_else_listens() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    try:
        async with linked(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}") as one:
            with pytest.raises(RedisAway):
                await one.link.call(count)
            assert not one.link.up
    finally:
        server.close()
        await server.wait_closed()


async def test_it_does_not_blame_the_server_for_a_loop_that_was_held_up(
    own_valkey: ValkeyServer,
) -> None:
    async with linked(own_valkey.url) as one:
        await one.link.ping()
        own_valkey.stop(signal.SIGSTOP)
        calling = asyncio.ensure_future(one.link.call(count_twice))
        await turns()
        own_valkey.stop(signal.SIGCONT)
        # Asked, and answered while nobody looks.
        hold_up(2 * CALL_SECONDS)
        assert await calling == 2
        assert one.link.up


async def test_it_comes_back_though_its_idle_connections_lead_nowhere(valkey: ValkeyServer) -> None:
    """A firewall that was started anew knows of none of them, and answers nothing."""
    forgotten: list[asyncio.StreamWriter] = []
    passing: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        forgotten.append(writer)
        there, back = await asyncio.open_connection("127.0.0.1", valkey.port)
        forgotten.append(back)
        passing.update((asyncio.create_task(flow(reader, back)), asyncio.create_task(flow(there, writer))))

    async def flow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)

    firewall = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        async with linked(f"redis://127.0.0.1:{firewall.sockets[0].getsockname()[1]}") as one:
            # Several at a time, so that several are idle afterwards.
            await asyncio.gather(*(one.link.call(count) for _ in range(8)))
            assert len(forgotten) > 2 * 2
            for task in passing:
                task.cancel()
            with pytest.raises(RedisAway):
                await one.link.call(count)
            await one.link.connect()
            assert one.link.up
            again = await asyncio.gather(*(one.link.call(count) for _ in range(8)))
            assert sorted(again) == list(range(9, 17))
    finally:
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)
        for writer in forgotten:
            writer.close()
        firewall.close()
        await firewall.wait_closed()


def hold_up(seconds: float) -> None:
    """Keep this thread busy, as a large answer that is being encoded would."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        nobody.settimeout(seconds)
        with pytest.raises(TimeoutError):
            nobody.recv(1)


async def test_it_lets_go_of_the_connection_of_a_call_that_is_given_up(valkey: ValkeyServer) -> None:
    async with linked(valkey.url) as one:
        for _ in range(50):
            calling = asyncio.ensure_future(one.link.call(lambda client: client.blpop(["nothing"], 0)))
            await asyncio.sleep(0)
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calling
        assert await one.link.call(count) == 1
        assert one.link.up


async def test_it_speaks_over_a_unix_socket(tmp_path_factory: pytest.TempPathFactory) -> None:
    with valkey_server("--unixsocket", "valkey.sock") as server:
        async with linked(f"unix://{server.folder}/valkey.sock?db=0") as one:
            assert await one.link.call(count) == 1
