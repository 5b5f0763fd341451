"""What the resolver takes for no name of a model that looks alike: makers, refreshes, what was made of it."""

import pytest

from contract.builders import model
from fixtures.naming import VENDORS, meaning, resolver_of
from openmodels.domain.naming import Resolver

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
