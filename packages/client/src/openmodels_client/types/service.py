"""The service itself."""

from datetime import datetime

from msgspec import Struct


class Stats(Struct, frozen=True, kw_only=True):
    """How much there is."""

    models: int
    """Models in the registry."""
    providers: int
    """Providers in the registry."""
    mappings: int
    """Offerings in the registry."""
    last_sync_at: datetime
    """When this revision was published."""
    revision: str
    """The content digest of the published registry."""
    checks_24h: int | None = None
    """Health checks made in the last 24 hours; None when telemetry cannot be read."""
    demo: bool = False
    """There only in a demo, whose telemetry is of fake providers."""


class ApiHealth(Struct, frozen=True, kw_only=True):
    """The API itself."""

    status: str
    """up, since it answered."""


class PingedHealth(Struct, frozen=True, kw_only=True):
    """A service that was just pinged."""

    status: str
    """up, or down when it did not answer in time."""
    latency_ms: float | None = None
    """How long its answer took; None when none came."""


class TelemetryHealth(Struct, frozen=True, kw_only=True):
    """The telemetry."""

    status: str
    """up, idle when nothing was ever probed, or down when it cannot be read."""
    last_probe_at: datetime | None = None
    """When the newest check or measurement was made."""


class RegistryHealth(Struct, frozen=True, kw_only=True):
    """The published registry."""

    status: str
    """up, or down when the newest revision was refused and an older one serves."""
    revision: str
    """The revision that serves."""
    problem: str | None = None
    """Why the newest revision is not served."""


class RegionHealth(Struct, frozen=True, kw_only=True):
    """A region that providers are probed from."""

    region: str
    """Its name."""
    status: str
    """up while a prober works there, idle when the last one was stopped, or down when none was heard of for a
    minute and the last one has not said that it ends."""
    probers: int
    """How many processes probe from there."""
    last_seen_at: datetime
    """When one of them was heard of last."""


class ServicesHealth(Struct, frozen=True, kw_only=True):
    """Each service by itself."""

    api: ApiHealth
    """The API itself."""
    database: PingedHealth
    """The database."""
    cache: PingedHealth
    """The cache of ready answers."""
    telemetry: TelemetryHealth
    """The telemetry."""
    registry: RegistryHealth
    """The published registry."""
    redis: PingedHealth | None = None
    """The Redis that several processes share; there only where one is set. While it is down, each process
    limits for itself."""
    replica: PingedHealth | None = None
    """The replica that telemetry is read from; there only where one is set."""
    regions: tuple[RegionHealth, ...] | None = None
    """The regions of the last 7 days; there only when there were any, and the database tells."""


class SystemHealth(Struct, frozen=True, kw_only=True):
    """Whether everything works."""

    status: str
    """degraded when any service is down; the registry is served all the same."""
    timestamp: datetime
    """When this was found out."""
    version: str
    """The program's version."""
    demo: bool = False
    """There only in a demo, whose telemetry is of fake providers."""
    services: ServicesHealth
    """Each service by itself."""
