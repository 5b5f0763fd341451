"""``openmodels audit``, run as people run it."""

import io
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from fixtures.commands import Program, program
from fixtures.registry_files import mapping, model, provider, valid_registry, write
from openmodels.domain.audit import KINDS, AuditFinding
from openmodels.errors import SourceUnreadable
from openmodels.registry.audit_report import (
    MAX_BASELINE,
    AuditReport,
    audit_github,
    audit_json,
    report_on,
    without_known,
    write_audit,
)

__all__ = ["program"]

ROOT = Path(__file__).parents[2]
TEXT = """\
model_id: acme-one
provider_id: acme
provider_model_name: acme-one
pricing:
  input_per_million: 3
  output_per_million: 2
  currency: USD
available_regions: [us-east-1]
source:
  name: Acme
  verified_at: 2001-01-01T00:00:00Z
created_at: 2025-01-01T00:00:00Z
updated_at: 2025-01-01T00:00:00Z
"""


@pytest.fixture
def registry(tmp_path: Path, program: Program) -> Path:
    """Numbers that are old and odd, and a provider that names no key."""
    root = valid_registry(tmp_path / "registry")
    write(root, "mappings/acme/acme-one.yaml", TEXT)
    return root


@pytest.fixture
def well(tmp_path: Path, program: Program) -> Path:
    """A registry in which there is nothing to find."""
    root = valid_registry(tmp_path / "registry")
    write(root, "providers/acme.yaml", provider(env=["ACME_KEY"]))
    source = {"name": "Acme", "verified_at": datetime.now(UTC).isoformat()}
    write(root, "mappings/acme/acme-one.yaml", mapping(provider_model_name="acme-one", source=source))
    return root


def test_it_says_so_when_there_is_nothing(program: Program, well: Path) -> None:
    done = program("audit", "--fail-on", "any")
    assert (done.returncode, done.stdout, done.stderr) == (0, "nothing found\n", "")


def test_it_groups_by_kind_and_names_places(program: Program, registry: Path) -> None:
    done = program("audit")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("stale: 1  An offering's numbers")
    place = "registry/mappings/acme/acme-one.yaml"
    assert lines[1].startswith(
        f'  {place}:11:16: source.verified_at: last compared with "Acme" on 2001-01-01'
    )
    assert f"  {place}:5:22: pricing.input_per_million: input costs more than output: 3 against 2" in lines
    assert "  registry/providers/acme.yaml:1:8: id: its answers are not measured" in done.stdout
    assert lines[-1] == "3 findings: stale 1, no-probes 1, odd-price 1"


def test_it_writes_json(program: Program, registry: Path) -> None:
    answer = json.loads(program("audit", "--format", "json", "--days", "30").stdout)
    assert (answer["days"], answer["counts"]) == (30, {"stale": 1, "no-probes": 1, "odd-price": 1})
    assert answer["findings"][0] == {
        "kind": "stale",
        "id": "acme/acme-one",
        "file": "mappings/acme/acme-one.yaml",
        "line": 11,
        "column": 16,
        "path": "source.verified_at",
        "message": 'last compared with "Acme" on 2001-01-01',
        "hint": "over 30 days ago: compare its numbers with the source and move `verified_at` on",
    }


def test_it_annotates_pull_requests(program: Program, registry: Path) -> None:
    lines = program("audit", "--format", "github", "--fail-on", "odd-price").stdout.splitlines()
    assert lines[0].startswith(
        "::warning file=registry/mappings/acme/acme-one.yaml,line=11,col=16,title=stale acme/acme-one::"
    )
    assert [line.partition(" ")[0] for line in lines] == ["::warning", "::warning", "::error", "3"]


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [
        ("none", 0),
        ("any", 1),
        ("stale", 1),
        ("no-source", 0),
        ("no-source, odd-price", 1),
        ("no-source,unresolved-name", 0),
    ],
)
def test_it_fails_for_what_it_is_told_to(program: Program, registry: Path, fail_on: str, code: int) -> None:
    assert program("audit", "--fail-on", fail_on).returncode == code


@pytest.mark.parametrize("option", ["--fail-on", "--only"])
def test_it_explains_kinds_that_there_are_not(program: Program, registry: Path, option: str) -> None:
    done = program("audit", option, "stael")
    assert done.returncode == 2
    assert "did you mean stale?" in done.stderr


@pytest.mark.parametrize("option", ["--fail-on", "--only"])
@pytest.mark.parametrize("nothing", ["", " ", ",", " , "])
def test_it_does_not_take_what_is_empty_for_none(
    program: Program, registry: Path, option: str, nothing: str
) -> None:
    done = program("audit", option, nothing)
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing is named" in done.stderr


@pytest.mark.parametrize("mixed", ["any,stale", "stale,none", "any,none"])
def test_any_and_none_stand_alone(program: Program, registry: Path, mixed: str) -> None:
    done = program("audit", "--fail-on", mixed)
    assert done.returncode == 2
    assert "any and none stand alone" in done.stderr


def test_it_looks_for_some_kinds_only(program: Program, registry: Path) -> None:
    done = program("audit", "--only", "stale", "--fail-on", "odd-price")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 finding: stale 1")


