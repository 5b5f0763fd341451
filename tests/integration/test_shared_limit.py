"""The rate limit of several nodes together, through everything that can happen to the Valkey in between."""

import asyncio
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from structlog.testing import capture_logs

from fixtures.real_servers import ValkeyServer, valkey_server
from fixtures.redis_links import Nodes, client_of, nodes
from fixtures.running_prober import until
from fixtures.service import PEER
from openmodels.edge.shared_limits import SharedLimiter

pytestmark = pytest.mark.anyio

TARGET = "/api/models?limit=1"


@pytest.fixture
def own_valkey() -> Iterator[ValkeyServer]:
    """A server that the test may stop."""
    with valkey_server() as server:
        yield server


async def many(two: Nodes, number: int, *, peer: str = PEER) -> list[httpx2.Response]:
    """So many requests at a time, to each node in turn; none may fail."""
    count = len(two.services)
    answers = await asyncio.gather(*(two[n % count].get(TARGET, peer=peer) for n in range(number)))
    assert {answer.status_code for answer in answers} <= {200, 429}
    return list(answers)


async def passed(two: Nodes, number: int, *, peer: str = PEER) -> int:
    """How many of so many requests were answered."""
    return sum(answer.status_code == 200 for answer in await many(two, number, peer=peer))


async def left(two: Nodes, place: int, *, peer: str = PEER) -> int:
    answer = await two[place].get(TARGET, peer=peer)
    return int(answer.headers["x-ratelimit-remaining"]) if answer.status_code == 200 else -1


def counted(two: Nodes) -> tuple[int, int]:
    """Requests counted together and alone, by all nodes."""
    limiters = [service.app.limiter for service in two.services]
    assert all(isinstance(limiter, SharedLimiter) for limiter in limiters)
    return (
        sum(limiter.shared for limiter in limiters if isinstance(limiter, SharedLimiter)),
        sum(limiter.local for limiter in limiters if isinstance(limiter, SharedLimiter)),
    )


async def test_it_lets_100_of_101_requests_over_two_nodes_pass(valkey: ValkeyServer) -> None:
    async with nodes(valkey.url, limit=100) as two:
        assert await passed(two, 101) == 100
        assert await passed(two, 50) == 0
        assert counted(two) == (151, 0)


async def test_it_lets_100_pass_one_by_one(valkey: ValkeyServer) -> None:
    async with nodes(valkey.url, 3, limit=100) as three:
        found = [await left(three, n % 3) for n in range(102)]
        assert found == [*range(99, -1, -1), -1, -1]


async def test_it_counts_each_client_by_itself(valkey: ValkeyServer) -> None:
    async with nodes(valkey.url, limit=10) as two:
        clients = [f"192.0.2.{n}" for n in range(20)]
        assert await asyncio.gather(*(passed(two, 11, peer=client) for client in clients)) == [10] * 20


async def test_it_counts_ipv6_clients_by_their_64_and_mapped_ones_as_ipv4(valkey: ValkeyServer) -> None:
    async with nodes(valkey.url, limit=2) as two:
        assert await left(two, 0, peer="2001:db8:1:2::1") == 1
        assert await left(two, 1, peer="2001:db8:1:2:ffff:ffff:ffff:ffff") == 0
        assert await left(two, 0, peer="2001:db8:1:2:3::") == -1
        assert await left(two, 1, peer="2001:db8:1:3::1") == 1
        assert await left(two, 0, peer="192.0.2.1") == 1
        assert await left(two, 1, peer="::ffff:192.0.2.1") == 0


async def test_it_counts_whom_a_trusted_proxy_names(valkey: ValkeyServer) -> None:
    async with nodes(valkey.url, limit=1, proxies="10.0.0.0/8") as two:
        for place, expected in ((0, 200), (1, 429)):
            answer = await two[place].get(TARGET, peer="10.0.0.1", x_forwarded_for="198.51.100.1")
            assert answer.status_code == expected


