from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from fixtures.sources import READ_AT, assert_holds, document, said, subjects
from openmodels.domain.observation import Reading
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers import genai_prices
from openmodels.registry.importers.packages import installed
from openmodels.registry.importers.table import IMPORTERS

MODEL: dict[str, Any] = {
    "id": "glow-2",
    "name": "Glow 2",
    "match": {"or": [{"equals": "glow-2"}, {"equals": "glow-2-0401"}, {"starts_with": "glow-2-"}]},
    "context_window": 131072,
    "prices": {"input_mtok": 0.25, "output_mtok": 1.5},
}

MODULE = b'''"""Made by hand."""

import datetime
from decimal import Decimal

from .types import *

__all__ = ('providers',)

providers: list[Provider] = [
    Provider(
        id='acme',
        name='Acme (AI) [new]',
        extractors=[UsageExtractor(mappings=[UsageExtractorMapping(path=['a', 'b'], required=True)])],
        models=[
            ModelInfo(
                id='glow-2',
                match=ClauseOr(or_=[ClauseEquals(equals='glow-2'), ClauseRegex(regex='^glow-2-\\\\d{8}$')]),
                context_window=131072,
                prices=[
                    ConditionalPrice(prices=ModelPrice(input_mtok=Decimal('0.5'), output_mtok=Decimal('3'))),
                    ConditionalPrice(
                        constraint=StartDateConstraint(start_date=datetime.date(2026, 10, 1)),
                        prices=ModelPrice(
                            input_mtok=TieredPrices(
                                base=Decimal('0.25'), tiers=[Tier(start=200000, price=Decimal('0.4'))]
                            ),
                            output_mtok=Decimal('1.5'),
                            web_searches_kcount=Decimal('10'),
                        ),
                    ),
                    ConditionalPrice(
                        constraint=TimeOfDateConstraint(
                            start_time=datetime.time(0, 30, tzinfo=datetime.UTC),
                            end_time=datetime.time(16, 30, tzinfo=datetime.UTC),
                        ),
                        prices=ModelPrice(input_mtok=Decimal('9')),
                    ),
                ],
                price_variants=[
                    PriceVariant(
                        when={'processing': 'batch'},
                        prices=ModelPrice(input_mtok=Decimal('0.125'), output_mtok=Decimal('0.75')),
                    )
                ],
                deprecated=True,
            ),
        ],
    ),
]
'''


def read(whole: Any, *, at: datetime = READ_AT) -> Reading:
    """What a data.json says."""
    reading = genai_prices.read(document(whole), observed_at=at)
    assert_holds(reading)
    return reading


def model(**changes: Any) -> dict[str, Any]:
    """What is said of one model, changed as said."""
    return said(read([{"id": "acme", "models": [{**MODEL, **changes}]}]), "offering", "glow-2")


def test_it_reads_the_packages_module_without_running_it() -> None:
    reading = genai_prices.read(MODULE, observed_at=READ_AT, version="0.2.3")
    assert_holds(reading)
    assert reading.source_version == "0.2.3"
    assert said(reading, "provider") == {"name": "Acme (AI) [new]"}
    assert said(reading, "offering") == {
        "provider_model_name": "glow-2",
        "context_window": 131072,
        "status": "deprecated",
        "pricing.currency": "USD",
        "pricing.input_per_million": Decimal("0.25"),
        "pricing.output_per_million": Decimal("1.5"),
        "pricing.batch.input_per_million": Decimal("0.125"),
        "pricing.batch.output_per_million": Decimal("0.75"),
        "pricing.search_per_query": Decimal("0.01"),
        "pricing.tiers": ({"above_tokens": 200_000, "input_per_million": Decimal("0.4")},),
    }


def test_it_reads_the_prices_that_hold_on_the_day() -> None:
    before = READ_AT.replace(month=9)
    found = said(genai_prices.read(MODULE, observed_at=before), "offering")
    assert found["pricing.input_per_million"] == Decimal("0.5")
    assert "pricing.tiers" not in found


def test_prices_that_begin_later_are_not_taken_yet() -> None:
    later = [{"constraint": {"start_date": "2027-01-01"}, "prices": {"input_mtok": 1}}]
    reading = read([{"id": "acme", "models": [{**MODEL, "prices": later}]}])
    assert "pricing.input_per_million" not in said(reading, "offering", "glow-2")
    assert "do not hold yet" in reading.notes[0]


def test_it_gives_each_exact_name_and_no_part_of_one() -> None:
    reading = read([{"id": "acme", "models": [MODEL]}])
    assert [subject.name for subject in subjects(reading) if subject.name] == ["glow-2", "glow-2-0401"]


