"""Who plans, and by which clock, over a real server."""

import asyncio
import time
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from fixtures.queued import QUICK, crew, seen_at, snapshot_of
from fixtures.real_servers import PostgresServer
from fixtures.running_prober import until
from openmodels.clock import SystemClock
from openmodels.fake.behaviour import Behaviour
from openmodels.fake.server import FakeProvider
from openmodels.prober.plan import make_plan
from openmodels.prober.queue.planner import Planner
from openmodels.prober.queue.queue import open_queue
from openmodels.prober.style import load_styles

pytestmark = pytest.mark.anyio

PROMPT = Behaviour(headers_ms=0, ttft_ms=0, tokens_per_second=1_000_000)
NEVER = 86_400
"""An interval whose next turn no test lives to see."""


async def test_one_of_many_plans(postgres: PostgresServer, tmp_path: Path) -> None:
    async with FakeProvider(PROMPT) as fake, crew(postgres, tmp_path) as probers:
        snapshot = snapshot_of(seen_at(fake.url("p"), "p", NEVER))
        for _ in range(6):
            probers.start(snapshot)
        planned: set[int] = set()
        async with asyncio.timeout(30):
            while len(planned) < 4:
                rows = await probers.rows("SELECT planned_until FROM probe_plans WHERE planned_until > 0")
                planned |= {row[0] for row in rows}
                await asyncio.sleep(0.02)
        await probers.stop()
        # Six look each second; so close to another's nobody makes a plan.
        assert all(after - before >= 499_999 for before, after in pairwise(sorted(planned)))


async def test_a_plan_goes_by_the_clock_of_the_database(postgres: PostgresServer, tmp_path: Path) -> None:
    class Node(SystemClock):
        """Of a machine whose clock is an hour ahead."""

        def unix(self) -> float:
            return time.time() + 3600

    async with FakeProvider(PROMPT) as fake, crew(postgres, tmp_path) as probers:
        settings = probers.settings
        plan = make_plan(snapshot_of(seen_at(fake.url("p"), "p", 1)), settings, load_styles())
        async with open_queue(probers.engine.url, "local", QUICK) as queue:
            for clock in (Node(), SystemClock(), Node()):
                planner = Planner(probers.turns, probers.cluster, clock, region="local", pace=QUICK)
                await planner.plan(plan, queue)
        slots = [row[0] for row in await probers.rows("SELECT args->>'slot' FROM procrastinate_jobs")]
        assert 2 <= len(slots) == len(set(slots)) <= 3
        assert all(abs(int(slot) / 1e6 - time.time()) < 60 for slot in slots)


async def test_while_another_plans_nobody_waits_for_it(postgres: PostgresServer, tmp_path: Path) -> None:
    async with crew(postgres, tmp_path) as probers:
        database = probers.engine.url
        async with (
            open_queue(database, "local", QUICK) as one,
            open_queue(database, "local", QUICK) as two,
            one.planning() as first,
        ):
            async with two.planning() as second:
                assert (first.others, second.others) == (False, True)
            # Who vanishes now stands in nobody's way for long.
            held = "SELECT current_setting('idle_in_transaction_session_timeout')"
            rows = await first._connection.execute(held)
            assert await rows.fetchone() == ("30s",)


async def test_a_clock_that_was_set_back_does_not_end_all_planning(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    async with FakeProvider(PROMPT) as fake, crew(postgres, tmp_path) as probers:
        async with open_queue(probers.engine.url, "local", QUICK) as queue, queue.planning() as planning:
            await planning.done(time.time() + 3600)
        with capture_logs() as logs:
            one = probers.start(snapshot_of(seen_at(fake.url("p"), "p", 1)))
            await until(lambda: one.counters.written >= 1)
        [said] = [line for line in logs if line["log_level"] == "warning"]
        assert said["event"] == "the database's clock was set back; the plan starts anew"
        assert 3500 < said["seconds"] < 3600
