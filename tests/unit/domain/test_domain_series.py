"""Slices of time, and what an incident was."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from contract.builders import AT, incident
from openmodels.domain.series import SLICE_WIDTHS, slice_start
from openmodels.domain.telemetry import trouble_of
from openmodels.domain.vocabulary import PERIOD_SECONDS, PERIODS

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("at", "width", "start"),
    [
        (datetime(2026, 3, 1, 12, 59, 59, 999999, UTC), HOUR, datetime(2026, 3, 1, 12, tzinfo=UTC)),
        (datetime(2026, 3, 1, 12, tzinfo=UTC), HOUR, datetime(2026, 3, 1, 12, tzinfo=UTC)),
        (datetime(2026, 3, 1, 5, tzinfo=UTC), 3 * HOUR, datetime(2026, 3, 1, 3, tzinfo=UTC)),
        (datetime(2026, 3, 1, 5, tzinfo=UTC), 24 * HOUR, datetime(2026, 3, 1, tzinfo=UTC)),
        (datetime(1969, 12, 31, 23, tzinfo=UTC), 3 * HOUR, datetime(1969, 12, 31, 21, tzinfo=UTC)),
        (
            datetime(2026, 3, 1, 1, tzinfo=timezone(2 * HOUR)),
            24 * HOUR,
            datetime(2026, 2, 28, tzinfo=UTC),
        ),
    ],
)
def test_slices_are_counted_from_1970_in_utc(at: datetime, width: timedelta, start: datetime) -> None:
    assert slice_start(at, width) == start


def test_every_period_has_slices_of_whole_hours_and_not_too_many() -> None:
    assert set(SLICE_WIDTHS) == set(PERIODS)
    for period, width in SLICE_WIDTHS.items():
        assert width >= HOUR
        assert not width % HOUR
        assert timedelta(seconds=PERIOD_SECONDS[period]) / width <= 60


@pytest.mark.parametrize(
    ("reason", "trouble"),
    [
        ("down: 3 checks in a row failed (timeout)", "down"),
        ("degraded: half of the answers fail", "degraded"),
        ("", "down"),
    ],
)
def test_an_incident_says_what_the_provider_was(reason: str, trouble: str) -> None:
    assert trouble_of(incident("amber", AT, None, reason)) == trouble
