"""What in a valid registry has grown old, is in doubt, or leads nowhere.

Pure: a registry, the time and what others know (how the prober would go about it, who was ever checked) come
in, findings go out. ``KINDS`` is the one table of what is looked for; the documentation is held to it.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, Protocol

import msgspec
from msgspec import Struct, field

from openmodels.domain.entries import Kind
from openmodels.domain.faults import Path, path_text, shown
from openmodels.domain.fields import id_of, value_of
from openmodels.domain.naming import Resolution
from openmodels.domain.records import Model, Offering, Pricing, Provenance, Provider, Record, Registry

FindingKind = Literal[
    "stale",
    "no-source",
    "disagreement",
    "no-offerings",
    "no-probes",
    "never-checked",
    "unresolved-name",
    "overdue",
    "no-successor",
    "odd-price",
]

KINDS: Mapping[FindingKind, str] = {
    "stale": "An offering's numbers were last compared with their source long ago, or later than now.",
    "no-source": "An offering does not say where its numbers come from, or when they were compared with it.",
    "disagreement": "A source says of a field something else than the registry.",
    "no-offerings": "A model that is not retired is offered by nobody.",
    "no-probes": "A provider's answers cannot be measured.",
    "never-checked": "A provider that is probed was never checked; looked for with `--telemetry` only.",
    "unresolved-name": "The name of a model at a provider does not lead to the model that it is given for.",
    "overdue": "Something is past its retirement, and not said to be retired.",
    "no-successor": "A model is deprecated, and no model is named as its successor.",
    "odd-price": "A price that is there for being lower than another is higher, or the other way round.",
}
"""What each kind of finding means."""

CANDIDATES = 3
"""How many of the models that a name may mean are told."""


class Names(Protocol):
    """Tells what a provider's name for a model means (``domain.naming.Resolver``)."""

    def resolve(self, name: str, *, provider: str | None = None, title: str | None = None) -> Resolution:
        """What ``name`` means at the provider."""
        ...


class AuditFinding(Struct, frozen=True, kw_only=True):
    """One thing that somebody should look at."""

    kind: FindingKind
    """What it is."""
    record: Kind
    """Of which kind the record is."""
    id: str
    """The record's id; ``provider/model`` for an offering."""
    path: Path
    """Where in the record."""
    message: str
    """What was found, in a sentence that stays the same as long as nothing changes, whatever is asked."""
    hint: str | None = None
    """What to do, where one can tell."""


class Outlook(Struct, frozen=True, kw_only=True):
    """What an audit knows beside the registry."""

    now: datetime
    """The time."""
    days: int
    """How many days after it was compared with its source a number is stale."""
    names: Names
    """Tells what providers' names mean."""
    unmeasured: Mapping[str, str] = field(default_factory=dict)
    """By provider id: why it is not probed, or none of its offerings measured."""
    checked: Collection[str] | None = None
    """The providers that were ever checked; None where that is not known."""
    unprobed: Collection[str] = ()
    """The providers that are not even checked for their health."""


def audit(registry: Registry, outlook: Outlook) -> list[AuditFinding]:
    """Everything that is found, in the order of ``KINDS``, then of records and ids."""
    findings = [finding for look in _LOOKS for finding in look(registry, outlook)]
    order = {kind: place for place, kind in enumerate(KINDS)}
    return sorted(findings, key=lambda f: (order[f.kind], f.record, f.id, path_text(f.path), f.message))


def _live(registry: Registry) -> list[Offering]:
    """The offerings that can be had, as far as anybody says."""
    retired = {model.id for model in registry.models if model.status == "retired"}
    return [o for o in registry.offerings if o.status != "retired" and o.model_id not in retired]


def _of_offering(
    kind: FindingKind, offering: Offering, path: Path, message: str, hint: str | None = None
) -> AuditFinding:
    return AuditFinding(
        kind=kind, record="offerings", id=id_of(offering), path=path, message=message, hint=hint
    )


