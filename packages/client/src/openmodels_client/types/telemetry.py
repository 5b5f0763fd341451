"""What was measured."""

from datetime import datetime

from msgspec import Struct


class Check(Struct, frozen=True, kw_only=True):
    """One health check."""

    status: str
    """Whether the API was serving."""
    outcome: str
    """What happened."""
    checked_at: datetime
    """When the request started."""
    response_time_ms: float | None = None
    """To the head of the answer, without setting the connection up; None when none came."""
    region: str
    """The region it was made from."""


class Incident(Struct, frozen=True, kw_only=True):
    """A time in which the provider was down or degraded."""

    started_at: datetime
    """When the first of the failed checks was made, or when its answers were found degraded."""
    ended_at: datetime | None = None
    """When it was over; None while it is not."""
    duration_s: float
    """How long it lasted, or has lasted so far, in seconds."""
    reason: str
    """What was seen, for people."""


class ProviderHealth(Struct, frozen=True, kw_only=True):
    """How a provider has been doing."""

    provider_id: str
    """The provider's id."""
    provider_name: str
    """The provider's display name."""
    period: str
    """The period that the figures cover."""
    status: str
    """How it is doing now, by the checks of all regions."""
    uptime_percentage: float | None = None
    """Share of the checks that found it up; None with no checks."""
    checks_total: int
    """Checks in the period."""
    average_response_time_ms: float | None = None
    """Mean time to answer a check."""
    p95_response_time_ms: float | None = None
    """95th percentile of that time; None with fewer than 5 answers."""
    checks: tuple[Check, ...]
    """The newest checks, newest first."""
    incidents: tuple[Incident, ...]
    """The incidents that touch the period, newest first, by what all regions saw."""


class Measurement(Struct, frozen=True, kw_only=True):
    """One timed completion."""

    model_id: str
    """The model that answered."""
    time_to_first_token_ms: float | None = None
    """From the request's first byte on the established connection to the first non-empty delta."""
    total_response_time_ms: float | None = None
    """From there to the end of the stream."""
    tokens_per_second: float | None = None
    """Output tokens over the time from the first token to the end."""
    output_tokens: int | None = None
    """Output tokens, by the provider's own count, or by ours where `tokens_estimated`."""
    outcome: str
    """What happened."""
    region: str
    """The region it was made from."""
    measured_at: datetime
    """When the request started."""
    tokens_estimated: bool
    """Whether the provider sent no usage, so that its chunks were counted instead."""
    connect_ms: float | None = None
    """How long the connection took to set up (name, TCP, TLS), before any of the other times."""
    time_to_first_byte_ms: float | None = None
    """To the first byte of the answer."""
    time_to_first_content_ms: float | None = None
    """To the first text that a user sees, after any reasoning."""


class ProviderLatency(Struct, frozen=True, kw_only=True):
    """How fast a provider has been answering. Percentiles of fewer than 5 samples are None."""

    provider_id: str
    """The provider's id."""
    provider_name: str
    """The provider's display name."""
    period: str
    """The period that the figures cover."""
    samples: int
    """Successful measurements in the period, from which all figures come."""
    average_ttft_ms: float | None = None
    """Mean time to first token."""
    average_total_ms: float | None = None
    """Mean total time."""
    p50_ttft_ms: float | None = None
    """Median time to first token."""
    p95_ttft_ms: float | None = None
    """95th percentile of the time to first token."""
    p99_ttft_ms: float | None = None
    """99th percentile of the time to first token."""
    p50_total_ms: float | None = None
    """Median total time."""
    p95_total_ms: float | None = None
    """95th percentile of the total time."""
    p99_total_ms: float | None = None
    """99th percentile of the total time."""
    average_tokens_per_second: float | None = None
    """Mean output tokens per second."""
    success_percentage: float | None = None
    """Successful measurements over all that say something about the provider."""
    measurements: tuple[Measurement, ...]
    """The newest measurements, newest first."""


class UptimeDay(Struct, frozen=True, kw_only=True):
    """The checks of a provider on one day, in UTC."""

    day: str
    """The day."""
    total: int
    """How many checks."""
    up: int
    """How many of them found it up."""
    uptime_percentage: float | None = None
    """Their share."""


