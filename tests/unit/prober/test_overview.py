"""Which providers can be measured, and what it may cost."""

from decimal import Decimal
from typing import Any

from contract.builders import model, offering, provider
from fixtures.running_prober import KEY, START, settings_of, snapshot_of
from openmodels.domain.records import Model, Offering, Pricing, ProbePolicy, Provider
from openmodels.prober.keys import EnvironmentKeys
from openmodels.prober.overview import Account, Total, overview, totals
from openmodels.prober.plan import make_plan
from openmodels.prober.style import load_styles
from openmodels.store.spending_ports import Spending

MILLI = 10**6
"""A thousandth of the currency, in nano-units."""


def accounts(
    *records: Model | Provider | Offering, spending: tuple[Spending, ...] = (), **environ: str
) -> list[Account]:
    plan = make_plan(snapshot_of(*records), settings_of(), load_styles())
    return overview(plan, EnvironmentKeys(environ), spending)


def acme(**fields: Any) -> Provider:
    return provider("acme", env=("ACME_KEY", "ACME_TOKEN"), **fields)


def spent(probes: int, nano: int, currency: str = "USD") -> Spending:
    return Spending(provider_id="acme", day=START.date(), currency=currency, probes=probes, spent=nano)


MEASURED = (model("m"), offering("acme", "m", "1000"))
ESTIMATE = 232 * MILLI


def test_it_says_which_variable_gives_the_key_and_never_the_key() -> None:
    ((one),) = accounts(acme(), *MEASURED, ACME_TOKEN=KEY)
    assert (one.measured, one.variable, one.reason) == (True, "ACME_TOKEN", "")
    assert KEY not in repr(one)


def test_it_says_what_to_set() -> None:
    ((one),) = accounts(acme(), *MEASURED)
    assert (one.measured, one.variable, one.reason) == (False, None, "set ACME_KEY or ACME_TOKEN")


def test_it_says_why_a_key_would_not_help() -> None:
    ((one),) = accounts(acme(auth_type="oauth2"), *MEASURED, ACME_KEY=KEY)
    assert (one.measured, one.variable, one.reason) == (False, "ACME_KEY", "oauth2 is not supported")


def test_a_provider_without_authentication_needs_no_key() -> None:
    ((one),) = accounts(acme(auth_type="none"), *MEASURED)
    assert (one.measured, one.variable, one.reason) == (True, None, "")


def test_a_day_costs_at_most_the_budget() -> None:
    ((one),) = accounts(acme(), *MEASURED)
    ((money),) = one.money
    assert (money.currency, money.spent) == ("USD", 0)
    assert money.at_most == money.budget == 500 * MILLI


def test_a_day_costs_at_most_the_limit_times_the_dearest_probe() -> None:
    own = ProbePolicy(daily_limit=2, daily_budget=Decimal(10))
    cheap = (model("a"), offering("acme", "a", "1"))
    ((one),) = accounts(acme(probe=own), *MEASURED, *cheap)
    assert [money.at_most for money in one.money] == [2 * ESTIMATE]


def test_it_says_what_was_spent_today_in_each_currency() -> None:
    euros = offering(
        "acme",
        "e",
        pricing=Pricing(input_per_million=Decimal(1), output_per_million=Decimal(1), currency="EUR"),
    )
    records = (acme(), *MEASURED, model("e"), euros)
    rows = (spent(2, 5, "EUR"), spent(3, 7, "USD"), spent(1, 11, "CNY"))
    ((one),) = accounts(*records, spending=rows, ACME_KEY=KEY)
    assert one.probes == 6
    assert [(m.currency, m.spent) for m in one.money] == [("CNY", 11), ("EUR", 5), ("USD", 7)]
    # What is not offered any more was spent all the same.
    assert one.money[0].at_most == 0


def test_it_says_when_the_day_is_used_up() -> None:
    by_limit = accounts(acme(), *MEASURED, spending=(spent(96, 0),), ACME_KEY=KEY)[0]
    assert (by_limit.measured, by_limit.reason) == (True, "the day's limit of 96 is used up")
    by_budget = accounts(acme(), *MEASURED, spending=(spent(2, 400 * MILLI),), ACME_KEY=KEY)[0]
    assert (by_budget.measured, by_budget.reason) == (True, "the day's budget of 0.50 is used up")


def test_the_total_counts_what_can_be_measured_now() -> None:
    other = provider("zeta", env=("ZETA_KEY",))
    records = (acme(), *MEASURED, other, offering("zeta", "m", "10"))
    found = accounts(*records, spending=(spent(1, 42),), ZETA_KEY=KEY)
    assert totals(found) == [Total(currency="USD", spent=42, at_most=232 * 10_000 * 96)]
    assert totals([]) == []
