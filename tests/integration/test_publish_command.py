"""``openmodels publish`` and ``openmodels migrate``, run as people run them."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from contract.builders import AT, minutes, model, offering, provider, registry, settings_in, vendor
from fixtures.git_registry import GitRegistry
from openmodels.cli.main import run
from openmodels.clock import SystemClock
from openmodels.domain.records import Registry, encode_record, revision_of
from openmodels.errors import PublishConflict
from openmodels.opening import open_stores
from openmodels.registry.load import require_registry
from openmodels.registry.publish import publish, summary
from openmodels.store.history_ports import ChangeQuery
from openmodels.store.memory import MemoryRegistryStore
from openmodels.store.migrate import newest_revision
from openmodels.store.ports import Changes, Head, PublishResult


class Done(NamedTuple):
    """How a run of the program ended."""

    returncode: int
    stdout: str
    stderr: str


Program = Callable[..., Done]
SMALL = registry(model("a", vendor="v"), provider("p"), offering("p", "a"), vendor("v"))


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    """Runs ``openmodels`` in an empty folder, with the registry and the data in it."""
    for name in os.environ:
        if name.startswith("OPENMODELS_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["openmodels", *arguments])
        with pytest.raises(SystemExit) as caught:
            run()
        return Done(int(caught.value.code or 0), *capsys.readouterr())

    return call


def write_registry(folder: Path, wanted: Registry) -> None:
    for kind in ("models", "providers", "mappings"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for file in sorted((folder / kind).rglob("*.yaml")):
            file.unlink()
    for model_ in wanted.models:
        (folder / "models" / f"{model_.id}.yaml").write_bytes(encode_record(model_))
    for provider_ in wanted.providers:
        (folder / "providers" / f"{provider_.id}.yaml").write_bytes(encode_record(provider_))
    for one in wanted.offerings:
        (folder / "mappings" / one.provider_id).mkdir(exist_ok=True)
        (folder / "mappings" / one.provider_id / f"{one.model_id}.yaml").write_bytes(encode_record(one))
    (folder / "vendors.yaml").write_text(json.dumps([msgspec.to_builtins(v) for v in wanted.vendors]))


def published(folder: Path) -> tuple[Head, Registry] | None:
    async def load() -> tuple[Head, Registry] | None:
        async with open_stores(settings_in(folder / "var")) as stores:
            return await stores.registry.load()

    return asyncio.run(load())


def test_it_publishes_and_says_what_changed(program: Program, tmp_path: Path) -> None:
    write_registry(tmp_path / "registry", SMALL)
    first = program("publish")
    old = revision_of(SMALL)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines() == [
        "models: 1 added (a)",
        "providers: 1 added (p)",
        "offerings: 1 added (p/a)",
        "vendors: 1 added (v)",
        f"published revision {old}; before it, nothing",
    ]

    changed = registry(model("a", context_window=1, vendor="v"), model("b"), provider("p"), vendor("v"))
    write_registry(tmp_path / "registry", changed)
    second = program("publish")
    assert second.stdout.splitlines() == [
        "models: 1 added (b), 1 changed (a)",
        "offerings: 1 removed (p/a)",
        f"published revision {revision_of(changed)}; before it, revision {old}",
    ]
    loaded = published(tmp_path)
    assert loaded is not None
    assert loaded[1] == changed


def test_it_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OPENMODELS_")}
    environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, "-Werror", "-m", "openmodels", "publish"]
    write_registry(tmp_path / "registry", SMALL)
    for end in (f"published revision {revision_of(SMALL)}; before it, nothing", "is published already"):
        done = subprocess.run(
            command, check=True, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60
        )
        assert done.stdout.endswith(f"{end}\n")
        assert done.stderr == ""


def test_it_says_so_when_nothing_changed(program: Program, tmp_path: Path) -> None:
    write_registry(tmp_path / "elsewhere", SMALL)
    program("publish", "elsewhere")
    head = published(tmp_path)
    again = program("publish", "elsewhere")
    assert again.returncode == 0
    assert again.stdout == f"nothing changed: revision {revision_of(SMALL)} is published already\n"
    assert published(tmp_path) == head


def test_it_fills_the_history_from_git(program: Program, tmp_path: Path) -> None:
    repository = GitRegistry(tmp_path / "clone")
    cheaper = registry(model("a"), provider("p"), offering("p", "a", "0.10"))
    dearer = registry(model("a"), provider("p"), offering("p", "a", "0.20"))
    repository.commit(AT, cheaper)
    repository.commit(AT + minutes(5), dearer)
    first = program("publish", "--replay-git", "clone/registry")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines()[-2:] == [
        f"published revision {revision_of(dearer)}; before it, nothing",
        "replayed from git: 2 revisions, 2 changes",
    ]
    second = program("publish", "clone/registry", "--replay-git")
    assert second.stdout.splitlines() == [
        f"nothing changed: revision {revision_of(dearer)} is published already",
        "replayed from git: 0 revisions, 0 changes",
    ]

    async def history() -> tuple[list[str | None], tuple[Head, Registry] | None]:
        async with open_stores(settings_in(tmp_path / "var")) as stores:
            found = await stores.history.changes(ChangeQuery(), limit=9)
            return [c.field for _, c in found], await stores.history.registry_at(AT + minutes(1))

    fields, then = asyncio.run(history())
    assert fields == ["pricing.output_per_million", "pricing.input_per_million"]
    assert then == (Head(revision=revision_of(cheaper), published_at=AT), cheaper)


def test_it_does_not_replay_what_an_overlay_hides(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = GitRegistry(tmp_path / "clone")
    repository.commit(AT, registry(model("a"), model("secret"), provider("p"), offering("p", "a")))
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    (overlay / "overlay.yaml").write_text("hide: {models: [secret]}\n")
    monkeypatch.setenv("OPENMODELS_OVERLAY", str(overlay))
    refused = program("publish", "--replay-git", "clone/registry")
    assert refused.returncode == 2
    assert refused.stderr.startswith("openmodels: --replay-git would bring what the overlay hides back into")
    assert refused.stderr.count("\n") == 1
    assert published(tmp_path) is None
    assert program("publish", "clone/registry").returncode == 0
    (overlay / "overlay.yaml").unlink()
    (overlay / "models").mkdir()
    (overlay / "models" / "own.yaml").write_bytes(encode_record(model("own")))
    assert program("publish", "--replay-git", "clone/registry").returncode == 0


def test_what_is_published_stays_when_there_is_no_log_to_replay(program: Program, tmp_path: Path) -> None:
    GitRegistry(tmp_path / "clone")
    write_registry(tmp_path / "clone" / "registry", SMALL)
    done = program("publish", "--replay-git", "clone/registry")
    assert done.returncode == 2
    assert done.stdout.endswith(f"published revision {revision_of(SMALL)}; before it, nothing\n")
    assert done.stderr.startswith("openmodels: cannot replay the log of clone/registry: git says: ")
    assert done.stderr.count("\n") == 1


def test_it_prints_the_issues_that_validate_prints(program: Program, tmp_path: Path) -> None:
    write_registry(tmp_path / "registry", SMALL)
    program("publish")
    file = tmp_path / "registry" / "models" / "a.yaml"
    file.write_text(file.read_text().replace('"chat"', '"[bold]chatt"').replace("8192", "-1"))
    validated, refused = program("validate"), program("publish")
    assert refused.returncode == 1
    assert refused.stdout == validated.stdout
    assert refused.stdout.count("registry/models/a.yaml:1:") == 2
    assert "[bold]chatt" in refused.stdout
    loaded = published(tmp_path)
    assert loaded is not None
    assert loaded[1] == SMALL


def test_it_publishes_nothing_before_the_first_valid_registry(program: Program, tmp_path: Path) -> None:
    write_registry(tmp_path / "registry", registry(model("a")))
    (tmp_path / "registry" / "models" / "a.yaml").write_text("id: b\n")
    assert program("publish").returncode == 1
    assert published(tmp_path) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("publish", "nowhere"), "nowhere"),
        (("publish", "--data-dir", "registry/vendors.yaml/x"), "cannot be made"),
        (("publish", "--database-url", "mysql://me:hunter2@db/x"), "begins with 'mysql'"),
        (("migrate", "--database-url", "sqlite:///registry/vendors.yaml"), "is not a SQLite database"),
    ],
)
def test_it_says_in_one_line_why_it_could_not_run(
    program: Program, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    write_registry(tmp_path / "registry", SMALL)
    (tmp_path / "registry" / "vendors.yaml").write_text("- id: v\n  name: V\n" * 100)
    done = program(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("openmodels: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert "hunter2" not in done.stderr


def test_migrate_says_from_where_to_where(program: Program, tmp_path: Path) -> None:
    first, again = program("migrate"), program("migrate")
    newest = newest_revision()
    assert (first.returncode, first.stdout) == (
        0,
        f"var/openmodels.db: schema {newest}, from none to {newest}\n",
    )
    assert (again.returncode, again.stdout) == (0, f"var/openmodels.db: schema {newest}, nothing to do\n")


def test_migrate_refuses_a_newer_database(program: Program, tmp_path: Path) -> None:
    assert published(tmp_path) is None, "and so it is migrated"
    with sqlite3.connect(tmp_path / "var" / "openmodels.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    done = program("migrate")
    assert done.returncode == 2
    assert "schema '9999', which this version does not know" in done.stderr


def test_a_publish_during_another_is_refused(tmp_path: Path) -> None:
    write_registry(tmp_path, SMALL)
    store, other = MemoryRegistryStore(), registry(model("z"))

    def load_slowly(path: Path) -> Registry:
        # While this one reads its files, another publish comes and goes.
        asyncio.run(store.publish(other, base=None, at=SystemClock().now()))
        return require_registry(path)

    with pytest.raises(PublishConflict):
        asyncio.run(publish(tmp_path, store, SystemClock(), load=load_slowly))
    loaded = asyncio.run(store.load())
    assert loaded is not None
    assert loaded[1] == other


def test_it_names_few_ids_and_counts_many() -> None:
    head = Head(revision="abc", published_at=SystemClock().now())
    ids = tuple(f"m-{number}" for number in range(12_345))
    changes = (Changes(kind="models", added=ids, removed=("x", "y")),)
    assert summary(PublishResult(head=head, previous=None, changes=changes)) == [
        "models: 12,345 added, 2 removed (x, y)",
        "published revision abc; before it, nothing",
    ]
