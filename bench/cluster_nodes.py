"""Requests a second of one node and of two, over one database, each counting by itself or all together."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from statistics import median

from msgspec import Struct

from bench.cluster_ground import Ground, on_core, say, together, two_cores
from bench.cluster_results import Nodes
from bench.contestants import ONE
from bench.load import Round, hit_as
from bench.process import Server
from bench.servers import pin

APART = "one node on one core, the load on the other"
HALF = "one node and its load on one core"
HALVES = "two nodes, each with its load on a core of its own"


class _Arrangement(Struct, frozen=True):
    """Who is where."""

    limit: str
    name: str
    nodes: Sequence[tuple[Server, int, int]]
    """Each with its core and that of its load."""


class _Sample(Struct, frozen=True):
    """One round of one arrangement."""

    per_second: float
    cpu_us: float
    shared_us: float
    p99_us: float
    failures: int


def measure_nodes(ground: Ground) -> tuple[Nodes, ...]:
    """All arrangements in turn, again and again. Empty where there are no two cores."""
    cores = two_cores()
    if cores is None:
        return ()
    one, other = cores
    url = ground.database()
    samples: dict[tuple[str, str], list[_Sample]] = defaultdict(list)
    with ExitStack() as stack:
        arrangements = []
        # An empty address is none.
        for limit, redis_url in (("own", ""), ("shared", ground.valkey.url)):
            first, second = (
                stack.enter_context(ground.node(f"{limit}-{number}", url, redis_url=redis_url))
                for number in (1, 2)
            )
            arrangements += [
                _Arrangement(limit, APART, [(first, one, other)]),
                _Arrangement(limit, HALF, [(first, one, one)]),
                _Arrangement(limit, HALVES, [(first, one, one), (second, other, other)]),
            ]
        for number in range(ground.rounds + 1):
            say(f"nodes: round {number} of {ground.rounds}" if number else "nodes: warming up")
            for position, arrangement in enumerate(arrangements):
                # Each round comes from an address of its own, so that none ever reaches the limit.
                sample = _measure(ground, arrangement, number * len(arrangements) + position)
                if number:
                    samples[arrangement.limit, arrangement.name].append(sample)
    return tuple(
        Nodes(
            limit=limit,
            arrangement=name,
            nodes=2 if name == HALVES else 1,
            per_second=round(median(s.per_second for s in found)),
            times_half=round(
                median(
                    s.per_second / half.per_second
                    for s, half in zip(found, samples[limit, HALF], strict=True)
                ),
                3,
            ),
            cpu_us=round(median(s.cpu_us for s in found), 2),
            shared_us=round(median(s.shared_us for s in found), 2),
            p99_ms=round(median(s.p99_us for s in found) / 1000, 2),
            failures=sum(s.failures for s in found),
        )
        for (limit, name), found in samples.items()
    )


def _measure(ground: Ground, arrangement: _Arrangement, number: int) -> _Sample:
    loads: list[Callable[[], Round]] = []
    for server, core, load_core in arrangement.nodes:
        pin(server.process.pid, core)

        def load(server: Server = server, load_core: int = load_core) -> Round:
            cores = on_core(load_core)
            return hit_as(server.base + ONE, 1, number, seconds=ground.seconds, cores=cores)

        loads.append(load)
    nodes = [server for server, _, _ in arrangement.nodes]
    before, shared = sum(node.cpu_seconds() for node in nodes), _shared(ground)
    rounds = together(loads)
    used, used_shared = sum(node.cpu_seconds() for node in nodes) - before, _shared(ground) - shared
    requests = max(1, sum(round_.requests for round_ in rounds))
    return _Sample(
        per_second=sum(round_.per_second for round_ in rounds),
        cpu_us=used / requests * 1e6,
        shared_us=used_shared / requests * 1e6,
        p99_us=max(round_.p99_us for round_ in rounds),
        failures=sum(round_.bad_status + round_.socket_errors for round_ in rounds),
    )


def _shared(ground: Ground) -> float:
    """CPU seconds of what nodes share."""
    return ground.valkey.cpu_seconds() + ground.postgres.cpu_seconds()
