"""Figures and facts as the pages say them: one way for each, and "unknown" where nobody knows."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import urlencode, urlsplit

UNKNOWN = "unknown"
_SIGNS: Mapping[str, str] = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "CN¥", "JPY": "JP¥"}
_BIDI_CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """Text for a title or an attribute, where no ``<bdi>`` can be: without marks of direction."""
    return _BIDI_CONTROLS.sub("", text)


def price(amount: Decimal | None, currency: str = "USD") -> str:
    """``$0.25``, ``free``, or ``unknown``: exactly as the registry has it, with two decimals at least."""
    if amount is None:
        return UNKNOWN
    if amount == 0:
        return "free"
    return f"{_SIGNS.get(currency, currency + ' ')}{money(amount)}"


def money(amount: Decimal) -> str:
    """``1,234.50``: every digit that it has, and two decimals at least."""
    exact = f"{amount.normalize():,f}"
    whole, _, decimals = exact.partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}"


def count(number: int | None) -> str:
    """``12,345``."""
    return UNKNOWN if number is None else f"{number:,}"


def tokens(number: int | None) -> str:
    """``128K``, ``1M``, ``1.05M``: a context window as people say it, where 1,000 and 1,024 are one K."""
    if number is None:
        return UNKNOWN
    for size, sign in ((1_000_000, "M"), (1_000, "K")):
        if number >= size:
            binary = number / (1_048_576 if sign == "M" else 1024)
            # 128,000 is 128K, though it is 125 times 1,024 too.
            share = binary if binary.is_integer() and number % 1000 else number / size
            return f"{share:.2f}".rstrip("0").rstrip(".") + sign
    return str(number)


def milliseconds(value: float | None) -> str:
    """``182 ms``, ``1.24 s``."""
    if value is None:
        return UNKNOWN
    return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.2f} s"


def percent(value: float | None) -> str:
    """``99.98 %``; never 100 where it is less."""
    if value is None:
        return UNKNOWN
    shown = f"{value:.2f}"
    if shown == "100.00" and value < 100:
        shown = "99.99"
    return (shown.rstrip("0").rstrip(".") if "." in shown else shown) + " %"


def per_second(value: float | None) -> str:
    """``84.3``: tokens per second; the unit is said by the heading."""
    return UNKNOWN if value is None else f"{value:.1f}"


def day(value: date | datetime | None) -> str:
    """``12 Mar 2026``."""
    if value is None:
        return UNKNOWN
    return f"{value.day} {value:%b} {value.year}"


def moment(value: datetime | None) -> str:
    """``12 Mar 2026, 14:05 UTC``."""
    if value is None:
        return "never"
    utc = value.astimezone(UTC)
    return f"{day(utc)}, {utc:%H:%M} UTC"


def ago(value: datetime | None, now: datetime) -> str:
    """``3 minutes ago``, ``in 2 days``."""
    if value is None:
        return "never"
    seconds = (now - value).total_seconds()
    if abs(seconds) < 45:
        return "just now"
    for size, unit in ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute")):
        number = round(abs(seconds) / size)
        if number >= 1 and (abs(seconds) >= size or unit == "minute"):
            break
    text = f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{text} ago" if seconds > 0 else f"in {text}"


def lasting(seconds: float) -> str:
    """``12 min``, ``2 h 5 min``, ``3 d 4 h``: how long something took, in its two largest units."""
    minutes = max(0, round(seconds / 60))
    if minutes == 0:
        return "under a minute"
    days, hours = minutes // 1440, minutes // 60 % 24
    parts = ((days, "d"), (hours, "h"), (minutes % 60 if not days else 0, "min"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def link(url: str | None) -> str | None:
    """The address where it can be a link: http or https, and nothing else; None otherwise."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.netloc else None


def with_query(path: str, **changes: object) -> str:
    """A path with these parameters; None and empty ones are left out."""
    pairs = [
        (name, str(item).lower() if isinstance(item, bool) else str(item))
        for name, value in changes.items()
        for item in (value if isinstance(value, (list, tuple)) else (value,))
        if item is not None and item != ""
    ]
    return f"{path}?{urlencode(pairs)}" if pairs else path
