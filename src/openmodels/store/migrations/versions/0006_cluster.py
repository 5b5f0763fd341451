"""Leases, and which probers there are.

A migration never changes once it is released, so it names no table or type of the program.
"""

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From 0005 to 0006."""
