"""The port of what several processes must know of each other: who does what, and who probes where.

It has an implementation in memory (``store/memory_cluster.py``) and one over SQL (``store/cluster.py``); one
contract suite runs over both.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct


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
    last_seen_at: datetime
    """When one of them was heard of last."""


class ClusterStore(Protocol):
    """Keeps leases, and which probers there are."""

    async def take_lease(self, name: str, holder: str, *, now: datetime, until: datetime) -> bool:
        """Take or renew the lease ``name`` until then; whether ``holder`` has it now.

        False while another holder's has not run out: of any number who ask at a time, one gets it.
        """
        ...

    async def release_lease(self, name: str, holder: str) -> None:
        """Give the lease back, so that another need not wait for its end; nothing when another has it."""
        ...

    async def prober_seen(self, prober: ProberSeen) -> None:
        """Note that this prober works."""
        ...

    async def prober_gone(self, name: str) -> None:
        """Note that this prober has ended; its region is remembered."""
        ...

    async def regions(self, *, alive_since: datetime) -> Sequence[RegionSeen]:
        """Every region that is remembered, by name; probers heard of since then are counted as working."""
        ...

    async def forget_regions(self, *, before: datetime) -> None:
        """Forget the regions of which nobody was heard since then."""
        ...
