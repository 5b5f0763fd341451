"""One's own files, laid over the registry."""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.overlays import issues, laid, model_named, offering_at, provider_named, told
from fixtures.registry_files import UPDATED, mapping, model, provider, valid_registry, write
from openmodels.domain.records import Provider, revision_of
from openmodels.errors import RegistryInvalid, RegistryUnreadable
from openmodels.registry.load import Laid, require_registry
from openmodels.registry.overlay import load_with_overlay, require_with_overlay


def test_without_one_it_is_the_registry(public: Path) -> None:
    loaded = load_with_overlay(public, None)
    assert loaded.registry == require_registry(public) == require_with_overlay(public, None)
    assert loaded.overlay is None


def test_an_empty_one_changes_nothing(public: Path, overlay: Path) -> None:
    assert laid(public, overlay) == require_registry(public)
    assert load_with_overlay(public, overlay).overlay == Laid(added=0, changed=0, hidden=0)


def test_it_replaces_single_prices_digit_by_digit(public: Path, overlay: Path) -> None:
    write(
        overlay,
        "mappings/acme/acme-one.yaml",
        "pricing:\n  input_per_million: 0.80\n  batch:\n    input_per_million: 0.40\n",
    )
    registry = laid(public, overlay)
    pricing = offering_at(registry, "acme").pricing
    assert (str(pricing.input_per_million), str(pricing.output_per_million)) == ("0.80", "2")
    assert pricing.batch is not None
    assert (str(pricing.batch.input_per_million), str(pricing.batch.output_per_million)) == ("0.40", "1")
    assert pricing.cache_read_per_million == Decimal("0.25")
    unchanged = offering_at(require_registry(public), "zeta")
    assert offering_at(registry, "zeta") == unchanged
    assert load_with_overlay(public, overlay).overlay == Laid(added=0, changed=1, hidden=0)


def test_it_knows_prices_by_both_their_names(public: Path, overlay: Path) -> None:
    write(overlay, "mappings/acme/acme-one.yaml", "pricing:\n  reasoning_per_million: 9\n")
    assert offering_at(laid(public, overlay), "acme").pricing.reasoning_per_million == 9
    write(overlay, "mappings/acme/acme-one.yaml", "pricing:\n  reasoning_tokens_per_million: 8\n")
    assert offering_at(laid(public, overlay), "acme").pricing.reasoning_per_million == 8


def test_it_does_not_mix_currencies(public: Path, overlay: Path) -> None:
    text = "pricing: {currency: EUR, input_per_million: 4, output_per_million: 5}\n"
    write(overlay, "mappings/acme/acme-one.yaml", text)
    pricing = offering_at(laid(public, overlay), "acme").pricing
    assert (pricing.currency, pricing.cache_read_per_million, pricing.batch) == ("EUR", None, None)
    write(overlay, "mappings/acme/acme-one.yaml", "pricing: {currency: EUR, input_per_million: 4}\n")
    assert [i[2:] for i in told(public, overlay)] == [("missing-key", "pricing.output_per_million")]


def test_null_takes_away_what_may_be_unknown(public: Path, overlay: Path) -> None:
    write(overlay, "models/acme-one.yaml", "context_window: null\naliases: null\n")
    write(overlay, "models/old.yaml", "replaced_by: ~\nfamily:\n")
    write(overlay, "mappings/acme/acme-one.yaml", "pricing:\n  batch: null\n  input_per_million: null\n")
    registry = laid(public, overlay)
    one, old = model_named(registry, "acme-one"), model_named(registry, "old")
    assert (one.context_window, one.aliases, old.replaced_by, old.family) == (None, (), None, None)
    pricing = offering_at(registry, "acme").pricing
    assert (pricing.batch, pricing.input_per_million, str(pricing.output_per_million)) == (None, None, "2")


def test_null_for_what_must_be_known_is_an_issue(public: Path, overlay: Path) -> None:
    write(overlay, "models/acme-one.yaml", "name: null\nlicensing: ~\n")
    assert told(public, overlay) == [
        ("models/acme-one.yaml", 7, "wrong-type", "name"),
        ("models/acme-one.yaml", 12, "wrong-type", "licensing"),
    ]


def test_lists_are_replaced(public: Path, overlay: Path) -> None:
    write(overlay, "models/acme-one.yaml", "capabilities: [vision, tools]\naliases: [other]\n")
    one = model_named(laid(public, overlay), "acme-one")
    assert (one.capabilities, one.aliases) == (("vision", "function-calling"), ("other",))


