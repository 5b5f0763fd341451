"""What a workload costs at an offering: exact, itemised, and unknown where a price that it needs is.

The rules, which ``docs/cost.md`` gives reasons for:

- Cached, cache-written and input audio tokens are among the input tokens; reasoning and output audio tokens
  are among the output tokens, as OpenAI's usage reports count them. Each token is charged once, by the most
  particular price.
- A tier holds for the whole request when its prompt, cached tokens included, is longer than ``above_tokens``.
  A price that the tier does not state is that of the next tier below that does, else the base price; that of
  reasoning or audio is unknown where the tier changes that of the output or input that it is a part of.
- Where no price for reading or writing the cache is known, those tokens are charged as input; where no price
  for reasoning is known, as output. Nothing stands in for any other price.
- A batch has the prices of ``batch`` and no others. None of them is known for prompts in a tier that states
  another price.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal, Inexact, localcontext
from typing import Literal

from msgspec import Struct

from openmodels.domain.offerings import longest_answer_of, window_of
from openmodels.domain.pricing import majority_currency, plainly, price_in_tiers
from openmodels.domain.records import MAX_TOKENS, BatchPricing, Model, Offering, Price, PriceTier, Pricing

MAX_REQUESTS = 10**9
"""The most requests that one workload may have."""
MAX_UNITS = 10**6
"""The most images, seconds and searches of one request."""
MILLION = 1_000_000
DIGITS = 100
"""More than any sum here has: a price has 22 digits at most, a quantity 18."""

Item = Literal[
    "input",
    "cache_read",
    "cache_write",
    "input_audio",
    "output",
    "reasoning",
    "output_audio",
    "image",
    "audio_second",
    "search",
]
Misfit = Literal["context", "context_unknown", "output"]
"""What is too small for a request: the window, known or not, or the longest answer."""
MAX_PLACES = 20
"""The most zeros that an amount is written out with before its first digit: what a stranger asks with could
have a million of them."""
INPUT_PARTS = ("cached_tokens", "cache_write_tokens", "input_audio_tokens")
OUTPUT_PARTS = ("reasoning_tokens", "output_audio_tokens")


class UnusableWorkload(ValueError):
    """A workload that cannot be; ``parameter`` is which number, ``value`` what it is, ``least`` and ``most``
    what it may be."""

    def __init__(self, message: str, *, parameter: str, value: int, least: int, most: int) -> None:
        super().__init__(message)
        self.parameter = parameter
        self.value = value
        self.least = least
        self.most = most


class Workload(Struct, frozen=True, kw_only=True):
    """What is asked of a model: one request's quantities, and how many requests.

    Raises ``UnusableWorkload`` when a number is out of its range, or the parts are more than the whole.
    """

    input_tokens: int = 0
    """Input tokens of one request: the whole prompt, cached or not."""
    output_tokens: int = 0
    """Output tokens of one request, reasoning included."""
    cached_tokens: int = 0
    """Of the input tokens: those read from the prompt cache."""
    cache_write_tokens: int = 0
    """Of the input tokens: those written to the prompt cache."""
    reasoning_tokens: int = 0
    """Of the output tokens: those spent on reasoning."""
    input_audio_tokens: int = 0
    """Of the input tokens: those of audio."""
    output_audio_tokens: int = 0
    """Of the output tokens: those of audio."""
    images: int = 0
    """Images of one request."""
    audio_seconds: int = 0
    """Seconds of audio of one request, where audio is charged by time."""
    searches: int = 0
    """Web searches that the model makes in one request."""
    requests: int = 1
    """How many such requests."""
    batch: bool = False
    """Whether the requests may wait, at the prices for that."""

    def __post_init__(self) -> None:
        for name, most in QUANTITIES.items():
            value = getattr(self, name)
            least = 1 if name == "requests" else 0
            if not least <= value <= most:
                message = f"{name} must be an integer from {least} to {most}, not {value}"
                raise UnusableWorkload(message, parameter=name, value=value, least=least, most=most)
        for whole, parts in (("input_tokens", INPUT_PARTS), ("output_tokens", OUTPUT_PARTS)):
            value, least = getattr(self, whole), sum(getattr(self, part) for part in parts)
            if least > value:
                message = (
                    f"{whole} must be at least {least}, not {value}: {_listed(parts)} are counted among them"
                )
                raise UnusableWorkload(message, parameter=whole, value=value, least=least, most=MAX_TOKENS)


QUANTITIES = {
    "input_tokens": MAX_TOKENS,
    "output_tokens": MAX_TOKENS,
    "cached_tokens": MAX_TOKENS,
    "cache_write_tokens": MAX_TOKENS,
    "reasoning_tokens": MAX_TOKENS,
    "input_audio_tokens": MAX_TOKENS,
    "output_audio_tokens": MAX_TOKENS,
    "images": MAX_UNITS,
    "audio_seconds": MAX_UNITS,
    "searches": MAX_UNITS,
    "requests": MAX_REQUESTS,
}
"""The numbers of a workload, and the most that each may be."""
USUAL = {"input_tokens": 1000, "output_tokens": 1000}
"""What is taken where no quantity is given."""


class CostItem(Struct, frozen=True, kw_only=True):
    """One line of the bill: ``amount`` = ``quantity`` × ``unit_price`` ÷ ``per``."""

    item: Item
    """What is charged."""
    quantity: int
    """How many, over all requests."""
    unit_price: Price | None
    """The price of `per` of them, as the registry writes it; null where nobody knows it."""
    per: int
    """How many the price is for: 1000000 tokens, or 1."""
    amount: Price | None
    """What they cost, exactly; null where the price is unknown."""
    known: bool
    """Whether the price is known."""
    note: str | None = None
    """Where another price stands in for one that nobody knows, or why none is known; null elsewhere."""


class Cost(Struct, frozen=True, kw_only=True):
    """What a workload costs at one offering."""

    items: tuple[CostItem, ...]
    """Every line with a quantity; their amounts sum to the total."""
    total: Decimal | None
    """Over all requests; None when any price that is needed is unknown."""
    total_per_request: Decimal | None
    """The same for one of the requests."""
    currency: str
    """ISO 4217."""
    tier_above_tokens: int | None
    """The tier that the prompt falls into; None below all tiers."""
    unknown: tuple[str, ...]
    """The prices that are needed and unknown, by the names of the fields of ``Pricing``; "in a batch" stands
    behind one that ``BatchPricing`` has no field for."""


class Fit(Struct, frozen=True, kw_only=True):
    """Whether an offering takes a workload's request."""

    fits: bool | None
    """None where the context window is unknown."""
    reasons: tuple[str, ...] = ()
    """Why it does not, or why nobody can tell."""


