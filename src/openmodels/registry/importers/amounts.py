"""Prices as several sources give them: what a 0 means, tiers, and how they become observations."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from openmodels.domain.observation import Subject
from openmodels.registry.importers.gather import Gathering, shown

TIER_PRICES = (
    "input_per_million",
    "output_per_million",
    "cache_read_per_million",
    "cache_write_per_million",
)
"""What a tier of ours holds."""
Tier = Mapping[str, int | Decimal]
MAX_PER_MILLION = 1000
"""No model costs more; where one seems to, a price per thousand tokens was taken for one per token."""
ZERO = "a price of 0 that nothing else says is free"

_EXTRAS = ("cache_read_per_million", "cache_write_per_million", "reasoning_per_million")
_SAYS_FREE = re.compile(r"(?<![a-z0-9])free(?![a-z0-9])")


def says_free(*words: object) -> bool:
    """Whether one of these names has the word free in it: ``:free``, ``-free``, ``(free)``."""
    return any(isinstance(word, str) and _SAYS_FREE.search(word.lower()) for word in words)


def all_zero(prices: Mapping[str, Decimal]) -> bool:
    """Whether there are prices, and every one is 0."""
    return bool(prices) and not any(prices.values())


def known(prices: Mapping[str, Decimal], *, output_may_be_free: bool = False) -> dict[str, Decimal]:
    """The prices without those that say nothing.

    Where something is charged, the other zeros stand for "no such price": a cache or reasoning without a
    price of its own, tokens that are charged by another unit. Only what answers with no text
    (``output_may_be_free``: embeddings, rankings) charges truly nothing for its output. A price of
    reasoning that equals that of output is none of its own either.
    """
    found = dict(prices)
    if any(found.values()):
        silent = [*_EXTRAS, "input_per_million", "input_audio_per_million", "output_audio_per_million"]
        silent += [] if output_may_be_free else ["output_per_million"]
        found = {field: price for field, price in found.items() if price or field not in silent}
    if found.get("reasoning_per_million") == found.get("output_per_million"):
        found.pop("reasoning_per_million", None)
    return found


def tiers_of(steps: Mapping[int, Mapping[str, Decimal]], plain: Mapping[str, Decimal]) -> tuple[Tier, ...]:
    """Tiers in ascending order, from prices by the length of prompt above which they hold.

    Of these, those are taken that have a ``plain`` price, which holds below the first tier: that something
    is charged for long prompts only is more likely an oversight of the source.
    """
    found: list[Tier] = []
    prices: dict[str, Decimal] = {}
    for above in sorted(steps):
        # What changes at one length goes on to hold above the next.
        prices |= known(steps[above])
        held = {field: prices[field] for field in TIER_PRICES if field in prices and field in plain}
        if held:
            found.append({"above_tokens": above, **held})
    return tuple(found)


def say_pricing(
    into: Gathering, subject: Subject, prices: Mapping[str, Decimal], tiers: Sequence[Tier] = ()
) -> None:
    """Observe prices in US dollars, by our names of the dimensions; none where one is of another unit."""
    if not prices:
        return
    if any(amount > MAX_PER_MILLION for field, amount in prices.items() if field.endswith("_per_million")):
        why = f"prices above {MAX_PER_MILLION} dollars per million tokens, which must be of another unit"
        into.leave_out(why, shown(subject))
        return
    into.say(subject, "pricing.currency", "USD")
    for field, amount in prices.items():
        into.say(subject, f"pricing.{field}", amount)
    if tiers:
        into.say(subject, "pricing.tiers", tuple(tiers))
