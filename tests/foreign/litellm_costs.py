"""Run by the Python that has LiteLLM: what it makes of a cost map, as JSON on standard output.

Standard input holds requests, each with a model, perhaps a provider, and its tokens.
"""

import json
import sys
from typing import Any

import litellm  # type: ignore[import-not-found,unused-ignore]  # in an environment of its own
from litellm.litellm_core_utils.get_model_cost_map import (  # type: ignore[import-not-found,unused-ignore]
    get_model_cost_map_source_info,
)


def cost(request: dict[str, Any]) -> float | str:
    """What the request costs; LiteLLM's own words where it does not know."""
    usage = litellm.Usage(
        prompt_tokens=request["input_tokens"],
        completion_tokens=request["output_tokens"],
        total_tokens=request["input_tokens"] + request["output_tokens"],
        prompt_tokens_details={
            "cached_tokens": request["cached_tokens"],
            "cache_creation_tokens": request["cache_write_tokens"],
        },
        completion_tokens_details={"reasoning_tokens": request["reasoning_tokens"]},
    )
    name = request["model"]
    answer = litellm.ModelResponse(model=name, usage=usage)
    try:
        return float(
            litellm.completion_cost(
                completion_response=answer, model=name, custom_llm_provider=request.get("provider")
            )
        )
    except Exception as error:  # noqa: BLE001 - whatever it raises is the answer
        return str(error)


def main() -> None:
    """Answer everything that was asked."""
    requests = json.load(sys.stdin)
    source = get_model_cost_map_source_info()
    found = {
        "source": source["source"],
        "why": source["fallback_reason"],
        "models": len(litellm.model_cost),
        "costs": [cost(request) for request in requests],
        "windows": {
            request["model"]: litellm.model_cost[request["model"]].get("max_input_tokens")
            for request in requests
            if request["model"] in litellm.model_cost
        },
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
