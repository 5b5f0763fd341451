from typing import Any

import pytest

from fixtures.registry_files import mapping, model
from openmodels.registry.normalise import normalise


def test_it_takes_other_names_of_capabilities_and_modalities() -> None:
    data = model(capabilities=["chat", "code-generation", "tools", "tts"], input_modalities=["pdf"])
    assert not normalise(data).faults
    assert data["capabilities"] == ["chat", "code", "function-calling", "speech"]
    assert data["input_modalities"] == ["file"]


def test_it_takes_other_names_of_prices_and_remembers_how_they_were_written() -> None:
    data = mapping()
    data["pricing"]["reasoning_tokens_per_million"] = 5
    data["pricing"]["search_grounding_per_query"] = "x"
    result = normalise(data)
    assert data["pricing"]["reasoning_per_million"] == 5
    path = ("pricing", "search_per_query")
    assert result.path_in_file(path) == ("pricing", "search_grounding_per_query")
    assert result.path_in_file(("pricing", "currency")) == ("pricing", "currency")


def test_it_refuses_a_price_under_both_names() -> None:
    data = mapping()
    data["pricing"] |= {"reasoning_tokens_per_million": 5, "reasoning_per_million": 6}
    (fault,) = normalise(data).faults
    assert (fault.code, fault.path[-1]) == ("duplicate-price", "reasoning_tokens_per_million")
    assert data["pricing"]["reasoning_per_million"] == 6


@pytest.mark.parametrize(
    ("field", "items", "index"),
    [
        ("capabilities", ["chat", "chat"], 1),
        ("capabilities", ["code", "chat", "code-generation"], 2),
        ("capabilities", ["tools", "tool-use"], 1),
        ("aliases", ["a", "b", "a"], 2),
        ("regions", ["eu", "eu"], 1),
        ("env", ["A_KEY", "A_KEY"], 1),
    ],
)
def test_it_refuses_an_item_said_twice(field: str, items: list[str], index: int) -> None:
    (fault,) = normalise({field: items}).faults
    assert (fault.code, fault.path) == ("duplicate-item", (field, index))


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "x",
        {"pricing": []},
        {"pricing": {"tiers": 5, "batch": "x"}},
        {"capabilities": [[], {}, None, 1]},
        {"benchmarks": {"score": 1}},
        {"benchmarks": [None, {"score": None}]},
        {"capabilities": {"chat": 1}},
    ],
)
def test_it_leaves_data_of_any_other_shape_to_the_structure_check(data: Any) -> None:
    assert not normalise(data).faults
