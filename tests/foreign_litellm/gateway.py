"""LiteLLM's proxy, without a database: which models it serves, and how to reach it.

https://docs.litellm.ai/docs/simple_proxy

Some of its models answer by themselves; the others are aimock's, so that what is streamed goes through two
servers that nobody here wrote, and comes with the times that were set.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from fixtures.server import free_port
from foreign.aimock import Aimock
from foreign.process import Process, start_process

KEY = "sk-foreign-litellm-7f3a9c51d2"
"""The master key, the only one that it knows. It refuses to start with one that is easy to guess."""
BINARY = Path(__file__).parents[2] / ".venv-litellm" / "bin" / "litellm"
START_SECONDS = 120.0
PASSED_ON = ("steady", "thinking", "cut", "busy", "overloaded")
"""The models that are aimock's."""
CANNED = {
    "canned": "Hello there, this is no echo.",
    "limited": "litellm.RateLimitError",
    "failing": "litellm.InternalServerError",
}
"""The models that it plays itself, by what they say or raise."""


class Gateway:
    """A running LiteLLM proxy."""

    def __init__(self, process: Process, address: str) -> None:
        self.process = process
        self.address = address


@contextmanager
def start_gateway(folder: Path, aimock: Aimock) -> Iterator[Gateway]:
    """A proxy that answers, until the block ends."""
    assert BINARY.exists(), "LiteLLM is not installed: run `make test-litellm`"
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.yaml"
    config.write_text(json.dumps(_config(aimock)), encoding="utf-8")  # JSON is YAML
    port = free_port()
    address = f"http://127.0.0.1:{port}"

    def alive(_process: Process) -> bool:
        try:
            url = f"{address}/health/liveliness"
            return httpx2.get(url, timeout=5, trust_env=False, verify=False).status_code == 200
        except httpx2.TransportError:
            return False

    command: list[str | Path] = [
        BINARY,
        "--config",
        config,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--telemetry",
        "False",
    ]
    starting = start_process(
        command, folder=folder, env=_environment(folder), ready=alive, seconds=START_SECONDS
    )
    with starting as (process, _):
        yield Gateway(process, address)


def _config(aimock: Aimock) -> Mapping[str, Any]:
    def passed_on(model: str) -> Mapping[str, Any]:
        upstream = {"model": f"openai/{model}", "api_base": f"{aimock.open}/v1", "api_key": "unused"}
        return {"model_name": model, "litellm_params": upstream}

    def canned(model: str, answer: str) -> Mapping[str, Any]:
        params = {"model": f"openai/{model}", "api_key": "unused", "mock_response": answer}
        return {"model_name": model, "litellm_params": params}

    return {
        "model_list": [*map(passed_on, PASSED_ON), *(canned(*one) for one in CANNED.items())],
        "general_settings": {"master_key": KEY},
        "litellm_settings": {"telemetry": False, "num_retries": 0},
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
    }


def _environment(folder: Path) -> Mapping[str, str]:
    """An environment in which it asks nothing of the network: prices and tokenisers are those it brought."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
        "HOME": str(folder),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
        "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
        "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
        "LITELLM_LOCAL_BLOG_POSTS": "True",
        "LITELLM_TELEMETRY": "False",
        "HF_HUB_OFFLINE": "1",
        "NO_PROXY": "*",
    }
