"""Personalities for the demo: every persona its own, the same in every run, and alive.

All of it is a pure function of the persona's name, a seed and the minute.
"""

import hashlib
import math
from collections.abc import Callable

from openmodels.clock import Clock
from openmodels.fake.behaviour import Behaviour, Fault

FLAKY_SHARE = 0.02
"""The share of personas that are often down or degraded."""
REASONING_SHARE = 0.3
"""The share of personas that think before they answer."""
STATES_MINUTES = 17
"""How long, in minutes, a flaky persona stays as it is."""
OUTAGE_SHARE = 0.02
"""The share of its days on which any other persona has an outage."""
DAY = 24 * 60

_HICCUPS: tuple[Fault, ...] = ("status_500", "status_503", "status_429", "cut", "error_event", "empty")
_OUTAGES: tuple[Fault, ...] = ("status_503", "hang_up", "status_500")


def demo_behaviour(persona: str, seed: int, minute: int = 0) -> Behaviour:
    """How the persona behaves in that minute, counted from any fixed moment.

    First tokens come after 80 to 1500 ms, 20 to 250 tokens follow per second; both swing slowly, in waves of
    2 to 8 hours. One answer in 100 to 25 fails. Two personas in a hundred are flaky: down a quarter of the
    time, slow and failing another quarter. The others are down for 10 to 60 minutes on one day in 50.
    """
    fast = _share(persona, seed, "ttft")
    ttft = 80 * (1500 / 80) ** fast
    rate = 20 * (250 / 20) ** _share(persona, seed, "rate")
    wave = _wave(persona, seed, minute)
    thinks = _share(persona, seed, "reasoning") < REASONING_SHARE
    hiccups = 0.01 + 0.03 * _share(persona, seed, "failures")
    state = _state(persona, seed, minute)
    faults: tuple[Fault, ...] = _HICCUPS
    if state == "degraded":
        ttft, rate, hiccups = ttft * 4, rate / 3, 0.3
    elif state == "down":
        first = int(_share(persona, seed, "outage") * len(_OUTAGES))
        faults, hiccups = (_OUTAGES[first],), 1.0
    return Behaviour(
        headers_ms=min(ttft, 30 + 120 * _share(persona, seed, "headers")),
        ttft_ms=ttft * wave,
        tokens_per_second=rate / wave,
        output_tokens=8 + int(24 * _share(persona, seed, "tokens")),
        reasoning_tokens=10 + int(60 * _share(persona, seed, "thoughts")) if thinks else 0,
        jitter=0.05 + 0.2 * _share(persona, seed, "jitter"),
        empty_frames=int(2 * _share(persona, seed, "empty")),
        keepalive_ms=500 if _share(persona, seed, "comments") < 0.2 else 0,
        faults=faults,
        failure_rate=hiccups,
        # Now and then an answer fails; the list of models fails when the provider is down.
        fails="all" if state == "down" else "completions",
    )


def demo_personality(seed: int, clock: Clock) -> Callable[[str], Behaviour]:
    """How any persona behaves now: for ``FakeProvider``'s ``personality``."""

    def now(persona: str) -> Behaviour:
        return demo_behaviour(persona, seed, int(clock.unix() // 60))

    return now


def is_flaky(persona: str, seed: int) -> bool:
    """Whether the persona is one of the few that are often down."""
    return _share(persona, seed, "flaky") < FLAKY_SHARE


def _state(persona: str, seed: int, minute: int) -> str:
    if is_flaky(persona, seed):
        now = _share(persona, seed, f"state:{minute // STATES_MINUTES}")
        return "down" if now < 0.25 else "degraded" if now < 0.5 else "up"
    day, of_day = divmod(minute, DAY)
    if _share(persona, seed, f"outage:{day}") >= OUTAGE_SHARE:
        return "up"
    length = 10 + int(50 * _share(persona, seed, f"length:{day}"))
    start = int((DAY - length) * _share(persona, seed, f"start:{day}"))
    return "down" if start <= of_day < start + length else "up"


def _wave(persona: str, seed: int, minute: int) -> float:
    """A factor between 0.75 and 1.33 that swings slowly."""
    period = 120 + 360 * _share(persona, seed, "period")
    phase = _share(persona, seed, "phase")
    return float((4 / 3) ** math.sin(2 * math.pi * (minute / period + phase)))


def _share(persona: str, seed: int, what: str) -> float:
    """A number from 0 to 1, always the same for the same arguments, evenly spread."""
    digest = hashlib.blake2b(f"{seed}:{persona}:{what}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
