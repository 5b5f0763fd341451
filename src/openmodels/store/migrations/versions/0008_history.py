"""The registry's history: what each publish changed.

A migration never changes once it is released, so it names no table or type of the program.
"""

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From 0007 to 0008."""
