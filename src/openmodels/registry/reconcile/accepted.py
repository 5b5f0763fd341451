"""Disagreements that were written down before, and are now decided for one source."""

from datetime import datetime
from typing import Any

import msgspec

from openmodels.domain.fields import id_of, said_in, value_of
from openmodels.domain.records import Registry
from openmodels.registry.reconcile.fields import R, converted
from openmodels.registry.reconcile.merge import Speaker, accepts, item_of, merge, with_claims
from openmodels.registry.reconcile.plan import Options


def accept_recorded(registry: Registry, options: Options, imported: str, now: datetime) -> Registry:
    """``registry`` with the accepted source's recorded values taken, where it is not the imported one.

    The imported source's own values are taken while it is read.
    """
    if options.accept is None or options.accept == imported:
        return registry
    return msgspec.structs.replace(
        registry,
        models=tuple(_accepted(model, options, now) for model in registry.models),
        providers=tuple(_accepted(provider, options, now) for provider in registry.providers),
        offerings=tuple(_accepted(offering, options, now) for offering in registry.offerings),
    )


def _accepted(record: R, options: Options, now: datetime) -> R:
    source = options.accept or ""
    item, name = item_of(record, source), id_of(record)
    if item is None:
        return record
    told: dict[str, Any] = {}
    for claim in item.differs:
        if not accepts(options, source, name, claim.field):
            continue
        try:
            told[claim.field] = converted(type(record), claim.field, said_in(claim.value))
        except (ValueError, KeyError):
            continue
    if not told:
        return record
    for field in item.fields:
        told.setdefault(field, value_of(record, field))
    speaker = Speaker(
        source=source, name=source, url=None, version=item.version, observed_at=item.observed_at
    )
    # What it says otherwise, and nobody accepted, is still to be said.
    rest = {c.field: c for c in item.differs if c.field not in told}
    merged = with_claims(merge(record, told, speaker, lambda _: True).record, source, rest)
    return msgspec.structs.replace(merged, updated_at=max(now, record.created_at))
