"""The registry's files to records, with every issue of every file.

Each file is read on its own: YAML, other names, structure. Then the rules go over everything that could be
read. Places are looked up last, and only in files that have an issue: that keeps a good registry fast.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from openmodels.domain.checks import check
from openmodels.domain.entries import Catalogue
from openmodels.domain.records import Model, Registry
from openmodels.domain.vendors import prefix_index, vendor_of
from openmodels.errors import RegistryInvalid
from openmodels.registry.desk import Desk
from openmodels.registry.files import list_files
from openmodels.registry.issues import Issue

Progress = Callable[[int, int], None]
"""Told after each file how many of how many are read."""


class Laid(Struct, frozen=True, kw_only=True):
    """What an overlay did to a registry."""

    added: int
    """Records that the registry does not have."""
    changed: int
    """Records that it has otherwise."""
    hidden: int
    """Records that are left out."""


class Loaded(Struct, frozen=True, kw_only=True):
    """What came of loading a registry."""

    registry: Registry | None
    """The records; None when there is any issue."""
    issues: tuple[Issue, ...]
    """Everything that is wrong, by file, then from top to bottom."""
    files: int
    """How many files were read."""
    overlay: Laid | None = None
    """What an overlay did; None where there is none."""


def load_registry(path: Path, *, progress: Progress | None = None) -> Loaded:
    """Read the registry in the folder ``path``.

    Raises ``RegistryUnreadable``, which says what to type, when there is no registry there.
    """
    listing = list_files(path)
    desk, total = Desk(), len(listing.files)
    desk.take_all(listing, lambda done: progress(done, total) if progress else None)
    catalogue = desk.catalogue()
    for finding in check(catalogue):
        desk.note(finding.origin, finding.fault)
    issues = desk.issues()
    return Loaded(registry=None if issues else registry_of(catalogue), issues=issues, files=total)


def require_registry(path: Path, *, progress: Progress | None = None) -> Registry:
    """The registry in the folder ``path``.

    Raises ``RegistryUnreadable`` when there is none, ``RegistryInvalid`` when it has issues.
    """
    loaded = load_registry(path, progress=progress)
    if loaded.registry is None:
        raise RegistryInvalid(loaded.issues)
    return loaded.registry


def registry_of(catalogue: Catalogue) -> Registry:
    """The records of a catalogue that breaks no rule."""
    vendors = sorted((entry.record for entry in catalogue.vendors), key=lambda v: v.id)
    prefixes = prefix_index(vendors)
    models = (_with_vendor(entry.record, prefixes) for entry in catalogue.models)
    return Registry(
        models=tuple(sorted(models, key=lambda m: m.id)),
        providers=tuple(sorted((e.record for e in catalogue.providers), key=lambda p: p.id)),
        offerings=tuple(
            sorted((e.record for e in catalogue.offerings), key=lambda o: (o.provider_id, o.model_id))
        ),
        vendors=tuple(vendors),
    )


def _with_vendor(model: Model, prefixes: dict[str, str]) -> Model:
    if model.vendor is not None:
        return model
    vendor = vendor_of(model.id, prefixes)
    return model if vendor is None else msgspec.structs.replace(model, vendor=vendor)
