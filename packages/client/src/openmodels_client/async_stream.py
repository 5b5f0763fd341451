"""Following the stream. ``stream.py`` is made from this file by ``unasync.py``."""

from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Self

import httpx2

from openmodels_client.answers import error_of, media_type_of, unexpected
from openmodels_client.async_asking import AsyncAsker
from openmodels_client.calls import Call, path_of
from openmodels_client.errors import OpenModelsError
from openmodels_client.events import Event, EventReader, is_place
from openmodels_client.sending import Deadline, Timeouts, headers_of, require_seconds

MEDIA_TYPE = "text/event-stream"


class AsyncEventStream:
    """Events as they are recorded, to be gone through with ``async for``.

    Use it with ``async with``, or close it.
    At first, it is tried to connect as often as any question is asked. Once it was connected, there is no
    bound: it is tried until it is closed, or the server refuses for good. Raises ``OpenModelsError`` then.
    Who gives up waiting for an event has ended it, and may go on with another one after its ``place``.
    """

    def __init__(
        self, asker: AsyncAsker, query: tuple[tuple[str, str], ...], *, after: str | None, silence: float
    ) -> None:
        if after and not is_place(after):
            raise ValueError(f"a place of the stream is needed, not {after!r}")
        self.place: str = after or ""
        """Where it has come to: ``after`` for a stream that is to go on from here. Empty if unknown."""
        self._asker = asker
        self._target = Call(path=path_of("telemetry", "stream"), query=query, answer=str).target
        self._silence = require_seconds("silence", silence)
        self._events = self._follow()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        return await self._events.__anext__()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Hang up. It cannot be gone through any more."""
        await self._events.aclose()

    async def _follow(self) -> AsyncGenerator[Event, None]:
        connected, failures, retry = False, 0, self._asker.retry
        reader = EventReader()
        while True:
            reader, ended_by = EventReader(self.place, reader.retry_seconds), None
            headers = headers_of(accept=MEDIA_TYPE) | {"accept-encoding": "identity"}
            if self.place:
                headers["last-event-id"] = self.place
            timeouts = Timeouts(Deadline(self._asker.timeout))
            try:
                async with self._asker.send(self._target, headers, timeouts) as response:
                    await self._require_stream(response, timeouts.deadline)
                    timeouts.silence = self._silence
                    connected, failures = True, 0
                    async for chunk in response.aiter_bytes():
                        for told in reader.feed(chunk):
                            self.place = told.place
                            yield told.event
                        self.place = reader.place
            except OpenModelsError as error:
                ended_by = error
            if connected:
                wait = retry.wait_again(ended_by, failures, seconds=reader.retry_seconds)
            else:
                wait = retry.wait(ended_by, failures) if ended_by else None
            if wait is None:
                assert ended_by is not None  # noqa: S101 - a server that ends the stream may be asked again
                raise ended_by
            await self._asker.pause(wait)
            failures += 1

    async def _require_stream(self, response: httpx2.Response, deadline: Deadline) -> None:
        if response.status_code == 200 and media_type_of(response.headers) == MEDIA_TYPE:
            return
        received = await self._asker.receive(self._target, response, deadline)
        raise unexpected(received, MEDIA_TYPE) if received.status == 200 else error_of(received)
