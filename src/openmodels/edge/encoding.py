"""Content coding: which one a client takes, and making it."""

import gzip
from functools import lru_cache

import brotli
import zstandard

MIN_SIZE = 1024
"""Bodies up to this many bytes are sent as they are; compressing them saves no packet."""
PREFERENCE = ("zstd", "br", "gzip")
"""Among codings that a client likes equally: the cheapest to make first."""
ZSTD_LEVEL, BROTLI_QUALITY, GZIP_LEVEL = 3, 5, 6
"""Where more effort stops paying for the JSON of our answers, small or large."""


@lru_cache(maxsize=1024)
def coding_for(accept: bytes) -> str:
    """The coding to use for an ``Accept-Encoding``; ``identity`` when it names none that we make.

    Quality values count (RFC 9110, 12.5.3): the highest wins, 0 excludes, ``*`` stands for the rest.
    """
    quality: dict[str, float] = {}
    for item in accept[:1000].decode("latin-1").lower().split(","):
        name, _, parameters = item.partition(";")
        quality[name.strip()] = _quality(parameters)
    rest = quality.get("*", 0.0)
    best = max(PREFERENCE, key=lambda coding: quality.get(coding, rest))
    return (
        best
        if quality.get(best, rest) > 0 and quality.get(best, rest) >= quality.get("identity", 0)
        else ("identity")
    )


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0


def compress(body: bytes, coding: str) -> bytes:
    """``body`` in the given coding, as far as effort pays."""
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(body)
    if coding == "br":
        return bytes(brotli.compress(body, quality=BROTLI_QUALITY))
    if coding == "gzip":
        return gzip.compress(body, compresslevel=GZIP_LEVEL, mtime=0)
    return body
