"""Price series as they are answered."""

from collections.abc import Iterable, Mapping

from openmodels.domain.price_series import Series, Step, amount_of, batch_of, tiers_of
from openmodels.domain.views.history import PricePoint, PriceSeries
from openmodels.domain.views.registry import iso, iso_or_none

_AMOUNTS = tuple(
    name for name in PricePoint.__struct_fields__ if name.endswith(("_million", "_unit", "_second", "_query"))
)


def series_views(series: Iterable[Series], names: Mapping[str, str]) -> tuple[PriceSeries, ...]:
    """The views of these series; ``names`` are the providers' display names by id."""
    return tuple(
        PriceSeries(
            provider_id=one.provider_id,
            provider_name=names.get(one.provider_id),
            currency=one.currency,
            ended_at=iso_or_none(one.ended_at),
            points=tuple(map(_point, one.steps)),
        )
        for one in series
    )


def _point(step: Step) -> PricePoint:
    prices = step.prices or {}
    return PricePoint(
        at=iso(step.at),
        offered=step.prices is not None,
        batch=batch_of(prices),
        tiers=tiers_of(prices),
        **{name: amount_of(prices, name) for name in _AMOUNTS},
    )
