"""One probe: a health check, or a timed streaming completion.

Every probe has a connection of its own, made for it and dropped after it, so that none profits from another
and a warm and a cold one give the same figures: setting up is measured apart. Nothing is read from the
environment, no cookie is kept, no redirect followed, no compression accepted.
"""

import asyncio
import base64
import re
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from typing import TypedDict

from msgspec import Struct

from openmodels import version
from openmodels.clock import Clock
from openmodels.domain.telemetry import Check, Measurement
from openmodels.domain.vocabulary import Outcome
from openmodels.prober.address import WebAddress, web_address
from openmodels.prober.exchange import Exchange, Head, Request
from openmodels.prober.guard import Guard
from openmodels.prober.outcomes import (
    Cause,
    Exhausted,
    ProbeFailed,
    cause_of,
    health_status,
    outcome_of_completion,
    outcome_of_health,
    say,
)
from openmodels.prober.reading import Reading
from openmodels.prober.sse import EventParser
from openmodels.prober.style import BEARER, Style, Styles, load_styles
from openmodels.prober.target import Completion, Probed, Target
from openmodels.prober.transport import connect

HEALTH_BYTES = 1_048_576
"""How much of a health check's answer is read. A longer list of models is not read to its end."""
STREAM_BYTES = 4_194_304
"""The largest stream."""
ERROR_BYTES = 65_536
"""How much of an error's body is read, to learn its cause."""
_REFUSED_FORM = frozenset({400, 422})


class Figures(TypedDict, total=False):
    """The fields of a measurement that come from its stream."""

    time_to_first_token_ms: float | None
    total_response_time_ms: float | None
    time_to_first_byte_ms: float | None
    time_to_first_content_ms: float | None
    tokens_per_second: float | None
    output_tokens: int | None
    input_tokens: int | None
    tokens_estimated: bool


class Progress(Struct):
    """How far a probe has come: what is still known of it when it fails or runs out of time."""

    connect_ms: float | None = None
    """How long setting up the connection took."""
    head: Head | None = None
    """The head of the answer."""
    reading: Reading | None = None
    """What was read of the stream."""

    @property
    def http_status(self) -> int | None:
        """The status of the answer."""
        return self.head.status if self.head else None


