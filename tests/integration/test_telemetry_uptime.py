"""``GET /api/telemetry/uptime``."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from contract.builders import check
from fixtures.failing import FailingTelemetry
from fixtures.service import NOW, Service, start_service
from openmodels.api.series import first_day
from openmodels.domain.series import DayOfChecks
from openmodels.errors import StoreError
from openmodels.store.memory import MemoryTelemetryStore

pytestmark = pytest.mark.anyio

UPTIME = "/api/telemetry/uptime"
DAY = timedelta(days=1)


class Counting(MemoryTelemetryStore):
    """Counts how often it is asked for days."""

    asked = 0

    async def checks_by_day(
        self, *, since: datetime, provider_ids: Collection[str] = ()
    ) -> Mapping[str, Sequence[DayOfChecks]]:
        self.asked += 1
        return await super().checks_by_day(since=since, provider_ids=provider_ids)


async def checked(service: Service, provider_id: str, *statuses: tuple[int, str]) -> None:
    """Checks so many days ago, each an hour after the one before."""
    await service.record(
        [
            check(provider_id, NOW - age * DAY - (len(statuses) - n) * timedelta(minutes=1), status)
            for n, (age, status) in enumerate(statuses)
        ]
    )


async def test_it_tells_each_day_of_each_provider() -> None:
    service = await start_service()
    await checked(service, "cirrus", (29, "up"), (2, "down"), (2, "up"), (2, "up"), (0, "up"))
    body = await service.json(UPTIME)
    assert list(body) == ["first_day", "last_day", "providers"]
    assert (body["first_day"], body["last_day"]) == ("2026-01-31", "2026-03-01")
    assert [one["provider_id"] for one in body["providers"]] == sorted(
        record.record.id for record in service.live.snapshot.providers
    )
    (cirrus,) = (one for one in body["providers"] if one["provider_id"] == "cirrus")
    assert cirrus == {
        "provider_id": "cirrus",
        "provider_name": "Cirrus Cloud",
        "total": 5,
        "up": 4,
        "uptime_percentage": 80,
        "days": [
            {"day": "2026-01-31", "total": 1, "up": 1, "uptime_percentage": 100},
            {"day": "2026-02-27", "total": 3, "up": 2, "uptime_percentage": 66.667},
            {"day": "2026-03-01", "total": 1, "up": 1, "uptime_percentage": 100},
        ],
    }


async def test_a_provider_without_checks_has_no_days() -> None:
    (one,) = (await (await start_service()).json(f"{UPTIME}?provider=vacant"))["providers"]
    assert (one["total"], one["up"], one["uptime_percentage"], one["days"]) == (0, 0, None, [])


async def test_it_tells_as_many_days_as_asked() -> None:
    service = await start_service()
    await checked(service, "cirrus", (100, "up"), (89, "up"), (7, "up"), (6, "up"), (1, "up"), (0, "up"))

    async def days(query: str) -> list[str]:
        (one,) = (await service.json(f"{UPTIME}?provider=cirrus&{query}"))["providers"]
        return [day["day"] for day in one["days"]]

    assert await days("days=1") == ["2026-03-01"]
    assert await days("days=7") == ["2026-02-23", "2026-02-28", "2026-03-01"]
    assert (await days("days=90"))[0] == "2025-12-02"


async def test_it_tells_of_the_providers_that_are_asked_for() -> None:
    service = await start_service()
    body = await service.json(f"{UPTIME}?provider=nimbus,cirrus&provider=nobody")
    assert [one["provider_id"] for one in body["providers"]] == ["cirrus", "nimbus"]


@pytest.mark.parametrize("query", ["days=0", "days=91", "days=x", "days=1&days=2"])
async def test_it_refuses_days_that_it_does_not_keep(query: str) -> None:
    problem = await (await start_service()).problem(f"{UPTIME}?{query}")
    assert problem["details"][0]["parameter"] == "days"


async def test_it_asks_the_store_once_a_minute_whatever_is_asked() -> None:
    store = Counting()
    service = await start_service(telemetry=store)
    await checked(service, "cirrus", (0, "up"))
    for days in (1, 30, 90):
        await service.json(f"{UPTIME}?days={days}")
    assert store.asked == 1
    await checked(service, "cirrus", (0, "down"))
    service.clock.advance(seconds=59)
    (before,) = (await service.json(f"{UPTIME}?provider=cirrus"))["providers"]
    service.clock.advance(seconds=2)
    (after,) = (await service.json(f"{UPTIME}?provider=cirrus&days=29"))["providers"]
    assert (before["total"], after["total"], store.asked) == (1, 2, 2)


async def test_it_answers_503_while_the_database_fails_and_asks_again() -> None:
    store = FailingTelemetry(StoreError("away"))
    service = await start_service(telemetry=store)
    assert (await service.problem(UPTIME, 503))["type"] == "SERVICE_UNAVAILABLE"
    store.error = None
    assert (await service.json(UPTIME))["providers"]


def test_the_first_of_some_days_begins_at_midnight() -> None:
    assert str(first_day(NOW, 1)) == "2026-03-01 00:00:00+00:00"
    assert str(first_day(NOW, 2)) == "2026-02-28 00:00:00+00:00"
