"""The endpoints that answer badges: small pictures for READMEs and dashboards."""

import math
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct

from openmodels.api.badge_svg import CONTENT_SECURITY_POLICY, draw
from openmodels.api.endpoint import Answer, Ask, Endpoint, answer
from openmodels.api.params import PERIOD
from openmodels.api.wire import choice, text
from openmodels.domain.telemetry import ProviderState
from openmodels.edge.exchange import Freshness
from openmodels.errors import StoreError

SVG = "image/svg+xml"
METRICS = ("status", "uptime", "ttft")
CACHE_SECONDS = 300
"""How long shields.io may keep a badge; it takes no less."""

Colour = Literal["brightgreen", "yellow", "orange", "red", "lightgrey"]
# On our own badges white text stands on them: dark enough for a contrast of 4.5 (WCAG 2.2, 1.4.3).
FILLS: dict[Colour, str] = {
    "brightgreen": "#2a7a37",
    "yellow": "#8a6100",
    "orange": "#ad4a00",
    "red": "#b3261e",
    "lightgrey": "#63696f",
}
STATUS_COLOURS: dict[str, Colour] = {"up": "brightgreen", "degraded": "yellow", "down": "red"}
UPTIME_COLOURS: tuple[tuple[float, Colour], ...] = ((99.9, "brightgreen"), (99.0, "yellow"), (95.0, "orange"))
"""From how many percent on which colour; below all, red."""
TTFT_COLOURS: tuple[tuple[float, Colour], ...] = ((1000, "brightgreen"), (2500, "yellow"), (5000, "orange"))
"""Up to how many milliseconds which colour; above all, red."""


class ShieldsBadge(Struct, frozen=True, kw_only=True, rename="camel"):
    """A badge in the shape that shields.io reads from an endpoint."""

    schema_version: Annotated[int, Meta(extra_json_schema={"const": 1})]
    """Always 1."""
    label: str
    """The text on the left."""
    message: str
    """The text on the right."""
    color: Colour
    """The colour on the right, by its name at shields.io."""
    is_error: bool
    """Whether telemetry could not be read, so that the message says nothing about the provider."""
    cache_seconds: int
    """How long shields.io may keep it."""


class Shown(NamedTuple):
    """What a badge says."""

    message: str
    colour: Colour
    known: bool = True
    """False when telemetry could not be read."""


async def _shown(ask: Ask) -> Shown:
    """What the provider's badge says; unknown, and nobody's fault, while the database is away."""
    provider_id = ask.provider().record.id
    say = {"status": _status, "uptime": _uptime, "ttft": _ttft}[ask.params["metric"]]
    try:
        return await say(ask, provider_id)
    except StoreError:
        return Shown("unknown", "lightgrey", known=False)


async def _status(ask: Ask, provider_id: str) -> Shown:
    states = await ask.services.live.states(ask.services.clock.now())
    status = states.get(provider_id, ProviderState()).status
    return Shown(status, STATUS_COLOURS.get(status, "lightgrey"))


async def _uptime(ask: Ask, provider_id: str) -> Shown:
    summary = await ask.services.telemetry.health(provider_id, since=ask.since(), regions=(), limit=1)
    uptime = summary.uptime_percentage
    if uptime is None:
        return Shown("no checks", "lightgrey")
    colour: Colour = next((colour for least, colour in UPTIME_COLOURS if uptime >= least), "red")
    # Rounded down: 99.999 is not 100.
    return Shown(f"{math.floor(uptime * 100) / 100:g}% uptime", colour)


async def _ttft(ask: Ask, provider_id: str) -> Shown:
    summary = await ask.services.telemetry.latency(
        provider_id, since=ask.since(), regions=(), model_ids=(), limit=1
    )
    median = summary.timings.p50_ttft_ms
    if median is None:
        return Shown("too few measurements", "lightgrey")
    colour: Colour = next((colour for most, colour in TTFT_COLOURS if median <= most), "red")
    return Shown(f"{median:.0f} ms ttft", colour)


def _label(ask: Ask) -> str:
    return ask.params["label"].strip() or ask.provider().record.name


def _freshness(shown: Shown) -> Freshness | None:
    return None if shown.known else Freshness.NEVER


async def provider_badge_svg(ask: Ask) -> Answer:
    """A provider's badge as a picture."""
    shown = await _shown(ask)
    return Answer(
        body=draw(_label(ask), shown.message, FILLS[shown.colour]),
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY},
        freshness=_freshness(shown),
    )


async def provider_badge_json(ask: Ask) -> Answer:
    """A provider's badge for shields.io."""
    shown = await _shown(ask)
    badge = ShieldsBadge(
        schema_version=1,
        label=_label(ask),
        message=shown.message,
        color=shown.colour,
        is_error=not shown.known,
        cache_seconds=CACHE_SECONDS,
    )
    return Answer(body=answer(badge).body, freshness=_freshness(shown))


PARAMS = (
    choice(
        "metric",
        "What it says: the status now, or the uptime or the median time to first token over the period.",
        METRICS,
        default="status",
        example="uptime",
    ),
    PERIOD,
    text("label", "The text on the left, in place of the provider's name.", example="our model API"),
)

ENDPOINTS = (
    Endpoint(
        path="/api/badge/provider/{provider_id}.svg",
        tag="Badges",
        summary="Badge of a provider",
        description="A badge as a picture, for a README. It says `unknown` while telemetry cannot be read. "
        "An unknown provider is a 404 in the error envelope, as everywhere.",
        handle=provider_badge_svg,
        body=str,
        media_type=SVG,
        freshness=Freshness.TELEMETRY,
        params=PARAMS,
        example="/api/badge/provider/openai.svg",
    ),
    Endpoint(
        path="/api/badge/provider/{provider_id}.json",
        tag="Badges",
        summary="Badge of a provider, for shields.io",
        description="The same badge in the shape that the endpoint badge of shields.io reads.",
        handle=provider_badge_json,
        body=ShieldsBadge,
        freshness=Freshness.TELEMETRY,
        params=PARAMS,
        example="/api/badge/provider/openai.json?metric=uptime&period=30d",
    ),
)
