"""A comparison as a table: groups of rows, what differs, and what is best where that means anything. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from openmodels.domain.pricing import blended_price, cheapest
from openmodels.domain.records import BatchPricing, Model, Offering, Pricing
from openmodels.domain.snapshot import Snapshot
from openmodels.domain.telemetry import OfferingTelemetry, ProviderState
from openmodels.domain.vocabulary import CAPABILITIES, MODALITIES
from openmodels.web import words
from openmodels.web.compare_columns import Column
from openmodels.web.model_facts import partial_day

Sign = Literal["yes", "no", ""]


class Cell(Struct, frozen=True, kw_only=True):
    """What one column has in one row."""

    text: str
    href: str = ""
    note: str = ""
    """Where that holds, such as at which provider."""
    sign: Sign = ""
    best: str = ""
    """``cheapest`` and the like, where it is the best of its row."""


class Row(Struct, frozen=True, kw_only=True):
    """One fact of all columns."""

    label: str
    cells: tuple[Cell, ...]
    differs: bool
    number: bool = False


class Group(Struct, frozen=True, kw_only=True):
    """Rows that belong together."""

    title: str
    rows: tuple[Row, ...]
    note: str = ""
    """What is said in place of rows that nobody can fill, or of all of them."""


class Fig(NamedTuple):
    """A figure that can be compared, and where it holds; ``kind`` parts what cannot, such as currencies."""

    value: Any
    note: str = ""
    kind: str = ""


class Best(NamedTuple):
    """What is best in a row: the lowest or the highest figure, and the word for it."""

    low: bool
    word: str


def groups_of(
    columns: Sequence[Column], snapshot: Snapshot, states: Mapping[str, ProviderState], *, span: str
) -> tuple[Group, ...]:
    """The whole comparison; ``span`` is the period that was measured, in words."""
    found = (
        Group(title="What it is", rows=tuple(_identity(columns, snapshot, states))),
        Group(title="Limits", rows=tuple(_limits(columns))),
        _prices(columns),
        _measured(columns, span),
        Group(title="Modalities", rows=tuple(_modalities(columns))),
        Group(title="Capabilities", rows=tuple(_capabilities(columns))),
        Group(title="Licence", rows=tuple(_licence(columns))),
        Group(title="Dates", rows=tuple(_dates(columns, snapshot))),
    )
    return tuple(group for group in found if group.rows or group.note)


def only_differences(groups: Sequence[Group]) -> tuple[Group, ...]:
    """The rows that differ, and the groups that have some."""
    kept = (
        Group(title=group.title, rows=tuple(row for row in group.rows if row.differs), note=group.note)
        for group in groups
    )
    return tuple(group for group in kept if group.rows)


def _identity(
    columns: Sequence[Column], snapshot: Snapshot, states: Mapping[str, ProviderState]
) -> Iterator[Row]:
    vendors = {vendor.id: vendor.name for vendor in snapshot.registry.vendors}
    yield _texts(
        "Made by",
        [
            Cell(text=vendors.get(v, v), href=words.with_query("/models", vendor=v))
            if (v := column.model.vendor)
            else Cell(text=words.UNKNOWN)
            for column in columns
        ],
    )
    yield _texts("Family", [Cell(text=column.model.family or words.UNKNOWN) for column in columns])
    yield _texts("Status", [Cell(text=(column.offering or column.model).status) for column in columns])
    yield _texts("Offered by", [_offered_by(column) for column in columns])
    up = [_up_now(column, states) for column in columns]
    yield Row(label="Up now", cells=tuple(cell for cell, _ in up), differs=len({of for _, of in up}) > 1)
    if any(column.offering for column in columns):
        yield _texts("Name in the API", [_of_offering(c, lambda o: o.provider_model_name) for c in columns])
        yield _texts("Regions", [_of_offering(c, lambda o: ", ".join(o.available_regions)) for c in columns])


def _offered_by(column: Column) -> Cell:
    if column.offering is not None:
        provider_id = column.offering.provider_id
        return Cell(text=column.names[provider_id], href=f"/providers/{provider_id}")
    number = len(column.entry.offerings)
    return Cell(text=f"{number} provider{'' if number == 1 else 's'}", href=f"/models/{column.model.id}")


def _up_now(column: Column, states: Mapping[str, ProviderState]) -> tuple[Cell, float | str]:
    """How the provider is doing, or how many providers are up; and what of it can differ."""
    known = [states.get(o.provider_id, ProviderState()).status for o in column.offerings]
    if column.offering is not None:
        return Cell(text=known[0]), known[0]
    seen = [status for status in known if status != "unknown"]
    if not seen:
        return Cell(text=words.UNKNOWN), words.UNKNOWN
    up = seen.count("up")
    return Cell(text=f"{up} of {len(seen)}", note="that are checked"), up / len(seen)


def _of_offering(column: Column, fact: Callable[[Offering], str]) -> Cell:
    return Cell(text="differs by provider" if column.offering is None else fact(column.offering))


def _limits(columns: Sequence[Column]) -> Iterator[Row]:
    largest, longest = Best(low=False, word="largest"), Best(low=False, word="longest")
    yield _figures("Context window, tokens", [Fig(c.window) for c in columns], words.count, largest)
    yield _figures("Longest answer, tokens", [Fig(c.longest_answer) for c in columns], words.count, longest)
    if not any(column.offering for column in columns):
        return
    highest = Best(low=False, word="highest")
    for label, name in (
        ("Requests per minute", "requests_per_minute"),
        ("Tokens per minute", "tokens_per_minute"),
    ):
        figures = [
            Fig(getattr(column.offering.rate_limits, name, None) if column.offering else None)
            for column in columns
        ]
        if any(figure.value is not None for figure in figures):
            yield _figures(label, figures, words.count, highest)


def _prices(columns: Sequence[Column]) -> Group:
    """The prices of the offering that is meant, or of the model's cheapest that is not free."""
    paid = [column.offering or _cheapest_paid(column.offerings) for column in columns]
    if not any(paid):
        return Group(title="Price", rows=(), note="No price of any of them is known.")
    rows = []
    free = [[o.provider_id for o in c.offerings if o.pricing.input_per_million == 0] for c in columns]
    if any(free):
        rows.append(_texts("Free at", [_free(c, at) for c, at in zip(columns, free, strict=True)]))
    if any(column.offering is None for column in columns):
        label = "Cheapest paid at" if any(free) else "Cheapest at"
        rows.append(_texts(label, [_seller(c, o) for c, o in zip(columns, paid, strict=True)]))
    least = Best(low=True, word="cheapest")
    for label, of in _PRICES:
        figures = [_price(of, offering) for offering in paid]
        if label in _ALWAYS or any(figure.value is not None for figure in figures):
            rows.append(_prices_row(label, figures, least))
    return Group(title="Price per 1M tokens", rows=tuple(rows))


