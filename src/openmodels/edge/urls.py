"""Whether a URL is well-formed, before anything tries to understand it."""

import re
from urllib.parse import unquote_to_bytes

from openmodels.errors import BadRequest, UriTooLong

MAX_URL = 8192
"""Bytes of path and query together; the longest that RFC 9110, 4.1 asks servers to take."""

_BROKEN_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def check_url(path: bytes, query: bytes) -> None:
    """Raise ``UriTooLong`` or ``BadRequest`` for a URL that no route could make sense of."""
    if len(path) + len(query) > MAX_URL:
        raise UriTooLong(f"The URL is longer than {MAX_URL} bytes")
    for part, raw in (("path", path), ("query", query)):
        if _BROKEN_PERCENT.search(raw):
            raise BadRequest(f"The {part} has a % that is not followed by two hexadecimal digits")
        plain = unquote_to_bytes(raw)
        if b"\0" in plain:
            raise BadRequest(f"The {part} has a NUL character")
        try:
            plain.decode("utf-8")
        except UnicodeDecodeError:
            raise BadRequest(f"The {part} is not valid UTF-8") from None
