"""A plan that is whole: it breaks no rule of the registry, and a second import would find nothing to do."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from openmodels.domain.checks import check_registry
from openmodels.domain.faults import Fault, shown
from openmodels.domain.observation import Reading
from openmodels.domain.records import Provider, Registry
from openmodels.errors import ImportRefused
from openmodels.registry.reconcile.engine import Run
from openmodels.registry.reconcile.plan import Kind, Options, Plan, RecordChange
from openmodels.registry.reconcile.sums import record_changes

ROUNDS = 8
"""How often what broke a rule is left out and the rest is tried again."""
PASSES = 4
"""How often the outcome is read again, until there is nothing more to do."""


def reconcile(reading: Reading, registry: Registry, options: Options, now: datetime) -> Plan:
    """What importing ``reading`` into ``registry`` would do; the outcome breaks no rule of the registry.

    What would break one is left out and listed. Raises ``ImportRefused`` where that leads nowhere.
    """
    excluded: dict[tuple[Kind, str, str], str] = {}
    plan = _valid(reading, registry, options, now, excluded)
    for _ in range(PASSES):
        if not plan.changes:
            break
        # What is new now may be what another name means: a second import must find nothing to do.
        following = _valid(reading, plan.outcome, options, now, excluded, repeats=True)
        settled = not following.changes
        plan = following
        if settled:
            break
    changes = record_changes(registry, plan.outcome)
    touched = {(change.kind, change.id) for change in changes}
    agreed = tuple(key for key in plan.agreed if key not in touched)
    return msgspec.structs.replace(plan, changes=changes, agreed=agreed)


def _valid(
    reading: Reading,
    registry: Registry,
    options: Options,
    now: datetime,
    excluded: dict[tuple[Kind, str, str], str],
    *,
    repeats: bool = False,
) -> Plan:
    """A plan whose outcome breaks no rule; what would is added to ``excluded``."""
    for _ in range(ROUNDS):
        plan = Run(reading, registry, options, now, excluded, repeats=repeats).plan()
        found = _broken(plan)
        if not found:
            return plan
        fresh = {key: why for key, why in found.items() if key not in excluded}
        # A field that was left out and is still at fault: the record as a whole then.
        excluded.update(fresh or {(kind, name, ""): why for (kind, name, _), why in found.items()})
    raise ImportRefused(
        "the source's values break rules of the registry however many are left out; nothing was changed. "
        "Run `openmodels validate`, then import one provider with --provider to find which"
    )


def _broken(plan: Plan) -> dict[tuple[Kind, str, str], str]:
    """The fields of changed records that break a rule, and why. Raises ``ImportRefused`` for any other."""
    kinds: Mapping[str, Kind] = {"models": "model", "providers": "provider", "offerings": "offering"}
    changed = {(change.kind, change.id): change for change in plan.changes if change.new}
    broken: dict[tuple[Kind, str, str], str] = {}
    for finding in check_registry(plan.outcome):
        kind, fault = kinds.get(finding.kind, "model"), finding.fault
        why = f"{fault.code}: found {fault.found}, expected {fault.expected}"
        if (kind, finding.id) in changed:
            broken[kind, finding.id, _field_of(fault)] = why
            continue
        # A rule between records is told of the later one, which was here before.
        others = [name for (of, name), c in changed.items() if of == kind and _shares_key(c, fault)]
        if not others:
            raise ImportRefused(f"the import would break a rule at {finding.id}: {why}; nothing was changed")
        broken.update({(kind, name, "env"): f"{why}, as {finding.id} does" for name in others})
    return broken


def _field_of(fault: Fault) -> str:
    steps = [step for step in fault.path if isinstance(step, str)]
    return ".".join(steps[:2]) if steps and steps[0] == "pricing" else (steps or [""])[0]


def _shares_key(change: RecordChange, fault: Fault) -> bool:
    if fault.code != "shared-key" or not isinstance(change.new, Provider):
        return False
    return any(shown(variable) == fault.found for variable in change.new.env)
