"""How questions are asked without asyncio. ``unasync.py`` made this file from ``async_asking.py``."""

from contextlib import nullcontext as within
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import httpx2

from openmodels_client.answers import Response, read_answer
from openmodels_client.calls import Call
from openmodels_client.errors import OpenModelsError
from openmodels_client.remembering import Memory
from openmodels_client.retrying import Retry
from openmodels_client.sending import Deadline, Receiving, Timeouts, headers_of, translated

T = TypeVar("T")


class Asker:
    """Asks one server: in time, again where that may help, and not for what it has still."""

    def __init__(
        self,
        http: httpx2.Client,
        base_url: str,
        *,
        timeout: float,
        retry: Retry,
        memory: Memory,
        sleep: Callable[[float], None],
    ) -> None:
        self.base_url = base_url
        self.timeout = timeout
        self.retry = retry
        self.pause = sleep
        self._http = http
        self._memory = memory

    def ask(self, call: Call[T]) -> T:
        """The answer to a call. Raises ``OpenModelsError``."""
        done = 0
        while True:
            try:
                return self._ask_once(call)
            except OpenModelsError as error:
                wait = self.retry.wait(error, done)
                if wait is None:
                    raise
            self.pause(wait)
            done += 1

    def _ask_once(self, call: Call[T]) -> T:
        known = self._memory.get(call)
        headers = headers_of(etag=known.etag if known else None)
        timeouts = Timeouts(Deadline(self.timeout))
        with self.send(call.target, headers, timeouts) as response:
            received = self.receive(call.target, response, timeouts.deadline)
        if known is not None and received.status == 304:
            kept: T = known.answer
            return kept
        answer = read_answer(call, received)
        self._memory.keep(call, received, answer)
        return answer

    @contextmanager
    def send(
        self, target: str, headers: dict[str, str], timeouts: Timeouts
    ) -> Iterator[httpx2.Response]:
        """A response whose body is not yet read; errors of the connection become ours."""
        url, deadline = self.base_url + target, timeouts.deadline
        request = self._http.build_request("GET", url, headers=headers, extensions={"timeout": timeouts})
        with translated(url, deadline.seconds):
            with within(deadline.seconds):
                response = self._http.send(request, stream=True, follow_redirects=False)
            try:
                yield response
            finally:
                response.close()

    def receive(self, target: str, response: httpx2.Response, deadline: Deadline) -> Response:
        """All of a response. Raises ``OpenModelsError`` when it is too long or takes too long."""
        receiving = Receiving(response, self.base_url + target, deadline)
        with within(deadline.left()):
            for chunk in response.iter_bytes():
                receiving.take(chunk)
        return receiving.done()
