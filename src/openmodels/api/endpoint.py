"""What an endpoint is: a row of data that the router, the documentation and the tests all read."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote

import structlog
from msgspec import Struct, field

from openmodels.api.held import Held, HeldEach
from openmodels.api.hub import Hub
from openmodels.api.past import Past
from openmodels.api.whole import Document, Whole
from openmodels.api.wire import Param
from openmodels.clock import Clock
from openmodels.domain.price_series import PastPrices
from openmodels.domain.series import DayOfChecks, TimingSlice
from openmodels.domain.snapshot import ModelEntry, ProviderEntry, Snapshot
from openmodels.domain.telemetry import OfferingTelemetry, ProviderState
from openmodels.domain.views.registry import encoder, iso
from openmodels.domain.vocabulary import PERIOD_SECONDS
from openmodels.edge.cache import ResponseCache
from openmodels.edge.exchange import HISTORY_SECONDS, TELEMETRY_SECONDS, Freshness
from openmodels.errors import NotFound, StoreError
from openmodels.store.alert_ports import AlertStore
from openmodels.store.cluster_ports import ClusterStore
from openmodels.store.history_ports import HistoryStore
from openmodels.store.live import Live
from openmodels.store.ports import RegistryStore, TelemetryStore

log: Any = structlog.get_logger(__name__)

JSON = "application/json"
UPTIME_SECONDS = 60.0
"""How long the days of all providers are handed out again: so old, a bar of a day looks the same."""

SERIES_SECONDS = 60.0
"""How long the timings of a model's offerings are handed out again: their slices are hours long."""
MOST_SERIES = 256
"""Of how many models, periods and regions they are held: some 30 KB each."""
MOST_FIGURES = 512
"""Of how many models and providers, and periods, figures are held for pages: some 20 KB each."""
MOST_PRICES = 256
"""Of how many models the prices of the past are held."""


class Pinged(Protocol):
    """Something that answers, or not."""

    async def ping(self) -> None:
        """Answer at all. Raises ``StoreError`` when it cannot."""
        ...


def _held_uptime() -> Held[Mapping[str, Sequence[DayOfChecks]]]:
    return Held(UPTIME_SECONDS)


def _held_series() -> HeldEach[Mapping[str, Sequence[TimingSlice]]]:
    return HeldEach(SERIES_SECONDS, most=MOST_SERIES)


def _held_figures() -> HeldEach[Any]:
    return HeldEach(TELEMETRY_SECONDS, most=MOST_FIGURES)


def _held_prices() -> HeldEach[PastPrices]:
    return HeldEach(HISTORY_SECONDS, most=MOST_PRICES)


class Services(Struct, frozen=True, kw_only=True):
    """What handlers may ask."""

    live: Live
    registry: RegistryStore
    telemetry: TelemetryStore
    history: HistoryStore
    past: Past
    cache: ResponseCache
    hub: Hub
    clock: Clock
    version: str
    public_url: str = ""
    """The address under which others reach this server; empty where nobody said."""
    address: str = ""
    """The same, or as well as the server can know it by itself; without a slash at its end."""
    cluster: ClusterStore | None = None
    """Where it is known in which regions somebody probes; None where nobody keeps that."""
    redis: Pinged | None = None
    """The Redis that several processes share; None where none is set."""
    replica: Pinged | None = None
    """The database that answers are read from; None where it is the one that is written to."""
    alerts: AlertStore | None = None
    """Where maintenance windows are kept; None where nobody keeps any."""
    demo: bool = False
    """Whether telemetry is of fake providers."""
    whole: Whole = field(default_factory=Whole)
    """Documents too large to be made for each who asks."""
    health: Held["Answer"] = field(default_factory=Held)
    """How everything was when somebody asked last."""
    uptime: Held[Mapping[str, Sequence[DayOfChecks]]] = field(default_factory=_held_uptime)
    """By provider id: the checks of each of the last days; see ``series.uptime_days``."""
    series: HeldEach[Mapping[str, Sequence[TimingSlice]]] = field(default_factory=_held_series)
    """By provider id: how fast a model answered; held for each model, its providers, period and regions."""
    figures: HeldEach[Any] = field(default_factory=_held_figures)
    """What pages show of telemetry beside series; held as long as an answer that shows it."""
    prices: HeldEach[PastPrices] = field(default_factory=_held_prices)
    """What the offerings of a model cost over time; held for each revision and model."""


