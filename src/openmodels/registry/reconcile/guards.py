"""What an import may do to a registry without being told twice."""

from openmodels.domain.records import Registry
from openmodels.errors import ImportRefused
from openmodels.registry.reconcile.plan import Plan
from openmodels.registry.reconcile.sums import added_shares, removed_share, replaced_share, repriced_shares

MAX_REMOVED = 5
"""Percent of the registry's records that may go."""
MAX_REPLACED = 20
"""Percent of the registry's records of which a value may become another. New records, blanks that are filled
and dates of verification are no such change."""
MAX_REPRICED = 50
"""Percent of one provider's offerings of which a price may become another."""
LEAST_REPRICED = 10
"""So many of one provider may have other prices in any case."""
MAX_GROWTH = 50
"""Percent by which the records of one kind may grow."""
LEAST_GROWTH = 100
"""So many less one may be new of any kind in any case."""


def require_modest(plan: Plan, before: Registry) -> None:
    """Raises ``ImportRefused`` where a plan would shrink or grow the registry, or change it, too much."""
    removed, whole = removed_share(before, plan.changes)
    if removed * 100 > whole * MAX_REMOVED:
        raise ImportRefused(_words("remove", removed, whole, "records", MAX_REMOVED))
    replaced, whole = replaced_share(before, plan.changes)
    if replaced * 100 > whole * MAX_REPLACED:
        raise ImportRefused(_words("change values of", replaced, whole, "records", MAX_REPLACED))
    for provider, (repriced, whole) in sorted(repriced_shares(before, plan.changes).items()):
        if repriced >= LEAST_REPRICED and repriced * 100 > whole * MAX_REPRICED:
            raise ImportRefused(
                _words("change prices of", repriced, whole, f"offerings of {provider}", MAX_REPRICED)
            )
    for kind, (added, whole) in added_shares(before, plan.changes).items():
        if added >= LEAST_GROWTH and added * 100 > whole * MAX_GROWTH:
            raise ImportRefused(
                f"the import would add {added:,} {kind}s to {whole:,} (more than {MAX_GROWTH} %); {_REMEDY}"
            )


_REMEDY = "nothing was written. Look at it with --dry-run, and where it is right, run it again with --force"


def _words(what: str, count: int, whole: int, of: str, bound: int) -> str:
    share = f"{count * 100 / whole:.1f}"
    return f"the import would {what} {count:,} of {whole:,} {of} ({share} %, more than {bound} %); {_REMEDY}"
