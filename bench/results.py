"""What one run of the bench found, and which targets it was held to."""

from msgspec import Struct

from bench.compare import Figures
from bench.machine import Machine
from bench.startup import Startup


class Share(Struct, frozen=True, kw_only=True):
    """How openmodels stands to another contestant: medians of the ratios of the rounds; more is better."""

    case: str
    other: str
    by_requests: float
    """Requests a second of openmodels, divided by the other's."""
    by_cpu: float
    """CPU time a request of the other, divided by that of openmodels."""


class Validation(Struct, frozen=True, kw_only=True):
    """How long a registry's files take to load and check, best of three."""

    files: int
    seconds: float


class Results(Struct, frozen=True, kw_only=True):
    """One run."""

    date: str
    """The day, ISO 8601."""
    machine: Machine
    rounds: int
    seconds: int
    """How long one round was."""
    others_cores: float
    """Cores that other programs kept busy meanwhile, on average: near 0 on an idle machine."""
    left_out: tuple[str, ...]
    """Why some contestants are missing."""
    figures: tuple[Figures, ...]
    shares: tuple[Share, ...]
    large: Startup
    """Start with the large generated registry, published before."""
    bundled: Startup
    """``make run``, second start."""
    loaded_rss_mb: float
    """Resident memory with the large registry after all cold queries."""
    validation: tuple[Validation, ...]


class Target(Struct, frozen=True, kw_only=True):
    """One target and what was reached."""

    name: str
    target: str
    reached: str
    met: bool | None
    """None when it could not be measured."""


HOT = (("nginx", 0.5), ("bare-cli", 0.9), ("bare-embedded", 0.9), ("fastapi", 50.0), ("datasette", 40.0))


def targets(results: Results) -> list[Target]:
    """Every target. Ratios are judged by CPU time: requests a second also tell how busy others were."""
    shares = {(share.case, share.other): share for share in results.shares}
    found = [_hot(case, other, least, shares) for other, least in HOT for case in ("one", "list")]
    found += [_cold(case, results) for case in ("filter", "search")]
    large, bundled = results.large, results.bundled
    return [
        *found,
        _most("start with 50,000 offerings", large.seconds, 5, "s"),
        _most("memory with 50,000 offerings, started", large.rss_mb, 400, "MB"),
        _most("memory with 50,000 offerings, after the cold queries", results.loaded_rss_mb, 400, "MB"),
        _most("second start of `make run`", bundled.seconds, 3, "s"),
    ]


def _hot(case: str, other: str, least: float, shares: dict[tuple[str, str], Share]) -> Target:
    share = shares.get((case, other))
    name = f"{'one model' if case == 'one' else 'list of 20'}, against {other}"
    if share is None:
        return Target(name=name, target=f"≥ {least:g} ×", reached="not measured", met=None)
    reached = f"{share.by_cpu:.2f} × by CPU time, {share.by_requests:.2f} × by requests/s"
    return Target(name=name, target=f"≥ {least:g} ×", reached=reached, met=share.by_cpu >= least)


def _cold(case: str, results: Results) -> Target:
    found = next((f for f in results.figures if f.case == case), None)
    name = f"a {case} never seen before, p99"
    if found is None:
        return Target(name=name, target="≤ 2 ms", reached="not measured", met=None)
    best, middle = found.best_p99_us / 1000, found.p99_us / 1000
    reached = f"{middle:.2f} ms in the median round, {best:.2f} ms in the best"
    return Target(name=name, target="≤ 2 ms", reached=reached, met=middle <= 2)


def _most(name: str, value: float, most: float, unit: str) -> Target:
    return Target(name=name, target=f"≤ {most:g} {unit}", reached=f"{value:g} {unit}", met=value <= most)
