"""``make bench``: measure everything, keep the results, write docs/benchmarks.md."""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import msgspec

from bench import (
    cluster,
    compare,
    contestants,
    pages,
    probes,
    queries,
    report,
    resolver,
    startup,
    tables,
    telemetry,
    validate,
)
from bench.compare import Sample
from bench.contestants import DATASETTE, NGINX_FILE, OPENMODELS, PLAIN, Contestant, Place
from bench.machine import choose_cores, describe, missing_programs
from bench.process import Server, get
from bench.registry import SEED, generate_registry
from bench.results import Results, Share, Validation, targets

HERE = Path(__file__).parent
VALIDATED_FILES = 10_000
UNMEASURED_HEADERS = {"content-type", "content-length", "server", "date"}
"""Headers that the bare application sends by itself."""


def main() -> None:
    """Run it all."""
    signal.signal(signal.SIGTERM, _interrupted)
    # These by themselves, for they compare with nobody, and most take long.
    alone = {
        "telemetry": telemetry.main,
        "probes": probes.main,
        "cluster": cluster.main,
        "resolver": resolver.main,
        "pages": pages.main,
    }.get(" ".join(sys.argv[1:2]))
    if alone is not None:
        alone(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--peers", type=Path, help="Python of the environment with Datasette and FastAPI")
    parser.add_argument("--rounds", type=int, default=compare.ROUNDS)
    options = parser.parse_args()
    # Needs no server, nor any program.
    catalog = resolver.usual_catalog()
    if catalog is None:
        say(resolver.missing())
    else:
        resolver.main(["--catalog", str(catalog)])
    missing = missing_programs()
    for sentence in missing:
        say(sentence)
    if not shutil.which("wrk"):
        sys.exit("bench: nothing can be measured without wrk")
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        work.chmod(0o755)  # nginx' worker is another user
        peers = options.peers.absolute() if options.peers else None
        place = Place(work=work, cores=choose_cores(), peers=peers)
        results = measure(place, options.rounds, missing)
    file = HERE / "results" / f"{results.date}.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    report.main()
    for target in targets(results):
        verdict = {True: "reached", False: "MISSED", None: "-"}[target.met]
        say(f"{verdict:8} {target.name}: {target.target}, {target.reached}")
    say(f"{time.monotonic() - began:.0f} s; results in {file.relative_to(HERE.parent)}")


def measure(place: Place, rounds: int, missing: list[str]) -> Results:
    """Start everyone, measure, stop everyone."""
    say("making the large registry")
    large = generate_registry()
    startup.publish(large, place.work / "large")
    queries.write_filters(place.work / "filter.txt", large, SEED)
    queries.write_searches(place.work / "search.txt", large, SEED)
    with contestants.openmodels(place, place.work / "bundled", "--publish", log="first"):
        pass
    say("starting again and again")
    start_large = startup.measure(place, place.work / "large")
    start_bundled = startup.measure(place, place.work / "bundled", "--publish")
    others, left_out = _others(place)
    with ExitStack() as stack:
        own = stack.enter_context(
            contestants.openmodels(place, place.work / "bundled", rate_limit=contestants.HIGH_LIMIT)
        )
        # The rate limit stays far from 0 here too, but at its default costs the memory that users see.
        cold = stack.enter_context(
            contestants.openmodels(place, place.work / "large", log="cold", rate_limit=contestants.HIGH_LIMIT)
        )
        reference = _prepare(place, own, needs_database=bool({DATASETTE, PLAIN} & set(others)))
        started = {c.name: (c, stack.enter_context(contestants.start(c, place))) for c in others}
        started[OPENMODELS.name] = (OPENMODELS, own)
        sizes = compare.body_sizes(reference, started)
        entries = [e for c, server in started.values() for e in compare.entries_for(c, server, place)]
        entries += [
            compare.cold_entry(case, cold, place.work / f"{case}.txt", place) for case in ("filter", "search")
        ]
        busy = compare.Busy()
        samples = compare.run(entries, rounds, busy, say)
        loaded = cold.rss_mb()
    return Results(
        date=datetime.now(UTC).date().isoformat(),
        machine=describe(place.cores, place.peers),
        rounds=rounds,
        seconds=compare.SECONDS,
        others_cores=round(busy.others, 2),
        left_out=(*missing, *left_out),
        figures=tuple(compare.figures(samples, sizes)),
        shares=tuple(_shares(samples, [c.name for c in others])),
        large=start_large,
        bundled=start_bundled,
        loaded_rss_mb=round(loaded, 1),
        validation=(_validation(place),),
    )


def _others(place: Place) -> tuple[list[Contestant], list[str]]:
    """Who else can be measured here, and why the rest cannot."""
    chosen, left_out = list(contestants.OTHERS), []
    if not shutil.which("nginx"):
        chosen.remove(NGINX_FILE)
    if place.peers is None:
        chosen = [c for c in chosen if c not in {DATASETTE, PLAIN}]
        left_out.append("Datasette and FastAPI were not installed: see `make bench`")
    return chosen, left_out


def _prepare(place: Place, own: Server, *, needs_database: bool) -> dict[str, bytes]:
    """Give the others what they serve: openmodels' own answers and rows."""
    reference = {case: get(own.port, path).body for case, path in OPENMODELS.paths.items()}
    place.bodies.mkdir()
    for case, body in reference.items():
        (place.bodies / f"{case}.json").write_bytes(body)
    headers = get(own.port, contestants.ONE).headers
    place.headers.write_text(json.dumps([h for h in headers if h[0].lower() not in UNMEASURED_HEADERS]))
    if needs_database:
        tables.write_database(place.database, tables.every_model(own.port))
    return reference


def _shares(samples: dict[tuple[str, str], list[Sample]], others: list[str]) -> list[Share]:
    found = []
    for case in OPENMODELS.paths:
        for other in others:
            share = compare.share(samples, case, OPENMODELS.name, other)
            if share is not None:
                requests, cpu = (round(value, 4) for value in share)
                found.append(Share(case=case, other=other, by_requests=requests, by_cpu=cpu))
    return found


def _validation(place: Place) -> Validation:
    say("validating a generated registry's files")
    root = place.work / "files"
    validate.generate(root, VALIDATED_FILES)
    seconds, files, _ = validate.measure(root)
    return Validation(files=files, seconds=round(seconds, 3))


def say(text: str) -> None:
    """Tell whoever waits."""
    print(text, flush=True)


def _interrupted(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        # Every server was stopped on the way here.
        os._exit(130)