def _cheapest_paid(offerings: Sequence[Offering]) -> Offering | None:
    """The cheapest that is not free; the cheapest, where all are free: one free trial hides every price."""
    return cheapest([o for o in offerings if o.pricing.input_per_million != 0]) or cheapest(offerings)


def _free(column: Column, at: Sequence[str]) -> Cell:
    if len(at) > 1:
        return Cell(text=f"{len(at)} providers")
    return Cell(text=column.names[at[0]], href=f"/providers/{at[0]}") if at else Cell(text="none known")


def _seller(column: Column, offering: Offering | None) -> Cell:
    if offering is None:
        return Cell(text=words.UNKNOWN)
    return Cell(text=column.names[offering.provider_id], href=f"/providers/{offering.provider_id}")


def _price(of: Callable[[Pricing], Decimal | None], offering: Offering | None) -> Fig:
    if offering is None:
        return Fig(None)
    return Fig(of(offering.pricing), kind=offering.pricing.currency)


def _prices_row(label: str, figures: Sequence[Fig], best: Best) -> Row:
    marks = _marks(figures, best)
    return Row(
        label=label,
        cells=tuple(
            Cell(text=words.price(figure.value, figure.kind), best=mark)
            for figure, mark in zip(figures, marks, strict=True)
        ),
        differs=len({(figure.value, figure.value and figure.kind) for figure in figures}) > 1,
        number=True,
    )


def _batch(name: str) -> Callable[[Pricing], Decimal | None]:
    return lambda pricing: getattr(pricing.batch or BatchPricing(), name)


_PRICES: tuple[tuple[str, Callable[[Pricing], Decimal | None]], ...] = (
    ("Input", lambda pricing: pricing.input_per_million),
    ("Output", lambda pricing: pricing.output_per_million),
    ("Blended, 3 in : 1 out", blended_price),
    ("Input from the cache", lambda pricing: pricing.cache_read_per_million),
    ("Reasoning", lambda pricing: pricing.reasoning_per_million),
    ("Input, batch", _batch("input_per_million")),
    ("Output, batch", _batch("output_per_million")),
)
_ALWAYS = frozenset({"Input", "Output", "Blended, 3 in : 1 out"})


def _measured(columns: Sequence[Column], span: str) -> Group:
    """The best that was measured of a model's offerings, or what was measured of the one that is meant."""
    title = f"Measured over {span}"
    samples = [sum(t.timings.samples for _, t in _telemetry(column)) for column in columns]
    uptime = [_best_of(c, lambda t: t.uptime_percentage, low=False) for c in columns]
    if not any(samples) and all(figure.value is None for figure in uptime):
        return Group(title=title, rows=(), note="Nothing was measured of them in this time.")
    fastest, highest = Best(low=True, word="fastest"), Best(low=False, word="highest")
    speed = [_best_of(c, lambda t: t.timings.average_tokens_per_second, low=False) for c in columns]
    first = [_best_of(c, lambda t: t.timings.average_ttft_ms, low=True) for c in columns]
    late = [_best_of(c, lambda t: t.timings.p95_ttft_ms, low=True) for c in columns]
    uptimes = _figures("Uptime", uptime, words.percent, highest)
    if not any(samples):
        return Group(title=title, rows=(uptimes,), note="No speed was measured of them in this time.")
    return Group(
        title=title,
        rows=(
            _figures("Output speed, tokens/s", speed, words.per_second, Best(low=False, word="fastest")),
            _figures("Time to first token, mean", first, words.milliseconds, fastest),
            _figures("Time to first token, 95th percentile", late, words.milliseconds, fastest),
            uptimes,
            _figures("Samples", [Fig(number) for number in samples], words.count, None),
        ),
    )