def _verification(registry: Registry, outlook: Outlook) -> Iterator[AuditFinding]:
    """Offerings without a source, and those that were compared with it too long ago."""
    oldest = outlook.now - timedelta(days=outlook.days)
    where: Path = ("source", "verified_at")
    for offering in _live(registry):
        source = offering.source
        if source is None:
            hint = "say where its numbers come from: add `source` with `name`, `url` and `verified_at`"
            yield _of_offering("no-source", offering, ("source",), "it has no source", hint)
        elif source.verified_at is None:
            message = f"nobody says when it was compared with {shown(source.name)}"
            hint = "compare its numbers with the source and add `verified_at`"
            yield _of_offering("no-source", offering, ("source",), message, hint)
        elif source.verified_at > outlook.now + timedelta(days=1):
            message = f"its `verified_at` lies in the future: {source.verified_at:%Y-%m-%d}"
            hint = "write when it was really compared with its source"
            yield _of_offering("stale", offering, where, message, hint)
        elif source.verified_at < oldest:
            day = f"{source.verified_at:%Y-%m-%d}"
            message = f"last compared with {shown(source.name)} on {day}"
            at = f" ({source.url})" if source.url else ""
            # How many days count is asked for, and does not make it another finding.
            hint = (
                f"over {outlook.days:,} days ago: compare its numbers with the source{at} "
                "and move `verified_at` on"
            )
            yield _of_offering("stale", offering, where, message, hint)


def _disagreements(registry: Registry, _outlook: Outlook) -> Iterator[AuditFinding]:
    groups: tuple[tuple[Kind, Sequence[Model | Provider | Offering]], ...] = (
        ("models", registry.models),
        ("providers", registry.providers),
        ("offerings", registry.offerings),
    )
    for kind, records in groups:
        for record in records:
            for where, said in sorted(_claims(record.provenance).items()):
                ours = f"the registry says {_ours(record, where)}"
                others = [f"{source} says {_cut(value)}" for source, value in sorted(said)]
                yield AuditFinding(
                    kind="disagreement",
                    record=kind,
                    id=id_of(record),
                    path=tuple(where.split(".")),
                    message=f"{', '.join(others)}; {ours}",
                    hint="find out who is right; `openmodels import SOURCE --accept SOURCE` takes a source's",
                )


def _claims(provenance: Sequence[Provenance]) -> Mapping[str, list[tuple[str, str]]]:
    """By field: which source says what."""
    claims: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for item in provenance:
        for claim in item.differs:
            claims[claim.field].append((item.source, claim.value))
    return claims


_encoder = msgspec.json.Encoder(decimal_format="number")


def _ours(record: Record, path: str) -> str:
    value = value_of(record, path)
    return "nothing" if value is None else _cut(_encoder.encode(value).decode())


def _cut(text: str) -> str:
    return text if len(text) <= 120 else text[:119] + "…"


def _unoffered(registry: Registry, _outlook: Outlook) -> Iterator[AuditFinding]:
    offered = {offering.model_id for offering in registry.offerings if offering.status != "retired"}
    for model in registry.models:
        if model.status != "retired" and model.id not in offered:
            yield AuditFinding(
                kind="no-offerings",
                record="models",
                id=model.id,
                path=("id",),
                message="no provider offers it",
                hint="add a mapping, or say `status: retired` with the day",
            )


def _probes(registry: Registry, outlook: Outlook) -> Iterator[AuditFinding]:
    known = None if outlook.checked is None else {*outlook.checked, *outlook.unprobed}
    for provider in registry.providers:
        why = outlook.unmeasured.get(provider.id)
        if why:
            kind: FindingKind = "no-probes"
            where = "probe" if provider.probe is not None else "id"
            yield _of_provider(kind, provider, where, f"its answers are not measured: {why}")
        if known is not None and provider.id not in known:
            hint = "see whether a prober runs, and `openmodels probe --once` for what comes back"
            yield _of_provider("never-checked", provider, "id", "it was never checked", hint)


def _of_provider(
    kind: FindingKind, provider: Provider, where: str, message: str, hint: str | None = None
) -> AuditFinding:
    return AuditFinding(
        kind=kind, record="providers", id=provider.id, path=(where,), message=message, hint=hint
    )


