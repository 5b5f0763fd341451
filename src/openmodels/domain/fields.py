"""Records and their fields: what a record is called, what stands at a path, and who says so."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from openmodels.domain.records import Model, Offering, Provenance, Provider, Vendor

_claims = msgspec.json.Decoder(float_hook=Decimal)


def id_of(record: Model | Provider | Offering | Vendor) -> str:
    """A record's id; of an offering, ``provider/model``."""
    return f"{record.provider_id}/{record.model_id}" if isinstance(record, Offering) else record.id


def value_of(record: Any, path: str) -> Any:
    """The value at ``path``, its parts joined by dots; None where there is nothing.

    ``record`` is a record, or one as JSON gives it.
    """
    for name in path.split("."):
        if isinstance(record, dict):
            record = record.get(name)
        else:
            record = getattr(record, name, None) if isinstance(record, Struct) else None
    return record


def named_by(path: str, provenance: Sequence[Provenance]) -> Provenance | None:
    """What names the field at ``path``, else the part that it is in; the newest of several."""
    naming = [item for item in provenance if path in item.fields]
    part = path.rpartition(".")[0]
    if not naming and part:
        return named_by(part, provenance)
    return max(naming, key=lambda item: item.observed_at, default=None)


def said_in(text: str) -> Any:
    """What a claim's JSON text says, numbers exact. Raises ``ValueError`` where it is not JSON.

    Unlike what a history kept, it may be anything that somebody wrote.
    """
    try:
        return _claims.decode(text)
    except (msgspec.DecodeError, ArithmeticError, RecursionError) as error:
        raise ValueError(str(error)) from None
