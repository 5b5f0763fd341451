"""What names mean where models are alike, and what is never guessed."""

from typing import Any

import pytest

from contract.builders import model, vendor
from openmodels.domain.naming import Resolver

VENDORS = (
    vendor("amazon", name="Amazon", prefixes=("titan-",)),
    vendor("openai", name="OpenAI", prefixes=("gpt-", "o1")),
    vendor("anthropic", name="Anthropic", prefixes=("claude-",)),
    vendor("meta", name="Meta", prefixes=("llama-",)),
    vendor("mistral", name="Mistral AI", prefixes=("mistral-", "pixtral-")),
)


def resolver_of(*ids: str, **names: str) -> Resolver:
    """A resolver of models with these ids; ``names`` are display names by id, ``_`` for ``-``."""
    titles = {model_id.replace("_", "-"): name for model_id, name in names.items()}
    models = [model(model_id, open_weights=None) for model_id in ids]
    models += [model(model_id, name=name) for model_id, name in titles.items()]
    return Resolver(models, VENDORS)


def meaning(resolver: Resolver, name: str, **more: Any) -> str | None:
    return resolver.resolve(name, **more).model_id


@pytest.mark.parametrize(
    "name",
    [
        "claude-opus-4-5",
        "Claude Opus 4.5",
        "CLAUDE_OPUS_4.5",
        "anthropic/claude-opus-4.5",
        "anthropic.claude-opus-4-5-v1:0",
        "us.anthropic.claude-opus-4-5-20251101-v1:0",
        "claude-opus-4-5@20251101",
        "claude-opus-4-5@us-east5",
        "anthropic/claude-opus-4.5:free",
        "claude-opus-4-5-latest",
        "anthropic-claude-opus-4.5",
        "openrouter/anthropic/claude-opus-4.5",
        "claude-4-5-opus",
        "claude-opus-45",
    ],
)
def test_it_knows_one_model_by_many_names(name: str) -> None:
    resolver = resolver_of("claude-opus-4-5", "claude-opus-4-1", "claude-sonnet-4-5")
    assert meaning(resolver, name) == "claude-opus-4-5"


@pytest.mark.parametrize(
    "name",
    [
        "meta-llama/Llama-3.3-70B-Instruct",
        "@cf/meta/llama-3.3-70b-instruct-fp8-fast",
        "accounts/fireworks/models/llama-v3p3-70b-instruct",
        "hf:meta-llama/Llama-3.3-70B-Instruct",
        "llama3.3:70b-instruct-q4_K_M",
        "meta.llama3-3-70b-instruct-v1:0",
        "llama-3.3-70b-instruct-maas",
        "models/llama-3.3-70b",
        "RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic",
        "llama-3.3-70b-instruct-awq-us-east-1",
    ],
)
def test_it_knows_open_weights_by_many_names(name: str) -> None:
    resolver = resolver_of("llama-3-3-70b-instruct", "llama-3-1-70b-instruct", "llama-3-1-8b-instruct")
    assert meaning(resolver, name) == "llama-3-3-70b-instruct"


@pytest.mark.parametrize(
    "name",
    [
        "gpt-4o-mini",
        "openai/gpt-4o-mini-2024-07-18",
        "gpt-4o-audio-preview",
        "chatgpt-4o-latest",
        "gpt-4o-transcribe",
        "gpt-4",
        "gpt-4o-128k",
        "ft:gpt-4o:mine",
        "gpt-40",
        "not-gpt-4o",
        "gpt",
        "gpt-4o:thinking",
        "gpt-4o-turbo",
        "gpt-4o-pro:free",
    ],
)
def test_it_never_takes_another_model_for_the_plain_one(name: str) -> None:
    assert meaning(resolver_of("gpt-4o"), name, title="GPT-4o") is None


