"""The example answers of the API document: what the handlers really answer over a small fixed registry.

Fixed here, and not taken from ``registry/``, so that a change of content does not make the documentation
stale.
"""

import asyncio
import re
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from openmodels.api.app import ENDPOINTS
from openmodels.api.endpoint import JSON, Ask, Endpoint, Flow, Services
from openmodels.api.hub import Hub
from openmodels.api.openapi import EXAMPLE_IDS
from openmodels.api.past import Past
from openmodels.api.wire import read_params
from openmodels.clock import SettableClock
from openmodels.domain.alerts import Window
from openmodels.domain.records import Model, Offering, Provider, Registry, Vendor
from openmodels.domain.telemetry import Check, Measurement
from openmodels.edge.cache import ResponseCache
from openmodels.store.live import Live
from openmodels.store.memory import MemoryRegistryStore, MemoryTelemetryStore
from openmodels.store.memory_alerts import MemoryAlertStore
from openmodels.store.memory_history import MemoryHistoryStore

NOW = datetime(2025, 7, 10, 14, 30, tzinfo=UTC)
SINCE = {"created_at": "2024-12-26T00:00:00Z", "updated_at": "2025-07-01T00:00:00Z"}

REGISTRY: dict[str, Any] = {
    "vendors": [
        {"id": "deepseek", "name": "DeepSeek", "country": "cn", "prefixes": ["deepseek-"]},
        {"id": "openai", "name": "OpenAI", "country": "us", "prefixes": ["gpt-"]},
    ],
    "models": [
        {
            "id": "deepseek-v3",
            "name": "DeepSeek V3",
            "vendor": "deepseek",
            "family": "deepseek",
            "description": "A chat and coding model with open weights.",
            "capabilities": ["chat", "reasoning", "code"],
            "modalities": ["text", "code"],
            "input_modalities": ["text", "code"],
            "output_modalities": ["text", "code"],
            "context_window": 128_000,
            "max_output_tokens": 8192,
            "open_weights": True,
            "licensing": "other",
            "release_date": "2024-12-26",
            "knowledge_cutoff": "2024-07",
            **SINCE,
        },
        {
            "id": "gpt-4o",
            "name": "GPT-4o",
            "vendor": "openai",
            "family": "gpt",
            "description": "A chat model that reads text and images.",
            "capabilities": ["chat", "vision", "code", "reasoning"],
            "modalities": ["text", "image"],
            "context_window": 128_000,
            "max_output_tokens": 16_384,
            "open_weights": False,
            "licensing": "proprietary",
            "release_date": "2024-05-13",
            **SINCE,
        },
    ],
    "providers": [
        {
            "id": name,
            "name": display,
            "description": f"{display}'s own API platform.",
            "api_base_url": f"https://api.{name}.com/v1",
            "auth_type": "bearer",
            "regions": ["global"],
            "compatibility": "openai",
            "env": [f"{name.upper()}_API_KEY"],
            **SINCE,
        }
        for name, display in (("deepseek", "DeepSeek"), ("openai", "OpenAI"))
    ],
    "offerings": [
        {
            "model_id": model,
            "provider_id": provider,
            "provider_model_name": called,
            "pricing": {"input_per_million": price[0], "output_per_million": price[1], "currency": "USD"},
            "rate_limits": {"requests_per_minute": 500, "tokens_per_minute": None},
            "available_regions": ["global"],
            "source": {
                "name": display,
                "url": f"https://api.{provider}.com/pricing",
                "verified_at": "2025-07-01T00:00:00Z",
            },
            **SINCE,
        }
        for model, provider, display, called, price in (
            ("deepseek-v3", "deepseek", "DeepSeek", "deepseek-chat", ("0.27", "1.10")),
            ("gpt-4o", "openai", "OpenAI", "gpt-4o", ("2.50", "10.00")),
        )
    ],
}


def registry() -> Registry:
    """The small registry."""

    def read(kind: str, struct: type[Any]) -> tuple[Any, ...]:
        return tuple(msgspec.convert(item, struct) for item in REGISTRY[kind])

    return Registry(
        vendors=read("vendors", Vendor),
        models=read("models", Model),
        providers=read("providers", Provider),
        offerings=read("offerings", Offering),
    )


