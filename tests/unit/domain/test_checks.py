from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.registry_files import mapping, model, provider
from openmodels.domain.checks import check, check_registry
from openmodels.domain.entries import Catalogue, Entry, Finding
from openmodels.domain.faults import CODES
from openmodels.domain.records import Model, Offering, Provider, Registry, Vendor


def a_model(identifier: str = "acme-one", **changes: Any) -> Model:
    return msgspec.convert(model(identifier, **changes), Model)


def a_provider(identifier: str = "acme", **changes: Any) -> Provider:
    return msgspec.convert(provider(identifier, **changes), Provider)


def an_offering(model_id: str = "acme-one", provider_id: str = "acme", **changes: Any) -> Offering:
    return msgspec.convert(mapping(model_id, provider_id, **changes), Offering)


def a_vendor(identifier: str, *prefixes: str) -> Vendor:
    return Vendor(id=identifier, name=identifier, prefixes=prefixes)


def registry(**changes: Any) -> Registry:
    base: dict[str, Any] = {
        "models": (a_model(),),
        "providers": (a_provider(),),
        "offerings": (an_offering(),),
    }
    return Registry(**(base | changes))


def only(records: Registry) -> Finding:
    (finding,) = check_registry(records)
    assert finding.fault.code in CODES
    return finding


def tiers(*bounds: int) -> dict[str, Any]:
    pricing = {"input_per_million": 1, "output_per_million": 2, "currency": "USD"}
    return {**pricing, "tiers": [{"above_tokens": bound} for bound in bounds]}


def test_it_has_nothing_against_a_sound_registry() -> None:
    assert check_registry(registry()) == []


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"aliases": ["acme-one"]}, "alias-of-itself", ("aliases", 0)),
        ({"replaced_by": "acme-one"}, "replaced-by-itself", ("replaced_by",)),
        ({"replaced_by": "gone"}, "unknown-model", ("replaced_by",)),
        ({"updated_at": "2024-01-01T00:00:00Z"}, "updated-before-created", ("updated_at",)),
        ({"status": "retired"}, "retired-without-date", ("status",)),
        (
            {"input_modalities": ["text"], "output_modalities": ["image"]},
            "modalities-differ",
            ("modalities",),
        ),
    ],
)
def test_it_finds_what_is_wrong_with_a_model(
    changes: dict[str, Any], code: str, path: tuple[str | int, ...]
) -> None:
    finding = only(registry(models=(a_model(**changes),)))
    assert (finding.kind, finding.id, finding.fault.code, finding.fault.path) == (
        "models",
        "acme-one",
        code,
        path,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"max_output_tokens": 10**6},
        {"updated_at": "2999-01-01T00:00:00Z", "created_at": "2999-01-01T00:00:00Z"},
        {"status": "retired", "deprecation_date": "2025-01-01"},
        {"input_modalities": ["image"]},
        {
            "modalities": ["image", "text"],
            "input_modalities": ["text", "image"],
            "output_modalities": ["text"],
        },
        {"vendor": "anybody"},
        {"updated_at": "2025-01-01T02:00:00+02:00"},
    ],
)
def test_it_has_nothing_against(changes: dict[str, Any]) -> None:
    assert check_registry(registry(models=(a_model(**changes),))) == []


def told(source: str, *fields: str, differs: tuple[str, ...] = ()) -> dict[str, Any]:
    claims = [{"field": field, "value": "1"} for field in differs]
    return {
        "source": source,
        "version": "1",
        "observed_at": "2026-01-01T00:00:00Z",
        "fields": fields,
        "differs": claims,
    }


@pytest.mark.parametrize(
    ("items", "code", "path"),
    [
        ([told("a"), told("b"), told("a")], "duplicate-source", (2, "source")),
        ([told("a", "pricing.output")], "unknown-field", (0, "fields", 0)),
        ([told("a", "provenance")], "unknown-field", (0, "fields", 0)),
        ([told("a", differs=("status", "price"))], "unknown-field", (0, "differs", 1, "field")),
        ([told("a", "status"), told("b", "status")], "claimed-twice", (1, "fields", 0)),
        ([told("a", "status", "status")], "claimed-twice", (0, "fields", 1)),
        ([told("a", "status", differs=("status",))], "claimed-twice", (0, "differs", 0, "field")),
        ([told("a", differs=("status", "status"))], "claimed-twice", (0, "differs", 1, "field")),
    ],
)
def test_it_finds_provenance_that_cannot_be(
    items: list[dict[str, Any]], code: str, path: tuple[str | int, ...]
) -> None:
    finding = only(registry(offerings=(an_offering(provenance=items),)))
    assert (finding.fault.code, finding.fault.path) == (code, ("provenance", *path))


