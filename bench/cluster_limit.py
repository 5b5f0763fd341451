"""What it costs a request to be counted in Valkey, together with those of all other nodes."""

from collections import defaultdict
from contextlib import ExitStack
from statistics import median

from msgspec import Struct

from bench.cluster_ground import Ground, on_core, say, two_cores
from bench.cluster_results import Limit
from bench.contestants import ONE
from bench.load import hit_as
from bench.process import Server
from bench.servers import pin

CASES = ((1, 1), (1, 64), (10_000, 1), (10_000, 64))
"""Clients, and connections that they share."""


class _Sample(Struct, frozen=True):
    per_second: float
    cpu_us: float
    valkey_us: float
    p50_us: float
    p99_us: float
    failures: int


def measure_limit(ground: Ground) -> tuple[Limit, ...]:
    """A node that counts by itself and one that counts in Valkey, in turn, again and again."""
    cores = two_cores()
    node_core, other_core = cores or (None, None)
    url = ground.database()
    samples: dict[tuple[int, int, str], list[_Sample]] = defaultdict(list)
    pin(ground.valkey.pid, other_core)
    with ExitStack() as stack:
        nodes = {
            "own": stack.enter_context(ground.node("counts-alone", url, core=node_core)),
            "shared": stack.enter_context(
                ground.node("counts-together", url, core=node_core, redis_url=ground.valkey.url)
            ),
        }
        for number in range(ground.rounds + 1):
            say(f"limit: round {number} of {ground.rounds}" if number else "limit: warming up")
            for position, (clients, connections) in enumerate(CASES):
                for limit, node in nodes.items():
                    first = 65536 * (1 + number * len(CASES) + position)
                    sample = _measure(ground, node, (clients, connections, first), other_core)
                    if number:
                        samples[clients, connections, limit].append(sample)
    pin(ground.valkey.pid, None)
    return tuple(_of(clients, connections, samples) for clients, connections in CASES)


def _of(clients: int, connections: int, samples: dict[tuple[int, int, str], list[_Sample]]) -> Limit:
    own, shared = (samples[clients, connections, limit] for limit in ("own", "shared"))
    return Limit(
        clients=clients,
        connections=connections,
        own_per_second=round(median(s.per_second for s in own)),
        shared_per_second=round(median(s.per_second for s in shared)),
        own_us=round(median(s.cpu_us for s in own), 2),
        shared_us=round(median(s.cpu_us for s in shared), 2),
        added_us=round(median(s.cpu_us - o.cpu_us for s, o in zip(shared, own, strict=True)), 2),
        valkey_us=round(median(s.valkey_us for s in shared), 2),
        own_p50_ms=round(median(s.p50_us for s in own) / 1000, 3),
        own_p99_ms=round(median(s.p99_us for s in own) / 1000, 3),
        shared_p50_ms=round(median(s.p50_us for s in shared) / 1000, 3),
        shared_p99_ms=round(median(s.p99_us for s in shared) / 1000, 3),
        failures=sum(s.failures for s in (*own, *shared)),
    )


def _measure(ground: Ground, node: Server, case: tuple[int, int, int], core: int | None) -> _Sample:
    clients, connections, first = case
    before, valkey = node.cpu_seconds(), ground.valkey.cpu_seconds()
    done = hit_as(
        node.base + ONE,
        clients,
        first,
        seconds=ground.seconds,
        cores=on_core(core),
        connections=connections,
    )
    used, used_valkey = node.cpu_seconds() - before, ground.valkey.cpu_seconds() - valkey
    requests = max(1, done.requests)
    return _Sample(
        per_second=done.per_second,
        cpu_us=used / requests * 1e6,
        valkey_us=used_valkey / requests * 1e6,
        p50_us=done.p50_us,
        p99_us=done.p99_us,
        failures=done.bad_status + done.socket_errors,
    )