def test_it_adds_whole_records(public: Path, overlay: Path) -> None:
    write(overlay, "models/house-1.yaml", model("house-1"))
    write(overlay, "providers/house.yaml", provider("house", env=["HOUSE_KEY"]))
    write(overlay, "mappings/house/house-1.yaml", mapping("house-1", "house"))
    write(overlay, "mappings/acme/old.yaml", mapping("old", "acme"))
    write(overlay, "vendors.yaml", [{"id": "us", "name": "Us", "prefixes": ["house-"]}])
    registry = laid(public, overlay)
    assert [m.id for m in registry.models] == ["acme-one", "house-1", "old"]
    assert [p.id for p in registry.providers] == ["acme", "house", "zeta"]
    assert len(registry.offerings) == 5
    assert model_named(registry, "house-1").vendor == "us"
    assert load_with_overlay(public, overlay).overlay == Laid(added=5, changed=0, hidden=0)


def test_it_lays_vendors_over_vendors(public: Path, overlay: Path) -> None:
    write(public, "vendors.yaml", [{"id": "acme", "name": "Acme", "prefixes": ["acme-"], "country": "us"}])
    write(overlay, "vendors.yaml", [{"id": "acme", "name": "Our Acme"}, {"id": "us", "name": "Us"}])
    vendors = laid(public, overlay).vendors
    assert [(v.id, v.name, v.prefixes) for v in vendors] == [
        ("acme", "Our Acme", ("acme-",)),
        ("us", "Us", ()),
    ]


def test_it_says_which_facts_are_its_own(public: Path, overlay: Path) -> None:
    write(
        overlay,
        "models/acme-one.yaml",
        "context_window: 5\nlicensing: other\nupdated_at: 2026-01-01T00:00:00Z\n",
    )
    write(overlay, "mappings/acme/acme-one.yaml", "pricing: {output_per_million: 3, batch: null}\n")
    registry = laid(public, overlay)
    known, own = model_named(registry, "acme-one").provenance
    assert (known.source, known.fields) == ("models-dev", ("name",))
    assert [claim.field for claim in known.differs] == ["family"]
    assert known.observed_at.isoformat() == "2025-05-01T00:00:00+00:00"
    assert (own.source, own.fields, own.differs) == ("overlay", ("context_window", "licensing"), ())
    assert own.observed_at.isoformat() == "2026-01-01T00:00:00+00:00"
    (prices,) = offering_at(registry, "acme").provenance
    assert prices.fields == ("pricing.batch", "pricing.output_per_million")
    assert offering_at(registry, "zeta").provenance == ()


def test_a_record_of_its_own_is_its_own_altogether(public: Path, overlay: Path) -> None:
    write(overlay, "providers/house.yaml", provider("house", probe={"enabled": False}))
    (item,) = provider_named(laid(public, overlay), "house").provenance
    assert item.fields == (
        "api_base_url",
        "auth_type",
        "compatibility",
        "description",
        "name",
        "probe.enabled",
        "regions",
    )


def test_the_same_files_make_the_same_revision(public: Path, overlay: Path) -> None:
    write(overlay, "models/acme-one.yaml", "name: Ours\nfamily: ours\n")
    first = revision_of(laid(public, overlay))
    write(overlay, "models/acme-one.yaml", "# the order of keys is nothing\nfamily: ours\nname: Ours\n")
    assert revision_of(laid(public, overlay)) == first
    write(overlay, "models/acme-one.yaml", "name: Ours\nfamily: theirs\n")
    assert revision_of(laid(public, overlay)) != first


def test_it_places_issues_in_the_overlays_own_files(public: Path, overlay: Path) -> None:
    write(overlay, "models/acme-one.yaml", "name: x\nlicencing: mit\ncontext_window: 0\n")
    write(overlay, "mappings/acme/acme-one.yaml", "pricing:\n  input_per_million: -1\n  batch: {x: 1}\n")
    assert [(i.file, i.line, i.column, i.code) for i in issues(public, overlay)] == [
        ("mappings/acme/acme-one.yaml", 2, 22, "out-of-range"),
        ("mappings/acme/acme-one.yaml", 3, 11, "unknown-key"),
        ("models/acme-one.yaml", 2, 1, "unknown-key"),
        ("models/acme-one.yaml", 3, 17, "out-of-range"),
    ]


