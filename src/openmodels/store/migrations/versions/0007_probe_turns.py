"""Turns of probes, and where the database is PostgreSQL, the queue of probes.

A migration never changes once it is released, so it names no table or type of the program.
"""

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From 0006 to 0007."""
