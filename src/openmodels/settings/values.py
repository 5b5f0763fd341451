"""How the text of a setting is read: each gives the value, or raises ``ValueError`` or ``KeyError``."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def integer(low: int, high: int) -> Callable[[str], int]:
    """A whole number from ``low`` to ``high``, in digits."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 12 and low <= int(text) <= high):
            raise ValueError(text)
        return int(text)

    return read


def seconds(low: float, high: float) -> Callable[[str], float]:
    """Seconds from ``low`` to ``high``."""

    def read(text: str) -> float:
        value = float(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return read


def one_of(*words: str) -> Callable[[str], str]:
    """One of ``words``, in any case."""

    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(text)
        return text.lower()

    return read


def switch(text: str) -> bool:
    """On or off."""
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False}
    return {**words, "off": False}[text.lower()]


def networks(text: str) -> tuple[Network, ...]:
    """IP networks, separated by commas."""
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def path(text: str) -> Path:
    """A path; ``~`` is the home folder."""
    if "\0" in text or not text:
        raise ValueError(text)
    try:
        return Path(text).expanduser()
    except RuntimeError:  # ~somebody who has no home here
        raise ValueError(text) from None


def path_or_none(text: str) -> Path | None:
    """A path, or none."""
    return path(text) if text else None


def text(text: str) -> str:
    """Any text."""
    return text


def amount(low: int, high: int) -> Callable[[str], Decimal]:
    """A decimal number from ``low`` to ``high``."""

    def read(text: str) -> Decimal:
        try:
            value = Decimal(text)
        except InvalidOperation:
            raise ValueError(text) from None
        if not (value.is_finite() and low <= value <= high):
            raise ValueError(text)
        return value

    return read


def word(text: str) -> str:
    """A word as regions and ids are written."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text) or len(text) > 50:
        raise ValueError(text)
    return text


def web_address(text: str) -> str:
    """An http or https URL without user name, password and fragment."""
    parts = urlsplit(text)
    parts.port  # noqa: B018 - raises ValueError for a port that is none
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.fragment:
        raise ValueError(text)
    return text.rstrip("/")


def web_address_or_none(text: str) -> str:
    """Such a URL, or empty."""
    return web_address(text) if text else ""


def web_addresses(text: str) -> tuple[str, ...]:
    """Such URLs, separated by commas or spaces; ``none`` for none."""
    if text == "none":
        return ()
    return tuple(web_address(part) for part in text.replace(",", " ").split())


def endpoints(text: str) -> Mapping[str, str]:
    """``provider=URL`` pairs, separated by commas or spaces."""
    pairs = [part.partition("=") for part in text.replace(",", " ").split()]
    return {word(provider_id): web_address(url) for provider_id, _, url in pairs}


def items(text: str) -> tuple[str, ...]:
    """Items separated by spaces."""
    return tuple(text.split())


def host(text: str) -> str:
    """A name or an address."""
    if not text or any(c.isspace() or c == "/" for c in text):
        raise ValueError(text)
    return text
