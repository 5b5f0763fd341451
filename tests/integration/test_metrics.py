"""``/metrics``: the figures of the running program, on a listener of their own."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families

from contract.builders import check, provider
from fixtures.failing import FailingTelemetry
from fixtures.server import free_port
from fixtures.service import NOW, Service, start_service
from fixtures.streaming import streaming
from openmodels.api.hub import Hub
from openmodels.domain.records import Registry
from openmodels.errors import SettingsError, StoreError
from openmodels.metrics.collect import Metrics, _Families
from openmodels.metrics.news import news_families
from openmodels.metrics.probing import prober_families
from openmodels.metrics.regions import region_families
from openmodels.metrics.registry import registry_families
from openmodels.metrics.server import MAX_CONNECTIONS, MAX_HEAD_BYTES, start_metrics
from openmodels.metrics.service import Watched, watch_service
from openmodels.prober.results import ProberCounters
from openmodels.store.cluster_ports import ALIVE_FOR, KNOWN_FOR, ProberSeen
from openmodels.store.memory_cluster import MemoryClusterStore
from openmodels.store.memory_news import MemoryNews

pytestmark = pytest.mark.anyio

SECONDS = 10.0
Labels = tuple[tuple[str, str], ...]


def metrics_of(service: Service, hub: Hub | None = None) -> Metrics:
    watched = Watched(
        app=service.app,
        live=service.live,
        telemetry=service.telemetry,
        hub=hub or Hub(service.telemetry, service.clock, limit=7),
        clock=service.clock,
    )
    metrics = Metrics("1.2.3")
    metrics.add(lambda: registry_families(service.live))
    watch_service(metrics, watched)
    return metrics


def samples_in(text: str) -> dict[tuple[str, Labels], float]:
    """Every sample by name and labels; fails for what a scraper could not read."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def scraped(metrics: Metrics) -> dict[tuple[str, Labels], float]:
    return samples_in((await metrics.text()).decode())


def value(samples: dict[tuple[str, Labels], float], name: str, **labels: str) -> float | None:
    return samples.get((f"openmodels_{name}", tuple(sorted(labels.items()))))


async def exchange(port: int, sent: bytes, *, host: str = "127.0.0.1") -> bytes:
    """Everything that comes back until the listener hangs up."""
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(sent)
            return await reader.read()
        finally:
            writer.close()


@asynccontextmanager
async def listening(metrics: Metrics) -> AsyncIterator[int]:
    """The port on which these metrics are served."""
    port = free_port()
    listener = await start_metrics(metrics, host="127.0.0.1", port=port)
    try:
        yield port
    finally:
        await listener.close()


async def test_it_counts_requests_by_status_and_by_how_they_were_answered() -> None:
    service = await start_service(RATE_LIMIT="5")
    for target in (
        "/api/models",
        "/api/models",
        "/api/nothing",
        "/api/models/%zz",
        "/api/models",
        "/api/models",
    ):
        await service.get(target)
    etag = (await service.get("/api/models", peer="10.0.0.1")).headers["etag"]
    await service.get("/api/models", peer="10.0.0.1", if_none_match=etag)
    found = await scraped(metrics_of(service))
    assert value(found, "http_requests_total", kind="made", code="200") == 1
    assert value(found, "http_requests_total", kind="made", code="404") == 1
    assert value(found, "http_requests_total", kind="ready", code="200") == 3
    assert value(found, "http_requests_total", kind="ready", code="304") == 1
    assert value(found, "http_requests_total", kind="edge", code="400") == 1
    assert value(found, "http_requests_total", kind="edge", code="429") == 1
    assert value(found, "http_rate_limited_requests_total") == 1
    assert value(found, "response_cache_hits_total") == 4
    assert value(found, "response_cache_misses_total") == 2
    assert value(found, "response_cache_entries") == 1
    assert (value(found, "response_cache_bytes") or 0) > 1000


async def test_it_says_what_is_served() -> None:
    service = await start_service()
    snapshot = service.live.snapshot
    found = await scraped(metrics_of(service))
    assert value(found, "registry_revision_info", revision=snapshot.revision) == 1
    assert value(found, "build_info", version="1.2.3") == 1
    assert value(found, "registry_models") == len(snapshot.models)
    assert value(found, "registry_providers") == len(snapshot.providers)
    assert value(found, "registry_offerings") == snapshot.offerings_count
    assert value(found, "registry_published_timestamp_seconds") == snapshot.published_at.timestamp()
    assert value(found, "registry_refused") == 0
    service.live.problem = "revision x cannot be served"
    assert value(await scraped(metrics_of(service)), "registry_refused") == 1


