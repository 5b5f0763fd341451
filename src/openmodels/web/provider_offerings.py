"""The models of a provider: what they cost there, what they take, and how fast its newest answers were."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from openmodels.domain.offerings import longest_answer_of, window_of
from openmodels.domain.pricing import majority_currency
from openmodels.domain.records import Model, Offering
from openmodels.domain.snapshot import Snapshot
from openmodels.domain.vocabulary import Lifecycle
from openmodels.web.words import UNKNOWN, per_second, price, tokens

ON_A_PAGE = 50
SORTS: Mapping[str, str] = {
    "name": "name",
    "price": "input price",
    "output_price": "output price",
    "context_window": "context window",
    "throughput": "tokens per second",
}
"""What the orders are called; unknown values come last in each."""
FALLING = frozenset({"context_window", "throughput"})
"""The orders that begin with the largest."""


class Offered(Struct, frozen=True, kw_only=True):
    """A model at the provider."""

    model: Model
    record: Offering
    speed: float | None
    """Median tokens per second of its newest answers."""


class Row(Struct, frozen=True, kw_only=True):
    """An offering in words."""

    model_id: str
    name: str
    provider_model_name: str
    status: Lifecycle
    input_price: str
    output_price: str
    context: str
    longest_answer: str
    speed: str


def offered_by(snapshot: Snapshot, provider_id: str, speeds: Mapping[str, float]) -> list[Offered]:
    """Every offering of a provider, by model id; ``speeds`` has the tokens per second of those measured."""
    # They are sorted by provider, then by model.
    offerings = snapshot.registry.offerings
    start = bisect_left(offerings, provider_id, key=_provider_of)
    end = bisect_right(offerings, provider_id, lo=start, key=_provider_of)
    found = []
    for record in offerings[start:end]:
        entry = snapshot.model(record.model_id)
        if entry is not None:
            found.append(Offered(model=entry.record, record=record, speed=speeds.get(record.model_id)))
    return found


def _provider_of(offering: Offering) -> str:
    return offering.provider_id


def in_order(offered: Iterable[Offered], sort: str) -> list[Offered]:
    """The offerings sorted as asked, ties by name; unknown values last."""
    by_name = sorted(offered, key=lambda one: (one.model.name.casefold(), one.model.id))
    if sort == "name":
        return by_name

    def key(one: Offered) -> tuple[bool, Decimal | float]:
        value = _value(one, sort)
        if value is None:
            return True, 0
        return False, -value if sort in FALLING else value

    return sorted(by_name, key=key)


def _value(one: Offered, sort: str) -> Decimal | float | None:
    values: Mapping[str, Decimal | float | None] = {
        "price": one.record.pricing.input_per_million,
        "output_price": one.record.pricing.output_per_million,
        "context_window": window_of(one.record, one.model),
        "throughput": one.speed,
    }
    return values[sort]


def rows_of(offered: Iterable[Offered]) -> list[Row]:
    """The offerings in words."""
    return [_row(one) for one in offered]


def _row(one: Offered) -> Row:
    pricing = one.record.pricing
    return Row(
        model_id=one.model.id,
        name=one.model.name,
        provider_model_name=one.record.provider_model_name,
        # A model that has ended is not to be had by an offering that says nothing of it.
        status=one.record.status if one.record.status != "active" else one.model.status,
        input_price=price(pricing.input_per_million, pricing.currency),
        output_price=price(pricing.output_per_million, pricing.currency),
        context=tokens(window_of(one.record, one.model)),
        longest_answer=tokens(longest_answer_of(one.record, one.model)),
        speed=UNKNOWN if one.speed is None else per_second(one.speed),
    )


def example_of(offered: Sequence[Offered]) -> Offered | None:
    """The offering that a first call is shown with: an active one that chats, at the lowest known price."""
    currency = majority_currency([one.record for one in offered])

    def key(one: Offered) -> tuple[bool, bool, bool, Decimal, str]:
        amount = one.record.pricing.input_per_million
        return (
            one.record.status != "active" or one.model.status != "active",
            "chat" not in one.model.capabilities,
            amount is None or one.record.pricing.currency != currency,
            Decimal(0) if amount is None else amount,
            one.model.id,
        )

    return min(offered, key=key, default=None)
