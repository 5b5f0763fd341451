"""The evaluation of providers' answers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from contract.builders import AT, measurement, minutes
from openmodels.domain.standing import KeptStatus, Standing, Transition, judge
from openmodels.domain.telemetry import LatencySummary, Measurement, summarise_measurements
from openmodels.jobs.degradation import evaluate

pytestmark = pytest.mark.anyio


class Kept:
    """The part of a telemetry store that an evaluation needs."""

    def __init__(self, measurements: Sequence[Measurement], **standings: KeptStatus) -> None:
        self.measurements = list(measurements)
        self.kept = {name: Standing(status=status) for name, status in standings.items()}
        self.judged: list[str] = []

    async def standings(self) -> Mapping[str, Standing]:
        return self.kept

    async def latency(
        self,
        provider_id: str,
        *,
        since: datetime,
        regions: Collection[str],
        model_ids: Collection[str],
        limit: int,
    ) -> LatencySummary:
        assert not regions
        assert not model_ids
        found = [m for m in self.measurements if m.provider_id == provider_id and m.measured_at >= since]
        newest = sorted(found, key=lambda m: m.measured_at, reverse=True)
        return LatencySummary(timings=summarise_measurements(found), measurements=tuple(newest[:limit]))

    async def judge(self, provider_id: str, trouble: str, at: datetime) -> Transition | None:
        self.judged.append(provider_id)
        self.kept[provider_id], transition = judge(self.kept[provider_id], provider_id, trouble, at)
        return transition


def made(outcome: str, *ages: float, provider_id: str = "p", ttft: float = 100.0) -> list[Measurement]:
    """Measurements of that many minutes ago."""
    return [
        measurement(provider_id, "m", AT - minutes(age), outcome=outcome, time_to_first_token_ms=ttft)
        for age in ages
    ]


async def changes(store: Kept, *names: str) -> list[tuple[str, str, str]]:
    found = await evaluate(store, AT, names or ("p",))
    return [(one.provider_id, one.after, one.reason) for one in found]


async def test_it_degrades_a_provider_whose_answers_fail_and_lets_it_recover() -> None:
    store = Kept(made("ok", 40, 50, 60) + made("timeout", 10, 20), p="up")
    reason = "degraded: 60 % of 5 answers in the last hour were good, under 90 %"
    assert await changes(store) == [("p", "degraded", reason)]
    assert await changes(store) == []
    store.measurements += made("ok", *range(20))
    store.measurements = [m for m in store.measurements if m.outcome == "ok"]
    assert await changes(store) == [("p", "up", "answers are as they should be again")]


async def test_it_forgets_what_is_older_than_an_hour() -> None:
    store = Kept(made("timeout", 61, 62, 63, 64) + made("ok", 10, 20, 30), p="up")
    assert await changes(store) == []


async def test_it_compares_the_hour_with_the_week() -> None:
    usual = made("ok", *range(120, 520, 20), ttft=100.0)
    late = made("ok", 10, 20, 30, ttft=1000.0)
    assert await changes(Kept(late, p="up")) == []
    ((_, after, reason),) = await changes(Kept(usual * 4 + late, p="up"))
    assert after == "degraded"
    assert "over 3 × the 100 ms of the last 7 days" in reason
    old = made("ok", *(7 * 24 * 60 + n for n in range(1, 90)), ttft=100.0)
    assert await changes(Kept(old + late, p="up")) == []


@pytest.mark.parametrize("status", ["down", "unknown"])
async def test_it_judges_only_what_is_up_or_degraded(status: KeptStatus) -> None:
    store = Kept(made("timeout", 1, 2, 3, 4), p=status)
    assert await changes(store, "p", "never-checked") == []
    assert store.judged == []


async def test_it_writes_only_where_something_may_change() -> None:
    store = Kept(made("ok", 1, 2, 3), p="up", q="up")
    assert await changes(store, "p", "q") == []
    assert store.judged == []


async def test_a_degraded_provider_without_measurements_is_up_again_even_when_not_asked_for() -> None:
    store = Kept([], gone="degraded")
    assert [one[:2] for one in await changes(store, "p")] == [("gone", "up")]


async def test_it_looks_at_an_hour_exactly() -> None:
    edge = made("timeout", 60, 60, 60)
    assert len(await changes(Kept(edge, p="up"))) == 1
    before = [measurement("p", "m", AT - timedelta(hours=1, microseconds=1), outcome="timeout")] * 3
    assert await changes(Kept(before, p="up")) == []
