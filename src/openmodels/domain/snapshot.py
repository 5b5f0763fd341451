"""One published revision, ready to answer: frozen records, indexes for every filter and sort, encoded JSON.

A snapshot is built once and never changes. A request reads it and nothing else; a new revision is a new
snapshot. Models and providers are known here by their position in ``models`` and ``providers``, which are
sorted by id.
"""

import difflib
import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from openmodels.domain.pricing import unknown_last
from openmodels.domain.records import Model, Offering, Provider, Registry, Vendor
from openmodels.domain.search import Document, SearchIndex
from openmodels.domain.views.registry import (
    encoder,
    json_without_last_key,
    model_view,
    offering_view,
)


class OfferingEntry(NamedTuple):
    """An offering with its answer."""

    record: Offering
    json: bytes


class ModelEntry(NamedTuple):
    """A model with its offerings, by provider id, and its answers."""

    record: Model
    offerings: tuple[OfferingEntry, ...]
    input_price: Decimal | None
    released: datetime
    """The first day of what is known of its release; where nothing is, when the record was made."""
    summary_json: bytes
    detail_json: bytes


class ProviderEntry(NamedTuple):
    """A provider with the ids of the models that it offers."""

    record: Provider
    models: tuple[str, ...]


class Facets(NamedTuple):
    """For each filter, the positions of the entries that each value selects."""

    models: Mapping[str, Mapping[Any, frozenset[int]]]
    providers: Mapping[str, Mapping[Any, frozenset[int]]]


class Snapshot(NamedTuple):
    """A whole revision."""

    revision: str
    published_at: datetime
    registry: Registry
    """The records themselves."""
    models: tuple[ModelEntry, ...]
    providers: tuple[ProviderEntry, ...]
    offerings_count: int
    model_positions: Mapping[str, int]
    """By canonical id and by alias."""
    provider_positions: Mapping[str, int]
    """By id."""
    facets: Facets
    model_orders: Mapping[str, tuple[int, ...]]
    """By name of sort: every position, in that order."""
    provider_orders: Mapping[str, tuple[int, ...]]
    """By name of sort: every position, in that order."""
    model_search: SearchIndex
    provider_search: SearchIndex

    def model(self, name: str) -> ModelEntry | None:
        """The model with this id or alias."""
        position = self.model_positions.get(name)
        return None if position is None else self.models[position]

    def provider(self, name: str) -> ProviderEntry | None:
        """The provider with this id."""
        position = self.provider_positions.get(name)
        return None if position is None else self.providers[position]

    def model_named_like(self, name: str) -> str | None:
        """The canonical id that ``name`` was most likely meant to be."""
        position = _nearest(name, self.model_positions, self.model_search)
        return None if position is None else self.models[position].record.id

    def provider_named_like(self, name: str) -> str | None:
        """The provider id that ``name`` was most likely meant to be."""
        position = _nearest(name, self.provider_positions, self.provider_search)
        return None if position is None else self.providers[position].record.id


def _nearest(name: str, positions: Mapping[str, int], index: SearchIndex) -> int | None:
    wanted = name[:100].lower()
    found = index.search(wanted)
    if not found:
        return None
    # Of the best by meaning, the one that is spelled most alike.
    best = set(heapq.nsmallest(20, found, key=lambda position: (-found[position], position)))
    names = {known: position for known, position in positions.items() if position in best}
    near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.6)
    return names[near[0]] if near else None


def build_snapshot(registry: Registry, *, revision: str, published_at: datetime) -> Snapshot:
    """The snapshot of a registry. Takes seconds for tens of thousands of offerings."""
    vendors = {vendor.id: vendor for vendor in registry.vendors}
    providers = {provider.id: provider for provider in registry.providers}
    by_model: defaultdict[str, list[Offering]] = defaultdict(list)
    by_provider: defaultdict[str, list[str]] = defaultdict(list)
    for offering in registry.offerings:
        by_model[offering.model_id].append(offering)
        by_provider[offering.provider_id].append(offering.model_id)
    models = tuple(
        _model_entry(model, vendors.get(model.vendor or ""), tuple(by_model[model.id]), providers)
        for model in registry.models
    )
    provider_entries = tuple(
        ProviderEntry(provider, tuple(sorted(by_provider[provider.id]))) for provider in registry.providers
    )
    positions = {alias: n for n, entry in enumerate(models) for alias in entry.record.aliases}
    positions.update((entry.record.id, n) for n, entry in enumerate(models))
    return Snapshot(
        revision=revision,
        published_at=published_at,
        registry=registry,
        models=models,
        providers=provider_entries,
        offerings_count=len(registry.offerings),
        model_positions=MappingProxyType(positions),
        provider_positions=MappingProxyType({p.id: n for n, p in enumerate(registry.providers)}),
        facets=Facets(_model_facets(models), _provider_facets(registry.providers)),
        model_orders=_model_orders(models),
        provider_orders=_provider_orders(provider_entries),
        model_search=SearchIndex([_model_document(entry.record, vendors) for entry in models]),
        provider_search=SearchIndex(
            [Document(names=(p.id, p.name), description=p.description) for p in registry.providers]
        ),
    )


