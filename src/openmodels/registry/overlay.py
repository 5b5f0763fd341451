"""An overlay: a folder of one's own files that is laid over the registry when it is published.

It has the registry's layout. A file that the registry has too says only what differs (``overlay_merge``), any
other is a whole record, and ``overlay.yaml`` names what is hidden. It is checked as strictly as the registry,
and what the two break together is told of the overlay's files: they are what its owner can change.
"""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from openmodels.domain.checks import check
from openmodels.domain.entries import Catalogue, Entry, Finding, R
from openmodels.domain.faults import Fault, did_you_mean, path_text, shown
from openmodels.domain.records import OFFERING_PATTERN, Id, Model, Provider, Record, Registry
from openmodels.domain.vocabulary import suggest
from openmodels.errors import RegistryInvalid
from openmodels.registry.desk import Desk, holes_in, within_any
from openmodels.registry.files import HIDE, VENDORS, Listing, list_files, list_overlay
from openmodels.registry.load import Laid, Loaded, Progress, load_registry, registry_of
from openmodels.registry.overlay_merge import Underneath
from openmodels.registry.structure import read_record

SUGGESTIONS = 200
"""How many ids that hide nothing are compared with all known ones."""


class Hide(Record, frozen=True, kw_only=True):
    """What is left out of what is published."""

    providers: tuple[Id, ...] = ()
    """Ids of providers; their offerings go with them."""
    models: tuple[Id, ...] = ()
    """Ids of models; their offerings go with them."""
    offerings: tuple[Annotated[str, Meta(pattern=OFFERING_PATTERN, max_length=511)], ...] = ()
    """Single offerings, as ``provider/model``."""


class OverlayRules(Record, frozen=True, kw_only=True):
    """What ``overlay.yaml`` holds."""

    hide: Hide = Hide()
    """What is left out."""


def load_with_overlay(registry: Path, overlay: Path | None, *, progress: Progress | None = None) -> Loaded:
    """Read the registry in the folder ``registry`` with the overlay in ``overlay``, if any, laid over it.

    The issues are those of both; the overlay's say so by their ``layer``. Raises ``RegistryUnreadable``,
    which says what to type, when either is not there.
    """
    if overlay is None:
        return load_registry(registry, progress=progress)
    below, above = list_files(registry), list_overlay(overlay)
    desk, own = Desk(), Desk(Underneath(below.files))
    total = len(below.files) + len(above.files)
    desk.take_all(below, lambda done: progress(done, total) if progress else None)
    hide = _take_overlay(own, above)
    if progress is not None:
        progress(total, total)
    public, private = desk.catalogue(), own.catalogue()
    known = check(public)
    for finding in known:
        desk.note(finding.origin, finding.fault)
    vendors_read = private.vendors_known or not own.has(_origin(VENDORS))
    together = _laid(public, private, vendors_read=vendors_read)
    shown_ones = _without(together, hide)
    for fault in (*_idle(hide, public), *_contrary(hide, private)):
        own.note(_origin(HIDE), fault)
    before = set(known)
    for finding in check(shown_ones):
        if finding not in before:
            origin, fault = _blamed(finding, public, private, own)
            if own.has(origin):
                own.note(origin, fault)
            else:
                own.misplaced(HIDE, fault)
    issues = (*desk.issues(), *own.issues())
    return Loaded(
        registry=None if issues else registry_of(shown_ones),
        issues=issues,
        files=total,
        overlay=Laid(
            added=_count(together) - _count(public),
            changed=_count(public) + _count(private) - _count(together),
            hidden=_count(together) - _count(shown_ones),
        ),
    )


def require_with_overlay(
    registry: Path, overlay: Path | None, *, progress: Progress | None = None
) -> Registry:
    """The registry in the folder ``registry`` with the overlay in ``overlay``, if any, laid over it.

    Raises ``RegistryUnreadable`` when either is not there, ``RegistryInvalid`` when there are issues.
    """
    loaded = load_with_overlay(registry, overlay, progress=progress)
    if loaded.registry is None:
        raise RegistryInvalid(loaded.issues)
    return loaded.registry


def _origin(name: str) -> str:
    return f"the overlay's {name}"


def _take_overlay(desk: Desk, listing: Listing) -> Hide:
    """Read the overlay's files; what comes back is what is hidden."""
    rules = [file for file in listing.files if file.kind == "hide"]
    desk.take_all(msgspec.structs.replace(listing, files=[f for f in listing.files if f not in rules]))
    hide = Hide()
    for file in rules:
        document = desk.document(file)
        if document is not None:
            reading = read_record(document.data, OverlayRules, careful=True)
            holes = holes_in(document)
            for fault in reading.faults:
                if not within_any(fault.path, holes):
                    desk.note(file.origin, fault)
            if reading.record is not None:
                hide = reading.record.hide
    return hide


