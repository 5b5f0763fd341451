"""What an import may do to a registry without being told twice."""

from openmodels.domain.records import Registry
from openmodels.errors import ImportRefused
from openmodels.registry.reconcile.plan import Plan
from openmodels.registry.reconcile.sums import removed_share, replaced_share

MAX_REMOVED = 5
"""Percent of the registry's records that may go."""
MAX_REPLACED = 20
"""Percent of the registry's records of which a value may become another. New records, blanks that are filled
and dates of verification are no such change."""


def require_modest(plan: Plan, before: Registry) -> None:
    """Raises ``ImportRefused`` where a plan would shrink the registry, or change what it says, too much."""
    removed, whole = removed_share(before, plan.changes)
    if removed * 100 > whole * MAX_REMOVED:
        raise ImportRefused(_words("remove", removed, whole, MAX_REMOVED))
    replaced, whole = replaced_share(before, plan.changes)
    if replaced * 100 > whole * MAX_REPLACED:
        raise ImportRefused(_words("change values of", replaced, whole, MAX_REPLACED))


def _words(what: str, count: int, whole: int, bound: int) -> str:
    share = f"{count * 100 / whole:.1f}"
    return (
        f"the import would {what} {count:,} of {whole:,} records ({share} %, more than {bound} %); nothing "
        "was written. Look at it with --dry-run, and where it is right, run it again with --force"
    )
