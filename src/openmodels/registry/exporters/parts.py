"""What several formats share: which offerings can be called, and JSON that is written part by part."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from openmodels.domain.offerings import longest_answer_of, window_of
from openmodels.domain.records import Model, Offering, Provider, Registry
from openmodels.domain.views.registry import encoder
from openmodels.domain.vocabulary import Capability, Modality

DOLLARS = "USD"
"""The currency of every price in the shapes of other tools: they have no word for another."""
MODES: Mapping[Capability, str] = {
    "chat": "chat",
    "embeddings": "embedding",
    "rerank": "rerank",
    "image-generation": "image_generation",
    "transcription": "audio_transcription",
    "speech": "audio_speech",
    "moderation": "moderation",
    "completion": "completion",
}
"""Our capability → LiteLLM's mode; of several, the first here says what a model is for."""
WITHOUT_TEXT = frozenset({"embedding", "rerank", "moderation"})
"""The modes whose answers are numbers: nobody charges for them by their length."""


class Offered(NamedTuple):
    """An offering with the records that it belongs to."""

    offering: Offering
    model: Model
    provider: Provider

    @property
    def context_window(self) -> int | None:
        """The longest context here, in tokens."""
        return window_of(self.offering, self.model)

    @property
    def max_output_tokens(self) -> int | None:
        """The longest answer here, in tokens."""
        return longest_answer_of(self.offering, self.model)

    @property
    def in_dollars(self) -> bool:
        """Whether its prices can be said in the shapes of other tools."""
        return self.offering.pricing.currency == DOLLARS


def offered(registry: Registry) -> Iterator[Offered]:
    """Every offering that can be called, by provider, then model: a retired one cannot."""
    models = {model.id: model for model in registry.models}
    providers = {provider.id: provider for provider in registry.providers}
    for offering in registry.offerings:
        if offering.status != "retired":
            yield Offered(offering, models[offering.model_id], providers[offering.provider_id])


def offered_by_provider(registry: Registry) -> Iterator[tuple[Provider, list[Offered]]]:
    """The same, together for each provider that has any."""
    for _, group in groupby(offered(registry), key=lambda one: one.provider.id):
        found = list(group)
        yield found[0].provider, found


def mode_of(model: Model) -> str:
    """What the model is for above all, in LiteLLM's words: chat, embedding, ..."""
    return next((mode for ours, mode in MODES.items() if ours in model.capabilities), "chat")


def answers_with_text(model: Model) -> bool:
    """Whether anything is missing where its output has no price."""
    return mode_of(model) not in WITHOUT_TEXT


def modality_lists(model: Model, words: Mapping[Modality, str]) -> tuple[list[str], list[str]] | None:
    """What goes in and what comes out, in another tool's ``words``; None where nobody knows them apart."""
    if model.input_modalities is None or model.output_modalities is None:
        return None

    def said(modalities: Iterable[Modality]) -> list[str]:
        return list(dict.fromkeys(words[modality] for modality in modalities if modality in words))

    return said(model.input_modalities), said(model.output_modalities)


def object_of(entries: Iterable[tuple[str, Any]]) -> Iterator[bytes]:
    """A JSON object, one line for each entry. An entry's value is anything that JSON can say."""
    mark = b"{\n"
    for key, value in entries:
        yield mark + encoder.encode(key) + b":" + encoder.encode(value)
        mark = b",\n"
    yield b"{}" if mark == b"{\n" else b"\n}"


def without_nothing(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry without what nobody knows: these shapes have no word for that but to leave it out."""
    return {key: value for key, value in entry.items() if value is not None}
