"""What probes are aimed at, here."""

from foreign.wire import WIRES
from openmodels.prober.target import Completion, Key, Target

SECONDS = 60.0
"""How long a probe may take: never reached unless something hangs."""


def target(
    address: str,
    style: str,
    *,
    key: str | None = None,
    seconds: float = SECONDS,
    health_path: str | None = None,
) -> Target:
    """The server at ``address``, asked in that style."""
    wire = WIRES[style]
    return Target(
        provider_id="foreign",
        base_url=address + wire.root,
        style=style,
        auth_type="bearer" if wire.key == "Authorization" else "api-key",
        timeout=seconds,
        health_path=health_path,
        key=Key(key) if key is not None else None,
        own_endpoint=True,
    )


def completion(model: str, *, reasoning: bool = False) -> Completion:
    """One of a model that the server calls so."""
    return Completion(model_id="anyone/model", model_name=model, reasoning=reasoning)
