import itertools
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.builders import AT, model, registry, vendor
from openmodels.domain.query import by_relevance
from openmodels.domain.search import MAX_WORDS, Document, SearchIndex, words_of
from openmodels.domain.snapshot import Snapshot, build_snapshot
from openmodels.registry.load import require_registry

BUNDLED = Path(__file__).parents[3] / "registry"

SMALL = (
    Document(("gpt-4o", "GPT-4o"), "A fast multimodal model.", ("openai", "OpenAI", "gpt")),
    Document(("gpt-4o-mini", "GPT-4o mini"), "A small model.", ("openai", "OpenAI", "gpt")),
    Document(("claude-sonnet-4-5", "Claude Sonnet 4.5", "sonnet-4-5"), "For agents.", ("anthropic",)),
    Document(("deepseek-v3", "DeepSeek-V3", "deepseek-chat"), "A mixture of experts.", ("deepseek",)),
    Document(("llama-3-1-8b", "Llama 3.1 8B"), "Open weights, unlike gpt.", ("meta", "Meta", "llama")),
    Document(("cafe", "Café Crème"), "Speaks French."),
)


def ids(query: str, documents: Sequence[Document] = SMALL) -> list[str]:
    found = SearchIndex(documents).search(query)
    return [documents[number].names[0] for number in by_relevance(found)]


@pytest.fixture(scope="module")
def bundled() -> Snapshot:
    return build_snapshot(require_registry(BUNDLED), revision="test", published_at=AT)


def bundled_ids(snapshot: Snapshot, query: str) -> list[str]:
    return [snapshot.models[n].record.id for n in by_relevance(snapshot.model_search.search(query))]


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("deepseek v3", "deepseek-v3"),
        ("DEEPSEEK-V3", "deepseek-v3"),
        ("gpt4o", "gpt-4o"),
        ("  GPT - 4o!  ", "gpt-4o"),
        ("claude sonet", "claude-sonnet-4-5"),
        ("gtp-4o", "gpt-4o"),
        ("llama3", "llama-3-1-8b"),
        ("sonnet 4.5", "claude-sonnet-4-5"),
        ("cafe creme", "cafe"),
        ("CAFÉ", "cafe"),
        ("creme cafe", "cafe"),
        ("ｃａｆｅ", "cafe"),
        ("cafe\u0301", "cafe"),
        ("experts", "deepseek-v3"),
        ("anthropic agents", "claude-sonnet-4-5"),
    ],
)
def test_it_finds_what_was_meant(query: str, meant: str) -> None:
    assert ids(query)[0] == meant


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("deepseek v3", "deepseek-v3"),
        ("gpt4o", "gpt-4o"),
        ("gtp-4o", "gpt-4o"),
        ("claude sonet", "claude-3-5-sonnet"),
        ("llama3", "llama-3-"),
        ("qwen 3", "qwen3-"),
        ("gemma-4-31b", "gemma-4-31b"),
    ],
)
def test_it_finds_what_was_meant_in_the_bundled_registry(bundled: Snapshot, query: str, meant: str) -> None:
    assert bundled_ids(bundled, query)[0].startswith(meant)


def test_it_finds_every_bundled_model_first_by_its_id_and_aliases(bundled: Snapshot) -> None:
    for entry in bundled.models:
        for name in (entry.record.id, *entry.record.aliases):
            assert bundled_ids(bundled, name)[0] == entry.record.id


def test_it_finds_every_bundled_model_among_those_of_its_name(bundled: Snapshot) -> None:
    for entry in bundled.models:
        same = [e.record.id for e in bundled.models if e.record.name == entry.record.name]
        assert entry.record.id in bundled_ids(bundled, entry.record.name)[: len(same)]


def test_it_puts_exact_before_prefix_before_substring_before_all_words() -> None:
    documents = [
        Document(("zz-words", "Flash one"), "It is a nova."),
        Document(("super-nova-flash-x",), "Stands inside."),
        Document(("nova-flash-pro",), "Begins."),
        Document(("other", "Something", "nova-flash"), "Equals, by an alias."),
    ]
    assert ids("nova flash", documents) == ["other", "nova-flash-pro", "super-nova-flash-x", "zz-words"]


def test_it_puts_an_own_name_before_a_name_that_is_shared() -> None:
    snapshot = build_snapshot(
        registry(
            model("a-grok", family="grok", vendor="xai"),
            model("b-model", vendor="grok"),
            model("grok", family="other"),
            vendor("xai", name="Grok"),
        ),
        revision="r",
        published_at=AT,
    )
    assert bundled_ids(snapshot, "grok") == ["grok", "a-grok", "b-model"]


def test_it_puts_what_is_spelled_exactly_before_what_only_sounds_the_same() -> None:
    documents = [Document(("gpt-4-1",), ""), Document(("gpt-41",), ""), Document(("command-a+",), "")]
    assert ids("GPT-41", documents)[0] == "gpt-41"
    assert ids("gpt-4-1", documents)[0] == "gpt-4-1"
    assert ids("gpt 41", documents) == ["gpt-4-1", "gpt-41"]


def test_it_requires_every_word() -> None:
    assert ids("openai mini") == ["gpt-4o-mini"]
    assert ids("openai llama") == []


