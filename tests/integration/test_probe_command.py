"""``openmodels probe``, over a fake provider on this machine."""

import asyncio
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contract.builders import settings_in
from fixtures import registry_files as files
from fixtures.commands import Program, program
from fixtures.running_prober import KEY, fake_in_thread
from fixtures.server import environment
from openmodels.cli.probe_report import PROBE_HEAD, amount
from openmodels.domain.telemetry import HealthSummary, LatencySummary
from openmodels.fake.behaviour import Behaviour
from openmodels.fake.server import FakeProvider
from openmodels.opening import open_stores
from openmodels.store.spending import SqlSpendingStore

__all__ = ["program"]

QUICK = Behaviour(headers_ms=0, ttft_ms=5, tokens_per_second=1000, key=KEY)


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    with fake_in_thread(QUICK) as running:
        yield running


@pytest.fixture
def environ(fake: FakeProvider, tmp_path: Path) -> dict[str, str]:
    """Settings with which both providers of the registry below are the fake one."""
    root = files.valid_registry(tmp_path / "registry")
    files.write(root, "providers/acme.yaml", files.provider(env=["ACME_KEY"]))
    files.write(root, "providers/zeta.yaml", files.provider("zeta", env=["ZETA_KEY"], compatibility="custom"))
    return {
        "OPENMODELS_ENDPOINTS": f"acme={fake.url('acme')}/v1,zeta={fake.url('zeta')}/v1",
        "OPENMODELS_ALLOW_PRIVATE": "on",
        "OPENMODELS_CONNECTIVITY_TARGETS": "none",
        "OPENMODELS_REGION": "eu-test-1",
    }


def kept(folder: Path, provider_id: str) -> tuple[HealthSummary, LatencySummary, int]:
    """What the database has of a provider, and how many probes its ledger counted today."""

    async def read() -> tuple[HealthSummary, LatencySummary, int]:
        since = datetime.now(UTC) - timedelta(hours=1)
        async with open_stores(settings_in(folder / "var")) as stores:
            rows = await SqlSpendingStore(stores.engine).spending(datetime.now(UTC).date())
            return (
                await stores.telemetry.health(provider_id, since=since, regions=(), limit=10),
                await stores.telemetry.latency(provider_id, since=since, regions=(), model_ids=(), limit=10),
                sum(row.probes for row in rows),
            )

    return asyncio.run(read())


def test_it_probes_every_provider_and_records_what_it_saw(
    program: Program, environ: dict[str, str], tmp_path: Path
) -> None:
    assert program("publish").returncode == 0
    done = program("probe", "--once", ACME_KEY=KEY, **environ)
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "\t".join(PROBE_HEAD)
    acme, zeta = sorted(done.rows)
    assert acme[:2] == ["acme", "up (auth)"]
    assert acme[4] == "acme-one"
    assert all(float(cell) >= 0 for cell in (acme[2], acme[3], acme[5], acme[6], acme[7]))
    assert acme[8] == "ok"
    assert zeta[:2] == ["zeta", "up (bad_request)"]
    assert zeta[8] == "no API style for compatibility custom"
    assert done.stderr == "2 up, 0 down; 1 of 1 measured well; 3 results recorded\n"
    health, latency, probes = kept(tmp_path, "acme")
    assert [(c.outcome, c.region) for c in health.checks] == [("auth", "eu-test-1")]
    assert [(m.outcome, m.model_id) for m in latency.measurements] == [("ok", "acme-one")]
    assert probes == 1
    assert KEY not in done.stdout + done.stderr


def test_it_goes_by_the_files_while_nothing_is_published(program: Program, environ: dict[str, str]) -> None:
    done = program("probe", **environ)
    assert done.returncode == 0
    assert done.stderr.startswith("nothing is published yet; going by the files in registry\n")
    assert len(done.rows) == 2


def test_it_probes_only_who_is_named(
    program: Program, environ: dict[str, str], fake: FakeProvider, tmp_path: Path
) -> None:
    done = program("probe", "acme", "acme", **environ)
    assert [row[0] for row in done.rows] == ["acme"]
    assert done.rows[0][8] == "set ACME_KEY"
    assert fake.counts() == {"acme": 1}
    assert kept(tmp_path, "acme")[2] == 0


def test_it_names_who_was_meant(program: Program, environ: dict[str, str], fake: FakeProvider) -> None:
    done = program("probe", "acne", "acme", "nobody-at-all", **environ)
    assert done.returncode == 1
    assert "no provider has the id 'acne'; did you mean acme?" in done.stderr
    assert "no provider has the id 'nobody-at-all'; `openmodels keys` lists all" in done.stderr
    assert fake.counts() == {}


def test_it_records_nothing_when_asked_and_counts_the_cost_all_the_same(
    program: Program, environ: dict[str, str], tmp_path: Path
) -> None:
    done = program("probe", "acme", "--no-record", ACME_KEY=KEY, **environ)
    assert done.returncode == 0
    assert done.stderr.endswith("1 of 1 measured well; nothing recorded, as asked\n")
    health, latency, probes = kept(tmp_path, "acme")
    assert (health.checks_total, latency.measurements, probes) == (0, (), 1)


