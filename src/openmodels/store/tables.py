"""The tables, in the state that the newest migration leaves them in; a test holds the two together.

A record of the registry is kept as its canonical JSON, beside its key and the digest of that JSON: a publish
compares digests, and loading is one decoding. References between records are checked before they are
published, and telemetry outlives the records that it speaks of, so there are no foreign keys.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
    type_coerce,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import NullType, TypeDecorator

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
        return None if value is None else moment(value)


def moment(microseconds: int) -> datetime:
    """The time in UTC for the number that a ``Moment`` is kept as."""
    return _EPOCH + timedelta(microseconds=microseconds)


def bare(column: Column[Any]) -> ColumnElement[Any]:
    """The column as the driver gives it: of many values, it saves a call for each."""
    if isinstance(column.type, Moment):
        return type_coerce(column, BigInteger)
    return type_coerce(column, NullType) if isinstance(column.type, LargeBinary) else column


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
    # When the newest check or measurement was made.
    Column("last_probe_at", Moment),
    # See ``periods.Summed`` for these three.
    Column("hours_until", Moment),
    Column("days_until", Moment),
    Column("raw_from", Moment),
    # What is older than this came too late for the sums of its hour, and is noted in ``late_hours``. While an
    # hour is being summed up, this is its end, and ``hours_until`` is not yet.
    Column("late_before", Moment),
    # The last provider for which the hour, or the day, that is being summed up is done.
    Column("hour_done", String(255)),
    Column("day_done", String(255)),
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
    Column("connect_ms", Double),
    Column("http_status", Integer),
    # One provider's checks, newest first, of one region or of all; uptimes, answered from the index alone.
    Index(None, "provider_id", "checked_at", "region", "status"),
    # What is in an hour; what is older than a time.
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
    Column("input_tokens", BigInteger),
    Column("tokens_estimated", Boolean, nullable=False, server_default=false()),
    Column("connect_ms", Double),
    Column("time_to_first_byte_ms", Double),
    Column("time_to_first_content_ms", Double),
    Column("http_status", Integer),
    # One provider's measurements, newest first; then those of one of its models.
    Index(None, "provider_id", "measured_at", "region"),
    Index(None, "provider_id", "model_id", "measured_at"),
    # What is in an hour; what is older than a time.
    Index(None, "measured_at"),
)


def _check_sums(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("provider_id", String(255), primary_key=True),
        # The beginning of the hour or of the day.
        Column("start", Moment, primary_key=True),
        Column("region", String(50), primary_key=True),
        Column("total", BigInteger, nullable=False),
        Column("up", BigInteger, nullable=False),
        # See ``rollup.encode_summary``; last, so that counts are read without it.
        Column("times", LargeBinary),
        Index(None, "start"),
        # In the order of the key, so that what one period is read from lies together.
        sqlite_with_rowid=False,
    )


def _measurement_sums(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("provider_id", String(255), primary_key=True),
        # Empty for all models together.
        Column("model_id", String(255), primary_key=True),
        Column("start", Moment, primary_key=True),
        Column("region", String(50), primary_key=True),
        Column("total", BigInteger, nullable=False),
        Column("telling", BigInteger, nullable=False),
        Column("good", BigInteger, nullable=False),
        Column("newest_at", Moment, nullable=False),
        Column("speeds", BigInteger, nullable=False),
        Column("speed_total", Double, nullable=False),
        Column("ttft", LargeBinary),
        Column("whole", LargeBinary),
        Index(None, "start"),
        sqlite_with_rowid=False,
    )


check_hours = _check_sums("check_hours")
check_days = _check_sums("check_days")
measurement_hours = _measurement_sums("measurement_hours")
measurement_days = _measurement_sums("measurement_days")

summed_hours = Table(
    "summed_hours",
    metadata,
    Column("start", Moment, primary_key=True, autoincrement=False),
    # How many checks were made in it, of all providers. An hour of measurements alone is here with none.
    Column("checks", BigInteger, nullable=False),
)

late_hours = Table(
    "late_hours",
    metadata,
    Column("provider_id", String(255), primary_key=True),
    Column("start", Moment, primary_key=True),
    # How many checks came that are not in the sums.
    Column("checks", BigInteger, nullable=False),
    Index(None, "start"),
)

provider_standings = Table(
    "provider_standings",
    metadata,
    # Every provider that was ever checked or measured.
    Column("provider_id", String(255), primary_key=True),
    # A ``standing.Standing`` as JSON.
    Column("body", Text, nullable=False),
)

transitions = Table(
    "transitions",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("provider_id", String(255), nullable=False),
    Column("at", Moment, nullable=False),
    Column("before", String(8), nullable=False),
    Column("after", String(8), nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "at"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("provider_id", String(255), primary_key=True),
    Column("started_at", Moment, primary_key=True),
    Column("ended_at", Moment),
    Column("reason", Text, nullable=False),
    Index(None, "ended_at"),
)

# --- alerts -------------------------------------------------------------------------------------------------

alert_head = Table(
    "alert_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    # The number of the last transition that was made into deliveries.
    Column("transition", BigInteger, nullable=False),
)

alert_states = Table(
    "alert_states",
    metadata,
    Column("provider_id", String(255), primary_key=True),
    Column("status", String(8), nullable=False),
    Column("told", String(8), nullable=False),
    Column("reason", Text, nullable=False),
    Column("incident_started_at", Moment),
    Column("alerted_at", Moment),
    Column("held", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
)

alert_deliveries = Table(
    "alert_deliveries",
    metadata,
    Column("number", _RowId, primary_key=True),
    Column("id", String(64), nullable=False),
    Column("destination", String(64), nullable=False),
    Column("provider_id", String(255), nullable=False),
    Column("alert", Text, nullable=False),
    Column("status", String(8), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("detail", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("settled_at", Moment),
    # What waits for a destination, and whether something about the same provider waits longer.
    Index(None, "status", "destination", "provider_id", "number"),
)

maintenance_windows = Table(
    "maintenance_windows",
    metadata,
    Column("number", _RowId, primary_key=True),
    # Null for all providers.
    Column("provider_id", String(255)),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    # The ones that are not over, among all that ever were.
    Index(None, "ends_at"),
)

# --- end of alerts ------------------------------------------------------------------------------------------

# --- spending -----------------------------------------------------------------------------------------------

spending = Table(
    "spending",
    metadata,
    # The day first: what is asked for most, and what is deleted, is whole days.
    Column("day", Date, primary_key=True),
    Column("provider_id", String(255), primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("probes", Integer, nullable=False),
    # Billionths of the currency's unit.
    Column("spent", BigInteger, nullable=False),
)

# --- end of spending ----------------------------------------------------------------------------------------
