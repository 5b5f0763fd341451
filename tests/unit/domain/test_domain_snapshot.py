import json
import random
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from contract.builders import AT, model, offering, provider, registry, vendor
from openmodels.domain.records import PriceTier, Pricing, Registry, Source, revision_of
from openmodels.domain.snapshot import Snapshot, build_snapshot

PRICES = Pricing(
    input_per_million=Decimal("0.10"),
    output_per_million=Decimal("0.1"),
    currency="USD",
    cache_read_per_million=Decimal("0.000000000001"),
    tiers=(PriceTier(above_tokens=200_000, input_per_million=Decimal("1000000000.000000000001")),),
)


def snapshot_of(*records: Any) -> Snapshot:
    return build_snapshot(registry(*records), revision="r1", published_at=AT)


def decoded(raw: bytes) -> Any:
    return msgspec.json.decode(raw)


def test_it_finds_a_model_by_id_and_by_alias() -> None:
    snapshot = snapshot_of(model("nova", aliases=("nova-latest", "n")), model("other"))
    for name in ("nova", "nova-latest", "n"):
        entry = snapshot.model(name)
        assert entry is not None
        assert decoded(entry.detail_json)["id"] == "nova"
    assert snapshot.model("Nova") is None
    assert snapshot.model("") is None
    assert snapshot.provider("nova") is None


@pytest.mark.parametrize(("aliased", "owner"), [("a", "z"), ("z", "a")])
def test_it_lets_a_canonical_id_win_over_an_alias(aliased: str, owner: str) -> None:
    entry = snapshot_of(model(aliased), model(owner, aliases=(aliased,))).model(aliased)
    assert entry is not None
    assert entry.record.id == aliased


def test_it_lists_a_model_as_it_answers_alone_but_for_providers() -> None:
    tricky = 'A model that says ,"providers":["x"] and \\",\\"providers\\": in its description.'
    snapshot = snapshot_of(
        model("nova", description=tricky, name='","providers":[', family="n", vendor="v"),
        model("lone"),
        vendor("v", name="V & Co"),
        provider("b"),
        provider("a"),
        offering("b", "nova"),
        offering("a", "nova"),
    )
    for entry in snapshot.models:
        summary, detail = decoded(entry.summary_json), decoded(entry.detail_json)
        assert detail.pop("providers") == [o.record.provider_id for o in entry.offerings]
        assert list(summary) == list(detail)
        assert summary == detail
    nova = snapshot.model("nova")
    assert nova is not None
    assert decoded(nova.summary_json)["description"] == tricky
    assert decoded(nova.summary_json)["vendor_name"] == "V & Co"
    assert [o.record.provider_id for o in nova.offerings] == ["a", "b"]


def test_it_gives_every_key_even_where_nothing_is_known() -> None:
    bare = model("bare", context_window=None)
    view = decoded(snapshot_of(bare).models[0].summary_json)
    unknown = {key for key, value in view.items() if value is None}
    assert unknown == {
        "vendor", "context_window", "max_output_tokens", "vendor_name", "family", "input_modalities",
        "output_modalities", "open_weights", "release_date", "knowledge_cutoff", "deprecation_date",
        "replaced_by", "cheapest",
    }  # fmt: skip
    assert view["providers_count"] == 0
    assert view["created_at"] == "2026-03-01T12:00:00.000Z"


def test_it_unites_the_modalities_of_both_directions() -> None:
    record = model(
        "m", modalities=("video",), input_modalities=("image", "text"), output_modalities=("audio",)
    )
    snapshot = snapshot_of(record)
    assert decoded(snapshot.models[0].summary_json)["modalities"] == ["text", "image", "audio", "video"]
    assert set(snapshot.facets.models["modality"]) == {"text", "image", "audio", "video"}


def offering_json(**fields: Any) -> Any:
    record = model("m", context_window=1000, max_output_tokens=100)
    snapshot = snapshot_of(record, provider("p", name="The P"), offering("p", "m", **fields))
    return decoded(snapshot.models[0].offerings[0].json)


def test_it_lets_offerings_inherit_from_their_model() -> None:
    view = offering_json()
    assert (view["context_window"], view["context_window_override"], view["max_output_tokens"]) == (
        1000,
        None,
        100,
    )
    assert view["provider_name"] == "The P"
    assert view["rate_limits"] == {"requests_per_minute": None, "tokens_per_minute": None}
    assert view["source"] is None


def test_it_lets_offerings_differ_from_their_model() -> None:
    view = offering_json(
        context_window_override=500, max_output_tokens=200, source=Source(name="docs", verified_at=AT)
    )
    assert (view["context_window"], view["context_window_override"], view["max_output_tokens"]) == (
        500,
        500,
        200,
    )
    assert view["source"] == {"name": "docs", "url": None, "verified_at": "2026-03-01T12:00:00.000Z"}