class Priced(Struct, frozen=True, kw_only=True):
    """An offering with what a workload costs there."""

    offering: Offering
    cost: Cost
    fit: Fit


class _Known(Struct, frozen=True, kw_only=True):
    """Which price holds for a request."""

    pricing: Pricing
    tiers: tuple[PriceTier, ...]
    """Those that the prompt is long enough for, the highest first."""
    batch: bool

    def price(self, name: str) -> Decimal | None:
        """The price of this name, None where it is unknown."""
        if not self.batch:
            return price_in_tiers(self.pricing, self.tiers, name)
        known: Decimal | None = None if self._in_tiers(name) else getattr(self.pricing.batch, name, None)
        return known

    def has_own(self, name: str) -> bool:
        """Whether there is such a price at all, in these tiers or below them."""
        return getattr(self.pricing, name) is not None or self._in_tiers(name)

    def name(self, name: str) -> str:
        """What the price is called where it is missed."""
        if not self.batch:
            return name
        return f"batch.{name}" if name in BatchPricing.__struct_fields__ else f"{name} in a batch"

    def why_unknown(self, name: str) -> str | None:
        """Why a price that is missed is not the one that shorter prompts have."""
        prices = self.pricing.batch if self.batch else self.pricing
        below = getattr(prices, name, None)
        return None if below is None else "the price is known for shorter prompts only"

    def _in_tiers(self, name: str) -> bool:
        return any(getattr(tier, name, None) is not None for tier in self.tiers)


def cost_of(pricing: Pricing, workload: Workload) -> Cost:
    """What the workload costs at these prices, exactly; a quantity of 0 needs no price."""
    holding = tuple(t for t in reversed(pricing.tiers) if workload.input_tokens > t.above_tokens)
    known = _Known(pricing=pricing, tiers=holding, batch=workload.batch)
    with localcontext() as context:
        context.prec = DIGITS
        # Better no answer than a rounded one.
        context.traps[Inexact] = True
        lines = [(name, _line(known, name, line, workload)) for name, line in _lines(known, workload)]
        unknown = tuple(dict.fromkeys(known.name(name) for name, line in lines if not line.known))
        amounts = (line.amount or Decimal(0) for _, line in lines)
        total = None if unknown else plainly(sum(amounts, Decimal(0)))
        return Cost(
            items=tuple(line for _, line in lines),
            total=total,
            total_per_request=None if total is None else plainly(total / workload.requests),
            currency=pricing.currency,
            tier_above_tokens=holding[0].above_tokens if holding else None,
            unknown=unknown,
        )


class _Line(Struct, frozen=True, kw_only=True):
    item: Item
    quantity: int
    """Of one request."""
    price: Decimal | None
    per: int = MILLION
    note: str | None = None


def _lines(known: _Known, workload: Workload) -> Iterator[tuple[str, _Line]]:
    """Every line with a quantity, and the name of the price that it needs."""
    for name, line in (
        *_input_lines(known, workload),
        *_output_lines(known, workload),
        *_units(known, workload),
    ):
        if line.quantity:
            yield name, line


