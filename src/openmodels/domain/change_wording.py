"""A change in the words of a feed: one line that says what happened, for people."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from openmodels.domain.changes import Change

LONGEST_VALUE = 80
"""Characters of a value that a line shows; what is longer is cut."""

LARGEST = 30
"""Numbers of more digits, before or after the point, are shown with an exponent and rounded."""

_PER_MILLION = "per million tokens"
_PRICES: Mapping[str, tuple[str, str]] = {
    "pricing.input_per_million": ("input price", _PER_MILLION),
    "pricing.output_per_million": ("output price", _PER_MILLION),
    "pricing.cache_read_per_million": ("cache read price", _PER_MILLION),
    "pricing.cache_write_per_million": ("cache write price", _PER_MILLION),
    "pricing.reasoning_per_million": ("reasoning price", _PER_MILLION),
    "pricing.input_audio_per_million": ("audio input price", _PER_MILLION),
    "pricing.output_audio_per_million": ("audio output price", _PER_MILLION),
    "pricing.image_per_unit": ("image price", "per image"),
    "pricing.audio_per_second": ("audio price", "per second"),
    "pricing.search_per_query": ("search price", "per search"),
    "pricing.batch.input_per_million": ("batch input price", _PER_MILLION),
    "pricing.batch.output_per_million": ("batch output price", _PER_MILLION),
}
_LIMITS: Mapping[str, tuple[str, str]] = {
    "context_window": ("context window", "tokens"),
    "context_window_override": ("context window", "tokens"),
    "max_output_tokens": ("longest answer", "tokens"),
    "rate_limits.requests_per_minute": ("rate limit", "requests per minute"),
    "rate_limits.tokens_per_minute": ("rate limit", "tokens per minute"),
}
_HUNDRED = Decimal(100)


class Step(NamedTuple):
    """What one revision made of one offering."""

    at: datetime
    revision: str
    id: str


class Paid(NamedTuple):
    """The currencies of an offering before and after a step; None where nobody knows.

    Where both are the same, known or not, the step left the currency as it was.
    """

    before: str | None
    after: str | None


def step_of(change: Change) -> Step:
    """The step that a change is part of."""
    return Step(change.at, change.revision, change.id)


def is_price(change: Change) -> bool:
    """Whether its line names a currency for the old and the new value."""
    return change.kind == "offering" and change.field in _PRICES


def currencies(
    changes: Sequence[Change], now: Mapping[str, str], *, published_at: datetime
) -> Mapping[Step, Paid]:
    """What offerings were paid in before and after each step, going back from ``now``.

    ``changes`` are, newest first, all that were made since some time to offerings' prices, and all removals
    of offerings. ``now`` are the currencies that were published at ``published_at``, by the offering's id;
    of what changed later, only what the changes themselves say is taken.
    """
    exchanged = {
        step_of(change): Paid(str(change.old), str(change.new))
        for change in changes
        if change.kind == "offering" and change.field == "pricing.currency"
    }
    known: dict[str, str | None] = {}
    found: dict[Step, Paid] = {}
    for change in changes:
        step = step_of(change)
        if change.kind != "offering" or step in found:
            continue
        later = change.at > published_at
        after = known[change.id] if change.id in known else None if later else now.get(change.id)
        if change.action == "removed":
            pricing = change.old.get("pricing") if isinstance(change.old, dict) else None
            paid = Paid((pricing or {}).get("currency"), None)
        else:
            paid = exchanged.get(step) or Paid(after, after)
        found[step] = paid
        if paid.before is not None or not later:
            known[change.id] = paid.before
    return found


class Told(NamedTuple):
    """What is told of a change beside whom it is about, in its parts: ``input price``, ``0.59``, ``0.64``,
    ``USD per million tokens``, 8.5."""

    what: str
    """What it is about, or all that is said."""
    before: str | None = None
    """The value before; None where the line shows no values."""
    after: str | None = None
    """The value since; None where the line shows no values."""
    unit: str = ""
    """What both values are in; empty for none, and where each says its own."""
    percent: Decimal | None = None
    """By how much it rose, in percent; None where that is no number."""


def headline(change: Change, paid: Paid | None = None) -> str:
    """``groq: llama-3-3-70b input price 0.59 → 0.64 USD per million tokens (+8.5 %)``, and the like.

    ``paid`` is what prices were in; None where they may have been in two currencies for all one knows.
    """
    said = told(change, paid)
    words = [_subject(change), said.what]
    if said.before is not None:
        words.append(f"{said.before} → {said.after}")
    if said.unit:
        words.append(said.unit)
    if said.percent is not None:
        words.append(f"({signed(said.percent)})")
    return " ".join(words)


def told(change: Change, paid: Paid | None = None) -> Told:
    """What ``headline`` says of a change, in its parts."""
    field = change.field
    if field is None:
        return Told(change.action + _asked_price(change))
    if field in _PRICES:
        return _price(change, paid, *_PRICES[field])
    if field in _LIMITS:
        name, unit = _LIMITS[field]
        return Told(name, *_values(change, "unknown"), unit)
    return _otherwise(field, change)


def signed(percent: Decimal) -> str:
    """``+8.5 %``."""
    return f"{percent:+,.1f} %"


def _subject(change: Change) -> str:
    if change.kind == "offering":
        return ": ".join(change.id.split("/", 1))
    return change.id if change.kind == "model" else f"{change.kind} {change.id}"


def _price(change: Change, paid: Paid | None, name: str, unit: str) -> Told:
    if paid is not None and paid.before != paid.after:
        return Told(name, _amount(change.old, paid.before), _amount(change.new, paid.after), unit)
    before, after = _values(change, "unknown")
    if paid is None:
        return Told(name, before, after, unit)
    units = f"{paid.after} {unit}" if paid.after else unit
    return Told(name, before, after, units, _percent(change.old, change.new))


def _otherwise(field: str, change: Change) -> Told:
    """What happened to a field that has no unit."""
    old, new = change.old, change.new
    name = field.removeprefix("pricing.").replace("_", " ").replace(".", " ")
    if field == "pricing.tiers":
        return Told("prices by length of prompt changed")
    if field == "description" or isinstance(old, dict) or isinstance(new, dict):
        return Told(f"{name} changed")
    if isinstance(old, list | tuple) and isinstance(new, list | tuple):
        return Told(f"{name}: {_difference(old, new)}")
    return Told(name, *_values(change, "none"))


def _asked_price(change: Change) -> str:
    """What a new offering costs, in brackets; nothing for anything else."""
    if change.kind != "offering" or change.action != "added" or not isinstance(change.new, dict):
        return ""
    prices = change.new.get("pricing") or {}
    asked = [
        f"{_shown(price, '')} {word}"
        for word, price in (
            ("in", prices.get("input_per_million")),
            ("out", prices.get("output_per_million")),
        )
        if price is not None
    ]
    return f" ({', '.join(asked)}, {prices.get('currency')} {_PER_MILLION})" if asked else ""


def _amount(value: Any, currency: str | None) -> str:
    """A price with its currency; an unknown price is in none."""
    shown = _shown(value, "unknown")
    return shown if value is None or currency is None else f"{shown} {currency}"


def _values(change: Change, nothing: str) -> tuple[str, str]:
    return _shown(change.old, nothing), _shown(change.new, nothing)


def _percent(old: Any, new: Any) -> Decimal | None:
    """By how much a price rose or fell; None where that is no number."""
    if not isinstance(old, int | Decimal) or not isinstance(new, int | Decimal) or not old:
        return None
    if _is_long(old) or _is_long(new):
        return None
    return (Decimal(new) - Decimal(old)) / Decimal(old) * _HUNDRED


def _is_long(number: int | Decimal) -> bool:
    """Whether a number has too many digits to be written out."""
    value = Decimal(number)
    exponent = value.as_tuple().exponent
    return not isinstance(exponent, int) or value.adjusted() >= LARGEST or exponent < -LARGEST


def _difference(old: Sequence[Any], new: Sequence[Any]) -> str:
    """What came into a list and what went."""
    words = [f"+{_shown(item, '')}" for item in new if item not in old]
    words += [f"-{_shown(item, '')}" for item in old if item not in new]
    return _cut(" ".join(words)) if words else "in another order"


def _shown(value: Any, nothing: str) -> str:
    if value is None:
        return nothing
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal):
        if _is_long(value):
            return f"{Decimal(value):.3E}"
        # As written: 0.10 keeps its zero.
        return f"{value:,}" if isinstance(value, int) else f"{value:,f}"
    if isinstance(value, dict):
        return "…"
    return _cut(", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
