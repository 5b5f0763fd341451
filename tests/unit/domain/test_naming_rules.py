"""Each rule by itself, on the example that it and the documentation show."""

import re
from pathlib import Path

import pytest

from contract.builders import model, vendor
from openmodels.domain.naming import Resolver
from openmodels.domain.naming.rules import RULES, Rule
from openmodels.domain.naming.spelling import canonical_id, is_size, numbers_apart, run_together, spelled

PAGE = Path(__file__).parents[3] / "docs" / "names.md"
ACME = vendor("acme", name="Acme Labs")


def meant(rule: Rule) -> str:
    """The model that the rule's example leads to."""
    return rule.example[1]


def titled(rule: Rule) -> str:
    if rule.name == "experts":
        return "The Example 30B A3B"
    return "Example Five" if rule.name == "display-name" else f"The model {meant(rule)}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_it_does_what_its_example_says(rule: Rule) -> None:
    known = model(
        meant(rule),
        name=titled(rule),
        vendor="acme",
        open_weights=rule.name != "own-name",
        release_date="2025-05-14",
    )
    resolver = Resolver([known, model("unlike")], [ACME])
    title = known.name if rule.kind == "witness" else None
    found = resolver.resolve(rule.example[0], provider="somehost", title=title)
    assert found.model_id == known.id
    assert rule.name in found.rules


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_it_leads_nowhere_where_the_model_is_not_known(rule: Rule) -> None:
    resolver = Resolver([model("example-6"), model("sample-5")], [ACME])
    assert resolver.resolve(rule.example[0], provider="somehost").model_id is None


def test_it_has_a_name_and_a_line_for_each_rule() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)
    assert all(rule.doc and "\n" not in rule.doc for rule in RULES)


def test_it_is_documented_as_it_is_declared() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if re.match(r"\| `[a-z-]+` \|", line)]
    assert rows == [
        f"| `{rule.name}` | {rule.doc} | `{rule.example[0]}` → `{rule.example[1]}` |" for rule in RULES
    ]


@pytest.mark.parametrize(
    ("source_id", "expected"),
    [
        ("openai/gpt-4.1", "gpt-4-1"),
        ("minimax/MiniMax-M2.1", "minimax-m2-1"),
        ("command-r+", "command-r-plus"),
        ("a/b/Qwen_3 8B", "qwen-3-8b"),
        ("vendor/", ""),
        ("../../etc/passwd", "passwd"),
        ("..", ""),
        ("ＧＰＴ-4", "gpt-4"),
        ("модель", ""),
    ],
)
def test_it_makes_a_canonical_id(source_id: str, expected: str) -> None:
    assert canonical_id(source_id) == expected


@pytest.mark.parametrize(
    "names",
    [
        ("gpt-5-2-codex", "gpt-52-codex", "gpt5.2-codex", "gpt-5p2-codex"),
        ("llama-3-3-70b", "llama-v3p3-70b", "llama3.3-70b"),
        ("gpt-4o-2024-08-06", "gpt-4o-20240806"),
    ],
)
def test_it_joins_words_and_digits(names: tuple[str, ...]) -> None:
    assert len({run_together(spelled(name)) for name in names}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("llama-3-1-8b", "llama-3-18b"),
        ("grok-4-20", "grok-42-0"),
        ("claude-3-5-sonnet-v2", "claude-35-2-sonnet"),
        ("qwen3-0-6b", "qwen3-06b"),
        ("gemma-3-4b", "gemma-34-b"),
    ],
)
def test_it_does_not_join_what_says_something_else(one: str, other: str) -> None:
    assert run_together(one) != run_together(other)


def test_it_keeps_a_version_together_wherever_it_stands() -> None:
    assert numbers_apart("claude-4-5-sonnet") == numbers_apart("claude-sonnet-4-5")
    assert numbers_apart("claude-4-5-sonnet") != numbers_apart("claude-5-sonnet-4")
    assert numbers_apart("llama-70b-3-3") == numbers_apart("llama-3-3-70b")


def test_it_keeps_words_in_their_order() -> None:
    assert numbers_apart("sonar-pro-reasoning") != numbers_apart("sonar-reasoning-pro")
    assert numbers_apart("mini-gpt-4o") != numbers_apart("gpt-4o-mini")
    assert numbers_apart("gpt-mini-4o") == numbers_apart("gpt-4o-mini")


@pytest.mark.parametrize("word", ["70b", "a22b", "8x7b", "16e", "128k", "e4b", "1t", "270m"])
def test_it_knows_a_size(word: str) -> None:
    assert is_size(word)


@pytest.mark.parametrize("word", ["4o", "v3", "k2", "b", "beta", "2507", "r7c"])
def test_it_knows_what_is_no_size(word: str) -> None:
    assert not is_size(word)