def test_several_sources_may_differ_from_one_field_of_another() -> None:
    fields = ("pricing.batch.input_per_million", "pricing.tiers", "context_window_override", "pricing")
    items = [told("a", *fields), told("b", differs=fields), told("c", differs=fields)]
    assert check_registry(registry(offerings=(an_offering(provenance=items),))) == []


@pytest.mark.parametrize("end", ["/", "//", "?a=1", "/?a=1", "#part", "?"])
def test_it_finds_a_base_url_that_a_path_cannot_be_appended_to(end: str) -> None:
    finding = only(registry(providers=(a_provider(api_base_url=f"https://api.acme.example/v1{end}"),)))
    assert finding.fault.code == "bad-base-url"
    assert finding.fault.hint == "write https://api.acme.example/v1"


def test_it_finds_a_file_that_is_not_named_after_its_record() -> None:
    catalogue = Catalogue(
        models=[Entry(record=a_model(), origin="models/x.yaml", key="x")],
        providers=[Entry(record=a_provider(), origin="providers/acme.yaml", key="acme")],
        offerings=[Entry(record=an_offering(), origin="mappings/y/x.yaml", key="x", folder="y")],
    )
    found = {(f.origin, f.fault.code, f.fault.path) for f in check(catalogue)}
    assert found == {
        ("models/x.yaml", "id-mismatch", ("id",)),
        ("mappings/y/x.yaml", "id-mismatch", ("model_id",)),
        ("mappings/y/x.yaml", "id-mismatch", ("provider_id",)),
    }


@pytest.mark.parametrize(("bounds", "at"), [((2, 1), 1), ((1, 1), 1), ((1, 3, 2), 2)])
def test_it_finds_tiers_out_of_order(bounds: tuple[int, ...], at: int) -> None:
    finding = only(registry(offerings=(an_offering(pricing=tiers(*bounds)),)))
    assert finding.fault.path == ("pricing", "tiers", at, "above_tokens")
    assert finding.fault.code == "tiers-order"
    assert finding.id == "acme/acme-one"


@settings(deadline=None)
@given(st.lists(st.integers(1, 10**8), max_size=6))
def test_it_takes_tiers_exactly_when_they_ascend(bounds: list[int]) -> None:
    findings = check_registry(registry(offerings=(an_offering(pricing=tiers(*bounds)),)))
    assert bool(findings) == (bounds != sorted(set(bounds)))


def test_it_finds_records_with_the_same_id() -> None:
    twice = registry(models=(a_model(), a_model()), vendors=(a_vendor("v"), a_vendor("v")))
    assert sorted(f.kind for f in check_registry(twice)) == ["models", "vendors"]
    assert only(registry(providers=(a_provider(), a_provider()))).fault.code == "duplicate-id"
    assert only(registry(offerings=(an_offering(), an_offering()))).fault.code == "duplicate-mapping"


def test_it_blames_the_file_that_is_misnamed_for_a_duplicate() -> None:
    copy = Entry(record=a_model(), origin="models/a-copy.yaml", key="a-copy")
    right = Entry(record=a_model(), origin="models/acme-one.yaml", key="acme-one")
    findings = check(Catalogue(models=[copy, right]))
    assert {(f.origin, f.fault.code) for f in findings} == {
        ("models/a-copy.yaml", "id-mismatch"),
        ("models/a-copy.yaml", "duplicate-id"),
    }


def test_it_finds_aliases_that_are_taken() -> None:
    by_alias = only(registry(models=(a_model(aliases=["x"]), a_model("acme-two", aliases=["y", "x"]))))
    assert (by_alias.id, by_alias.fault.code, by_alias.fault.path) == (
        "acme-two",
        "duplicate-alias",
        ("aliases", 1),
    )
    by_id = only(registry(models=(a_model(aliases=["acme-two"]), a_model("acme-two"))))
    assert (by_id.id, by_id.fault.code) == ("acme-one", "alias-is-an-id")


def test_it_finds_references_to_nothing_and_says_what_was_meant() -> None:
    to_model = only(registry(offerings=(an_offering("acme-won"),)))
    assert (to_model.fault.code, to_model.fault.hint) == ("unknown-model", "did you mean `acme-one`?")
    to_provider = only(registry(offerings=(an_offering(provider_id="acmee"),)))
    assert (to_provider.fault.code, to_provider.fault.hint) == ("unknown-provider", "did you mean `acme`?")
    far = only(registry(offerings=(an_offering("something-else"),)))
    assert far.fault.hint is None


def test_it_says_which_model_an_alias_stands_for() -> None:
    finding = only(registry(models=(a_model(aliases=["latest"]),), offerings=(an_offering("latest"),)))
    assert finding.fault.hint == "latest is an alias; write acme-one"


