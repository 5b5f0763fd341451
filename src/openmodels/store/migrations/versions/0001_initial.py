"""The published registry, checks, measurements and incidents.

A migration never changes once it is released, so it names no table or type of the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From an empty database to 0001."""
    _registry()
    _telemetry()


def _registry() -> None:
    head = op.create_table(
        "registry_head",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("revision", sa.String(64)),
        sa.Column("published_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_registry_head"),
    )
    op.bulk_insert(head, [{"id": 1, "revision": None, "published_at": None}])
    for table, key in (
        ("models", ("id",)),
        ("providers", ("id",)),
        ("offerings", ("provider_id", "model_id")),
        ("vendors", ("id",)),
    ):
        op.create_table(
            table,
            *(sa.Column(part, sa.String(255), nullable=False) for part in key),
            sa.Column("digest", sa.String(32), nullable=False),
            sa.Column("body", sa.Text, nullable=False),
            sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"),
        )


def _telemetry() -> None:
    row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    head = op.create_table(
        "telemetry_head",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_telemetry_head"),
    )
    op.bulk_insert(head, [{"id": 1, "epoch": 0}])
    op.create_table(
        "checks",
        sa.Column("id", row_id, nullable=False),
        sa.Column("provider_id", sa.String(255), nullable=False),
        sa.Column("region", sa.String(50), nullable=False),
        sa.Column("checked_at", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("response_time_ms", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_checks"),
    )
    op.create_table(
        "measurements",
        sa.Column("id", row_id, nullable=False),
        sa.Column("provider_id", sa.String(255), nullable=False),
        sa.Column("model_id", sa.String(255), nullable=False),
        sa.Column("region", sa.String(50), nullable=False),
        sa.Column("measured_at", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("time_to_first_token_ms", sa.Double),
        sa.Column("total_response_time_ms", sa.Double),
        sa.Column("tokens_per_second", sa.Double),
        sa.Column("output_tokens", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_measurements"),
    )
    op.create_table(
        "incidents",
        sa.Column("provider_id", sa.String(255), nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "started_at", name="pk_incidents"),
    )
    for table, columns in (
        ("checks", ("provider_id", "checked_at", "region", "status")),
        ("checks", ("checked_at",)),
        ("measurements", ("provider_id", "measured_at")),
        ("measurements", ("model_id", "measured_at")),
        ("measurements", ("measured_at",)),
    ):
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
