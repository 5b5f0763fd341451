"""The endpoints that answer what telemetry recorded as it went: days of uptime, and series for charts."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter

from openmodels.api.endpoint import Answer, Ask, Endpoint, Services, answer
from openmodels.api.params import MEASURED_REGIONS, PERIOD
from openmodels.api.telemetry import MEASURED_MODELS, measured_models
from openmodels.api.wire import integer, words
from openmodels.domain.series import SLICE_WIDTHS, DayOfChecks, slice_start
from openmodels.domain.views.registry import iso
from openmodels.domain.views.series import (
    ProviderSeries,
    Uptime,
    check_slice_view,
    timing_slice_view,
    uptime_view,
)
from openmodels.edge.exchange import Freshness

MOST_DAYS = 90
"""How many days of uptime are kept at hand, today among them."""
_DAY = attrgetter("day")


async def uptime_days(services: Services, since: datetime) -> Mapping[str, Sequence[DayOfChecks]]:
    """By provider id: its checks of each day from that of ``since`` on, as they were up to a minute ago.

    Providers without checks are left out, and so are days before the last ``MOST_DAYS``. Raises
    ``StoreError``.
    """
    found = await services.uptime.get(
        services.telemetry.checks_by_day(since=first_day(services.clock.now(), MOST_DAYS)), services.clock
    )
    first = since.astimezone(UTC).date()
    recent = {name: days[bisect_left(days, first, key=_DAY) :] for name, days in found.items()}
    return {name: days for name, days in recent.items() if days}


def first_day(now: datetime, days: int) -> datetime:
    """When the first of so many days begins, the last of which is today, in UTC."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days - 1)


async def uptime(ask: Ask) -> Answer:
    """How much each provider was up on each of the last days."""
    now, wanted = ask.services.clock.now(), ask.params["provider"]
    first = first_day(now, ask.params["days"])
    found = await uptime_days(ask.services, first)
    records = [entry.record for entry in ask.snapshot.providers]
    return answer(
        Uptime(
            first_day=str(first.date()),
            last_day=str(now.astimezone(UTC).date()),
            providers=tuple(
                uptime_view(record.id, record.name, found.get(record.id, ()))
                for record in records
                if not wanted or record.id in wanted
            ),
        )
    )


async def series(ask: Ask) -> Answer:
    """What was recorded of a provider over a period, slice by slice."""
    provider, store = ask.provider().record, ask.services.telemetry
    since, width = ask.since(), SLICE_WIDTHS[ask.params["period"]]
    regions = ask.params["region"]
    checks = await store.check_slices(provider.id, since=since, width=width, regions=regions)
    timings = await store.timing_slices(
        since=since,
        width=width,
        provider_ids=[provider.id],
        model_ids=measured_models(ask),
        regions=regions,
    )
    return answer(
        ProviderSeries(
            provider_id=provider.id,
            provider_name=provider.name,
            period=ask.params["period"],
            slice_s=round(width.total_seconds()),
            since=iso(slice_start(since, width)),
            checks=tuple(map(check_slice_view, checks)),
            measurements=tuple(map(timing_slice_view, timings.get(provider.id, ()))),
        )
    )


ENDPOINTS = (
    Endpoint(
        path="/api/telemetry/uptime",
        tag="Telemetry",
        summary="Uptime by day",
        description="For each provider of the registry, the checks of each of the last days in UTC, today "
        "among them, and how many found it up; of all regions. The figures are up to a minute old. A day "
        "without checks is left out: nobody knows.",
        handle=uptime,
        body=Uptime,
        freshness=Freshness.TELEMETRY,
        shared=True,
        params=(
            integer("days", "How many days.", low=1, high=MOST_DAYS, default=30, example=7),
            words("provider", "Only the providers with these ids; several are ORed.", example=["openai"]),
        ),
        example="/api/telemetry/uptime?days=7&provider=openai",
    ),
    Endpoint(
        path="/api/telemetry/series/{provider_id}",
        tag="Telemetry",
        summary="Series of a provider",
        description="What was recorded over the period as it went, in slices of equal length: an hour for "
        "`1h` and `24h`, three hours for `7d`, a day for `30d`. `model` selects measurements, `region` both "
        "checks and measurements. A slice in which nothing was recorded is left out: in a chart it is a gap.",
        handle=series,
        body=ProviderSeries,
        freshness=Freshness.TELEMETRY,
        shared=True,
        params=(PERIOD, MEASURED_MODELS, MEASURED_REGIONS),
        example="/api/telemetry/series/openai?period=24h",
    ),
)
