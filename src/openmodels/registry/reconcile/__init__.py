"""From what a source says to what becomes of the registry: nothing curated is changed silently."""

from openmodels.registry.reconcile.guards import require_modest
from openmodels.registry.reconcile.passes import reconcile
from openmodels.registry.reconcile.plan import Options, Plan

__all__ = ["Options", "Plan", "reconcile", "require_modest"]
