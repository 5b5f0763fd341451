"""The export for LiteLLM, read by LiteLLM: what it then says that a completion costs is what we say."""

import json
import math
import os
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contract.builders import model, offering, provider, registry, vendor
from fixtures.catalogue import pricing
from fixtures.server import RunningServer, start_server
from fixtures.written import write_records
from foreign.process import plain_environment
from openmodels.domain.cost import Workload, cost_of
from openmodels.domain.records import Offering, PriceTier, Pricing, Registry
from openmodels.registry.exporters.litellm_names import prefix_of

ROOT = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("OPENMODELS_TEST_LITELLM", ROOT / ".venv-litellm" / "bin" / "python"))
SCRIPT = Path(__file__).with_name("litellm_costs.py")
SECONDS = 120.0
"""LiteLLM alone takes several to start."""

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="LiteLLM is not installed: run `make .venv-litellm/litellm.stamp`"
)

TIERS = (
    PriceTier(
        above_tokens=128_000,
        input_per_million=Decimal("0.7"),
        output_per_million=Decimal("2.1"),
        cache_read_per_million=Decimal("0.07"),
    ),
    PriceTier(above_tokens=262_144, input_per_million=Decimal("1.13")),
)
PRICES = {
    "plain": pricing("0.15", "0.6"),
    "cached": pricing(
        "3", "15", cache_read_per_million=Decimal("0.3"), cache_write_per_million=Decimal("3.75")
    ),
    "tiered": pricing("0.35", "1.05", cache_read_per_million=Decimal("0.035"), tiers=TIERS),
    "thinking": pricing("0.071", "0.33", reasoning_per_million=Decimal("1.9")),
    "free": pricing("0", "0"),
}
"""By model; no two alike, and none that LiteLLM's own map has."""
PROVIDERS = (
    "openai",
    "anthropic",
    "google-ai-studio",
    "google",
    "amazon-bedrock",
    "azure-ai",
    "groq",
    "together-ai",
    "deepseek",
    "mistral",
    "openrouter",
    "deepinfra",
    "perplexity",
    "cohere",
    "cerebras",
    "fireworks",
    "alibaba-model-studio",
    "nebius",
    "novita",
    "our-own-house",
)
WORKLOADS = (
    Workload(input_tokens=1000, output_tokens=500),
    Workload(input_tokens=100_000, output_tokens=2000, cached_tokens=60_000),
    Workload(input_tokens=40_000, output_tokens=2000, cached_tokens=10_000, cache_write_tokens=20_000),
    Workload(input_tokens=128_000, output_tokens=7),
    Workload(input_tokens=128_001, output_tokens=7, cached_tokens=28_000),
    Workload(input_tokens=300_000, output_tokens=1234, cached_tokens=100_000),
    Workload(input_tokens=900, output_tokens=4000, reasoning_tokens=3500),
)
CHANGED = "gpt-4o"
"""A model that LiteLLM's own map has, at another price."""


def content() -> Registry:
    return registry(
        vendor("acme"),
        *(model(f"acme-{kind}", vendor="acme", context_window=400_000) for kind in PRICES),
        model(CHANGED, vendor="acme", context_window=77_777),
        model("acme-unknown", vendor="acme"),
        model(
            "acme-painter",
            modalities=("text", "image"),
            input_modalities=("text",),
            output_modalities=("text", "image"),
        ),
        *(provider(name) for name in PROVIDERS),
        *(
            offering(name, f"acme-{kind}", provider_model_name=f"acme-{kind}-for-{name}", pricing=prices)
            for name in PROVIDERS
            for kind, prices in PRICES.items()
        ),
        offering("openai", CHANGED, pricing=pricing("123", "456")),
        # What it asks at other endpoints than that of chats: the cost is the same.
        offering("openai", "acme-unknown", provider_model_name="o9-pro", pricing=PRICES["thinking"]),
        offering("google-ai-studio", "acme-painter", pricing=PRICES["cached"]),
        offering("groq", "acme-unknown", pricing=pricing("5", None)),
    )


CONTENT = content()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("export-litellm")
    write_records(folder / "registry", CONTENT)
    with start_server(folder, registry=folder / "registry", RATE_LIMIT="0") as server:
        yield server


def ask_litellm(server: RunningServer, requests: list[dict[str, Any]], **more: str) -> dict[str, Any]:
    env = plain_environment(
        LITELLM_MODEL_COST_MAP_URL=f"http://127.0.0.1:{server.port}/api/export/litellm.json",
        LITELLM_TELEMETRY="False",
        LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS="True",
        HF_HUB_OFFLINE="1",
        NO_PROXY="*",
        **more,
    )
    done = subprocess.run(
        [PYTHON, SCRIPT],
        input=json.dumps(requests),
        env=dict(env),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def request_of(key: str, workload: Workload, provider_name: str | None) -> dict[str, Any]:
    return {
        "model": key,
        "provider": provider_name,
        "input_tokens": workload.input_tokens,
        "output_tokens": workload.output_tokens,
        "cached_tokens": workload.cached_tokens,
        "cache_write_tokens": workload.cache_write_tokens,
        "reasoning_tokens": workload.reasoning_tokens,
    }


def is_alike(prices: Pricing, workload: Workload, provider_id: str) -> bool:
    """Whether LiteLLM applies what it reads; docs/exports.md says where it does not."""
    cached = bool(workload.cached_tokens or workload.cache_write_tokens)
    if provider_id == "fireworks":
        return not cached or prices.cache_read_per_million is not None
    if provider_id == "perplexity":
        known = (prices.cache_read_per_million, prices.cache_write_per_million)
        return not prices.tiers and not (cached and any(known))
    return True


def key_of(one: Offering) -> tuple[str, str]:
    prefix = prefix_of(one.provider_id, next(m for m in CONTENT.models if m.id == one.model_id))
    return prefix, f"{prefix}/{one.provider_model_name}"


def test_it_gives_litellm_prices_by_which_it_comes_to_our_costs(served: RunningServer) -> None:
    asked, ours = [], []
    for one in CONTENT.offerings:
        if one.provider_model_name == "acme-unknown":
            continue
        prefix, key = key_of(one)
        for workload in WORKLOADS:
            if is_alike(one.pricing, workload, one.provider_id):
                asked.append(request_of(key, workload, prefix))
                ours.append(cost_of(one.pricing, workload).total)
    asked.append(request_of(CHANGED, WORKLOADS[0], None))
    ours.append(cost_of(pricing("123", "456"), WORKLOADS[0]).total)
    unknown = request_of("groq/acme-unknown", WORKLOADS[0], "groq")

    found = ask_litellm(served, [*asked, unknown], MODEL_COST_MAP_MAX_SHRINK_RATIO="0")

    # Without this, it might have taken its own prices, quietly.
    assert found["source"] == "remote"
    assert found["windows"][CHANGED] == 77_777
    *theirs, of_unknown = found["costs"]
    wrong = [
        (request, cost, str(total))
        for request, cost, total in zip(asked, theirs, ours, strict=True)
        if not isinstance(cost, float) or not math.isclose(cost, float(total or -1), rel_tol=1e-12)
        if total or cost
    ]
    assert wrong == [], "\n".join(f"{r} {c} {t}" for r, c, t in wrong)
    assert len(asked) > 600
    assert "isn't mapped" in of_unknown


def test_it_is_refused_by_litellm_when_it_is_half_the_size_of_what_litellm_brings(
    served: RunningServer,
) -> None:
    """What docs/exports.md says of small registries."""
    found = ask_litellm(served, [])
    assert (found["source"], found["why"]) == ("local", "Remote data failed integrity validation")
