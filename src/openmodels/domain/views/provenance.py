"""Where each field of a model and of its offerings comes from."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import msgspec
from msgspec import Struct

from openmodels.domain.fields import named_by, said_in, value_of
from openmodels.domain.records import Model, Offering, Provenance, Provider
from openmodels.domain.views.history import AnyValue
from openmodels.domain.views.registry import SourceView, Time, iso, iso_or_none

CURATED = "curated"
"""Stands for a source where a field was written by hand."""
SOURCE_NAMES: Mapping[str, str] = {
    CURATED: "written by hand",
    "models-dev": "models.dev",
    "litellm": "LiteLLM",
    "genai-prices": "genai-prices",
    "openai-compatible": "the provider's own list of models",
    "overlay": "this server's own overlay",
}
"""What sources are called, by id."""

_ABOUT_RECORD = frozenset(
    {"id", "model_id", "provider_id", "created_at", "updated_at", "provenance", "source", "benchmarks"}
)
"""Fields that do not say anything that a source could say otherwise, or that are not served."""
_PARTS = ("pricing", "rate_limits")
"""Fields whose parts are told apart."""
_INHERITED = {"context_window": "context_window_override", "max_output_tokens": "max_output_tokens"}
"""By the name under which an offering's answer shows it: the offering's own field, which stands before the
model's."""


class Dissent(Struct, frozen=True, kw_only=True):
    """What a source says of a field otherwise than the registry."""

    source: str
    """The source's id."""
    source_name: str | None
    """What it is called."""
    value: AnyValue
    """What it says."""
    version: str
    """Which version of the source: a package's version, or a digest of the document."""
    observed_at: Time
    """When it said so."""


class FieldProvenance(Struct, frozen=True, kw_only=True):
    """A field, and who says so."""

    field: str
    """The field, its parts joined by dots."""
    value: AnyValue
    """Its value, exact; null where nobody knows."""
    source: str | None
    """The id of the source; curated where it was written by hand, null where there is no value."""
    source_name: str | None
    """What the source is called; null where nobody said."""
    version: str | None
    """Which version of the source; null where it was written by hand."""
    observed_at: Time | None
    """When the source said so; null where it was written by hand."""
    inherited_from: Literal["model"] | None
    """Where an offering has no value of its own: whose value it is."""
    differs: tuple[Dissent, ...]
    """The sources that say something else."""


class OfferingProvenance(Struct, frozen=True, kw_only=True):
    """The fields of an offering."""

    provider_id: str
    """Who offers it."""
    provider_name: str
    """The display name."""
    source: SourceView | None
    """What was written down about where its numbers come from."""
    fields: tuple[FieldProvenance, ...]
    """Every field; then those of which only other sources say something."""


class ModelProvenance(Struct, frozen=True, kw_only=True):
    """Where what is said of a model comes from."""

    model_id: str
    """The canonical id."""
    model_name: str
    """The display name."""
    fields: tuple[FieldProvenance, ...]
    """The model's own fields; then those of which only other sources say something."""
    offerings: tuple[OfferingProvenance, ...]
    """One item for each provider that offers it, by provider id."""


def model_provenance(
    model: Model, offerings: Sequence[Offering], providers: Mapping[str, Provider]
) -> ModelProvenance:
    """The view of a model and of these of its offerings; ``providers`` are theirs, by id."""
    fields = tuple(_fields(_data(model), model.provenance))
    inherited = {
        field.field: msgspec.structs.replace(field, inherited_from="model", differs=())
        for field in fields
        if field.field in _INHERITED
    }
    return ModelProvenance(
        model_id=model.id,
        model_name=model.name,
        fields=fields,
        offerings=tuple(_offering(o, providers[o.provider_id], inherited) for o in offerings),
    )


def _offering(
    offering: Offering, provider: Provider, inherited: Mapping[str, FieldProvenance]
) -> OfferingProvenance:
    source = offering.source
    own = {own: shown for shown, own in _INHERITED.items()}
    fields = []
    for field in _fields(_data(offering), offering.provenance):
        shown = own.get(field.field)
        if shown is not None and field.value is None:
            # What other sources say of the offering is still said of it.
            field = msgspec.structs.replace(inherited[shown], differs=field.differs)  # noqa: PLW2901
        elif shown is not None:
            field = msgspec.structs.replace(field, field=shown)  # noqa: PLW2901
        fields.append(field)
    return OfferingProvenance(
        provider_id=offering.provider_id,
        provider_name=provider.name,
        source=None
        if source is None
        else SourceView(name=source.name, url=source.url, verified_at=iso_or_none(source.verified_at)),
        fields=tuple(fields),
    )


def _data(record: Model | Offering) -> dict[str, Any]:
    """A record as JSON gives it, decimals exact."""
    return dict(msgspec.to_builtins(record, builtin_types=(Decimal,)))


def _fields(record: dict[str, Any], provenance: Sequence[Provenance]) -> Iterator[FieldProvenance]:
    shown = dict(_leaves("", record))
    claimed = (claim.field for item in provenance for claim in item.differs)
    values = shown | {field: value_of(record, field) for field in claimed if field not in shown}
    for field, value in values.items():
        by = named_by(field, provenance)
        nobody = None if value is None else CURATED
        source = by.source if by else nobody
        yield FieldProvenance(
            field=field,
            value=value,
            source=source,
            source_name=SOURCE_NAMES.get(source or ""),
            version=by.version if by else None,
            observed_at=iso(by.observed_at) if by else None,
            inherited_from=None,
            differs=tuple(_dissents(field, provenance)),
        )


def _leaves(path: str, record: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if not path and name in _ABOUT_RECORD:
            continue
        if isinstance(value, dict) and (path or name in _PARTS):
            yield from _leaves(f"{path}{name}.", value)
        else:
            yield f"{path}{name}", value


def _dissents(field: str, provenance: Sequence[Provenance]) -> Iterator[Dissent]:
    for item in provenance:
        for claim in item.differs:
            if claim.field == field:
                yield Dissent(
                    source=item.source,
                    source_name=SOURCE_NAMES.get(item.source),
                    value=_said(claim.value),
                    version=item.version,
                    observed_at=iso(item.observed_at),
                )


def _said(text: str) -> Any:
    """What a claim's JSON text says, numbers exact; the text itself, where it is not JSON."""
    try:
        return said_in(text)
    except ValueError:
        return text
