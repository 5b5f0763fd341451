"""The page of a provider: how it is doing, how fast it is, what it offers, and how to sign in."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from openmodels.api.endpoint import Ask
from openmodels.api.incidents import TOLD_FOR, maintenance
from openmodels.api.params import PAGE
from openmodels.api.series import first_day, uptime_days
from openmodels.api.wire import choice
from openmodels.domain.records import Provider
from openmodels.domain.series import SLICE_WIDTHS, DayOfChecks, ProviderFigures
from openmodels.domain.telemetry import ProviderState
from openmodels.domain.vocabulary import Period
from openmodels.edge.exchange import Freshness
from openmodels.web.bars import bars, kind_of, uptime_of
from openmodels.web.chart import Chart
from openmodels.web.page import Crumb, Html, Page
from openmodels.web.provider_charts import completion_chart, filled, response_chart
from openmodels.web.provider_offerings import (
    FALLING,
    ON_A_PAGE,
    SORTS,
    Offered,
    example_of,
    in_order,
    offered_by,
    rows_of,
)
from openmodels.web.reading import read_held, read_or
from openmodels.web.snippets import snippets
from openmodels.web.troubles import maintenance_of, troubles_of
from openmodels.web.words import count, link, percent, plain, with_query

DAYS = 30
MOST_INCIDENTS = 20
PERIODS: Mapping[Period, str] = {"24h": "24 hours", "7d": "7 days", "30d": "30 days"}
"""What the periods are called."""
SIGN_IN: Mapping[str, str] = {
    "bearer": "A key as a bearer token: Authorization: Bearer KEY.",
    "api-key": "A key in a header of its own.",
    "oauth2": "A token that an OAuth 2.0 sign-in gives.",
    "basic": "A user name and a password (HTTP Basic).",
    "none": "Nothing: requests need no key.",
}
"""How a request is authenticated, by ``auth_type``."""


class Day(Struct, frozen=True, kw_only=True):
    """The checks of a day, as the table of days shows them."""

    day: date
    kind: str
    total: int
    failed: int
    uptime: str


class Measured(NamedTuple):
    """What telemetry tells of the provider."""

    state: ProviderState
    days: Sequence[DayOfChecks]
    figures: ProviderFigures


class Asked(Struct, frozen=True, kw_only=True):
    """How the page was asked for."""

    path: str
    period: Period
    sort: str
    page: int

    def to(self, part: str = "", **changes: Any) -> str:
        """The address of the page asked otherwise, and where on it."""
        other: Asked = replace(self, **changes)
        address = with_query(
            self.path,
            period="" if other.period == "7d" else other.period,
            sort="" if other.sort == "name" else other.sort,
            page="" if other.page == 1 else other.page,
        )
        return f"{address}#{part}" if part else address

    def to_page(self, page: int) -> str:
        """The address of a page of the models."""
        return self.to("models", page=page)


async def provider_page(ask: Ask) -> Html:
    """The page of a provider. Raises ``NotFound``."""
    entry, snapshot, now = ask.provider(), ask.snapshot, ask.services.clock.now()
    record = entry.record
    asked = Asked(path=ask.path, **ask.params)
    measured = await _measured(ask, record.id, now)
    incidents = await read_or(
        ask,
        "incidents",
        ask.services.telemetry.incidents(
            since=now - TOLD_FOR, provider_ids=(record.id,), limit=MOST_INCIDENTS
        ),
        (),
    )
    windows = await maintenance(ask, (record.id,))
    offered = offered_by(snapshot, record.id, measured.figures.speeds)
    context = {
        "provider": record,
        "measured": _is_measured(measured) or bool(incidents),
        "asked": asked,
        "periods": PERIODS,
        "unread": ask.unread,
        "troubles": troubles_of(incidents, snapshot, now),
        "told_for": TOLD_FOR.days,
        "maintenance": maintenance_of(windows or (), snapshot, now),
        **_health(measured, now, asked.period),
        **_offerings(offered, asked),
        **_access(record, offered, ask.services.public_url.rstrip("/")),
    }
    return Html(
        template="provider.html",
        title=record.name,
        description=f"{record.name} as a provider of language models: {count(len(entry.models))} models with "
        f"prices, status, uptime, response times, incidents, and how to sign in. {record.description}"[:300],
        canonical=ask.path,
        context=context,
        crumbs=(Crumb("Providers", "/providers"),),
        structured=(_structured(record),),
        indexed=asked == Asked(path=ask.path, period="7d", sort="name", page=1),
        raw=f"/api/providers/{record.id}",
    )


async def _measured(ask: Ask, provider_id: str, now: datetime) -> Measured:
    """Everything that telemetry tells of a provider; what cannot be read is left out."""
    width = SLICE_WIDTHS[ask.params["period"]]
    states = await ask.states()
    days = await read_or(ask, "uptime", uptime_days(ask.services, first_day(now, DAYS)), {})
    figures = await read_held(
        ask,
        "figures",
        (provider_id, ask.params["period"]),
        ask.services.telemetry.provider_figures(provider_id, since=ask.since(), width=width),
        ProviderFigures(),
    )
    return Measured(
        state=states.get(provider_id, ProviderState()), days=days.get(provider_id, ()), figures=figures
    )


def _is_measured(measured: Measured) -> bool:
    """Whether anybody ever looked at the provider, as far as is known."""
    figures = measured.figures
    known = measured.days or figures.health.checks_total or figures.timings.samples
    return measured.state.last_checked_at is not None or bool(known)


def _health(measured: Measured, now: datetime, period: Period) -> dict[str, Any]:
    """What the page shows of how the provider is doing."""
    today, figures = now.astimezone(UTC).date(), measured.figures
    over, width = PERIODS[period], SLICE_WIDTHS[period]
    charts = (
        response_chart(figures.checks, figures.health, over=over, width=width),
        completion_chart(figures.measurements, figures.timings, over=over, width=width),
    )
    return {
        "state": measured.state,
        "bars": bars(measured.days, today=today, number=DAYS),
        "uptime": percent(uptime_of(measured.days, since=today - timedelta(days=DAYS - 1))),
        "days": [_day(one) for one in reversed(measured.days)],
        "number_of_days": DAYS,
        "health": figures.health,
        "timings": figures.timings,
        "said": _said,
        "charts": [_with_gaps(chart, width) for chart in charts if chart is not None],
    }


def _said(value: float) -> str:
    """A time in a chart's table; its unit is said by the chart."""
    return f"{value:,.0f}"