def test_it_tells_the_issues_of_both(public: Path, overlay: Path) -> None:
    write(public, "models/acme-one.yaml", model(licensing="MIT"))
    write(overlay, "models/acme-one.yaml", "name: Ours\nextra: 1\n")
    found = issues(public, overlay)
    assert [(bool(i.layer), i.file, i.code) for i in found] == [
        (False, "models/acme-one.yaml", "bad-format"),
        (True, "models/acme-one.yaml", "unknown-key"),
    ]
    with pytest.raises(RegistryInvalid, match="the registry is not valid: models/acme-one"):
        require_with_overlay(public, overlay)
    valid_registry(public)
    write(overlay, "models/old.yaml", "id: older\n")
    with pytest.raises(RegistryInvalid, match="the overlay is not valid: models/acme-one"):
        require_with_overlay(public, overlay)


def test_a_file_that_is_laid_over_nothing_says_what_was_meant(public: Path, overlay: Path) -> None:
    write(overlay, "providers/zeeta.yaml", "name: Ours\n")
    found = issues(public, overlay)
    assert {i.code for i in found} == {"missing-key"}
    assert found[0].hint == (
        "the registry has no providers/zeeta.yaml that this could be laid over; "
        "did you mean providers/zeta.yaml?"
    )


@pytest.mark.parametrize(
    ("file", "content", "code"),
    [
        ("models/house.yaml", model("house", aliases=["acme-one"]), "alias-is-an-id"),
        ("models/house.yaml", model("house", aliases=["acme-uno"]), "duplicate-alias"),
        ("models/house.yaml", model("house", replaced_by="nothing"), "unknown-model"),
        ("models/acme-uno.yaml", model("acme-uno"), "alias-is-an-id"),
        ("providers/zeta.yaml", {"regions": ["eu-west-9"]}, "region-not-offered"),
        ("mappings/zeta/old.yaml", {"available_regions": ["mars"]}, "region-not-offered"),
        ("mappings/zeta/old.yaml", {"model_id": "acme-one"}, "id-mismatch"),
        ("mappings/nobody/old.yaml", mapping("old", "nobody"), "unknown-provider"),
        ("models/acme-one.yaml", {"updated_at": "2000-01-01T00:00:00Z"}, "updated-before-created"),
        ("providers/zeta.yaml", {"api_base_url": "https://zeta.example/v1/"}, "bad-base-url"),
        ("providers/zeta.yaml", {"env": ["OPENMODELS_DATABASE_URL"]}, "not-a-key"),
    ],
)
def test_a_rule_that_both_break_together_is_told_of_the_overlay(
    public: Path, overlay: Path, file: str, content: Any, code: str
) -> None:
    write(overlay, file, content)
    found = issues(public, overlay)
    assert code in {i.code for i in found}
    assert {(i.layer, i.file) for i in found} == {("overlay", file)}
    assert found == issues(public, overlay)


def test_a_file_that_cannot_be_read_causes_no_further_issues(public: Path, overlay: Path) -> None:
    write(overlay, "models/acme-one.yaml", "name: [\n")
    write(overlay, "providers/zeta.yaml", "name: !!str x\n")
    write(overlay, "vendors.yaml", "us: 1\n")
    assert [(i.file, i.code) for i in issues(public, overlay)] == [
        ("models/acme-one.yaml", "yaml-syntax"),
        ("providers/zeta.yaml", "yaml-tag"),
        ("vendors.yaml", "wrong-type"),
    ]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("overlay.yml", "rename it to overlay.yaml"),
        ("provider/acme.yaml", "rename it to providers"),
        ("mapping", "rename it to mappings"),
        ("stray.json", None),
    ],
)
def test_what_would_silently_not_hold_is_an_issue(
    public: Path, overlay: Path, name: str, hint: str | None
) -> None:
    write(overlay, name, "hide: {providers: [zeta]}\n")
    (issue,) = issues(public, overlay)
    assert (issue.layer, issue.file, issue.code) == ("overlay", name.partition("/")[0], "misplaced-file")
    assert hint is None or issue.hint == hint


def test_notes_and_hidden_files_are_let_be(public: Path, overlay: Path) -> None:
    write(overlay, "README.md", "# ours\n")
    write(overlay, "notes.txt", "x")
    write(overlay, ".git/HEAD", "x")
    assert laid(public, overlay) == require_registry(public)


