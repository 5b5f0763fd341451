from decimal import Decimal
from typing import Any

import pytest

from fixtures.sources import READ_AT, assert_holds, document, said, subjects
from openmodels.domain.observation import Reading, Subject
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers import openai_compatible


def read(*entries: Any, **more: Any) -> Reading:
    """What a list with these entries says."""
    whole = {"object": "list", "data": list(entries), **more}
    reading = openai_compatible.read(document(whole), observed_at=READ_AT, provider="home")
    assert_holds(reading)
    return reading


def entry(**changes: Any) -> dict[str, Any]:
    """What is said of one entry."""
    return said(
        read({"id": "glow-2", "object": "model", "created": 1, "owned_by": "acme", **changes}), "offering"
    )


def test_most_servers_tell_names_only() -> None:
    reading = read({"id": "llama3.2:3b"}, {"id": "qwen3:8b"})
    assert subjects(reading) == [
        Subject("offering", "home", "llama3.2:3b"),
        Subject("offering", "home", "qwen3:8b"),
    ]
    assert entry() == {"provider_model_name": "glow-2"}
    assert (reading.source, reading.source_name, reading.source_url) == (
        "openai-compatible",
        "/v1/models of home",
        None,
    )


@pytest.mark.parametrize(
    "shape",
    [
        {"max_model_len": 32768},
        {"context_window": 32768},
        {"context_length": 32768},
        {"max_context_length": 131072, "loaded_context_length": 32768},
        {"meta": {"n_ctx_train": 131072, "n_ctx": 32768}},
        {"meta": {"n_ctx_train": 32768, "n_params": 3}},
        {"context_length": 131072, "top_provider": {"context_length": 32768}},
    ],
    ids=lambda shape: next(iter(shape)),
)
def test_it_reads_the_context_window_of_each_kind_of_server(shape: dict[str, Any]) -> None:
    assert entry(**shape)["context_window"] == 32768


def test_it_reads_the_longest_answer() -> None:
    assert entry(max_completion_tokens=4096)["max_output_tokens"] == 4096
    assert entry(top_provider={"max_completion_tokens": 8192})["max_output_tokens"] == 8192
    assert "max_output_tokens" not in entry(top_provider={"max_completion_tokens": None})


def test_it_reads_prices_per_token_written_as_text() -> None:
    found = entry(
        name="Acme: Glow 2",
        pricing={
            "prompt": "0.00000025",
            "completion": "0.0000015",
            "input_cache_read": "0.000000025",
            "web_search": "0.01",
            "request": "0",
        },
        architecture={"input_modalities": ["text", "image"], "output_modalities": ["text"]},
        supported_parameters=["tools", "reasoning", "temperature", ["odd"]],
    )
    assert found == {
        "provider_model_name": "glow-2",
        "title": "Acme: Glow 2",
        "model.input_modalities": ("text", "image"),
        "model.output_modalities": ("text",),
        "model.modalities": ("text", "image"),
        "model.capabilities": ("chat", "reasoning", "vision", "function-calling"),
        "pricing.currency": "USD",
        "pricing.input_per_million": Decimal("0.25"),
        "pricing.output_per_million": Decimal("1.5"),
        "pricing.cache_read_per_million": Decimal("0.025"),
        "pricing.search_per_query": Decimal("0.01"),
    }


def test_a_price_that_depends_on_the_route_is_unknown() -> None:
    reading = read({"id": "auto", "pricing": {"prompt": "-1", "completion": "-1"}})
    assert said(reading, "offering") == {"provider_model_name": "auto"}
    assert len(reading.notes) == 2


def test_zero_is_free_only_where_the_name_says_so() -> None:
    nothing = {"prompt": "0", "completion": "0"}
    assert "pricing.input_per_million" not in entry(pricing=nothing)
    assert entry(id="glow-2:free", pricing=nothing)["pricing.input_per_million"] == 0


def test_prices_of_an_unknown_unit_are_noted() -> None:
    reading = read({"id": "glow-2", "pricing": {"input": 0.3, "output": 0.6, "hourly": 0}})
    assert "pricing.input_per_million" not in said(reading, "offering")
    assert "glow-2 input, home/glow-2 output" in reading.notes[0]


def test_it_leaves_out_what_is_not_served_and_says_that_a_page_is_not_all() -> None:
    reading = read({"id": "old", "active": False}, {"id": ""}, {"name": "x"}, "glow", has_more=True)
    assert subjects(reading) == []
    assert any("not active" in note for note in reading.notes)
    assert any("first page" in note for note in reading.notes)


def test_it_takes_a_bare_list_and_an_empty_one() -> None:
    assert subjects(openai_compatible.read(b'[{"id": "a"}]', observed_at=READ_AT))
    assert not subjects(openai_compatible.read(b'{"data": []}', observed_at=READ_AT))


@pytest.mark.parametrize("whole", [{}, {"data": None}, {"data": {"id": "a"}}, {"error": "x"}, 7, "data"])
def test_it_refuses_what_is_no_list_of_models(whole: Any) -> None:
    with pytest.raises(SourceUnreadable, match="no list of models"):
        openai_compatible.read(document(whole), observed_at=READ_AT)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("http://localhost:11434", "http://localhost:11434/v1/models"),
        ("http://localhost:8000/v1/", "http://localhost:8000/v1/models"),
        ("https://openrouter.ai/api/v1/models", "https://openrouter.ai/api/v1/models"),
        ("https://api.acme.ai/v1?page=2#x", "https://api.acme.ai/v1/models?page=2"),
        ("http://[::1", "http://[::1"),
    ],
)
def test_it_completes_the_address_of_an_api(typed: str, address: str) -> None:
    assert openai_compatible.address_of(typed) == address