def _laid(public: Catalogue, private: Catalogue, *, vendors_read: bool) -> Catalogue:
    """Both together; what is in the overlay stands for what the registry has of that name.

    The overlay's entries come last: of two that claim the same, the rules blame the later.
    """
    return Catalogue(
        models=_over(public.models, private.models),
        providers=_over(public.providers, private.providers),
        offerings=_over(public.offerings, private.offerings),
        vendors=_over(public.vendors, private.vendors),
        unread_models=public.unread_models | private.unread_models,
        unread_providers=public.unread_providers | private.unread_providers,
        vendors_known=public.vendors_known and vendors_read,
    )


def _over(public: Sequence[Entry[R]], private: Sequence[Entry[R]]) -> Sequence[Entry[R]]:
    replaced = {(entry.folder, entry.key) for entry in private}
    return [*(entry for entry in public if (entry.folder, entry.key) not in replaced), *private]


def _without(catalogue: Catalogue, hide: Hide) -> Catalogue:
    """What is left when everything hidden is gone, and nothing refers to it."""
    providers, models, offerings = set(hide.providers), set(hide.models), set(hide.offerings)
    return msgspec.structs.replace(
        catalogue,
        models=[_forgetting(entry, models) for entry in catalogue.models if entry.key not in models],
        providers=[entry for entry in catalogue.providers if entry.key not in providers],
        offerings=[
            entry
            for entry in catalogue.offerings
            if entry.folder not in providers
            and entry.key not in models
            and f"{entry.folder}/{entry.key}" not in offerings
        ],
    )


def _forgetting(entry: Entry[Model], hidden: Collection[str]) -> Entry[Model]:
    """The entry without a successor that is hidden: its name would give it away."""
    if entry.record.replaced_by not in hidden:
        return entry
    return msgspec.structs.replace(entry, record=msgspec.structs.replace(entry.record, replaced_by=None))


def _count(catalogue: Catalogue) -> int:
    parts = (catalogue.models, catalogue.providers, catalogue.offerings, catalogue.vendors)
    return sum(len(part) for part in parts)


def _idle(hide: Hide, public: Catalogue) -> Iterator[Fault]:
    """The ids that hide nothing."""
    canonical = {alias: entry.key for entry in public.models for alias in entry.record.aliases}
    known = {
        "providers": {entry.key for entry in public.providers} | public.unread_providers,
        "models": {entry.key for entry in public.models} | public.unread_models,
        "offerings": {f"{entry.folder}/{entry.key}" for entry in public.offerings},
    }
    compared = 0
    for field, code, what in (
        ("providers", "unknown-provider", "a provider"),
        ("models", "unknown-model", "a model"),
        ("offerings", "unknown-mapping", "an offering, as provider/model,"),
    ):
        for index, name in enumerate(getattr(hide, field)):
            if name not in known[field]:
                compared += 1
                near = suggest(name, known[field]) if compared <= SUGGESTIONS else None
                if field == "models" and name in canonical:
                    near = canonical[name]
                expected = f"the id of {what} of the registry"
                yield Fault(code, ("hide", field, index), shown(name), expected, did_you_mean(near))


def _contrary(hide: Hide, private: Catalogue) -> Iterator[Fault]:
    """The ids that would hide what the overlay itself gives."""
    given = {
        "providers": {e.folder: e.origin for e in private.offerings}
        | {e.key: e.origin for e in private.providers},
        "models": {e.key: e.origin for e in private.offerings} | {e.key: e.origin for e in private.models},
        "offerings": {f"{e.folder}/{e.key}": e.origin for e in private.offerings},
    }
    for field, origins in given.items():
        for index, name in enumerate(getattr(hide, field)):
            if name in origins:
                expected = f"an id that the overlay has no file for; {origins[name]} is for this one"
                hint = "remove one of the two"
                yield Fault("hidden-and-given", ("hide", field, index), shown(name), expected, hint)


def _blamed(finding: Finding, public: Catalogue, private: Catalogue, own: Desk) -> tuple[str, Fault]:
    """Which of the overlay's files broke the rule, and the fault as it stands there."""
    if own.has(finding.origin):
        return finding.origin, finding.fault
    fault = finding.fault
    cause: Entry[Provider] | Entry[Model] | None = None
    field = "id"
    if finding.kind == "offerings":
        provider_id, field = finding.id.partition("/")[0], "regions"
        cause = next((entry for entry in private.providers if entry.key == provider_id), None)
    elif finding.kind == "models":
        record = next(entry.record for entry in public.models if entry.origin == finding.origin)
        cause = next((entry for entry in private.models if entry.key in record.aliases), None)
    disagreement = f"{path_text(fault.path)} is {fault.found}"
    found = f"something that does not go with the registry's {finding.origin}, where {disagreement}"
    told = msgspec.structs.replace(fault, path=(field,) if cause else (), found=found, hint=None)
    return cause.origin if cause else _origin(HIDE), told
