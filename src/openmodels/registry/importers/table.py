"""Every source that can be imported from: what it is called, where it lies, and what reads it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from openmodels.domain.observation import Reading
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers import genai_prices, litellm, models_dev, openai_compatible
from openmodels.registry.importers.fetch import Fetched, Place
from openmodels.registry.importers.packages import Package
from openmodels.registry.importers.values import Unusable, identifier


class Read(Protocol):
    """Reads a document whole, or raises ``SourceUnreadable``."""

    def __call__(
        self, document: bytes, *, observed_at: datetime, version: str | None = None, provider: str = ""
    ) -> Reading:
        """What the document says; ``provider`` is whose it is, where it does not say that itself."""
        ...


class Importer(Struct, frozen=True, kw_only=True):
    """One source."""

    id: str
    """What stands after ``openmodels import``, and in the provenance of what comes from it."""
    help: str
    """One line for people."""
    place: Place
    """Where its document is when nobody says."""
    read: Read
    """What reads it."""
    one_provider: bool = False
    """Whether a document is that of one provider, which the user must name."""


def _without_provider(read: Callable[..., Reading]) -> Read:
    def reads(
        document: bytes, *, observed_at: datetime, version: str | None = None, provider: str = ""
    ) -> Reading:
        if provider:
            raise SourceUnreadable("this source names its providers itself; leave --provider out")
        return read(document, observed_at=observed_at, version=version)

    return reads


IMPORTERS: Mapping[str, Importer] = {
    importer.id: importer
    for importer in (
        Importer(
            id=models_dev.SOURCE,
            help="models.dev's catalog.json or api.json: models, providers, prices and limits",
            place=Place(kind="url", default=models_dev.PLACE),
            read=_without_provider(models_dev.read),
        ),
        Importer(
            id=litellm.SOURCE,
            help="LiteLLM's cost map: prices and limits, from its package, a wheel, a file or an address",
            place=Place(
                kind="package",
                package=Package(
                    name="litellm",
                    members=("litellm/model_prices_and_context_window_backup.json",),
                    install="pip install litellm",
                ),
                address=litellm.PLACE,
            ),
            read=_without_provider(litellm.read),
        ),
        Importer(
            id=genai_prices.SOURCE,
            help="genai-prices: prices of the larger providers, from its package, a wheel or a file",
            place=Place(
                kind="package",
                package=Package(
                    name="genai-prices",
                    members=("genai_prices/data.json", "genai_prices/data.py"),
                    install="pip install 'openmodels[genai-prices]'",
                ),
                address=genai_prices.PLACE,
            ),
            read=_without_provider(genai_prices.read),
        ),
        Importer(
            id=openai_compatible.SOURCE,
            help="the /v1/models of one server that speaks OpenAI's API, vLLM and Ollama included",
            place=Place(kind="url", complete=openai_compatible.address_of),
            read=openai_compatible.read,
            one_provider=True,
        ),
    )
}
"""The sources by their ids."""


def read(importer: Importer, fetched: Fetched, *, provider: str | None = None) -> Reading:
    """What a fetched document says. ``provider`` is our id of the provider whose document it is.

    Raises ``SourceUnreadable`` for a document that the importer does not read, and where a provider is
    needed and missing, or is none that can be an id.
    """
    if importer.one_provider:
        if not provider:
            raise SourceUnreadable(f"say whose models these are: import {importer.id} --provider ID")
        try:
            fits = identifier(provider) == provider
        except Unusable:
            fits = False
        if not fits:
            raise SourceUnreadable(
                f"--provider {provider[:80]!a} is no id: use lower-case letters, digits and single hyphens"
            )
    return importer.read(
        fetched.document,
        observed_at=fetched.observed_at,
        version=fetched.version,
        provider=provider or "",
    )
