"""Small valid records, so that a test only says what matters to it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from openmodels.domain.records import Model, Offering, Pricing, Provider, Registry, Vendor
from openmodels.domain.telemetry import Check, Incident, Measurement
from openmodels.settings import Settings, read_settings

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def settings_in(folder: Path, **environ: str) -> Settings:
    return read_settings({"OPENMODELS_DATA_DIR": str(folder)} | environ)


def model(model_id: str, **fields: Any) -> Model:
    given: dict[str, Any] = {
        "id": model_id,
        "name": model_id.title(),
        "description": f"The model {model_id}, for tests.",
        "capabilities": ("chat",),
        "modalities": ("text",),
        "context_window": 8192,
        "licensing": "proprietary",
        "created_at": AT,
        "updated_at": AT,
    }
    return Model(**given | fields)


def provider(provider_id: str, **fields: Any) -> Provider:
    given: dict[str, Any] = {
        "id": provider_id,
        "name": provider_id.title(),
        "description": f"The provider {provider_id}, for tests.",
        "api_base_url": f"https://{provider_id}.example.com/v1",
        "auth_type": "bearer",
        "regions": ("global",),
        "compatibility": "openai",
        "created_at": AT,
        "updated_at": AT,
    }
    return Provider(**given | fields)


def offering(provider_id: str, model_id: str, price: str | None = "0.15", **fields: Any) -> Offering:
    amount = None if price is None else Decimal(price)
    given: dict[str, Any] = {
        "model_id": model_id,
        "provider_id": provider_id,
        "provider_model_name": model_id,
        "pricing": Pricing(input_per_million=amount, output_per_million=amount, currency="USD"),
        "available_regions": ("us-east-1",),
        "created_at": AT,
        "updated_at": AT,
    }
    return Offering(**given | fields)


def vendor(vendor_id: str, **fields: Any) -> Vendor:
    given: dict[str, Any] = {"id": vendor_id, "name": vendor_id.title()}
    return Vendor(**given | fields)


def registry(*records: Model | Provider | Offering | Vendor) -> Registry:
    """The records as a registry, each kind in its order."""
    return Registry(
        models=tuple(sorted((r for r in records if isinstance(r, Model)), key=lambda r: r.id)),
        providers=tuple(sorted((r for r in records if isinstance(r, Provider)), key=lambda r: r.id)),
        offerings=tuple(
            sorted((r for r in records if isinstance(r, Offering)), key=lambda r: (r.provider_id, r.model_id))
        ),
        vendors=tuple(sorted((r for r in records if isinstance(r, Vendor)), key=lambda r: r.id)),
    )


def large_registry(models: int, offerings: int, *, price: str = "0.15") -> Registry:
    """``offerings`` spread over fifty providers."""
    providers = [f"provider-{number:02}" for number in range(50)]
    return registry(
        *(model(f"model-{number:05}") for number in range(models)),
        *(provider(name) for name in providers),
        *(
            offering(providers[number % 50], f"model-{number // 50 % models:05}", price)
            for number in range(offerings)
        ),
    )


def check(provider_id: str, at: datetime, status: str = "up", **fields: Any) -> Check:
    given: dict[str, Any] = {
        "provider_id": provider_id,
        "region": "local",
        "checked_at": at,
        "status": status,
        "outcome": "ok" if status == "up" else "timeout",
        "response_time_ms": 120.5 if status == "up" else None,
    }
    return Check(**given | fields)


def measurement(provider_id: str, model_id: str, at: datetime, **fields: Any) -> Measurement:
    given: dict[str, Any] = {
        "provider_id": provider_id,
        "model_id": model_id,
        "region": "local",
        "measured_at": at,
        "outcome": "ok",
        "time_to_first_token_ms": 250.25,
        "total_response_time_ms": 900.75,
        "tokens_per_second": 61.5,
        "output_tokens": 40,
    }
    return Measurement(**given | fields)


def incident(provider_id: str, start: datetime, end: datetime | None = None, reason: str = "") -> Incident:
    return Incident(provider_id=provider_id, started_at=start, ended_at=end, reason=reason)