def test_it_says_what_went_wrong_and_exits_well(
    program: Program, environ: dict[str, str], fake: FakeProvider
) -> None:
    fake.set("acme", Behaviour(headers_ms=0, faults=("status_503",)))
    done = program("probe", "acme", ACME_KEY="wrong", **environ)
    assert done.returncode == 0
    assert done.rows[0][1] == "down (server_error)"
    # The check and the measurement have the same to say, so it is said once.
    assert done.rows[0][8] == "server_error: answered 503: an error of the server"
    fake.set("acme", None)
    done = program("probe", "acme", ACME_KEY="wrong", **environ)
    assert done.rows[0][8] == "auth: answered 401: the key is missing or was refused"


def test_it_stays_within_the_daily_limit(program: Program, environ: dict[str, str], tmp_path: Path) -> None:
    for result in ("ok", "the day's limit or budget is used up"):
        done = program("probe", "acme", ACME_KEY=KEY, OPENMODELS_PROBE_DAILY_LIMIT="1", **environ)
        assert done.rows[0][8] == result
    assert kept(tmp_path, "acme")[2] == 1


def test_it_records_no_failure_while_this_machine_is_offline(
    program: Program, environ: dict[str, str], fake: FakeProvider, tmp_path: Path
) -> None:
    fake.set("acme", Behaviour(faults=("hang_up",)))
    fake.set("nowhere", Behaviour(faults=("hang_up",)))
    offline = {**environ, "OPENMODELS_CONNECTIVITY_TARGETS": fake.url("nowhere")}
    done = program("probe", "acme", **offline)
    assert done.returncode == 0
    assert done.rows[0][1] == "down (network)"
    assert "(not recorded: this machine is offline)" in done.rows[0][8]
    assert "0 results recorded" in done.stderr
    assert kept(tmp_path, "acme")[0].checks_total == 0
    # The targets are the operator's own word: they may be in the house, whatever else may.
    online = {**environ, "OPENMODELS_CONNECTIVITY_TARGETS": fake.url("somewhere")}
    assert "1 results recorded" in program("probe", "acme", **online).stderr


def test_it_writes_json_for_programs(program: Program, environ: dict[str, str]) -> None:
    done = program("probe", "zeta", "acme", "--json", ACME_KEY=KEY, **environ)
    zeta, acme = json.loads(done.stdout)
    assert (acme["provider_id"], zeta["provider_id"]) == ("acme", "zeta")
    assert acme["health"]["made"]
    assert acme["latency"]["outcome"] == "ok"
    assert acme["latency"]["output_tokens"] > 0
    assert acme["latency"]["believed"]
    assert zeta["latency"] == {"made": False, "reason": "no API style for compatibility custom"}


def test_it_says_which_endpoint_is_for_nobody(program: Program, environ: dict[str, str]) -> None:
    ends = environ["OPENMODELS_ENDPOINTS"]
    done = program("probe", "acme", **{**environ, "OPENMODELS_ENDPOINTS": f"{ends},acne=http://127.0.0.1:9"})
    assert "OPENMODELS_ENDPOINTS names acne, which is no provider; did you mean acme?" in done.stderr


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"OPENMODELS_REGISTRY": "nowhere"}, "nowhere"),
        ({"OPENMODELS_PROBE_TIMEOUT": "soon"}, "OPENMODELS_PROBE_TIMEOUT must be seconds from 1 to 300"),
        ({"OPENMODELS_DATABASE_URL": "mysql://x"}, "OPENMODELS_DATABASE_URL"),
    ],
)
def test_it_says_why_it_cannot_probe(
    program: Program, environ: dict[str, str], settings: dict[str, str], said: str
) -> None:
    done = program("probe", **environ | settings)
    assert done.returncode == 2
    assert said in done.stderr


def test_it_shows_a_table_on_a_terminal(environ: dict[str, str], tmp_path: Path) -> None:
    shown, terminal = pty.openpty()
    given = {**environment(tmp_path), **environ, "ACME_KEY": KEY, "TERM": "xterm", "COLUMNS": "160"}
    process = subprocess.Popen(
        [sys.executable, "-m", "openmodels", "probe"],
        cwd=tmp_path,
        env=given,
        stdout=terminal,
        stderr=subprocess.PIPE,
    )
    os.close(terminal)
    output = b""
    try:
        while piece := os.read(shown, 65536):
            output += piece
    except OSError:  # a terminal that nobody holds open any more
        pass
    os.close(shown)
    errors = process.communicate(timeout=30)[1]
    assert process.returncode == 0, errors
    text = output.decode()
    final = text[text.rindex("provider") :]
    assert "up (auth)" in final
    assert "acme-one" in final
    assert "\t" not in final


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "0.00"),
        (500_000_000, "0.50"),
        (1, "0.000000001"),
        (12 * 10**9, "12.00"),
        (1_234_500_000, "1.2345"),
    ],
)
def test_amounts_are_exact(nano: int, text: str) -> None:
    assert amount(nano) == text