class ProbeClient:
    """Makes probes, any number at a time, and says how each went. It never raises for what a provider does.

    It raises ``Exhausted`` where this machine has nothing left to make a probe with.

    ``region`` is the name of the prober's place. ``ssl_context`` replaces the system's trusted authorities.
    """

    def __init__(
        self,
        *,
        guard: Guard,
        clock: Clock,
        region: str,
        ssl_context: ssl.SSLContext | None = None,
        styles: Styles | None = None,
    ) -> None:
        self._guard = guard
        self._clock = clock
        self._region = region
        # Made once: reading the certificates of all authorities takes as long as several probes.
        self._tls = ssl_context or _system_tls()
        self._styles = styles or load_styles()
        self._headers = {"User-Agent": f"openmodels/{version()}", "Accept-Encoding": "identity"}

    async def check(self, target: Target) -> Probed[Check]:
        """Ask once whether the provider's API answers; no key is sent."""
        started_at = self._clock.now()
        progress = Progress()
        try:
            async with asyncio.timeout(target.timeout):
                outcome, detail = await self._health(target, progress)
        except TimeoutError:
            outcome, detail = _out_of_time(target, progress, outcome_of_health)
        except ProbeFailed as failure:
            # `bad_stream` is about a stream; here it says that what came over the network was no answer.
            outcome = "network" if failure.outcome == "bad_stream" else failure.outcome
            detail = failure.detail
        head = progress.head
        record = Check(
            provider_id=target.provider_id,
            region=self._region,
            checked_at=started_at,
            status=health_status(outcome),
            outcome=outcome,
            response_time_ms=_ms(head.at - head.sent_at) if head else None,
            connect_ms=progress.connect_ms,
            http_status=progress.http_status,
        )
        return Probed(record=record, detail=detail)

    async def measure(self, target: Target, completion: Completion) -> Probed[Measurement]:
        """Ask for one completion and time its stream.

        A measurement that fails has no times but ``connect_ms``, so that none enters a statistic; the tokens
        that the provider counted stay, because they cost something.
        """
        started_at = self._clock.now()
        progress = Progress()
        outcome: Outcome
        try:
            async with asyncio.timeout(target.timeout):
                outcome, detail = await self._complete(target, completion, progress)
        except TimeoutError:
            outcome, detail = _out_of_time(target, progress, outcome_of_completion)
        except ProbeFailed as failure:
            outcome, detail = failure.outcome, failure.detail
        record = Measurement(
            provider_id=target.provider_id,
            model_id=completion.model_id,
            region=self._region,
            measured_at=started_at,
            outcome=outcome,
            connect_ms=progress.connect_ms,
            http_status=progress.http_status,
            **_figures(progress, good=outcome == "ok"),
        )
        return Probed(record=record, detail=detail)

    async def reachable(self, url: str, *, timeout: float) -> bool:  # noqa: ASYNC109 - it is the whole point
        """Whether anything at all answers HTTP there within ``timeout`` seconds."""
        try:
            async with asyncio.timeout(timeout):
                request = Request("GET", web_address(url), self._headers)
                exchange = await self._open(request.address, Progress(), seconds=timeout, limit=HEALTH_BYTES)
                try:
                    await exchange.ask(request)
                finally:
                    exchange.close()
        except (TimeoutError, ProbeFailed, Exhausted):
            return False
        return True

    async def close(self) -> None:
        """Let the sockets of the last probes close. Nothing else is kept from one probe to the next."""
        await asyncio.sleep(0)

    async def _health(self, target: Target, progress: Progress) -> tuple[Outcome, str]:
        style = self._styles.named(target.style)
        path = target.health_path or (style.health_path if style else "")
        headers = {**self._headers, "Accept": "application/json", **(style.headers if style else {})}
        request = Request("GET", web_address(target.base_url, path), headers)
        exchange = await self._open(
            request.address, progress, seconds=target.timeout, limit=HEALTH_BYTES + ERROR_BYTES
        )
        try:
            head = progress.head = await exchange.ask(request)
            if 200 <= head.status < 300:
                await exchange.skip(HEALTH_BYTES)
                return "ok", ""
            outcome = outcome_of_health(head.status, await _cause(exchange, head))
        finally:
            exchange.close()
        return outcome, say(head.status, outcome)

    async def _complete(
        self, target: Target, completion: Completion, progress: Progress
    ) -> tuple[Outcome, str]:
        style = self._styles.named(target.style)
        if style is None:
            known = ", ".join(self._styles.names)
            raise ProbeFailed("bad_request", f"no API style is named {target.style}; there are {known}")
        nonce = f"om-{secrets.token_hex(4)}"
        prompt = f"Reply with exactly this word and nothing else: {nonce}"
        address = web_address(target.base_url, style.path_for(completion.model_name))
        headers = {
            **self._headers,
            "Accept": "text/event-stream",
            "Content-Type": "application/json",
            **style.headers,
            **_key_header(target, style, address),
        }
        outcome: Outcome = "bad_request"
        detail = ""
        for profile in style.reasoning if completion.reasoning else style.plain:
            body = style.body_for(completion.model_name, prompt, profile)
            outcome, detail = await self._stream(
                Request("POST", address, headers, body), style, nonce, progress, target.timeout
            )
            # Refused for its form, at no cost: a plainer form may do.
            if outcome != "bad_request" or progress.http_status not in _REFUSED_FORM:
                break
        return outcome, detail

    async def _stream(
        self, request: Request, style: Style, nonce: str, progress: Progress, seconds: float
    ) -> tuple[Outcome, str]:
        progress.head = progress.connect_ms = None
        exchange = await self._open(request.address, progress, seconds=seconds, limit=STREAM_BYTES)
        try:
            head = progress.head = await exchange.ask(request)
            if not 200 <= head.status < 300:
                outcome = outcome_of_completion(head.status, await _cause(exchange, head))
                return outcome, say(head.status, outcome)
            if head.encoded:
                raise ProbeFailed("bad_stream", "its answer is compressed, which was not asked for")
            if head.content_type == "application/json":
                raise ProbeFailed("bad_stream", "it answered with JSON, not with a stream")
            progress.reading = Reading(style)
            await _read(exchange, progress.reading)
            progress.reading.require(nonce)
        finally:
            exchange.close()
        return "ok", ""

    async def _open(self, address: WebAddress, progress: Progress, *, seconds: float, limit: int) -> Exchange:
        started = time.perf_counter()
        addresses = await self._guard.addresses(address.host)
        tls = self._tls if address.encrypted else None
        connection = await connect(addresses, address.port, host=address.host, tls=tls, seconds=seconds)
        progress.connect_ms = _ms(time.perf_counter() - started)
        return Exchange(connection, limit=limit)


