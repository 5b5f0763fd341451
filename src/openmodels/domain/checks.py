"""The rules that no single value can break: within one record, and between records.

Pure: what was read comes in as entries, what is wrong goes out as findings. A rule says which fields it
reads and is left out for an entry whose file already has a fault in one of them, so that one mistake is
reported once.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from rapidfuzz import fuzz, process

from openmodels.domain.entries import Catalogue, Entry, Finding, Kind, R
from openmodels.domain.faults import Fault, Path, did_you_mean, shown
from openmodels.domain.fields import id_of
from openmodels.domain.record_rules import MODEL_RULES, OFFERING_RULES, PROVIDER_RULES, Rule
from openmodels.domain.records import Model, Provider, Registry, Vendor

Keyed = TypeVar("Keyed", Model, Provider, Vendor)

SUGGESTIONS = 200
"""How many missing ids are compared with all known ones; a bound for a registry where all are missing."""


def check(catalogue: Catalogue) -> list[Finding]:
    """Every rule that the catalogue breaks, in no particular order."""
    findings = [
        *_each("models", catalogue.models, MODEL_RULES),
        *_each("providers", catalogue.providers, PROVIDER_RULES),
        *_each("offerings", catalogue.offerings, OFFERING_RULES),
    ]
    for rule in (_unique_ids, _aliases, _references, _regions, _keys, _prefixes):
        findings.extend(rule(catalogue))
    return findings


def check_registry(registry: Registry) -> list[Finding]:
    """The rules over records that come from elsewhere than files; their names are their ids'."""
    return check(
        Catalogue(
            models=[Entry(record=m, origin=m.id, key=m.id) for m in registry.models],
            providers=[Entry(record=p, origin=p.id, key=p.id) for p in registry.providers],
            offerings=[
                Entry(record=o, origin=id_of(o), key=o.model_id, folder=o.provider_id)
                for o in registry.offerings
            ],
            vendors=[Entry(record=v, origin=v.id, key=v.id) for v in registry.vendors],
            vendors_known=bool(registry.vendors),
        )
    )


def _each(kind: Kind, entries: Iterable[Entry[R]], rules: Sequence[Rule[R]]) -> Iterator[Finding]:
    for entry in entries:
        for rule in rules:
            if not entry.faulty or entry.has(*rule.reads):
                for fault in rule.check(entry):
                    yield _finding(kind, entry, fault)


def _finding(kind: Kind, entry: Entry[R], fault: Fault) -> Finding:
    if entry.at:
        fault = Fault(fault.code, entry.at + fault.path, fault.found, fault.expected, fault.hint)
    name = f"{entry.folder}/{entry.key}" if kind == "offerings" else entry.key
    return Finding(kind=kind, id=name, origin=entry.origin, fault=fault)


def _unique_ids(catalogue: Catalogue) -> Iterator[Finding]:
    yield from _repeated("models", catalogue.models, ("id",), "duplicate-id")
    yield from _repeated("providers", catalogue.providers, ("id",), "duplicate-id")
    yield from _repeated("vendors", catalogue.vendors, ("id",), "duplicate-id")
    yield from _repeated("offerings", catalogue.offerings, ("model_id", "provider_id"), "duplicate-mapping")


def _repeated(
    kind: Kind, entries: Iterable[Entry[R]], fields: tuple[str, ...], code: str
) -> Iterator[Finding]:
    """A finding for each entry, but the first, that has the same ``fields`` as another."""
    first: dict[tuple[str, ...], Entry[R]] = {}
    # The file that is named after its id is the rightful one, whatever the order of the files.
    for entry in sorted(entries, key=lambda e: getattr(e.record, fields[0]) != e.key):
        if entry.has(*fields):
            identity = tuple(getattr(entry.record, field) for field in fields)
            other = first.setdefault(identity, entry)
            if other is not entry:
                what = "a model and provider" if kind == "offerings" else "an id"
                place = other.origin if other.origin != entry.origin else f"item {_item(other)}"
                found = shown(" at ".join(identity))
                expected = f"{what} of its own; {place} has this one"
                yield _finding(kind, entry, Fault(code, (fields[0],), found, expected))


def _item(entry: Entry[R]) -> str:
    return "".join(f"[{step}]" for step in entry.at)


def _aliases(catalogue: Catalogue) -> Iterator[Finding]:
    by_id = {entry.record.id: entry for entry in catalogue.models if entry.has("id")}
    first: dict[str, Entry[Model]] = {}
    for entry in catalogue.models:
        for index, alias in enumerate(entry.record.aliases if entry.has("aliases") else ()):
            path: Path = ("aliases", index)
            owner = by_id.get(alias)
            if owner is not None and owner is not entry:
                expected = f"an id that no model has; {owner.origin} has this one"
                yield _finding("models", entry, Fault("alias-is-an-id", path, shown(alias), expected))
            other = first.setdefault(alias, entry)
            if other is not entry:
                expected = f"an alias that no other model has; {other.origin} has this one"
                yield _finding("models", entry, Fault("duplicate-alias", path, shown(alias), expected))


