"""Checks and measurements in one partition for each day, where the database is PostgreSQL.

A migration never changes once it is released, so it names no table or type of the program.
"""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From 0004 to 0005."""
