"""Alerts as signed JSON, posted to an address of the operator's own.

Signed by the convention of Standard Webhooks (https://www.standardwebhooks.com): the headers ``webhook-id``,
``webhook-timestamp`` and ``webhook-signature``, whose value is ``v1,`` and the base64 of the HMAC-SHA256 of
``<id>.<timestamp>.<body>``. ``docs/alerts.md`` shows how a receiver checks it.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import math
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2
import msgspec

from openmodels.domain.alerts import MAX_WAIT, Alert
from openmodels.errors import SettingsError
from openmodels.jobs.senders import Answer

DEADLINE = 10.0
"""Seconds that one post may take, connecting included."""
SECRET_PREFIX = "whsec_"  # noqa: S105 - how a secret begins, not one


class WebhookSender:
    """Posts alerts to one address. The address is the operator's own word, so any may be reached."""

    def __init__(self, url: str, secret: str, *, user_agent: str, deadline: float = DEADLINE) -> None:
        self._url = url
        self._key = key_of(secret)
        self._deadline = deadline
        # No redirects: the body was signed for this address, and the next one is somebody else's word. No
        # cookies: a receiver could make us keep, and send, more of them with every post.
        self._client = httpx2.AsyncClient(
            follow_redirects=False,
            timeout=deadline,
            headers={"user-agent": user_agent},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )

    def __repr__(self) -> str:
        return "WebhookSender(...)"

    async def send(self, alert: Alert, *, delivery_id: str, now: datetime) -> Answer:
        """Post it once; any 2xx is success."""
        body = body_of(alert)
        headers = {
            "content-type": "application/json",
            **signed_headers(self._key, delivery_id=delivery_id, timestamp=int(now.timestamp()), body=body),
        }
        # Texts of the client's errors quote the address, and an address may hold a secret: only their kind
        # is told.
        try:
            async with asyncio.timeout(self._deadline):
                # The body of the answer is never read: it says nothing, and may be endless.
                async with self._client.stream("POST", self._url, content=body, headers=headers) as answer:
                    return _judged(answer.status_code, answer.headers.get("retry-after", ""), now)
        except (TimeoutError, httpx2.TimeoutException):
            return Answer(ok=False, detail=f"no answer within {self._deadline:g} s")
        except httpx2.ConnectError:
            return Answer(ok=False, detail="cannot connect")
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            return Answer(ok=False, detail=f"failed: {type(error).__name__}")

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()


def key_of(secret: str) -> bytes:
    """The key of the signature: what ``whsec_<base64>`` encodes, else the text itself.

    Raises ``SettingsError`` when it begins with ``whsec_`` and the rest is not base64.
    """
    if not secret.startswith(SECRET_PREFIX):
        return secret.encode()
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise SettingsError(
            "OPENMODELS_WEBHOOK_SECRET begins with whsec_, and what follows is not base64; "
            "copy it whole, or use a text without whsec_"
        )
    return key


def signed_headers(key: bytes, *, delivery_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers by which a receiver knows that a post is ours; ``timestamp`` in unix seconds."""
    signature = hmac.digest(key, f"{delivery_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def body_of(alert: Alert) -> bytes:
    """The JSON of an alert; what is not known is null, and times are ISO 8601 UTC with milliseconds."""
    started = alert.incident_started_at
    return msgspec.json.encode(
        {
            "type": alert.type,
            "provider_id": alert.provider_id,
            "provider_name": alert.provider_name,
            "status": alert.status,
            "previous_status": alert.previous_status,
            "reason": alert.reason,
            "at": _iso(alert.at),
            "incident": None if started is None else {"started_at": _iso(started)},
            "region": alert.region,
            "url": alert.url,
        }
    )


def _judged(status: int, retry_after: str, now: datetime) -> Answer:
    if 200 <= status < 300:
        return Answer(ok=True, detail=f"answered {status}")
    if status == HTTPStatus.GONE:
        return Answer(ok=False, final=True, detail="answered 410: the receiver wants no more of this")
    if 300 <= status < 400:
        return Answer(ok=False, detail=f"answered {status}: redirects are not followed")
    heeded = status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
    wait = _wait_asked_for(retry_after, now) if heeded else None
    return Answer(ok=False, detail=f"answered {status}", retry_after=wait)


def _wait_asked_for(text: str, now: datetime) -> timedelta | None:
    """What a ``Retry-After`` means (RFC 9110, 10.2.3): seconds or a date; None for neither."""
    text = text.strip()
    most = math.ceil(MAX_WAIT.total_seconds())
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:12]), most))
    try:
        at = parsedate_to_datetime(text)
        wait = at - now
    except (ValueError, TypeError, OverflowError):  # no date; one without a zone
        return None
    return min(max(wait, timedelta()), MAX_WAIT)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
