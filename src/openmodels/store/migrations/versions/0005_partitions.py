"""Checks and measurements in one partition for each day, where the database is PostgreSQL.

A migration never changes once it is released, so it names no table or type of the program.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_DAY = 86_400_000_000
"""Microseconds."""
_INDEXES = {
    "checks": (("provider_id", "checked_at", "region", "status"), ("checked_at",)),
    "measurements": (
        ("provider_id", "measured_at", "region"),
        ("provider_id", "model_id", "measured_at"),
        ("measured_at",),
    ),
}


def upgrade() -> None:
    """From 0004 to 0005."""
    if op.get_bind().dialect.name == "postgresql":
        _partition("checks", "checked_at")
        _partition("measurements", "measured_at")


def _partition(table: str, time: str) -> None:
    old = f"{table}_before_0005"
    op.rename_table(table, old)
    op.execute(f"ALTER TABLE {old} RENAME CONSTRAINT pk_{table} TO pk_{old}")
    for columns in _INDEXES[table]:
        op.execute(f"ALTER INDEX {_index(table, columns)} RENAME TO {_index(old, columns)}")
    op.execute(f"CREATE TABLE {table} (LIKE {old} INCLUDING DEFAULTS) PARTITION BY RANGE ({time})")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY (id, {time})")
    for columns in _INDEXES[table]:
        op.create_index(_index(table, columns), table, list(columns))
    # Numbers go on; without this, the sequence would be dropped with the old table.
    op.execute(f"ALTER SEQUENCE {table}_id_seq OWNED BY {table}.id")
    found = op.get_bind().execute(sa.text(f"SELECT DISTINCT floor({time} / {_DAY}.0) FROM {old}"))  # noqa: S608 - names of our own
    for number in sorted(int(day) for day in found.scalars()):
        day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=number)
        name = f"{table}_{day.year:04}{day.month:02}{day.day:02}"
        start, end = number * _DAY, (number + 1) * _DAY
        op.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS)")
        # Filled before it has indexes, which takes less than half as long.
        op.execute(f"INSERT INTO {name} SELECT * FROM {old} WHERE {time} >= {start} AND {time} < {end}")  # noqa: S608 - likewise
        op.execute(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({start}) TO ({end})")
    op.drop_table(old)


def _index(table: str, columns: tuple[str, ...]) -> str:
    return f"ix_{table}_{'_'.join(columns)}"