class Ask(Struct, frozen=True, kw_only=True):
    """One request, understood."""

    services: Services
    snapshot: Snapshot
    """The revision that answers; read once, so that a swap halfway changes nothing. Where ``as_of`` was
    given, the one that was published then."""
    params: Mapping[str, Any]
    """Every declared parameter by name, checked."""
    ids: Mapping[str, str]
    """The path's parameters."""
    path: str
    """The path as asked."""
    query: bytes
    """The query as asked."""
    headers: Mapping[str, str] = {}
    """The request's headers, by lower-case name."""
    unread: list[str] = field(default_factory=list)
    """What the database did not tell, and the answer therefore lacks; handlers add to it."""

    def model(self) -> ModelEntry:
        """The model that the path names. Raises ``NotFound``, with a suggestion when one is near."""
        name = self.ids["model_id"]
        entry = self.snapshot.model(name)
        if entry is None:
            raise self._not_found("Model", name, self.snapshot.model_named_like(name))
        return entry

    def provider(self) -> ProviderEntry:
        """The provider that the path names. Raises ``NotFound``, with a suggestion when one is near."""
        name = self.ids["provider_id"]
        entry = self.snapshot.provider(name)
        if entry is None:
            raise self._not_found("Provider", name, self.snapshot.provider_named_like(name))
        return entry

    async def states(self) -> Mapping[str, ProviderState]:
        """How each provider is doing; nothing while the database fails: the registry is served."""
        try:
            return await self.services.live.states(self.services.clock.now())
        except StoreError as error:
            log.warning("answering without telemetry", path=self.path, reason=str(error))
            self.unread.append("states")
            return {}

    async def measured(
        self, entry: ModelEntry, *, regions: Collection[str]
    ) -> Mapping[str, OfferingTelemetry]:
        """What is known of a model's offerings over the period. Raises ``StoreError``."""
        return await self.services.telemetry.offerings(
            entry.record.id,
            [offering.record.provider_id for offering in entry.offerings],
            since=self.since(),
            regions=regions,
        )

    async def measured_if_any(
        self, entry: ModelEntry, *, regions: Collection[str]
    ) -> Mapping[str, OfferingTelemetry]:
        """The same; nothing while the database fails."""
        try:
            return await self.measured(entry, regions=regions)
        except StoreError as error:
            log.warning("answering without telemetry", path=self.path, reason=str(error))
            self.unread.append("measurements")
            return {}

    def since(self) -> datetime:
        """The beginning of the period that was asked for."""
        return self.services.clock.now() - timedelta(seconds=PERIOD_SECONDS[self.params["period"]])

    def _not_found(self, kind: str, name: str, near: str | None) -> NotFound:
        at = self.params.get("as_of")
        then = "" if at is None else f" in what was published as of {iso(at)}"
        shown = name if len(name) <= 100 else name[:100] + "…"
        hint = f". Did you mean '{near}'?" if near else ""
        meant = f"/{kind.lower()}s/{quote(near, safe='')}" if near else ""
        return NotFound(f"{kind} not found{then}: '{shown}'{hint}", meant=meant)


class Flow(Protocol):
    """An answer without an end: it goes on until it is over or the client hangs up."""

    over: asyncio.Event
    """Set when it should end soon, sent or not."""

    async def open(self) -> None:
        """Take a place. Raises ``RequestError`` or ``StoreError``, as long as nothing is sent."""
        ...

    def parts(self) -> AsyncGenerator[bytes, None]:
        """What to send, as it comes."""
        ...

    def close(self) -> None:
        """Give the place back; nothing happens when none was taken."""
        ...


class Answer(Struct, frozen=True, kw_only=True):
    """What a handler gives back."""

    body: bytes
    status: int = 200
    link: str | None = None
    headers: Mapping[str, str] = {}
    """Headers of this answer alone."""
    freshness: Freshness | None = None
    """How long this answer holds, where it is not the endpoint's."""
    flow: Flow | None = None
    """What is sent in place of ``body``, by an endpoint that streams."""
    document: Document | None = None
    """What is made once and sent part by part, in place of ``body``."""


def answer(view: Any) -> Answer:
    """A view as JSON, decimals written as they are."""
    return Answer(body=encoder.encode(view))


Handle = Callable[[Ask], Awaitable[Answer]]


class Endpoint(Struct, frozen=True, kw_only=True):
    """One path of the API."""

    path: str
    """With parameters in braces: ``/api/models/{model_id}``."""
    tag: str
    """The group it belongs to."""
    summary: str
    """A few words."""
    description: str
    """What it answers."""
    handle: Handle
    """Turns a request into an answer."""
    body: Any
    """The type of the answer's body; ``str`` for text that is not JSON, ``dict`` for any object."""
    freshness: Freshness
    """How long an answer holds."""
    params: tuple[Param, ...] = ()
    """The query parameters."""
    media_type: str = JSON
    """The media type of the answer's body."""
    events: Mapping[str, type] = {}
    """By name: what each event of a stream holds. An endpoint with events streams."""
    paged: bool = False
    """Whether it answers a page of a list, with a Link header."""
    linked: bool = False
    """Whether it answers one part after the other, each with a Link header that leads to the next."""
    example: str = ""
    """A request's path and query, as in the documentation; it really works."""
    degraded: bool = False
    """Whether it can answer 503 with the same body."""
    shared: bool = False
    """Whether an answer that one process made is handed out by others too: where it asks the database, and
    the same is asked for often."""
