"""Turns of probes, and how far they are planned.

The queue itself, which only PostgreSQL has, is not made here: see ``store/queue_schema.py``. A migration
never changes once it is released, so it names no table or type of the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From 0006 to 0007."""
    op.create_table(
        "probe_turns",
        sa.Column("region", sa.String(50), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("provider_id", sa.String(255), nullable=False),
        sa.Column("slot", sa.BigInteger, nullable=False),
        sa.Column("slow", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("region", "kind", "provider_id", name="pk_probe_turns"),
    )
    op.create_table(
        "probe_plans",
        sa.Column("region", sa.String(50), nullable=False),
        sa.Column("planned_until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("region", name="pk_probe_plans"),
    )
