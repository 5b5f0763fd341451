"""The prober at work, over a fake provider on this machine."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from contract.builders import check, measurement, offering, provider
from fixtures.running_prober import (
    HANGS,
    KEY,
    KEYS,
    MODELS,
    QUICK,
    START,
    NotingStore,
    endpoints,
    measured,
    running_prober,
    seen_at,
    settings_of,
    snapshot_of,
    turns,
    until,
)
from openmodels.domain.telemetry import Check, Measurement
from openmodels.fake.behaviour import Behaviour
from openmodels.fake.server import FakeProvider
from openmodels.prober.target import Completion, Probed, Target

pytestmark = pytest.mark.anyio


async def test_it_checks_every_provider_once_in_each_interval() -> None:
    names = [f"p{n}" for n in range(20)]
    async with FakeProvider(QUICK) as fake:
        snapshot = snapshot_of(*(seen_at(fake, name) for name in names))
        async with running_prober(snapshot) as running:
            await running.pass_time(300, step=5)
            assert Counter(c.provider_id for c in running.store.checks) == Counter(names)
            await running.pass_time(300, step=5)
            assert Counter(c.provider_id for c in running.store.checks) == Counter(names * 2)
        one = running.store.checks[0]
        assert (one.outcome, one.status, one.http_status, one.region) == ("ok", "up", 200, "local")
        assert running.store.measurements == []
        assert running.prober.counters.probes == {("health", "ok"): 40}
        assert running.prober.counters.unkeyed == 0
        assert not any(r.key_sent for r in fake.requests())


async def test_it_measures_the_offerings_in_turn() -> None:
    async with FakeProvider(QUICK) as fake:
        settings = settings_of(ENDPOINTS=endpoints(fake, "p"))
        async with running_prober(measured(fake), settings=settings, environ=KEYS) as running:
            await running.pass_time(6 * 900 + 10, step=10)
        models = [m.model_id for m in running.store.measurements]
        assert len(models) == 6
        start = "abc".index(models[0])
        assert models == [*"abcabcabc"[start : start + 6]]
        assert {m.outcome for m in running.store.measurements} == {"ok"}


async def test_a_restart_goes_on_with_the_next_offering() -> None:
    async with FakeProvider(QUICK) as fake:
        settings = settings_of(ENDPOINTS=endpoints(fake, "p"))
        models = []
        for hour in (12, 13, 14):
            start = datetime(2026, 3, 1, hour, 0, tzinfo=UTC)
            async with running_prober(
                measured(fake, latency_interval=3600), settings=settings, environ=KEYS, start=start
            ) as running:
                await running.pass_time(3600, step=60)
            models += [m.model_id for m in running.store.measurements]
        assert sorted(models) == ["a", "b", "c"]


async def test_it_measures_nobody_whose_key_is_missing_until_it_is_there() -> None:
    async with FakeProvider(QUICK) as fake:
        environ: dict[str, str] = {}
        settings = settings_of(ENDPOINTS=endpoints(fake, "p"))
        async with running_prober(measured(fake), settings=settings, environ=environ) as running:
            await running.pass_time(900, step=10)
            assert running.store.measurements == []
            assert running.prober.counters.unkeyed == 1
            assert await running.spending.spending(START.date()) == []
            environ.update(KEYS)
            await running.pass_time(900, step=10)
            assert len(running.store.measurements) == 1


async def test_it_measures_without_a_key_who_wants_none() -> None:
    async with FakeProvider(QUICK) as fake:
        snapshot = snapshot_of(seen_at(fake, auth_type="none"), MODELS[0], offering("p", "a"))
        async with running_prober(snapshot) as running:
            await running.pass_time(900, step=10)
        assert [m.outcome for m in running.store.measurements] == ["ok"]
        assert not any(r.key_sent for r in fake.requests())


async def test_a_provider_that_hangs_keeps_nobody_else_waiting() -> None:
    names = [f"p{n}" for n in range(5)]
    async with FakeProvider(QUICK) as fake:
        fake.set("p0", HANGS)
        snapshot = snapshot_of(*(seen_at(fake, name) for name in names))
        async with running_prober(snapshot, settings=settings_of(PROBE_CONCURRENCY="2")) as running:
            await running.pass_time(900, step=5, stuck=1)
            counted = Counter(c.provider_id for c in running.store.checks)
            assert counted == dict.fromkeys(names[1:], 3)
            assert running.prober.counters.running == 1
            # It holds one place only: its other turns were given up.
            assert fake.counts()["p0"] == 1
            assert running.prober.counters.skipped == 2


async def test_it_says_once_that_all_places_are_held_by_who_hangs() -> None:
    names = [f"p{n}" for n in range(6)]
    async with FakeProvider(HANGS) as fake:
        snapshot = snapshot_of(*(seen_at(fake, name) for name in names))
        with capture_logs() as logs:
            async with running_prober(snapshot, settings=settings_of(PROBE_CONCURRENCY="3")) as running:
                await running.pass_time(1500, step=5, stuck=3)
                assert running.prober.counters.running == 3
                assert sum(fake.counts().values()) == 3
        assert [line["concurrency"] for line in logs if "concurrency" in line] == [3]


async def test_late_turns_are_given_up_once_there_is_a_place_again() -> None:
    names = [f"p{n}" for n in range(6)]
    async with FakeProvider(QUICK) as fake:
        first = ClientThatWaits()
        snapshot = snapshot_of(*(seen_at(fake, name) for name in names))
        settings = settings_of(PROBE_CONCURRENCY="1")
        async with running_prober(snapshot, settings=settings, client=first) as running:
            await running.pass_time(1000, step=5, stuck=1)
            assert first.asked == 1
            first.go.set()
            await running.pass_time(5)
            # Those that were late by more than their interval wait for their next turn: no burst.
            assert running.prober.counters.skipped >= 4
            assert first.asked <= 3
            await running.pass_time(300, step=5)
            assert {c.provider_id for c in running.store.checks} == set(names)


async def test_who_waits_for_a_place_starts_as_soon_as_there_is_one() -> None:
    client = ClientThatWaits()
    snapshot = snapshot_of(*(provider(f"p{n}") for n in range(5)))
    async with running_prober(
        snapshot, settings=settings_of(PROBE_CONCURRENCY="1"), client=client
    ) as running:
        running.clock.advance(seconds=299)
        await turns()
        assert client.asked == 1
        client.go.set()
        # The clock stands still.
        await until(lambda: client.asked >= 4)


async def test_a_new_revision_changes_nobodys_turn_who_stays() -> None:
    async with FakeProvider(QUICK) as fake:
        current = [snapshot_of(*(seen_at(fake, f"p{n}") for n in range(10)))]
        async with running_prober(lambda: current[0]) as running:
            await running.pass_time(100, step=1)
            before = len(running.store.checks)
            current[0] = snapshot_of(*(seen_at(fake, f"p{n}") for n in range(1, 12)), revision="r2")
            running.prober.replan()
            await until(lambda: running.prober.revision == "r2")
            await turns()
            assert len(running.store.checks) == before
            await running.pass_time(200, step=1)
            counted = Counter(c.provider_id for c in running.store.checks)
            assert {counted[f"p{n}"] for n in range(1, 10)} == {1}
            await running.pass_time(100, step=1)
            assert set(Counter(c.provider_id for c in running.store.checks)) >= {"p10", "p11"}
            assert counted["p0"] <= 1


async def test_a_revision_that_cannot_be_planned_changes_nothing() -> None:
    async with FakeProvider(QUICK) as fake:
        snapshots = [snapshot_of(seen_at(fake))]
        with capture_logs() as logs:
            async with running_prober(snapshots.pop) as running:
                running.prober.replan()
                await until(lambda: any("cannot be planned" in line["event"] for line in logs))
                await running.pass_time(300, step=5)
                assert len(running.store.checks) == 1


async def test_a_suspended_machine_wakes_up_without_a_burst() -> None:
    client = ClientThatWaits()
    client.go.set()
    snapshot = snapshot_of(*(provider(f"p{n}") for n in range(300)))
    async with running_prober(snapshot, client=client) as running:
        running.clock.advance(seconds=8 * 3600)
        await turns(2000)
        assert client.asked <= 25
        await running.pass_time(300)
        assert 300 <= client.asked <= 330


async def test_a_clock_that_was_set_back_stops_nothing() -> None:
    async with FakeProvider(QUICK) as fake, running_prober(snapshot_of(seen_at(fake))) as running:
        await running.pass_time(300, step=5)
        with capture_logs() as logs:
            running.clock.advance(seconds=-86_400)
            # Sleepers of a clock that stands still are not woken by setting it back, so it goes on first.
            running.prober.replan()
            await turns()
            await until(lambda: any("set back" in line["event"] for line in logs))
        await running.pass_time(310, step=5)
        assert len(running.store.checks) >= 2


@pytest.mark.parametrize("online", [True, False])
async def test_failures_are_believed_only_while_the_prober_is_online(online: bool) -> None:
    asked = []

    async def reach(url: str) -> bool:
        asked.append(url)
        return online

    async with FakeProvider(QUICK) as fake:
        fake.set("p", Behaviour(headers_ms=0, faults=("hang_up",)))
        fake.set("q", Behaviour(headers_ms=0, faults=("status_503",)))
        settings = settings_of(CONNECTIVITY_TARGETS="https://a.example")
        # Only one of them breaks the connection: what is answered at all is no sign of being offline.
        for name, recorded in (("p", online), ("q", True)):
            asked.clear()
            snapshot = snapshot_of(seen_at(fake, name))
            async with running_prober(snapshot, settings=settings, reach=reach) as running:
                await running.pass_time(300, step=5)
                assert len(running.store.checks) == int(recorded)
                assert running.prober.counters.offline_dropped == int(not recorded)
                assert running.prober.counters.probes.total() == 1
            assert len(asked) == (1 if name == "p" else 0)


async def test_a_provider_that_answers_proves_that_the_prober_is_online_again() -> None:
    async def reach(_url: str) -> bool:
        return False

    async with FakeProvider(QUICK) as fake:
        fake.set("p", Behaviour(headers_ms=0, faults=("hang_up",)))
        settings = settings_of(CONNECTIVITY_TARGETS="https://a.example", ENDPOINTS=endpoints(fake, "house"))
        snapshot = snapshot_of(seen_at(fake), seen_at(fake, "house"))
        async with running_prober(snapshot, settings=settings, reach=reach) as running:
            await running.pass_time(300, step=5)
            # A server in the house proves nothing about the world outside.
            assert running.prober.counters.offline
            fake.set("p", QUICK)
            await running.pass_time(300, step=5)
            assert not running.prober.counters.offline


async def test_it_stops_at_once_and_writes_what_it_knows() -> None:
    async with FakeProvider(QUICK) as fake:
        fake.set("p0", HANGS)
        snapshot = snapshot_of(*(seen_at(fake, f"p{n}") for n in range(4)))
        async with running_prober(snapshot) as running:
            await running.pass_time(299, step=1, stuck=1)
            # One more, of which the recorder has not written anything yet.
            running.prober._recorder.put(check("late", START))
            async with asyncio.timeout(20):  # a bound; the server above would hang for ever
                await running.stop()
        assert running.task.cancelled()
        assert {c.provider_id for c in running.store.checks} == {"p1", "p2", "p3", "late"}
        await fake.until_idle()
        assert fake.connections == 0


async def test_no_key_is_said_anywhere(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY)
    kinds: Sequence[Mapping[str, str]] = ({"P_KEY": KEY}, {"P_KEY_FILE": str(file)}, {"P_KEY": f"{KEY}\nX"})
    async with FakeProvider(QUICK) as fake:
        for faults in ((), ("key_invalid",), ("error_event",), ("hang_up",)):
            fake.set("p", Behaviour(headers_ms=0, key=KEY, faults=faults))
            for environ in kinds:
                with capture_logs() as logs:
                    settings = settings_of(ENDPOINTS=endpoints(fake, "p"))
                    async with running_prober(measured(fake), settings=settings, environ=environ) as running:
                        await running.pass_time(900, step=10)
                    shown = repr((logs, running.store.checks, running.store.measurements))
                    assert KEY not in shown + repr(running.prober.counters)


class ClientThatWaits:
    """Answers well, once it may; for what no server can do: tell the prober's own work from a client's."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked = 0

    async def check(self, target: Target) -> Probed[Check]:
        self.asked += 1
        await self.go.wait()
        return Probed(record=check(target.provider_id, START, http_status=200))

    async def measure(self, target: Target, completion: Completion) -> Probed[Measurement]:
        self.asked += 1
        await self.go.wait()
        return Probed(record=measurement(target.provider_id, completion.model_id, START, http_status=200))


