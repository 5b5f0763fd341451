"""What an import writes on a record besides its values: whose they are, and when they changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from openmodels.domain.records import Offering
from openmodels.registry.reconcile.merge import Speaker, item_of, merge


def claimed(record: Any, values: Mapping[str, Any], speaker: Speaker) -> Any:
    """A new record whose every told value is the speaker's, those that it began with as well."""
    merged = merge(record, values, speaker, lambda _: True, always_noted=True).record
    item = item_of(merged, speaker.source)
    if item is None:
        return merged
    fields = tuple(sorted(values))
    items = tuple(msgspec.structs.replace(i, fields=fields) if i is item else i for i in merged.provenance)
    return msgspec.structs.replace(merged, provenance=items)


def timed(record: Any, before: Any, now: datetime) -> Any:
    """``record`` with the time of this change, where any value changed."""
    if _values(record) == _values(before):
        return record
    return msgspec.structs.replace(record, updated_at=max(now, before.created_at))


def _values(record: Any) -> Any:
    """The record without what says where from and when."""
    if isinstance(record, Offering):
        record = msgspec.structs.replace(record, source=None)
    return msgspec.structs.replace(record, provenance=())
