"""The port of what several processes must know of each other: who does what, and who probes where.

It has an implementation in memory (``store/memory_cluster.py``) and one over SQL (``store/cluster.py``); one
contract suite runs over both.

Times are the callers' own, so the clocks of all nodes must agree to within a few seconds, as NTP keeps them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

from msgspec import Struct

LONGEST_LEASE = timedelta(minutes=5)
"""No lease is taken for longer. One that ends later than this from now was taken before the clock was set
back, and is free: nobody should wait for a time that comes again in an hour."""
ALIVE_FOR = timedelta(seconds=60)
"""How long a prober of which nothing is heard is taken to be at work: it says so every 10 seconds."""
MOST_APART = timedelta(minutes=1)
"""How far a clock may be from that of the database's server before its process gets no lease."""
KNOWN_FOR = timedelta(days=7)
"""How long a region is remembered in which nobody probes any more."""

RegionStatus = Literal["up", "down", "idle"]


class ProberSeen(Struct, frozen=True, kw_only=True):
    """A process that probes, as it said itself."""

    name: str
    """Which one: different for each process that ever ran."""
    region: str
    """Where it measures from."""
    at: datetime
    """When it said so last."""


class RegionSeen(Struct, frozen=True, kw_only=True):
    """A region that providers are, or were, probed from."""

    region: str
    """Its name."""
    probers: int
    """How many processes probe from there."""
    lost: int
    """How many did, and fell silent without a word."""
    last_seen_at: datetime
    """When one of them was heard of last."""

    @property
    def status(self) -> RegionStatus:
        """up while somebody probes from there, idle when the last who did has ended as it was told to, and
        down when it fell silent.
        """
        if self.probers:
            return "up"
        return "down" if self.lost else "idle"


class ClusterStore(Protocol):
    """Keeps leases, and which probers there are. Each method raises ``StoreError`` when it cannot."""

    async def take_lease(self, name: str, holder: str, *, now: datetime, until: datetime) -> bool:
        """Take or renew the lease ``name`` until then; whether ``holder`` has it now.

        False while another holder's has not run out: of any number who ask at a time, one gets it. It runs
        out at its end, to the microsecond; see ``LONGEST_LEASE`` for a clock that was set back.
        """
        ...

    async def release_lease(self, name: str, holder: str) -> None:
        """Give the lease back, so that another need not wait for its end; nothing when another has it."""
        ...

    async def prober_seen(self, prober: ProberSeen, *, lost_before: datetime) -> None:
        """Note that this prober works, and take note no longer of those of its region that do not.

        Those are the ones that have ended, and the ones of which nothing was heard since ``lost_before``:
        somebody is there in their place.
        """
        ...

    async def prober_gone(self, name: str) -> None:
        """Note that this prober has ended as it was told to; its region is remembered."""
        ...

    async def regions(self, *, alive_since: datetime) -> Sequence[RegionSeen]:
        """Every region that is remembered, by name; probers heard of since then are counted as working."""
        ...

    async def forget_regions(self, *, before: datetime) -> None:
        """Forget the probers, and so the regions, of which nothing was heard since then."""
        ...

    async def forget_region(self, region: str) -> bool:
        """Forget one region now; whether it was known. A prober that works there makes it known again."""
        ...


async def known_regions(cluster: ClusterStore, now: datetime) -> list[RegionSeen]:
    """The regions that somebody should know of now: see ``ALIVE_FOR`` and ``KNOWN_FOR``.

    Raises ``StoreError``.
    """
    regions = await cluster.regions(alive_since=now - ALIVE_FOR)
    return [region for region in regions if region.last_seen_at >= now - KNOWN_FOR]
