"""The tables, in the state that the newest migration leaves them in; a test holds the two together.

A record of the registry is kept as its canonical JSON, beside its key and the digest of that JSON: a publish
compares digests, and loading is one decoding. References between records are checked before they are
published, and telemetry outlives the records that it speaks of, so there are no foreign keys.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
SINGLE_ROW = 1
"""The id of the only row of ``registry_head`` and of ``telemetry_head``; the migrations put it there."""


class Moment(TypeDecorator[datetime]):
    """A time as whole microseconds since 1970-01-01 UTC: exact, sortable and the same in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - the interface's
        """The number for a time; a time without zone is refused, since nobody can know what it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the time {value} has no time zone")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the interface's
        """The time in UTC for a number."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


# SQLite numbers rows by itself only when the column is INTEGER.
_RowId = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_N_name)s"},
)

registry_head = Table(
    "registry_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    # Null until something is published: so a publish is always the same conditional UPDATE of one row.
    Column("revision", String(64)),
    Column("published_at", Moment),
)


def _records(name: str, *key: str) -> Table:
    return Table(
        name,
        metadata,
        *(Column(part, String(255), primary_key=True) for part in key),
        Column("digest", String(32), nullable=False),
        Column("body", Text, nullable=False),
    )


models = _records("models", "id")
providers = _records("providers", "id")
offerings = _records("offerings", "provider_id", "model_id")
vendors = _records("vendors", "id")

telemetry_head = Table(
    "telemetry_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    # Grows by one with everything that is recorded.
    Column("epoch", BigInteger, nullable=False),
)

checks = Table(
    "checks",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("provider_id", String(255), nullable=False),
    Column("region", String(50), nullable=False),
    Column("checked_at", Moment, nullable=False),
    Column("status", String(8), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("response_time_ms", Double),
    # One provider's checks, newest first; the newest of each; uptimes, answered from the index alone.
    Index(None, "provider_id", "checked_at", "region", "status"),
    # The newest of all; how many there are since a time.
    Index(None, "checked_at"),
)

measurements = Table(
    "measurements",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("provider_id", String(255), nullable=False),
    Column("model_id", String(255), nullable=False),
    Column("region", String(50), nullable=False),
    Column("measured_at", Moment, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("time_to_first_token_ms", Double),
    Column("total_response_time_ms", Double),
    Column("tokens_per_second", Double),
    Column("output_tokens", BigInteger),
    # One provider's measurements, newest first.
    Index(None, "provider_id", "measured_at"),
    # One model's measurements, at whatever provider.
    Index(None, "model_id", "measured_at"),
    # The newest of all; what is older than a time.
    Index(None, "measured_at"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("provider_id", String(255), primary_key=True),
    Column("started_at", Moment, primary_key=True),
    Column("ended_at", Moment),
    Column("reason", Text, nullable=False),
)
