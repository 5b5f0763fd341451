import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from fixtures.registry_files import mapping, model, provider
from openmodels.registry.schemas import schema_files, stale_schemas, write_schemas

COMMITTED = Path(__file__).parents[3] / "registry/schemas"


def errors_of(name: str, data: Any) -> list[str]:
    schema = json.loads(schema_files()[name])
    jsonschema_rs.meta.validate(schema)
    return [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(data)]


def test_the_committed_schemas_are_up_to_date() -> None:
    assert stale_schemas(COMMITTED) == [], "run `openmodels schemas registry/schemas`"


def test_it_writes_what_is_stale_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "schemas"
    assert len(write_schemas(folder)) == 4
    assert write_schemas(folder) == []
    (folder / "model.schema.json").write_bytes(b"\xff")
    (folder / "vendors.schema.json").unlink()
    assert stale_schemas(folder) == ["model.schema.json", "vendors.schema.json"]
    assert write_schemas(folder) == ["model.schema.json", "vendors.schema.json"]
    assert stale_schemas(folder) == []


@pytest.mark.parametrize("name", sorted(schema_files()))
def test_a_schema_names_itself_and_no_machine(name: str) -> None:
    text = schema_files()[name]
    assert json.loads(text)["$id"] == name
    assert text.endswith("}\n")
    addresses = set(re.findall(r"https?://[\w.-]+\w", text.replace("^https://", "")))
    assert addresses <= {"https://json-schema.org"}
    assert str(Path.home()) not in text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("model.schema.json", model(capabilities=["code-generation", "tools"], input_modalities=["pdf"])),
        ("model.schema.json", model(benchmarks=[{"benchmark": "mmlu", "score": -1.5}], context_window=None)),
        ("provider.schema.json", provider(env=["ACME_API_KEY"])),
        (
            "mapping.schema.json",
            mapping(
                pricing={
                    "input_per_million": None,
                    "output_per_million": 0.1,
                    "currency": "USD",
                    "reasoning_tokens_per_million": 1,
                    "search_grounding_per_query": 0,
                }
            ),
        ),
        ("vendors.schema.json", [{"id": "acme", "name": "Acme", "prefixes": ["acme-"]}]),
    ],
)
def test_it_takes_what_validate_takes(name: str, data: Any) -> None:
    assert errors_of(name, data) == []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("model.schema.json", model(capabilities=["flying"])),
        ("model.schema.json", model(capabilities=["chat", "chat"])),
        ("model.schema.json", model(aliases=["a", "a"])),
        ("model.schema.json", model(extra=1)),
        ("provider.schema.json", provider(api_base_url="http://x.example")),
        ("mapping.schema.json", mapping(pricing={**mapping()["pricing"], "input_per_million": -1})),
        ("vendors.schema.json", {"id": "acme"}),
    ],
)
def test_it_refuses_what_validate_refuses(name: str, data: Any) -> None:
    assert errors_of(name, data)