def test_it_leaves_out_what_an_earlier_audit_said(program: Program, registry: Path, tmp_path: Path) -> None:
    (tmp_path / "before.json").write_text(program("audit", "--format", "json").stdout)
    assert program("audit", "--baseline", "before.json", "--fail-on", "any").stdout == "nothing found\n"
    # Moved down, and otherwise the same; one price is another.
    write(registry, "mappings/acme/acme-one.yaml", "# a comment\n" + TEXT.replace("million: 3", "million: 4"))
    done = program("audit", "--baseline", "before.json", "--fail-on", "any")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "1 finding: odd-price 1")


def test_another_number_of_days_makes_no_old_finding_new(
    program: Program, registry: Path, tmp_path: Path
) -> None:
    (tmp_path / "before.json").write_text(program("audit", "--format", "json", "--days", "30").stdout)
    done = program("audit", "--baseline", "before.json", "--days", "60")
    assert (done.returncode, done.stdout) == (0, "nothing found\n")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file"),
        (b"", "it is no report: Input data was truncated"),
        (b'{"audited_at": ', "it is no report: Input data was truncated"),
        (b"[]", "it is no report: Expected `object`, got `array`"),
        (b'{"findings": 1}', "it is no report: "),
        (b"\xff", "it is no report: "),
        (b'{"x":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "nested too deeply"),
    ],
    ids=["missing", "empty", "cut", "list", "other", "binary", "deep"],
)
def test_it_explains_an_earlier_audit_that_is_none(tmp_path: Path, content: bytes | None, why: str) -> None:
    path = tmp_path / "before.json"
    if content is not None:
        path.write_bytes(content)
    report = AuditReport(audited_at=datetime(2026, 3, 1, tzinfo=UTC), days=1, counts={}, findings=())
    with pytest.raises(SourceUnreadable) as caught:
        without_known(report, path)
    assert why in str(caught.value)
    assert "openmodels audit --format json" in str(caught.value)


def test_it_does_not_read_an_earlier_audit_that_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "before.json").touch()
    os.truncate(tmp_path / "before.json", MAX_BASELINE + 1)
    report = AuditReport(audited_at=datetime(2026, 3, 1, tzinfo=UTC), days=1, counts={}, findings=())
    with pytest.raises(SourceUnreadable, match="more than 50,000,000 bytes"):
        without_known(report, tmp_path / "before.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_it_does_not_wait_for_a_pipe_that_nobody_writes_to(
    program: Program, registry: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "before.json")
    done = program("audit", "--baseline", "before.json")
    assert done.returncode == 2
    assert "it is no ordinary file" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_audits_nothing_that_is_not_valid(program: Program, registry: Path) -> None:
    write(registry, "models/acme-one.yaml", model(licensing="MIT"))
    done = program("audit")
    assert done.returncode == 1
    assert "registry/models/acme-one.yaml:1:" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("invalid: 1 issue")
    assert program("audit", "--registry", "nowhere").returncode == 2


def test_it_leaves_the_overlay_out(program: Program, well: Path, tmp_path: Path) -> None:
    write(tmp_path, "overlay/models/secret-one.yaml", model("secret-one"))
    assert program("audit", OPENMODELS_OVERLAY="overlay").stdout == "nothing found\n"


def test_it_asks_the_database_who_was_never_checked(program: Program, well: Path) -> None:
    assert program("publish").returncode == 0
    done = program("audit", "--telemetry", "--fail-on", "never-checked")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "1 finding: never-checked 1"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry for tests that ask many times."""
    return valid_registry(tmp_path_factory.mktemp("small"))


HOSTILE = "\x1b[31m[bold red]x[/] ::error file=a::b%0A\r\n::warning::c :smile: \x9b\u202e,:%"
texts = st.text() | st.just(HOSTILE)


@settings(deadline=None)
@given(texts, texts, texts)
def test_no_text_can_steer_a_terminal_or_pass_for_an_annotation(
    small: Path, name: str, message: str, hint: str
) -> None:
    found = AuditFinding(
        kind="stale", record="offerings", id=name, path=(name,), message=message, hint=hint or None
    )
    report = report_on([found], small, now=datetime(2026, 3, 1, tzinfo=UTC), days=1)
    lines = list(audit_github(report, (), prefix="r/"))
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
    assert re.fullmatch(r"::warning file=[^,:]*,line=1,col=1,title=[^,:]*::(.*)", lines[0])
    stream = io.StringIO()
    write_audit(report, Console(file=stream, color_system=None, markup=False, emoji=False))
    assert all(line.isprintable() for line in stream.getvalue().split("\n"))
    assert len(stream.getvalue().split("\n")) == 5 + bool(hint)
    assert json.loads(audit_json(report))["counts"] == {"stale": 1}


def test_the_documentation_names_every_kind() -> None:
    page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    for kind, meaning in KINDS.items():
        assert f"| `{kind}` | {meaning} |" in page


def test_a_report_reads_back_as_it_was_written(small: Path) -> None:
    report = report_on([], small, now=datetime(2026, 3, 1, tzinfo=UTC), days=1)
    assert msgspec.json.decode(audit_json(report), type=AuditReport) == report
