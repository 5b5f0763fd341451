"""Ready answers, each compressed at most once per coding, evicted by the second-chance rule."""

import hashlib
from collections import OrderedDict
from email.utils import formatdate, parsedate_to_datetime

from openmodels.edge.encoding import MIN_SIZE, compress
from openmodels.errors import StoreError

Header = tuple[bytes, bytes]
Key = tuple[bytes, bytes]

ENTRY_OVERHEAD = 2048
"""What an entry weighs beside its bytes: lists, objects; measured with tracemalloc, rounded up."""


class Variant:
    """One answer in one coding."""

    __slots__ = ("body", "etag", "headers", "headers_304")

    def __init__(self, body: bytes, etag: bytes, headers: list[Header]) -> None:
        self.body = body
        self.etag = etag
        self.headers = [*headers, (b"content-length", b"%d" % len(body))]
        self.headers_304 = [h for h in headers if h[0] not in {b"content-type", b"content-encoding"}]


class Entry:
    """One answer: its body, its headers and its codings."""

    __slots__ = (
        "_variants",
        "body",
        "compressible",
        "epoch",
        "expires",
        "headers",
        "modified",
        "tag",
        "used",
    )

    def __init__(
        self, body: bytes, headers: list[Header], *, modified: int, expires: float, epoch: int | None
    ) -> None:
        self.body = body
        self.tag = hashlib.blake2b(body, digest_size=12).hexdigest().encode()
        self.modified = modified
        self.expires = expires
        self.epoch = epoch
        self.compressible = len(body) > MIN_SIZE
        self.used = False
        self.headers = [
            *headers,
            (b"last-modified", formatdate(modified, usegmt=True).encode()),
            (b"vary", b"Accept-Encoding"),
        ]
        self._variants: dict[str, Variant] = {}

    def variant(self, coding: str) -> Variant:
        """The answer in ``coding``, made on first use. Each has its own ETag, as strong ones must."""
        found = self._variants.get(coding)
        if found is None:
            found = self._variants[coding] = self._make(coding)
        return found

    def _make(self, coding: str) -> Variant:
        if coding == "identity":
            etag = b'"%s"' % self.tag
            return Variant(self.body, etag, [*self.headers, (b"etag", etag)])
        etag = b'"%s-%s"' % (self.tag, coding.encode())
        headers = [*self.headers, (b"etag", etag), (b"content-encoding", coding.encode())]
        return Variant(compress(self.body, coding), etag, headers)

    @property
    def weight(self) -> int:
        """Bytes of memory, about: headers, body, and a compressed copy, a third of it, in each coding."""
        # Headers count, since a Link header repeats a query, which may be long, four times.
        headers = sum(len(name) + len(value) for name, value in self.headers)
        return len(self.body) * 2 + headers + ENTRY_OVERHEAD


class ResponseCache:
    """Entries by path and query, within a budget of bytes.

    Eviction gives a second chance to what was used since it was last looked at (the CLOCK rule), so that a
    flood of one-time queries does not drive out what is asked for often.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        # An OrderedDict, whose first entry is found at once; a dict walks over what was dropped before it.
        self._entries: OrderedDict[Key, Entry] = OrderedDict()

    def get(self, key: Key, now: float, epoch: int) -> Entry | None:
        """The entry, unless it is missing, too old, or older than the telemetry that it shows."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if now >= entry.expires or (entry.epoch is not None and entry.epoch != epoch):
            self._drop(key)
            return None
        entry.used = True
        return entry

    def put(self, key: Key, entry: Entry) -> None:
        """Keep an entry, evicting others for it; one larger than an eighth of the budget is not kept."""
        self._drop(key)
        weight = _weight(key, entry)
        if weight > self._max_bytes // 8:
            return
        while self._bytes + weight > self._max_bytes:
            oldest = next(iter(self._entries))
            if self._entries[oldest].used:
                self._entries[oldest].used = False
                self._entries.move_to_end(oldest)
            else:
                self._drop(oldest)
        self._entries[key] = entry
        self._bytes += weight

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._bytes = 0

    @property
    def bytes(self) -> int:
        """What all entries weigh."""
        return self._bytes

    async def ping(self) -> None:
        """Keep something and find it again. Raises ``StoreError`` when it is not there."""
        key = (b"", b"ping")
        self.put(key, Entry(b"", [], modified=0, expires=float("inf"), epoch=None))
        if self.get(key, 0.0, 0) is None:
            raise StoreError("the response cache keeps nothing")

    def __len__(self) -> int:
        return len(self._entries)

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= _weight(key, entry)


def _weight(key: Key, entry: Entry) -> int:
    return sum(map(len, key)) + entry.weight


def matches(
    variant: Variant, modified: int, if_none_match: bytes | None, if_modified_since: bytes | None
) -> bool:
    """Whether the client has this answer already (RFC 9110, 13.1): its ETag decides, else the date."""
    if if_none_match is not None:
        tags = [tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b",")]
        return variant.etag in tags or b"*" in tags
    if if_modified_since is None:
        return False
    try:
        return modified <= parsedate_to_datetime(if_modified_since.decode("latin-1")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return False
