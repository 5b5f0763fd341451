"""A decision for people: the chosen provider first. Pure."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from openmodels.cli.comparing_tables import NOT_MEASURED, weights_text
from openmodels.cli.figures import priced, score, share, time
from openmodels.cli.grid import Cell, Grid, facts_of, heading, remark, status_text, table_of
from openmodels_client.types import ChosenOffering, Decision, ExcludedOffering

OTHERS = ("rank", "provider", "score", "price", "uptime", "ttft p50", "confidence", "why")
OTHERS_RIGHT = ("rank", "score", "price", "uptime", "ttft p50")
OTHERS_SPARE = ("why", "confidence", "ttft p50", "uptime", "rank", "price")
EXCLUDED = ("provider", "why not")
BASES = {
    "request": "a request of the tokens asked for",
    "blended_million": "a million tokens, 3 in to 1 out",
}


def decided(found: Decision, *, measured: bool = True) -> Iterator[RenderableType]:
    """What to call and why, then the others, then the excluded with their reasons."""
    chosen = next((one for one in found.offerings if one.provider_id == found.chosen), None)
    if chosen is None:
        yield heading(f"{found.model_name} ({found.model_id}): no offering fits")
    else:
        yield heading(f"{found.model_name} ({found.model_id}): call {chosen.provider_id}")
        yield facts_of(list(_facts(chosen)))
    others = [one for one in found.offerings if one is not chosen]
    if others:
        yield Text()
        yield heading("others that fit")
        yield table_of(OTHERS, [_row(one) for one in others], right=OTHERS_RIGHT, spare=OTHERS_SPARE)
    if found.excluded:
        yield Text()
        yield heading("excluded")
        # Whole, on as many lines as they take: a reason that is cut is none.
        yield Grid(EXCLUDED, [_excluded_row(one) for one in found.excluded], wraps=True)
    yield remark(f"preferring {found.asked.prefer}: {weights_text(found.weights)}; {found.period}")
    if found.note:
        yield remark(found.note)
    if not measured:
        yield remark(NOT_MEASURED)


def _facts(chosen: ChosenOffering) -> Iterator[tuple[str, Cell]]:
    told = chosen.performance
    yield "provider", f"{chosen.provider_name} ({chosen.provider_id})"
    yield "base URL", chosen.api_base_url
    yield "model", chosen.provider_model_name
    if chosen.status != "active":
        yield "stage", status_text(chosen.status)
    amount = priced(chosen.cost.amount, chosen.cost.currency)
    basis = BASES.get(chosen.cost.basis, chosen.cost.basis)
    yield "price", None if amount is None else f"{amount} for {basis}"
    yield "uptime", share(told.uptime_percentage)
    yield "ttft p50", time(told.p50_ttft_ms)
    yield "score", f"{score(chosen.composite_score)} of 100, confidence {chosen.confidence}"
    for at, reason in enumerate(chosen.reasons):
        yield "" if at else "why", reason


def _row(one: ChosenOffering) -> tuple[Cell, ...]:
    return (
        str(one.rank),
        one.provider_id,
        score(one.composite_score),
        priced(one.cost.amount, one.cost.currency),
        share(one.performance.uptime_percentage),
        time(one.performance.p50_ttft_ms),
        one.confidence,
        "; ".join(one.reasons),
    )


def _excluded_row(one: ExcludedOffering) -> tuple[Cell, ...]:
    return one.provider_id, "; ".join(reason.message for reason in one.reasons)