def test_it_offers_candidates_for_what_it_is_not_sure_of() -> None:
    found = resolver_of("gpt-4o", "gpt-4", "claude-opus-4-5").resolve("openai/gpt-4o-mini")
    assert found.model_id is None
    assert found.rules == ()
    assert found.candidates[0].model_id == "gpt-4o"
    assert all(0 < candidate.score <= 1 for candidate in found.candidates)
    assert [c.score for c in found.candidates] == sorted((c.score for c in found.candidates), reverse=True)


def test_it_offers_candidates_with_the_vendors_name_in_theirs() -> None:
    resolver = Resolver([model("mistral-7", release_date="2024"), model("o7"), model("grok-7")], VENDORS)
    found = resolver.resolve("mistralai/mistral-7-0324")
    assert (found.model_id, found.candidates[0].model_id) == (None, "mistral-7")


def test_it_offers_no_more_than_five_candidates() -> None:
    resolver = resolver_of(*(f"gpt-4-{n}-mini" for n in range(9)))
    assert len(resolver.resolve("gpt-4-20-mini").candidates) == 5


def test_it_prefers_the_dated_release_where_that_is_known() -> None:
    resolver = resolver_of("claude-opus-4-5", "claude-opus-4-5-20251101")
    assert meaning(resolver, "anthropic/claude-opus-4.5-20251101:free") == "claude-opus-4-5-20251101"
    assert meaning(resolver, "anthropic/claude-opus-4.5:free") == "claude-opus-4-5"


def test_it_drops_a_date_only_where_no_other_release_is_known() -> None:
    assert meaning(resolver_of("gpt-4o"), "gpt-4o-2024-08-06") == "gpt-4o"
    assert meaning(resolver_of("gpt-4o", "gpt-4o-2024-05-13"), "gpt-4o-2024-08-06") is None
    assert meaning(resolver_of("codestral-latest"), "codestral-2501") is None


def test_it_does_not_take_an_undated_name_for_the_only_dated_release() -> None:
    resolver = resolver_of("gpt-4o-2024-08-06")
    found = resolver.resolve("gpt-4o")
    assert found.model_id is None
    assert [c.model_id for c in found.candidates] == ["gpt-4o-2024-08-06"]


def test_it_takes_an_undated_name_for_a_dated_release_that_its_title_names() -> None:
    resolver = resolver_of(gpt_4o_2024_08_06="GPT-4o of August")
    assert meaning(resolver, "gpt-4o", title="GPT-4o of August") == "gpt-4o-2024-08-06"
    assert resolver.resolve("gpt-4o", title="GPT-4o of August").rules == ("title",)


def test_it_does_not_take_a_name_with_another_date_than_the_title_has() -> None:
    resolver = resolver_of(gpt_4o="GPT-4o", gpt_4o_2024_05_13="GPT-4o of May")
    assert meaning(resolver, "openai-gpt-4o-2024-11-20", title="GPT-4o") is None


def test_it_lets_no_title_decide_alone() -> None:
    resolver = resolver_of(kimi_k2_7_code="Kimi K2.7 Code")
    assert meaning(resolver, "k2p7", title="Kimi K2.7 Code") == "kimi-k2-7-code"
    assert meaning(resolver, "coder", title="Kimi K2.7 Code") is None
    assert meaning(resolver, "kimi-k2.6", title="Kimi K2.7 Code") is None
    assert resolver.resolve("coder", title="Kimi K2.7 Code").candidates[0].model_id == "kimi-k2-7-code"


def test_it_is_unsure_where_two_ways_lead_to_different_models() -> None:
    resolver = resolver_of(
        claude_sonnet_4_0="Claude Sonnet 4 (latest)", claude_sonnet_4_20250514="Claude Sonnet 4"
    )
    found = resolver.resolve("anthropic/claude-sonnet-4")
    assert found.model_id is None
    assert {c.model_id for c in found.candidates} == {"claude-sonnet-4-0", "claude-sonnet-4-20250514"}


