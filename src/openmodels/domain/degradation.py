"""When a provider that is up is degraded: its answers fail, or they come much later than they used to.

Pure. ``docs/alerts.md`` gives the rule in words.
"""

import math
from collections.abc import Sequence

from openmodels.domain.telemetry import KEY_OUTCOMES, Measurement, Timings

SUCCESS_FLOOR = 90
"""How many of a hundred answers must be good; under it, a provider is degraded."""
SLOWER_BY = 3.0
"""How many times its usual 95th percentile of the time to first token makes a provider degraded."""
MIN_TELLING = 3
"""Measurements that the hour must have, and good answers for its time to first token."""
MIN_BASELINE = 20
"""Good answers that the seven days must have, before anything can be slower than usual."""
MIN_WITNESSES = 2
"""How many measurements must show it: of four in an hour, which is how many are made by default, a single bad
one would be a quarter. One stray answer changes nothing."""


def trouble_in(hour: Sequence[Measurement], week: Timings) -> str:
    """What is wrong with a provider's answers, in words; empty when nothing is.

    ``hour`` holds its measurements of the last hour, ``week`` sums up its last seven days. More failures
    never make it better.
    """
    telling = [m for m in hour if m.outcome not in KEY_OUTCOMES]
    good = [m for m in telling if m.outcome == "ok"]
    failed = len(telling) - len(good)
    enough = len(telling) >= MIN_TELLING and failed >= MIN_WITNESSES
    if enough and 100 * len(good) < SUCCESS_FLOOR * len(telling):
        # Rounded down: 89.96 % must not read as 90 %.
        percent = math.floor(1000 * len(good) / len(telling)) / 10
        return f"{percent:g} % of {len(telling)} answers in the last hour were good, under {SUCCESS_FLOOR} %"
    return _lateness(good, week)


def nearest_rank(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0..1) of the values lie, by nearest rank (Hyndman and Fan, type 1).

    Of however few values: of fewer than 20, the 95th percentile is the largest. Raises ``ValueError`` for
    none.
    """
    if not values:
        raise ValueError("of no values, no rank is the nearest")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _lateness(good: Sequence[Measurement], week: Timings) -> str:
    times = [m.time_to_first_token_ms for m in good if m.time_to_first_token_ms is not None]
    usual = week.p95_ttft_ms
    if len(times) < MIN_TELLING or usual is None or week.samples < MIN_BASELINE:
        return ""
    bound = SLOWER_BY * usual
    now = nearest_rank(times, 0.95)
    if now <= bound or sum(time > bound for time in times) < MIN_WITNESSES:
        return ""
    return (
        f"p95 of the time to first token was {now:,.0f} ms in the last hour, "
        f"over {SLOWER_BY:g} × the {usual:,.0f} ms of the last 7 days"
    )