def test_it_finds_vendors_that_are_missing_only_where_vendors_are_listed() -> None:
    models = (a_model(vendor="acmee"),)
    assert check_registry(registry(models=models)) == []
    finding = only(registry(models=models, vendors=(a_vendor("acme"),)))
    assert (finding.fault.code, finding.fault.hint) == ("unknown-vendor", "did you mean `acme`?")


def test_it_finds_prefixes_that_two_vendors_claim() -> None:
    finding = only(registry(vendors=(a_vendor("a", "x-"), a_vendor("b", "y-", "x-"))))
    assert (finding.id, finding.fault.code, finding.fault.path) == ("b", "duplicate-prefix", ("prefixes", 1))


def test_it_lets_no_file_spend_more_than_a_modest_budget() -> None:
    finding = only(registry(providers=(a_provider(probe={"daily_budget": 100.01}),)))
    assert (finding.fault.code, finding.fault.path) == ("out-of-range", ("probe", "daily_budget"))
    assert check_registry(registry(providers=(a_provider(probe={"daily_budget": 100}),))) == []


@pytest.mark.parametrize(
    "variable",
    ["DATABASE_URL", "aws_secret_access_key", "GITHUB_TOKEN", "DB_PASSWORD", "OPENMODELS_WEBHOOK_URL"],
)
def test_it_lets_no_file_have_a_secret_of_another_kind(variable: str) -> None:
    finding = only(registry(providers=(a_provider(env=["ACME_API_KEY", variable]),)))
    assert (finding.fault.code, finding.fault.path) == ("not-a-key", ("env", 1))


def test_it_lets_no_file_have_the_key_of_a_provider_at_another_host() -> None:
    first = a_provider(env=["ACME_API_KEY"])
    thief = a_provider("zeta", env=["ZETA_KEY", "acme_api_key"], api_base_url="https://zeta.example/v1")
    finding = only(registry(providers=(first, thief)))
    assert (finding.id, finding.fault.code, finding.fault.path) == ("zeta", "shared-key", ("env", 1))
    sibling = a_provider("acme-eu", env=["ACME_API_KEY"], api_base_url="https://API.acme.example/eu/v1")
    assert check_registry(registry(providers=(first, sibling))) == []


def test_it_finds_regions_that_the_provider_does_not_have() -> None:
    offerings = (an_offering(available_regions=["eu-west-1", "mars"]),)
    finding = only(registry(offerings=offerings))
    assert (finding.fault.code, finding.fault.path) == ("region-not-offered", ("available_regions", 1))
    assert "us-east-1, eu-west-1" in finding.fault.expected
    assert check_registry(registry(offerings=offerings, providers=(a_provider(regions=["global"]),))) == []


@settings(deadline=None)
@given(st.sets(st.sampled_from(["us", "eu", "ap", "global"]), min_size=1),
       st.sets(st.sampled_from(["us", "eu", "ap", "global"]), min_size=1))  # fmt: skip
def test_it_takes_regions_exactly_when_they_are_among_the_providers_or_it_is_global(
    offered: set[str], asked: set[str]
) -> None:
    records = registry(
        providers=(a_provider(regions=sorted(offered)),),
        offerings=(an_offering(available_regions=sorted(asked)),),
    )
    sound = asked <= offered or "global" in offered
    assert (check_registry(records) == []) == sound


def test_it_does_not_read_fields_that_have_a_fault_already() -> None:
    broken = msgspec.structs.replace(a_model(), updated_at=None, aliases=None, id=None)
    entry = Entry(
        record=broken, origin="m", key="acme-one", faulty=frozenset({"updated_at", "aliases", "id"})
    )
    catalogue = Catalogue(
        models=[entry],
        providers=[Entry(record=a_provider(), origin="p", key="acme")],
        offerings=[Entry(record=an_offering(), origin="o", key="acme-one", folder="acme")],
    )
    assert check(catalogue) == []


def test_it_knows_records_whose_files_could_not_be_read() -> None:
    catalogue = Catalogue(
        offerings=[Entry(record=an_offering(), origin="o", key="acme-one", folder="acme")],
        unread_models=frozenset({"acme-one"}),
        unread_providers=frozenset({"acme"}),
    )
    assert check(catalogue) == []


def test_it_stays_quick_to_suggest_when_every_reference_is_wrong() -> None:
    models = tuple(a_model(f"model-{n}") for n in range(2000))
    offerings = tuple(an_offering(f"other-{n}") for n in range(2000))
    findings = check_registry(registry(models=models, offerings=offerings))
    assert len(findings) == 2000
