"""How a provider is probed, from its file and the settings."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from openmodels.domain.policy import Policy, effective_policy
from openmodels.domain.records import ProbePolicy

DEFAULTS = Policy(
    health_interval=300, latency_interval=900, daily_limit=96, daily_budget=Decimal("0.50"), timeout=30
)


def test_it_goes_by_the_settings_where_the_file_says_nothing() -> None:
    assert effective_policy(None, DEFAULTS) == DEFAULTS
    assert effective_policy(ProbePolicy(), DEFAULTS) == DEFAULTS


def test_it_takes_a_limit_and_a_budget_of_nothing_at_their_word() -> None:
    policy = effective_policy(ProbePolicy(daily_limit=0, daily_budget=Decimal(0)), DEFAULTS)
    assert (policy.daily_limit, policy.daily_budget) == (0, Decimal(0))


def test_it_can_be_switched_off_by_the_file() -> None:
    assert not effective_policy(ProbePolicy(enabled=False), DEFAULTS).enabled


own_fields: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "enabled": st.booleans(),
        "style": st.just("openai-responses"),
        "health_path": st.just("/health"),
        "health_interval": st.integers(10, 86_400),
        "latency_interval": st.integers(10, 86_400),
        "daily_limit": st.integers(0, 10_000),
        "daily_budget": st.decimals(0, 100, places=2),
        "timeout": st.integers(1, 300),
    },
)


@given(own_fields)
@settings(deadline=None)
def test_it_takes_from_the_file_what_it_says_and_the_rest_from_the_settings(fields: dict[str, Any]) -> None:
    policy = effective_policy(ProbePolicy(**fields), DEFAULTS)
    assert asdict(policy) == asdict(DEFAULTS) | fields