async def _read(exchange: Exchange, reading: Reading) -> None:
    parser = EventParser()
    last_at = 0.0
    while (piece := await exchange.piece()) is not None:
        last_at = piece.at
        for event in parser.feed(piece.data):
            if reading.take(event, piece.at):
                return
    for event in parser.end():
        reading.take(event, last_at)


async def _cause(exchange: Exchange, head: Head) -> Cause:
    """What the body of an error says; nothing when it cannot be read: the status speaks for itself."""
    if head.encoded:
        return Cause()
    body = bytearray()
    try:
        while len(body) < ERROR_BYTES and (piece := await exchange.piece()) is not None:
            body += piece.data
    except ProbeFailed:
        pass
    return cause_of(bytes(body))


def _key_header(target: Target, style: Style, address: WebAddress) -> Mapping[str, str]:
    """The header that carries the key. Raises ``ProbeFailed`` (``blocked``) rather than give the key away."""
    if target.key is None or target.auth_type == "none":
        return {}
    if not address.encrypted and not target.own_endpoint:
        raise ProbeFailed("blocked", "its address is not https, and a key goes over nothing else")
    key = target.key.reveal()
    if target.auth_type == "basic":
        usable = key != "" and key.isprintable()
        name, value = "Authorization", "Basic {key}"
        key = base64.b64encode(key.encode("utf-8", "replace")).decode("ascii")
    else:
        usable = re.fullmatch(r"[\x21-\x7e]+", key) is not None
        name, value = style.keys.get(target.auth_type, BEARER)
    if not usable:
        raise ProbeFailed(
            "blocked",
            "the key has a character that no key has; look for a line break or a blank where it is kept",
        )
    return {name: value.replace("{key}", key)}


def _figures(progress: Progress, *, good: bool) -> Figures:
    head, reading = progress.head, progress.reading
    if head is None or reading is None:
        return {}
    if not good:
        return {"input_tokens": reading.input_tokens, "output_tokens": reading.counted_tokens}
    return {
        "time_to_first_token_ms": _since(head.sent_at, reading.first_token_at),
        "total_response_time_ms": _since(head.sent_at, reading.end_at),
        "time_to_first_byte_ms": _since(head.sent_at, head.first_byte_at),
        "time_to_first_content_ms": _since(head.sent_at, reading.first_content_at),
        "tokens_per_second": reading.tokens_per_second,
        "output_tokens": reading.output_tokens,
        "input_tokens": reading.input_tokens,
        "tokens_estimated": reading.estimated,
    }


def _out_of_time(
    target: Target, progress: Progress, outcome_of: Callable[[int, Cause], Outcome]
) -> tuple[Outcome, str]:
    head = progress.head
    if head is not None and not 200 <= head.status < 300:
        # Only the body of the error did not come in time, and the status has said enough.
        outcome = outcome_of(head.status, Cause())
        return outcome, say(head.status, outcome)
    stage = "no end of its answer" if head else "no answer"
    return "timeout", f"{stage} within {target.timeout:g} seconds"


def _since(start: float, moment: float | None) -> float | None:
    return _ms(moment - start) if moment is not None else None


def _ms(seconds: float) -> float:
    """Milliseconds, to the microsecond: what is finer is noise."""
    return round(seconds * 1000, 3)


def _system_tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