def test_it_keeps_prices_as_they_are_written() -> None:
    snapshot = snapshot_of(model("m"), provider("p"), offering("p", "m", pricing=PRICES))
    raw = snapshot.models[0].offerings[0].json
    assert b'"input_per_million":0.10,"output_per_million":0.1,' in raw
    assert b'"input_per_million":1000000000.000000000001' in raw
    assert (
        b'"cheapest":{"provider_id":"p","input_per_million":0.10,"output_per_million":0.1,'
        in snapshot.models[0].summary_json
    )
    read = json.loads(raw, parse_float=Decimal)["pricing"]
    assert read["cache_read_per_million"] == Decimal("0.000000000001")


def suggestions() -> Snapshot:
    return snapshot_of(
        model("gpt-4o", name="GPT-4o", aliases=("chatgpt-4o-latest",)),
        model("claude-3-opus", name="Claude 3 Opus"),
        model("deepseek-v3", name="DeepSeek V3"),
        provider("openai", name="OpenAI"),
        provider("amazon-bedrock", name="Amazon Bedrock"),
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gpt-4oo", "gpt-4o"),
        ("GPT-4o", "gpt-4o"),
        ("gpt4o", "gpt-4o"),
        ("chatgpt-4o-lates", "gpt-4o"),
        ("calude-3-opus", "claude-3-opus"),
        ("claude-opus-3", "claude-3-opus"),
        ("deepsek-v3", "deepseek-v3"),
        ("DeepSeek V3", "deepseek-v3"),
        ("xyzzy", None),
        ("", None),
        ("\0", None),
        ("模型", None),
        ("g" * 5000, None),
    ],
)
def test_it_suggests_the_model_that_was_meant(typed: str, meant: str | None) -> None:
    assert suggestions().model_named_like(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"), [("opnai", "openai"), ("bedrock", "amazon-bedrock"), ("azure", None), ("x", None)]
)
def test_it_suggests_the_provider_that_was_meant(typed: str, meant: str | None) -> None:
    assert suggestions().provider_named_like(typed) == meant


def large() -> Registry:
    return registry(
        *(model(f"m-{n:02}", aliases=(f"alias-{n}",), vendor="v") for n in range(20)),
        *(provider(f"p-{n}") for n in range(4)),
        *(offering(f"p-{n % 4}", f"m-{n % 20:02}", f"0.{n % 7}") for n in range(20)),
        vendor("v"),
    )


def test_it_builds_the_same_snapshot_from_the_same_registry() -> None:
    def answers(snapshot: Snapshot) -> Any:
        return (
            [(e.summary_json, e.detail_json, [o.json for o in e.offerings]) for e in snapshot.models],
            snapshot.providers,
            dict(snapshot.model_positions),
            {name: dict(facet) for name, facet in snapshot.facets.models.items()},
            dict(snapshot.model_orders),
            dict(snapshot.provider_orders),
            list(snapshot.model_search.search("m-0").items()),
        )

    first, second = (build_snapshot(large(), revision="r", published_at=AT) for _ in range(2))
    assert answers(first) == answers(second)
    assert first.offerings_count == 20
    assert [p.record.id for p in first.providers] == ["p-0", "p-1", "p-2", "p-3"]
    assert first.providers[0].models == ("m-00", "m-04", "m-08", "m-12", "m-16")


def test_it_cannot_be_changed() -> None:
    snapshot: Any = suggestions()
    with pytest.raises(TypeError):
        snapshot.model_positions["x"] = 1
    with pytest.raises(TypeError):
        snapshot.facets.models["vendor"]["x"] = frozenset()
    with pytest.raises(AttributeError):
        snapshot.models[0].record.id = "x"


def test_it_holds_an_empty_registry() -> None:
    snapshot = snapshot_of()
    assert (snapshot.models, snapshot.providers, snapshot.offerings_count) == ((), (), 0)
    assert snapshot.model_named_like("gpt") is None


def test_it_digests_content_and_nothing_else() -> None:
    content = large()
    assert revision_of(content) == revision_of(large())
    shuffled = list(content.models)
    random.Random(7).shuffle(shuffled)
    assert revision_of(registry(*shuffled, *content.providers, *content.offerings, *content.vendors)) == (
        revision_of(content)
    )
    changed = msgspec.structs.replace(content, models=(*content.models[:-1], model("m-19")))
    assert revision_of(changed) != revision_of(content)
    assert len(revision_of(content)) == 16
    assert revision_of(Registry()) != revision_of(registry(vendor("v")))
