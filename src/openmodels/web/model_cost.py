"""The cost calculator: its fields, and what the workload costs at each offering."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from openmodels.api.cost import workload_of
from openmodels.domain.cost import QUANTITIES, USUAL, CostItem, UnusableWorkload, Workload
from openmodels.domain.views.cost import ModelCost, OfferingCost
from openmodels.domain.vocabulary import Lifecycle
from openmodels.web import words
from openmodels.web.model_state import Wrong

LABELS: Mapping[str, str] = {
    "input_tokens": "Input tokens",
    "cached_tokens": "of them cached",
    "output_tokens": "Output tokens",
    "requests": "Requests",
    "cache_write_tokens": "Input written to the cache",
    "reasoning_tokens": "Output spent on reasoning",
    "input_audio_tokens": "Input of audio",
    "output_audio_tokens": "Output of audio",
    "images": "Images",
    "audio_seconds": "Seconds of audio",
    "searches": "Web searches",
}
"""What the fields are called; all but ``requests`` are of one request."""
USUAL_FIELDS = ("input_tokens", "cached_tokens", "output_tokens", "requests")
_ITEMS = {
    "input": "input",
    "cache_read": "cached input",
    "cache_write": "input written to the cache",
    "input_audio": "audio input",
    "output": "output",
    "reasoning": "reasoning",
    "output_audio": "audio output",
    "image": "images",
    "audio_second": "seconds of audio",
    "search": "web searches",
}


class Field(Struct, frozen=True, kw_only=True):
    """One number that the calculator asks for."""

    name: str
    label: str
    value: str
    """What was given; empty where nothing was."""
    least: int
    most: int
    usual: str
    """What is taken where the field is empty."""
    problem: str = ""
    """Why what was given cannot be used."""


class Form(Struct, frozen=True, kw_only=True):
    """The calculator as it was filled in."""

    usual: tuple[Field, ...]
    more: tuple[Field, ...]
    more_used: bool
    batch: bool
    workload: Workload | None
    """None where what was given cannot be."""
    problems: tuple[str, ...]
    """Why it cannot be."""


class Bill(Struct, frozen=True, kw_only=True):
    """What the workload costs at one offering, in words."""

    provider_id: str
    provider_name: str
    status: Lifecycle
    total: str
    each: str
    """What one request costs."""
    items: tuple[str, ...]
    """The lines of the bill."""
    notes: tuple[str, ...]
    """What else must be known: a tier, a misfit, a price that nobody knows."""
    fits: bool


def form_of(params: Mapping[str, Any]) -> Form:
    """The calculator's fields, and the workload that they ask for."""
    wrong = {name: value for name in LABELS if isinstance(value := params[name], Wrong)}
    problems = [f"{LABELS[name]}: must be {value.expected}" for name, value in wrong.items()]
    workload = None
    batch = params["batch"]
    if not wrong and not isinstance(batch, Wrong):
        try:
            workload = workload_of(params)
        except UnusableWorkload as unusable:
            problems.append(_said(unusable))
            wrong[unusable.parameter] = Wrong(text=str(params[unusable.parameter] or ""), expected="more")
    nothing = all(params[name] is None for name in LABELS if name != "requests")
    fields = [_field(name, params[name], failed=name in wrong, nothing=nothing) for name in LABELS]
    return Form(
        usual=tuple(field for field in fields if field.name in USUAL_FIELDS),
        more=tuple(field for field in fields if field.name not in USUAL_FIELDS),
        more_used=any(field.value for field in fields if field.name not in USUAL_FIELDS),
        batch=batch is True,
        workload=workload,
        problems=tuple(problems),
    )


def _said(unusable: UnusableWorkload) -> str:
    """The same in the words of the fields: its message names parameters."""
    return (
        f"{LABELS[unusable.parameter]} must be at least {words.count(unusable.least)}: "
        "cached, written to the cache, audio and reasoning are parts of them"
    )


def _field(name: str, value: Any, *, failed: bool, nothing: bool) -> Field:
    usual = {"requests": 1} | (USUAL if nothing else {})
    shown = value.text if isinstance(value, Wrong) else "" if value is None else str(value)
    return Field(
        name=name,
        label=LABELS[name],
        value="" if name == "requests" and shown == "1" else shown,
        least=1 if name == "requests" else 0,
        most=QUANTITIES[name],
        usual=str(usual.get(name, 0)),
        problem="unusable" if failed else "",
    )


def bills_of(cost: ModelCost) -> tuple[Bill, ...]:
    """One for each offering, the cheapest first."""
    return tuple(map(_bill, cost.offerings))


def _bill(cost: OfferingCost) -> Bill:
    currency = cost.currency
    return Bill(
        provider_id=cost.provider_id,
        provider_name=cost.provider_name,
        status=cost.status,
        total=words.price(cost.total, currency),
        each=words.price(cost.total_per_request, currency),
        items=tuple(_item(item, currency) for item in cost.items),
        notes=tuple(_notes(cost)),
        fits=cost.fits is not False,
    )


def _notes(cost: OfferingCost) -> list[str]:
    notes = list(cost.fits_reasons)
    if cost.tier_above_tokens is not None:
        notes.append(f"at the prices for prompts above {words.count(cost.tier_above_tokens)} tokens")
    missing = [name.replace("_", " ").replace("batch.", "batch ") for name in cost.unknown]
    if missing:
        notes.append(f"unknown: {', '.join(missing)}")
    return notes


def _item(item: CostItem, currency: str) -> str:
    unit = "per 1M" if item.per > 1 else "each"
    said = (
        f"{words.count(item.quantity)} {_ITEMS[item.item]} × {words.price(item.unit_price, currency)} {unit}"
    )
    amount = "" if item.unit_price == 0 else f" = {words.price(item.amount, currency)}"
    note = f" ({item.note})" if item.note else ""
    return f"{said}{amount}{note}"


def workload_in_words(workload: Workload) -> str:
    """``1,000 requests of 20,000 input and 500 output tokens``, as far as a heading says it."""
    many = "" if workload.requests == 1 else "s"
    return (
        f"{words.count(workload.requests)} request{many} of {words.count(workload.input_tokens)} input and "
        f"{words.count(workload.output_tokens)} output tokens{', as a batch' if workload.batch else ''}"
    )
