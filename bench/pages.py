"""``python -m bench pages``: the server's time for pages, what they weigh, and what Lighthouse gives them."""

import argparse
import asyncio
import gc
import itertools
import json
import math
import os
import random
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import brotli

from bench import page_results, report
from bench.contestants import Place, openmodels
from bench.machine import choose_cores, describe
from bench.page_results import PageResults, PageTimes, Scores, Weight
from bench.process import Server, get
from openmodels.bootstrap import create_app
from openmodels.clock import SystemClock
from openmodels.domain.records import Registry
from openmodels.domain.snapshot import Snapshot
from openmodels.domain.telemetry import Check, Measurement
from openmodels.edge.app import Edge
from openmodels.opening import Stores, open_stores
from openmodels.registry.load import require_registry
from openmodels.server import collect_seldom
from openmodels.settings import read_settings
from openmodels.store.live import Live

ROOT = Path(__file__).parent.parent
LIGHTHOUSE = ROOT / "bench" / "lighthouse"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ASKED = 200
"""How often each kind of page is asked for."""
CHECK_HOURS, MEASUREMENT_HOURS = 30 * 24, 7 * 24
JUDGED = (
    "/",
    "/models",
    "/models/{model}",
    "/providers",
    "/providers/{provider}",
    "/status",
    "/changes",
    "/docs",
    "/compare",
)
"""What Lighthouse looks at; and a comparison."""


def main(arguments: Sequence[str]) -> None:
    """Measure, keep the results, and write the page anew."""
    parser = argparse.ArgumentParser(prog="python -m bench pages", description=__doc__)
    parser.add_argument("--no-lighthouse", action="store_true", help="leave Lighthouse out")
    options = parser.parse_args(arguments)
    registry = require_registry(ROOT / "registry")
    with tempfile.TemporaryDirectory() as folder:
        place = Place(work=Path(folder), cores=choose_cores(), peers=None)
        data = place.work / "data"
        checks, measurements, times = asyncio.run(_measured(registry, data))
        # Search engines take absolute canonical addresses alone: who serves a public site sets its own.
        with openmodels(place, data, rate_limit="0", public_url="http://127.0.0.1:{port}") as server:
            weights = tuple(_weight(server, page) for page in _examples(registry))
            version, scores = ("", ()) if options.no_lighthouse else _lighthouse(server, registry, place.work)
    results = PageResults(
        date=datetime.now(UTC).date().isoformat(),
        machine=describe(place.cores, None),
        models=len(registry.models),
        offerings=len(registry.offerings),
        checks=checks,
        measurements=measurements,
        times=times,
        weights=weights,
        lighthouse=version,
        scores=scores,
    )
    print(f"results in {page_results.keep(results).relative_to(ROOT)}")
    report.main()


async def _measured(registry: Registry, data: Path) -> tuple[int, int, tuple[PageTimes, ...]]:
    settings = read_settings({"OPENMODELS_DATA_DIR": str(data), "OPENMODELS_RATE_LIMIT": "0"})
    clock = SystemClock()
    async with open_stores(settings) as stores:
        await stores.registry.publish(registry, base=None, at=clock.now() - timedelta(days=1))
        counts = await _fill(stores, registry, clock.now())
        while await stores.telemetry.roll_up(clock.now()):
            pass
        live = Live(stores.registry, stores.telemetry)
        await live.start()
        app = create_app(
            settings,
            live=live,
            registry=stores.registry,
            telemetry=stores.telemetry,
            history=stores.history,
            clock=clock,
        )
        # As a server has done before its first request.
        gc.collect()
        gc.freeze()
        collect_seldom()
        times = [await _timed(app, name, paths) for name, paths in _pages(live.snapshot)]
    return *counts, tuple(times)


