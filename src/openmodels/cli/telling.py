"""The client of the command line: it shows that it waits, and with ``--verbose`` what it asks."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx2
import typer

from openmodels.domain.faults import visible
from openmodels_client import OpenModels, Retry

if TYPE_CHECKING:
    from rich.status import Status

RETRY = Retry(times=2, first_wait=0.25, longest_wait=30.0)
"""A person waits: less often, and less long, than a program would."""
Sleep = Callable[[float], None]


class Voice:
    """Tells people, on standard error, what is waited for."""

    def __init__(self, *, verbose: bool, spins: bool, sleep: Sleep = time.sleep) -> None:
        self._verbose = verbose
        # Lines and what moves would write over each other.
        self._spins = spins and not verbose
        self._sleep = sleep
        self._status: Status | None = None
        self._asked: str | None = None
        self._began = 0.0

    def begin(self, request: httpx2.Request) -> None:
        """A request goes out."""
        self._asked, self._began = request.url.raw_path.decode("ascii", "replace"), time.perf_counter()
        self._spin(f"asking {request.url.netloc.decode('ascii', 'replace')}")

    def end(self, response: httpx2.Response) -> None:
        """The head of its answer came."""
        took = (time.perf_counter() - self._began) * 1000
        self._tell(f"GET {self._asked} {response.status_code} {took:,.0f} ms")
        self._asked = None
        self.stop()

    def wait(self, seconds: float) -> None:
        """Wait before a request goes out again."""
        if self._asked is not None:
            self._tell(f"GET {self._asked} no answer")
        self._tell(f"trying again in {seconds:.1f} s")
        self._spin(f"trying again in {seconds:.1f} s")
        self._sleep(seconds)

    def stop(self) -> None:
        """Nothing is waited for."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _tell(self, line: str) -> None:
        if self._verbose:
            typer.echo(f"openmodels: {visible(line)}", err=True)

    def _spin(self, what: str) -> None:
        if not self._spins:
            return
        # Here, as only a terminal needs it.
        from rich.console import Console  # noqa: PLC0415
        from rich.status import Status  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        self.stop()
        self._status = Status(
            Text(visible(what)), console=Console(file=sys.stderr, markup=False, color_system=None)
        )
        self._status.start()


@contextmanager
def telling_client(
    base_url: str,
    *,
    timeout: float,
    verbose: bool,
    transport: httpx2.BaseTransport | None = None,
) -> Iterator[OpenModels]:
    """A client that tells of what it does; over ``transport``, it does not show that it waits.

    Raises ``ValueError`` for what is no address.
    """
    voice = Voice(verbose=verbose, spins=transport is None and sys.stderr.isatty())
    # Nothing is compressed where nothing is sent.
    headers = None if transport is None else {"accept-encoding": "identity"}
    hooks: dict[str, list[Callable[..., None]]] = {"request": [voice.begin], "response": [voice.end]}
    with httpx2.Client(transport=transport, headers=headers, event_hooks=hooks) as http:
        try:
            with OpenModels(
                base_url, timeout=timeout, retry=RETRY, remember=0, http_client=http, sleep=voice.wait
            ) as client:
                yield client
        finally:
            voice.stop()
