"""``python -m bench cluster``: several nodes and workers over one PostgreSQL and one Valkey.

Starts private servers, measures part by part, and keeps what it has after each. ``--quick`` takes less than
two minutes, keeps nothing, and says only that it works; the full run takes about ten.
"""

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from bench import cluster_results, report, servers
from bench.cluster_failover import measure_failover
from bench.cluster_ground import Ground, say
from bench.cluster_limit import measure_limit
from bench.cluster_news import measure_news
from bench.cluster_nodes import measure_nodes
from bench.cluster_queue import measure_queue
from bench.cluster_results import ClusterResults
from bench.machine import choose_cores, describe

PARTS: dict[str, Callable[[Ground], tuple[Any, ...]]] = {
    "nodes": measure_nodes,
    "limit": measure_limit,
    "queue": measure_queue,
    "news": measure_news,
    "failover": measure_failover,
}


def main(arguments: Sequence[str]) -> None:
    """Measure, keep the results, and write the page anew."""
    parser = argparse.ArgumentParser(prog="python -m bench cluster", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see that it works, and keep nothing")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part; keeps nothing")
    options = parser.parse_args(arguments)
    if not shutil.which("wrk"):
        sys.exit("bench: nothing can be measured without wrk")
    kept = not (options.quick or options.only)
    began, machine = time.monotonic(), describe(choose_cores(), None)
    results = ClusterResults(
        date=datetime.now(UTC).date().isoformat(),
        machine=replace(machine, versions=machine.versions | servers.versions()),
        command=" ".join(["python -m bench cluster", *arguments]),
    )
    with tempfile.TemporaryDirectory() as work, servers.postgres() as postgres, servers.valkey() as valkey:
        ground = Ground(work=Path(work), postgres=postgres, valkey=valkey, quick=options.quick)
        for name in options.only or PARTS:
            results = _with_part(results, name, ground)
            if kept:
                cluster_results.keep(results)
    print(cluster_results.section(results))
    if kept:
        report.main()
    say(f"{time.monotonic() - began:.0f} s")
    if results.left_out:
        sys.exit("bench: not everything could be measured")


def _with_part(results: ClusterResults, name: str, ground: Ground) -> ClusterResults:
    try:
        return replace(results, **{name: PARTS[name](ground)})
    except Exception as error:  # noqa: BLE001 - the other parts are worth measuring all the same
        traceback.print_exc()
        reason = f"{name}, which failed with {type(error).__name__}"
        return replace(results, left_out=(*results.left_out, reason))
