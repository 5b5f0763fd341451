"""The comparison: interleaved rounds over all contestants, requests a second and CPU time a request."""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from msgspec import Struct

from bench.contestants import Contestant, Place
from bench.load import Round, hit, hit_all
from bench.process import Server, get, machine_cpu_seconds

ROUNDS, SECONDS = 7, 2


class Figures(Struct, frozen=True, kw_only=True):
    """One contestant in one case: medians over the rounds."""

    contestant: str
    case: str
    per_second: float
    cpu_us: float
    """CPU time of the whole process tree, user and system, for one request, in microseconds."""
    best_cpu_us: float
    """The same in the best round, which is the one that others disturbed least."""
    p50_us: float
    p99_us: float
    best_p99_us: float
    """The same in the best round: in the others, time slices of other programs on the machine count too."""
    requests: int
    """In all rounds together."""
    failures: int
    """Answers that were not 200, and errors of connections."""
    body_bytes: int | None
    same_bytes: bool | None
    """Whether the body was that of openmodels, byte for byte; None where every answer is another."""


class Entry(Struct, frozen=True):
    """One contestant in one case, ready to be measured."""

    contestant: str
    case: str
    server: Server
    load: Callable[[int], Round]
    """Runs the round of this number."""


class Busy(Struct):
    """How much CPU time others took from the machine while it was measured."""

    elapsed: float = 0.0
    total: float = 0.0
    ours: float = 0.0

    @property
    def others(self) -> float:
        """Cores that other programs kept busy, on average."""
        return max(0.0, self.total - self.ours) / self.elapsed if self.elapsed else 0.0


class Sample(Struct, frozen=True):
    """One round and the CPU time that it took."""

    round: Round
    cpu_us: float


def entries_for(contestant: Contestant, server: Server, place: Place) -> list[Entry]:
    """The contestant's cases with a fixed URL."""

    # The slow ones have a CPU of their own all the time; half as long says as much.
    seconds = SECONDS if contestant.name not in {"datasette", "fastapi"} else SECONDS // 2

    def load(url: str) -> Callable[[int], Round]:
        return lambda _number: hit(url, seconds=seconds, cores=place.cores)

    return [
        Entry(contestant.name, case, server, load(server.base + path))
        for case, path in contestant.paths.items()
    ]


def cold_entry(case: str, server: Server, paths: Path, place: Place) -> Entry:
    """A case of openmodels in which no URL comes twice, asked by one client: its latency is the answer's."""

    def load(number: int) -> Round:
        first = number * 10_000_000
        return hit_all(server.base, paths, first, seconds=SECONDS, cores=place.cores, connections=1)

    return Entry("openmodels", case, server, load)


def run(
    entries: Sequence[Entry], rounds: int, busy: Busy, say: Callable[[str], None]
) -> dict[tuple[str, str], list[Sample]]:
    """Everyone in turn, again and again: what disturbs the machine for a while disturbs all of them."""
    samples: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for number in range(rounds + 1):
        say(f"round {number} of {rounds}" if number else "warming up")
        for entry in entries:
            with _watching(busy):
                before = entry.server.cpu_seconds()
                done = entry.load(number)
                used = entry.server.cpu_seconds() - before
                busy.ours += used
            if number:  # the first is for caches, compilers and pools
                samples[entry.contestant, entry.case].append(Sample(done, used / max(done.requests, 1) * 1e6))
    return samples


@contextmanager
def _watching(busy: Busy) -> Iterator[None]:
    began, total, ours = time.monotonic(), machine_cpu_seconds(), sum(os.times()[:4])
    yield
    busy.elapsed += time.monotonic() - began
    busy.total += machine_cpu_seconds() - total
    # This process and its children that ended, which is wrk; the servers are counted apart.
    busy.ours += sum(os.times()[:4]) - ours


def figures(
    samples: Mapping[tuple[str, str], Sequence[Sample]], sizes: Mapping[tuple[str, str], tuple[int, bool]]
) -> list[Figures]:
    """Medians of the rounds."""
    return [
        Figures(
            contestant=contestant,
            case=case,
            per_second=round(median(s.round.per_second for s in found), 1),
            cpu_us=round(median(s.cpu_us for s in found), 2),
            best_cpu_us=round(min(s.cpu_us for s in found), 2),
            p50_us=median(s.round.p50_us for s in found),
            p99_us=median(s.round.p99_us for s in found),
            best_p99_us=min(s.round.p99_us for s in found),
            requests=sum(s.round.requests for s in found),
            failures=sum(s.round.bad_status + s.round.socket_errors for s in found),
            body_bytes=sizes.get((contestant, case), (None, None))[0],
            same_bytes=sizes.get((contestant, case), (None, None))[1],
        )
        for (contestant, case), found in samples.items()
    ]


def share(
    samples: Mapping[tuple[str, str], Sequence[Sample]], case: str, one: str, other: str
) -> tuple[float, float] | None:
    """How ``one`` stands to ``other``; None when either was left out.

    The medians, over the rounds, of the ratios of requests a second, and of CPU time a request; the latter is
    turned round, so that more is better.
    """
    mine, theirs = samples.get((one, case)), samples.get((other, case))
    if not mine or not theirs:
        return None
    pairs = list(zip(mine, theirs, strict=True))
    return (
        median(a.round.per_second / b.round.per_second for a, b in pairs),
        median(b.cpu_us / a.cpu_us for a, b in pairs if a.cpu_us),
    )


def body_sizes(
    reference: Mapping[str, bytes], started: Mapping[str, tuple[Contestant, Server]]
) -> dict[tuple[str, str], tuple[int, bool]]:
    """By contestant and case: how long the body is, and whether it is openmodels' own.

    Raises ``RuntimeError`` for an answer that is not 200.
    """
    sizes = {}
    for name, (contestant, server) in started.items():
        for case, path in contestant.paths.items():
            got = get(server.port, path)
            if got.status != 200:
                raise RuntimeError(f"{name} answered {got.status} to {path}")
            sizes[name, case] = (len(got.body), got.body == reference[case])
    return sizes