async def test_it_says_on_every_node_when_the_window_ends(valkey: ValkeyServer) -> None:
    async with nodes(valkey.url, limit=4) as two:
        answers = [await two[n % 2].get(TARGET) for n in range(8)]
        resets = {int(answer.headers["x-ratelimit-reset"]) for answer in answers}
        assert max(resets) - min(resets) <= 1
        assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"4"}
        waits = {int(answer.headers["retry-after"]) for answer in answers if answer.status_code == 429}
        # Valkey's own clock runs on, by seconds at most.
        assert len(answers[4:]) == 4
        assert all(1 <= wait <= 60 for wait in waits)


async def test_it_lets_a_client_pass_again_when_the_window_is_over(valkey: ValkeyServer) -> None:
    async with nodes(valkey.url, limit=2) as two:
        assert await passed(two, 5) == 2
        client = client_of(valkey)
        (key,) = client.keys("openmodels:limits/*")
        # The time of both nodes and of Valkey.
        client.pexpire(key, 1)
        for service in two.services:
            service.clock.advance(seconds=60)
        await until(lambda: not client.exists(key))
        assert await passed(two, 5) == 2


async def test_it_gives_every_count_its_end_and_keys_of_its_own(valkey: ValkeyServer) -> None:
    client = client_of(valkey)
    async with nodes(valkey.url, limit=5) as two, nodes(valkey.url, limit=7) as others:
        await passed(two, 1)
        await passed(others, 1)
        keys = sorted(client.keys("*limits*"))
        assert keys == [f"openmodels:limits/{PEER}/{limit}/60/second".encode() for limit in (5, 7)]
        assert all(0 < client.ttl(key) <= 60 for key in keys)


async def test_it_gives_a_count_an_end_that_somebody_took_away(valkey: ValkeyServer) -> None:
    client = client_of(valkey)
    async with nodes(valkey.url, limit=5) as two:
        await passed(two, 1)
        (key,) = client.keys("*limits*")
        client.persist(key)
        assert await left(two, 1) == 3
        assert 0 < client.ttl(key) <= 60


async def test_health_checks_and_preflights_are_not_counted(valkey: ValkeyServer) -> None:
    async with nodes(valkey.url, limit=2) as two:
        assert await left(two, 0) == 1
        for target in ("/api/health", "/api/health/live"):
            for _ in range(5):
                answer = await two[0].get(target)
                assert answer.status_code == 200
                assert answer.headers["x-ratelimit-remaining"] == "1"
        preflight = await two[0].request(
            "OPTIONS", TARGET, headers={"access-control-request-method": "GET", "origin": "https://a.example"}
        )
        assert (preflight.status_code, preflight.headers["x-ratelimit-remaining"]) == (204, "1")
        assert await left(two, 1) == 0


async def test_it_limits_by_itself_while_the_server_is_stopped_and_together_when_it_is_back(
    own_valkey: ValkeyServer,
) -> None:
    async with nodes(own_valkey.url, limit=10) as two:
        with capture_logs() as logs:
            assert await passed(two, 4) == 4
            own_valkey.stop()
            # Each goes on from the count that it knows, and lets its 10 through at most.
            assert 10 <= await passed(two, 40) + 4 <= 20
            assert await passed(two, 20, peer="192.0.2.9") == 20
            assert await passed(two, 20, peer="192.0.2.9") == 0
            own_valkey.start()
            await two.until_up()
            assert await passed(two, 11, peer="192.0.2.10") == 10
        assert [entry["event"].partition(":")[0] for entry in logs] == ["redis is away"] * 2 + [
            "redis is back"
        ] * 2


async def test_it_waits_once_for_a_server_that_hangs(own_valkey: ValkeyServer) -> None:
    async with nodes(own_valkey.url, limit=1000) as two:
        assert await passed(two, 2) == 2
        own_valkey.stop(signal.SIGSTOP)
        try:
            assert await passed(two, 100) == 100
            await until(lambda: [one.link.failures for one in two.links] == [1, 1])
            # Nobody waits any more: each is answered before anything else can happen.
            before = counted(two)
            assert await passed(two, 200) == 200
            assert counted(two) == (before[0], before[1] + 200)
            assert [one.link.failures for one in two.links] == [1, 1]
        finally:
            own_valkey.stop(signal.SIGCONT)
        await two.until_up()
        shared = counted(two)[0]
        assert await passed(two, 10) == 10
        assert counted(two)[0] == shared + 10


