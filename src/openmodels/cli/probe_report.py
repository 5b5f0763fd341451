"""What ``openmodels probe`` and ``openmodels keys`` show: cells for tables, and the same as data."""

from collections import Counter
from collections.abc import Sequence
from decimal import ROUND_UP, Decimal
from typing import Any

import msgspec

from openmodels.domain.spending import from_nano
from openmodels.domain.telemetry import Check, Measurement
from openmodels.prober.once import Line
from openmodels.prober.overview import Account, Money, Total
from openmodels.prober.probing import Attempt
from openmodels.prober.target import R

PROBE_HEAD = (
    "provider",
    "health",
    "response ms",
    "connect ms",
    "model",
    "ttft ms",
    "tokens/s",
    "total ms",
    "result",
)
KEYS_HEAD = ("provider", "key", "measured", "probes today", "spent today", "a day at most")
WAITING = "..."


def probe_row(line: Line) -> tuple[str, ...]:
    """The cells of one provider under ``PROBE_HEAD``; where more is to come, ``...``."""
    check = _record(line.health)
    measurement = _record(line.latency)
    return (
        line.plan.provider_id,
        WAITING if line.health is None else f"{check.status} ({check.outcome})" if check else "",
        _milliseconds(check.response_time_ms if check else None),
        _milliseconds(check.connect_ms if check else None),
        measurement.model_id if measurement else "",
        _milliseconds(measurement.time_to_first_token_ms if measurement else None),
        _rate(measurement),
        _milliseconds(measurement.total_response_time_ms if measurement else None),
        _result(line),
    )


def probe_data(line: Line) -> dict[str, Any]:
    """One provider for programs: its check and its measurement, each with what is said of it."""
    return {
        "provider_id": line.plan.provider_id,
        "provider_name": line.plan.name,
        "health": _attempt_data(line.health),
        "latency": _attempt_data(line.latency),
    }


def probe_summary(lines: Sequence[Line], *, recorded: int | None) -> str:
    """One sentence on all of it; ``recorded`` is None where nothing was to be."""
    states = Counter(check.status for line in lines if (check := _record(line.health)))
    outcomes = Counter(one.outcome for line in lines if (one := _record(line.latency)))
    kept = "nothing recorded, as asked" if recorded is None else f"{recorded} results recorded"
    health = f"{states['up']} up, {states['down']} down"
    return f"{health}; {outcomes['ok']} of {outcomes.total()} measured well; {kept}"


def keys_rows(account: Account) -> list[tuple[str, ...]]:
    """The cells of one provider under ``KEYS_HEAD``; more lines where it has prices in several currencies."""
    policy = account.plan.policy
    first, *more = account.money or (None,)
    key = account.variable or ("none needed" if not account.plan.needs_key else "")
    cells = (
        account.plan.provider_id,
        key,
        account.reason or "yes",
        f"{account.probes} of {policy.daily_limit}",
        *_money_cells(first),
    )
    return [cells, *(("", "", "", "", *_money_cells(money)) for money in more)]


def keys_data(account: Account) -> dict[str, Any]:
    """One provider for programs. Amounts are decimal numbers as text, in their currency."""
    return {
        "provider_id": account.plan.provider_id,
        "provider_name": account.plan.name,
        "variables": list(account.plan.variables),
        "set": account.variable,
        "needs_key": account.plan.needs_key,
        "measured": account.measured,
        "reason": account.reason or None,
        "probes_today": account.probes,
        "daily_limit": account.plan.policy.daily_limit,
        "money": [
            {
                "currency": money.currency,
                "spent_today": amount(money.spent),
                "daily_budget": amount(money.budget),
                "day_at_most": amount(money.at_most),
            }
            for money in account.money
        ],
    }


def total_data(total: Total) -> dict[str, Any]:
    """The sum in one currency for programs."""
    return {
        "currency": total.currency,
        "spent_today": amount(total.spent),
        "day_at_most": amount(total.at_most),
    }


def total_line(total: Total) -> str:
    """The sum in one currency for people."""
    return (
        f"all together: {_shown(total.spent)} {total.currency} spent today, "
        f"at most {_shown(total.at_most)} {total.currency} a day with the keys that are set"
    )


def amount(nano: int) -> str:
    """Nano-units as a decimal number, exactly, with at least two decimals and no more zeros than those."""
    return _trimmed(from_nano(nano))


def _shown(nano: int) -> str:
    """The same for people: rounded up to four decimals."""
    return _trimmed(from_nano(nano).quantize(Decimal("0.0001"), ROUND_UP))


def _trimmed(value: Decimal) -> str:
    whole, _, decimals = f"{value:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def _record(attempt: Attempt[R] | None) -> R | None:
    return attempt.probed.record if attempt is not None and attempt.probed is not None else None


def _milliseconds(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _rate(measurement: Measurement | None) -> str:
    if measurement is None or measurement.tokens_per_second is None:
        return ""
    return f"{'~' if measurement.tokens_estimated else ''}{measurement.tokens_per_second:.1f}"


def _result(line: Line) -> str:
    """What people must know: outcomes with their details, or what is missing."""
    parts = []
    check = _record(line.health)
    # What is up is well: without a key, most answer that there is none.
    if line.health is not None and (check is None or check.status == "down"):
        parts.append(f"health: {_said(line.health)}")
    if line.latency is None:
        parts.append(WAITING)
    else:
        parts.append(_said(line.latency))
    # An unprobed provider has the same to say of both.
    return "; ".join(part for part in parts if not (len(parts) > 1 and part == f"health: {parts[-1]}"))


def _said(attempt: Attempt[Check] | Attempt[Measurement]) -> str:
    if attempt.probed is None:
        return attempt.reason
    said = ": ".join(part for part in (attempt.probed.record.outcome, attempt.probed.detail) if part)
    return f"{said} (not recorded: {attempt.reason})" if attempt.reason else said


def _attempt_data(attempt: Attempt[Check] | Attempt[Measurement] | None) -> dict[str, Any]:
    if attempt is None or attempt.probed is None:
        return {"made": False, "reason": attempt.reason if attempt is not None else ""}
    data: dict[str, Any] = msgspec.to_builtins(attempt.probed.record)
    del data["provider_id"]
    return {"made": True, **data, "detail": attempt.probed.detail, "believed": not attempt.reason}


def _money_cells(money: Money | None) -> tuple[str, str]:
    if money is None:
        return "", ""
    spent = f"{_shown(money.spent)} of {_shown(money.budget)} {money.currency}"
    return spent, f"{_shown(money.at_most)} {money.currency}"