async def test_it_says_how_each_provider_is_doing() -> None:
    service = await start_service()
    await service.record([check("nimbus", NOW, "down") for _ in range(3)])
    await service.record([check("cirrus", NOW) for _ in range(2)])
    service.clock.advance(seconds=30)
    found = await scraped(metrics_of(service))
    assert value(found, "provider_status", provider="nimbus", status="down") == 1
    assert value(found, "provider_status", provider="cirrus", status="up") == 1
    assert value(found, "provider_status", provider="vacant", status="unknown") == 1
    named = [labels for name, labels in found if name == "openmodels_provider_status"]
    assert len(named) == len(service.live.snapshot.providers)
    assert value(found, "telemetry_last_probe_timestamp_seconds") == NOW.timestamp()
    assert value(found, "telemetry_last_probe_age_seconds") == 30
    assert value(found, "telemetry_up") == 1
    assert value(found, "telemetry_epoch") == service.live.epoch


async def test_it_leaves_out_what_the_database_does_not_say() -> None:
    service = await start_service(telemetry=FailingTelemetry(StoreError("away")))
    found = await scraped(metrics_of(service))
    assert value(found, "telemetry_up") == 0
    assert value(found, "telemetry_last_probe_age_seconds") is None
    assert not [name for name, _ in found if name == "openmodels_provider_status"]
    assert value(found, "registry_models") == len(service.live.snapshot.models)


async def test_it_says_nothing_of_probes_when_there_was_none() -> None:
    found = await scraped(metrics_of(await start_service()))
    assert value(found, "telemetry_up") == 1
    assert value(found, "telemetry_last_probe_age_seconds") is None


async def test_it_says_from_where_somebody_probes() -> None:
    service = await start_service()
    cluster = MemoryClusterStore()
    metrics = metrics_of(service)
    metrics.ask("regions", lambda: region_families(cluster, service.clock))
    assert not [name for name, _ in await scraped(metrics) if "region_" in name]
    for name, region in (("one", "eu"), ("two", "eu"), ("three", 'u"s')):
        await cluster.prober_seen(ProberSeen(name=name, region=region, at=NOW), lost_before=NOW)
    await cluster.prober_gone("two")
    service.clock.advance(seconds=ALIVE_FOR.total_seconds())
    found = await scraped(metrics)
    assert value(found, "region_probers", region="eu") == 1
    assert value(found, "region_probers", region='u"s') == 1
    service.clock.advance(seconds=1)
    found = await scraped(metrics)
    assert value(found, "region_probers", region="eu") == 0
    assert value(found, "region_last_seen_timestamp_seconds", region="eu") == NOW.timestamp()
    service.clock.advance(seconds=KNOWN_FOR.total_seconds())
    assert value(await scraped(metrics), "region_probers", region="eu") is None


async def test_it_leaves_out_what_is_not_answered_in_time() -> None:
    service = await start_service()
    metrics = metrics_of(service)

    async def fails() -> Iterable[Metric]:
        raise StoreError("away")

    async def breaks() -> Iterable[Metric]:
        raise ZeroDivisionError

    async def hangs() -> Iterable[Metric]:
        await asyncio.Event().wait()
        raise AssertionError

    def instead() -> Iterable[Metric]:
        yield GaugeMetricFamily("openmodels_instead", "Instead.", value=1)

    metrics.ask("one", fails)
    metrics.ask("two", breaks, unanswered=instead)
    metrics.ask("three", hangs)
    found = await scraped(metrics)
    assert value(found, "instead") == 1
    assert value(found, "registry_models") is not None
    assert value(found, "telemetry_up") == 1


async def test_it_counts_who_follows_the_stream() -> None:
    service = await start_service()
    async with streaming(service, clients=1) as running:
        client = await running.follow()
        assert (await running.follow()).status == 503
        running.record(check("cirrus", NOW))
        await client.event()
        found = await scraped(metrics_of(service, running.hub))
    assert value(found, "stream_clients") == 1
    assert value(found, "stream_clients_limit") == 1
    assert value(found, "stream_refused_clients_total") == 1
    assert value(found, "stream_dropped_clients_total") == 0
    assert value(found, "stream_events_total", kind="check") == 1


async def test_it_has_the_figures_of_the_process() -> None:
    names = {name for name, _ in await scraped(metrics_of(await start_service()))}
    assert {"process_resident_memory_bytes", "process_cpu_seconds_total", "python_info"} <= names


async def test_it_takes_up_what_others_collect() -> None:
    metrics = metrics_of(await start_service())

    def queue() -> Iterable[Metric]:
        yield GaugeMetricFamily("openmodels_prober_queue_length", "Probes that wait.", value=4)

    metrics.add(queue)
    for _ in range(2):
        assert value(await scraped(metrics), "prober_queue_length") == 4


async def test_it_goes_on_when_one_part_fails() -> None:
    metrics = metrics_of(await start_service())

    def broken() -> Iterable[Metric]:
        yield GaugeMetricFamily("openmodels_half", "Half.", value=1)
        raise RuntimeError("broken")

    metrics.add(broken)
    found = await scraped(metrics)
    assert value(found, "half") is None
    assert value(found, "registry_models") is not None


async def test_it_follows_the_naming_rules() -> None:
    service = await start_service()
    await service.get("/api/models")
    text = (await metrics_of(service).text()).decode()
    families = [f for f in text_string_to_metric_families(text) if f.name.startswith("openmodels_")]
    assert len(families) > 15
    for family in families:
        assert family.documentation.endswith("."), family.name
        if family.type == "counter":
            assert all(sample.name.endswith("_total") for sample in family.samples)
        assert not family.name.endswith(("_ms", "_mb", "_minutes"))


