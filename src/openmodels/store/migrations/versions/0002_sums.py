"""More about each check and measurement, sums of hours and days, how each provider stands, transitions.

A migration never changes once it is released, so it names no table or type of the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From 0001 to 0002."""
    _head()
    _rows()
    _check_sums("check_hours")
    _check_sums("check_days")
    _measurement_sums("measurement_hours")
    _measurement_sums("measurement_days")
    _bookkeeping()
    _standings()


def _head() -> None:
    for name in ("last_probe_at", "hours_until", "days_until", "raw_from", "late_before"):
        op.add_column("telemetry_head", sa.Column(name, sa.BigInteger))
    for name in ("hour_done", "day_done"):
        op.add_column("telemetry_head", sa.Column(name, sa.String(255)))
    op.execute(
        "UPDATE telemetry_head SET last_probe_at = (SELECT MAX(newest.at) FROM ("
        "SELECT MAX(checked_at) AS at FROM checks UNION ALL SELECT MAX(measured_at) FROM measurements"
        ") AS newest)"
    )


def _rows() -> None:
    op.add_column("checks", sa.Column("connect_ms", sa.Double))
    op.add_column("checks", sa.Column("http_status", sa.Integer))
    for name, type_ in (
        ("input_tokens", sa.BigInteger),
        ("connect_ms", sa.Double),
        ("time_to_first_byte_ms", sa.Double),
        ("time_to_first_content_ms", sa.Double),
        ("http_status", sa.Integer),
    ):
        op.add_column("measurements", sa.Column(name, type_))
    op.add_column(
        "measurements", sa.Column("tokens_estimated", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.drop_index("ix_measurements_provider_id_measured_at", "measurements")
    op.drop_index("ix_measurements_model_id_measured_at", "measurements")
    _index("measurements", "provider_id", "measured_at", "region")
    _index("measurements", "provider_id", "model_id", "measured_at")
    _index("incidents", "ended_at")


def _check_sums(name: str) -> None:
    op.create_table(
        name,
        sa.Column("provider_id", sa.String(255), nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("region", sa.String(50), nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("up", sa.BigInteger, nullable=False),
        sa.Column("times", sa.LargeBinary),
        sa.PrimaryKeyConstraint("provider_id", "start", "region", name=f"pk_{name}"),
        sqlite_with_rowid=False,
    )
    _index(name, "start")


def _measurement_sums(name: str) -> None:
    op.create_table(
        name,
        sa.Column("provider_id", sa.String(255), nullable=False),
        sa.Column("model_id", sa.String(255), nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("region", sa.String(50), nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("telling", sa.BigInteger, nullable=False),
        sa.Column("good", sa.BigInteger, nullable=False),
        sa.Column("newest_at", sa.BigInteger, nullable=False),
        sa.Column("speeds", sa.BigInteger, nullable=False),
        sa.Column("speed_total", sa.Double, nullable=False),
        sa.Column("ttft", sa.LargeBinary),
        sa.Column("whole", sa.LargeBinary),
        sa.PrimaryKeyConstraint("provider_id", "model_id", "start", "region", name=f"pk_{name}"),
        sqlite_with_rowid=False,
    )
    _index(name, "start")


def _bookkeeping() -> None:
    op.create_table(
        "summed_hours",
        sa.Column("start", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("checks", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("start", name="pk_summed_hours"),
    )
    op.create_table(
        "late_hours",
        sa.Column("provider_id", sa.String(255), nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("checks", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "start", name="pk_late_hours"),
    )
    _index("late_hours", "start")


def _standings() -> None:
    op.create_table(
        "provider_standings",
        sa.Column("provider_id", sa.String(255), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("provider_id", name="pk_provider_standings"),
    )
    # Summing up goes from provider to provider along this table; the next check says how each stands.
    op.execute(
        "INSERT INTO provider_standings (provider_id, body) "
        "SELECT provider_id, '{}' FROM checks UNION SELECT provider_id, '{}' FROM measurements"
    )
    op.create_table(
        "transitions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider_id", sa.String(255), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("before", sa.String(8), nullable=False),
        sa.Column("after", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_transitions"),
    )
    _index("transitions", "at")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
