"""Names that nothing knows, but that several providers list: models that the registry lacks."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from openmodels.domain.naming import Resolver
from openmodels.domain.naming.spelling import run_together
from openmodels.domain.records import Model
from openmodels.registry.reconcile.consensus import common_title, consensus
from openmodels.registry.reconcile.models import FIELDS, Vendors, is_id, new_model
from openmodels.registry.reconcile.told import Listing, Sieve


class Proposals(Struct):
    """What came of the names that nothing knows."""

    accepted: list[Model] = []
    """Models to be added."""
    refused: list[tuple[Listing, str]] = []
    """Names that enough providers list, and why they are no model yet."""


def propose(
    unknown: Iterable[Listing],
    least: int | None,
    resolver: Resolver,
    known: Iterable[str],
    vendors: Vendors,
    sieve: Sieve,
    now: datetime,
) -> Proposals:
    """A model for each stem that at least ``least`` providers list; none where that is None."""
    result = Proposals()
    taken = {run_together(name) for name in known}
    by_stem: dict[str, list[Listing]] = defaultdict(list)
    for listing in unknown:
        by_stem[resolver.stem(listing.name)].append(listing)
    for stem, listings in sorted(by_stem.items()):
        if least is None or len({listing.provider for listing in listings}) < least:
            continue
        model, why = _proposal(stem, listings, taken, vendors, sieve, now)
        if model is not None:
            taken.add(run_together(stem))
            result.accepted.append(model)
        else:
            result.refused += [(listing, why) for listing in listings]
    return result


def _proposal(
    stem: str, listings: Sequence[Listing], taken: set[str], vendors: Vendors, sieve: Sieve, now: datetime
) -> tuple[Model | None, str]:
    why = _objection(stem, listings, taken)
    if why is None and not sieve.admits("model", stem):
        why = "it would break a rule of the registry"
    if why is not None:
        return None, why
    vendor = vendors.of(stem, [listing.name for listing in listings])
    if vendor is None:
        return None, "nobody knows who makes it: add its vendor, with a prefix, to vendors.yaml"
    facts = consensus(listings, 1)
    title = common_title(listings)
    told = sieve.values("model", stem, Model, {"name": title, **facts} if title else facts, FIELDS)
    model = new_model(stem, told, vendor, now)
    return model, "" if model else "its providers are of different minds about what it does"


def _objection(stem: str, listings: Sequence[Listing], taken: set[str]) -> str | None:
    if not is_id(stem):
        return "no id can be made of it"
    if sum(_moves(listing) for listing in listings) * 2 > len(listings):
        return "a name that moves from model to model"
    if run_together(stem) in taken:
        return f"{stem}, which is its name without dates and the like, is a model already"
    return None


def _moves(listing: Listing) -> bool:
    """Whether the provider says that the name is that of whatever is the latest."""
    return listing.name.endswith("-latest") or "latest" in (listing.title or "").lower()
