"""Probers that share the turns of a queue, over a real server and a fake provider."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from contract.builders import model, offering
from fixtures.pooler import pgbouncer, pgbouncer_program
from fixtures.queued import QUICK, Crew, crew, seen_at, snapshot_of
from fixtures.real_servers import PostgresServer, postgres_server
from fixtures.running_prober import until
from openmodels.clock import SystemClock
from openmodels.domain.records import ProbePolicy
from openmodels.fake.behaviour import Behaviour
from openmodels.fake.server import FakeProvider
from openmodels.prober.queue.queue import open_queue
from openmodels.prober.queue.taker import TurnTaker
from openmodels.prober.queue.timetable import PlannedTurn
from openmodels.prober.schedule import Job, phase
from openmodels.store.turn_ports import TurnKey

pytestmark = pytest.mark.anyio

PROMPT = Behaviour(headers_ms=0, ttft_ms=0, tokens_per_second=1_000_000)
HANGS = Behaviour(headers_ms=0, faults=("stall_before_headers",))
NEVER = 86_400
"""An interval whose next turn no test lives to see."""


def due_now(name: str, *, late: float = 0.0, interval: int = NEVER, number: int = 1) -> PlannedTurn:
    at = time.time() - late
    return PlannedTurn(Job(name, "health"), number, at, at, interval)


def asked(fake: FakeProvider, name: str) -> int:
    """How many requests came for a provider."""
    return fake.counts().get(name, 0)


async def checks_of(crew: Crew) -> dict[str, list[float]]:
    """When each provider was checked, in seconds since 1970."""
    found: dict[str, list[float]] = {}
    for name, at in await crew.rows("SELECT provider_id, checked_at FROM checks ORDER BY checked_at"):
        found.setdefault(name, []).append(at / 1_000_000)
    return found


async def test_each_turn_is_taken_once_by_one_of_many_at_its_time(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    names = [f"p{n}" for n in range(12)]
    async with FakeProvider(PROMPT) as fake, crew(postgres, tmp_path) as probers:
        snapshot = snapshot_of(*(seen_at(fake.url(name), name, 1) for name in names))
        crewed = [probers.start(snapshot) for _ in range(3)]
        await until(lambda: len(probers.turns.given) >= 3 * len(names))
        await probers.stop()
        given = probers.turns.given
        assert Counter(r.turn for r in given).most_common(1)[0][1] == 1, "no turn twice"
        assert sum(p.counters.total > 0 for p in crewed) > 1, "they share the work"
        left_out = 0
        for name in names:
            slots = [r.turn.slot / 1e6 for r in given if r.turn.key.provider_id == name]
            own = phase(Job(name, "health"), 1, "local")
            assert all(abs(slot - own - round(slot - own)) < 1e-3 for slot in slots)
            left_out += round(slots[-1] - slots[0]) + 1 - len(slots)
            # Never before; how long after depends on the machine.
            begun = (await checks_of(probers))[name]
            assert all(at >= slot for at, slot in zip(begun, slots, strict=True))
        assert left_out <= sum(p.counters.skipped for p in crewed), "none but those that came too late"
        assert await probers.rows("SELECT 1 FROM procrastinate_jobs WHERE status <> 'todo'") == []
        assert await probers.rows("SELECT 1 FROM procrastinate_workers") == []


async def test_turns_that_are_too_late_leave_the_queue_untaken(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    async with crew(postgres, tmp_path) as probers:
        await probers.put(due_now("late", late=61, interval=60), due_now("early", late=30, interval=60))
        await probers.put(due_now("slow", late=61, interval=60), slow=True)
        async with open_queue(probers.engine.url, "local", QUICK) as queue:
            assert await queue.rescue() == (0, 2)
        left = await probers.rows("SELECT args->>'provider_id' FROM procrastinate_jobs")
        assert left == [("early",)]


async def test_a_probe_takes_no_longer_than_its_interval(postgres: PostgresServer, tmp_path: Path) -> None:
    async with FakeProvider(HANGS) as fake, crew(postgres, tmp_path, PROBE_TIMEOUT="60") as probers:
        await probers.put(due_now("p", interval=2))
        one = probers.start(snapshot_of(seen_at(fake.url("p"), "p", NEVER)))
        await until(lambda: one.counters.written == 1)
        [result] = probers.turns.given
        assert result.record.outcome == "timeout", "and not after a minute"


async def test_a_part_that_ends_by_a_fault_ends_it_all(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: TurnTaker) -> None:
        raise RuntimeError("the disk of results is gone")

    monkeypatch.setattr(TurnTaker, "run", fail)
    async with crew(postgres, tmp_path) as probers:
        probers.start(snapshot_of(seen_at("http://127.0.0.1:9", "p", NEVER)))
        async with asyncio.timeout(20):
            with pytest.raises(RuntimeError, match="is gone"):
                await probers.tasks.pop()


async def test_what_a_killed_worker_had_begun_is_taken_up(postgres: PostgresServer, tmp_path: Path) -> None:
    async with FakeProvider(HANGS) as fake, crew(postgres, tmp_path) as probers:
        environ = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "fixtures.queued", str(tmp_path), probers.url, fake.url("p")],
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        await probers.put(due_now("p"))
        await until(lambda: asked(fake, "p") == 1)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        fake.set("p", PROMPT)
        with capture_logs() as logs:
            one = probers.start(snapshot_of(seen_at(fake.url("p"), "p", NEVER)))
            await until(lambda: one.counters.written == 1)
        assert asked(fake, "p") == 2
        assert [r.record.outcome for r in probers.turns.given] == ["ok"]
        assert {
            "event": "took up what a worker that died had begun",
            "log_level": "info",
            "probes": 1,
        } in logs


async def test_what_a_killed_worker_had_recorded_is_not_made_again(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    async with FakeProvider(PROMPT) as fake, crew(postgres, tmp_path) as probers:
        turn = due_now("p")
        await probers.put(turn)
        one = probers.start(snapshot_of(seen_at(fake.url("p"), "p", NEVER)))
        await until(lambda: one.counters.written == 1)
        await probers.stop(0)
        # As if it had died between the two: the result is there, and so is the job, which nobody works on.
        await probers.put(turn)
        await probers.change("UPDATE procrastinate_jobs SET status = 'doing'")
        probers.start(snapshot_of(seen_at(fake.url("p"), "p", NEVER)))
        await probers.until_empty()
        assert asked(fake, "p") == 1


async def test_a_worker_that_is_stopped_gives_back_what_it_had_begun(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    async with FakeProvider(HANGS) as fake, crew(postgres, tmp_path) as probers:
        await probers.put(due_now("p"))
        probers.start(snapshot_of(seen_at(fake.url("p"), "p", NEVER)))
        await until(lambda: asked(fake, "p") == 1)
        await probers.stop(0)
        assert await probers.rows("SELECT status, attempts FROM procrastinate_jobs") == [("todo", 1)]


async def test_turns_of_a_region_that_is_no_more_are_forgotten(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    async with crew(postgres, tmp_path, REGION="gone") as probers:
        day = 86_400
        await probers.put(due_now("old", late=3 * day), due_now("new", late=day), slow=True)
        async with open_queue(probers.engine.url, "here", QUICK) as queue:
            assert await queue.rescue() == (0, 0)
        assert await probers.rows("SELECT args->>'provider_id' FROM procrastinate_jobs") == [("new",)]


async def test_late_turns_are_skipped(postgres: PostgresServer, tmp_path: Path) -> None:
    async with FakeProvider(PROMPT) as fake, crew(postgres, tmp_path) as probers:
        await probers.put(
            due_now("late", late=61, interval=60),
            due_now("early", late=50, interval=60),
            due_now("unknown"),
        )
        snapshot = snapshot_of(*(seen_at(fake.url(name), name, NEVER) for name in ("late", "early")))
        one = probers.start(snapshot)
        await probers.until_empty()
        assert fake.counts() == {"early": 1}
        assert (one.counters.skipped, one.counters.failed, one.counters.total) == (1, 0, 1)


async def test_after_a_pause_it_goes_on_where_it_stopped_without_a_burst(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    async with FakeProvider(PROMPT) as fake, crew(postgres, tmp_path) as probers:
        async with open_queue(probers.engine.url, "local", QUICK) as queue, queue.planning() as planning:
            assert planning.until is None
            await planning.done(time.time() - 3000)
        begun = time.time()
        probers.start(snapshot_of(seen_at(fake.url("p"), "p", 1000)))
        await until(lambda: len(probers.turns.given) >= 1)
        await probers.stop()
        # Of three that were missed the newest; and one more if it happens to come due just now.
        slots = sorted(result.turn.slot / 1e6 for result in probers.turns.given)
        assert begun - 1000 < slots[0] < time.time()
        assert all(slot > begun for slot in slots[1:])


async def test_slow_providers_are_kept_out_of_the_way(postgres: PostgresServer, tmp_path: Path) -> None:
    slow, quick = [f"s{n}" for n in range(6)], [f"q{n}" for n in range(6)]
    async with FakeProvider(PROMPT) as fake, crew(postgres, tmp_path, PROBE_CONCURRENCY="2") as probers:
        for name in slow:
            fake.set(name, HANGS)
        await probers.put(*(due_now(name) for name in slow), slow=True)
        one = probers.start(snapshot_of(*(seen_at(fake.url(name), name, NEVER) for name in slow + quick)))
        await until(lambda: one.counters.running == 1)
        await probers.put(*(due_now(name) for name in quick))
        await until(lambda: one.counters.written == len(quick))
        assert one.counters.running == 1, "one of two places is theirs"
        assert sum(asked(fake, name) for name in slow) == 1


async def test_who_was_slow_is_planned_as_slow(postgres: PostgresServer, tmp_path: Path) -> None:
    async with FakeProvider(HANGS) as fake, crew(postgres, tmp_path, PROBE_TIMEOUT="1") as probers:
        await probers.put(due_now("p"))
        one = probers.start(snapshot_of(seen_at(fake.url("p"), "p", 2)))
        await until(lambda: one.counters.written == 1)
        assert await probers.telemetry.slow_turns("local") == [TurnKey("local", "health", "p")]
        await probers.change("UPDATE probe_plans SET planned_until = 0")
        await until(lambda: one.counters.total >= 2)
        queues = await probers.rows("SELECT DISTINCT queue_name FROM procrastinate_jobs")
        assert ("slow:local",) in queues


async def test_the_daily_limit_holds_for_all_together(postgres: PostgresServer, tmp_path: Path) -> None:
    policy = ProbePolicy(daily_limit=5, health_interval=NEVER)
    async with FakeProvider(PROMPT) as fake, crew(postgres, tmp_path) as probers:
        turns = [due_now("p")._replace(job=Job("p", "latency"), number=n) for n in range(30)]
        await probers.put(*(turn._replace(due=turn.due + turn.number / 1000) for turn in turns))
        records = (seen_at(fake.url("p"), "p", probe=policy), model("m"), offering("p", "m"))
        crewed = [probers.start(snapshot_of(*records)) for _ in range(3)]
        await probers.until_empty()
        await probers.stop()
        [spent] = await probers.spending.spending(SystemClock().now().date())
        assert spent.probes == 5
        assert sum(p.counters.total for p in crewed) == 5
        assert sum(p.counters.over_budget + p.counters.skipped for p in crewed) == 25


async def test_a_new_revision_is_gone_by(postgres: PostgresServer, tmp_path: Path) -> None:
    async with FakeProvider(PROMPT) as fake, crew(postgres, tmp_path) as probers:
        revisions = [snapshot_of(seen_at(fake.url("p"), "p", 1))]
        one = probers.start(lambda: revisions[-1])
        await until(lambda: one.counters.written >= 1)
        revisions.append(snapshot_of(seen_at(fake.url("q"), "q", 1), revision="r2"))
        one.replan()
        await until(lambda: asked(fake, "q") >= 1)
        seen = asked(fake, "p")
        await until(lambda: asked(fake, "q") >= 3)
        assert asked(fake, "p") <= seen + 1
        assert (one.revision, one.counters.failed) == ("r2", 0)


async def test_regions_have_queues_of_their_own(postgres: PostgresServer, tmp_path: Path) -> None:
    async with FakeProvider(PROMPT) as fake, crew(postgres, tmp_path, REGION="eu") as probers:
        await probers.put(due_now("p"))
        us = probers.start(snapshot_of(seen_at(fake.url("p"), "p", NEVER)), REGION="us")
        eu = probers.start(snapshot_of(seen_at(fake.url("p"), "p", NEVER)))
        await until(lambda: eu.counters.written == 1)
        assert us.counters.total == 0
        assert [r.record.region for r in probers.turns.given] == ["eu"]


async def test_a_latency_interval_leaves_room_for_the_other_regions(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    policy = ProbePolicy(daily_limit=86_400, latency_interval=1, health_interval=NEVER)
    records = (seen_at("http://127.0.0.1:9", "p", probe=policy), model("m"), offering("p", "m"))
    async with crew(postgres, tmp_path) as probers:
        await probers.heard_of("local", "eu", "us")
        probers.start(snapshot_of(*records))
        given = probers.turns.given
        await until(lambda: len(given) >= 2)
        await probers.stop()
        # One second would do for one region.
        assert (given[1].turn.slot - given[0].turn.slot) % 3_000_000 == 0


@pytest.mark.skipif(pgbouncer_program() is None, reason="pgbouncer is not installed")
async def test_it_works_behind_a_pooler(postgres: PostgresServer, tmp_path: Path) -> None:
    program = pgbouncer_program()
    assert program is not None
    async with FakeProvider(PROMPT) as fake, crew(postgres, tmp_path) as probers:
        with pgbouncer(postgres, program) as port:
            pooled = Crew(tmp_path, probers.url.replace(f":{postgres.port}/", f":{port}/"), {})
            snapshot = snapshot_of(seen_at(fake.url("p"), "p", 1))
            crewed = [pooled.start(snapshot) for _ in range(2)]
            await until(lambda: len(pooled.turns.given) >= 2)
            await pooled.stop()
            await pooled.engine.dispose()
        assert sum(p.counters.written for p in crewed) == asked(fake, "p")


async def test_it_survives_a_restart_of_the_database(tmp_path: Path) -> None:
    with postgres_server() as server:
        async with FakeProvider(PROMPT) as fake, crew(server, tmp_path) as probers:
            fake.set("slow", Behaviour(headers_ms=1500))
            await probers.put(due_now("slow"))
            snapshot = snapshot_of(seen_at(fake.url("p"), "p", 1), seen_at(fake.url("slow"), "slow", NEVER))
            with capture_logs() as logs:
                crewed = [probers.start(snapshot) for _ in range(2)]
                await until(lambda: asked(fake, "slow") == 1)
                await asyncio.to_thread(server.stop)
                before = len(probers.turns.given)
                await until(lambda: [line["log_level"] for line in logs].count("warning") >= 2)
                await asyncio.to_thread(server.start)
                await until(lambda: sum(p.counters.queued for p in crewed) == 0)
                # The probe that was under way is kept; the others go on.
                await probers.change("UPDATE probe_plans SET planned_until = 0")
                await until(lambda: len(later(probers, before)) >= 3)
                await probers.stop()
            # Twice where the other prober took it up while the first still had it.
            assert asked(fake, "slow") in {1, 2}
            found = await checks_of(probers)
            assert len(found["slow"]) == 1
            slots = Counter(r.turn for r in probers.turns.given)
            assert len(found["p"]) == sum(turn.key.provider_id == "p" for turn in slots), (
                "none lost or double"
            )
        said = Counter((line["event"], line["log_level"]) for line in logs)
        assert said["the queue of probes does not answer; nothing is probed meanwhile", "warning"] <= 4
        assert said["the queue of probes answers again", "info"] >= 2
        assert not [line for line in logs if line["log_level"] in {"error", "critical"} or "exc_info" in line]


def later(probers: Crew, before: int) -> list[object]:
    """What was recorded since then of the provider that is checked each second."""
    return [r for r in probers.turns.given[before:] if r.turn.key.provider_id == "p"]
