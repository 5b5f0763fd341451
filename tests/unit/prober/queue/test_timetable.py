"""Which turns are due when, over a queue."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.builders import model, offering, provider
from fixtures.queued import snapshot_of
from fixtures.running_prober import settings_of
from openmodels.domain.records import ProbePolicy
from openmodels.prober.plan import make_plan
from openmodels.prober.queue.timetable import Timetable, intervals_for
from openmodels.prober.schedule import Job, phase
from openmodels.prober.style import load_styles

NOW = 1_800_000_000.0
jobs = st.dictionaries(
    st.builds(Job, st.sampled_from([f"p{n}" for n in range(9)]), st.sampled_from(["health", "latency"])),
    st.integers(10, 900),
    max_size=12,
)


@given(jobs, st.lists(st.floats(0.1, 8), min_size=1, max_size=40), st.sampled_from(["eu", "us"]))
def test_each_turn_is_planned_once_however_often_is_planned(
    intervals: dict[Job, int], steps: list[float], region: str
) -> None:
    timetable = Timetable(intervals, region)
    planned: list[tuple[Job, int]] = []
    now, after = NOW, NOW + 10
    for step in steps:
        now += step
        turns = timetable.turns(after, now + 10, now=now)
        after = now + 10
        planned += [(turn.job, turn.number) for turn in turns]
        assert all(turn.start == turn.due > now for turn in turns)
    expected = {
        (job, number)
        for job, interval in intervals.items()
        for number in range(int(NOW // interval) - 1, int(after // interval) + 1)
        if NOW + 10 < phase(job, interval, region) + number * interval <= after
    }
    assert Counter(planned) == Counter(expected)


@given(jobs, st.floats(0, 100_000))
def test_after_a_pause_only_the_newest_turn_of_each_counts(intervals: dict[Job, int], pause: float) -> None:
    turns = Timetable(intervals, "eu").turns(NOW - pause, NOW + 10, now=NOW)
    past = [turn for turn in turns if turn.due <= NOW]
    assert max(Counter(turn.job for turn in past).values(), default=1) == 1
    assert all(NOW - turn.due < turn.interval for turn in past)
    assert all(turn.due > NOW - pause for turn in past)


def test_a_pause_does_not_end_in_a_burst() -> None:
    intervals = {Job(f"p{n}", "health"): 300 for n in range(10_000)}
    past = [t for t in Timetable(intervals, "eu").turns(0, NOW + 10, now=NOW) if t.due <= NOW]
    # Three times as many as are due in a second on average, and no further ahead than is planned.
    in_each_second = Counter(int(turn.start - NOW) for turn in past)
    assert sorted(in_each_second) == list(range(10))
    assert set(in_each_second.values()) <= {100, 101}
    assert [turn.due for turn in past] == sorted(turn.due for turn in past), "who is soonest too late"


def test_regions_share_the_daily_limit() -> None:
    settings = settings_of()
    snapshot = snapshot_of(
        provider("plain", auth_type="none"),
        provider("rare", auth_type="none", probe=ProbePolicy(latency_interval=7200)),
        provider("few", auth_type="none", probe=ProbePolicy(daily_limit=10)),
        model("m"),
        *(offering(name, "m") for name in ("plain", "rare", "few")),
    )
    plan = make_plan(snapshot, settings, load_styles())
    intervals = {regions: intervals_for(plan, regions) for regions in (1, 2, 3)}
    assert [intervals[r][Job("plain", "latency")] for r in (1, 2, 3)] == [900, 1800, 2700]
    assert [intervals[r][Job("rare", "latency")] for r in (1, 2, 3)] == [7200, 7200, 7200]
    assert [intervals[r][Job("few", "latency")] for r in (1, 2, 3)] == [8640, 17280, 25920]
    assert {intervals[r][Job("plain", "health")] for r in (1, 2, 3)} == {300}


@pytest.mark.parametrize("limit", [1, 7, 96, 10_000])
def test_so_many_regions_never_plan_more_than_the_limit(limit: int) -> None:
    policy = ProbePolicy(daily_limit=limit, latency_interval=10)
    snapshot = snapshot_of(provider("p", auth_type="none", probe=policy), model("m"), offering("p", "m"))
    plan = make_plan(snapshot, settings_of(), load_styles())
    for regions in range(1, 30):
        interval = intervals_for(plan, regions)[Job("p", "latency")]
        assert regions * 86_400 / interval <= limit + 1e-9
