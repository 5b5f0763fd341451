from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect as shapes

from fixtures.registry_files import mapping, model, provider
from openmodels.domain.faults import CODES, Fault
from openmodels.domain.records import (
    BASE_URL_PATTERN,
    PARTIAL_DATE_PATTERN,
    URL_PATTERN,
    Model,
    Offering,
    Provider,
    Record,
    Vendor,
)
from openmodels.registry.normalise import normalise
from openmodels.registry.structure import read_record
from openmodels.registry.wording import _FORMS

D = Decimal


def faults_of(data: Any, struct: type[Record] = Model) -> list[Fault]:
    normalised = normalise(data)
    return normalised.faults + read_record(data, struct).faults


def only(data: Any, struct: type[Record] = Model) -> Fault:
    (fault,) = faults_of(data, struct)
    return fault


def priced(**prices: Any) -> dict[str, Any]:
    pricing = {"input_per_million": D("0.1"), "output_per_million": D("0.2"), "currency": "USD"}
    return mapping(pricing=pricing | prices)


@pytest.mark.parametrize(
    ("data", "struct"), [(model(), Model), (provider(), Provider), (mapping(), Offering)]
)
def test_it_reads_a_record(data: dict[str, Any], struct: type[Record]) -> None:
    assert not faults_of(data, struct)


def test_it_says_every_fault_of_a_record_at_once() -> None:
    data = model(capabilities=["chat", "fly"], modalities=[], context_window=0, country="USA", extra=1)
    del data["name"]
    found = {(fault.code, fault.path) for fault in faults_of(data)}
    assert found == {
        ("unknown-word", ("capabilities", 1)),
        ("empty-list", ("modalities",)),
        ("out-of-range", ("context_window",)),
        ("bad-format", ("country",)),
        ("unknown-key", ("extra",)),
        ("missing-key", ("name",)),
    }


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("id", "GPT 5", "bad-id"),
        ("id", "a--b", "bad-id"),
        ("id", "a\n", "bad-id"),
        ("id", "", "bad-id"),
        ("id", "a" * 256, "wrong-length"),
        ("name", "", "wrong-length"),
        ("name", "   ", "wrong-length"),
        ("name", 7, "wrong-type"),
        ("description", "short", "wrong-length"),
        ("description", None, "wrong-type"),
        ("capabilities", "chat", "wrong-type"),
        ("capabilities", ["Chat"], "unknown-word"),
        ("capabilities", [None], "unknown-word"),
        ("context_window", "128000", "wrong-type"),
        ("context_window", D("128000.0"), "wrong-type"),
        ("context_window", D("1e5000000"), "wrong-type"),
        ("context_window", D("1e-5000000"), "wrong-type"),
        ("context_window", D("NaN"), "wrong-type"),
        ("context_window", True, "wrong-type"),
        ("context_window", -1, "out-of-range"),
        ("context_window", 10**9, "out-of-range"),
        ("licensing", "MIT", "bad-format"),
        ("created_at", "2025-01-01", "bad-timestamp"),
        ("created_at", "2025-01-01T00:00:00", "bad-timestamp"),
        ("created_at", "2025-02-30T00:00:00Z", "bad-timestamp"),
        ("created_at", "0001-01-01T00:00:00+23:00", "bad-timestamp"),
        ("created_at", 1700000000, "wrong-type"),
        ("release_date", "2025-02-30", "bad-date"),
        ("release_date", "2025-13", "bad-date"),
        ("release_date", "0000-05", "bad-date"),
        ("release_date", "March 2025", "bad-date"),
        ("release_date", "٢٠٢٥", "bad-date"),
        ("release_date", "2025\n", "bad-date"),
        ("release_date", 2025, "wrong-type"),
        ("deprecation_date", "2025-02-30", "bad-date"),
        ("deprecation_date", "2025-02", "bad-date"),
        ("deprecation_date", "2025-02-03T00:00:00Z", "bad-date"),
        ("country", "US", "bad-format"),
        ("country", "us\n", "bad-format"),
        ("open_weights", "yes", "wrong-type"),
        ("open_weights", 1, "wrong-type"),
        ("status", "retird", "unknown-word"),
        ("aliases", ["Bad Alias"], "bad-id"),
        ("aliases", {"a": 1}, "wrong-type"),
        ("benchmarks", [{"benchmark": "x", "score": "90"}], "wrong-type"),
        ("benchmarks", [{"benchmark": "x", "score": D("1e999999")}], "out-of-range"),
        ("benchmarks", [{"benchmark": "x", "score": 1, "published_at": "2025-02-30"}], "bad-date"),
        ("benchmarks", ["mmlu"], "wrong-type"),
    ],
)  # fmt: skip
def test_it_refuses_a_models_wrong_value(field: str, value: Any, code: str) -> None:
    # As the loader does when a text ends in a line break.
    data = model(**{field: value})
    careful = "\\n" in msgspec.json.encode(str(data)).decode()
    normalise(data)
    (fault,) = read_record(data, Model, careful=careful).faults
    assert fault.code == code
    assert fault.path[0] == field


