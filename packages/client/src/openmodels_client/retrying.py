"""When to ask again, and after how long."""

import random
from collections.abc import Callable

from msgspec import Struct

from openmodels_client.errors import ConnectionFailed, OpenModelsError, RateLimited, ServerError, TimedOut

PASSING = frozenset({502, 503, 504})
"""Statuses of a server that may be well again soon."""
MOST_DOUBLINGS = 30


class Retry(Struct, frozen=True, kw_only=True):
    """How often a question is asked again, and when.

    It is after 429, 502, 503, 504 and failed connections, never after an answer that took too long. The wait
    is what ``Retry-After`` says and a little more; where nothing says, it is random between 0 and
    ``first_wait`` × 2ⁿ ("full jitter", Exponential Backoff And Jitter, AWS Architecture Blog, 2015), so that
    many clients do not come back at once.

    Raises ``ValueError`` for a number below 0.
    """

    times: int = 3
    """How often at most after the first; 0 is never."""
    first_wait: float = 0.5
    """The longest wait before the first repetition, in seconds."""
    longest_wait: float = 60.0
    """The longest wait of all. Who is told to come back later than this raises the error at once."""

    def __post_init__(self) -> None:
        if not (self.times >= 0 and self.first_wait >= 0 and self.longest_wait >= 0):
            raise ValueError("times, first_wait and longest_wait are 0 or more")

    def wait(
        self, error: OpenModelsError, done: int, *, jitter: Callable[[], float] = random.random
    ) -> float | None:
        """The seconds before the next try, where ``done`` repetitions were made; None for no other try."""
        if done >= self.times or not is_passing(error):
            return None
        told = _told(error)
        if told is None:
            return min(self.longest_wait, _doubled(self.first_wait, done)) * jitter()
        return told + self.first_wait * jitter() if told <= self.longest_wait else None

    def wait_again(
        self,
        error: OpenModelsError | None,
        done: int,
        *,
        seconds: float,
        jitter: Callable[[], float] = random.random,
    ) -> float | None:
        """The seconds before a stream that had begun is asked for again; None where that cannot help.

        ``error`` is what ended it, None where the server did; ``done`` tries failed since it was connected
        last; ``seconds`` is what the stream itself says to wait. How often this may be is not bounded.
        """
        if error is not None and not (is_passing(error) or isinstance(error, TimedOut)):
            return None
        told = _told(error) or 0.0
        if told > self.longest_wait:
            return None
        wait = min(self.longest_wait, _doubled(seconds, done))
        return max(told, wait) + wait / 2 * jitter()


def is_passing(error: OpenModelsError) -> bool:
    """Whether the same question may be answered soon."""
    if isinstance(error, ServerError):
        return error.status in PASSING
    if isinstance(error, ConnectionFailed):
        return not error.permanent
    return isinstance(error, RateLimited)


def _told(error: OpenModelsError | None) -> float | None:
    return error.retry_after if isinstance(error, RateLimited | ServerError) else None


def _doubled(seconds: float, times: int) -> float:
    return seconds * 2.0 ** min(times, MOST_DOUBLINGS)