async def _fill(stores: Stores, registry: Registry, now: datetime) -> tuple[int, int]:
    """Checks of every provider each hour, measurements of every offering each six."""
    chance = random.Random(7)
    checks = measurements = 0
    for hours in range(CHECK_HOURS, 0, -1):
        at = now - timedelta(hours=hours)
        batch = [
            _check(provider.id, at + timedelta(seconds=n), chance)
            for n, provider in enumerate(registry.providers)
        ]
        timed: list[Measurement] = []
        if hours <= MEASUREMENT_HOURS and hours % 6 == 0:
            timed = [_measurement(o.provider_id, o.model_id, at, chance) for o in registry.offerings]
        for some in _batches(timed):
            await stores.telemetry.record((), some)
        await stores.telemetry.record(batch, ())
        checks, measurements = checks + len(batch), measurements + len(timed)
    return checks, measurements


def _batches(timed: Sequence[Measurement]) -> Iterator[Sequence[Measurement]]:
    for start in range(0, len(timed), 1000):
        yield timed[start : start + 1000]


def _check(provider_id: str, at: datetime, chance: random.Random) -> Check:
    up = chance.random() > 0.01
    return Check(
        provider_id=provider_id,
        region="local",
        checked_at=at,
        status="up" if up else "down",
        outcome="ok" if up else "timeout",
        response_time_ms=chance.lognormvariate(5, 0.4) if up else None,
    )


def _measurement(provider_id: str, model_id: str, at: datetime, chance: random.Random) -> Measurement:
    first, rate = chance.lognormvariate(6, 0.5), chance.uniform(20, 200)
    return Measurement(
        provider_id=provider_id,
        model_id=model_id,
        region="local",
        measured_at=at,
        outcome="ok",
        time_to_first_token_ms=first,
        total_response_time_ms=first + 64_000 / rate,
        tokens_per_second=rate,
        output_tokens=64,
    )


def _pages(snapshot: Snapshot) -> Iterator[tuple[str, Iterator[str]]]:
    """Kinds of pages, and addresses of each without an end."""
    models = [entry.record.id for entry in snapshot.models]
    providers = [entry.record.id for entry in snapshot.providers]
    most = max(snapshot.models, key=lambda entry: len(entry.offerings)).record.id
    largest = max(snapshot.providers, key=lambda entry: len(entry.models)).record.id
    words = [model.partition("-")[0] for model in models]
    yield "/", itertools.repeat("/?")
    yield "/models", itertools.repeat("/models?")
    yield "/models?search=…", (f"/models?search={word}&" for word in itertools.cycle(words))
    yield "/models/{model}, another each time", (f"/models/{one}?" for one in itertools.cycle(models))
    yield "/models/{model}, the one with most offerings, other queries", itertools.repeat(f"/models/{most}?")
    yield "/providers", itertools.repeat("/providers?")
    yield (
        "/providers/{provider}, another each time",
        (f"/providers/{one}?" for one in itertools.cycle(providers)),
    )
    yield "/providers/{provider}, the largest, other queries", itertools.repeat(f"/providers/{largest}?")
    yield (
        "/compare, two others each time",
        (
            f"/compare?model={a}&model={b}&"
            for a, b in zip(itertools.cycle(models), itertools.cycle(models[7:]), strict=False)
        ),
    )
    yield "/status", itertools.repeat("/status?")
    yield "/changes", itertools.repeat("/changes?")
    yield "/docs", itertools.repeat("/docs/telemetry?")


async def _timed(app: Edge, name: str, addresses: Iterator[str]) -> PageTimes:
    cpu, wall = [], []
    for number, address in enumerate(itertools.islice(addresses, ASKED + 5)):
        path, _, query = address.partition("?")
        used, began = time.process_time(), time.perf_counter()
        status = await _ask(app, path, f"{query}asked={number}")
        # The first ones compile templates.
        if number >= 5:
            cpu.append((time.process_time() - used) * 1000)
            wall.append((time.perf_counter() - began) * 1000)
        if status != 200:
            raise SystemExit(f"{address} was answered {status}")
    print(f"{name:50} {_p99(cpu):7.2f} ms CPU p99 {_p99(wall):7.2f} ms p99", flush=True)
    return PageTimes(
        page=name,
        asked=len(cpu),
        cpu_p50_ms=round(median(cpu), 3),
        cpu_p99_ms=round(_p99(cpu), 3),
        wall_p50_ms=round(median(wall), 3),
        wall_p99_ms=round(_p99(wall), 3),
    )


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[math.ceil(0.99 * len(values)) - 1]