def test_it_lets_the_title_choose_where_two_ways_lead_to_different_models() -> None:
    resolver = resolver_of(
        claude_sonnet_4_0="Claude Sonnet 4 (latest)", claude_sonnet_4_20250514="Claude Sonnet 4"
    )
    for title, expected in (
        ("Claude Sonnet 4", "claude-sonnet-4-20250514"),
        ("Anthropic: Claude Sonnet 4", "claude-sonnet-4-20250514"),
        ("Claude Sonnet 4 (latest)", "claude-sonnet-4-0"),
    ):
        assert meaning(resolver, "anthropic/claude-sonnet-4", title=title) == expected


def test_it_does_not_take_latest_for_a_dated_release() -> None:
    resolver = resolver_of(devstral_medium_2507="Devstral Medium")
    assert meaning(resolver, "devstral-medium-latest") is None


def test_it_takes_instruct_off_only_where_no_sibling_is_known() -> None:
    assert meaning(resolver_of("qwen3-next-80b"), "qwen3-next-80b-instruct") == "qwen3-next-80b"
    siblings = resolver_of("qwen3-next-80b", "qwen3-next-80b-thinking")
    assert meaning(siblings, "qwen3-next-80b-instruct") is None


def test_it_adds_instruct_only_where_no_sibling_is_known() -> None:
    assert meaning(resolver_of("qwen3-next-80b-instruct"), "qwen3-next-80b") == "qwen3-next-80b-instruct"
    siblings = resolver_of("qwen3-next-80b-instruct", "qwen3-next-80b-thinking")
    assert meaning(siblings, "qwen3-next-80b") is None


def test_it_keeps_instruct_where_weights_are_not_published() -> None:
    assert meaning(resolver_of("gpt-3-5-turbo"), "gpt-3.5-turbo-instruct") is None
    weights = Resolver([model("mistral-nemo", open_weights=True, release_date="2024-07")])
    assert meaning(weights, "mistral-nemo-instruct-2407") == "mistral-nemo"


def test_it_tells_how_many_parameters_are_active_only_where_it_matters() -> None:
    assert meaning(resolver_of("qwen3-235b-a22b"), "qwen3-235b") == "qwen3-235b-a22b"
    assert meaning(resolver_of(qwen3_235b="Qwen 3 (235B A22B)"), "qwen3-235b-a22b") == "qwen3-235b"
    assert meaning(resolver_of("qwen3-235b-a22b", "qwen3-235b-a30b"), "qwen3-235b") is None


def test_it_keeps_the_version_that_the_listing_is_of() -> None:
    resolver = resolver_of("titan-embed-text")
    assert meaning(resolver, "amazon.titan-embed-text-v1:0") == "titan-embed-text"
    assert meaning(resolver, "amazon.titan-embed-text-v2:0") is None
    assert meaning(
        resolver_of("titan-embed-text", "titan-embed-text-v2"), "amazon.titan-embed-text-v2:0"
    ) == ("titan-embed-text-v2")


def test_it_does_not_take_one_vendors_model_for_anothers() -> None:
    resolver = Resolver([model("llama-3-3-70b", vendor="meta")], VENDORS)
    assert meaning(resolver, "meta/llama-3.3-70b") == "llama-3-3-70b"
    assert meaning(resolver, "somebody/llama-3.3-70b") == "llama-3-3-70b"
    assert meaning(resolver, "mistral/llama-3.3-70b") is None


def test_it_takes_off_the_providers_own_name() -> None:
    resolver = Resolver([model("glm-5-1", open_weights=False)])
    assert meaning(resolver, "umbrella-glm-5.1", provider="umbrella-ai-plan") == "glm-5-1"
    assert meaning(resolver, "umbrella-glm-5.1", provider="other") is None
    assert meaning(resolver, "umbrella-glm-5.1") is None


def test_it_finds_by_alias_and_lets_an_id_go_before() -> None:
    resolver = Resolver(
        [model("one", aliases=("uno", "two")), model("two"), model("three", aliases=("both",))]
    )
    assert meaning(resolver, "vendor/UNO") == "one"
    assert meaning(resolver, "two") == "two"


