"""What a latency probe costs: an estimate before it, the bill after it.

Amounts are whole billionths of a currency's unit, so that sums are exact and small enough for 64 bits. What
is not known is never taken to be cheap: the ledger may count too much, but not too little.
"""

import math
from decimal import Decimal
from fractions import Fraction

from openmodels.domain.records import MAX_TOKENS, Pricing
from openmodels.domain.telemetry import Measurement

NANO = 10**9
"""How many of the ledger's units make one of the currency's."""
MAX_NANO = 9 * 10**14
"""The most that one probe is booked with: 900,000 of the currency. The 10,000 probes that a day may have then
still add up to less than 2**63, whatever prices a file and whatever usage a provider claims."""
CAUTIOUS_INPUT = Decimal(15)
"""Taken per million input tokens where the price is not known, in whatever currency. Claude Opus 4 cost 15
USD in and 75 USD out, the dearest widely used model of its time; most models cost a tenth of that or
less."""
CAUTIOUS_OUTPUT = Decimal(75)
"""The same per million output tokens."""

GATEWAY_TIMEOUTS = frozenset({408, 504, 524})
"""Errors by which somebody on the way says that he gave up waiting; the model may have worked on."""


def to_nano(amount: Decimal) -> int:
    """An amount of the currency in the ledger's units, rounded down: a budget is not stretched."""
    return math.floor(Fraction(amount) * NANO)


def from_nano(nano: int) -> Decimal:
    """An amount of the ledger in the currency, exactly."""
    return Decimal(nano).scaleb(-9)


def cost(pricing: Pricing, *, input_tokens: int, output_tokens: int, reasoning: bool) -> int:
    """What so many tokens cost in nano-units, rounded up; reasoning tokens are among ``output_tokens``.

    A price that is not known is taken as ``CAUTIOUS_INPUT`` or ``CAUTIOUS_OUTPUT``. How many of the tokens
    are reasoning is not told, so where those have a price of their own, the higher of the two holds for
    all.
    """
    price_in = CAUTIOUS_INPUT if pricing.input_per_million is None else pricing.input_per_million
    price_out = CAUTIOUS_OUTPUT if pricing.output_per_million is None else pricing.output_per_million
    if reasoning and pricing.reasoning_per_million is not None:
        price_out = max(price_out, pricing.reasoning_per_million)
    per_million = Fraction(price_in) * _bounded(input_tokens) + Fraction(price_out) * _bounded(output_tokens)
    return min(MAX_NANO, math.ceil(per_million * NANO / 1_000_000))


def bill(
    measurement: Measurement, pricing: Pricing, *, estimate: int, input_tokens: int, reasoning: bool
) -> int:
    """What a probe cost in nano-units, by its provider's own count of tokens.

    A probe that was answered with an error costs nothing, for providers bill completions. Without the
    provider's count, the ``estimate`` stands; where it counts the output only, ``input_tokens`` is what the
    estimate took for the input.
    """
    if measurement.output_tokens is not None and not measurement.tokens_estimated:
        told = measurement.input_tokens
        return cost(
            pricing,
            input_tokens=input_tokens if told is None else told,
            output_tokens=measurement.output_tokens,
            reasoning=reasoning,
        )
    return 0 if _refused(measurement) else estimate


def _refused(measurement: Measurement) -> bool:
    """Whether no model can have worked on the request."""
    if measurement.http_status is not None:
        return measurement.http_status >= 400 and measurement.http_status not in GATEWAY_TIMEOUTS
    # A connection that broke after it was made may have carried the request.
    never_connected = measurement.outcome == "network" and measurement.connect_ms is None
    return measurement.outcome == "blocked" or never_connected


def _bounded(tokens: int) -> int:
    return max(0, min(tokens, MAX_TOKENS))
