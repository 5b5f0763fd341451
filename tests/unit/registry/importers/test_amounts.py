"""Tiers, from prices by the length of prompt above which they hold."""

from decimal import Decimal
from typing import Any

import pytest

from openmodels.registry.importers.amounts import tiers_of

IN, OUT, THINK = "input_per_million", "output_per_million", "reasoning_per_million"


def tiers(plain: dict[str, int], **steps: dict[str, int]) -> list[dict[str, Any]]:
    """The tiers of these steps, each named by its threshold."""
    by_length = {int(name[1:]): {f: Decimal(p) for f, p in step.items()} for name, step in steps.items()}
    return [dict(tier) for tier in tiers_of(by_length, {f: Decimal(p) for f, p in plain.items()})]


@pytest.mark.parametrize("own", [True, False])
def test_reasoning_at_the_price_of_output_is_said_only_where_it_has_one_of_its_own(own: bool) -> None:
    plain = {IN: 1, OUT: 2, **({THINK: 3} if own else {})}
    (tier,) = tiers(plain, _9={OUT: 4, THINK: 4})
    assert tier == {"above_tokens": 9, OUT: 4, **({THINK: 4} if own else {})}


def test_reasoning_may_get_a_price_of_its_own_above_a_length() -> None:
    found = tiers({IN: 1, OUT: 2}, _5={OUT: 4, THINK: 4}, _9={OUT: 4, THINK: 9})
    assert [tier[THINK] for tier in found] == [4, 9]
    assert tiers({IN: 1}, _5={IN: 2, THINK: 4}) == [{"above_tokens": 5, IN: 2}]


def test_a_part_does_not_go_on_where_the_whole_changes() -> None:
    found = tiers({IN: 1, OUT: 2, THINK: 3}, _5={OUT: 4, THINK: 6}, _7={IN: 2}, _9={OUT: 5})
    assert [tier.get(THINK) for tier in found] == [6, 6, None]


def test_a_tier_that_says_nothing_is_none() -> None:
    assert tiers({IN: 1}, _5={OUT: 4}) == []
    assert tiers({OUT: 4}, _5={THINK: 4}) == []
