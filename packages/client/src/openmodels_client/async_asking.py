"""How questions are asked with asyncio. ``asking.py`` is made from this file by ``unasync.py``."""

from asyncio import timeout as within
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import httpx2

from openmodels_client.answers import Response, read_answer
from openmodels_client.calls import Call
from openmodels_client.errors import OpenModelsError
from openmodels_client.remembering import Memory
from openmodels_client.retrying import Retry
from openmodels_client.sending import Deadline, Receiving, Timeouts, headers_of, translated

T = TypeVar("T")


class AsyncAsker:
    """Asks one server: in time, again where that may help, and not for what it has still."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        base_url: str,
        *,
        timeout: float,
        retry: Retry,
        memory: Memory,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self.base_url = base_url
        self.timeout = timeout
        self.retry = retry
        self.pause = sleep
        self._http = http
        self._memory = memory

    async def ask(self, call: Call[T]) -> T:
        """The answer to a call. Raises ``OpenModelsError``."""
        done = 0
        while True:
            try:
                return await self._ask_once(call)
            except OpenModelsError as error:
                wait = self.retry.wait(error, done)
                if wait is None:
                    raise
            await self.pause(wait)
            done += 1

    async def _ask_once(self, call: Call[T]) -> T:
        known = self._memory.get(call)
        headers = headers_of(etag=known.etag if known else None)
        timeouts = Timeouts(Deadline(self.timeout))
        async with self.send(call.target, headers, timeouts) as response:
            received = await self.receive(call.target, response, timeouts.deadline)
        if known is not None and received.status == 304:
            kept: T = known.answer
            return kept
        answer = read_answer(call, received)
        self._memory.keep(call, received, answer)
        return answer

    @asynccontextmanager
    async def send(
        self, target: str, headers: dict[str, str], timeouts: Timeouts
    ) -> AsyncIterator[httpx2.Response]:
        """A response whose body is not yet read; errors of the connection become ours."""
        url, deadline = self.base_url + target, timeouts.deadline
        request = self._http.build_request("GET", url, headers=headers, extensions={"timeout": timeouts})
        with translated(url, deadline.seconds):
            async with within(deadline.seconds):
                response = await self._http.send(request, stream=True, follow_redirects=False)
            try:
                yield response
            finally:
                await response.aclose()

    async def receive(self, target: str, response: httpx2.Response, deadline: Deadline) -> Response:
        """All of a response. Raises ``OpenModelsError`` when it is too long or takes too long."""
        receiving = Receiving(response, self.base_url + target, deadline)
        async with within(deadline.left()):
            async for chunk in response.aiter_bytes():
                receiving.take(chunk)
        return receiving.done()
