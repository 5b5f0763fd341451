"""What telemetry recorded as it went, from the single checks and measurements that are in memory."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from openmodels.domain.series import (
    SPEEDS_OF,
    CheckSlice,
    DayOfChecks,
    ProviderFigures,
    TimingSlice,
    slice_start,
    speeds_of,
    timing_slice,
)
from openmodels.domain.telemetry import (
    Check,
    Incident,
    Measurement,
    percentile,
    summarise_checks,
    summarise_measurements,
)
from openmodels.store.periods import DAY, floor, require_width

_Kept = TypeVar("_Kept", Check, Measurement)


class MemorySeriesStore:
    """A ``SeriesStore`` over what is in memory; see the port for what each method promises."""

    def __init__(self) -> None:
        self._checks: dict[int, Check] = {}
        self._measurements: dict[int, Measurement] = {}
        self._incidents: dict[tuple[str, datetime], Incident] = {}

    async def checks_by_day(
        self, *, since: datetime, provider_ids: Collection[str] = ()
    ) -> Mapping[str, Sequence[DayOfChecks]]:
        """By provider id: its checks of each day from that of ``since`` on, of all regions."""
        first, wanted = floor(since, DAY), frozenset(provider_ids)
        counts = Counter(
            (check.provider_id, floor(check.checked_at, DAY).date(), check.status)
            for check in self._checks.values()
            if check.checked_at >= first and (not wanted or check.provider_id in wanted)
        )
        found: dict[str, list[DayOfChecks]] = defaultdict(list)
        for provider_id, day in sorted({(provider_id, day) for provider_id, day, _ in counts}):
            up, down = counts[provider_id, day, "up"], counts[provider_id, day, "down"]
            found[provider_id].append(DayOfChecks(day=day, total=up + down, up=up))
        return dict(found)

    async def check_slices(
        self, provider_id: str, *, since: datetime, width: timedelta, regions: Collection[str] = ()
    ) -> Sequence[CheckSlice]:
        """The checks of one provider by slices, from that of ``since`` on."""
        require_width(width)
        checks = (c for c in self._checks.values() if c.provider_id == provider_id)
        slices = _by_slice(checks, lambda check: check.checked_at, since, width, regions)
        return [_check_slice(start, slices[start]) for start in sorted(slices)]

    async def timing_slices(
        self,
        *,
        since: datetime,
        width: timedelta,
        provider_ids: Collection[str],
        model_ids: Collection[str] = (),
        regions: Collection[str] = (),
    ) -> Mapping[str, Sequence[TimingSlice]]:
        """By provider id: its successful measurements by slices, from that of ``since`` on."""
        require_width(width)
        wanted = frozenset(provider_ids)
        measured: defaultdict[str, list[Measurement]] = defaultdict(list)
        for one in self._measurements.values():
            fits = one.provider_id in wanted and (not model_ids or one.model_id in model_ids)
            if fits and one.outcome == "ok":
                measured[one.provider_id].append(one)
        found = {}
        for provider_id in sorted(measured):
            slices = _by_slice(measured[provider_id], lambda m: m.measured_at, since, width, regions)
            if slices:
                found[provider_id] = [
                    timing_slice(start, summarise_measurements(slices[start])) for start in sorted(slices)
                ]
        return found

    async def provider_figures(
        self, provider_id: str, *, since: datetime, width: timedelta
    ) -> ProviderFigures:
        """What ``health``, ``latency`` and the slices tell of a provider, read once."""
        timed = await self.timing_slices(since=since, width=width, provider_ids=(provider_id,))
        checks = [c for c in self._checks.values() if c.provider_id == provider_id and c.checked_at >= since]
        measured = sorted(
            (
                (one.measured_at, number, one)
                for number, one in self._measurements.items()
                if one.provider_id == provider_id and one.measured_at >= since
            ),
            reverse=True,
        )
        rates = (
            (one.model_id, one.tokens_per_second)
            for *_, one in measured
            if one.outcome == "ok" and one.tokens_per_second is not None
        )
        return ProviderFigures(
            health=summarise_checks(checks, limit=0),
            timings=summarise_measurements([one for *_, one in measured]),
            checks=await self.check_slices(provider_id, since=since, width=width),
            measurements=timed.get(provider_id, ()),
            speeds=speeds_of(islice(rates, SPEEDS_OF)),
        )

    async def incidents(
        self, *, since: datetime, provider_ids: Collection[str] = (), limit: int
    ) -> Sequence[Incident]:
        """The incidents that touch the time since then, newest first, at most ``limit``."""
        wanted = frozenset(provider_ids)
        touching = [
            incident
            for incident in self._incidents.values()
            if (not wanted or incident.provider_id in wanted)
            and (incident.ended_at is None or incident.ended_at >= since)
        ]
        touching.sort(key=lambda incident: incident.provider_id)
        return sorted(touching, key=lambda incident: incident.started_at, reverse=True)[:limit]


def _by_slice(
    records: Iterable[_Kept],
    time: Callable[[_Kept], datetime],
    since: datetime,
    width: timedelta,
    regions: Collection[str],
) -> dict[datetime, list[_Kept]]:
    """The records of these regions, by the beginning of the slice that each lies in."""
    first = slice_start(since, width)
    slices: defaultdict[datetime, list[_Kept]] = defaultdict(list)
    for record in records:
        at = time(record)
        if at >= first and (not regions or record.region in regions):
            slices[slice_start(at, width)].append(record)
    return slices


def _check_slice(start: datetime, checks: Sequence[Check]) -> CheckSlice:
    times = sorted(c.response_time_ms for c in checks if c.response_time_ms is not None)
    return CheckSlice(
        start=start,
        total=len(checks),
        up=sum(check.status == "up" for check in checks),
        p50_response_time_ms=percentile(times, 0.50),
        p95_response_time_ms=percentile(times, 0.95),
    )
