"""Which of several names of one model at one provider is taken: the plainest."""

import re
from collections.abc import Sequence

from openmodels.domain.naming.spelling import canonical_id
from openmodels.domain.records import Model
from openmodels.registry.reconcile.plan import Variant
from openmodels.registry.reconcile.products import REGIONS, same_product
from openmodels.registry.reconcile.told import Listing

QUALIFIERS = (
    re.compile(r":[a-z]"),  # :free, :thinking, :batch
    re.compile(r"(?i)[@-](fp4|fp8|fp16|bf16|int4|int8|awq|gptq|nvfp4|mxfp4|q[2-8]|[48]bit)\b"),
    re.compile(rf"(^|[/.])({'|'.join(sorted(REGIONS))})\."),
    re.compile(r"@[a-z]+-?[a-z]*\d"),  # @us-east5
    re.compile(r"(?i)[-/](tee|turbo|fast|lightning|maas|priority|flex|exacto|free|batch|eu|us)$"),
    re.compile(r"-latest$"),
)
DATES = re.compile(r"(20\d\d-?\d\d-?\d\d|[-@](0[1-9]|1[0-2])-?\d\d$|-\d{4}$|-v\d+:\d+$)")


def plainness(listing: Listing, model: Model) -> tuple[int, int, int, str]:
    """A key by which the plainest name sorts first: not retired, unqualified, undated, near to the id."""
    name = listing.name
    retired = listing.values.get("status") in ("deprecated", "retired")
    known = canonical_id(name) in (model.id, *model.aliases)
    qualified = sum(bool(pattern.search(name)) for pattern in QUALIFIERS)
    dated = 0 if known else int(bool(DATES.search(name)))
    return int(retired), qualified * 2 + dated + (0 if known else 1), len(name), name


def plainest(listings: Sequence[Listing], model: Model, present: str | None) -> Listing:
    """The listing to take; ``present`` is the name that the registry has already, which stays."""
    for listing in listings:
        if listing.name == present:
            return listing
    return min(listings, key=lambda listing: plainness(listing, model))


def told_apart(
    listings: Sequence[Listing], model: Model, present: str | None
) -> tuple[Listing | None, list[Variant]]:
    """The listing to take, None where all are of other products than ``present``, and the others' names."""
    fitting = [one for one in listings if present is None or same_product(one.name, present, model)]
    taken = plainest(fitting, model, present) if fitting else None
    stands = taken.name if taken else present or ""
    others = [one for one in listings if one is not taken]
    return taken, [
        Variant(provider=one.provider, model=model.id, name=one.name, taken=stands) for one in others
    ]
