"""Cursors: where a list of changes goes on, in a form that says nothing to anybody else."""

import base64
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from openmodels.api.endpoint import Ask
from openmodels.api.wire import Param, Unusable, decode_query
from openmodels.store.history_ports import Place

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LATEST = datetime.max.replace(tzinfo=UTC)
_TIME_BYTES, _NUMBER_BYTES = 8, 7
# 15 bytes make 20 characters without a rest, so that each place has one way to be written.
_PATTERN = r"^[A-Za-z0-9_-]{20}$"


def encode_cursor(place: Place) -> str:
    """The text that stands for a place."""
    time = (place.at - _EPOCH) // _MICROSECOND
    packed = time.to_bytes(_TIME_BYTES, "big", signed=True)
    packed += place.number.to_bytes(_NUMBER_BYTES, "big", signed=True)
    return base64.urlsafe_b64encode(packed).decode()


def decode_cursor(text: str) -> Place:
    """The place that a text stands for. Raises ``Unusable`` for what no cursor looks like.

    What looks like one, and was never given, is some place or other: nothing is behind it that is not public.
    """
    if not re.fullmatch(_PATTERN, text, re.ASCII):
        raise Unusable("what `next` of an earlier page says, or left out for the first page", text)
    packed = base64.urlsafe_b64decode(text)
    time = int.from_bytes(packed[:_TIME_BYTES], "big", signed=True)
    latest = (_LATEST - _EPOCH) // _MICROSECOND
    at = _EPOCH + min(max(0, time), latest) * _MICROSECOND
    return Place(at, int.from_bytes(packed[_TIME_BYTES:], "big", signed=True))


CURSOR = Param(
    name="cursor",
    description="Go on there: what `next` of the page before says. Give the same filters with it.",
    read=lambda values: decode_cursor(values[0]),
    schema={"type": "string", "pattern": _PATTERN},
    example="AAY5ZC_xgAAAAAAAAAAB",
)


def next_link(ask: Ask, cursor: str) -> str:
    """The ``Link`` header (RFC 8288) of the next page; of the query, what is declared is kept."""
    kept = [(n, value) for n, value in decode_query(ask.query) if n in ask.params and n != "cursor"]
    return f'<{ask.path}?{urlencode([*kept, ("cursor", cursor)])}>; rel="next"'