def test_it_is_unsure_of_an_alias_or_a_display_name_that_two_have() -> None:
    resolver = Resolver([model("one", aliases=("both",)), model("two", aliases=("both",))])
    assert meaning(resolver, "both") is None
    resolver = resolver_of(model_a="The One", model_b="The One")
    assert meaning(resolver, "the-one") is None
    assert meaning(resolver, "the-one", title="The One") is None


@pytest.mark.parametrize("name", ["", "  ", "///", "…", "a" * 256, "gpt-4o" + " " * 10_000, "\ud800"])
def test_it_knows_nothing_of_a_name_that_says_nothing_or_too_much(name: str) -> None:
    found = resolver_of("gpt-4o").resolve(name, provider=name, title=name)
    assert (found.model_id, found.candidates) == (None, ())
    assert resolver_of("gpt-4o").stem(name) == ""


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("openai/gpt-5.1-chat-latest", "gpt-5-1-chat"),
        ("us.anthropic.claude-opus-9-20301231-v1:0", "claude-opus-9"),
        ("Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8", "qwen3-coder-480b-a35b-instruct"),
        ("mistral-small-2506", "mistral-small-2506"),
        ("mistral-large-3", "mistral-large-3"),
        ("openai-gpt-7:free", "gpt-7"),
        ("meta-llama-9-70b", "llama-9-70b"),
        ("gpt-6-mini@us-east5", "gpt-6-mini"),
    ],
)
def test_it_gives_the_stem_of_a_name(name: str, stem: str) -> None:
    assert resolver_of("gpt-4o", "claude-opus-4-5").stem(name) == stem


def test_it_keeps_a_vendors_name_that_is_part_of_a_known_id() -> None:
    assert (
        resolver_of("mistral-nemotron", "nemotron-3-nano").stem("mistral-nemotron:free") == "mistral-nemotron"
    )


def test_it_takes_the_providers_own_name_off_a_stem() -> None:
    resolver = resolver_of("glm-5-1")
    assert resolver.stem("umbrella-glm-6", provider="umbrella-plan") == "glm-6"
    assert resolver.stem("umbrella-glm-6") == "umbrella-glm-6"


NAMED = Resolver(
    [
        model("gpt-4o", name="GPT-4o", open_weights=False),
        model("claude-opus-4-5", name="Claude Opus 4.5", open_weights=False),
        model("llama-3-3-70b", name="Llama 3.3 70B", open_weights=True),
    ],
    VENDORS,
)


@pytest.mark.parametrize(
    "name",
    [
        "meta-llama/gpt-4o",
        "x/meta/gpt-4o",
        "openai/meta/gpt-4o",
        "hf:openai/claude-opus-4.5",
        "openai/claude-opus-4.5",
        "openai:claude-opus-4.5",
        "us.meta.gpt-4o",
        "us.anthropic.gpt-4o",
        "bedrock/us.anthropic.gpt-4o",
        "mistralai/gpt-4o",
        "meta-gpt-4o",
    ],
)
@pytest.mark.parametrize("title", [None, "GPT-4o", "Claude Opus 4.5"])
def test_it_notices_another_vendor_wherever_a_name_says_it(name: str, title: str | None) -> None:
    assert meaning(NAMED, name, title=title) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("openai/meta-llama/llama-3.3-70b-instruct", "llama-3-3-70b"),
        ("hf:meta-llama/llama-3.3-70b", "llama-3-3-70b"),
        ("openai:gpt-4o", "gpt-4o"),
        ("x/y/openai/gpt-4o", "gpt-4o"),
        ("us-gov.anthropic.claude-opus-4-5", "claude-opus-4-5"),
    ],
)
def test_it_asks_whose_a_model_is_by_the_last_vendor_named(name: str, expected: str) -> None:
    assert meaning(NAMED, name) == expected


@pytest.mark.parametrize("known", ["gpt-4o", "claude-opus-4-5", "llama-3-3-70b"])
@pytest.mark.parametrize(
    "before",
    [
        *("ft:", "ft:org/", "lora:", "adapter:", "merge:", "my-model:", "hf:ft:", "org/ft:", "ft:a/b/"),
        *("lora/", "accounts/me/adapters/", "fine-tuned/", "my-model.", "mini.", "ft."),
    ],
)
def test_it_does_not_take_what_was_made_of_a_model_for_the_model(before: str, known: str) -> None:
    title = NAMED.resolve(known).model_id
    assert meaning(NAMED, before + known, title=title) is None
    assert meaning(NAMED, f"{before}{known}-2025-08-06") is None


