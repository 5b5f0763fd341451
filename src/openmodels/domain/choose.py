"""One decision: which offerings of a model fit what somebody needs, the best first, and why others do not.

What fits is ranked as ``ranking`` ranks; where a workload is given, by what one request of it costs in place
of the blended price. Every constraint is looked at for every offering, so that an excluded one has all its
reasons. What is not known does not meet a constraint, except that a workload may go into a context window of
unknown length.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from openmodels.domain.cost import Workload, cost_of, fit_of, misfits, money
from openmodels.domain.pricing import blended_price, majority_currency
from openmodels.domain.ranking import Candidate, RankedProvider, Weights, rank
from openmodels.domain.records import Model, Offering, Provider
from openmodels.domain.telemetry import OfferingTelemetry
from openmodels.domain.vocabulary import ProviderStatus

ExclusionCode = Literal[
    "retired",
    "down",
    "capability",
    "region",
    "context",
    "context_unknown",
    "output",
    "currency",
    "price",
    "price_unknown",
    "uptime",
    "uptime_unknown",
    "ttft",
    "ttft_unknown",
]


class Exclusion(Struct, frozen=True, kw_only=True):
    """One reason why an offering is left out."""

    code: ExclusionCode
    """For programs."""
    message: str
    """For people: what is needed, and what there is."""


class Wish(Struct, frozen=True, kw_only=True):
    """What somebody needs; what is None or empty is not asked for."""

    workload: Workload | None = None
    """One request. Without it, prices are compared as blended prices of a million tokens."""
    min_context: int | None = None
    """The least context window, in tokens."""
    regions: Sequence[str] = ()
    """Where the offering must be to be had: in any of these."""
    max_price: Decimal | None = None
    """The most that one request of the workload may cost or, without one, a million tokens blended; in the
    currency that most offerings of the model are priced in."""
    min_uptime: Decimal | None = None
    """The least uptime over the period, in percent."""
    max_ttft_ms: Decimal | None = None
    """The longest median time to first token over the period."""
    capabilities: Sequence[str] = ()
    """What the model must be able to do: all of these."""


class Contender(Struct, frozen=True, kw_only=True):
    """An offering with all that is known of it."""

    offering: Offering
    provider: Provider
    telemetry: OfferingTelemetry = OfferingTelemetry()
    status: ProviderStatus = "unknown"


class Chosen(Struct, frozen=True, kw_only=True):
    """An offering that fits."""

    contender: Contender
    ranked: RankedProvider
    price: Decimal | None
    """What it was compared by, in its own currency."""
    reasons: tuple[str, ...]
    """Short sentences that can be checked."""


class Excluded(Struct, frozen=True, kw_only=True):
    """An offering that does not fit."""

    contender: Contender
    reasons: tuple[Exclusion, ...]
    """All of them."""


class Choice(Struct, frozen=True, kw_only=True):
    """The answer."""

    weights: Weights
    chosen: tuple[Chosen, ...]
    """The best first."""
    excluded: tuple[Excluded, ...]
    """By provider id."""


def choose(
    model: Model,
    contenders: Sequence[Contender],
    wish: Wish,
    weights: Mapping[str, float],
    *,
    measured: bool = True,
) -> Choice:
    """Every contender, either ranked or excluded. ``measured`` is whether telemetry could be read at all."""
    currency = majority_currency(c.offering for c in contenders if c.offering.status != "retired")
    fitting, excluded = [], []
    for contender in contenders:
        reasons = tuple(_exclusions(model, contender, wish, currency))
        if reasons:
            excluded.append(Excluded(contender=contender, reasons=reasons))
        else:
            fitting.append(contender)
    prices = {c.offering.provider_id: price_of(c.offering, wish.workload) for c in fitting}
    used, ranking = rank(
        [
            Candidate(
                offering=c.offering,
                provider_name=c.provider.name,
                telemetry=c.telemetry,
                price=prices[c.offering.provider_id],
            )
            for c in fitting
        ],
        weights,
    )
    by_id = {c.offering.provider_id: c for c in fitting}
    most = majority_currency(c.offering for c in fitting)
    alike = [prices[c.offering.provider_id] for c in fitting if c.offering.pricing.currency == most]
    words = _Words(
        model=model,
        fitting=fitting,
        prices=prices,
        currency=most,
        comparable=[price for price in alike if price is not None],
        workload=wish.workload,
        measured=measured,
    )
    return Choice(
        weights=used,
        chosen=tuple(
            Chosen(
                contender=by_id[row.provider_id],
                ranked=row,
                price=prices[row.provider_id],
                reasons=tuple(words.of(by_id[row.provider_id])),
            )
            for row in ranking
        ),
        excluded=tuple(sorted(excluded, key=lambda one: one.contender.offering.provider_id)),
    )


def price_of(offering: Offering, workload: Workload | None) -> Decimal | None:
    """What an offering is compared by: the cost of one request of the workload, else the blended price."""
    if workload is None:
        return blended_price(offering.pricing)
    return cost_of(offering.pricing, workload).total_per_request


def _exclusions(model: Model, contender: Contender, wish: Wish, currency: str | None) -> Iterator[Exclusion]:
    offering = contender.offering
    if offering.status == "retired":
        yield Exclusion(code="retired", message="the provider has retired it")
    if contender.status == "down":
        yield Exclusion(code="down", message="the provider is down now")
    for capability in wish.capabilities:
        if capability not in model.capabilities:
            has = ", ".join(model.capabilities)
            yield Exclusion(code="capability", message=f"the model has no {capability}; it has {has}")
    if wish.regions and not set(wish.regions).intersection(offering.available_regions):
        has = ", ".join(offering.available_regions)
        yield Exclusion(code="region", message=f"not to be had in {' or '.join(wish.regions)}; only in {has}")
    workload = wish.workload or Workload()
    for code, message in misfits(offering, model, workload, min_context=wish.min_context or 0):
        yield Exclusion(code=code, message=message)
    if wish.max_price is not None:
        yield from _price_exclusions(offering, wish.workload, wish.max_price, currency)
    yield from _telemetry_exclusions(contender.telemetry, wish)


def _price_exclusions(
    offering: Offering, workload: Workload | None, most: Decimal, currency: str | None
) -> Iterator[Exclusion]:
    own, price = offering.pricing.currency, price_of(offering, workload)
    basis = "per million tokens blended" if workload is None else "for a request"
    if own != currency:
        message = f"priced in {own}: cannot be compared with the most, {money(most)} {currency}"
        yield Exclusion(code="currency", message=message)
    elif price is None:
        yield Exclusion(
            code="price_unknown", message=f"price unknown: may be at most {money(most)} {own} {basis}"
        )
    elif price > most:
        message = f"price too high: {money(price)} {own} {basis}, may be at most {money(most)}"
        yield Exclusion(code="price", message=message)


def _telemetry_exclusions(telemetry: OfferingTelemetry, wish: Wish) -> Iterator[Exclusion]:
    uptime, ttft = _shown(telemetry.uptime_percentage), _shown(telemetry.timings.p50_ttft_ms)
    least, most = wish.min_uptime, wish.max_ttft_ms
    if least is not None:
        if uptime is None:
            yield Exclusion(code="uptime_unknown", message=f"uptime unknown: needs {money(least)} %")
        elif uptime < least:
            yield Exclusion(
                code="uptime", message=f"uptime too low: needs {money(least)} %, has {_figure(uptime)} %"
            )
    if most is not None:
        what = "median time to first token"
        if ttft is None:
            yield Exclusion(code="ttft_unknown", message=f"{what} unknown: may be at most {money(most)} ms")
        elif ttft > most:
            yield Exclusion(
                code="ttft", message=f"{what} too long: {_figure(ttft)} ms, may be at most {money(most)} ms"
            )


def _shown(value: float | None) -> Decimal | None:
    """As it is shown: whoever reads the figure must come to the same verdict.

    In decimal, as limits are: the float 99.6 is less than 99.6.
    """
    return None if value is None else Decimal(str(round(value, 3)))


def _figure(value: Decimal | float) -> str:
    """A figure for people, to a thousandth."""
    return f"{value:,.3f}".rstrip("0").rstrip(".")


class _Words(Struct, frozen=True, kw_only=True):
    """Puts into words why an offering is ranked where it is."""

    model: Model
    fitting: Sequence[Contender]
    prices: Mapping[str, Decimal | None]
    currency: str | None
    """That of most offerings that fit."""
    comparable: Sequence[Decimal]
    """The known prices in that currency."""
    workload: Workload | None
    measured: bool

    def of(self, contender: Contender) -> Iterator[str]:
        """The reasons of one offering that fits."""
        telemetry = contender.telemetry
        timings = telemetry.timings
        yield self._price(contender)
        if not self.measured:
            yield "telemetry cannot be read now: judged by the registry alone"
        elif not telemetry.checks_total and not timings.samples:
            known = self.prices[contender.offering.provider_id] is not None
            yield f"no telemetry yet: {'judged by price alone' if known else 'nothing is known of it'}"
        else:
            yield self._uptime(telemetry)
            yield self._time("p50 time to first token", "p50_ttft_ms", timings.p50_ttft_ms)
            yield self._time("p50 total time", "p50_total_ms", timings.p50_total_ms)
        if contender.status == "degraded":
            yield "the provider is degraded now"
        if contender.offering.status in {"preview", "deprecated"}:
            yield f"the offering's status is {contender.offering.status}"
        if self.workload is not None:
            yield from fit_of(contender.offering, self.model, self.workload).reasons

    def _price(self, contender: Contender) -> str:
        offering = contender.offering
        price, currency = self.prices[offering.provider_id], offering.pricing.currency
        if price is None:
            missing = () if self.workload is None else cost_of(offering.pricing, self.workload).unknown
            return "price unknown: counts as nothing" + (f" ({', '.join(missing)})" if missing else "")
        amount = f"{money(price)} {currency}"
        what = "for this workload" if self.workload is not None else "per million tokens, 3 in to 1 out"
        if currency != self.currency:
            return f"{amount} {what}; most offerings are priced in {self.currency}, so that is not compared"
        known = self.comparable
        place = "the only known price" if len(known) == 1 else _place(price, known, "cheapest")
        return f"{place} {what}: {amount}"

    def _uptime(self, telemetry: OfferingTelemetry) -> str:
        if telemetry.uptime_percentage is None:
            return "uptime unknown: no checks in the period"
        checks = "1 check" if telemetry.checks_total == 1 else f"{telemetry.checks_total:,} checks"
        return f"uptime {_figure(telemetry.uptime_percentage)} % over {checks}"

    def _time(self, what: str, field: str, value: float | None) -> str:
        if value is None:
            return f"{what} unknown: too few measurements in the period"
        known = [v for c in self.fitting if (v := getattr(c.telemetry.timings, field)) is not None]
        return f"{what} {_figure(value)} ms, {_place(value, known, 'fastest')}"


def _place(value: Decimal | float, known: Sequence[Decimal | float], best: str) -> str:
    """``2nd fastest of 7``; ``known`` holds ``value``, the lowest is the best."""
    if len(known) == 1:
        return "the only one known"
    better, equal = sum(other < value for other in known), sum(other == value for other in known)
    place = best if better == 0 else f"{_ordinal(better + 1)} {best}"
    return f"{'joint ' if equal > 1 else ''}{place} of {len(known)}"


def _ordinal(number: int) -> str:
    suffix = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
