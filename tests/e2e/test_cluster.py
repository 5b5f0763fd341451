"""Two nodes, three workers in two regions, PostgreSQL and Redis; and one after the other is taken away."""

import itertools
import math
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures import registry_files as files
from fixtures.cluster import Cluster, Visitor, ask
from fixtures.real_servers import postgres_server, valkey_server
from fixtures.running_prober import KEY, fake_in_thread
from fixtures.server import RunningServer, eventually
from openmodels.fake.behaviour import Behaviour
from openmodels.fake.server import FakeProvider
from openmodels.prober.schedule import Job, phase

SECONDS = 90.0
"""A bound for whatever a cluster does, on machines that are busy."""
PROBE_SECONDS = 2.0
"""How long a check takes: so slow that some probe is under way whenever a worker is killed."""
SLACK = 1.0
"""What a busy machine adds to that."""
INTERVAL = 15
"""Seconds between two checks of a provider in one region."""
PROVIDERS = [f"p{number:02}" for number in range(12)]
REGIONS = ("eu-test-1", "us-test-1")
BUDGET = 1_000_000
"""What measuring one provider may cost in a day, in billionths of a dollar."""
LIMIT = 100
REGISTRY_PATHS = ("/api/models", "/api/providers?limit=5", "/api/search?q=acme", "/api/models/acme-one")
TELEMETRY_PATHS = (
    "/api/telemetry/health/p00",
    "/api/telemetry/ranked/acme-one",
    "/api/telemetry/latency/p01",
)
_clients = itertools.count(1)


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    slow = round(PROBE_SECONDS * 1000)
    with fake_in_thread(
        Behaviour(key=KEY, headers_ms=slow, ttft_ms=slow + 100, open_models=True)
    ) as provider:
        yield provider


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    root = tmp_path / "registry"
    files.write(root, "models/acme-one.yaml", files.model())
    for provider_id in PROVIDERS:
        files.write(root, f"providers/{provider_id}.yaml", files.provider(provider_id, env=["FAKE_KEY"]))
        files.write(root, f"mappings/{provider_id}/acme-one.yaml", files.mapping(provider_id=provider_id))
    return root