@pytest.mark.parametrize(
    ("price", "code"),
    [
        (D("-0.1"), "out-of-range"),
        (D("-0.0"), "out-of-range"),
        (-1, "out-of-range"),
        (D("1e999999"), "out-of-range"),
        (D("1e5000000"), "out-of-range"),
        (D("1e-5000000"), "out-of-range"),
        (D("0e999999"), "out-of-range"),
        (D("1e-999999"), "out-of-range"),
        (D("0.0000000000001"), "out-of-range"),
        (D(10**9 + 1), "out-of-range"),
        (D("NaN"), "out-of-range"),
        ("0.1", "wrong-type"),
        ("1_000", "wrong-type"),
        ("nan", "wrong-type"),
        ("$5", "wrong-type"),
        (True, "wrong-type"),
        ([], "wrong-type"),
    ],
)
def test_it_refuses_a_price_that_is_none(price: Any, code: str) -> None:
    assert only(priced(cache_read_per_million=price), Offering).code == code
    assert only(priced(batch={"input_per_million": price}), Offering).code == code
    assert only(priced(tiers=[{"above_tokens": 1, "input_per_million": price}]), Offering).code == code


@settings(deadline=None)
@given(st.decimals(min_value=0, max_value=10**9, places=12, allow_nan=False, allow_infinity=False))
def test_it_keeps_any_price_as_it_was_written(price: Decimal) -> None:
    price = abs(price)  # -0 is no price
    record = read_record(priced(input_per_million=price), Offering).record
    assert record is not None
    assert str(record.pricing.input_per_million) == str(price)


def test_it_reads_whole_number_prices_exactly() -> None:
    data = priced(input_per_million=3, tiers=[{"above_tokens": 5, "output_per_million": 4}])
    normalise(data)
    record = read_record(data, Offering).record
    assert record is not None
    assert record.pricing.input_per_million == 3
    assert isinstance(record.pricing.tiers[0].output_per_million, Decimal)
    assert record.pricing.tiers[0].above_tokens == 5


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://api.acme.example", "insecure-url"),
        ("https://user:secret@api.acme.example", "url-credentials"),
        ("http://token@api.acme.example", "url-credentials"),
        ("api.acme.example/v1", "bad-url"),
        ("https://{region}.acme.example", "bad-url"),
        ("https://", "bad-url"),
        ("https://acme example", "bad-url"),
        ("https://acme.example\\@evil.example", "bad-url"),
        ("https://" + "a" * 600, "wrong-length"),
    ],
)
def test_it_refuses_an_address_that_is_not_plain_https(url: str, code: str) -> None:
    fault = only(provider(api_base_url=url), Provider)
    assert fault.code == code
    assert "secret" not in f"{fault.found}{fault.hint}"


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (model(capabilities=["embedings"]), "did you mean `embeddings`?"),
        (model(id="GPT 5"), "did you mean `gpt-5`?"),
        (model(licensing="Apache 2.0"), "did you mean `apache-2.0`?"),
        (model(country="DE"), "did you mean `de`?"),
        (model(max_output_token=5), "did you mean `max_output_tokens`?"),
        (model(context_windw=5), "remove it; `context_window` is given already"),
        (model(context_window="128_000"), "write 128000, without quotes"),
        (model(context_window="128k"), "write 128000"),
        (model(context_window=D("1e6")), "write 1000000"),
        (model(context_window=0), "write null when nobody knows it"),
        (model(open_weights="on"), "write true"),
        (model(knowledge_cutoff=2025), 'put it in quotes: "2025"'),
        (model(modalities="text"), 'write a list of one: ["text"]'),
        (model(release_date="2025/03/14"), "write 2025-03-14"),
        (model(updated_at="2025-03-14"), "add a time and the zone: 2025-03-14T00:00:00Z"),
    ],
)
def test_it_says_what_was_likely_meant(data: dict[str, Any], hint: str) -> None:
    assert faults_of(data)[0].hint == hint


@pytest.mark.parametrize("data", [None, 5, "text", [], [model()], {}])
def test_it_tells_what_a_record_is_when_there_is_none(data: Any) -> None:
    assert faults_of(data)
    assert (read_record(data, Model).record is None) == (data != {})


def test_it_keeps_what_could_be_read_of_a_faulty_record() -> None:
    record = read_record(model(context_window="?", aliases=["x"]), Model).record
    assert record is not None
    assert (record.id, record.aliases) == ("acme-one", ("x",))


def test_it_explains_every_pattern_of_the_records() -> None:
    patterns: set[str] = set()

    def visit(node: Any) -> None:
        if isinstance(node, shapes.StrType) and node.pattern:
            patterns.add(node.pattern)
        if isinstance(node, shapes.StructType):
            for field in node.fields:
                visit(field.type)
        if isinstance(node, shapes.UnionType):
            for inner in node.types:
                visit(inner)
        if isinstance(node, shapes.VarTupleType):
            visit(node.item_type)
        if isinstance(node, shapes.Metadata):
            visit(node.type)

    for info in shapes.multi_type_info([Model, Provider, Offering, Vendor]):
        visit(info)
    assert patterns - _FORMS.keys() == {BASE_URL_PATTERN, URL_PATTERN, PARTIAL_DATE_PATTERN}


values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.sampled_from([(Model, model), (Provider, provider), (Offering, mapping)]), st.data())
def test_it_reads_or_refuses_any_value_in_any_field(kind: Any, data: st.DataObject) -> None:
    struct, build = kind
    field = data.draw(st.sampled_from(struct.__struct_fields__))
    value = data.draw(values)
    record = build(**{field: value})
    faults = faults_of(record, struct)
    assert {fault.code for fault in faults} <= CODES.keys()
    reading = read_record(record, struct, careful=True)
    # The slow way may see more than the fast one, such as a line break at the end, never less.
    assert len(reading.faults) >= len(read_record(record, struct).faults)
    assert all(fault.path and fault.path[0] == field for fault in faults)
    assert all(fault.expected != "a value that the field takes" for fault in reading.faults)