def test_it_does_not_follow_links_out_of_its_folder(public: Path, overlay: Path, tmp_path: Path) -> None:
    secret = write(tmp_path, "secret.yaml", "hide: {providers: [zeta]}\n")
    (overlay / "overlay.yaml").symlink_to(secret)
    (overlay / "providers").symlink_to(tmp_path)
    os.mkfifo(overlay / "models" / "pipe.yaml")
    assert {(file, code) for file, _, code, _ in told(public, overlay)} == {
        ("overlay.yaml", "unsafe-file"),
        ("providers", "unsafe-file"),
        ("models/pipe.yaml", "unsafe-file"),
    }


@pytest.mark.parametrize(
    "url", ["http://10.1.2.3:8000/v1", "http://ollama:11434/v1", "http://llm.acme.internal"]
)
def test_a_server_in_the_house_may_be_plain_http(public: Path, overlay: Path, url: str) -> None:
    write(overlay, "providers/house.yaml", provider("house", api_base_url=url, auth_type="none"))
    write(overlay, "providers/zeta.yaml", {"api_base_url": url})
    registry = laid(public, overlay)
    assert (
        provider_named(registry, "house").api_base_url == provider_named(registry, "zeta").api_base_url == url
    )
    read = msgspec.json.decode(msgspec.json.encode(provider_named(registry, "house")), type=Provider)
    assert read.api_base_url == url
    write(public, "providers/zeta.yaml", provider("zeta", api_base_url=url))
    (issue,) = load_with_overlay(public, None).issues
    assert (issue.code, issue.path) == ("insecure-url", "api_base_url")


@pytest.mark.parametrize(
    "url",
    ["http://api.example.com/v1", "http://8.8.8.8/v1", "http://172.32.0.1", "http://10.0.0.1.example.com"],
)
def test_anybody_elses_server_may_not(public: Path, overlay: Path, url: str) -> None:
    write(overlay, "providers/zeta.yaml", {"api_base_url": url})
    assert [i.code for i in issues(public, overlay)] == ["insecure-url"]


def test_it_counts_the_files_of_both(public: Path, overlay: Path) -> None:
    write(overlay, "models/old.yaml", {"name": "Ours", "updated_at": UPDATED})
    seen: list[tuple[int, int]] = []
    loaded = load_with_overlay(public, overlay, progress=lambda done, total: seen.append((done, total)))
    assert loaded.files == 8
    assert (seen[0], seen[-1]) == ((1, 8), (8, 8))


@pytest.mark.parametrize("name", ["missing", "file", "empty"])
def test_it_says_what_to_type_when_there_is_none(public: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(RegistryUnreadable, match="OPENMODELS_OVERLAY"):
        load_with_overlay(public, tmp_path / name)


keys = st.sampled_from(["id", "name", "pricing", "batch", "tiers", "currency", "hide", "models", "regions"])
values: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=20) | st.just("acme"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(keys | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
NAMES = (
    "overlay.yaml",
    "vendors.yaml",
    "models/acme-one.yaml",
    "providers/acme.yaml",
    "mappings/acme/acme-one.yaml",
    "models/new.yaml",
)


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(st.sampled_from(NAMES), values, min_size=1, max_size=3))
def test_whatever_it_holds_there_is_a_registry_or_an_issue(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    public = valid_registry(folder / "registry")
    for name, content in files.items():
        write(folder / "overlay", name, json.dumps(content))
    loaded = load_with_overlay(public, folder / "overlay")
    assert (loaded.registry is None) == bool(loaded.issues)
    assert all(issue.layer == "overlay" and issue.file in files for issue in loaded.issues)
    if loaded.registry is not None:
        assert revision_of(loaded.registry) == revision_of(require_with_overlay(public, folder / "overlay"))


@pytest.mark.parametrize(
    "parts", [["name"], ["context_window", "licensing"], ["capabilities"], ["id", "name"]]
)
def test_saying_what_the_registry_says_changes_no_fact(public: Path, overlay: Path, parts: list[str]) -> None:
    said = model(aliases=["acme-uno"])
    write(overlay, "models/acme-one.yaml", {part: said[part] for part in parts})
    ours, theirs = (
        model_named(laid(public, overlay), "acme-one"),
        model_named(require_registry(public), "acme-one"),
    )
    assert msgspec.structs.replace(ours, provenance=()) == msgspec.structs.replace(theirs, provenance=())
    assert ours.provenance[-1].source == "overlay"
