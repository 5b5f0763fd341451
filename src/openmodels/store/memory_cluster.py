"""Leases and probers in memory: for one process, for tests, and for trying things."""

from collections.abc import Sequence
from datetime import datetime

from openmodels.store.cluster_ports import LONGEST_LEASE, ProberSeen, RegionSeen


class MemoryClusterStore:
    """A ``ClusterStore`` in memory; see the port for what each method promises."""

    def __init__(self) -> None:
        self._leases: dict[str, tuple[str, datetime]] = {}
        self._probers: dict[str, ProberSeen] = {}
        self._ended: set[str] = set()

    async def take_lease(self, name: str, holder: str, *, now: datetime, until: datetime) -> bool:
        """Take or renew the lease ``name`` until then; whether ``holder`` has it now."""
        has, ends = self._leases.get(name, (holder, now))
        if has != holder and now < ends <= now + LONGEST_LEASE:
            return False
        self._leases[name] = holder, until
        return True

    async def release_lease(self, name: str, holder: str) -> None:
        """Give the lease back; nothing when another has it."""
        if name in self._leases and self._leases[name][0] == holder:
            del self._leases[name]

    async def prober_seen(self, prober: ProberSeen, *, lost_before: datetime) -> None:
        """Note that this prober works, and take note no longer of those of its region that do not."""
        for other in list(self._probers.values()):
            out_of_work = other.name in self._ended or other.at < lost_before
            if other.region == prober.region and other.name != prober.name and out_of_work:
                self._drop(other.name)
        self._probers[prober.name] = prober
        self._ended.discard(prober.name)

    async def prober_gone(self, name: str) -> None:
        """Note that this prober has ended as it was told to; its region is remembered."""
        if name in self._probers:
            self._ended.add(name)

    async def regions(self, *, alive_since: datetime) -> Sequence[RegionSeen]:
        """Every region that is remembered, by name; probers heard of since then are counted as working."""
        found = []
        for region in sorted({prober.region for prober in self._probers.values()}):
            there = [prober for prober in self._probers.values() if prober.region == region]
            going = [prober for prober in there if prober.name not in self._ended]
            alive = sum(prober.at >= alive_since for prober in going)
            found.append(
                RegionSeen(
                    region=region,
                    probers=alive,
                    lost=len(going) - alive,
                    last_seen_at=max(prober.at for prober in there),
                )
            )
        return found

    async def forget_regions(self, *, before: datetime) -> None:
        """Forget the probers, and so the regions, of which nothing was heard since then."""
        for prober in list(self._probers.values()):
            if prober.at < before:
                self._drop(prober.name)

    async def forget_region(self, region: str) -> bool:
        """Forget one region now; whether it was known."""
        known = [prober.name for prober in self._probers.values() if prober.region == region]
        for name in known:
            self._drop(name)
        return bool(known)

    def _drop(self, name: str) -> None:
        del self._probers[name]
        self._ended.discard(name)
