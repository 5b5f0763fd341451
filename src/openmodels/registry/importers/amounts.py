"""Prices as several sources give them: what a 0 means, tiers, and how they become observations."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from openmodels.domain.observation import Subject
from openmodels.domain.pricing import TIER_PRICES, WHOLES
from openmodels.registry.importers.gather import Gathering

Tier = Mapping[str, int | Decimal]
MAX_PER_MILLION = 1000
"""No model costs more; where one seems to, a price per thousand tokens was taken for one per token."""
MAX_WITHOUT_TEXT = 10
"""No model that answers with no text, but with vectors or ranks, costs more per million tokens."""
ZERO = "a price of 0 that nothing else says is free"

_REASONING, _OUTPUT = "reasoning_per_million", "output_per_million"
_EXTRAS = ("cache_read_per_million", "cache_write_per_million", _REASONING)
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
    found = _charged(prices, output_may_be_free=output_may_be_free)
    if found.get(_REASONING) == found.get(_OUTPUT):
        found.pop(_REASONING, None)
    return found


def _charged(prices: Mapping[str, Decimal], *, output_may_be_free: bool = False) -> dict[str, Decimal]:
    if not any(prices.values()):
        return dict(prices)
    silent = [*_EXTRAS, "input_per_million", "input_audio_per_million", "output_audio_per_million"]
    silent += [] if output_may_be_free else [_OUTPUT]
    return {field: price for field, price in prices.items() if price or field not in silent}


def tiers_of(steps: Mapping[int, Mapping[str, Decimal]], plain: Mapping[str, Decimal]) -> tuple[Tier, ...]:
    """Tiers in ascending order, from prices by the length of prompt above which they hold.

    Of these, those are taken that have a ``plain`` price, which holds below the first tier: that something
    is charged for long prompts only is more likely an oversight of the source. Reasoning that has no price
    of its own below the first tier, where it is charged as output, may have one above.
    """
    found: list[dict[str, int | Decimal]] = []
    prices: dict[str, Decimal] = {}
    for above in sorted(steps):
        step = _charged(steps[above])
        for part, whole in WHOLES.items():
            # Where the whole changes and nothing is said of its part, nobody knows what that costs.
            if whole in step and step[whole] != prices.get(whole):
                prices.pop(part, None)
        # What changes at one length goes on to hold above the next.
        prices |= step
        below = {*plain, _REASONING} if _OUTPUT in plain else set(plain)
        held = {field: prices[field] for field in TIER_PRICES if field in prices and field in below}
        if held:
            found.append({"above_tokens": above, **held})
    if _REASONING not in plain and all(
        tier.get(_REASONING) in (None, tier.get(_OUTPUT, plain.get(_OUTPUT))) for tier in found
    ):
        found = [{field: price for field, price in tier.items() if field != _REASONING} for tier in found]
    return tuple(tier for tier in found if len(tier) > 1)


def say_pricing(
    into: Gathering,
    subject: Subject,
    prices: Mapping[str, Decimal],
    tiers: Sequence[Tier] = (),
    *,
    with_text: bool = True,
) -> None:
    """Observe prices in US dollars, by our names of the dimensions; none where one is of another unit.

    ``with_text`` is whether the model answers with text, or speech, or an image.
    """
    if not prices:
        return
    most = MAX_PER_MILLION if with_text else MAX_WITHOUT_TEXT
    every = [pair for part in (prices, *tiers) for pair in part.items()]
    if any(amount > most for field, amount in every if field.endswith("_per_million")):
        of_what = "" if with_text else " of vectors or ranks"
        why = f"prices above {most} dollars per million tokens{of_what}, which must be of another unit"
        into.unusable(why, subject, "pricing")
        return
    into.say(subject, "pricing.currency", "USD")
    for field, amount in prices.items():
        into.say(subject, f"pricing.{field}", amount)
    if tiers:
        into.say(subject, "pricing.tiers", tuple(tiers))