def _telemetry(column: Column) -> Iterator[tuple[str, OfferingTelemetry]]:
    for offering in column.offerings:
        known = column.telemetry.get(offering.provider_id)
        if known is not None:
            yield offering.provider_id, known


def _best_of(column: Column, of: Callable[[OfferingTelemetry], float | None], *, low: bool) -> Fig:
    """The best figure of a model's offerings, and at whom that is."""
    known = [(value, provider) for provider, t in _telemetry(column) if (value := of(t)) is not None]
    if not known:
        return Fig(None)
    best = (min if low else max)(value for value, _ in known)
    if column.offering is not None:
        return Fig(best)
    at = [provider for value, provider in known if value == best]
    return Fig(best, f"at {column.names[at[0]]}" if len(at) == 1 else f"at {len(at)} providers")


def _modalities(columns: Sequence[Column]) -> Iterator[Row]:
    for modality in MODALITIES:
        cells = [_modality(column.model, modality) for column in columns]
        if any(cell.sign == "yes" for cell in cells):
            yield _texts(modality.capitalize(), cells)


def _modality(model: Model, modality: str) -> Cell:
    """Which ways a modality goes; ``in or out`` where nobody recorded which."""
    ways = (("in", model.input_modalities), ("out", model.output_modalities))
    known = [way for way, those in ways if those and modality in those]
    if known:
        return Cell(text=" and ".join(known), sign="yes")
    if modality in model.modalities:
        return Cell(text="in or out", sign="yes")
    return Cell(text="no", sign="no")


def _capabilities(columns: Sequence[Column]) -> Iterator[Row]:
    for capability in CAPABILITIES:
        known = [capability in column.model.capabilities for column in columns]
        if any(known):
            yield _yes_or_no(capability.replace("-", " ").capitalize(), known)


def _licence(columns: Sequence[Column]) -> Iterator[Row]:
    yield _yes_or_no("Open weights", [column.model.open_weights for column in columns])
    yield _texts("Licence", [Cell(text=column.model.licensing) for column in columns])


def _dates(columns: Sequence[Column], snapshot: Snapshot) -> Iterator[Row]:
    models = [column.model for column in columns]
    yield _texts("Released", [Cell(text=partial_day(model.release_date)) for model in models])
    yield _texts("Knowledge until", [Cell(text=partial_day(model.knowledge_cutoff)) for model in models])
    if any(model.deprecation_date for model in models):
        yield _texts(
            "Ends on",
            [
                Cell(text=words.day(m.deprecation_date) if m.deprecation_date else "not announced")
                for m in models
            ],
        )
    if any(model.replaced_by for model in models):
        yield _texts("Successor", [_successor(model.replaced_by, snapshot) for model in models])


def _successor(model_id: str | None, snapshot: Snapshot) -> Cell:
    entry = snapshot.model(model_id) if model_id else None
    if entry is None:
        return Cell(text=model_id or "none")
    return Cell(text=entry.record.name, href=f"/models/{entry.record.id}")


def _texts(label: str, cells: Sequence[Cell]) -> Row:
    return Row(label=label, cells=tuple(cells), differs=len({cell.text for cell in cells}) > 1)


def _yes_or_no(label: str, known: Sequence[bool | None]) -> Row:
    cells: Mapping[bool | None, Cell] = {
        True: Cell(text="yes", sign="yes"),
        False: Cell(text="no", sign="no"),
        None: Cell(text=words.UNKNOWN),
    }
    return _texts(label, [cells[value] for value in known])


def _figures(label: str, figures: Sequence[Fig], say: Callable[[Any], str], best: Best | None) -> Row:
    marks = _marks(figures, best)
    return Row(
        label=label,
        cells=tuple(
            Cell(text=say(figure.value), note=figure.note, best=mark)
            for figure, mark in zip(figures, marks, strict=True)
        ),
        differs=len({figure.value for figure in figures}) > 1,
        number=True,
    )


def _marks(figures: Sequence[Fig], best: Best | None) -> list[str]:
    """The word for the best beside every figure that is as good; nowhere where all are, or none can tell."""
    known = [figure for figure in figures if figure.value is not None]
    comparable = len({figure.kind for figure in known}) == 1 and len({f.value for f in known}) > 1
    if best is None or not comparable:
        return [""] * len(figures)
    winner = (min if best.low else max)(figure.value for figure in known)
    return [best.word if figure.value == winner else "" for figure in figures]
