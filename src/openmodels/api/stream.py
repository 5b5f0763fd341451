"""The endpoint that streams what is recorded, as server-sent events."""

import asyncio
from collections.abc import AsyncGenerator

from openmodels.api.endpoint import Answer, Ask, Endpoint
from openmodels.api.events import PLACE_PATTERN, Gap, RecordedCheck, RecordedMeasurement, read_place
from openmodels.api.hub import Follower, Hub, Wanted, unknown_place
from openmodels.api.wire import MAX_TEXT, Param, Unusable, choices, words
from openmodels.edge.exchange import Freshness
from openmodels.store.ports import Cursor

LAST_EVENT_ID = "last-event-id"
EVENT_STREAM = "text/event-stream"


class Following:
    """One client's stream."""

    def __init__(self, hub: Hub, wanted: Wanted, after: Cursor | None) -> None:
        self.over = asyncio.Event()
        self._hub = hub
        self._wanted = wanted
        self._after = after
        self._follower: Follower | None = None

    async def open(self) -> None:
        """Join the hub; see there what may be raised."""
        self._follower = await self._hub.join(self._wanted, self._after)
        self.over = self._follower.over

    def parts(self) -> AsyncGenerator[bytes, None]:
        """Its events, several at a time where several wait."""
        assert self._follower is not None, "open it first"  # noqa: S101 - a mistake of the caller alone
        return self._hub.parts(self._follower)

    def close(self) -> None:
        """Leave the hub."""
        if self._follower is not None:
            self._hub.leave(self._follower)


async def stream(ask: Ask) -> Answer:
    """What is recorded, as it is recorded."""
    models = (ask.snapshot.model(name) for name in ask.params["model"])
    wanted = Wanted(
        kinds=frozenset(ask.params["kind"]),
        providers=frozenset(ask.params["provider"]),
        models=frozenset(
            entry.record.id if entry else name
            for entry, name in zip(models, ask.params["model"], strict=True)
        ),
    )
    after: Cursor | None = ask.params["last_event_id"]
    if sent := ask.headers.get(LAST_EVENT_ID):
        # A client that comes back sends the header; its URL still says where it began.
        after = read_place(sent)
        if after is None:
            raise unknown_place(sent[:MAX_TEXT])
    return Answer(body=b"", flow=Following(ask.services.hub, wanted, after))


def _read_id(values: list[str]) -> Cursor:
    place = read_place(values[0])
    if place is None:
        raise Unusable("an id that this stream has sent, such as 12-34", values[0])
    return place


RESUME = Param(
    name="last_event_id",
    description="The id of the last event that was seen, for clients that cannot send the `Last-Event-ID` "
    "header; the header goes first.",
    read=_read_id,
    schema={"type": "string", "pattern": PLACE_PATTERN},
    example="0-0",
)

ENDPOINTS = (
    Endpoint(
        path="/api/telemetry/stream",
        tag="Telemetry",
        summary="Follow the telemetry",
        description="Server-sent events: each new check (`check`) and measurement (`measurement`) as it is "
        "recorded. A client that comes back with the `Last-Event-ID` header, as browsers do by themselves, "
        "is sent what it missed; when that may be more than 1000 events, one event `gap` says so instead. "
        "A comment comes every 15 seconds. A client that reads too slowly is cut off, and may come back.",
        handle=stream,
        body=str,
        media_type=EVENT_STREAM,
        events={"check": RecordedCheck, "measurement": RecordedMeasurement, "gap": Gap},
        freshness=Freshness.NEVER,
        params=(
            words("provider", "The id of a provider; several are ORed.", example=["openai"]),
            words(
                "model",
                "A model, by id or alias; several are ORed. Checks are of no model, so this leaves them out.",
                example=["gpt-4o"],
            ),
            choices("kind", "Only one kind.", ("check", "measurement"), example=["measurement"]),
            RESUME,
        ),
        example="/api/telemetry/stream?provider=openai",
    ),
)