class BrokenClient(ClientThatWaits):
    """Has a fault, and says the key in its error."""

    async def check(self, target: Target) -> Probed[Check]:
        raise RuntimeError(f"{target.provider_id} with {KEY}")

    async def measure(self, target: Target, completion: Completion) -> Probed[Measurement]:
        assert target.key is not None
        raise ValueError(f"{completion.model_id}: illegal header: {target.key.reveal()}")


async def test_a_fault_of_ours_ends_nothing_and_tells_no_key() -> None:
    snapshot = snapshot_of(provider("p", env=("P_KEY",)), MODELS[0], offering("p", "a"))
    with capture_logs() as logs:
        async with running_prober(snapshot, client=BrokenClient(), environ=KEYS) as running:
            await running.pass_time(1800, step=10)
            assert not running.task.done()
        assert running.prober.counters.failed == 8
    faults = [line for line in logs if "fault" in line["event"]]
    assert {(line["kind"], line["error"]) for line in faults} == {
        ("health", "RuntimeError"),
        ("latency", "ValueError"),
    }
    assert all("test_runner.py:" in line["place"] for line in faults)
    assert KEY not in repr(logs)


async def test_ten_thousand_providers_cost_the_prober_next_to_nothing() -> None:
    client = ClientThatWaits()
    client.go.set()
    store = NotingStore()
    snapshot = snapshot_of(*(provider(f"p{n}") for n in range(10_000)))
    async with running_prober(snapshot, client=client, store=store) as running:
        await turns()
        started = time.process_time()
        for _ in range(3000):
            running.clock.advance(seconds=0.1)
            await turns(6)
        spent = time.process_time() - started
        await running.pass_time(2)
        assert client.asked >= 9_900
        assert len(store.checks) >= 9_900
        assert max(store.batches) < 200
    # 0.2 ms for each probe are the aim; the bound is wide, since the machine may have other work.
    assert spent / client.asked < 0.002