async def test_it_begins_a_new_window_when_the_server_forgets_everything(valkey: ValkeyServer) -> None:
    async with nodes(valkey.url, limit=10) as two:
        assert await passed(two, 6) == 6
        valkey.flush()
        answers = await many(two, 11)
        assert sum(answer.status_code == 200 for answer in answers) == 10
        resets = {int(answer.headers["x-ratelimit-reset"]) for answer in answers}
        assert max(resets) - min(resets) <= 1
        assert counted(two) == (17, 0)


async def test_it_puts_its_script_back_into_a_server_that_was_started_anew(own_valkey: ValkeyServer) -> None:
    async with nodes(own_valkey.url, limit=10) as two:
        assert await passed(two, 2) == 2
        client_of(own_valkey).script_flush()
        assert await passed(two, 9) == 8
        assert counted(two) == (11, 0)


async def test_a_user_needs_no_more_than_the_documentation_says(own_valkey: ValkeyServer) -> None:
    text = (Path(__file__).parents[2] / "docs" / "cluster.md").read_text(encoding="utf-8")
    rights = re.search(r"`(~openmodels:[^`]+)`", text)
    assert rights is not None
    user = ("ACL", "SETUSER", "models", "on", ">s3cret", "resetchannels", *rights[1].split())
    client_of(own_valkey).execute_command(*user)  # type: ignore[no-untyped-call]  # of the library
    url = f"redis://models:s3cret@127.0.0.1:{own_valkey.port}/1"
    async with nodes(url, limit=3) as two:
        for one in two.links:
            await one.link.connect()
        assert await passed(two, 5) == 3
        for place in (0, 1):
            answer = await two[place].get("/api/stats", peer="192.0.2.9")
            assert answer.status_code == 200
        assert [one.link.failures for one in two.links] == [0, 0]
        assert counted(two) == (7, 0)


async def test_it_limits_by_itself_while_the_server_is_full(own_valkey: ValkeyServer) -> None:
    client = client_of(own_valkey)
    async with nodes(own_valkey.url, limit=10) as two:
        client.config_set("maxmemory", "1")
        with capture_logs() as logs:
            assert await passed(two, 40) == 20
        assert {"maxmemory" in entry["reason"] for entry in logs} == {True}
        health = await two[0].get("/api/health")
        assert health.status_code == 503
        client.config_set("maxmemory", "0")
        await two.until_up()
        assert await passed(two, 11, peer="192.0.2.9") == 10


async def test_no_request_fails_whatever_happens_to_the_server(own_valkey: ValkeyServer) -> None:
    async with nodes(own_valkey.url, limit=1_000_000) as two:
        over = asyncio.Event()
        answered = 0

        async def ask(place: int) -> None:
            nonlocal answered
            while not over.is_set():
                answer = await two[place].get(TARGET)
                assert answer.status_code == 200
                answered += 1
                # Alone, a node answers without letting anybody else have a turn.
                await asyncio.sleep(0)

        asking = [asyncio.create_task(ask(n % 2)) for n in range(8)]

        async def some_more() -> None:
            enough = answered + 40
            await until(lambda: answered >= enough)

        try:
            for number in (signal.SIGTERM, signal.SIGKILL):
                await some_more()
                own_valkey.stop(number)
                await some_more()
                own_valkey.start()
                await some_more()
                await two.until_up()
            own_valkey.stop(signal.SIGSTOP)
            await some_more()
            own_valkey.stop(signal.SIGCONT)
            await two.until_up()
            own_valkey.flush()
            await some_more()
        finally:
            over.set()
            results = await asyncio.gather(*asking, return_exceptions=True)
        assert results == [None] * 8
