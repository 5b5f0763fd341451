"""From checks and measurements to alerts, over the real stores of both kinds."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from contract.builders import AT, check, measurement, minutes, settings_in
from fixtures.news import Inbox
from openmodels.clock import SettableClock
from openmodels.jobs.alerts import Dispatcher, Origin
from openmodels.jobs.degradation import evaluate
from openmodels.opening import open_stores
from openmodels.store.alert_ports import AlertStore
from openmodels.store.alerts import SqlAlertStore
from openmodels.store.memory import MemoryTelemetryStore
from openmodels.store.memory_alerts import MemoryAlertStore
from openmodels.store.ports import TelemetryStore

pytestmark = pytest.mark.anyio


class Scene:
    """Stores, a clock that the checks move, and a dispatcher with one destination."""

    def __init__(self, telemetry: TelemetryStore, alerts: AlertStore) -> None:
        self.telemetry = telemetry
        self.clock = SettableClock(AT)
        self.inbox = Inbox()
        self.dispatcher = Dispatcher(
            telemetry,
            alerts,
            {"inbox": self.inbox},
            self.clock,
            reminder=timedelta(minutes=20),
            origin=Origin(names=str.title, base_url="http://om.example", region="eu"),
        )

    async def checks(self, *statuses: str) -> None:
        """A check every five minutes, and a look after each."""
        for status in statuses:
            self.clock.advance(seconds=300)
            await self.telemetry.record([check("p", self.clock.now(), status)])
            await self.dispatcher.run_once()

    async def judged(self) -> None:
        """An evaluation of the answers so far, and a look after it."""
        await evaluate(self.telemetry, self.clock.now(), ["p"])
        await self.dispatcher.run_once()


@pytest.fixture(params=["memory", "sqlite"])
async def scene(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncIterator[Scene]:
    if request.param == "memory":
        yield Scene(MemoryTelemetryStore(), MemoryAlertStore())
        return
    async with open_stores(settings_in(tmp_path)) as stores:
        yield Scene(stores.telemetry, SqlAlertStore(stores.engine))


async def test_it_tells_down_reminds_and_tells_up(scene: Scene) -> None:
    await scene.checks("up", "up", "down", "down")
    assert scene.inbox.told() == []
    await scene.checks("down")
    await scene.checks(*["down"] * 4)
    await scene.checks("up", "up", "up")
    assert scene.inbox.told() == [("p", "provider.down"), ("p", "provider.reminder"), ("p", "provider.up")]
    down, reminder, up = scene.inbox.taken
    assert (down.at, down.incident_started_at) == (AT + minutes(25), AT + minutes(15))
    assert down.reason == "down: 3 checks in a row failed (timeout)"
    assert reminder.at == AT + minutes(45)
    assert {reminder.incident_started_at, up.incident_started_at} == {AT + minutes(15)}


async def test_it_tells_of_degraded_answers_and_of_their_end(scene: Scene) -> None:
    await scene.checks("up", "up")
    failing = [
        measurement("p", "m", AT + minutes(n), outcome="server_error", time_to_first_token_ms=None)
        for n in (1, 3, 5, 7)
    ]
    await scene.telemetry.record(measurements=failing)
    await scene.judged()
    await scene.judged()
    assert scene.inbox.told() == [("p", "provider.degraded")]
    assert "0 % of 4 answers in the last hour were good, under 90 %" in scene.inbox.taken[0].reason
    scene.clock.advance(seconds=3600)
    await scene.judged()
    assert scene.inbox.told()[1:] == [("p", "provider.up")]


async def test_it_tells_of_answers_that_come_late(scene: Scene) -> None:
    await scene.checks("up", "up")
    usual = [measurement("p", "m", AT - minutes(60 * n), time_to_first_token_ms=200.0) for n in range(2, 102)]
    late = [measurement("p", "m", AT + minutes(n), time_to_first_token_ms=900.0) for n in (1, 5, 9)]
    await scene.telemetry.record(measurements=[*usual, *late])
    await scene.judged()
    assert scene.inbox.told() == [("p", "provider.degraded")]
    assert "900 ms in the last hour, over 3 × the 200 ms of the last 7 days" in scene.inbox.taken[0].reason