def _provider_names(registry: Registry, outlook: Outlook) -> Iterator[AuditFinding]:
    for offering in registry.offerings:
        name = offering.provider_model_name
        found = outlook.names.resolve(name, provider=offering.provider_id)
        if found.model_id == offering.model_id:
            continue
        if found.model_id is not None:
            message = f"{shown(name)} means {found.model_id}"
            hint = f"if it is the same model, add an alias; if not, move the mapping to {found.model_id}.yaml"
        else:
            message = f"{shown(name)} leads to no model for certain"
            near = ", ".join(f"{c.model_id} ({c.score:.2f})" for c in found.candidates[:CANDIDATES])
            hint = "add the name to the aliases of the model that it means"
            hint += f"; it is like {near}" if near else ""
        yield _of_offering("unresolved-name", offering, ("provider_model_name",), message, hint)


def _ends(registry: Registry, outlook: Outlook) -> Iterator[AuditFinding]:
    """What is past its end and not said to be, and what ends with nothing after it."""
    today = outlook.now.date()
    retired = {model.id for model in registry.models if model.status == "retired"}
    for model in registry.models:
        day = model.deprecation_date
        if day is not None and day < today and model.status != "retired":
            message = f"it was to be retired on {day.isoformat()}, and is said to be {model.status}"
            hint = "say `status: retired`, or correct `deprecation_date`"
            yield _of_model("overdue", model, "deprecation_date", message, hint)
        if model.status == "deprecated" and model.replaced_by is None:
            message = "it is deprecated, and nothing is named as its successor"
            hint = "add `replaced_by`, if the vendor names one"
            yield _of_model("no-successor", model, "status", message, hint)
    for offering in registry.offerings:
        if offering.model_id in retired and offering.status != "retired":
            message = f"its model is retired, and it is said to be {offering.status}"
            hint = "say `status: retired`, unless this provider goes on with it"
            yield _of_offering("overdue", offering, ("status",), message, hint)


def _of_model(kind: FindingKind, model: Model, where: str, message: str, hint: str) -> AuditFinding:
    return AuditFinding(kind=kind, record="models", id=model.id, path=(where,), message=message, hint=hint)


_ORDERED: tuple[tuple[str, str, str], ...] = (
    ("input_per_million", "output_per_million", "input costs more than output"),
    ("cache_read_per_million", "input_per_million", "reading the cache costs more than input"),
    ("cache_read_per_million", "cache_write_per_million", "reading the cache costs more than writing it"),
)
"""Of each two prices of one offering, the first should be at most the second; else what is odd."""


def _prices(registry: Registry, _outlook: Outlook) -> Iterator[AuditFinding]:
    for offering in _live(registry):
        for path, message in _oddities(offering.pricing):
            hint = "look whether two prices are swapped, or one is of another unit"
            yield _of_offering("odd-price", offering, ("pricing", *path), message, hint)


def _oddities(pricing: Pricing) -> Iterator[tuple[Path, str]]:
    at_most: list[tuple[Path, Decimal | None, Decimal | None, str]] = []
    for lower, upper, what in _ORDERED:
        at_most.append(((lower,), getattr(pricing, lower), getattr(pricing, upper), what))
        for index, tier in enumerate(pricing.tiers):
            path: Path = ("tiers", index, lower)
            at_most.append((path, getattr(tier, lower), getattr(tier, upper), f"in a tier, {what}"))
    if pricing.batch is not None:
        for name in ("input_per_million", "output_per_million"):
            what = f"in a batch, {name.split('_', maxsplit=1)[0]} costs more than without"
            at_most.append((("batch", name), getattr(pricing.batch, name), getattr(pricing, name), what))
    for path, lower_price, upper_price, what in at_most:
        if lower_price is None or upper_price is None:
            continue
        # What embeds or ranks has an output that costs nothing.
        if lower_price > upper_price and not (what.endswith("than output") and upper_price == 0):
            yield path, f"{what}: {lower_price:f} against {upper_price:f}"
    write, price = pricing.cache_write_per_million, pricing.input_per_million
    if write is not None and price is not None and 0 < write < price:
        yield (
            ("cache_write_per_million",),
            f"writing the cache costs less than input: {write:f} against {price:f}",
        )


_LOOKS: tuple[Callable[[Registry, Outlook], Iterator[AuditFinding]], ...] = (
    _verification,
    _disagreements,
    _unoffered,
    _probes,
    _provider_names,
    _ends,
    _prices,
)
