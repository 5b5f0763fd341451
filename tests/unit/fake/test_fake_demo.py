"""The personalities of the demo."""

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels.clock import SettableClock
from openmodels.fake.demo import DAY, demo_behaviour, demo_personality, is_flaky
from openmodels.fake.fields import behaviour_from, shown_behaviour

PERSONAS = [f"provider-{number}" for number in range(500)]


@given(persona=st.text(), seed=st.integers(), minute=st.integers(0, 100_000_000))
def test_it_is_the_same_every_time_and_always_allowed(persona: str, seed: int, minute: int) -> None:
    behaviour = demo_behaviour(persona, seed, minute)
    assert behaviour == demo_behaviour(persona, seed, minute)
    assert behaviour_from(shown_behaviour(behaviour), behaviour) == behaviour


def test_it_gives_a_plausible_spread() -> None:
    behaviours = [demo_behaviour(persona, 0) for persona in PERSONAS]
    healthy = [one for one in behaviours if one.failure_rate < 0.1]
    assert len(healthy) > 450
    assert all(50 <= one.ttft_ms <= 2100 and 14 <= one.tokens_per_second <= 340 for one in healthy)
    assert min(one.ttft_ms for one in healthy) < 150
    assert max(one.ttft_ms for one in healthy) > 1000
    assert 0.2 < sum(one.reasoning_tokens > 0 for one in behaviours) / len(PERSONAS) < 0.4
    assert 2 <= sum(is_flaky(persona, 0) for persona in PERSONAS) <= 25


def down_share(persona: str, minutes: range) -> float:
    down = sum(demo_behaviour(persona, 0, minute).failure_rate == 1 for minute in minutes)
    return down / len(minutes)


def test_it_takes_the_flaky_ones_down_often_and_the_others_seldom() -> None:
    flaky = next(persona for persona in PERSONAS if is_flaky(persona, 0))
    steady = [persona for persona in PERSONAS[:20] if not is_flaky(persona, 0)]
    assert 0.1 < down_share(flaky, range(0, 30 * DAY, 7)) < 0.4
    shares = [down_share(persona, range(0, 30 * DAY, 7)) for persona in steady]
    assert max(shares) < 0.02


def test_it_takes_the_health_down_with_the_rest() -> None:
    flaky = next(persona for persona in PERSONAS if is_flaky(persona, 0))
    states = {demo_behaviour(flaky, 0, minute).fails for minute in range(3 * DAY)}
    assert states == {"all", "completions"}


def test_it_changes_slowly() -> None:
    persona = next(persona for persona in PERSONAS if not is_flaky(persona, 0))
    times = [demo_behaviour(persona, 0, minute).ttft_ms for minute in range(600)]
    assert max(times) > 1.3 * min(times)
    assert all(0.95 < after / before < 1.05 for before, after in itertools.pairwise(times))


@pytest.mark.parametrize("persona", PERSONAS[:3])
def test_it_follows_the_clock(persona: str) -> None:
    clock = SettableClock(datetime(2026, 3, 1, 12, 0, tzinfo=UTC))
    personality = demo_personality(7, clock)
    minute = int(clock.unix() // 60)
    assert personality(persona) == demo_behaviour(persona, 7, minute)
    clock.advance(seconds=3600)
    assert personality(persona) == demo_behaviour(persona, 7, minute + 60)
