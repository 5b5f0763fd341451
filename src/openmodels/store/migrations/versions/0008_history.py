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
    for name, columns in (
        ("told", ("at", "number")),
        ("told_by_topic", ("kind", "action", "topic", "at", "number")),
        ("told_of_model", ("model_id", "kind", "action", "topic", "at", "number", "provider_id")),
        ("told_of_provider", ("provider_id", "kind", "action", "topic", "at", "number")),
    ):
        op.create_index(
            f"ix_registry_changes_{name}",
            "registry_changes",
            list(columns),
            sqlite_where=sa.text("news = 1"),
            postgresql_where=sa.text("news"),
        )
    op.create_index("ix_registry_changes_revision_number", "registry_changes", ["revision", "number"])
    op.execute(
        "INSERT INTO registry_revisions (number, revision, published_at, origin) "
        "SELECT 1, revision, published_at, 'publish' FROM registry_head WHERE revision IS NOT NULL"
    )
