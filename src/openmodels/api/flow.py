"""Sends an answer without an end, until it is over or the client hangs up."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

import structlog
from litestar.types import Receive, Scope, Send

from openmodels.api.endpoint import Flow
from openmodels.edge.exchange import REQUEST_ID, STREAM
from openmodels.errors import StoreError

log: Any = structlog.get_logger(__name__)

GRACE_SECONDS = 1.0
"""How long a client may take to accept what still waits for it, once its stream is over."""


class FlowResponse:
    """The ASGI application that answers one request with a flow."""

    def __init__(self, flow: Flow, media_type: str, headers: Mapping[str, str]) -> None:
        self._flow = flow
        # nginx would wait for a buffer to fill before it passed anything on.
        given = {"content-type": media_type, "x-accel-buffering": "no", **headers}
        self._headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in given.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Open the flow and send it. Raises what its ``open`` raises, before anything is sent."""
        try:
            await self._flow.open()
            # Only now: until here this may become an error, which is answered like any other.
            scope[STREAM] = True  # type: ignore[literal-required]  # our own key
            await send({"type": "http.response.start", "status": 200, "headers": self._headers})
            await self._send_until_over(receive, send, str(scope.get(REQUEST_ID, "")))
        finally:
            self._flow.close()

    async def _send_until_over(self, receive: Receive, send: Send, request_id: str) -> None:
        writing = asyncio.create_task(self._write(send, request_id))
        gone = asyncio.create_task(hung_up(receive))
        over = asyncio.create_task(self._flow.over.wait())
        try:
            await asyncio.wait({writing, gone, over}, return_when=asyncio.FIRST_COMPLETED)
            # A client that takes nothing any more would hold its place, and the server's stop, for ever.
            await asyncio.wait({writing, gone}, timeout=GRACE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (writing, gone, over):
                task.cancel()
            await asyncio.gather(writing, gone, over, return_exceptions=True)

    async def _write(self, send: Send, request_id: str) -> None:
        try:
            async with aclosing(self._flow.parts()) as parts:
                async for part in parts:
                    await send({"type": "http.response.body", "body": part, "more_body": True})
        except StoreError as error:
            # Ended properly, so that the client comes back with its place.
            log.warning("stream ended", request_id=request_id, reason=str(error))
        except Exception:
            log.exception("stream failed", request_id=request_id)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def hung_up(receive: Receive) -> None:
    """Return once the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
