"""The source's listings and our offerings: what each name means, and what an offering is made of."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from openmodels.domain.fields import value_of
from openmodels.domain.naming import Resolution, Resolver
from openmodels.domain.pricing import PRICES
from openmodels.domain.records import Model, Offering, Pricing, Provider, Source
from openmodels.registry.reconcile.fields import empty_value, with_value
from openmodels.registry.reconcile.merge import Merged, Speaker, item_of
from openmodels.registry.reconcile.plan import Doubt
from openmodels.registry.reconcile.told import Listing

FIELDS = (
    "provider_model_name",
    "pricing.currency",
    *(f"pricing.{name}" for name in PRICES),
    "pricing.batch.input_per_million",
    "pricing.batch.output_per_million",
    "pricing.tiers",
    "status",
)
"""The fields of an offering that a source can tell, besides its limits, which depend on the model's."""

Key = tuple[str, str]
"""Our ids of a provider and of a model."""


class Sorted(Struct):
    """The source's listings by what they are here."""

    groups: dict[Key, list[Listing]] = {}
    doubts: list[Doubt] = []
    unknown: list[tuple[Listing, Resolution]] = []
    """Names that resolve to nothing, and what they may be."""


def sort(
    listings: Sequence[Listing],
    offerings: Sequence[Offering],
    resolver: Resolver,
    ours: Mapping[str, str],
) -> Sorted:
    """Which model each listing is. ``ours`` holds our id of a model by the source's.

    The name that an offering has already decides, then the source's own word (``base_model``) where the
    resolver has no other, then the resolver.
    """
    named = {(o.provider_id, o.provider_model_name): o.model_id for o in offerings}
    groups: dict[Key, list[Listing]] = defaultdict(list)
    result = Sorted()
    for listing in listings:
        base = listing.values.get("base_model")
        said = ours.get(base) if isinstance(base, str) else None
        resolution = resolver.resolve(listing.name, provider=listing.provider, title=listing.title)
        present = named.get((listing.provider, listing.name))
        means = present or said or resolution.model_id
        if means is None:
            result.unknown.append((listing, resolution))
            continue
        minds = {mind for mind in (present, said, resolution.model_id) if mind is not None}
        if len(minds) > 1:
            reason = _reason(present, said, resolution.model_id)
            result.doubts.append(doubt_of(listing, reason, resolution))
            if present is None:
                continue
        groups[listing.provider, means].append(listing)
    result.groups = dict(groups)
    return result


def _reason(present: str | None, said: str | None, resolved: str | None) -> str:
    words = (("the registry's mapping", present), ("the source", said), ("the name", resolved))
    return ", ".join(f"{who} says {what}" for who, what in words if what is not None)


def doubt_of(listing: Listing, reason: str, resolution: Resolution) -> Doubt:
    """A listing for the review list, with what its name may mean."""
    return Doubt(
        kind="offering",
        provider=listing.provider,
        name=listing.name,
        title=listing.title,
        reason=reason,
        candidates=resolution.candidates,
    )


def new_offering(key: Key, name: str, provider: Provider, now: datetime) -> Offering:
    """A record without provenance yet, whose prices nobody knows."""
    return Offering(
        model_id=key[1],
        provider_id=key[0],
        provider_model_name=name,
        pricing=Pricing(input_per_million=None, output_per_million=None, currency="USD"),
        available_regions=("global",) if "global" in provider.regions else provider.regions,
        created_at=now,
        updated_at=now,
    )


def with_limits(
    told: dict[str, Any], values: Mapping[str, Any], offering: Offering, model: Model, speaker: Speaker
) -> None:
    """Add to ``told`` what the source says of limits, as a file holds them: only what differs.

    ``values`` holds the effective ``context_window`` and ``max_output_tokens``, already checked. The same
    number as the model's is worth a word only where somebody else wrote another one down.
    """
    item = item_of(offering, speaker.source)
    follows = item is not None and (speaker.repeats or item.version != speaker.version)
    for field, effective, of_model in (
        ("context_window_override", values.get("context_window"), model.context_window),
        ("max_output_tokens", values.get("max_output_tokens"), model.max_output_tokens),
    ):
        here = value_of(offering, field)
        mine = follows and item is not None and field in item.fields
        contradicts = here is not None and here != effective and not mine
        if effective is not None and (effective != of_model or contradicts):
            told[field] = effective