@pytest.mark.parametrize(
    "name",
    [
        "llama-4-scout-17b-128e",
        "llama-4-scout-17b-128e-instruct",
        "gpt-oss-120b-a3b",
        "qwen3-235b-a22b-a3b",
        "qwen3-235b-a3b",
        "llama-3.3-70b-16e",
    ],
)
def test_it_takes_no_count_of_experts_off_that_the_model_does_not_state(name: str) -> None:
    resolver = Resolver(
        [
            model("llama-4-scout", aliases=("llama-4-scout-17b", "llama-4-scout-17b-16e")),
            model("llama-4-maverick", aliases=("llama-4-maverick-17b-128e",)),
            *map(model, ("gpt-oss-120b", "qwen3-235b-a22b", "llama-3-3-70b")),
        ]
    )
    assert meaning(resolver, name) is None
    assert meaning(resolver, "meta/llama-4-scout-17b-16e-instruct") == "llama-4-scout"


@pytest.mark.parametrize("known", ["text-embedding-3-large", "gemini-embedding-001", "gpt-image-1"])
@pytest.mark.parametrize("release", [None, "2024-10-24"])
def test_it_takes_no_dimensions_for_a_date(known: str, release: str | None) -> None:
    resolver = Resolver([model(known, release_date=release)])
    assert meaning(resolver, f"{known}-1024") is None


@pytest.mark.parametrize(
    ("mark", "release", "same"),
    [
        ("-2023-01-01", "2024-05-13", False),
        ("-20230101", "2024-05-13", False),
        ("-230101", "2024-05-13", False),
        ("-2023-01", "2024-05-13", False),
        ("-01-2023", "2024-05", False),
        ("-2023-12-01", "2024", True),
        ("-2023-11-01", "2024", False),
        ("-2024-04-15", "2024-05-13", True),
        ("-2024-11-20", "2024-05-13", True),
        ("-05-2024", "2024-05-13", True),
        ("-2405", "2024-05-13", True),
        ("-2407", "2024-05-13", False),
        ("-2305", "2024-05-13", False),
        ("-0513", "2024-05-13", True),
        ("-1106", "2023-03-14", False),
        ("-0314", "2023-03-14", True),
        ("-0102", "2024-12-20", True),
        ("-1220", "2025-01-05", True),
        ("-0229", "2023-02-20", False),
        ("-2405", "2024", False),
        ("-2405", None, False),
        ("-0513", "soon", False),
        ("-2024-02-31", None, False),
        ("-2031-01-01", "0000-00", True),
    ],
)
def test_it_compares_a_date_with_the_release(mark: str, release: str | None, same: bool) -> None:
    resolver = Resolver([model("gpt-4o", release_date=release)])
    assert meaning(resolver, f"openai/gpt-4o{mark}") == ("gpt-4o" if same else None)


def test_it_takes_a_refresh_for_a_model_of_its_own() -> None:
    resolver = Resolver([model("qwen3-235b-a22b", open_weights=True, release_date="2025-04-28")])
    assert meaning(resolver, "qwen3-235b-a22b-2507") is None
    assert meaning(resolver, "qwen3-235b-a22b-instruct-2507") is None