def dearer(registry: Registry) -> Registry:
    """The same, at twice the input price."""
    return replace(
        registry,
        offerings=tuple(
            replace(o, pricing=replace(o.pricing, input_per_million=2 * (o.pricing.input_per_million or 0)))
            for o in registry.offerings
        ),
    )


async def _services() -> Services:
    registry_store, telemetry = MemoryRegistryStore(), MemoryTelemetryStore()
    # A day before, everything cost twice as much: so that there is a history to show.
    before = await registry_store.publish(dearer(registry()), base=None, at=NOW - timedelta(days=1))
    await registry_store.publish(registry(), base=before.head.revision, at=NOW - timedelta(hours=1))
    offered = (("deepseek", "deepseek-v3", 410.5), ("openai", "gpt-4o", 322.25))
    await telemetry.record(_incident("openai", NOW - timedelta(days=40)))
    await telemetry.record(
        [
            Check(
                provider_id=provider,
                region="eu-west",
                checked_at=NOW - timedelta(minutes=5 * n),
                status="up",
                outcome="ok",
                response_time_ms=120.5 + n,
            )
            for provider, _, _ in offered
            for n in (1, 2)
        ],
        [
            Measurement(
                provider_id=provider,
                model_id=model,
                region="eu-west",
                measured_at=NOW - timedelta(minutes=4),
                outcome="ok",
                time_to_first_token_ms=ttft,
                total_response_time_ms=ttft + 900,
                tokens_per_second=61.5,
                output_tokens=55,
            )
            for provider, model, ttft in offered
        ],
    )
    live = Live(registry_store, telemetry)
    await live.start()
    history = MemoryHistoryStore(registry_store)
    clock = SettableClock(NOW)
    alerts = MemoryAlertStore()
    await alerts.add_window(
        Window(
            provider_id="deepseek",
            starts_at=NOW + timedelta(days=2),
            ends_at=NOW + timedelta(days=2, hours=3),
            reason="announced by the provider",
        )
    )
    return Services(
        live=live,
        registry=registry_store,
        telemetry=telemetry,
        history=history,
        past=Past(history, live, clock),
        cache=ResponseCache(1024 * 1024),
        hub=Hub(telemetry, clock, limit=1),
        clock=clock,
        version="1.0.0",
        alerts=alerts,
    )


def _incident(provider_id: str, at: datetime) -> list[Check]:
    """Checks that find a provider down for ten minutes."""
    return [
        Check(
            provider_id=provider_id,
            region="eu-west",
            checked_at=at + timedelta(minutes=5 * n),
            status="down" if n < 3 else "up",
            outcome="server_error" if n < 3 else "ok",
            response_time_ms=121.5,
        )
        for n in range(5)
    ]


async def _example(endpoint: Endpoint, services: Services) -> Any:
    path, _, query = endpoint.example.partition("?")
    ids = {name: EXAMPLE_IDS[name] for name in re.findall(r"\{(\w+)\}", endpoint.path)}
    answer = await endpoint.handle(
        Ask(
            services=services,
            snapshot=services.live.snapshot,
            params=read_params(query.encode(), endpoint.params),
            headers={"last-event-id": "7-0"} if endpoint.events else {},
            ids=ids,
            path=path,
            query=query.encode(),
        )
    )
    if answer.flow is not None:
        return await _first_event(answer.flow)
    body = answer.body if answer.document is None else b"".join(answer.document.parts())
    if endpoint.media_type != JSON:
        # A SQLite file is told by how it begins.
        return body.partition(b"\0")[0].decode()
    shown = msgspec.json.decode(body)
    for service in shown.get("services", {}).values() if isinstance(shown, dict) else ():
        if "latency_ms" in service:
            service["latency_ms"] = 0.2  # measured, so it would differ every time
    return shown


async def _first_event(flow: Flow) -> dict[str, str]:
    """The first event of a stream, after its opening."""
    await flow.open()
    async with aclosing(flow.parts()) as parts:
        await anext(parts)
        text = (await anext(parts)).decode()
    flow.close()
    return dict(line.split(": ", 1) for line in text.partition("\n\n")[0].split("\n"))


async def _examples() -> dict[str, Any]:
    services = await _services()
    return {endpoint.path: await _example(endpoint, services) for endpoint in ENDPOINTS}


def examples_json() -> str:
    """Each path with what it answers to its example request."""
    encoded = msgspec.json.encode(asyncio.run(_examples()))
    return msgspec.json.format(encoded, indent=1).decode() + "\n"