class ProviderUptime(Struct, frozen=True, kw_only=True):
    """How much a provider was up, day by day."""

    provider_id: str
    """The provider's id."""
    provider_name: str
    """The provider's display name."""
    total: int
    """Checks in all these days."""
    up: int
    """How many of them found it up."""
    uptime_percentage: float | None = None
    """Their share; None with no checks."""
    days: tuple[UptimeDay, ...]
    """The days, oldest first; one without checks is left out."""


class Uptime(Struct, frozen=True, kw_only=True):
    """How much providers were up, day by day."""

    first_day: str
    """The first day that is told of."""
    last_day: str
    """The last one: today, in UTC, as far as it has come."""
    providers: tuple[ProviderUptime, ...]
    """The providers, by id."""


class CheckSlice(Struct, frozen=True, kw_only=True):
    """The checks of a provider in one slice of time."""

    start: datetime
    """Where the slice begins."""
    total: int
    """How many checks."""
    up: int
    """How many of them found it up."""
    uptime_percentage: float | None = None
    """Their share."""
    p50_response_time_ms: float | None = None
    """Median time to answer a check; None with fewer than 5 answers."""
    p95_response_time_ms: float | None = None
    """95th percentile of that time; None with fewer than 5 answers."""


class TimingSlice(Struct, frozen=True, kw_only=True):
    """The successful measurements of a provider in one slice of time."""

    start: datetime
    """Where the slice begins."""
    samples: int
    """How many successful measurements."""
    p50_ttft_ms: float | None = None
    """Median time to first token."""
    p95_ttft_ms: float | None = None
    """95th percentile of the time to first token."""
    p50_total_ms: float | None = None
    """Median total time."""
    p95_total_ms: float | None = None
    """95th percentile of the total time."""
    average_ttft_ms: float | None = None
    """Mean time to first token."""
    average_total_ms: float | None = None
    """Mean total time."""
    average_tokens_per_second: float | None = None
    """Mean output tokens per second."""


class ProviderSeries(Struct, frozen=True, kw_only=True):
    """What was recorded of a provider, slice by slice. Percentiles of fewer than 5 samples are None."""

    provider_id: str
    """The provider's id."""
    provider_name: str
    """The provider's display name."""
    period: str
    """How far back the series reach."""
    slice_s: int
    """How long each slice is, in seconds; slices are counted from 1970-01-01 in UTC."""
    since: datetime
    """Where the first slice begins: the one in which the period does, all of it."""
    checks: tuple[CheckSlice, ...]
    """The slices with checks, oldest first; the last goes on still."""
    measurements: tuple[TimingSlice, ...]
    """The slices with successful measurements, oldest first."""


class ProviderIncident(Incident, frozen=True, kw_only=True):
    """A time in which a provider was down or degraded."""

    provider_id: str
    """The provider's id."""
    provider_name: str | None = None
    """Its display name; None when it is not in the registry any more."""


class MaintenanceWindow(Struct, frozen=True, kw_only=True):
    """A maintenance window: a time in which alerts about a provider, or about all, are not sent."""

    provider_id: str | None = None
    """The provider's id; None for all."""
    provider_name: str | None = None
    """Its display name; None for all, and when it is not in the registry."""
    starts_at: datetime
    """From when."""
    ends_at: datetime
    """Until when."""
    current: bool
    """Whether it has begun."""
    reason: str
    """Why, for people."""


class Incidents(Struct, frozen=True, kw_only=True):
    """What happened to providers, and what is going to."""

    since: datetime
    """The beginning of the time that is told of."""
    incidents: tuple[ProviderIncident, ...]
    """The incidents that touch the time since then, newest first, by what all regions saw."""
    maintenance: tuple[MaintenanceWindow, ...] | None = None
    """The maintenance windows that are not over, earliest first; None when they cannot be read."""


class RecordedCheck(Check, frozen=True, kw_only=True):
    """A health check as it was recorded: the data of an event `check`."""

    provider_id: str
    """The provider that was asked."""


class RecordedMeasurement(Measurement, frozen=True, kw_only=True):
    """A timed completion as it was recorded: the data of an event `measurement`."""

    provider_id: str
    """The provider that was asked."""


class Gap(Struct, frozen=True, kw_only=True):
    """More was missed than is sent again: the data of an event `gap`. The stream goes on from now."""

    after: str
    """The id after which something is missing."""
    until: str
    """The id up to which it is missing."""
    missed: int
    """How many events lie between them, at most, filtered or not."""
