"""The endpoints of lifecycle: which models end when, as a list and as a calendar."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from openmodels.api.endpoint import Answer, Ask, Endpoint
from openmodels.api.ical import MEDIA_TYPE, DayEvent, calendar
from openmodels.api.lists import filters_of, page_of, page_slice
from openmodels.api.params import LIMIT, PAGE, SINCE, UNTIL
from openmodels.api.wire import choices, words
from openmodels.domain.lifecycle import Ending, LifecycleQuery, endings
from openmodels.domain.views.registry import Pagination, encoder
from openmodels.domain.vocabulary import LIFECYCLES, Lifecycle
from openmodels.edge.exchange import Freshness

Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]


class EndingView(Struct, frozen=True, kw_only=True):
    """A model that is retired, or is going to be."""

    model_id: str
    """The canonical id."""
    model_name: str
    """The display name."""
    vendor: str | None
    """The id of who made it."""
    status: Lifecycle
    """Where it stands in its life."""
    retires_on: Day | None
    """The day on which the vendor retires it; null when nobody knows it."""
    days_left: int | None
    """How many days there are until then, by the day it is in UTC; negative once it is past."""
    replaced_by: str | None
    """The id of the model that the vendor names as its successor."""
    providers: tuple[str, ...]
    """The ids of the providers that have it still."""


class EndingPage(Struct, frozen=True, kw_only=True):
    """One page of the models that end."""

    data: tuple[EndingView, ...]
    """The earliest first; those whose day nobody knows last."""
    pagination: Pagination
    """Which page this is."""


async def lifecycle(ask: Ask) -> Answer:
    """A page of the models that end."""
    found = endings(ask.snapshot, LifecycleQuery(**filters_of(ask)))
    today = ask.services.clock.now().date()
    views = [
        EndingView(
            model_id=ending.model.id,
            model_name=ending.model.name,
            vendor=ending.model.vendor,
            status=ending.model.status,
            retires_on=str(ending.model.deprecation_date) if ending.model.deprecation_date else None,
            days_left=ending.days_left(today),
            replaced_by=ending.model.replaced_by,
            providers=tuple(ending.providers),
        )
        for ending in found[page_slice(ask)]
    ]
    return page_of([encoder.encode(view) for view in views], ask, len(found))


async def lifecycle_calendar(ask: Ask) -> Answer:
    """Every known retirement as a calendar; it depends on nothing but the revision."""
    public_url = ask.services.public_url.rstrip("/")
    body = calendar(
        "Model retirements",
        "When language models are retired, by their vendors' word.",
        [
            _event(ending, day, public_url)
            for ending in endings(ask.snapshot, LifecycleQuery(**filters_of(ask)))
            if (day := ending.model.deprecation_date) is not None
        ],
        stamp=ask.snapshot.published_at,
    )
    return Answer(body=body)


def _event(ending: Ending, day: date, public_url: str) -> DayEvent:
    model = ending.model
    parts = [f"{model.name} ({model.id}) is retired by its vendor. Status now: {model.status}."]
    if model.replaced_by:
        parts.append(f"Its successor is {model.replaced_by}.")
    if ending.providers:
        parts.append(f"Offered by: {', '.join(ending.providers)}.")
    return DayEvent(
        uid=f"{model.id}.retirement@openmodels",
        day=day,
        summary=f"{model.name} is retired",
        description="\n".join(parts),
        categories=(model.vendor,) if model.vendor else (),
        url=f"{public_url}/api/models/{model.id}" if public_url else "",
    )


FILTERS = (
    words("vendor", "The id of who made the model; several are ORed.", example=["openai"]),
    words("provider", "The id of a provider that has the model still; several are ORed.", example=["openai"]),
    choices(
        "status", "Where the model stands in its life; several are ORed.", LIFECYCLES, example=["deprecated"]
    ),
    SINCE,
    UNTIL,
)

ENDPOINTS = (
    Endpoint(
        path="/api/lifecycle",
        tag="Lifecycle",
        summary="Which models end when",
        description="Models that have a retirement date, past or to come, and deprecated and retired ones "
        "whose day nobody knows; the earliest first, unknown days last. `since` and `until` are about the "
        "day of the retirement, and leave unknown days out.",
        handle=lifecycle,
        body=EndingPage,
        # Days go by without a revision.
        freshness=Freshness.TELEMETRY,
        params=(*FILTERS, PAGE, LIMIT),
        paged=True,
        example="/api/lifecycle?since=2024-01-01",
    ),
    Endpoint(
        path="/api/lifecycle.ics",
        tag="Lifecycle",
        summary="Retirements as a calendar",
        description="The known retirements, past and to come, as a calendar to subscribe to (iCalendar, RFC "
        "5545): an event for the whole day of each.",
        handle=lifecycle_calendar,
        body=str,
        media_type=MEDIA_TYPE,
        freshness=Freshness.REVISION,
        params=FILTERS,
        example="/api/lifecycle.ics?vendor=openai",
    ),
)
