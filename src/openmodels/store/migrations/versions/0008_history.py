"""The registry's history: what each publish changed.

Of a database that something is published in, what is published is the beginning. A migration never changes
once it is released, so it names no table or type of the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From 0007 to 0008."""
    row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "registry_revisions",
        sa.Column("number", row_id, autoincrement=False, nullable=False),
        sa.Column("revision", sa.String(64), nullable=False),
        sa.Column("published_at", sa.BigInteger, nullable=False),
        sa.Column("origin", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_registry_revisions"),
    )
    op.create_table(
        "registry_changes",
        sa.Column("number", row_id, autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("entity_id", sa.String(511), nullable=False),
        sa.Column("model_id", sa.String(255)),
        sa.Column("provider_id", sa.String(255)),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("topic", sa.String(9), nullable=False),
        sa.Column("field", sa.String(255)),
        sa.Column("old", sa.Text),
        sa.Column("new", sa.Text),
        sa.Column("source", sa.String(255)),
        sa.Column("news", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_registry_changes"),
    )
    for columns in (
        ("at", "number"),
        ("topic", "at", "number"),
        ("model_id", "at", "number"),
        ("provider_id", "at", "number"),
        ("revision",),
    ):
        op.create_index(f"ix_registry_changes_{'_'.join(columns)}", "registry_changes", list(columns))
    op.execute(
        "INSERT INTO registry_revisions (number, revision, published_at, origin) "
        "SELECT 1, revision, published_at, 'publish' FROM registry_head WHERE revision IS NOT NULL"
    )
