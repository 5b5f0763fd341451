"""A registry's git log as revisions."""

import os
import zlib
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from contract.builders import AT, model, offering, provider, registry
from fixtures.git_registry import GitRegistry
from openmodels.clock import SettableClock
from openmodels.domain.records import Registry
from openmodels.errors import RegistryUnreadable
from openmodels.registry.git import commits_of, find_folder, opened
from openmodels.registry.load import require_registry
from openmodels.registry.replay import Log, read_log, replay, summary
from openmodels.store.history_ports import ChangeQuery
from openmodels.store.memory import MemoryRegistryStore
from openmodels.store.memory_history import MemoryHistoryStore

pytestmark = pytest.mark.anyio

NOW = AT + timedelta(days=300)
ONE = registry(model("a"), provider("p"), offering("p", "a", "0.10"))
TWO = registry(model("a"), provider("p"), offering("p", "a", "0.20"))
THREE = registry(model("a"), model("b", status="deprecated"), provider("p"), offering("p", "b", "0.20"))


def days(number: float) -> datetime:
    return AT + timedelta(days=number)


def logged(repository: GitRegistry, *, before: datetime = NOW) -> Log:
    return read_log(repository.path, before=before, now=NOW)


def held(log: Log) -> list[tuple[datetime, Registry]]:
    return [(revision.at, revision.registry) for revision in log.revisions]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def repository(tmp_path: Path) -> GitRegistry:
    made = GitRegistry(tmp_path / "re po")
    for after, some in enumerate((ONE, TWO, THREE)):
        made.commit(days(after), some)
    return made


def test_it_reads_each_commit_as_the_folder_would_be_read(repository: GitRegistry) -> None:
    log = logged(repository)
    assert held(log) == [(days(0), ONE), (days(1), TWO), (days(2), THREE)]
    assert (log.skipped, log.reason, log.shallow, log.cut) == (0, None, False, False)
    assert log.revisions[-1].registry == require_registry(repository.path)
    assert log.revisions[1].registry.models[0] is log.revisions[2].registry.models[0], "read once"


def test_it_reads_a_registry_that_is_a_whole_repository(tmp_path: Path) -> None:
    made = GitRegistry(tmp_path / "all")
    made.path = made.top
    made.commit(days(0), ONE)
    assert held(logged(made)) == [(days(0), ONE)]


def test_only_commits_that_touch_the_folder_count(repository: GitRegistry) -> None:
    (repository.top / "README").write_text("x")
    repository.commit(days(3))
    told: list[tuple[int, int]] = []
    log = read_log(
        repository.path, before=NOW, now=NOW, progress=lambda done, total: told.append((done, total))
    )
    assert len(log.revisions) == 3
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_what_is_not_older_is_not_even_read(repository: GitRegistry) -> None:
    assert held(logged(repository, before=days(1))) == [(days(0), ONE)]
    assert held(logged(repository, before=days(0))) == []


def test_commits_without_a_valid_registry_are_skipped_and_counted(repository: GitRegistry) -> None:
    (repository.path / "models" / "a.yaml").write_text("id: a\nname: \x1b[31m\n")
    bad = repository.commit(days(3))
    repository.write(THREE)
    (repository.path / "models" / "notes.txt").write_text("x")
    repository.commit(days(4))
    (repository.path / "models" / "notes.txt").unlink()
    repository.commit(days(5), registry(model("a", replaced_by="nobody")))
    repository.git("rm", "-q", "-r", "registry")
    repository.commit(days(6))
    repository.commit(days(7), THREE)
    log = logged(repository)
    assert [at for at, _ in held(log)] == [days(0), days(1), days(2), days(7)]
    assert log.skipped == 4
    assert log.reason is not None
    assert log.reason.startswith(f"{bad[:12]}: models/a.yaml:")
    assert log.reason.isprintable()


def test_a_merge_is_what_it_was_merged_into(repository: GitRegistry) -> None:
    repository.git("checkout", "-q", "-b", "side", "HEAD~1")
    repository.commit(days(3), registry(*TWO.models, *TWO.providers, *TWO.offerings, model("c")))
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "--no-ff", "side", "-m", "x", at=days(4))
    log = logged(repository)
    assert [at for at, _ in held(log)] == [days(0), days(1), days(2), days(4)]
    assert [each.id for each in log.revisions[-1].registry.models] == ["a", "b", "c"]


def test_times_that_are_wrong_do_not_reorder_the_log(tmp_path: Path) -> None:
    made = GitRegistry(tmp_path / "odd")
    for day, some in ((0, ONE), (-40, TWO), (9999, THREE), (2, ONE)):
        made.commit(days(day), some)
    assert held(logged(made)) == [(days(0), ONE), (days(0), TWO), (days(0), THREE), (days(2), ONE)]


def test_a_log_that_begins_in_the_future_begins_with_the_first_time_that_can_be(tmp_path: Path) -> None:
    made = GitRegistry(tmp_path / "odd")
    made.commit(days(9999), ONE)
    made.commit(days(1), TWO)
    assert held(logged(made)) == [(days(1), TWO)]


