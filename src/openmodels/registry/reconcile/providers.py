"""The source's providers and ours."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from openmodels.domain.observation import Subject
from openmodels.domain.records import Model, Provider, Vendor
from openmodels.domain.vocabulary import AuthType
from openmodels.registry.importers.providers import provider_id
from openmodels.registry.reconcile.describe import describe_provider
from openmodels.registry.reconcile.models import is_id

FIELDS = ("name", "api_base_url", "compatibility", "docs_url", "env")
"""The fields of a provider that a source can tell."""
PRESENTATION = frozenset({"name"})

_KEYS = re.compile(r"(KEY|TOKEN|PAT)$")
_NO_KEYS = re.compile(r"^(AWS_ACCESS|GOOGLE_APPLICATION)")

_AUTH: Mapping[str, AuthType] = {"anthropic": "api-key", "google": "api-key"}
"""How a request is authenticated, by the shape of the API; a bearer token where nothing is said."""


def match(told: Iterable[Subject], source: str, only: str | None) -> dict[str, list[str]]:
    """The source's ids of each provider, by ours; the one that is called most like ours first.

    ``only`` is our id of the one provider that is wanted.
    """
    found: dict[str, list[str]] = {}
    for subject in told:
        if subject.kind == "model":
            continue
        ours = provider_id(source, subject.provider)
        if ours is None or not is_id(ours) or only not in (None, ours):
            continue
        names = found.setdefault(ours, [])
        if subject.provider not in names:
            names.append(subject.provider)
    for ours, names in found.items():
        names.sort(key=lambda name: (name != ours, len(name), name))
    return found


def keys_only(told: Mapping[str, Any]) -> dict[str, Any]:
    """``told`` with those variables only that hold a key; sources list regions and account names with them.

    What the first variable holds is sent to the provider as its key.
    """
    if "env" not in told:
        return dict(told)
    keys = [name for name in told["env"] if _KEYS.search(name) and not _NO_KEYS.search(name)]
    rest = {field: value for field, value in told.items() if field != "env"}
    return {**rest, "env": keys} if keys else rest


def new_provider(provider_id: str, told: Mapping[str, Any], now: datetime) -> Provider | None:
    """A record without provenance yet; None where nobody knows its name or its https address."""
    if not {"name", "api_base_url"} <= told.keys():
        return None
    compatibility = told.get("compatibility", "openai")
    return Provider(
        id=provider_id,
        name=told["name"],
        description="It is described below.",
        api_base_url=told["api_base_url"],
        auth_type=_AUTH.get(compatibility, "bearer"),
        regions=("global",),
        compatibility=compatibility,
        created_at=now,
        updated_at=now,
    )


def described(provider: Provider, served: Sequence[Model], vendors: Mapping[str, Vendor]) -> Provider:
    """A new provider with a description of what it serves."""
    makers = {vendors[m.vendor].name for m in served if m.vendor is not None and m.vendor in vendors}
    text = describe_provider(provider, sorted(makers))
    return msgspec.structs.replace(provider, description=text)