def test_a_label_that_its_own_clause_does_not_match_is_no_name() -> None:
    labelled = {
        **MODEL,
        "id": "regional.glow",
        "match": {"or": [{"equals": "eu.glow"}, {"equals": "US.glow"}]},
    }
    part = {**MODEL, "id": "some glow", "match": {"contains": "glow-"}}
    reading = read([{"id": "acme", "models": [labelled, part]}])
    assert [subject.name for subject in subjects(reading) if subject.name] == ["eu.glow", "US.glow"]
    assert "known by a part of its name only" in reading.notes[0]


def test_a_name_in_two_spellings_is_one() -> None:
    twice = {**MODEL, "id": "Acme/Glow", "match": {"or": [{"equals": "acme/glow"}, {"equals": "Acme/Glow"}]}}
    reading = read([{"id": "acme", "models": [twice]}])
    assert [subject.name for subject in subjects(reading) if subject.name] == ["Acme/Glow"]


@pytest.mark.parametrize(
    "clause",
    [
        {"starts_with": "GLOW"},
        {"ends_with": "-2"},
        {"and": [{"contains": "glow"}, {"contains": "2"}]},
        {"or": [{"equals": "x"}, {"and": [{"starts_with": "glow"}]}]},
        None,
    ],
)
def test_an_id_that_its_clause_matches_is_a_name(clause: Any) -> None:
    assert model(match=clause)["provider_model_name"] == "glow-2"


def test_it_reads_other_dimensions_and_notes_those_that_we_do_not_hold() -> None:
    prices = {
        "input_mtok": 1,
        "output_mtok": 2,
        "cache_read_mtok": 0.1,
        "cache_write_mtok": 1.25,
        "cache_write_1h_mtok": 2,
        "input_audio_mtok": 10,
        "output_audio_mtok": 20,
    }
    reading = read([{"id": "acme", "models": [{**MODEL, "prices": prices}]}])
    found = said(reading, "offering", "glow-2")
    assert found["pricing.cache_write_per_million"] == Decimal("1.25")
    assert found["pricing.output_audio_per_million"] == 20
    assert "cache_write_1h_mtok: a price that our records do not hold" in reading.notes[0]


def test_zero_is_unknown_where_the_name_does_not_say_free() -> None:
    nothing = {"input_mtok": 0, "output_mtok": 0}
    assert "pricing.input_per_million" not in model(prices=nothing)
    assert model(prices=nothing, name="Glow 2 (free)")["pricing.input_per_million"] == 0


def test_models_that_only_the_other_service_of_a_provider_has_are_left_out() -> None:
    other = {**MODEL, "id": "claude-9", "match": {"equals": "claude-9"}}
    reading = read([{"id": "google", "models": [other, MODEL]}])
    assert [subject.name for subject in subjects(reading) if subject.name] == ["glow-2", "glow-2-0401"]


@pytest.mark.parametrize("whole", [[], {}, [{"id": "acme"}], 7, [[]]])
def test_it_refuses_what_is_not_its_data(whole: Any) -> None:
    with pytest.raises(SourceUnreadable):
        genai_prices.read(document(whole), observed_at=READ_AT)


@pytest.mark.parametrize(
    "module",
    [
        b"providers = __import__('os').listdir('/')",
        b"providers = [Provider(models=[open('/etc/passwd').read()])]",
        b"providers = [Provider(**everything)]",
        b"providers = [x for x in y]",
        b"providers = [1.5]",
        b"providers = [Decimal('1', '2')]",
        b"providers = [Decimal('9' * 10)]",
        b"providers = [datetime.date(2026, 1)]",
        b"providers = [datetime.date('a', 1, 1)]",
        b"providers = {1: 2}",
        b"other = []",
        b"providers = [",
        b"\xff\xfe",
        b"\x00",
        b"",
        b"providers = " + b"[" * 5000 + b"]" * 5000,
        b"providers = " + b"-" * 100_000 + b"1",
        b"providers = " + b"1 + " * 100_000 + b"1",
        b"providers = a" + b".b" * 100_000,
        b"providers = " + b"not " * 100_000 + b"1",
        b"providers = " + b"lambda: " * 20_000 + b"1",
    ],
    ids=lambda module: ascii(module[:30]),
)
def test_it_refuses_a_module_that_is_more_than_data(module: bytes) -> None:
    with pytest.raises(SourceUnreadable, match=r"data\.py"):
        genai_prices.read(module, observed_at=READ_AT)


def test_its_own_package_is_read() -> None:
    package = IMPORTERS["genai-prices"].place.package
    assert package is not None
    found = installed(package)
    assert found is not None
    reading = genai_prices.read(found.document, observed_at=READ_AT, version=found.version)
    assert len(subjects(reading)) > 100
    assert {observation.field for observation in reading.observations} >= {
        "provider_model_name",
        "context_window",
        "pricing.input_per_million",
        "pricing.tiers",
    }
