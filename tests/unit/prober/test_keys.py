"""Where keys come from, and what is never said of them."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openmodels.prober.keys import MAX_KEY_BYTES, EnvironmentKeys, FixedKeys, Found
from openmodels.prober.target import Key

SECRET = "sk-very-secret-4711"


def find(environ: dict[str, str], *names: str) -> Found:
    return EnvironmentKeys(environ).find(names)


def revealed(found: Found) -> str | None:
    return found.key.reveal() if found.key else None


def test_it_takes_the_first_variable_that_is_set() -> None:
    environ = {"GOOGLE_API_KEY": "", "GOOGLE_GENERATIVE_AI_API_KEY": SECRET, "GEMINI_API_KEY": "other"}
    found = find(environ, "GOOGLE_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY", "GEMINI_API_KEY")
    assert revealed(found) == SECRET
    assert found.variable == "GOOGLE_GENERATIVE_AI_API_KEY"
    assert found.problem == ""


def test_it_reads_a_key_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{SECRET}\n")
    found = find({"GROQ_API_KEY_FILE": str(file)}, "GROQ_API_KEY")
    assert revealed(found) == SECRET
    assert found.variable == "GROQ_API_KEY_FILE"


def test_it_sees_a_key_that_was_changed_meanwhile(tmp_path: Path) -> None:
    file = tmp_path / "key"
    environ = {"A_FILE": str(file)}
    keys = EnvironmentKeys(environ)
    assert keys.find(["A"]).key is None
    file.write_text("first")
    assert revealed(keys.find(["A"])) == "first"
    file.write_text("second")
    assert revealed(keys.find(["A"])) == "second"
    environ["A"] = "third"
    assert revealed(keys.find(["A"])) == "third"


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ((), "its file names no variable for its key: add env"),
        (("GROQ_API_KEY",), "set GROQ_API_KEY"),
        (("A", "B", "C"), "set A or B or C"),
    ],
)
def test_it_says_what_to_set(names: tuple[str, ...], problem: str) -> None:
    assert find({}, *names) == Found(problem=problem)


def test_it_never_gives_away_the_programs_own_secrets() -> None:
    environ = {"OPENMODELS_WEBHOOK_SECRET": SECRET, "openmodels_database_url": SECRET}
    found = find(environ, "OPENMODELS_WEBHOOK_SECRET", "openmodels_database_url")
    assert found.key is None
    assert SECRET not in repr(found)


def test_it_says_when_the_file_is_not_there(tmp_path: Path) -> None:
    found = find({"A_FILE": str(tmp_path / "none"), "B": SECRET}, "A", "B")
    # The next variable is not taken: that would hide the mistake.
    assert found == Found(variable="A_FILE", problem="A_FILE names a file that is not there")


@pytest.mark.parametrize("path", ["/dev/zero", "/", "a\0b", "~nobody-of-this-name/x"])
def test_it_reads_nothing_but_files(path: str) -> None:
    found = find({"A_FILE": path}, "A")
    assert found.key is None
    assert "A_FILE names a file that" in found.problem


def test_it_waits_for_no_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is not there" in find({"A_FILE": str(tmp_path / "pipe")}, "A").problem


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n",
        f"{SECRET}\nsecond line".encode(),
        f"{SECRET} # mine".encode(),
        b"\xff\xfe" + SECRET.encode(),
    ],
    ids=["empty", "blank", "two-lines", "comment", "no-text"],
)
def test_it_says_that_a_file_gives_no_key_without_showing_what_it_holds(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    found = find({"A_FILE": str(file)}, "A")
    assert found.key is None
    assert found.problem.startswith("A_FILE ")
    assert SECRET not in repr(found)


def test_it_reads_only_the_beginning_of_an_endless_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    with file.open("wb") as opened:
        opened.truncate(50_000_000_000)
    assert find({"A_FILE": str(file)}, "A").key is None
    file.write_bytes(b"k" * (MAX_KEY_BYTES + 1))
    assert find({"A_FILE": str(file)}, "A").key is None
    file.write_bytes(b"k" * MAX_KEY_BYTES)
    assert find({"A_FILE": str(file)}, "A").key is not None


@given(st.text(min_size=1, max_size=40))
@settings(deadline=None)
def test_a_key_is_in_no_text_but_its_own(text: str) -> None:
    secret = f"sk-{text}-4711"
    found = find({"A": secret}, "A")
    for shown in (repr(found), str(found), repr(found.key), str(found.key), found.problem):
        assert secret not in shown
    if found.key is not None:
        assert found.key.reveal().isascii()
        assert not any(c.isspace() or not c.isprintable() for c in found.key.reveal())


def test_fixed_keys_are_the_same_for_all() -> None:
    assert revealed(FixedKeys(Key("demo")).find(["A"])) == "demo"
    assert FixedKeys().find(["A"]).key is None
