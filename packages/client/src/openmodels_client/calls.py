"""What is asked: a call is a path, its query and the type of its answer. Nothing here talks to anybody."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Generic, TypeAlias, TypeVar
from urllib.parse import quote, urlencode

from msgspec import Struct

T = TypeVar("T")

Many: TypeAlias = str | Sequence[str]
"""One value, or several of which any may fit."""
Number: TypeAlias = int | float | Decimal
When: TypeAlias = datetime | date | str
"""A time; one without a zone is in UTC, text goes as it is."""
MOST_DIGITS = 400
"""How far from its point a number's first digit may be: a little farther than in a float."""
Value: TypeAlias = bool | Number | When | Sequence[str] | Mapping[str, Number] | None


class Call(Struct, Generic[T], frozen=True, kw_only=True):
    """One question to the API."""

    path: str
    """From the root of the server, percent-encoded."""
    query: tuple[tuple[str, str], ...] = ()
    answer: type[T]
    """What its answer is read as."""
    also: frozenset[int] = frozenset()
    """The statuses that answer it besides 200."""

    @property
    def target(self) -> str:
        """The path and the query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


def path_of(*parts: str) -> str:
    """A path of these segments, whatever they hold.

    Raises ``ValueError`` for one that is empty or only dots: it would lead elsewhere.
    """
    for part in parts:
        if part in {"", ".", ".."}:
            raise ValueError(f"an id is needed, not {part!r}")
    return "/api/" + "/".join(quote(part, safe="") for part in parts)


def query_of(**values: Value) -> tuple[tuple[str, str], ...]:
    """The query that says this; what is None is left out."""
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        if value is None:
            continue
        if isinstance(value, Sequence) and not isinstance(value, str):
            pairs += [(name, item) for item in value]
        else:
            pairs.append((name, _text(value)))
    return tuple(pairs)


def _text(value: bool | Number | When | Mapping[str, Number]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        # Milliseconds where they are exact: the server takes those as it writes them, rounded down.
        spec = "microseconds" if value.microsecond % 1000 else "milliseconds"
        return _utc(value).isoformat(timespec=spec).replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return ",".join(f"{name}:{_plain(number)}" for name, number in value.items())
    return value if isinstance(value, str) else _plain(value)


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _plain(number: Number) -> str:
    """Without an exponent: 0.0000001, not 1e-07. Raises ``ValueError`` for what no parameter takes."""
    exact = Decimal(str(number))
    # One of a million digits would be written out.
    if not exact.is_finite() or abs(exact.adjusted()) > MOST_DIGITS:
        raise ValueError(f"a number such as 0.5 is needed, not {exact}")
    return format(exact, "f")
