"""``GET /api/telemetry/incidents`` and ``/api/telemetry/incidents.atom``."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from contract.builders import check, provider, registry
from fixtures.failing import FailingTelemetry
from fixtures.service import NOW, Service, start_service
from openmodels.domain.alerts import Window
from openmodels.errors import StoreError
from openmodels.store.memory_alerts import MemoryAlertStore

pytestmark = pytest.mark.anyio

INCIDENTS, ATOM = "/api/telemetry/incidents", "/api/telemetry/incidents.atom"
NS = "{http://www.w3.org/2005/Atom}"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def down(service: Service, provider_id: str, at: datetime, lasts: timedelta | None) -> None:
    """Down from then on, for so long or still."""
    await service.record([check(provider_id, at + n * MINUTE, "down") for n in range(3)])
    if lasts is not None:
        await service.record([check(provider_id, at + lasts + n * MINUTE) for n in range(-1, 1)])


async def service_with_incidents(**environ: Any) -> Service:
    """Two that are over, of which one is old, one that goes on, and one of a provider that is gone."""
    service = await start_service(**environ)
    await down(service, "cirrus", NOW - 100 * DAY, HOUR)
    await down(service, "gone", NOW - 50 * DAY, 2 * HOUR)
    await down(service, "cirrus", NOW - 3 * DAY, 90 * MINUTE)
    await down(service, "nimbus", NOW - 10 * MINUTE, None)
    return service


def told(body: Any) -> list[str]:
    return [one["provider_id"] for one in body["incidents"]]


async def test_it_tells_incidents_newest_first() -> None:
    body = await (await service_with_incidents()).json(INCIDENTS)
    assert list(body) == ["since", "incidents", "maintenance"]
    assert body["since"] == "2025-12-01T12:00:00.000Z"
    nimbus, cirrus, gone = body["incidents"]
    assert nimbus == {
        "started_at": "2026-03-01T11:50:00.000Z",
        "ended_at": None,
        "duration_s": 600,
        "reason": "down: 3 checks in a row failed (timeout)",
        "provider_id": "nimbus",
        "provider_name": "Nimbus",
    }
    assert (cirrus["provider_name"], cirrus["ended_at"], cirrus["duration_s"]) == (
        "Cirrus Cloud",
        "2026-02-26T13:29:00.000Z",
        5340,
    )
    assert (gone["provider_id"], gone["provider_name"]) == ("gone", None)
    assert body["maintenance"] == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("limit=1", ["nimbus"]),
        ("provider=cirrus", ["cirrus"]),
        ("provider=cirrus,gone", ["cirrus", "gone"]),
        ("provider=nobody", []),
        ("since=2020-01-01", ["nimbus", "cirrus", "gone", "cirrus"]),
        ("since=2026-02-26T13:29:00Z", ["nimbus", "cirrus"]),
        ("since=2026-02-26T13:29:01Z", ["nimbus"]),
        ("since=9999-12-31", ["nimbus"]),
        ("since=0001-01-01&limit=2", ["nimbus", "cirrus"]),
    ],
)
async def test_it_tells_what_is_asked_for(query: str, names: list[str]) -> None:
    assert told(await (await service_with_incidents()).json(f"{INCIDENTS}?{query}")) == names


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "since=yesterday"])
async def test_it_refuses_what_it_cannot_read(query: str) -> None:
    await (await start_service()).problem(f"{INCIDENTS}?{query}")


async def with_windows(windows: Sequence[Window]) -> Service:
    service = await start_service()
    for window in windows:
        await service.alerts.add_window(window)
    return service


async def test_it_tells_the_maintenance_that_goes_on_or_is_to_come_earliest_first() -> None:
    service = await with_windows(
        [
            Window(provider_id="nimbus", starts_at=NOW + DAY, ends_at=NOW + 2 * DAY, reason="a move"),
            Window(starts_at=NOW - HOUR, ends_at=NOW + HOUR, reason="of everything"),
            Window(provider_id="gone", starts_at=NOW, ends_at=NOW + HOUR),
            Window(provider_id="cirrus", starts_at=NOW - 2 * HOUR, ends_at=NOW - HOUR, reason="over"),
        ]
    )
    called_off = await service.alerts.add_window(
        Window(provider_id="cirrus", starts_at=NOW + DAY, ends_at=NOW + 2 * DAY)
    )
    await service.alerts.end_window(called_off.number, NOW)
    found = (await service.json(INCIDENTS))["maintenance"]
    assert found[0] == {
        "provider_id": None,
        "provider_name": None,
        "starts_at": "2026-03-01T11:00:00.000Z",
        "ends_at": "2026-03-01T13:00:00.000Z",
        "current": True,
        "reason": "of everything",
    }
    assert [(one["provider_id"], one["provider_name"], one["current"]) for one in found[1:]] == [
        ("gone", None, True),
        ("nimbus", "Nimbus", False),
    ]
    about = (await service.json(f"{INCIDENTS}?provider=nimbus"))["maintenance"]
    assert [one["provider_id"] for one in about] == [None, "nimbus"]


async def test_incidents_are_told_while_maintenance_cannot_be_read() -> None:
    class Failing(MemoryAlertStore):
        async def windows(self, **_asked: object) -> Sequence[Window]:
            raise StoreError("away")

    service = await start_service(alerts=Failing())
    await down(service, "nimbus", NOW - 10 * MINUTE, None)
    body = await service.json(INCIDENTS)
    assert told(body) == ["nimbus"]
    assert body["maintenance"] is None


@pytest.mark.parametrize("path", [INCIDENTS, ATOM])
async def test_it_answers_503_while_telemetry_cannot_be_read(path: str) -> None:
    service = await start_service(telemetry=FailingTelemetry(StoreError("away")))
    await service.problem(path, 503)


async def feed(service: Service, query: str = "") -> ElementTree.Element:
    response = await service.get(ATOM + query)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/atom+xml"
    root = ElementTree.fromstring(response.content)
    for element in (root, *root.findall(f"{NS}entry")):
        for name in ("id", "title", "updated"):
            (only,) = element.findall(NS + name)
            assert only.text
    return root


def texts(root: ElementTree.Element, name: str) -> list[str]:
    return [entry.findtext(NS + name, "") for entry in root.findall(f"{NS}entry")]


def links(element: ElementTree.Element) -> dict[str | None, str | None]:
    return {link.get("rel"): link.get("href") for link in element.findall(f"{NS}link")}


async def test_the_feed_tells_the_same() -> None:
    root = await feed(await service_with_incidents(PUBLIC_URL="https://models.example.com/"))
    assert texts(root, "title") == [
        "Nimbus is down",
        "Cirrus Cloud was down for 1 h 29 min",
        "gone was down for 1 h 59 min",
    ]
    assert texts(root, "content")[1] == (
        "down: 3 checks in a row failed (timeout)\nbegan: 2026-02-26 12:00 UTC\nended: 2026-02-26 13:29 UTC"
    )
    assert texts(root, "content")[0].endswith("ended: not yet")
    assert links(root) == {
        "self": "https://models.example.com/api/telemetry/incidents.atom",
        "alternate": "https://models.example.com/status",
    }
    assert [links(entry)["alternate"] for entry in root.findall(f"{NS}entry")] == [
        "https://models.example.com/providers/nimbus",
        "https://models.example.com/providers/cirrus",
        "https://models.example.com/status",
    ]


async def test_an_incident_that_ends_updates_its_entry() -> None:
    service = await start_service()
    await down(service, "nimbus", NOW - HOUR, None)
    before = await feed(service)
    await service.record([check("nimbus", NOW - 20 * MINUTE), check("nimbus", NOW - 10 * MINUTE)])
    service.clock.advance(seconds=3600)
    after = await feed(service)
    assert texts(before, "id") == texts(after, "id")
    assert texts(before, "published") == texts(after, "published") == texts(before, "updated")
    assert texts(after, "updated") == ["2026-03-01T11:40:00.000Z"]
    assert after.findtext(f"{NS}updated") == "2026-03-01T11:40:00.000Z"
    assert texts(after, "title") == ["Nimbus was down for 40 min"]


async def test_the_feed_is_as_new_as_its_newest_update() -> None:
    service = await start_service()
    await down(service, "cirrus", NOW - 3 * DAY, 2 * DAY + 23 * HOUR)
    await down(service, "nimbus", NOW - 2 * DAY, HOUR)
    root = await feed(service)
    assert root.findtext(f"{NS}updated") == max(texts(root, "updated")) == texts(root, "updated")[1]


async def test_a_feed_without_entries_is_as_new_as_the_registry() -> None:
    root = await feed(await start_service(), "?provider=nobody")
    assert root.findall(f"{NS}entry") == []
    assert root.findtext(f"{NS}updated") == "2026-02-28T08:00:00.123Z"


async def test_what_was_degraded_is_told_so() -> None:
    service = await start_service()
    await service.record([check("nimbus", NOW - n * MINUTE) for n in (3, 2)])
    await service.telemetry.judge("nimbus", "half of its answers fail", NOW - MINUTE)
    await service.live.refresh()
    root = await feed(service)
    assert texts(root, "title") == ["Nimbus is degraded"]
    (entry,) = root.findall(f"{NS}entry")
    assert [category.get("term") for category in entry.findall(f"{NS}category")] == ["degraded"]


async def test_hostile_names_stay_text() -> None:
    name = 'A <script>alert("1")</script> & \x00\x1b\n b\u202e'
    service = await start_service(registry(provider("evil", name=name)))
    await down(service, "evil", NOW - HOUR, None)
    (title,) = texts(await feed(service), "title")
    assert title.startswith('A <script>alert("1")</script> &')
    assert "\n" not in title
    assert title.endswith("is down")
