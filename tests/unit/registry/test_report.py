import io
import json
import re
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from fixtures.registry_files import issues_of, model, valid_registry, write
from openmodels.domain.faults import Fault
from openmodels.registry.issues import Issue, issue_of
from openmodels.registry.load import Loaded, load_registry
from openmodels.registry.report import NOWHERE, Roots, github_lines, shown_root, summary, to_json, write_text

HOSTILE = "\x1b[31m[bold red]x[/] ::error file=a::b%0A\r\n::warning::c :smile: \x9b\u202e,:%"
texts = st.text() | st.just(HOSTILE)
# A file name is made safe where files are listed.
faults = st.builds(
    Fault,
    st.just("unknown-key"),
    st.lists(texts | st.integers(0, 99), max_size=3).map(tuple),
    texts,
    texts,
    st.none() | texts,
)


def loaded_with(fault: Fault) -> Loaded:
    return Loaded(registry=None, issues=(issue_of("models/a,b:c%.yaml", fault, (3, 7)),), files=2)


def written(loaded: Loaded, *, colour: bool = False, roots: Roots = NOWHERE) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream, color_system="truecolor" if colour else None, force_terminal=colour, width=80
    )
    write_text(loaded, console, roots=roots)
    return stream.getvalue()


@settings(deadline=None)
@given(faults)
def test_github_gets_each_issue_on_one_line_with_everything_escaped(fault: Fault) -> None:
    lines = list(github_lines(loaded_with(fault), roots=Roots("registry/")))
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
    command = re.fullmatch(r"::error file=([^,:]*),line=3,col=7,title=([^,:]*)::(.*)", lines[0])
    assert command is not None
    assert command[1] == "registry/models/a%2Cb%3Ac%25.yaml"
    assert not re.search("%(?!25|0A|0D|3A|2C)", command[0])
    message = unquote(command[3])
    assert len(message.split("\n")) == 2 + (fault.hint is not None and fault.hint != "")


@settings(deadline=None)
@given(faults)
def test_text_steers_no_terminal_and_spans_no_other_lines(fault: Fault) -> None:
    lines = written(loaded_with(fault)).splitlines()
    assert lines[0].startswith("models/a,b:c%.yaml:3:7: unknown-key")
    assert all(line.isprintable() for line in lines)
    assert len(lines) == 4 + bool(fault.hint)


@settings(deadline=None)
@given(faults)
def test_json_is_one_object_for_any_text(fault: Fault) -> None:
    answer = json.loads(to_json(loaded_with(fault)))
    assert answer["valid"] is False
    assert answer["files"] == 2
    assert set(answer["issues"][0]) == set(Issue.__struct_fields__) - {"layer"}


def test_colours_come_from_the_writer_only() -> None:
    fault = Fault("unknown-key", ("a",), "[red]x[/red] \x1b[5m", ":smile:", None)
    text = written(loaded_with(fault), colour=True)
    assert "[red]x[/red] \\x1b[5m" in text
    assert ":smile:" in text
    assert "\x1b[5m" not in text
    assert "\x1b[" in text


@pytest.mark.parametrize("place", ["key", "value", "file"])
def test_a_hostile_registry_cannot_forge_output(tmp_path: Path, place: str) -> None:
    valid_registry(tmp_path)
    # What YAML lets through: markup and commands, but no control characters.
    hostile = "[red]x[/]\n::error file=a,line=1::pwned\u202e\n%0A"
    if place == "key":
        write(tmp_path, "models/acme-one.yaml", model() | {hostile: 1})
    elif place == "value":
        write(tmp_path, "models/acme-one.yaml", model(status=hostile))
    else:
        write(tmp_path, "models/[red]x\x1b[31m\n::error ::pwned.yaml", model())
    loaded = load_registry(tmp_path)
    assert loaded.issues
    lines = list(github_lines(loaded))
    assert len(lines) == len(loaded.issues) + 1
    assert all(re.match("::error file=models/[^,:]+,line=", line) for line in lines[:-1])
    text = written(loaded).replace("\n", "")
    assert text.isprintable()
    assert not any(line.startswith("::") for line in written(loaded).splitlines())


def test_it_writes_a_place_that_editors_jump_to(tmp_path: Path) -> None:
    valid_registry(tmp_path)
    write(tmp_path, "models/acme-one.yaml", json.dumps(model(status="retird"), indent=2))
    assert written(load_registry(tmp_path), roots=Roots("registry/")) == (
        "registry/models/acme-one.yaml:15:13: unknown-word status\n"
        '    found     "retird"\n'
        "    expected  one of active, deprecated, preview, retired\n"
        "    hint      did you mean `retired`?\n"
        "invalid: 1 issue in 1 file (3 files read)\n"
    )


def test_an_issue_can_be_told_in_one_sentence(tmp_path: Path) -> None:
    valid_registry(tmp_path)
    write(tmp_path, "models/acme-one.yaml", model(country="US"))
    (issue,) = issues_of(tmp_path)
    assert issue.message == (
        'country: found "US", expected a country by its two lower-case letters (ISO 3166), such as us; '
        "did you mean `us`?"
    )


def test_the_summary_counts(tmp_path: Path) -> None:
    loaded = load_registry(valid_registry(tmp_path))
    assert summary(loaded) == "valid: 3 files, 1 model, 1 provider, 1 mapping, 0 vendors"
    assert json.loads(to_json(loaded)) == {"valid": True, "files": 3, "issues": []}
    broken = msgspec.structs.replace(loaded_with(Fault("unknown-key", (), "", "")), files=1)
    assert summary(broken) == "invalid: 1 issue in 1 file (1 file read)"


def test_file_names_begin_at_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown_root(Path()) == ""
    assert shown_root(Path("registry")) == "registry/"
    assert shown_root(tmp_path / "deep" / "registry") == "deep/registry/"
    assert shown_root(Path("/elsewhere\x1b")) == "/elsewhere\\x1b/"
