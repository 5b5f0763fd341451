"""Sends a whole document: ETag, 304, the coding that the client takes, then part by part."""

import asyncio
from collections.abc import Mapping
from email.utils import formatdate

from litestar.types import Receive, Scope, Send

from openmodels.api.flow import hung_up
from openmodels.api.whole import IDENTITY, PART, Body, Document, Whole
from openmodels.edge.cache import Header, Variant, matches
from openmodels.edge.encoding import MIN_SIZE, coding_for
from openmodels.edge.exchange import STREAM, Freshness

LENGTH = b"content-length"


class WholeResponse:
    """The ASGI application that answers one request with a document."""

    def __init__(
        self,
        document: Document,
        whole: Whole,
        media_type: str,
        freshness: Freshness,
        headers: Mapping[str, str],
    ) -> None:
        self._document = document
        self._whole = whole
        self._modified = int(document.modified.timestamp())
        given = {
            "content-type": media_type,
            "cache-control": freshness.value,
            "last-modified": formatdate(self._modified, usegmt=True),
            "vary": "Accept-Encoding",
            # Who was cut off begins again: it is compressed, and small.
            "accept-ranges": "none",
            **headers,
        }
        self._headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in given.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer. Raises ``Unavailable``, before anything is sent."""
        asked = {bytes(name): bytes(value) for name, value in scope["headers"]}
        known = await self._whole.known(self._document)
        coding = coding_for(asked.get(b"accept-encoding", b"")) if known.size > MIN_SIZE else IDENTITY
        answer = self._variant(known.digest, coding)
        if matches(answer, self._modified, asked.get(b"if-none-match"), asked.get(b"if-modified-since")):
            scope[STREAM] = True  # type: ignore[literal-required]  # our own key
            await send({"type": "http.response.start", "status": 304, "headers": answer.headers_304})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        body = await self._whole.body(self._document, coding)
        # Only now: until here this may become an error, which is answered like any other.
        scope[STREAM] = True  # type: ignore[literal-required]  # our own key
        await send({"type": "http.response.start", "status": 200, "headers": _sized(answer, body)})
        await _send(body, receive, send)

    def _variant(self, digest: str, coding: str) -> Variant:
        """The answer without its body; each coding has an ETag of its own, as strong ones must."""
        tag = digest if coding == IDENTITY else f"{digest}-{coding}"
        headers = [*self._headers, (b"etag", b'"%s"' % tag.encode())]
        if coding != IDENTITY:
            headers.append((b"content-encoding", coding.encode()))
        return Variant(b"", headers[len(self._headers)][1], headers)


def _sized(answer: Variant, body: Body) -> list[Header]:
    return [*(h for h in answer.headers if h[0] != LENGTH), (LENGTH, b"%d" % body.size)]


async def _send(body: Body, receive: Receive, send: Send) -> None:
    """Send it as fast as the client takes it, until it is all there or the client is gone."""
    gone = asyncio.create_task(hung_up(receive))
    try:
        for offset in range(0, body.size, PART):
            # In a thread, since a disk may be slow.
            part = await asyncio.to_thread(body.part, offset)
            if gone.done():
                return
            more = offset + PART < body.size
            await send({"type": "http.response.body", "body": part, "more_body": more})
    finally:
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
