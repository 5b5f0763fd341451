"""What the endpoints that answer lists share."""

from collections.abc import Sequence
from typing import Any

from openmodels.api.endpoint import Answer, Ask
from openmodels.api.wire import page_links


def joined(parts: Sequence[bytes]) -> bytes:
    """Encoded values as a JSON array."""
    return b"[" + b",".join(parts) + b"]"


def filters_of(ask: Ask) -> dict[str, Any]:
    """The parameters that say what to list, without those that say which page of it, and as of when."""
    return {name: value for name, value in ask.params.items() if name not in {"page", "limit", "as_of"}}


def page_slice(ask: Ask) -> slice:
    """Which items the page that was asked for holds."""
    start = (ask.params["page"] - 1) * ask.params["limit"]
    return slice(start, start + ask.params["limit"])


def page_of(parts: Sequence[bytes], ask: Ask, total: int) -> Answer:
    """One page of a list: the encoded items, and which page it is."""
    page, limit = ask.params["page"], ask.params["limit"]
    body = b'{"data":%s,"pagination":{"page":%d,"limit":%d,"total":%d}}' % (joined(parts), page, limit, total)
    return Answer(
        body=body, link=page_links(ask.path, ask.query, ask.params, page=page, limit=limit, total=total)
    )
