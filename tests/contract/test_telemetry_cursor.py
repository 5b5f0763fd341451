"""What every ``TelemetryStore`` tells of what was recorded after a cursor."""

import pytest

from contract.builders import AT, check, measurement, minutes
from openmodels.domain.telemetry import Check
from openmodels.store.ports import Cursor, Recorded, TelemetryStore

pytestmark = pytest.mark.anyio


async def test_it_tells_what_was_recorded_after_a_cursor(telemetry_store: TelemetryStore) -> None:
    await telemetry_store.record(checks=[check("old", AT)], measurements=[measurement("old", "m", AT)])
    start = await telemetry_store.cursor()
    checks = [check("p", AT + minutes(n)) for n in (1, 3, 0)]
    measurements = [measurement("p", "m", AT + minutes(n)) for n in (2, 4)]
    await telemetry_store.record(checks=checks[:1], measurements=measurements)
    await telemetry_store.record(checks=checks[1:])
    recorded = await telemetry_store.recorded_after(start, limit=9)
    assert [event for _, event in recorded.events] == [
        checks[0],
        measurements[0],
        checks[1],
        checks[2],
        measurements[1],
    ]
    assert recorded.end == await telemetry_store.cursor() == recorded.events[-1][0]
    # Whoever stopped at any event goes on with the next.
    for number, (cursor, _) in enumerate(recorded.events):
        rest = await telemetry_store.recorded_after(cursor, limit=9)
        assert rest.events == recorded.events[number + 1 :]
    assert await telemetry_store.recorded_after(recorded.end, limit=9) == Recorded((), recorded.end)


async def test_it_tells_what_was_recorded_piece_by_piece(telemetry_store: TelemetryStore) -> None:
    checks = [check("p", AT + minutes(n)) for n in range(7)]
    measurements = [measurement("p", "m", AT + minutes(n)) for n in range(3)]
    await telemetry_store.record(checks, measurements)
    seen: list[object] = []
    cursor = Cursor(0, 0)
    while (recorded := await telemetry_store.recorded_after(cursor, limit=2)).events:
        assert len(recorded.events) <= 4
        seen += [event for _, event in recorded.events]
        cursor = recorded.end
    assert [one for one in seen if isinstance(one, Check)] == checks
    assert [one for one in seen if not isinstance(one, Check)] == measurements
