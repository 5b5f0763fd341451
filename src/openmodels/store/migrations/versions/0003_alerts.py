"""What is kept for alerts: how far they came, what people were told, deliveries, maintenance windows.

A migration never changes once it is released, so it names no table or type of the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From 0002 to 0003."""
    row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    head = op.create_table(
        "alert_head",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("transition", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert_head"),
    )
    op.bulk_insert(head, [{"id": 1, "transition": 0}])
    op.create_table(
        "alert_states",
        sa.Column("provider_id", sa.String(255), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("told", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("incident_started_at", sa.BigInteger),
        sa.Column("alerted_at", sa.BigInteger),
        sa.Column("held", sa.Boolean, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("provider_id", name="pk_alert_states"),
    )
    op.create_table(
        "alert_deliveries",
        sa.Column("number", row_id, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("destination", sa.String(64), nullable=False),
        sa.Column("provider_id", sa.String(255), nullable=False),
        sa.Column("alert", sa.Text, nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("settled_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("number", name="pk_alert_deliveries"),
    )
    op.create_table(
        "maintenance_windows",
        sa.Column("number", row_id, nullable=False),
        sa.Column("provider_id", sa.String(255)),
        sa.Column("starts_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_maintenance_windows"),
    )
    for table, columns in (
        ("alert_deliveries", ("status", "destination", "provider_id", "number")),
        ("maintenance_windows", ("ends_at",)),
    ):
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
