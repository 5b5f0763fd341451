"""The rate limit: so many requests per client in a window of 60 seconds from its first."""

import ipaddress
import math
from collections.abc import Awaitable
from functools import lru_cache
from typing import Protocol

WINDOW_SECONDS = 60
IPV6_PREFIX = 64
"""IPv6 clients are counted by /64, which is what one subscriber gets (RFC 6177)."""


class Bucket:
    """What one client has left in its window."""

    __slots__ = ("began_at", "left", "reset_header", "resets_at")

    def __init__(self, left: int, began_at: float) -> None:
        resets_at = began_at + WINDOW_SECONDS
        self.left = left
        self.began_at = began_at
        self.resets_at = resets_at
        self.reset_header = (b"x-ratelimit-reset", b"%d" % math.ceil(resets_at))

    def holds(self, now: float) -> bool:
        """Whether its window is open. A clock that was set back ends it: it could last for hours else."""
        return self.began_at <= now < self.resets_at

    def resets_in(self, now: float) -> int:
        """Whole seconds until the window ends, at least 1 and at most a whole window."""
        # More than a window: it began, by another's count, while this request waited to be counted.
        return min(WINDOW_SECONDS, max(1, math.ceil(self.resets_at - now)))


class Limiter(Protocol):
    """Counts requests by client."""

    limit: int
    """Requests allowed in a window."""

    def take(self, client: str, now: float) -> Bucket | Awaitable[Bucket]:
        """Count one request; the bucket's ``left`` is negative when it is one too many.

        What can be told at once is, so that nobody waits who need not.
        """
        ...

    def peek(self, client: str, now: float) -> Bucket:
        """A copy of the client's bucket, without counting; its ``left`` is never negative."""
        ...


class MemoryLimiter:
    """The limit of one process.

    Two generations of buckets: a bucket lives for one window, so whatever was not used since the generation
    before the last has run out, and is dropped with it at no cost per bucket.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._young: dict[str, Bucket] = {}
        self._old: dict[str, Bucket] = {}
        self._turn_at = 0.0

    def take(self, client: str, now: float) -> Bucket:
        """Count one request; the bucket's ``left`` is negative when it is one too many."""
        bucket = self._young.get(client)
        if bucket is None or not bucket.began_at <= now < bucket.resets_at:
            bucket = self._renew(client, now)
        bucket.left -= 1
        return bucket

    def peek(self, client: str, now: float) -> Bucket:
        """A copy of the client's bucket, without counting; its ``left`` is never negative."""
        bucket = self.find(client, now)
        if bucket is None:
            return Bucket(self.limit, now)
        return Bucket(max(0, bucket.left), bucket.began_at)

    def find(self, client: str, now: float) -> Bucket | None:
        """The client's bucket itself, when its window is open."""
        bucket = self._young.get(client) or self._old.get(client)
        return bucket if bucket is not None and bucket.holds(now) else None

    def keep(self, client: str, bucket: Bucket, now: float) -> None:
        """Go on with a bucket that was found out elsewhere."""
        self._turn(now)
        self._old.pop(client, None)
        self._young[client] = bucket

    def _renew(self, client: str, now: float) -> Bucket:
        self._turn(now)
        bucket = self._old.pop(client, None)
        if bucket is None or not bucket.holds(now):
            bucket = Bucket(self.limit, now)
        self._young[client] = bucket
        return bucket

    def _turn(self, now: float) -> None:
        if not self._turn_at - WINDOW_SECONDS <= now < self._turn_at:
            self._old, self._young = self._young, {}
            self._turn_at = now + WINDOW_SECONDS


@lru_cache(maxsize=16_384)
def counted_as(address: str) -> str:
    """Under which name a client's address is counted: IPv4 as it is, IPv6 by its /64."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
