"""Nothing stale is served: not after a publish, not after a recording, not when a period slides."""

from datetime import timedelta

import msgspec
import pytest

from contract.builders import check, measurement
from fixtures.catalogue import catalogue
from fixtures.codings import UNPACK, raw
from fixtures.failing import FailingRegistry
from fixtures.service import NOW, Service, start_service
from openmodels.domain.records import Registry
from openmodels.errors import RecordUnreadable, StoreError

pytestmark = pytest.mark.anyio

TARGETS = [
    "/api/models",
    "/api/models/alpha-1",
    "/api/models/alpha-1/providers",
    "/api/models/alpha-1/compare",
    "/api/models/popular",
    "/api/providers",
    "/api/providers/cirrus",
    "/api/search?q=alpha",
    "/api/search/index",
    "/api/stats",
    "/api/telemetry/ranked/alpha-1",
]


def renamed(name: str = "Alpha Renamed") -> Registry:
    """The small registry with another name for alpha-1, and one for cirrus."""
    old = catalogue()
    models = tuple(msgspec.structs.replace(m, name=name) if m.id == "alpha-1" else m for m in old.models)
    providers = tuple(msgspec.structs.replace(p, name=name) if p.id == "cirrus" else p for p in old.providers)
    return msgspec.structs.replace(old, models=models, providers=providers)


@pytest.mark.parametrize("target", TARGETS)
async def test_it_answers_from_the_new_revision_at_once(target: str) -> None:
    service = await start_service()
    before = await service.get(target)
    service.clock.advance(seconds=2)
    revision = await service.publish(renamed())
    after = await service.get(target, if_none_match=before.headers["etag"])
    assert after.status_code == 200
    assert after.content != before.content
    assert after.headers["etag"] != before.headers["etag"]
    assert after.headers["x-registry-revision"] == revision != before.headers["x-registry-revision"]
    by_date = await service.get(target, if_modified_since=before.headers["last-modified"])
    assert by_date.status_code == 200


async def test_it_forgets_every_coding_of_the_old_revision() -> None:
    service = await start_service()
    etags = [(await raw(service, "/api/models", accept_encoding=c))[0].headers["etag"] for c in UNPACK]
    await service.publish(renamed())
    for coding in UNPACK:
        response, body = await raw(
            service, "/api/models", accept_encoding=coding, if_none_match=", ".join(etags)
        )
        assert response.status_code == 200
        assert b"Alpha Renamed" in UNPACK[coding](body)


async def test_it_finds_what_was_not_there_before_and_loses_what_is_gone() -> None:
    service = await start_service()
    assert (await service.get("/api/models/alpha-renamed")).status_code == 404
    assert (await service.get("/api/models/delta-embed")).status_code == 200
    old = catalogue()
    models = tuple(m for m in old.models if m.id != "delta-embed")
    extra = msgspec.structs.replace(models[0], id="alpha-renamed", aliases=(), replaced_by=None)
    await service.publish(
        msgspec.structs.replace(old, models=tuple(sorted((*models, extra), key=lambda m: m.id)))
    )
    assert (await service.get("/api/models/alpha-renamed")).status_code == 200
    assert (await service.get("/api/models/delta-embed")).status_code == 404


async def test_it_keeps_an_etag_through_a_publish_that_changed_nothing_there() -> None:
    service = await start_service()
    etag = (await service.get("/api/models/gamma-free")).headers["etag"]
    await service.publish(renamed())
    assert (await service.get("/api/models/gamma-free", if_none_match=etag)).status_code == 304


async def test_it_goes_on_serving_when_the_same_content_is_published_again() -> None:
    service = await start_service()
    before = await service.get("/api/models")
    service.clock.advance(seconds=60)
    await service.publish(catalogue())
    after = await service.get("/api/models", if_none_match=before.headers["etag"])
    assert after.status_code == 304


