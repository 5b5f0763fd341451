"""An index of the counts of each day's checks, without their times.

The days of 142 providers over 90 days are read from it in 1 ms in place of 25 ms, on SQLite. A migration
never changes once it is released, so it names no table or type of the program.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From 0008 to 0009."""
    op.create_index(
        "ix_check_days_provider_id_start_region_total_up",
        "check_days",
        ["provider_id", "start", "region", "total", "up"],
    )
