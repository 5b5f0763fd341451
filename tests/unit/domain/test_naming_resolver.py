"""What names mean where models are alike, and what is never guessed."""

import pytest

from contract.builders import model
from fixtures.naming import VENDORS, meaning, resolver_of
from openmodels.domain.naming import Resolver


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
