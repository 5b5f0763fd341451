"""``python -m bench probes``: how true the prober's figures are, and how much it can do.

Truth: known delays are injected, and what the prober measures is compared with them. Capacity: 10,000 targets
are checked every 5 minutes for an hour of simulated time, over TLS, every probe a real one.
"""

import argparse
import asyncio
import gc
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import uvloop

from bench import probe_results, report
from bench.apps.fake import READY
from bench.machine import Cores, describe
from bench.probe_results import Capacity, Errors, ProbeResults, Truth
from openmodels.background import Background, Kept, assemble_background
from openmodels.clock import SettableClock, SystemClock
from openmodels.domain.records import Provider, Registry
from openmodels.domain.telemetry import Measurement
from openmodels.prober.client import ProbeClient
from openmodels.prober.guard import Guard
from openmodels.prober.keys import FixedKeys
from openmodels.prober.target import Completion, Target
from openmodels.settings import read_settings
from openmodels.store.alerts import SqlAlertStore
from openmodels.store.cluster import SqlClusterStore
from openmodels.store.engine import create_engine
from openmodels.store.live import Live
from openmodels.store.memory import MemoryRegistryStore
from openmodels.store.migrate import migrate
from openmodels.store.spending import SqlSpendingStore
from openmodels.store.telemetry import SqlTelemetryStore

STYLES = ("openai-chat", "openai-responses", "anthropic", "google", "cohere")
TTFTS = (200, 400, 800, 1600)
RATES = (20, 40)
TOKENS = 12
TARGETS = 10_000
COMPLETION = Completion(model_id="m", model_name="m")
START = datetime(2026, 3, 1, tzinfo=UTC)


class Fake:
    """A fake provider in a process of its own, on the second core."""

    def __init__(self, process: "subprocess.Popen[str]", origin: str) -> None:
        self._process = process
        self.origin = origin

    def written(self) -> dict[str, tuple[float, float]]:
        """When it wrote first tokens and ends, by persona; it serves no more afterwards."""
        out, _ = self._process.communicate("")
        return msgspec.json.decode(out, type=dict[str, tuple[float, float]])


@contextmanager
def fake_provider(*certificate: str) -> Iterator[Fake]:
    """A fake provider, until the block ends."""
    pin = ["taskset", "-c", "1"] if shutil.which("taskset") and os.cpu_count() != 1 else []
    command = [*pin, sys.executable, "-m", "bench.apps.fake", *certificate]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        scheme = "https" if certificate else "http"
        try:
            yield Fake(process, f"{scheme}://127.0.0.1:{int(line.removeprefix(READY))}")
        finally:
            process.terminate()


async def measure_truth(at_a_time: int, probes: int) -> Truth:
    """Measure so many times, so many at a time, and compare."""
    cases = [
        (style, ttft, rate, noisy)
        for noisy in ("", "c1")
        for rate in RATES
        for ttft in TTFTS
        for style in STYLES
    ]
    numbers = iter(range(probes))
    found: dict[str, tuple[int, int, Measurement]] = {}
    with fake_provider() as fake:
        client = ProbeClient(guard=Guard(allow_private=True), clock=SystemClock(), region="bench")

        async def work(worker: int) -> None:
            # The prober's schedule starts no two hundred probes in one instant either.
            await asyncio.sleep(worker / 100)
            for number in numbers:
                # 7 and the number of cases have no divisor in common, so neighbours differ.
                style, ttft, rate, noisy = cases[number * 7 % len(cases)]
                persona = f"t{ttft}r{rate}n{TOKENS}{noisy}x{number}"
                probed = await client.measure(_target(fake.origin, persona, style), COMPLETION)
                found[persona] = (ttft, rate, probed.record)

        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(work(worker) for worker in range(at_a_time)))
        cores = (time.process_time() - cpu) / (time.perf_counter() - began)
        await client.close()
        written = fake.written()
    good = {name: case for name, case in found.items() if case[2].tokens_per_second is not None}
    told = {name: (ttft, ttft + 1000 * TOKENS / rate) for name, (ttft, rate, _) in good.items()}
    return Truth(
        at_a_time=at_a_time,
        probes=probes,
        failed=probes - len(good),
        written=_errors(good, written),
        injected=_errors(good, told),
        cores=round(cores, 3),
    )


def _errors(
    measured: Mapping[str, tuple[int, int, Measurement]], true: Mapping[str, tuple[float, float]]
) -> Errors:
    ttft, total, rate = list[float](), list[float](), list[float]()
    for name, (_, _, found) in measured.items():
        first, end = true[name]
        ttft.append(abs((found.time_to_first_token_ms or 0) - first))
        total.append(abs((found.total_response_time_ms or 0) - end))
        rate.append(100 * abs((found.tokens_per_second or 0) * (end - first) / 1000 / TOKENS - 1))
    return Errors(
        ttft_p50_ms=_at(ttft, 0.50),
        ttft_p99_ms=_at(ttft, 0.99),
        total_p50_ms=_at(total, 0.50),
        total_p99_ms=_at(total, 0.99),
        rate_p50_percent=_at(rate, 0.50),
        rate_p99_percent=_at(rate, 0.99),
    )


def _target(origin: str, persona: str, style: str) -> Target:
    return Target(
        provider_id="p",
        base_url=f"{origin}/{persona}/v1",
        style=style,
        auth_type="none",
        timeout=30,
        own_endpoint=True,
    )