def test_a_link_within_the_registry_is_followed_and_no_other(repository: GitRegistry) -> None:
    file = repository.path / "models" / "b.yaml"
    file.rename(repository.path / "b.txt")
    file.symlink_to("../b.txt")
    repository.commit(days(3))
    file.unlink()
    file.symlink_to("../../secret.yaml")
    (repository.top / "secret.yaml").write_text("x")
    repository.commit(days(4))
    file.unlink()
    file.symlink_to("/etc/passwd")
    repository.commit(days(5))
    log = logged(repository)
    assert held(log)[-1] == (days(3), THREE)
    assert (log.skipped, str(log.reason)[14:]) == (2, "models/b.yaml: no file")


def test_files_that_are_too_large_or_no_text_are_issues_and_no_more(repository: GitRegistry) -> None:
    file = repository.path / "models" / "b.yaml"
    file.write_bytes(b"# " + b"x" * 3_000_000)
    repository.commit(days(3))
    file.write_bytes(b"\xff\xfe\x00")
    repository.commit(days(4))
    file.unlink()
    os.mkfifo(repository.path / "models" / "ignored")
    bad = os.fsencode(repository.path / "models") + b"/\xff\x1b.yaml"
    with open(bad, "wb"):  # noqa: PTH123 - a name that is no text
        pass
    repository.commit(days(5))
    Path(os.fsdecode(bad)).unlink()
    repository.commit(days(6), TWO)
    log = logged(repository)
    assert held(log)[-1] == (days(6), TWO)
    assert log.skipped == 3


def test_it_says_that_a_clone_is_shallow(repository: GitRegistry, tmp_path: Path) -> None:
    repository.git("clone", "-q", "--depth=1", repository.top.as_uri(), str(tmp_path / "shallow"))
    log = read_log(tmp_path / "shallow" / "registry", before=NOW, now=NOW)
    assert (log.shallow, held(log)) == (True, [(days(2), THREE)])