async def _ask(app: Edge, path: str, query: str) -> int:
    status = 0
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"accept", b"text/html")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    return status


def _examples(registry: Registry) -> list[str]:
    """An address for each kind of page; of a model and a provider those that have most."""
    offered = [offering.model_id for offering in registry.offerings]
    having = [offering.provider_id for offering in registry.offerings]
    model, provider = max(sorted(set(offered)), key=offered.count), max(sorted(set(having)), key=having.count)
    others = sorted(set(offered), key=offered.count)[-2:]
    compared = "/compare?" + "&".join(f"model={one}" for one in others)
    return [*(page.format(model=model, provider=provider) for page in JUDGED), compared]


def _weight(server: Server, page: str) -> Weight:
    """What a browser loads for a page: its HTML, and all that is named in it and in its scripts."""
    html = _body(server, page)
    wanted = set(re.findall(r'(?:href|src)="(/assets/[^"]+)"', html.decode()))
    loaded: dict[str, bytes] = {}
    while waiting := wanted - loaded.keys():
        for path in waiting:
            body = loaded[path] = _body(server, path)
            if path.endswith(".js"):
                wanted |= {
                    f"/assets/{name}"
                    for name in re.findall(r'"(?:\./|/assets/)([\w.-]+\.js)"', body.decode())
                }
            if path.endswith(".css"):
                wanted |= set(re.findall(r"url\(\"?(/assets/[^)\"]+)", body.decode()))
    sizes = {path: _kilobytes(body, path) for path, body in loaded.items()}
    script = sum(size for path, size in sizes.items() if path.endswith(".js"))
    size = _kilobytes(html, page)
    index = _kilobytes(_body(server, "/api/search/index"), "")
    return Weight(
        page=_name(page),
        html_kb=round(size, 1),
        script_kb=round(script, 1),
        all_kb=round(size + sum(sizes.values()) + index, 1),
    )


def _name(page: str) -> str:
    path, asked, _ = page.partition("?")
    return f"{path}?…" if asked else path


def _body(server: Server, path: str) -> bytes:
    status, body, _ = get(server.port, path)
    if status != 200:
        raise SystemExit(f"{path} was answered {status}")
    return body


def _kilobytes(body: bytes, path: str) -> float:
    return len(body if path.endswith(".woff2") else brotli.compress(body, quality=5)) / 1000


def _lighthouse(server: Server, registry: Registry, work: Path) -> tuple[str, tuple[Scores, ...]]:
    chromium = os.environ.get("CHROME_PATH") or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    program = LIGHTHOUSE / "node_modules" / "lighthouse"
    node = shutil.which("node")
    if chromium is None or node is None or not program.is_dir():
        print("Lighthouse is left out: it needs Node, Chromium, and what `make bench` installs")
        return "", ()
    version = json.loads((program / "package.json").read_text())["version"]
    scores = []
    for page, device in itertools.product(_examples(registry), ("phone", "desktop")):
        out = work / "lighthouse.json"
        command = [node, str(program / "cli" / "index.js"), server.base + page, "--quiet", "--output=json"]
        command += [f"--output-path={out}", "--chrome-flags=--headless=new --no-sandbox"]
        command += ["--preset=desktop"] if device == "desktop" else []
        subprocess.run(
            command, check=True, env={**os.environ, "CHROME_PATH": chromium}, stdout=subprocess.DEVNULL
        )
        found = json.loads(out.read_text())
        points = {name: round(category["score"] * 100) for name, category in found["categories"].items()}
        faults = [
            audit["id"]
            for audit in found["audits"].values()
            if audit["score"] is not None
            and audit["score"] < 0.9
            and audit["scoreDisplayMode"] != "informative"
        ]
        print(f"{page:50} {device:8} {points} {faults}", flush=True)
        scores.append(
            Scores(
                page=_name(page),
                device=device,
                performance=points["performance"],
                accessibility=points["accessibility"],
                best_practices=points["best-practices"],
                seo=points["seo"],
            )
        )
    return version, tuple(scores)
