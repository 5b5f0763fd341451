"""The tables, in the state that the newest migration leaves them in; a test holds the two together.

A record of the registry is kept as its canonical JSON, beside its key and the digest of that JSON: a publish
compares digests, and loading is one decoding. References between records are checked before they are
published, and telemetry outlives the records that it speaks of, so there are no foreign keys.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
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
    text,
)

from openmodels.store.columns import Moment, Words

SINGLE_ROW = 1
"""The id of the only row of ``registry_head`` and of ``telemetry_head``; the migrations put it there."""

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

# --- history ------------------------------------------------------------------------------------------------

# Rows are only ever added. Numbers go up with time: what is replayed of the time before the first revision
# gets numbers below its number. Who writes holds the row of ``registry_head``, so numbers are not contended.
registry_revisions = Table(
    "registry_revisions",
    metadata,
    Column("number", _RowId, primary_key=True, autoincrement=False),
    Column("revision", String(64), nullable=False),
    Column("published_at", Moment, nullable=False),
    # publish, or git for what was replayed.
    Column("origin", String(8), nullable=False),
)


def _told(name: str, *columns: str) -> Index:
    return Index(
        f"ix_registry_changes_{name}", *columns, sqlite_where=text("news = 1"), postgresql_where=text("news")
    )


registry_changes = Table(
    "registry_changes",
    metadata,
    Column("number", _RowId, primary_key=True, autoincrement=False),
    # The number of the revision that brought it.
    Column("revision", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("entity_id", String(511), nullable=False),
    Column("model_id", String(255)),
    Column("provider_id", String(255)),
    Column("action", String(8), nullable=False),
    Column("topic", String(9), nullable=False),
    # Null where a whole record came or went.
    Column("field", String(255)),
    # JSON; null where there was nothing.
    Column("old", Text),
    Column("new", Text),
    Column("source", String(255)),
    # Whether it is shown, or only there to be undone.
    Column("news", Boolean, nullable=False),
    # What is told, newest first: all of it; of each kind, action and topic; of a model and of a provider with
    # their offerings. Whoever asks for several kinds, actions or topics has the newest of each put together.
    _told("told", "at", "number"),
    _told("told_by_topic", "kind", "action", "topic", "at", "number"),
    _told("told_of_model", "model_id", "kind", "action", "topic", "at", "number", "provider_id"),
    _told("told_of_provider", "provider_id", "kind", "action", "topic", "at", "number"),
    # What came after a revision.
    Index(None, "revision", "number"),
)

# --- end of history -----------------------------------------------------------------------------------------

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

# In PostgreSQL, this table and the next one have a partition for each day, see ``partitions.py``; there, the
# time is a part of the primary key.
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
    postgresql_partition_by="RANGE (checked_at)",
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
    postgresql_partition_by="RANGE (measured_at)",
)


def _check_sums(name: str, *indexes: Index) -> Table:
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
        *indexes,
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
# The counts of every provider's days, answered from the index alone: beside them lie their times, which are
# many times as large.
check_days = _check_sums("check_days", Index(None, "provider_id", "start", "region", "total", "up"))
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
    Column("reason", Words, nullable=False),
    Index(None, "at"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("provider_id", String(255), primary_key=True),
    Column("started_at", Moment, primary_key=True),
    Column("ended_at", Moment),
    Column("reason", Words, nullable=False),
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
    Column("reason", Words, nullable=False),
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
    Column("detail", Words, nullable=False),
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
    Column("reason", Words, nullable=False),
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

# --- cluster ------------------------------------------------------------------------------------------------

leases = Table(
    "leases",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until", Moment, nullable=False),
)

probers = Table(
    "probers",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("region", String(50), nullable=False),
    # When it was heard of last.
    Column("at", Moment, nullable=False),
    # Whether it has said that it ends.
    Column("ended", Boolean, nullable=False),
)

# --- end of cluster -----------------------------------------------------------------------------------------

# --- turns of probes ----------------------------------------------------------------------------------------

probe_turns = Table(
    "probe_turns",
    metadata,
    Column("region", String(50), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("provider_id", String(255), primary_key=True),
    # See ``turn_ports.Turn``: of the newest turn of which there is a result.
    Column("slot", BigInteger, nullable=False),
    # Whether it took long.
    Column("slow", Boolean, nullable=False),
)

probe_plans = Table(
    "probe_plans",
    metadata,
    Column("region", String(50), primary_key=True),
    # Turns due up to then, in microseconds since 1970, are in the queue, or were.
    Column("planned_until", BigInteger, nullable=False),
)

# --- end of turns of probes ---------------------------------------------------------------------------------
