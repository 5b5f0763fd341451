"""What the tests of the registry's files share."""

from pathlib import Path

import pytest

from fixtures.overlays import SPEC
from fixtures.registry_files import mapping, model, provider, valid_registry, write


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """Two models at two providers, one of each at both."""
    root = valid_registry(tmp_path / "registry")
    write(root, "models/acme-one.yaml", model(aliases=["acme-uno"], provenance=[SPEC]))
    write(root, "models/old.yaml", model("old", replaced_by="acme-one", family="acme"))
    write(root, "providers/zeta.yaml", provider("zeta", api_base_url="https://zeta.example/v1"))
    prices = {
        "input_per_million": 1,
        "output_per_million": 2,
        "cache_read_per_million": 0.25,
        "currency": "USD",
        "batch": {"input_per_million": 0.5, "output_per_million": 1},
        "reasoning_tokens_per_million": 3,
    }
    write(root, "mappings/acme/acme-one.yaml", mapping(pricing=prices))
    write(root, "mappings/zeta/acme-one.yaml", mapping(provider_id="zeta"))
    write(root, "mappings/zeta/old.yaml", mapping("old", "zeta"))
    return root


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    """An empty overlay."""
    (tmp_path / "overlay" / "models").mkdir(parents=True)
    return tmp_path / "overlay"
