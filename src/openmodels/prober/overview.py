"""Which providers can be measured, what they may cost, and what they did cost today."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from msgspec import Struct

from openmodels.domain.spending import to_nano
from openmodels.prober.keys import KeySource
from openmodels.prober.plan import Plan, ProviderPlan
from openmodels.store.spending_ports import Spending


class Money(Struct, frozen=True, kw_only=True):
    """Latency probes of a day in one currency; amounts in nano-units."""

    currency: str
    """The currency."""
    spent: int
    """Spent today, estimates of what is under way among it."""
    at_most: int
    """The most that a whole day may cost."""
    budget: int
    """The day's budget."""
    used_up: bool = False
    """Whether nothing more can be measured today."""


class Account(Struct, frozen=True, kw_only=True):
    """One provider."""

    plan: ProviderPlan
    """How it is probed."""
    measured: bool
    """Whether it is measured, on days whose limit and budget are not used up."""
    variable: str | None
    """The environment variable that gives its key, or was meant to; None when none is set."""
    reason: str
    """Why it is not measured now, for people; empty where it is."""
    probes: int
    """Latency probes that were begun today."""
    money: tuple[Money, ...]
    """By currency."""


class Total(Struct, frozen=True, kw_only=True):
    """All providers together, in one currency; amounts in nano-units."""

    currency: str
    """The currency."""
    spent: int
    """Spent today."""
    at_most: int
    """The most that a whole day may cost, of those that are measured."""


def overview(plan: Plan, keys: KeySource, spending: Iterable[Spending]) -> list[Account]:
    """Every provider of the plan, by id. Finds out about keys; gives none away."""
    rows: defaultdict[str, list[Spending]] = defaultdict(list)
    for row in spending:
        rows[row.provider_id].append(row)
    return [_account(one, keys, rows[one.provider_id]) for one in plan.providers.values()]


def totals(accounts: Iterable[Account]) -> list[Total]:
    """What all providers together spent and may spend, by currency."""
    spent: defaultdict[str, int] = defaultdict(int)
    at_most: defaultdict[str, int] = defaultdict(int)
    for account in accounts:
        for money in account.money:
            spent[money.currency] += money.spent
            at_most[money.currency] += money.at_most if account.measured else 0
    return [Total(currency=name, spent=spent[name], at_most=at_most[name]) for name in sorted(spent)]


def _account(plan: ProviderPlan, keys: KeySource, rows: list[Spending]) -> Account:
    found = keys.find(plan.variables) if plan.needs_key else None
    reason = plan.unmeasured or (found.problem if found else "")
    probes = sum(row.probes for row in rows)
    spent = {row.currency: row.spent for row in rows}
    dearest = _dearest(plan)
    money = tuple(
        _money(plan, currency, dearest.get(currency, 0), spent.get(currency, 0))
        for currency in sorted(spent.keys() | dearest.keys())
    )
    measured = not reason
    if measured and probes >= plan.policy.daily_limit:
        reason = f"the day's limit of {plan.policy.daily_limit} is used up"
    elif measured and all(one.used_up for one in money):
        reason = f"the day's budget of {plan.policy.daily_budget} is used up"
    return Account(
        plan=plan,
        measured=measured,
        variable=found.variable if found else None,
        reason=reason,
        probes=probes,
        money=money,
    )


def _money(plan: ProviderPlan, currency: str, dearest: int, spent: int) -> Money:
    budget = to_nano(plan.policy.daily_budget)
    cheapest = min(
        (choice.estimate for choice in plan.choices if choice.pricing.currency == currency), default=0
    )
    return Money(
        currency=currency,
        spent=spent,
        at_most=min(budget, dearest * plan.policy.daily_limit),
        budget=budget,
        used_up=spent + cheapest > budget,
    )


def _dearest(plan: ProviderPlan) -> Mapping[str, int]:
    """By currency: the highest estimate of one probe."""
    found: dict[str, int] = {}
    for choice in plan.choices:
        currency = choice.pricing.currency
        found[currency] = max(found.get(currency, 0), choice.estimate)
    return found
