"""What the prober's own want of sockets and threads does: nothing to the providers."""

import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs

from contract.builders import model, offering, provider
from fixtures.probing import PLAIN, anyio_backend, probe_client, target  # noqa: F401 - both loops
from fixtures.running_prober import KEY, running_prober, settings_of, snapshot_of
from openmodels.fake.behaviour import Behaviour
from openmodels.fake.server import FakeProvider
from openmodels.prober.guard import Guard
from openmodels.prober.names import Names
from openmodels.prober.outcomes import Exhausted

pytestmark = pytest.mark.anyio

QUICK = Behaviour(headers_ms=0, ttft_ms=0, tokens_per_second=1_000_000)


@contextmanager
def no_more_files() -> Iterator[None]:
    """Let this process open nothing more; what is open stays open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_it_says_nothing_of_a_provider_when_it_has_no_socket_left() -> None:
    client = probe_client()
    with no_more_files():
        with pytest.raises(Exhausted):
            await client.check(target("http://127.0.0.1:9"))
        with pytest.raises(Exhausted):
            await client.measure(target("http://127.0.0.1:9"), PLAIN)
        assert await client.reachable("http://127.0.0.1:9", timeout=5) is False


async def test_it_records_and_books_nothing_while_it_has_no_socket_left_and_goes_on_later() -> None:
    async with FakeProvider(QUICK) as fake:
        revision = snapshot_of(provider("p", env=("P_KEY",)), model("a"), offering("p", "a"))
        settings = settings_of(ENDPOINTS=f"p={fake.url('p')}/v1")
        with capture_logs() as logs:
            async with running_prober(revision, settings=settings, environ={"P_KEY": KEY}) as running:
                with no_more_files():
                    await running.pass_time(900, step=10)
                counters = running.prober.counters
                assert (running.store.checks, running.store.measurements) == ([], [])
                assert (counters.exhausted, counters.failed) == (4, 0)
                (row,) = await running.spending.spending(running.clock.now().date())
                assert row.spent == 0
                await running.pass_time(900, step=10)
                assert {check.outcome for check in running.store.checks} == {"ok"}
                assert [one.outcome for one in running.store.measurements] == ["ok"]
        assert sum("no socket" in line["event"] for line in logs) == 1


async def test_a_name_that_cannot_be_looked_up_for_want_of_threads_is_no_fault_of_the_provider() -> None:
    names = Names()
    before = threading.stack_size(2**46)  # more than any address space has room for
    try:
        with pytest.raises(Exhausted):
            await Guard(allow_private=True, resolve=names).addresses("localhost")
    finally:
        threading.stack_size(before)
    assert "127.0.0.1" in await names("localhost")


async def test_a_look_up_that_fails_as_nobody_foresaw_leaves_nobody_waiting() -> None:
    def look_up(host: str) -> tuple[str, ...]:
        raise ValueError(host)

    names = Names(at_most=1, look_up=look_up)
    for _ in range(2):
        with pytest.raises(OSError, match="ValueError"):
            await names("a.example")
