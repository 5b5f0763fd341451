"""What was answered before, for conditional requests: an answer that is still true is not sent again."""

import re
import threading
from collections import OrderedDict
from typing import Any, NamedTuple

from openmodels_client.answers import Response
from openmodels_client.calls import Call

MOST_BYTES = 16 * 1024 * 1024
"""How much is kept in all, by the length of the answers as they came."""
# RFC 9110, 8.8.3, without the letters that a header cannot be trusted to bring back as they were.
_ETAG = re.compile(r'(W/)?"[\x21\x23-\x7e]{0,200}"')


class Remembered(NamedTuple):
    """An answer, its tag, and how long it was in bytes."""

    etag: str
    answer: Any
    size: int


class Memory:
    """The newest answers by what was asked; safe to use from several threads.

    ``most``: how many. Answers are frozen, so the same one may be handed out again.
    """

    def __init__(self, most: int, *, most_bytes: int = MOST_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, Any], Remembered] = OrderedDict()

    def get(self, call: Call[Any]) -> Remembered | None:
        """What was answered, if it is still kept."""
        with self._lock:
            found = self._kept.get(_key(call))
            if found is not None:
                self._kept.move_to_end(_key(call))
            return found

    def keep(self, call: Call[Any], response: Response, answer: Any) -> None:
        """Keep an answer that may be kept and has a tag; those not asked for longest are forgotten."""
        etag, size = response.headers.get("etag", ""), len(response.body)
        keeps = response.status == 200 and "no-store" not in response.headers.get("cache-control", "").lower()
        with self._lock:
            former = self._kept.pop(_key(call), None)
            self._bytes -= former.size if former else 0
            if not keeps or not _ETAG.fullmatch(etag):
                return
            self._kept[_key(call)] = Remembered(etag, answer, size)
            self._bytes += size
            while self._kept and (len(self._kept) > self._most or self._bytes > self._most_bytes):
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= oldest.size


def _key(call: Call[Any]) -> tuple[str, Any]:
    return call.target, call.answer
