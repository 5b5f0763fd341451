"""What an audit finds in records."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.builders import AT, model, offering, provider, registry
from fixtures.catalogue import catalogue, pricing
from openmodels.domain.audit import KINDS, AuditFinding, Outlook, audit
from openmodels.domain.naming import Candidate, Resolution, Resolver
from openmodels.domain.records import (
    BatchPricing,
    Claim,
    Model,
    Offering,
    PriceTier,
    Provenance,
    Provider,
    Source,
    Vendor,
)

Records = tuple[Model | Provider | Offering, ...]
SOURCE = Source(name="Price list", url="https://x.example/prices", verified_at=AT)


class Table:
    """Names that lead where a table says."""

    def __init__(self, **names: str | None) -> None:
        self._names = names

    def resolve(self, name: str, *, provider: str | None = None, title: str | None = None) -> Resolution:
        assert provider is not None
        assert title is None
        candidates = (Candidate("a-1", 0.91), Candidate("a-2", 0.5)) if name in self._names else ()
        return Resolution(model_id=self._names.get(name, name), rules=(), candidates=candidates)


def look(
    *records: Model | Provider | Offering | Vendor, now: datetime = AT, days: int = 90, **outlook: Any
) -> list[AuditFinding]:
    given_outlook = {"names": Table(), **outlook}
    return audit(registry(*records), Outlook(now=now, days=days, **given_outlook))


def kinds(*records: Model | Provider | Offering | Vendor, **outlook: Any) -> list[tuple[str, str]]:
    return [(found.kind, found.id) for found in look(*records, **outlook)]


def sold(source: Source | None = SOURCE, **fields: Any) -> Offering:
    return offering("p", "m", source=source, **fields)


def test_it_finds_nothing_in_a_registry_that_is_well() -> None:
    assert look(model("m"), provider("p"), sold()) == []


@pytest.mark.parametrize(
    ("now", "days", "found"),
    [
        (AT + timedelta(days=90), 90, []),
        (AT + timedelta(days=90, seconds=1), 90, ["stale"]),
        (AT + timedelta(days=31), 30, ["stale"]),
        (AT - timedelta(days=1), 90, []),
        (AT - timedelta(days=2), 90, ["stale"]),
    ],
)
def test_it_finds_numbers_that_were_long_not_compared(now: datetime, days: int, found: list[str]) -> None:
    assert [f.kind for f in look(model("m"), provider("p"), sold(), now=now, days=days)] == found


def test_what_it_says_of_old_numbers_is_the_same_tomorrow() -> None:
    records = (model("m"), provider("p"), sold())
    one, other = (look(*records, now=AT + timedelta(days=days))[0] for days in (100, 101))
    assert one == other
    assert one.message == 'last compared with "Price list" on 2026-03-01'


def test_it_finds_numbers_without_a_source() -> None:
    for source in (None, Source(name="x")):
        (found,) = look(model("m"), provider("p"), sold(source))
        assert (found.kind, found.record, found.id, found.path) == (
            "no-source",
            "offerings",
            "p/m",
            ("source",),
        )


@pytest.mark.parametrize("gone", [{"model": "retired"}, {"offering": "retired"}])
def test_it_asks_nobody_to_compare_what_is_retired(gone: dict[str, str]) -> None:
    one = model("m", status=gone.get("model", "active"), deprecation_date=date(2025, 1, 1), replaced_by="m2")
    other = offering("p", "m", status=gone.get("offering", "active"), price="1")
    found = {f.kind for f in look(one, model("m2"), provider("p"), other)}
    assert not found & {"no-source", "odd-price"}


def test_it_lists_what_sources_disagree_about() -> None:
    def says(source: str, **claims: str) -> Provenance:
        differs = tuple(Claim(field=field.replace("__", "."), value=v) for field, v in claims.items())
        return Provenance(source=source, version="1", observed_at=AT, differs=differs)

    spoken_of = model(
        "m",
        max_output_tokens=32000,
        provenance=(says("models-dev", max_output_tokens="64000"), says("litellm", max_output_tokens="8192")),
    )
    priced = sold(provenance=(says("litellm", pricing__cache_read_per_million="0.10"),))
    first, second = look(spoken_of, provider("p"), priced)
    assert (first.kind, first.record, first.id, first.path) == (
        "disagreement",
        "models",
        "m",
        ("max_output_tokens",),
    )
    assert first.message == "litellm says 8192, models-dev says 64000; the registry says 32000"
    assert second.path == ("pricing", "cache_read_per_million")
    assert second.message == "litellm says 0.10; the registry says nothing"


def test_it_finds_models_that_nobody_offers() -> None:
    records = (model("m"), model("n"), provider("p"), sold(), model("o"))
    retired = offering("p", "o", status="retired", source=SOURCE)
    gone = model("q", status="retired", deprecation_date=date(2025, 1, 1))
    assert kinds(*records, retired, gone) == [("no-offerings", "n"), ("no-offerings", "o")]


def test_it_tells_whose_answers_are_not_measured_and_who_was_never_checked() -> None:
    records: Records = (model("m"), sold(), *(provider(name) for name in ("p", "q", "r", "s")))
    found = look(*records, unmeasured={"q": "why", "r": "so"}, unprobed={"r"}, checked={"p"})
    assert [(f.kind, f.id) for f in found] == [
        ("no-probes", "q"),
        ("no-probes", "r"),
        ("never-checked", "q"),
        ("never-checked", "s"),
    ]
    assert found[0].message == "its answers are not measured: why"
    assert not any(kind == "never-checked" for kind, _ in kinds(*records))


def test_it_finds_names_that_lead_nowhere_or_astray() -> None:
    records = (model("m"), provider("p"), sold(provider_model_name="x"))
    (lost,) = look(*records, names=Table(x=None))
    assert (lost.kind, lost.path) == ("unresolved-name", ("provider_model_name",))
    assert lost.hint is not None
    assert lost.hint.endswith("it is like a-1 (0.91), a-2 (0.50)")
    (astray,) = look(*records, names=Table(x="a-1"))
    assert astray.message == '"x" means a-1'
    assert look(*records, names=Table(x="m")) == []


def test_the_resolver_is_what_it_asks() -> None:
    records = (model("m"), provider("p"), sold(provider_model_name="m"))
    assert look(*records, names=Resolver([model("m")])) == []
    records = (model("m"), provider("p"), sold(provider_model_name="entirely other"))
    assert [f.kind for f in look(*records, names=Resolver([model("m")]))] == ["unresolved-name"]


def test_it_finds_what_is_past_its_end() -> None:
    late = model("m", deprecation_date=date(2026, 2, 28))
    today = model("n", deprecation_date=date(2026, 3, 1))
    gone = model("o", status="retired", deprecation_date=date(2025, 1, 1))
    offered = [offering("p", name, source=SOURCE) for name in "mno"]
    found = look(late, today, gone, provider("p"), *offered)
    assert [(f.kind, f.record, f.id) for f in found] == [
        ("overdue", "models", "m"),
        ("overdue", "offerings", "p/o"),
    ]


def test_it_asks_for_successors_of_what_is_deprecated() -> None:
    records = (model("m", status="deprecated"), provider("p"), sold())
    assert kinds(*records) == [("no-successor", "m")]
    assert kinds(model("m", status="deprecated", replaced_by="n"), model("n"), *records[1:]) == [
        ("no-offerings", "n")
    ]


@pytest.mark.parametrize(
    ("prices", "paths"),
    [
        (pricing("1", "2"), []),
        (pricing("2", "2"), []),
        (pricing("2", "1"), ["input_per_million"]),
        (pricing("2", "0"), []),
        (pricing("2", None), []),
        (pricing("1", "2", cache_read_per_million=Decimal("1.1")), ["cache_read_per_million"]),
        (pricing("1", "2", cache_write_per_million=Decimal("0.9")), ["cache_write_per_million"]),
        (pricing("1", "2", cache_write_per_million=Decimal(0)), []),
        (
            pricing("1", "2", batch=BatchPricing(input_per_million=Decimal("1.01"))),
            ["batch.input_per_million"],
        ),
        (
            pricing(
                "1",
                "2",
                tiers=(
                    PriceTier(above_tokens=5, input_per_million=Decimal(5), output_per_million=Decimal(4)),
                    PriceTier(above_tokens=9, input_per_million=Decimal(5), output_per_million=Decimal(6)),
                ),
            ),
            ["tiers.0.input_per_million"],
        ),
    ],
)
def test_it_finds_odd_prices(prices: Any, paths: list[str]) -> None:
    found = look(model("m"), provider("p"), sold(pricing=prices))
    assert [f.kind for f in found] == ["odd-price"] * len(paths)
    assert [".".join(map(str, f.path[1:])) for f in found] == paths


def test_free_cache_and_batch_are_not_odd() -> None:
    free = pricing("0", "0", batch=BatchPricing(input_per_million=Decimal(0)))
    assert look(model("m"), provider("p"), sold(pricing=free)) == []


def test_it_knows_every_kind_that_it_finds_and_orders_by_them() -> None:
    found = audit(catalogue(), Outlook(now=AT + timedelta(days=999), days=1, names=Table(), checked=()))
    order = list(KINDS)
    places = [order.index(finding.kind) for finding in found]
    assert places == sorted(places)
    assert found == audit(
        catalogue(), Outlook(now=AT + timedelta(days=999), days=1, names=Table(), checked=())
    )


@given(st.dates(min_value=date(1970, 1, 1)), st.integers(1, 36_500))
def test_any_time_and_any_number_of_days_will_do(today: date, days: int) -> None:
    audit(catalogue(), Outlook(now=datetime.combine(today, AT.timetz()), days=days, names=Table()))