def same_currency(told: dict[str, Any], offering: Offering, source: str) -> bool:
    """Whether the source prices in the record's currency; where not, ``told`` loses its prices."""
    currency = told.get("pricing.currency")
    if currency is None or currency == offering.pricing.currency:
        return True
    for field in [f for f in told if f.startswith("pricing.") and f != "pricing.currency"]:
        del told[field]
    item = item_of(offering, source)
    if item is not None and "pricing.currency" in item.fields:
        # The prices stay, so what they are in does as well.
        del told["pricing.currency"]
    return False


def is_unlisted(offering: Offering, speaker: Speaker) -> bool:
    """Whether the source spoke of an offering that it does not list, and has not spoken of it later."""
    item = item_of(offering, speaker.source)
    return item is not None and speaker.observed_at >= item.observed_at


def without_source(
    offering: Offering, said: Sequence[Mapping[str, Any]], speaker: Speaker
) -> Offering | None:
    """The offering without what this very version of a source gave it; None where that is nothing.

    For a source that lists another product only, whose values are in ``said``: values that are none of these
    were edited by hand, and stay.
    """
    item = item_of(offering, speaker.source)
    if item is None or item.version != speaker.version or "provider_model_name" in item.fields:
        return None
    result = offering
    for field in item.fields:
        if any(field in told and told[field] == value_of(offering, field) for told in said):
            with suppress(KeyError):
                result = with_value(result, field, empty_value(Offering, field))
    source = result.source
    return msgspec.structs.replace(
        result,
        provenance=tuple(other for other in result.provenance if other is not item),
        source=None if source is not None and source.name == speaker.name else source,
    )


def agrees_on_prices(told: Mapping[str, Any], offering: Offering, source: str) -> bool:
    """Whether the source's main prices are the record's, or what the record has is the source's own.

    Where they are not, none of its other prices may fill a blank: parts of two price lists make none.
    """
    item = item_of(offering, source)
    for field in ("pricing.input_per_million", "pricing.output_per_million"):
        here = value_of(offering, field)
        mine = item is not None and field in item.fields
        if here is not None and not mine and told.get(field, here) != here:
            return False
    return True


def may_fill(field: str, told: Mapping[str, Any], offering: Offering, source: str) -> bool:
    """Whether ``source`` may fill a blank of ``offering``.

    Not with a price of another list, and not with its end where another source lists it: that an announced
    day has passed is no proof, that somebody serves it is one.
    """
    if field.startswith("pricing."):
        return agrees_on_prices(told, offering, source)
    if field == "status" and told[field] == "retired":
        return all(item.source == source for item in offering.provenance)
    return True


def sourced(merged: Merged[Offering], before: Offering | None, speaker: Speaker) -> Offering:
    """The offering with its ``source``: set where it has none, verified where a newer version confirms it.

    A source that says other prices than the record does is not where its numbers come from.
    """
    offering = merged.record
    source = offering.source
    if merged.outdated or any(field.startswith("pricing.") for field in merged.differs):
        return offering
    priced = {f for f in (*merged.agrees, *merged.changed) if f.startswith("pricing.")} - {"pricing.currency"}
    if not priced and before is not None:
        return offering
    took_prices = any(f.startswith("pricing.") for f in merged.changed) and merged.replaces
    is_new_word = before is None or _version(before, speaker) != speaker.version
    if source is None or (source.name != speaker.name and took_prices):
        verified = speaker.observed_at if priced else None
        source = Source(name=speaker.name, url=speaker.url, verified_at=verified)
    elif source.name == speaker.name and is_new_word:
        latest = max(moment for moment in (source.verified_at, speaker.observed_at) if moment is not None)
        source = msgspec.structs.replace(source, verified_at=latest)
    return msgspec.structs.replace(offering, source=source)


def _version(offering: Offering, speaker: Speaker) -> str | None:
    item = item_of(offering, speaker.source)
    return item.version if item else None
