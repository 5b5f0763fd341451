"""The source's models and ours: which is which, which is new, and what a new one is made of."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from openmodels.domain.fields import value_of
from openmodels.domain.naming import Candidate, Resolver
from openmodels.domain.naming.spelling import canonical_id
from openmodels.domain.records import ID_PATTERN, Model, Vendor
from openmodels.domain.vendors import prefix_index, vendor_of
from openmodels.registry.importers.providers import vendor_id
from openmodels.registry.reconcile.describe import describe_model
from openmodels.registry.reconcile.fields import is_blank
from openmodels.registry.reconcile.merge import Merged, Speaker, item_of, merge, with_claims
from openmodels.registry.reconcile.plan import Doubt

FIELDS = (
    "name",
    "vendor",
    "family",
    "input_modalities",
    "output_modalities",
    "modalities",
    "capabilities",
    "context_window",
    "max_output_tokens",
    "licensing",
    "open_weights",
    "release_date",
    "knowledge_cutoff",
    "status",
    "deprecation_date",
)
"""The fields of a model that a source can tell. Its description and aliases are ours."""
PRESENTATION = frozenset({"name", "vendor"})
"""Ours as well where the record is curated: how a thing is called on a page is no fact to disagree on, and
who made it is told by ``vendors.yaml``."""
DATED = re.compile(r"[-@](20\d\d-?\d\d-?\d\d)$")
_DEVICE = re.compile(r"con|prn|aux|nul|com[1-9]|lpt[1-9]")
"""Names under which Windows keeps devices: no file can be called so there, whatever its suffix."""
MAX_ID = 200
"""A file is named after it, and few systems take longer names than 255 bytes."""


class Matched(Struct):
    """The source's models by what they are here."""

    ours: dict[str, str] = {}
    """Our id by the source's."""
    main: dict[str, str] = {}
    """The source's id whose facts count for ours, by ours."""
    new: dict[str, str] = {}
    """The source's id of a model that is not here yet, by the id that it would have."""
    doubts: list[Doubt] = []


class Vendors:
    """Who makes a model, told by its id or by the source's namespace."""

    def __init__(self, vendors: Iterable[Vendor], source: str) -> None:
        self.by_id = {vendor.id: vendor for vendor in vendors}
        self._prefixes = prefix_index(self.by_id.values())
        self._source = source

    def of(self, model_id: str, names: Sequence[str]) -> Vendor | None:
        """The vendor of a model that the source calls ``names``; None where nobody knows."""
        found = vendor_of(model_id, self._prefixes)
        for name in names if found is None else ():
            namespace, slash, _ = name.partition("/")
            candidate = vendor_id(self._source, namespace) if slash else None
            if candidate in self.by_id:
                found = candidate
                break
        return self.by_id.get(found) if found else None

    def check(self, told: dict[str, Any], new: Model | None) -> None:
        """Take a vendor out of ``told`` that is none of ours, or not the one of a ``new`` model."""
        vendor = told.get("vendor")
        if vendor not in self.by_id or (new is not None and vendor != new.vendor):
            told.pop("vendor", None)


def filled(before: Model, told: dict[str, Any], speaker: Speaker) -> Merged[Model] | None:
    """``before`` with its blanks filled; what is there stays, as does what the source is known to say of it.

    None where there is nothing to fill.
    """
    values = comparable(before, told, speaker, taken=False)
    blanks = {field: value for field, value in values.items() if is_blank(field, value_of(before, field))}
    if not blanks:
        return None
    merged = merge(before, blanks, speaker, lambda _: False, keeps=lambda _: True)
    item = item_of(before, speaker.source)
    claims = {claim.field: claim for claim in item.differs if claim.field not in blanks} if item else {}
    return msgspec.structs.replace(merged, record=with_claims(merged.record, speaker.source, claims))


