import re
from pathlib import Path

import pytest

from openmodels.domain.records import ID_PATTERN
from openmodels.registry.importers.providers import PROVIDERS, VENDORS, provider_id, vendor_id


@pytest.mark.parametrize(
    ("source", "name", "ours"),
    [
        ("models-dev", "fireworks-ai", "fireworks"),
        ("models-dev", "google", "google-ai-studio"),
        ("models-dev", "google-vertex", "google"),
        ("models-dev", "groq", "groq"),
        ("models-dev", "wafer.ai", "wafer-ai"),
        ("litellm", "together_ai", "together-ai"),
        ("litellm", "vertex_ai-anthropic_models", "google"),
        ("litellm", "bedrock_converse", "amazon-bedrock"),
        ("genai-prices", "aws", "amazon-bedrock"),
        ("genai-prices", "x-ai", "xai"),
        ("openai-compatible", "my-own", "my-own"),
        ("elsewhere", "Acme AI", "acme-ai"),
        ("models-dev", "", None),
        ("models-dev", "漢字", None),
        ("models-dev", "../../etc", "etc"),
        ("models-dev", "x" * 300, None),
    ],
)
def test_it_knows_our_ids_of_the_sources_providers(source: str, name: str, ours: str | None) -> None:
    assert provider_id(source, name) == ours


def test_it_knows_our_ids_of_the_sources_vendors() -> None:
    assert vendor_id("models-dev", "moonshotai") == "moonshot"
    assert vendor_id("models-dev", "anthropic") == "anthropic"
    assert vendor_id("models-dev", "...") is None


def test_every_declared_id_is_one_and_says_more_than_kebab_case_would() -> None:
    for table in (*PROVIDERS.values(), *VENDORS.values()):
        for theirs, ours in table.items():
            assert re.fullmatch(ID_PATTERN, ours)
            assert provider_id("elsewhere", theirs) != ours, f"{theirs} needs no entry"


def test_the_providers_of_the_registry_that_have_another_name_elsewhere_are_reached(bundled: Path) -> None:
    here = {path.stem for path in (bundled / "providers").glob("*.yaml")}
    reached = {ours for table in PROVIDERS.values() for ours in table.values()}
    for ours in (
        "alibaba-model-studio",
        "azure-ai",
        "fireworks",
        "google",
        "hugging-face",
        "zhipu",
        "ibm-watsonx",
    ):
        assert ours in here & reached