class _Known:
    """The ids that may be referred to, and what a missing one was likely meant to be."""

    def __init__(self, entries: Iterable[Entry[Keyed]], unread: Iterable[str] = ()) -> None:
        self._ids = set(unread)
        for entry in entries:
            # A file with a wrong id is one mistake; what refers to it by its file's name is none.
            self._ids.add(entry.key)
            if entry.has("id"):
                self._ids.add(entry.record.id)
        self._near: dict[str, str | None] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._ids

    def near(self, name: str) -> str | None:
        """The known id that ``name`` was likely meant to be, or None."""
        if name not in self._near and len(self._near) < SUGGESTIONS:
            best = process.extractOne(name, sorted(self._ids), scorer=fuzz.ratio, score_cutoff=70)
            self._near[name] = best[0] if best else None
        return self._near.get(name)


def _references(catalogue: Catalogue) -> Iterator[Finding]:
    models = _Known(catalogue.models, catalogue.unread_models)
    providers = _Known(catalogue.providers, catalogue.unread_providers)
    vendors = _Known(catalogue.vendors)
    canonical = {a: e.record.id for e in catalogue.models if e.has("id", "aliases") for a in e.record.aliases}

    def model_fault(field: str, name: str) -> Fault:
        owner = canonical.get(name)
        hint = f"{name} is an alias; write {owner}" if owner else did_you_mean(models.near(name))
        return Fault("unknown-model", (field,), shown(name), "the id of a model in models/", hint)

    for model in catalogue.models:
        successor, vendor = model.record.replaced_by, model.record.vendor
        if model.has("replaced_by") and successor is not None and successor not in models:
            yield _finding("models", model, model_fault("replaced_by", successor))
        if catalogue.vendors_known and model.has("vendor") and vendor is not None and vendor not in vendors:
            hint = did_you_mean(vendors.near(vendor)) or "add the vendor to vendors.yaml"
            fault = Fault("unknown-vendor", ("vendor",), shown(vendor), "the id of a vendor", hint)
            yield _finding("models", model, fault)
    for offering in catalogue.offerings:
        model_id, provider_id = offering.record.model_id, offering.record.provider_id
        if offering.has("model_id") and model_id not in models:
            yield _finding("offerings", offering, model_fault("model_id", model_id))
        if offering.has("provider_id") and provider_id not in providers:
            near = did_you_mean(providers.near(provider_id))
            expected = "the id of a provider in providers/"
            fault = Fault("unknown-provider", ("provider_id",), shown(provider_id), expected, near)
            yield _finding("offerings", offering, fault)


def _regions(catalogue: Catalogue) -> Iterator[Finding]:
    regions = {
        p.record.id: dict.fromkeys(p.record.regions) for p in catalogue.providers if p.has("id", "regions")
    }
    for entry in catalogue.offerings:
        if not entry.has("provider_id", "available_regions"):
            continue
        offered = regions.get(entry.record.provider_id, {"global": None})
        if "global" in offered:
            continue
        for index, region in enumerate(entry.record.available_regions):
            if region not in offered:
                yield _finding(
                    "offerings",
                    entry,
                    Fault(
                        "region-not-offered",
                        ("available_regions", index),
                        shown(region),
                        f"one of the provider's regions: {_listed(list(offered))}",
                        f"if the provider has it, add it to providers/{entry.record.provider_id}.yaml",
                    ),
                )


def _listed(words: Sequence[str], limit: int = 30) -> str:
    more = f" and {len(words) - limit} more" if len(words) > limit else ""
    return ", ".join(words[:limit]) + more


def _keys(catalogue: Catalogue) -> Iterator[Finding]:
    """Without this, a file that somebody sends in could have another provider's key sent to its own host."""
    holders: dict[str, tuple[str, str]] = {}
    for entry in catalogue.providers:
        if not entry.has("env", "api_base_url"):
            continue
        host = entry.record.api_base_url.split("/", 3)[2].lower()
        for index, variable in enumerate(entry.record.env):
            holder, holders_host = holders.setdefault(variable.upper(), (entry.record.id, host))
            if host != holders_host:
                expected = f"a variable that no provider at another host names; {holder} names this one"
                fault = Fault("shared-key", ("env", index), shown(variable), expected, "name its own key")
                yield _finding("providers", entry, fault)


def _prefixes(catalogue: Catalogue) -> Iterator[Finding]:
    holders: dict[str, list[Entry[Vendor]]] = defaultdict(list)
    for entry in catalogue.vendors:
        for index, prefix in enumerate(entry.record.prefixes if entry.has("prefixes") else ()):
            others = holders[prefix]
            if others and others[0] is not entry:
                expected = f"a prefix that no other vendor has; {others[0].key} has this one"
                path: Path = ("prefixes", index)
                yield _finding("vendors", entry, Fault("duplicate-prefix", path, shown(prefix), expected))
            others.append(entry)
