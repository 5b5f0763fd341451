"""The fields of records by path: read, set, compared, and checked before they are set."""

import functools
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar, get_type_hints

import msgspec

from openmodels.domain.limits import partial_date_holds, price_holds
from openmodels.domain.records import BatchPricing, Model, Offering, PriceTier, Pricing, Provider, Record

R = TypeVar("R", Model, Provider, Offering)

BLANK: Mapping[str, Any] = {"status": "active", "licensing": "other"}
"""Values that say no more than an empty field does, and are filled like one."""

UNORDERED = frozenset({"modalities", "input_modalities", "output_modalities", "env", "capabilities"})
ADDRESSES = frozenset({"api_base_url", "docs_url"})
PARTIAL_DATES = frozenset({"release_date", "knowledge_cutoff"})

_encoder = msgspec.json.Encoder(decimal_format="number")


class NotForUs(ValueError):
    """A value that the field cannot hold; the text says why."""


@functools.cache
def hint_of(struct: type[Record], path: str) -> Any:
    """The type of a field. Raises ``KeyError`` where the record has no such field."""
    head, _, rest = path.partition(".")
    hint = get_type_hints(struct, include_extras=True)[head]
    if not rest:
        return hint
    inner = {"pricing": Pricing, "batch": BatchPricing}.get(head)
    if inner is None:
        raise KeyError(path)
    return hint_of(inner, rest)


def converted(struct: type[Record], path: str, value: Any) -> Any:
    """``value`` as the field holds it. Raises ``NotForUs``, or ``KeyError`` where there is no such field."""
    hint = hint_of(struct, path)
    if isinstance(value, list | tuple):
        value = [dict(item) if isinstance(item, Mapping) else item for item in value]
    try:
        result = msgspec.convert(value, hint, builtin_types=(Decimal,))
    except (msgspec.ValidationError, OverflowError) as error:
        raise NotForUs(str(error)) from None
    if isinstance(result, Decimal) and not price_holds(result):
        raise NotForUs("the price is out of bounds")
    if path in PARTIAL_DATES and not partial_date_holds(result):
        raise NotForUs("there is no such date")
    if isinstance(result, str) and (result.isspace() or not result.isprintable()):
        raise NotForUs("it holds what cannot be seen")
    if path == "pricing.tiers":
        _require_tiers(result)
    return result


def _require_tiers(tiers: tuple[PriceTier, ...]) -> None:
    for tier in tiers:
        for name in tier.__struct_fields__:
            amount = getattr(tier, name)
            if isinstance(amount, Decimal) and not price_holds(amount):
                raise NotForUs("a tier's price is out of bounds")
    above = [tier.above_tokens for tier in tiers]
    if above != sorted(set(above)):
        raise NotForUs("the tiers do not ascend")


def with_value(record: R, path: str, value: Any) -> R:
    """``record`` with another value at ``path``."""
    head, _, rest = path.partition(".")
    if not rest:
        return msgspec.structs.replace(record, **{head: value})
    inner = getattr(record, head)
    if inner is None:
        inner = BatchPricing()
    changed = with_value(inner, rest, value)
    if isinstance(changed, BatchPricing) and changed == BatchPricing():
        changed = None
    return msgspec.structs.replace(record, **{head: changed})


def empty_value(struct: type[Record], path: str) -> Any:
    """What the field holds where nobody says anything. Raises ``KeyError`` where it must hold something."""
    if path in BLANK:
        return BLANK[path]
    *_, last = path.split(".")
    if path.startswith("pricing.") and last != "currency":
        return () if last == "tiers" else None
    if path == "context_window":
        return None
    for field in msgspec.structs.fields(struct):
        if field.name == path and not field.required:
            return field.default
    raise KeyError(path)


def is_blank(path: str, value: Any) -> bool:
    """Whether the field says nothing."""
    return value is None or value == () or BLANK.get(path) == value


def same(path: str, ours: Any, theirs: Any) -> bool:
    """Whether a source says of a field what the registry says, as far as it says anything."""
    if ours == theirs or ours is None or theirs is None:
        return bool(ours == theirs)
    if path == "capabilities":
        # A source has words for some capabilities only.
        return set(theirs) <= set(ours)
    if path in UNORDERED:
        return set(ours) == set(theirs)
    if path in PARTIAL_DATES:
        return str(ours).startswith(theirs) or str(theirs).startswith(ours)
    return path in ADDRESSES and str(ours).rstrip("/") == str(theirs).rstrip("/")


def as_json(value: Any) -> str:
    """A value as JSON text, decimals exactly as written."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, tuple) and value and isinstance(value[0], PriceTier):
        value = [{k: v for k, v in msgspec.structs.asdict(tier).items() if v is not None} for tier in value]
    return _encoder.encode(value).decode()