def _model_entry(
    model: Model, vendor: Vendor | None, offerings: tuple[Offering, ...], providers: Mapping[str, Provider]
) -> ModelEntry:
    view = model_view(model, vendor, offerings)
    detail = encoder.encode(view)
    return ModelEntry(
        record=model,
        offerings=tuple(
            OfferingEntry(o, encoder.encode(offering_view(o, model, providers[o.provider_id])))
            for o in offerings
        ),
        input_price=view.cheapest.input_per_million if view.cheapest else None,
        released=_released(model),
        summary_json=json_without_last_key(detail, b"providers"),
        detail_json=detail,
    )


def _released(model: Model) -> datetime:
    if model.release_date is None:
        return model.created_at
    # As much of the date as is known: 2025 counts as 2025-01-01.
    year, month, day = (*(int(part) for part in model.release_date.split("-")), 1, 1)[:3]
    return datetime(year, month, day, tzinfo=UTC)


def _model_document(model: Model, vendors: Mapping[str, Vendor]) -> Document:
    vendor = vendors.get(model.vendor or "")
    shared = (model.vendor, vendor and vendor.name, model.family)
    return Document(
        names=(model.id, model.name, *model.aliases),
        description=model.description,
        shared=tuple(name for name in shared if name),
    )


def _model_facets(models: Sequence[ModelEntry]) -> Mapping[str, Mapping[Any, frozenset[int]]]:
    return _facets(
        models,
        {
            "capability": lambda e: e.record.capabilities,
            "modality": lambda e: {
                *e.record.modalities,
                *(e.record.input_modalities or ()),
                *(e.record.output_modalities or ()),
            },
            "vendor": lambda e: (e.record.vendor,),
            "provider": lambda e: (o.record.provider_id for o in e.offerings),
            "licensing": lambda e: (e.record.licensing,),
            "status": lambda e: (e.record.status,),
            "open_weights": lambda e: (e.record.open_weights,),
        },
    )


def _provider_facets(providers: Sequence[Provider]) -> Mapping[str, Mapping[Any, frozenset[int]]]:
    return _facets(providers, {"compatibility": lambda p: (p.compatibility,), "region": lambda p: p.regions})


def _facets(
    entries: Sequence[Any], values_of: Mapping[str, Callable[[Any], Iterable[Any]]]
) -> Mapping[str, Mapping[Any, frozenset[int]]]:
    facets = {}
    for name, values in values_of.items():
        positions: defaultdict[Any, set[int]] = defaultdict(set)
        for number, entry in enumerate(entries):
            for value in values(entry):
                positions[value].add(number)
        facets[name] = MappingProxyType({value: frozenset(found) for value, found in positions.items()})
    return MappingProxyType(facets)


def _model_orders(models: Sequence[ModelEntry]) -> Mapping[str, tuple[int, ...]]:
    """Every sort of the models list; unknown values last, ties by id, which is the position."""
    everyone = range(len(models))

    def newest_first() -> list[int]:
        # Python's sort is stable even in reverse, so ties stay in the order of ids.
        return sorted(everyone, key=lambda n: models[n].record.release_date or "", reverse=True)

    return MappingProxyType(
        {
            "recency": tuple(newest_first()),
            "name": tuple(sorted(everyone, key=lambda n: models[n].record.name.casefold())),
            "context_window": tuple(sorted(everyone, key=lambda n: -(models[n].record.context_window or 0))),
            "providers": tuple(sorted(everyone, key=lambda n: -len(models[n].offerings))),
            "price": tuple(sorted(everyone, key=lambda n: unknown_last(models[n].input_price))),
        }
    )


def _provider_orders(providers: Sequence[ProviderEntry]) -> Mapping[str, tuple[int, ...]]:
    everyone = range(len(providers))
    return MappingProxyType(
        {
            "name": tuple(sorted(everyone, key=lambda n: providers[n].record.name.casefold())),
            "models": tuple(sorted(everyone, key=lambda n: -len(providers[n].models))),
        }
    )
