"""Where a request goes: the parts of an address that a connection and a request line need."""

import re
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from openmodels.prober.outcomes import ProbeFailed

# What a request line may hold besides letters and digits (RFC 3986); % stays, for what is escaped already.
_SAFE = "/%:@!$&'()*+,;=~-._"


class WebAddress(NamedTuple):
    """One address, taken apart."""

    host: str
    """The name or the address, lower case, without brackets and without a final dot."""
    port: int
    """The port."""
    encrypted: bool
    """Whether it is https."""
    target: str
    """Path and query, as they stand in a request line."""

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.encrypted else 80) else f"{host}:{self.port}"


def web_address(base_url: str, path: str = "") -> WebAddress:
    """The address of ``path`` (with its query) after ``base_url``.

    Raises ``ProbeFailed`` (``blocked``) for an address that cannot be asked.
    """
    url = base_url + path
    # urlsplit drops line breaks silently; an address that has one is not what it looks like.
    if re.search(r"[\x00-\x20\x7f]", url):
        raise ProbeFailed("blocked", "its address has a blank or a control character in it")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").removesuffix(".")
    except ValueError:
        raise ProbeFailed("blocked", "its address is not well formed") from None
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None or port == 0:
        raise ProbeFailed("blocked", "its address is not of the form https://host[:port]/path")
    query = f"?{quote(parts.query, safe=_SAFE + '?')}" if parts.query else ""
    return WebAddress(
        host=host,
        port=port or (443 if parts.scheme == "https" else 80),
        encrypted=parts.scheme == "https",
        target=(quote(parts.path, safe=_SAFE) or "/") + query,
    )
