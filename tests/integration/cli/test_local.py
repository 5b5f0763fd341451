"""``--local``: the commands without a server, straight from a registry's files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.asking import Asker
from fixtures.catalogue import catalogue
from fixtures.commands import Program
from fixtures.registry_files import valid_registry, write
from fixtures.service import start_service
from fixtures.site import running_site
from fixtures.written import write_records

TOLD = (
    ("models", "list", "--all"),
    ("models", "list", "--provider", "cirrus", "--sort", "price"),
    ("models", "info", "alpha-1"),
    ("providers", "list"),
    ("providers", "info", "cirrus"),
    ("search", "alpha"),
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small registry as files."""
    return write_records(tmp_path_factory.mktemp("files") / "registry", catalogue())


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """A server over the same registry, without telemetry."""
    with running_site(start_service) as site:
        yield site.url


@pytest.fixture
def local(program: Program, tmp_path: Path, files: Path) -> Asker:
    """Runs ``openmodels`` with the files as its registry; no server is there to be asked."""
    return Asker(program, tmp_path, "")


@pytest.mark.parametrize("command", TOLD, ids=" ".join)
@pytest.mark.parametrize("form", ["json", "csv"])
def test_it_answers_as_a_server_would(
    local: Asker, served: str, files: Path, command: tuple[str, ...], form: str
) -> None:
    there = local(*command, "--format", form, "--api-url", served)
    here = local(*command, "--format", form, "--local", "--registry", str(files))
    assert (here.returncode, here.stderr) == (0, "")
    assert here.stdout == there.stdout


def test_it_takes_the_registry_of_the_settings(local: Asker, files: Path) -> None:
    done = local("models", "info", "alpha-1", "--local", OPENMODELS_REGISTRY=str(files))
    assert done.returncode == 0


def test_it_lays_the_overlay_over_the_files(local: Asker, files: Path, tmp_path: Path) -> None:
    write(tmp_path / "overlay", "overlay.yaml", "hide:\n  models: [alpha-1]\n")
    flags = ("--local", "--registry", str(files), "--overlay", str(tmp_path / "overlay"))
    done = local("models", "info", "alpha-1", *flags)
    assert done.returncode == 1
    assert done.stderr.startswith("openmodels: Model not found: 'alpha-1'.")


@pytest.mark.parametrize("setting", ["HTTPS_ONLY", "DEMO", "RATE_LIMIT"])
def test_it_needs_nothing_that_servers_need(local: Asker, files: Path, setting: str) -> None:
    variable = {f"OPENMODELS_{setting}": "1"}
    for _ in range(2):
        done = local("models", "list", "--all", "--local", "--registry", str(files), **variable)
        assert (done.returncode, done.stderr) == (0, "")


def test_it_is_well_and_has_measured_nothing(local: Asker, files: Path) -> None:
    done = local("health", "--local", "--registry", str(files))
    assert done.returncode == 0
    assert "telemetry\tidle\tnothing was probed" in done.stdout
    rows = local("providers", "list", "--local", "--registry", str(files)).rows
    assert {row[2] for row in rows} == {"not measured"}


def test_it_shows_issues_as_validate_does_and_exits_1(local: Asker, tmp_path: Path) -> None:
    root = valid_registry(tmp_path / "registry")
    write(root, "models/acme-one.yaml", "id: acme-one\nnmae: x\n")
    done = local("models", "list", "--local", "--registry", str(root), "--format", "json")
    shown = local("validate", str(root))
    assert done.returncode == shown.returncode == 1
    assert done.stderr == shown.stdout
    assert done.stdout == ""


def test_it_says_where_there_is_no_registry(local: Asker) -> None:
    done = local("models", "list", "--local")
    assert done.returncode == 2
    assert "there is no such folder" in done.stderr


@pytest.mark.parametrize(
    "flags", [("--local", "--api-url", "http://x"), ("--registry", "."), ("--overlay", ".")], ids=" ".join
)
def test_it_takes_a_server_or_files_not_both(local: Asker, flags: tuple[str, ...]) -> None:
    done = local("models", "list", *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--local" in done.stderr


def test_it_suggests_what_is_near(local: Asker, files: Path) -> None:
    done = local("models", "info", "alpah-1", "--local", "--registry", str(files))
    assert done.returncode == 1
    assert "Did you mean 'alpha-1'?" in done.stderr
