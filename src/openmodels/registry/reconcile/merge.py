"""One record and what a source says of it: what is taken, what is kept, and what is only written down.

A field that no source's provenance names is curated. It is never changed unless that is asked for; a blank
is filled; a field follows the source that it came from. A value that the same version of its source gives
otherwise was edited by hand, and is curated from then on.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Generic

import msgspec
from msgspec import Struct

from openmodels.domain.fields import value_of
from openmodels.domain.records import Claim, Model, Offering, Provenance, Provider
from openmodels.registry.reconcile.fields import (
    BLANK,
    R,
    as_json,
    empty_value,
    is_blank,
    same,
    with_value,
)
from openmodels.registry.reconcile.plan import Options

MAX_CLAIM = 2000


class Speaker(Struct, frozen=True, kw_only=True):
    """Who says something: one version of a source."""

    source: str
    name: str
    url: str | None
    version: str
    observed_at: datetime
    repeats: bool = False
    """Whether it goes on with what this very import has written: then nothing was edited in between."""


class Merged(Struct, Generic[R], frozen=True, kw_only=True):
    """What came of a record."""

    record: R
    """With its values and provenance; its times are as they were."""
    changed: tuple[str, ...] = ()
    """The fields whose values changed."""
    replaces: bool = False
    """Whether a value that was there became another, or went."""
    differs: tuple[str, ...] = ()
    """The fields of which the source says something else."""
    agrees: tuple[str, ...] = ()
    """The fields of which it says the same."""
    outdated: bool = False
    """Whether a newer version of the source has spoken already; then nothing changed."""


def accepts(options: Options, source: str, name: str, field: str) -> bool:
    """Whether ``source``'s value is to be taken for a field of the record ``name``."""
    if options.accept != source:
        return False
    wanted = (field, name, f"{name}:{field}")
    return not options.only or any(fnmatchcase(text, p) for p in options.only for text in wanted)


def item_of(record: R, source: str) -> Provenance | None:
    """The record's provenance from ``source``."""
    return next((item for item in record.provenance if item.source == source), None)


def owners(record: R) -> dict[str, str]:
    """The source of each field that has one."""
    return {field: item.source for item in record.provenance for field in item.fields}


def merge(
    record: R,
    told: Mapping[str, Any],
    speaker: Speaker,
    takes: Callable[[str], bool],
    *,
    fills: Callable[[str], bool] = lambda _: True,
    always_noted: bool = False,
    keeps: Callable[[str], bool] = lambda _: False,
) -> Merged[R]:
    """``record`` after ``speaker`` has said ``told``, values by field as the record holds them.

    ``takes`` says whether a value is taken although the registry has another, ``fills`` whether one may be
    where the registry has none. With ``always_noted`` the source's version is written down where it merely
    agrees, too. ``keeps`` says of what ``told`` does not hold whether the source speaks of it all the same:
    then its value stays.
    """
    before = item_of(record, speaker.source)
    if before and before.version != speaker.version and speaker.observed_at < before.observed_at:
        return Merged(record=record, outdated=True)
    owner = owners(record)
    merged, changed, agrees = record, [], []
    claims: dict[str, Any] = {}
    replaces = False
    for field, value in told.items():
        ours, holder = value_of(record, field), owner.get(field)
        if holder == speaker.source and ours != value and _same_version(before, speaker):
            holder = None
            del owner[field]
        if same(field, ours, value) and not (holder == speaker.source and ours != value):
            agrees.append(field)
            continue
        blank = is_blank(field, ours) and owner.get(field) is None
        blank = blank and not _emptied(record, before, field, value, speaker)
        if not ((blank and fills(field)) or holder == speaker.source or takes(field)):
            claims[field] = value
            continue
        merged = with_value(merged, field, value)
        owner[field] = speaker.source
        changed.append(field)
        replaces = replaces or not blank
    for field in before.fields if before else ():
        if field not in told and owner.get(field) == speaker.source and not keeps(field):
            withdrawn = _withdrawn(merged, field)
            if withdrawn is not None:
                merged, replaces = withdrawn, True
                changed.append(field)
                del owner[field]
    noted = always_noted and (before is not None or bool(agrees))
    merged = _with_provenance(record, merged, owner, claims, speaker, noted=noted)
    return Merged(
        record=merged,
        changed=tuple(changed),
        replaces=replaces,
        differs=tuple(claims),
        agrees=tuple(agrees),
    )


