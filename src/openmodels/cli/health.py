"""``openmodels health``: whether a server is well."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer
from msgspec import Struct

from openmodels.cli.asking import UNWELL, Asked, with_server

if TYPE_CHECKING:
    from rich.console import RenderableType

    from openmodels.cli.grid import Cell
    from openmodels_client.types import SystemHealth

WELL = "healthy"


class Part(Struct, frozen=True, kw_only=True):
    """A service, or a region that is probed from."""

    service: str
    status: str
    remarks: str


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("health")(health)


@with_server
def health(*, asked: Asked) -> None:
    """Say whether the server and what it stands on are well; exits 1 when something is not."""
    found = asked.client.health()
    asked.output.show(found, records=tuple(parts_of(found)), people=lambda: _told(found))
    if found.status != WELL:
        raise typer.Exit(UNWELL)


def parts_of(health: "SystemHealth") -> Iterator[Part]:
    """Each service that there is, and each region."""
    services = health.services
    yield Part(service="api", status=services.api.status, remarks=f"version {health.version}")
    pinged = (
        ("database", services.database),
        ("cache", services.cache),
        ("redis", services.redis),
        ("replica", services.replica),
    )
    for name, ping in pinged:
        if ping is not None:
            took = "" if ping.latency_ms is None else f"{ping.latency_ms:,.2f} ms"
            yield Part(service=name, status=ping.status, remarks=took or "no answer")
    last = services.telemetry.last_probe_at
    yield Part(
        service="telemetry",
        status=services.telemetry.status,
        remarks="nothing was probed" if last is None else f"newest of {last:%Y-%m-%d %H:%M:%S} UTC",
    )
    registry = services.registry
    yield Part(
        service="registry",
        status=registry.status,
        remarks=f"revision {registry.revision}" + (f": {registry.problem}" if registry.problem else ""),
    )
    for region in services.regions or ():
        yield Part(
            service=f"region {region.region}",
            status=region.status,
            remarks=f"{region.probers} at work, last heard of {region.last_seen_at:%Y-%m-%d %H:%M:%S} UTC",
        )


def _told(health: "SystemHealth") -> Iterator["RenderableType"]:
    from openmodels.cli.grid import status_text, table_of  # noqa: PLC0415 - people alone

    rows: list[list[Cell]] = [
        [part.service, status_text(part.status), part.remarks] for part in parts_of(health)
    ]
    yield status_text(health.status)
    yield table_of(("service", "status", "remarks"), rows)