async def test_every_figure_is_explained_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    service = await start_service()
    await service.record([check("cirrus", NOW)])
    metrics = metrics_of(service)
    cluster = MemoryClusterStore()
    metrics.ask("regions", lambda: region_families(cluster, service.clock))
    metrics.add(lambda: prober_families(ProberCounters()))
    metrics.add(lambda: news_families([MemoryNews()]))
    text = (await metrics.text()).decode()
    assert "openmodels_probes_not_made_total" in text
    for reason in re.findall(r'reason="(\w+)"', text):
        assert f"`{reason}`" in page, reason
    for name in re.findall(r"^# TYPE (openmodels_\w+) ", text, re.MULTILINE):
        assert f"`{name}" in page, name


@given(hostile=st.text(max_size=50))
def test_it_escapes_every_label(hostile: str) -> None:
    family = GaugeMetricFamily("openmodels_x", "X.", labels=["provider"])
    family.add_metric([hostile.replace("\r", "")], 1)
    text = generate_latest(_Families([family])).decode("utf-8", "surrogatepass")
    assert list(samples_in(text)) == [("openmodels_x", (("provider", hostile.replace("\r", "")),))]


async def test_it_escapes_what_a_registry_may_hold() -> None:
    name = 'a"}\nopenmodels_fake{x="\\'
    service = await start_service(Registry(providers=(provider(name),)))
    found = await scraped(metrics_of(service))
    assert value(found, "provider_status", provider=name, status="unknown") == 1
    assert not [name for name, _ in found if name == "openmodels_fake"]


async def test_it_answers_a_scraper() -> None:
    async with listening(metrics_of(await start_service())) as port:
        sent = b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: application/openmetrics-text\r\n\r\n"
        head, _, body = (await exchange(port, sent)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Type: text/plain; version=0.0.4; charset=utf-8" in head
    assert b"Content-Length: %d" % len(body) in head
    assert value(samples_in(body.decode()), "registry_models") is not None


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"HEAD /metrics HTTP/1.1\r\n\r\n", 200),
        (b"GET /metrics?a=b HTTP/1.0\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\n\r\n", 404),
        (b"GET /metrics/ HTTP/1.1\r\n\r\n", 404),
        (b"GET /api/models HTTP/1.1\r\n\r\n", 404),
        (b"POST /metrics HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", 405),
        (b"GET /metrics\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
        (b"\x16\x03\x01\x00\r\n\r\n", 400),
    ],
)
async def test_it_answers_nothing_else(sent: bytes, status: int) -> None:
    async with listening(metrics_of(await start_service())) as port:
        received = await exchange(port, sent)
    assert received.startswith(b"HTTP/1.1 %d " % status)
    if sent.startswith(b"HEAD"):
        assert received.endswith(b"\r\n\r\n")


async def test_it_hangs_up_on_a_head_that_never_ends() -> None:
    async with listening(metrics_of(await start_service())) as port:
        assert await exchange(port, b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 2 * MAX_HEAD_BYTES) == b""


async def test_it_serves_so_many_connections_and_no_more() -> None:
    async with listening(metrics_of(await start_service())) as port:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MAX_CONNECTIONS)]
        assert await exchange(port, b"") == b""
        for _, writer in silent:
            writer.close()


async def test_it_hangs_up_on_everybody_when_it_is_closed() -> None:
    metrics = metrics_of(await start_service())
    port = free_port()
    listener = await start_metrics(metrics, host="127.0.0.1", port=port)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await listener.close()
    async with asyncio.timeout(SECONDS):
        assert await reader.read() == b""
    writer.close()
    with pytest.raises(OSError, match="Connect"):
        await asyncio.open_connection("127.0.0.1", port)


async def test_it_says_what_to_type_when_it_cannot_listen() -> None:
    metrics = metrics_of(await start_service())
    async with listening(metrics) as port:
        with pytest.raises(SettingsError, match=rf"port {port} is taken.*OPENMODELS_METRICS_PORT"):
            await start_metrics(metrics, host="127.0.0.1", port=port)
    for host in ("192.0.2.1", "no such host", "a" * 300):
        with pytest.raises(SettingsError, match="OPENMODELS_METRICS_HOST"):
            await start_metrics(metrics, host=host, port=free_port())


async def test_it_is_not_on_the_public_listener() -> None:
    service = await start_service()
    response = await service.get("/metrics")
    assert response.status_code == 404
    assert response.json()["error"]["type"] == "NOT_FOUND"


async def test_it_counts_a_stream_that_is_open() -> None:
    service = await start_service()
    async with streaming(service) as running:
        await running.follow()
        metrics = metrics_of(
            Service(
                app=running.app,
                live=service.live,
                registry=service.registry,
                telemetry=service.telemetry,
                history=service.history,
                clock=service.clock,
            )
        )
        found = await scraped(metrics)
    assert value(found, "http_requests_total", kind="streamed", code="200") == 1