def match(names: Mapping[str, Mapping[str, Any]], models: Sequence[Model], resolver: Resolver) -> Matched:
    """Which of ours each of the source's models is; ``names`` are their facts by the source's id.

    The id or an alias decides, then the resolver; a dated name is a release of the undated model. A name that
    moves (``-latest``) is no model of its own, nor is one whose stem another model has.
    """
    known = {name: model.id for model in models for name in (*model.aliases, model.id)}
    stems = {resolver.stem(model.id): model.id for model in models}
    matched = Matched()
    for name in sorted(names, key=lambda n: (bool(DATED.search(n)), len(n), n)):
        dated, candidate = canonical_id(name), canonical_id(DATED.sub("", name))
        stem = resolver.stem(name)
        title = names[name].get("name")
        if dated in known or candidate in known:
            matched.ours[name] = known.get(dated) or known[candidate]
            continue
        resolution = resolver.resolve(name, title=title if isinstance(title, str) else None)
        if resolution.model_id is not None:
            matched.ours[name] = resolution.model_id
            continue
        reason = _doubtful(candidate, name, stems.get(stem))
        if reason:
            candidates = resolution.candidates or _one(stems.get(stem))
            matched.doubts.append(
                Doubt(
                    kind="model",
                    provider="",
                    name=name,
                    title=title if isinstance(title, str) else None,
                    reason=reason,
                    candidates=candidates,
                )
            )
            continue
        matched.ours[name] = candidate
        matched.new[candidate] = name
        known[candidate] = candidate
        stems.setdefault(stem, candidate)
    for name, ours in matched.ours.items():
        present = matched.main.get(ours)
        if present is None or _rank(name, ours) < _rank(present, ours):
            matched.main[ours] = name
    return matched


def _rank(name: str, ours: str) -> tuple[bool, bool, int, str]:
    return canonical_id(name) != ours, bool(DATED.search(name)), len(name), name


def _doubtful(candidate: str, name: str, same_stem: str | None) -> str | None:
    if not is_id(candidate):
        return "no id can be made of it"
    if name.endswith("-latest"):
        return "a name that moves from model to model"
    if same_stem is not None:
        return f"its name without dates and the like is that of {same_stem}"
    return None


def _one(model_id: str | None) -> tuple[Candidate, ...]:
    return (Candidate(model_id, 1.0),) if model_id else ()


def is_id(text: str) -> bool:
    """Whether ``text`` can be an id, and so a file's name."""
    if _DEVICE.fullmatch(text):
        return False
    return len(text) <= MAX_ID and re.fullmatch(ID_PATTERN.strip("^$"), text) is not None


def new_model(model_id: str, told: Mapping[str, Any], vendor: Vendor, now: datetime) -> Model | None:
    """A record without provenance yet, of what must be known; None where that is not told."""
    if not {"name", "capabilities", "modalities"} <= told.keys():
        return None
    return Model(
        id=model_id,
        name=told["name"],
        description="It is described below.",
        capabilities=told["capabilities"],
        modalities=told["modalities"],
        context_window=None,
        licensing="other",
        created_at=now,
        updated_at=now,
        vendor=vendor.id,
        country=vendor.country,
    )


def described(model: Model, before: Model | None, vendors: Mapping[str, Vendor]) -> Model:
    """``model`` with a description of its facts, unless somebody has written one."""
    if before is not None and before.description != describe_model(before, _name(before, vendors)):
        return model
    return msgspec.structs.replace(model, description=describe_model(model, _name(model, vendors)))


def _name(model: Model, vendors: Mapping[str, Vendor]) -> str | None:
    vendor = vendors.get(model.vendor or "")
    return vendor.name if vendor else None


def comparable(model: Model, told: dict[str, Any], speaker: Speaker, *, taken: bool) -> dict[str, Any]:
    """``told`` without what says nothing about a model that is here already.

    What goes in and out can be filled only where together it is what the record has: ``modalities`` is the
    union of both. ``taken`` says that the source's values win, and then the union follows them.
    """
    item = item_of(model, speaker.source)
    mine = item.fields if item else ()
    kept = {field: value for field, value in told.items() if field not in PRESENTATION or field in mine}
    union = kept.pop("modalities", None)
    if union is None:
        return kept
    if "modalities" in mine or taken:
        return {**kept, "modalities": union}
    if "code" in model.modalities:
        # No source has a word for code: what takes and gives it is told as text.
        union = (*union, "code")
        for field in ("input_modalities", "output_modalities"):
            kept[field] = tuple(dict.fromkeys((*kept[field], "code")))
    if set(union) != set(model.modalities) and model.input_modalities is None:
        kept.pop("input_modalities", None)
        kept.pop("output_modalities", None)
        kept["modalities"] = union
    return kept
