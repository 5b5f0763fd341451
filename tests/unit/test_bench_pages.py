"""The pages with figures say what the kept results say."""

import re
from pathlib import Path

import msgspec
import pytest
from bench import cluster_results, report, scale, telemetry_results
from bench.cluster_results import ClusterResults, Delay, Failover, Limit, Nodes, Queue
from bench.machine import Machine
from bench.results import Results
from bench.telemetry_results import POSTGRESQL, Asked, Database, Forgotten, Hour, TelemetryResults, Written

PAGES = sorted(report.pages().items())
MACHINE = Machine(cpu="a CPU", cores=2, memory_gb=24, system="Linux", pinned=True, versions={})
SUMS = {"check_hours": 200.0, "check_days": 150.0, "measurement_hours": 700.0, "measurement_days": 300.0}


@pytest.fixture
def bench() -> Results:
    file = max((report.HERE / "results").glob("*.json"))
    return msgspec.json.decode(file.read_bytes(), type=Results)


@pytest.fixture
def cluster() -> ClusterResults:
    return ClusterResults(
        date="2026-01-01",
        machine=MACHINE,
        command="python -m bench cluster",
        nodes=(
            Nodes(
                limit="own",
                arrangement="one",
                nodes=1,
                per_second=40_000,
                times_half=1.5,
                cpu_us=25,
                shared_us=1,
                p99_ms=3,
                failures=0,
            ),
        ),
        limit=(
            Limit(
                clients=10_000,
                connections=64,
                own_per_second=40_000,
                shared_per_second=25_000,
                own_us=25,
                shared_us=40,
                added_us=15,
                valkey_us=5,
                own_p50_ms=1,
                own_p99_ms=2,
                shared_p50_ms=2,
                shared_p99_ms=4,
                failures=0,
            ),
        ),
        queue=(
            Queue(
                workers=2,
                targets=12_000,
                probes=9_600,
                per_second=500,
                workers_cpu_ms=1,
                postgres_cpu_ms=1,
                planned_per_second=5_000,
                idle_cores=0.01,
            ),
        ),
        news=(Delay(change="a check", by="LISTEN/NOTIFY", times=40, p50_ms=11, p99_ms=20, max_ms=25),),
        failover=(
            Failover(
                event="hangs",
                requests=1_000,
                usual_p50_ms=1,
                usual_p99_ms=2,
                local_after_ms=None,
                delayed=0,
                last_delayed_ms=0,
                longest_ms=3,
                failed=0,
                shared_after_ms=None,
            ),
        ),
    )


@pytest.fixture
def postgresql() -> TelemetryResults:
    written = Written(
        rows_at_a_time=1,
        transactions=200,
        rows_per_second=400,
        rows_per_cpu_second=500,
        p50_ms=2,
        p99_ms=4,
    )
    full = Database(
        name="full",
        providers=1_000,
        checks=10_000_000,
        measurements=3_000_000,
        hours=720,
        record_rows_per_second=20_000,
        roll_up_seconds=600,
        roll_up_steps=9_000,
        longest_step_ms=90,
        file_mb=4_000,
        mb_by_kind={"checks": 2_000.0, "measurements": 1_000.0, **SUMS},
        writes=(written,),
        forgotten=Forgotten(rows=400_000, seconds=0.1, steps=2, longest_step_ms=60, freed_mb=100),
    )
    asked = [
        Asked(database="full", way=way, question="health", period="7d", p50_ms=5, p99_ms=9)
        for way in ("store", "api")
    ]
    return TelemetryResults(
        date="2026-01-01",
        machine=MACHINE,
        command="python -m bench telemetry --database postgresql",
        databases=(full,),
        asked=tuple(asked),
        hour=Hour(providers=10_000, rows=160_000, seconds=2, steps=100, longest_step_ms=30),
        kind=POSTGRESQL,
    )


@pytest.mark.parametrize(("page", "text"), PAGES, ids=[page.name for page, _ in PAGES])
def test_it_has_the_figures_of_the_newest_results(page: Path, text: str) -> None:
    assert page.read_text(encoding="utf-8") == text, "run `python -m bench.report`"


def test_it_says_what_was_not_measured(bench: Results) -> None:
    text = scale.page(scale.Found(bench=bench))
    assert "**Not measured yet:**" in text


def test_it_orders_by_what_runs_out_first(
    bench: Results, postgresql: TelemetryResults, cluster: ClusterResults
) -> None:
    text = scale.page(scale.Found(bench=bench, postgresql=postgresql, cluster=cluster))
    assert scale.UNKNOWN not in text
    times = [
        float(found.replace(",", ""))
        for found in re.findall(r"^\| \d.*\| ([0-9.,]+) × \|", text, re.MULTILINE)
    ]
    assert len(times) >= 8
    assert times == sorted(times)
    # 1e6 ÷ 40 µs, and 100 requests a second today.
    assert "| 25,000 requests/s | 250 × |" in text


def test_it_shows_a_run_that_was_cut_off(postgresql: TelemetryResults, cluster: ClusterResults) -> None:
    partly = msgspec.structs.replace(postgresql, hour=None)
    assert "is summed up in" not in telemetry_results.section(partly)
    assert "### Probes" not in cluster_results.section(msgspec.structs.replace(cluster, queue=()))


def test_it_compares_the_databases_question_by_question(postgresql: TelemetryResults) -> None:
    quick = [msgspec.structs.replace(asked, p50_ms=asked.p50_ms / 2) for asked in postgresql.asked]
    text = telemetry_results.comparison(msgspec.structs.replace(postgresql, asked=tuple(quick)), postgresql)
    assert "| api | health |  |  | 2.00 × |  |  |" in text


def test_it_has_a_section_for_each_part(postgresql: TelemetryResults, cluster: ClusterResults) -> None:
    text = cluster_results.section(cluster) + telemetry_results.section(postgresql)
    assert text.count("\n### ") == 5
    for rows in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        assert len({row.count(" | ") for row in rows.splitlines()}) == 1, rows
    assert "Forgetting the single rows" in text
