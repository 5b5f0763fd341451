"""How a provider is probed: what its file says, and the prober's settings where it says nothing."""

from decimal import Decimal

from msgspec import Struct

from openmodels.domain.records import ProbePolicy


class Policy(Struct, frozen=True, kw_only=True):
    """Every answer to the question how a provider is probed."""

    health_interval: int
    """Seconds between health checks."""
    latency_interval: int
    """Seconds between latency probes."""
    daily_limit: int
    """Latency probes in one day (UTC), by all probers together."""
    daily_budget: Decimal
    """What latency probes may cost in one day (UTC), in each currency that the provider has prices in."""
    timeout: int
    """Seconds that one probe may take."""
    enabled: bool = True
    """Whether it is probed at all."""
    style: str | None = None
    """The API style that its file names; None for that of its compatibility."""
    health_path: str | None = None
    """What a health check asks for; None for the style's list of models."""


def effective_policy(own: ProbePolicy | None, defaults: Policy) -> Policy:
    """The policy of a provider whose file has ``own`` as its ``probe`` section."""
    if own is None:
        return defaults
    return Policy(
        enabled=own.enabled,
        style=own.style if own.style is not None else defaults.style,
        health_path=own.health_path if own.health_path is not None else defaults.health_path,
        health_interval=own.health_interval if own.health_interval is not None else defaults.health_interval,
        latency_interval=(
            own.latency_interval if own.latency_interval is not None else defaults.latency_interval
        ),
        # Not "or": a limit, and a budget, of 0 mean 0.
        daily_limit=own.daily_limit if own.daily_limit is not None else defaults.daily_limit,
        daily_budget=own.daily_budget if own.daily_budget is not None else defaults.daily_budget,
        timeout=own.timeout if own.timeout is not None else defaults.timeout,
    )