def _same_version(before: Provenance | None, speaker: Speaker) -> bool:
    return before is not None and before.version == speaker.version and not speaker.repeats


def _emptied(record: R, before: Provenance | None, field: str, value: Any, speaker: Speaker) -> bool:
    """Whether somebody took this very value away before, so that it is not filled in again."""
    priced = field.startswith("pricing.")
    if before is None or (priced and not _is_unpriced(record)):
        # A price that is claimed may wait for the rest of its list to agree.
        return False
    if field in before.fields:
        return _same_version(before, speaker)
    if not priced and field not in BLANK and before.version != speaker.version:
        return False
    return any(claim.field == field and claim.value == as_json(value) for claim in before.differs)


def _is_unpriced(record: Model | Provider | Offering) -> bool:
    """Whether the main prices are unknown: what a source claims of them was taken out by hand."""
    if not isinstance(record, Offering):
        return False
    return record.pricing.input_per_million is None and record.pricing.output_per_million is None


def _withdrawn(record: R, field: str) -> R | None:
    """The record without a value that its source no longer gives; None where there must be one."""
    try:
        return with_value(record, field, empty_value(type(record), field))
    except KeyError:
        return None


def with_claims(record: R, source: str, claims: Mapping[str, Claim]) -> R:
    """``record`` with what ``source`` says otherwise, by field, beside what it is said to say already."""
    item = item_of(record, source)
    if item is None or not claims:
        return record
    told = {**claims, **{claim.field: claim for claim in item.differs}}
    kept = msgspec.structs.replace(item, differs=tuple(told[field] for field in sorted(told)))
    return msgspec.structs.replace(
        record, provenance=tuple(kept if one is item else one for one in record.provenance)
    )


def _with_provenance(
    record: R,
    merged: R,
    owner: Mapping[str, str],
    claims: Mapping[str, Any],
    speaker: Speaker,
    *,
    noted: bool,
) -> R:
    items = [
        _revised(item, record, merged, owner) for item in record.provenance if item.source != speaker.source
    ]
    before = item_of(record, speaker.source)
    fields = tuple(sorted(field for field, source in owner.items() if source == speaker.source))
    differs = tuple(
        Claim(field=field, value=text)
        for field in sorted(claims)
        if len(text := as_json(claims[field])) <= MAX_CLAIM
    )
    if fields or differs or noted:
        kept = before is not None and before.version == speaker.version
        item = Provenance(
            source=speaker.source,
            version=before.version if before and kept else speaker.version,
            observed_at=before.observed_at if before and kept else speaker.observed_at,
            fields=fields,
            differs=differs,
        )
        place = list(record.provenance).index(before) if before else len(items)
        items.insert(place, item)
    return msgspec.structs.replace(merged, provenance=tuple(items))


def _revised(item: Provenance, record: R, merged: R, owner: Mapping[str, str]) -> Provenance:
    """Another source's part after one has taken fields from it: what it said of them is now a claim."""
    lost = {field for field in item.fields if owner.get(field) != item.source}
    claims = {claim.field: claim.value for claim in item.differs}
    for field in lost:
        claims[field] = as_json(value_of(record, field))
    told = {
        field: text
        for field, text in claims.items()
        if text != as_json(value_of(merged, field)) and len(text) <= MAX_CLAIM
    }
    if not lost and len(told) == len(item.differs):
        return item
    return msgspec.structs.replace(
        item,
        fields=tuple(field for field in item.fields if field not in lost),
        differs=tuple(Claim(field=field, value=told[field]) for field in sorted(told)),
    )


def is_only_from(record: Offering, source: str) -> bool:
    """Whether an offering is there because of ``source`` and nobody else says anything of it."""
    sources = [item.source for item in record.provenance]
    return sources == [source] and "provider_model_name" in record.provenance[0].fields