@pytest.fixture
def cluster(tmp_path: Path, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setenv("FAKE_KEY", KEY)
    with postgres_server() as postgres, valkey_server() as valkey:
        made = Cluster(
            tmp_path,
            postgres,
            valkey,
            ALLOW_PRIVATE="on",
            CONNECTIVITY_TARGETS="none",
            ENDPOINTS=",".join(f"{name}={fake.url(name)}/v1" for name in PROVIDERS),
            HEALTH_INTERVAL=str(INTERVAL),
            LATENCY_INTERVAL="10",
            PROBE_DAILY_LIMIT="10000",
            PROBE_DAILY_BUDGET=str(BUDGET / 1e9),
            RATE_LIMIT=str(LIMIT),
            TRUSTED_PROXIES="127.0.0.0/8",
            POLL_INTERVAL="0.5",
        )
        try:
            yield made
        finally:
            made.close()


def passed(*nodes: RunningServer, requests: int = LIMIT + 1) -> int:
    """How many of so many requests of a new client, in turn to these nodes, are let through."""
    client = f"203.0.113.{next(_clients)}"
    in_turn = itertools.islice(itertools.cycle(nodes), requests)
    statuses = [ask(node.port, "/api/models?limit=1", X_Forwarded_For=client)[0] for node in in_turn]
    assert set(statuses) <= {200, 429}
    return statuses.count(200)


def visitor(node: RunningServer, paths: tuple[str, ...]) -> Visitor:
    """Somebody who asks on and on and is never over the limit, since each request is another client's."""
    started = Visitor(node.port, paths)
    started.start()
    return started


def checks(cluster: Cluster) -> dict[tuple[str, str], list[float]]:
    """When each provider was checked from each region, in order."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for region, provider_id, at in cluster.rows(
        "SELECT region, provider_id, checked_at FROM checks ORDER BY checked_at"
    ):
        found[region, provider_id].append(at / 1e6)
    return found


def turns_of(region: str, provider_id: str, times: list[float]) -> list[int]:
    """Which turn each check is of. One that came so late that the next was due is of the one before."""
    begun = phase(Job(provider_id, "health"), INTERVAL, region)
    due = [math.floor((at - begun) / INTERVAL) for at in times]
    turns: list[int] = []
    for number, turn in enumerate(due):
        late = due[number + 1 : number + 2] == [turn] and (not turns or turns[-1] < turn - 1)
        turns.append(turn - 1 if late else turn)
    return turns


def test_it_goes_on_whatever_is_taken_away(cluster: Cluster, registry: Path, fake: FakeProvider) -> None:
    one, other = cluster.node(registry), cluster.node(registry)
    workers = [cluster.worker("eu-test-1"), cluster.worker("eu-test-1"), cluster.worker("us-test-1")]
    everywhere = len(REGIONS) * len(PROVIDERS)
    eventually(lambda: len(checks(cluster)) == everywhere, seconds=SECONDS, what="all are checked everywhere")
    begun = time.time()
    visitors = [visitor(one, REGISTRY_PATHS), visitor(one, TELEMETRY_PATHS)]
    assert ask(one.port, "/api/health")[0] == 200
    assert passed(one, other) == LIMIT

    workers[0].kill()
    other.process.kill()
    wait_for_checks(cluster, since=time.time() + INTERVAL)
    visitors[1].finish()

    went_at = time.time()
    cluster.postgres.stop("immediate")
    eventually(lambda: ask(one.port, "/api/health")[0] == 503, seconds=SECONDS, what="health says so")
    assert passed(one) == LIMIT
    cluster.postgres.start()
    back_at = time.time()
    eventually(lambda: ask(one.port, "/api/health")[0] == 200, seconds=SECONDS, what="all is well again")
    visitors.append(visitor(one, TELEMETRY_PATHS))
    wait_for_checks(cluster, since=back_at)

    cluster.valkey.stop()
    eventually(lambda: ask(one.port, "/api/health")[0] == 503, seconds=SECONDS, what="health says so")
    assert passed(one) == LIMIT
    cluster.valkey.start()
    eventually(lambda: ask(one.port, "/api/health")[0] == 200, seconds=SECONDS, what="all is well again")
    third = cluster.node(registry)
    assert passed(one, third) == LIMIT
    wait_for_checks(cluster, since=back_at + 1.5 * INTERVAL)

    for each in visitors:
        each.finish()
        assert (each.failures, each.refused) == ([], [])
        assert len(each.answers) > 200
    for worker in workers[1:]:
        assert worker.stop() == 0
        assert worker.log[-1]["lost"] == 0
    assert_every_turn_was_taken_once(cluster, begun, (went_at, back_at))
    assert_budgets_held(cluster, fake)


def wait_for_checks(cluster: Cluster, *, since: float) -> None:
    """Return once every provider was checked from everywhere since then."""

    def checked() -> bool:
        found = checks(cluster)
        return all(found[region, provider_id][-1] > since for region in REGIONS for provider_id in PROVIDERS)

    eventually(checked, seconds=SECONDS, what="all are checked everywhere again")


def assert_every_turn_was_taken_once(cluster: Cluster, begun: float, outage: tuple[float, float]) -> None:
    """Nothing twice; nothing left out, but what was due while the database was away or came back.

    And what was due while the one before still ran, as one does that began late since its worker was killed.
    """
    for (region, provider_id), times in checks(cluster).items():
        turns = turns_of(region, provider_id, times)
        assert len(turns) == len(set(turns)), (region, provider_id, times)
        begins = phase(Job(provider_id, "health"), INTERVAL, region)
        for turn in range(turns[0], turns[-1]):
            due = begins + turn * INTERVAL
            ran = any(at <= due < at + PROBE_SECONDS + SLACK for at in times)
            if turn not in turns and due > begun and not ran:
                assert outage[0] - 5 < due < outage[1] + 20, (region, provider_id, due, outage, times)


def assert_budgets_held(cluster: Cluster, fake: FakeProvider) -> None:
    spent = dict(cluster.rows("SELECT provider_id, spent FROM spending"))
    assert spent.keys() == set(PROVIDERS)
    assert max(spent.values()) <= BUDGET
    measured = dict(cluster.rows("SELECT provider_id, count(*) FROM measurements GROUP BY provider_id"))
    asked = dict(cluster.rows("SELECT provider_id, probes FROM spending"))
    assert all(0 < measured[name] <= asked[name] for name in PROVIDERS)