def test_it_lets_no_title_take_off_what_a_rule_may_not() -> None:
    resolver = resolver_of(gpt_3_5_turbo="GPT-3.5 Turbo", qwen3_80b="Qwen3 80B", qwen3_80b_thinking="Thinker")
    assert meaning(resolver, "gpt-3.5-turbo-instruct", title="GPT-3.5 Turbo") is None
    assert meaning(resolver, "qwen3-80b-instruct", title="Qwen3 80B") is None
    assert meaning(resolver, "qwen3-80b-a3b", title="Qwen3 80B") is None
    assert meaning(resolver, "qwen3-80b-fp8", title="Qwen3 80B") == "qwen3-80b"


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("vikhr", "vikhr-llama-3.3-70b"),
        ("dolphin-ai", "dolphin-llama-3.3-70b-instruct"),
        ("nous-research", "nous-research-llama-3.3-70b"),
    ],
)
def test_it_does_not_take_a_fine_tuners_own_model_for_its_base(provider: str, name: str) -> None:
    assert meaning(NAMED, name, provider=provider) is None
    assert meaning(NAMED, name, provider=provider, title=f"{provider} Llama 3.3 70B") is None


def test_it_takes_a_hosts_name_off_open_weights_where_the_title_says_which() -> None:
    assert meaning(NAMED, "host-llama-3.3-70b", provider="host", title="Llama 3.3 70B") == "llama-3-3-70b"
    assert meaning(NAMED, "meta-llama-3.3-70b", provider="meta") == "llama-3-3-70b"


def test_it_takes_a_hosts_name_for_no_vendors_claim() -> None:
    assert meaning(NAMED, "mistral-gpt-4o", provider="mistral") == "gpt-4o"
    assert meaning(NAMED, "mistral-gpt-4o", provider="host") is None


@pytest.mark.parametrize(
    "name", ["mini-gpt-4o", "vendor/mini-gpt-4o", "mini/gpt-4o-mini-4o", "sonar-pro-reasoning"]
)
def test_it_moves_no_word_before_another(name: str) -> None:
    assert meaning(resolver_of("gpt-4o-mini", "sonar-reasoning-pro", "sonar-pro"), name) is None


def test_it_does_not_take_published_base_weights_for_the_tuned_ones() -> None:
    resolver = resolver_of("llama-3-3-70b-instruct")
    for before in ("meta-llama/", "hf:meta-llama/", "hf:"):
        assert meaning(resolver, f"{before}llama-3.3-70b") is None
        assert meaning(resolver, f"{before}llama-3.3-70b-instruct") == "llama-3-3-70b-instruct"


def test_it_does_not_take_a_date_for_an_alias_that_is_the_latest() -> None:
    resolver = Resolver([model("chatgpt", aliases=("gpt-4o-latest",))])
    assert meaning(resolver, "openai/gpt-4o") == "chatgpt"
    assert meaning(resolver, "openai/gpt-4o-2024-08-06") is None


def test_it_lets_an_id_go_before_anothers_display_name() -> None:
    resolver = resolver_of(first="Example 5", example_5="The Example")
    assert meaning(resolver, "vendor/example-5") == "example-5"


def test_it_lets_the_title_choose_between_namesakes() -> None:
    resolver = resolver_of(
        claude_opus_4_1="Claude Opus 4.1 (latest)", claude_opus_4_1_20250805="Claude Opus 4.1"
    )
    found = resolver.resolve("anthropic/claude-opus-4.1", title="Claude Opus 4.1")
    assert (found.model_id, found.rules) == ("claude-opus-4-1-20250805", ("path", "title"))
    assert meaning(resolver, "claude-opus-4.1", title="Claude Opus 4.1") == "claude-opus-4-1"


def test_it_is_unsure_where_the_title_says_more_than_the_name() -> None:
    resolver = resolver_of(gpt_4o="GPT-4o", gpt_4o_mini="GPT-4o mini")
    assert meaning(resolver, "openai/gpt-4o", title="GPT-4o mini") is None
    assert meaning(resolver, "openai/gpt-4o-mini", title="GPT-4o") == "gpt-4o-mini"


@pytest.mark.parametrize("letter", ["\u0130", "\ufb03", "+"])
def test_it_knows_nothing_of_a_name_that_is_spelled_too_long(letter: str) -> None:
    resolver = resolver_of("gpt-4o")
    assert resolver.stem(letter * 255) == ""
    assert resolver.resolve(letter * 255, title="Gpt-4O").candidates == ()