async def test_it_shows_new_telemetry_at_once() -> None:
    service = await start_service()
    targets = (
        "/api/telemetry/health/cirrus",
        "/api/telemetry/latency/cirrus",
        "/api/telemetry/ranked/alpha-1",
        "/api/models/alpha-1/compare",
        "/api/providers",
        "/api/providers/cirrus",
        "/api/search?q=cirrus",
        "/api/stats",
    )
    before = {target: await service.get(target) for target in targets}
    await service.record([check("cirrus", NOW)], [measurement("cirrus", "alpha-1", NOW)])
    for target, old in before.items():
        new = await service.get(target, if_none_match=old.headers["etag"])
        assert new.status_code == 200, target
        assert new.content != old.content


async def test_it_keeps_registry_answers_when_telemetry_changes() -> None:
    service = await start_service()
    etag = (await service.get("/api/models")).headers["etag"]
    await service.record([check("cirrus", NOW)])
    assert (await service.get("/api/models", if_none_match=etag)).status_code == 304


async def test_it_lets_a_period_slide_though_nothing_is_recorded() -> None:
    service = await start_service()
    await service.record([check("cirrus", NOW - timedelta(minutes=59))])
    target = "/api/telemetry/health/cirrus?period=1h"
    assert (await service.json(target))["checks_total"] == 1
    service.clock.advance(seconds=120)
    assert (await service.json(target))["checks_total"] == 0


async def failing_service() -> tuple[Service, FailingRegistry]:
    store = FailingRegistry()
    return await start_service(registry=store), store


async def registry_health(service: Service, status: int) -> dict[str, object]:
    response = await service.get("/api/health")
    assert response.status_code == status
    found: dict[str, object] = response.json()["services"]["registry"]
    return found


async def test_it_keeps_the_old_revision_when_the_new_one_cannot_be_read() -> None:
    service, store = await failing_service()
    before = await service.get("/api/models")
    store.error = RecordUnreadable("the database's record models/alpha-1 cannot be read by this version")
    refused = await service.publish(renamed())
    after = await service.get("/api/models")
    assert after.content == before.content
    assert after.headers["x-registry-revision"] == before.headers["x-registry-revision"]
    health = await registry_health(service, 503)
    assert health == {
        "status": "down",
        "revision": before.headers["x-registry-revision"],
        "problem": f"revision {refused} cannot be served: {store.error}",
    }
    assert (await service.get("/api/health")).json()["status"] == "degraded"


async def test_it_keeps_the_text_of_what_nobody_foresaw_to_the_log() -> None:
    service, store = await failing_service()
    store.error = KeyError("a secret of the inside")
    refused = await service.publish(renamed())
    health = await registry_health(service, 503)
    assert health["problem"] == f"revision {refused} cannot be served: the log says why"


async def test_it_is_healthy_again_once_a_good_revision_comes() -> None:
    service, store = await failing_service()
    store.error = RecordUnreadable("broken")
    await service.publish(renamed())
    store.error = None
    revision = await service.publish(renamed("Alpha Mended"))
    assert await registry_health(service, 200) == {"status": "up", "revision": revision, "problem": None}
    assert (await service.json("/api/models/alpha-1"))["name"] == "Alpha Mended"


async def test_it_is_healthy_again_once_the_old_revision_is_published_again() -> None:
    service, store = await failing_service()
    store.error = RecordUnreadable("broken")
    await service.publish(renamed())
    store.error = None
    revision = await service.publish(catalogue())
    assert await registry_health(service, 200) == {"status": "up", "revision": revision, "problem": None}


async def test_it_takes_up_a_revision_once_the_database_that_failed_is_back() -> None:
    service, store = await failing_service()
    store.error = StoreError("the database is locked")
    revision = await service.publish(renamed())
    assert (await service.json("/api/models/alpha-1"))["name"] == "Alpha One"
    store.error = None
    await service.live.refresh()
    assert (await service.json("/api/models/alpha-1"))["name"] == "Alpha Renamed"
    assert (await registry_health(service, 200))["revision"] == revision
