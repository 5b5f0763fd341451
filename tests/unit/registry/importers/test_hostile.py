"""Whatever a source sends, a reader gives values that our records hold, or refuses the whole document."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.sources import READ_AT, anything, assert_holds, document
from openmodels.domain.observation import Reading
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers import genai_prices, litellm, models_dev, openai_compatible

NUMBERS = st.one_of(st.integers(0, 10**7), st.floats(0, 100, allow_nan=False), st.just("0.00001"))
WORDS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("id", "name", "family", "npm", "status", "mode", "license", "api"), st.text(max_size=8)),
    **dict.fromkeys(("cost", "limit", "pricing", "prices", "match", "tier", "meta", "modalities"), st.none()),
    **dict.fromkeys(("input", "output", "cache_read", "context", "size", "reasoning"), NUMBERS),
    **dict.fromkeys(("input_mtok", "output_mtok", "base", "price", "start", "prompt", "completion"), NUMBERS),
    **dict.fromkeys(("input_cost_per_token", "output_cost_per_token", "max_input_tokens"), NUMBERS),
    **dict.fromkeys(("tiers", "tiered_pricing", "range", "or", "and", "price_variants", "env"), st.just([])),
    **dict.fromkeys(("release_date", "deprecation_date", "start_date"), st.just("2026-01-01")),
    **dict.fromkeys(("equals", "contains", "constraint", "when", "supported_modalities"), st.just(["text"])),
    **dict.fromkeys(("search_context_cost_per_query", "top_provider", "architecture"), st.just({})),
    "input_cost_per_token_above_200k_tokens": NUMBERS,
    "supported_parameters": st.just(["tools"]),
    "litellm_provider": st.sampled_from(["openai", "bedrock", "vertex_ai-x", "dashscope"]),
}
JSON = anything(WORDS)


def check(read: Callable[..., Reading], whole: bytes) -> None:
    """Read it; what comes out holds, and so does what is said of a document that is refused."""
    refusal = ""
    try:
        assert_holds(read(whole, observed_at=READ_AT))
    except SourceUnreadable as refused:
        refusal = str(refused)
    assert refusal.isprintable()


@settings(max_examples=40, deadline=None)
@given(JSON, JSON, JSON)
def test_models_dev(model: Any, provider: Any, offering: Any) -> None:
    listed = {"models": {"m": offering}, **(provider if isinstance(provider, dict) else {})}
    whole = {"models": {"v/m": model}, "providers": {"p": listed, "q": {"models": {"m": model}}}}
    check(models_dev.read, document(whole))


@settings(max_examples=40, deadline=None)
@given(JSON, JSON, st.sampled_from(sorted(litellm.MODES)))
def test_litellm(one: Any, other: Any, mode: str) -> None:
    entry = {"litellm_provider": "openai", "mode": mode, **(one if isinstance(one, dict) else {})}
    check(litellm.read, document({"a": entry, "b": other}))


@settings(max_examples=40, deadline=None)
@given(JSON, JSON, JSON)
def test_genai_prices(prices: Any, model: Any, provider: Any) -> None:
    entry = {"id": "m", "prices": prices}
    check(genai_prices.read, document([{"id": "p", "models": [entry, model]}, provider]))


@settings(max_examples=40, deadline=None)
@given(JSON, JSON)
def test_openai_compatible(one: Any, other: Any) -> None:
    entry = {"id": "m", **(one if isinstance(one, dict) else {})}
    check(openai_compatible.read, document({"data": [entry, other]}))


@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize(
    "read",
    [models_dev.read, litellm.read, genai_prices.read, openai_compatible.read],
    ids=lambda r: r.__module__,
)
@given(whole=JSON)
def test_a_document_of_any_shape(read: Callable[..., Reading], whole: Any) -> None:
    check(read, document(whole))


@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize(
    "read",
    [models_dev.read, litellm.read, genai_prices.read, openai_compatible.read],
    ids=lambda r: r.__module__,
)
@given(whole=st.binary(max_size=60))
def test_a_document_of_any_bytes(read: Callable[..., Reading], whole: bytes) -> None:
    check(read, whole)