def test_it_counts_a_word_in_a_name_more_than_one_in_a_description() -> None:
    assert ids("gpt fast")[0] == "gpt-4o"
    documents = [Document(("a",), "About turtles and fish."), Document(("b", "Fish and turtles"), "No.")]
    assert ids("turtles fish", documents) == ["b", "a"]


def test_it_forgives_typing_errors_only_when_nothing_else_matches() -> None:
    documents = [Document(("sonnet",), ""), Document(("sonet",), "")]
    assert ids("sonet", documents) == ["sonet"]
    assert sorted(ids("sonnnet", documents)) == ["sonet", "sonnet"]


@pytest.mark.parametrize(
    "query", ["", "   ", "!!!", "-_-", "\0", "\u0301" * 200, "🙂🙃", "…—", "\u202e", "\n\t"]
)
def test_it_finds_nothing_for_a_query_without_words(query: str) -> None:
    assert ids(query) == []


@pytest.mark.parametrize("query", ["xyzzy-plugh", "模型", "نموذج", "qqqqqqqqqq", "9" * 200])
def test_it_finds_nothing_for_words_that_nobody_uses(query: str) -> None:
    assert ids(query) == []


@pytest.mark.parametrize(
    ("name", "query"),
    [("通义千问 3", "通义千问"), ("نموذج اللغة", "نموذج"), ("Ÿ-Straße", "y strasse"), ("模型", "模型")],
)
def test_it_finds_names_in_any_script(name: str, query: str) -> None:
    assert ids(query, [Document(("x", name), ""), *SMALL]) == ["x"]


def test_it_does_not_match_short_words_inside_words() -> None:
    assert ids("4o")[0] == "gpt-4o"
    assert ids("ni") == []


def test_it_ignores_an_entry_without_words() -> None:
    documents = [Document(("!!!", "???"), "…"), Document(("b-model",), "Fine.")]
    assert ids("b", documents) == ["b-model"]
    assert ids("!!!", documents) == []
    assert ids("anything", []) == []


def test_it_reads_only_the_first_words_of_a_long_query() -> None:
    words = ["gpt", "4o", *["fast"] * (MAX_WORDS - 2), "absent"]
    assert ids(" ".join(words)) == ["gpt-4o"]


HOSTILE = [
    "\0gpt\0" * 40,
    "a" + "\u0301\u0327" * 100,
    "!?" * 5000,
    "gpt " * 10_000,
    "e" * 10_000,
    " ".join("".join(p) for p in itertools.product("aeiou", repeat=4)),
    "🙂" * 200,
    "模" * 200,
    "\u202e\u200f\u202d" * 60 + "gpt",
    "\ufdfa" * 200,
    "ﬃ" * 200,
]


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
def test_it_stays_quick_on_a_hostile_query(bundled: Snapshot, query: str) -> None:
    started = time.perf_counter()
    bundled.model_search.search(query)
    assert time.perf_counter() - started < 0.5


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_it_takes_any_text_and_scores_within_its_tiers(query: str) -> None:
    found = SearchIndex(SMALL).search(query)
    assert set(found) <= set(range(len(SMALL)))
    assert all(0 < score <= 1100 for score in found.values())
    assert bool(words_of(query)) or not found


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["gpt-4o", "Claude Sonnet 4.5", "Café Crème", "Llama 3.1 8B"]), st.data())
def test_it_does_not_mind_case_accents_and_punctuation(name: str, data: st.DataObject) -> None:
    marks = st.sampled_from(["", "-", ".", " ", "_", "/", "\u0301", "\u200b"])
    noisy = "".join(
        (c.upper() if data.draw(st.booleans()) else c.lower()) + data.draw(marks) for c in name if c.isalnum()
    )
    assert ids(noisy)[0] == ids(name)[0]


NAME = st.text("ab12-.", min_size=1, max_size=6).filter(words_of)
GROUP = st.text("ab1", min_size=1, max_size=3)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.lists(NAME, min_size=1, max_size=3), st.lists(GROUP, max_size=2)), max_size=8))
def test_it_finds_every_entry_first_by_each_of_its_own_names(
    drawn: list[tuple[list[str], list[str]]],
) -> None:
    documents, taken = [], set[str]()
    for names, shared in drawn:
        own = tuple(dict.fromkeys(name for name in names if name not in taken))
        taken.update(own)
        if own:
            documents.append(Document(own, "a1 b2 ab", tuple(shared)))
    index = SearchIndex(documents)
    for number, document in enumerate(documents):
        for name in document.names:
            assert by_relevance(index.search(name))[0] == number


@settings(max_examples=200, deadline=None)
@given(st.lists(NAME, min_size=1, max_size=8, unique=True), NAME)
def test_it_ranks_by_how_the_query_stands_in_the_names(names: list[str], query: str) -> None:
    documents = [Document((name,), "") for name in names]
    whole = "".join(words_of(query))

    def tier(name: str) -> int:
        joined = "".join(words_of(name))
        if joined == whole:
            return 3
        return 2 if joined.startswith(whole) else 1 if len(whole) >= 3 and whole in joined else 0

    found = [tier(name) for name in ids(query, documents)]
    assert found == sorted(found, reverse=True)
    assert sum(bool(t) for t in found) == sum(bool(tier(name)) for name in names)
