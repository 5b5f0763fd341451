"""``openmodels regions``: from where providers are probed, and forgetting where they are not any more."""

import asyncio
import json
from typing import Annotated

import typer

from openmodels.cli.options import with_settings
from openmodels.cli.terminal import print_table
from openmodels.clock import SystemClock
from openmodels.domain.views.registry import iso
from openmodels.domain.vocabulary import suggest
from openmodels.opening import open_stores
from openmodels.settings import Settings
from openmodels.store.cluster_ports import RegionSeen, known_regions

REGIONS_HEAD = ("region", "status", "probers", "last seen")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command("regions")
    @with_settings("data_dir", "database_url")
    def _regions(
        forget: Annotated[
            str | None,
            typer.Option("--forget", help="A region that is given up: show it no longer.", metavar="NAME"),
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="JSON, for programs.")] = False,
        *,
        settings: Settings,
    ) -> None:
        """Show the regions that providers are probed from, or were within 7 days.

        Exits 1 when the region to be forgotten is not known, or is still probed from.
        """
        regions = asyncio.run(_known(settings, forget))
        if as_json:
            typer.echo(json.dumps([_data(region) for region in regions], indent=2))
        else:
            print_table(REGIONS_HEAD, [_row(region) for region in regions])


async def _known(settings: Settings, forget: str | None) -> list[RegionSeen]:
    async with open_stores(settings) as stores:
        now = SystemClock().now()
        regions = await known_regions(stores.cluster, now)
        if forget is None:
            return regions
        _require_given_up(forget, regions)
        await stores.cluster.forget_region(forget)
        return await known_regions(stores.cluster, now)


def _require_given_up(name: str, regions: list[RegionSeen]) -> None:
    """Exits with 1 unless the region is known and nobody probes from there."""
    known = {region.region: region for region in regions}
    if name not in known:
        near = suggest(name, known)
        hint = f"; did you mean {near}?" if near else "; `openmodels regions` lists all"
        typer.echo(f"openmodels: no region {name[:100]!r} is known{hint}", err=True)
        raise typer.Exit(1)
    if known[name].probers:
        typer.echo(
            f"openmodels: {name} is still probed from; stop its probers first (one that was killed counts "
            "for a minute)",
            err=True,
        )
        raise typer.Exit(1)


def _row(region: RegionSeen) -> tuple[str, ...]:
    return region.region, region.status, str(region.probers), iso(region.last_seen_at)


def _data(region: RegionSeen) -> dict[str, str | int]:
    return {
        "region": region.region,
        "status": region.status,
        "probers": region.probers,
        "last_seen_at": iso(region.last_seen_at),
    }
