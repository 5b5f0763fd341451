"""What our importers read from our exports is what was exported."""

from decimal import Decimal
from typing import Any

import pytest

from contract.builders import AT, model, offering, provider, registry, vendor
from fixtures.catalogue import pricing
from openmodels.domain.observation import Reading
from openmodels.domain.records import PriceTier, Registry
from openmodels.registry.exporters.table import FORMATS
from openmodels.registry.importers import litellm, models_dev

TIER = PriceTier(
    above_tokens=200_000,
    input_per_million=Decimal("2.50"),
    output_per_million=Decimal("15.1"),
    cache_read_per_million=Decimal("0.25"),
)


def content() -> Registry:
    both = {"input_modalities": ("text",), "output_modalities": ("text",)}
    return registry(
        vendor("acme"),
        model("acme-one", vendor="acme", max_output_tokens=4096, release_date="2025-03", **both),
        model("acme-two", vendor="acme", **both),
        provider("groq", api_base_url="https://api.groq.com/openai/v1", env=("GROQ_API_KEY",)),
        provider("moonshot", docs_url="https://docs.moonshot.example.com"),
        offering(
            "groq",
            "acme-one",
            provider_model_name="acme/one",
            pricing=pricing("1.25", "10", cache_read_per_million=Decimal("0.125"), tiers=(TIER,)),
        ),
        offering("groq", "acme-two", pricing=pricing("0.071", "0.30"), context_window_override=4000),
        offering("moonshot", "acme-one", pricing=pricing("3", "4")),
    )


def said(reading: Reading, kind: str) -> dict[tuple[str, str], dict[str, Any]]:
    """By provider and name: what was read."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in reading.observations:
        if one.subject.kind == kind:
            found.setdefault((one.subject.provider, one.subject.name), {})[one.field] = one.value
    return found


@pytest.mark.parametrize("name", ["models-dev", "models-dev-catalog"])
def test_it_exports_what_its_importer_of_models_dev_reads(name: str) -> None:
    reading = models_dev.read(b"".join(FORMATS[name].write(content())), observed_at=AT)
    offerings = said(reading, "offering")
    assert set(offerings) == {("groq", "acme/one"), ("groq", "acme-two"), ("moonshotai", "acme-one")}
    one = offerings["groq", "acme/one"]
    assert one["pricing.input_per_million"] == Decimal("1.25")
    assert one["pricing.output_per_million"] == Decimal(10)
    assert one["pricing.cache_read_per_million"] == Decimal("0.125")
    assert one["context_window"] == 8192
    assert one["max_output_tokens"] == 4096
    assert one["pricing.tiers"] == (
        {
            "above_tokens": 200_000,
            "input_per_million": Decimal("2.50"),
            "output_per_million": Decimal("15.1"),
            "cache_read_per_million": Decimal("0.25"),
        },
    )
    assert offerings["groq", "acme-two"]["context_window"] == 4000
    if name == "models-dev-catalog":
        assert one["base_model"] == "acme/acme-one"


PARTS = ("reasoning_per_million", "input_audio_per_million", "output_audio_per_million")


@pytest.mark.parametrize("name", ["models-dev", "litellm"])
@pytest.mark.parametrize("where", ["groq", "alibaba-model-studio"])
@pytest.mark.parametrize("told", [True, False])
def test_a_tier_has_the_prices_of_parts_that_are_known_there(name: str, where: str, told: bool) -> None:
    above = PriceTier(
        above_tokens=256_000,
        input_per_million=Decimal(3),
        output_per_million=Decimal(9),
        **(dict.fromkeys(PARTS, Decimal(30)) if told else {}),
    )
    own: dict[str, Any] = {"tiers": (above,), **dict.fromkeys(PARTS, Decimal(10))}
    whole = registry(
        vendor("acme"),
        model("m", vendor="acme", input_modalities=("text",), output_modalities=("text",)),
        provider(where),
        offering(where, "m", pricing=pricing("1", "2", **own)),
    )
    importer = {"models-dev": models_dev, "litellm": litellm}[name]
    reading = importer.read(b"".join(FORMATS[name].write(whole)), observed_at=AT)
    (one, *_) = said(reading, "offering").values()
    assert [one[f"pricing.{part}"] for part in PARTS] == [Decimal(10)] * 3
    (tier,) = one["pricing.tiers"]
    assert [tier.get(part) for part in PARTS] == [Decimal(30) if told else None] * 3


def test_it_exports_what_its_importer_of_litellm_reads() -> None:
    reading = litellm.read(b"".join(FORMATS["litellm"].write(content())), observed_at=AT)
    found = said(reading, "offering")
    one = found["groq", "acme/one"]
    assert one["pricing.input_per_million"] == Decimal("1.25")
    assert one["pricing.cache_read_per_million"] == Decimal("0.125")
    assert one["context_window"] == 8192
    assert one["pricing.tiers"][0]["input_per_million"] == Decimal("2.50")