def _input_lines(known: _Known, workload: Workload) -> Iterator[tuple[str, _Line]]:
    plain = "input_per_million"
    rest = workload.input_tokens - sum(getattr(workload, part) for part in INPUT_PARTS)
    yield plain, _Line(item="input", quantity=rest, price=known.price(plain))
    name = "cache_read_per_million"
    price, note = _cache_price(known, name, "reading")
    yield name, _Line(item="cache_read", quantity=workload.cached_tokens, price=price, note=note)
    name = "cache_write_per_million"
    price, note = _cache_price(known, name, "writing")
    yield name, _Line(item="cache_write", quantity=workload.cache_write_tokens, price=price, note=note)
    name, tokens = "input_audio_per_million", workload.input_audio_tokens
    yield name, _Line(item="input_audio", quantity=tokens, price=known.price(name))


def _cache_price(known: _Known, name: str, what: str) -> tuple[Decimal | None, str | None]:
    price = None if known.batch else known.price(name)
    if price is not None:
        return price, None
    instead = known.price("input_per_million")
    # Where input is free, there is nothing to be said of what the cache saves.
    note = f"no price for {what} the cache is known: charged as input" if instead else None
    return instead, note


def _output_lines(known: _Known, workload: Workload) -> Iterator[tuple[str, _Line]]:
    plain = "output_per_million"
    rest = workload.output_tokens - sum(getattr(workload, part) for part in OUTPUT_PARTS)
    yield plain, _Line(item="output", quantity=rest, price=known.price(plain))
    name, tokens = "reasoning_per_million", workload.reasoning_tokens
    # The registry has a price for reasoning only where it is not that of output.
    charged_as = name if known.has_own(name) else plain
    yield charged_as, _Line(item="reasoning", quantity=tokens, price=known.price(charged_as))
    name, tokens = "output_audio_per_million", workload.output_audio_tokens
    yield name, _Line(item="output_audio", quantity=tokens, price=known.price(name))


def _units(known: _Known, workload: Workload) -> Iterator[tuple[str, _Line]]:
    units: tuple[tuple[Item, str, int], ...] = (
        ("image", "image_per_unit", workload.images),
        ("audio_second", "audio_per_second", workload.audio_seconds),
        ("search", "search_per_query", workload.searches),
    )
    for item, name, quantity in units:
        # No tier changes these, and no batch has them.
        price: Decimal | None = None if known.batch else getattr(known.pricing, name)
        yield name, _Line(item=item, quantity=quantity, price=price, per=1)


def _line(known: _Known, name: str, line: _Line, workload: Workload) -> CostItem:
    quantity = line.quantity * workload.requests
    return CostItem(
        item=line.item,
        quantity=quantity,
        unit_price=line.price,
        per=line.per,
        amount=None if line.price is None else plainly(line.price * quantity / line.per),
        known=line.price is not None,
        note=known.why_unknown(name) if line.price is None else line.note,
    )


def money(amount: Decimal) -> str:
    """An amount for people: all its digits, no zeros at its end, and no exponent unless it is tiny."""
    if amount.adjusted() < -MAX_PLACES:
        return str(amount)
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def misfits(
    offering: Offering, model: Model, workload: Workload, *, min_context: int = 0
) -> Iterator[tuple[Misfit, str]]:
    """Why the offering does not take a request, nor a context of ``min_context`` tokens: code and sentence.

    An unknown window does not meet ``min_context``; a request may go into it.
    """
    window, longest = window_of(offering, model), longest_answer_of(offering, model)
    needed = max(min_context, workload.input_tokens + workload.output_tokens)
    if window is None and min_context:
        yield "context_unknown", f"context unknown: needs {needed:,}"
    elif window is not None and needed > window:
        yield "context", f"context too small: needs {needed:,}, has {window:,}"
    if longest is not None and workload.output_tokens > longest:
        yield "output", f"answer too long: needs {workload.output_tokens:,}, may be at most {longest:,}"


def fit_of(offering: Offering, model: Model, workload: Workload) -> Fit:
    """Whether prompt and answer fit into the context window, and the answer into what may be answered."""
    reasons = tuple(message for _, message in misfits(offering, model, workload))
    if reasons:
        return Fit(fits=False, reasons=reasons)
    if window_of(offering, model) is None and workload.input_tokens + workload.output_tokens:
        return Fit(fits=None, reasons=("context window unknown",))
    return Fit(fits=True)


def priced_offerings(
    model: Model, offerings: Sequence[Offering], workload: Workload, *, regions: Sequence[str] = ()
) -> list[Priced]:
    """The offerings that are not retired, in any of the regions, the cheapest first.

    Those whose cost is unknown come last. Before them, as nothing is converted, come those in another
    currency than the majority's, by currency. Ties are told apart by provider id.
    """
    wanted = set(regions)
    chosen = [
        o
        for o in offerings
        if o.status != "retired" and (not wanted or wanted.intersection(o.available_regions))
    ]
    most = majority_currency(chosen)
    priced = [
        Priced(offering=o, cost=cost_of(o.pricing, workload), fit=fit_of(o, model, workload)) for o in chosen
    ]

    def key(one: Priced) -> tuple[bool, bool, str, Decimal, str]:
        cost = one.cost
        return (
            cost.total is None,
            cost.currency != most,
            cost.currency,
            cost.total or Decimal(0),
            one.offering.provider_id,
        )

    return sorted(priced, key=key)


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}"