async def measure_capacity(folder: Path, minutes: int, targets: int) -> Capacity:
    """Check ``targets`` every 5 minutes, for so many minutes of a clock that runs as fast as it can."""
    certificate = _certificate(folder)
    # OpenSSL's own variable for the authorities that are trusted.
    os.environ["SSL_CERT_FILE"] = certificate[0]
    with fake_provider(*certificate) as fake:
        settings = read_settings(
            {
                "OPENMODELS_DATA_DIR": str(folder),
                "OPENMODELS_ALLOW_PRIVATE": "on",
                "OPENMODELS_CONNECTIVITY_TARGETS": "none",
            }
        )
        engine = create_engine(settings)
        await migrate(engine)
        clock, registry = SettableClock(START), MemoryRegistryStore()
        await registry.publish(_registry(fake.origin, targets), base=None, at=START)
        telemetry = SqlTelemetryStore(engine)
        live = Live(registry, telemetry)
        await live.start()
        background = assemble_background(
            settings,
            live,
            Kept(
                telemetry=telemetry,
                alerts=SqlAlertStore(engine),
                spending=SqlSpendingStore(engine),
                cluster=SqlClusterStore(engine),
            ),
            clock=clock,
            keys=FixedKeys(),
            senders={},
            address=fake.origin,
        )
        try:
            return await _drive(background, clock, minutes, targets)
        finally:
            await engine.dispose()


async def _drive(background: Background, clock: SettableClock, minutes: int, targets: int) -> Capacity:
    running = asyncio.create_task(background.run())
    await asyncio.sleep(1)  # the plan is made in a thread
    counters, memory = background.counters, list[float]()
    gc.collect()
    began, cpu = time.perf_counter(), time.process_time()
    for second in range(1, minutes * 60 + 1):
        clock.advance(seconds=1)
        await asyncio.sleep(0.002)
        while counters.running:  # noqa: ASYNC110 - nobody tells when the last probe of a second ends
            await asyncio.sleep(0.002)
        if second % (minutes * 6) == 0:
            memory.append(_rss_mb())
            print(f"  {second // 60} minutes: {counters.total:,} checks, {memory[-1]} MB", flush=True)
    spent = time.process_time() - cpu
    checks = counters.total
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return Capacity(
        targets=targets,
        minutes=minutes,
        checks=checks,
        failed=checks - counters.probes["health", "ok"],
        skipped=counters.skipped,
        cores=round(spent / (minutes * 60), 3),
        cpu_ms=round(1000 * spent / max(1, checks), 3),
        rss_mb=tuple(memory),
        wall_seconds=round(time.perf_counter() - began, 1),
    )


def _registry(origin: str, targets: int) -> Registry:
    def provider(number: int) -> Provider:
        return Provider(
            id=f"provider-{number:05}",
            name=f"Provider {number}",
            description="One of very many providers.",
            api_base_url=f"{origin}/provider-{number:05}/v1",
            auth_type="bearer",
            regions=("global",),
            compatibility="openai",
            created_at=START,
            updated_at=START,
        )

    return Registry(providers=tuple(provider(number) for number in range(targets)))


def _certificate(folder: Path) -> tuple[str, str]:
    """A certificate for loopback, and its key."""
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=bench"
    )
    extension = "subjectAltName=IP:127.0.0.1"
    subprocess.run(
        [*command.split(), "-addext", extension, "-keyout", key, "-out", cert],
        check=True,
        capture_output=True,
    )
    return cert, key


def _at(errors: Sequence[float], share: float) -> float:
    """The error that ``share`` of the probes did not exceed; nearest rank."""
    ordered = sorted(errors)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3) if ordered else float("nan")


def _rss_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


async def measure(minutes: int, targets: int, shares: Mapping[int, int], command: str) -> ProbeResults:
    """Everything. ``shares`` holds the number of probes for each number at a time."""
    busy, own, began = _busy_seconds(), time.process_time(), time.monotonic()
    await measure_truth(4, 40)  # a round that is not counted
    truth = []
    for at_a_time, probes in shares.items():
        truth.append(await measure_truth(at_a_time, probes))
        print(truth[-1], flush=True)
    others = (_busy_seconds() - busy - (time.process_time() - own)) / (time.monotonic() - began)
    capacity = None
    if minutes and shutil.which("openssl"):
        with tempfile.TemporaryDirectory() as folder:
            capacity = await measure_capacity(Path(folder), minutes, targets)
        print(capacity, flush=True)
    return ProbeResults(
        date=datetime.now(UTC).date().isoformat(),
        machine=describe(Cores((), ()), None),
        command=command,
        others_cores=round(others, 2),
        truth=tuple(truth),
        capacity=capacity,
    )


def _busy_seconds() -> float:
    """CPU seconds that all programs of this machine have used."""
    user, nice, system = Path("/proc/stat").read_text().split(maxsplit=4)[1:4]
    return (int(user) + int(nice) + int(system)) / os.sysconf("SC_CLK_TCK")


def main(arguments: Sequence[str]) -> None:
    """Measure, keep the results, and write the page anew."""
    parser = argparse.ArgumentParser(prog="python -m bench probes", description=__doc__)
    parser.add_argument(
        "--minutes", type=int, default=60, help="simulated minutes of the capacity; 0 for none"
    )
    parser.add_argument("--targets", type=int, default=TARGETS)
    parser.add_argument("--one", type=int, default=160, help="probes, one at a time")
    parser.add_argument("--many", type=int, default=4000, help="probes, 200 at a time")
    options = parser.parse_args(arguments)
    if len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    shares = {1: options.one, 200: options.many}
    command = " ".join(["python -m bench probes", *arguments])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        results = runner.run(measure(options.minutes, options.targets, shares, command))
    probe_results.keep(results)
    report.main()