def test_nothing_that_a_repository_names_is_run_or_fetched(repository: GitRegistry, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path / 'sprung'}\n")
    trap.chmod(0o755)
    for name in (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "core.editor",
        "core.gitProxy",
        "gpg.program",
        "diff.external",
        "diff.x.textconv",
        "filter.x.smudge",
        "filter.x.clean",
        "credential.helper",
        "remote.origin.uploadpack",
    ):
        repository.git("config", name, str(trap))
    repository.git("config", "log.showSignature", "true")
    repository.git("config", "core.hooksPath", str(tmp_path))
    repository.git("config", "remote.origin.url", f"ext::{trap}")
    repository.git("config", "remote.origin.promisor", "true")
    repository.git("config", "extensions.partialClone", "origin")
    (repository.top / ".git" / "info" / "attributes").write_text("* filter=x diff=x\n")
    blob = repository.git("rev-parse", "HEAD:registry/models/b.yaml").strip()
    (repository.top / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    log = logged(repository)
    assert held(log) == [(days(0), ONE), (days(1), TWO)]
    assert log.skipped == 1
    assert "models/b.yaml: the clone does not have it" in str(log.reason)
    assert not (tmp_path / "sprung").exists()


def test_commits_are_read_as_they_were_made_not_as_they_are_replaced(repository: GitRegistry) -> None:
    second = repository.git("rev-parse", "HEAD~1").strip()
    forged = repository.commit(days(1), ONE)
    repository.git("reset", "-q", "--hard", "HEAD~1")
    repository.git("replace", second, forged)
    assert held(logged(repository)) == [(days(0), ONE), (days(1), TWO), (days(2), THREE)]


def test_commits_have_the_parents_they_were_made_with(repository: GitRegistry) -> None:
    newest = repository.git("rev-parse", "HEAD").strip()
    (repository.top / ".git" / "info" / "grafts").write_text(f"{newest}\n")
    assert len(logged(repository).revisions) == 3


@pytest.mark.parametrize("name", ["reg[1]*", ":!reg", ":(exclude)reg"])
def test_a_folder_is_taken_by_its_name_and_not_as_a_pattern(tmp_path: Path, name: str) -> None:
    made = GitRegistry(tmp_path / "patterns")
    made.path = made.top / name
    made.commit(days(0), ONE)
    (made.top / "reg1 other").mkdir()
    (made.top / "reg1 other" / "file").write_text("x")
    made.commit(days(1))
    assert held(logged(made)) == [(days(0), ONE)]


def test_git_that_never_answers_is_not_waited_for(repository: GitRegistry, tmp_path: Path) -> None:
    endless = tmp_path / "endless"
    os.mkfifo(endless)
    alternates = repository.top / ".git" / "objects" / "info" / "alternates"
    os.mkfifo(alternates)
    with pytest.raises(RegistryUnreadable, match=r"git did not answer within 0\.2 seconds"):
        commits_of(find_folder(repository.path), patience=0.2)
    alternates.unlink()
    repository.git("config", "include.path", str(endless))
    with pytest.raises(RegistryUnreadable, match=r"did not answer .* publish without --replay-git"):
        read_log(repository.path, before=NOW, now=NOW, patience=0.2)


def test_it_says_what_to_type_where_there_is_no_log(
    repository: GitRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "/")
    outside, empty = tmp_path / "outside", GitRegistry(tmp_path / "empty")
    outside.mkdir()
    for path, said in (
        (outside, "git says: fatal: not a git repository"),
        (tmp_path / "nowhere", "No such file or directory"),
        (empty.path, "git says: fatal"),
    ):
        with pytest.raises(RegistryUnreadable, match=said) as caught:
            read_log(path, before=NOW, now=NOW)
        assert "publish --replay-git path/to/registry" in str(caught.value)
    (repository.top / "other").mkdir()
    with pytest.raises(RegistryUnreadable, match="nothing in it was ever committed"):
        read_log(repository.top / "other", before=NOW, now=NOW)
    monkeypatch.setenv("PATH", str(outside))
    with pytest.raises(RegistryUnreadable, match="needs the program git, which is not installed"):
        read_log(repository.path, before=NOW, now=NOW)


def test_it_reads_the_repository_of_the_folder_and_no_other(
    repository: GitRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert len(logged(repository).revisions) == 3


def damage(repository: GitRegistry, content: bytes) -> str:
    """Put something else where the file of the model b is kept, and give back its id."""
    blob = repository.git("rev-parse", "HEAD:registry/models/b.yaml").strip()
    file = repository.top / ".git" / "objects" / blob[:2] / blob[2:]
    file.chmod(0o644)
    file.write_bytes(content)
    return blob


def test_a_file_that_is_damaged_in_the_repository_is_missing(repository: GitRegistry) -> None:
    damage(repository, b"no object")
    log = logged(repository)
    assert (len(log.revisions), log.skipped) == (2, 1)


def test_git_that_gives_less_than_it_announced_is_not_waited_for(repository: GitRegistry) -> None:
    blob = damage(repository, zlib.compress(b"blob 500\0abc"))
    with opened(find_folder(repository.path), patience=0.1) as objects, pytest.raises(EOFError):
        objects.blob(blob, 900)


def test_git_that_ended_is_told(repository: GitRegistry) -> None:
    damage(repository, zlib.compress(b"blob 500\0abc"))
    with pytest.raises(RegistryUnreadable, match=r"git ended while it read the commit .*git fsck"):
        read_log(repository.path, before=NOW, now=NOW, patience=0.1)


def test_objects_that_are_not_there_are_none(repository: GitRegistry) -> None:
    with opened(find_folder(repository.path)) as objects:
        assert objects.tree("0" * 40) is None
        assert objects.blob("0" * 40, 9) is None
        blob = repository.git("rev-parse", "HEAD:registry/models/b.yaml").strip()
        assert objects.tree(blob) is None
        assert objects.blob(blob, 5) == b'{"id"'
        assert objects.tree("HEAD:registry") is not None


async def test_a_log_is_replayed_once_and_goes_on(repository: GitRegistry) -> None:
    store, clock = MemoryRegistryStore(), SettableClock(days(10))
    history = MemoryHistoryStore(store)
    await store.publish(require_registry(repository.path), base=None, at=clock.now())
    told = await replay(repository.path, history, clock)
    assert summary(told) == ["replayed from git: 3 revisions, 5 changes"]
    assert [c.at for _, c in await history.changes(ChangeQuery(topics=["price"]), limit=9)] == [days(1)] * 2
    found = await history.registry_at(days(1.5))
    assert found is not None
    assert found[1] == TWO
    clock.advance(seconds=86_400)
    repository.commit(days(10.5), ONE)
    head = await store.head()
    assert head is not None
    await store.publish(ONE, base=head.revision, at=clock.now())
    again = await replay(repository.path, history, clock)
    assert summary(again) == ["replayed from git: 0 revisions, 0 changes"]
    assert [found.published_at for found, _ in store.journal.revisions] == [
        days(0),
        days(1),
        days(2),
        days(10),
        days(11),
    ]


async def test_its_summary_says_what_is_missing(repository: GitRegistry, tmp_path: Path) -> None:
    (repository.path / "models" / "b.yaml").unlink()
    repository.commit(days(3))
    repository.git("clone", "-q", "--depth=1", repository.top.as_uri(), str(tmp_path / "shallow"))
    store = MemoryRegistryStore()
    await store.publish(THREE, base=None, at=days(10))
    told = await replay(tmp_path / "shallow" / "registry", MemoryHistoryStore(store), SettableClock(days(10)))
    lines = summary(told)
    assert lines[0] == "replayed from git: 0 revisions, 0 changes"
    assert lines[1].startswith("skipped 1 commit without a valid registry; the first: ")
    assert "git fetch --unshallow" in lines[2]