def _with_gaps(chart: Chart, width: timedelta) -> Chart:
    shown: Chart = replace(chart, rows=filled(chart.rows, width))
    return shown


def _day(one: DayOfChecks) -> Day:
    return Day(
        day=one.day,
        kind=kind_of(one.total, one.up),
        total=one.total,
        failed=one.total - one.up,
        uptime=percent(100 * one.up / one.total),
    )


def _offerings(offered: Sequence[Offered], asked: Asked) -> dict[str, Any]:
    """What the page shows of the models."""
    shown = in_order(offered, asked.sort)[(asked.page - 1) * ON_A_PAGE : asked.page * ON_A_PAGE]
    return {
        "rows": rows_of(shown),
        "models_count": len(offered),
        "limit": ON_A_PAGE,
        "sorts": SORTS,
        "falling": FALLING,
        "speeds_known": any(one.speed is not None for one in offered),
    }


def _access(record: Provider, offered: Sequence[Offered], public_url: str) -> dict[str, Any]:
    """What the page shows of how to ask the provider, and of how to show others how it is doing."""
    example = example_of(offered)
    badge = f"/api/badge/provider/{record.id}.svg"
    return {
        "sign_in": SIGN_IN[record.auth_type],
        "example": example,
        "codes": [] if example is None else snippets(example.model, record, example.record)[:1],
        "badge": badge,
        # The id, not the name: nothing in it means anything in Markdown.
        "markdown": f"[![{record.id}]({public_url}{badge})]({public_url}/providers/{record.id})",
        "public_url": public_url,
    }


def _structured(record: Provider) -> Mapping[str, Any]:
    """The provider as a WebAPI of schema.org (https://schema.org/WebAPI)."""
    described: dict[str, Any] = {
        "@type": "WebAPI",
        "name": plain(record.name),
        "description": plain(record.description),
        "provider": {"@type": "Organization", "name": plain(record.name)},
    }
    if link(record.docs_url):
        described["documentation"] = record.docs_url
    return described


PAGES = (
    Page(
        path="/providers/{provider_id}",
        handle=provider_page,
        freshness=Freshness.TELEMETRY,
        section="/providers",
        params=(
            choice("period", "How far back the figures reach.", tuple(PERIODS), default="7d"),
            choice("sort", "The order of the models.", tuple(SORTS), default="name"),
            PAGE,
        ),
    ),
)
