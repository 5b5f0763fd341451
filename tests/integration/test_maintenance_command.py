"""``openmodels maintenance``, run as people run it."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer

from contract.builders import AT, provider, registry, settings_in
from fixtures.program import Program, program_in
from openmodels.cli.alerts import period
from openmodels.opening import open_stores

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    return program_in(tmp_path, monkeypatch, capsys)


async def publish(folder: Path) -> None:
    async with open_stores(settings_in(folder / "data")) as stores:
        await stores.registry.publish(registry(provider("groq")), base=None, at=AT)


def test_it_adds_lists_and_ends_a_window(program: Program, tmp_path: Path) -> None:
    asyncio.run(publish(tmp_path))
    added = program("maintenance", "add", "groq", "--for", "1h30m", "--reason", "planned\n by\tthem")
    assert (added.returncode, added.stderr) == (0, "")
    assert added.stdout.startswith("maintenance 1: groq, from 20")
    (window,) = json.loads(program("maintenance", "list", "--json").stdout)
    length = datetime.fromisoformat(window["ends_at"]) - datetime.fromisoformat(window["starts_at"])
    assert length == 1.5 * HOUR
    assert (window["provider_id"], window["now"], window["reason"]) == ("groq", "going on", "planned by them")

    ended = program("maintenance", "end", "1")
    assert (ended.returncode, ended.stdout[:25]) == (0, "maintenance 1: over since")
    assert program("maintenance", "list").stdout == "no maintenance\n"
    shown = program("maintenance", "list", "--all").stdout.splitlines()
    assert shown[0].split("\t") == ["number", "provider", "from", "to", "now", "reason"]
    assert shown[1].split("\t")[:2] == ["1", "groq"]
    assert shown[1].split("\t")[4:] == ["over", "planned by them"]


def test_it_takes_a_window_for_all_that_is_to_come_and_calls_it_off(program: Program) -> None:
    added = program(
        "maintenance", "add", "all", "--from", "2199-01-31T20:00+02:00", "--to", "2199-02-01T00:00Z"
    )
    assert added.stdout == "maintenance 1: all, from 2199-01-31T18:00:00Z to 2199-02-01T00:00:00Z\n"
    (window,) = json.loads(program("maintenance", "list", "--json").stdout)
    assert (window["provider_id"], window["now"]) == (None, "to come")
    assert program("maintenance", "end", "1").stdout == "maintenance 1: called off\n"
    (window,) = json.loads(program("maintenance", "list", "--all", "--json").stdout)
    assert window["now"] == "over"


def test_it_knows_the_providers(program: Program, tmp_path: Path) -> None:
    asyncio.run(publish(tmp_path))
    near = program("maintenance", "add", "grok", "--for", "2h")
    assert (near.returncode, near.stdout) == (1, "")
    assert near.stderr == "openmodels: there is no provider 'grok'; did you mean groq?\n"
    far = program("maintenance", "add", "xyzzy", "--for", "2h")
    assert far.stderr == "openmodels: there is no provider 'xyzzy'; write a provider's id, or all\n"


def test_it_says_when_there_is_no_such_window(program: Program) -> None:
    done = program("maintenance", "end", "7")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "openmodels: there is no maintenance 7: see `openmodels maintenance list`\n"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (("2h", None, None), (NOW, NOW + 2 * HOUR)),
        (("1d1h30m5s", None, None), (NOW, NOW + timedelta(days=1, hours=1, minutes=30, seconds=5))),
        (("1h", "2026-03-01T13:00Z", None), (NOW + HOUR, NOW + 2 * HOUR)),
        ((None, None, "2026-03-01T15:00+01:00"), (NOW, NOW + 2 * HOUR)),
        ((None, "2026-03-01T11:00Z", "2026-03-01T13:00Z"), (NOW - HOUR, NOW + HOUR)),
    ],
)
def test_it_understands_times(
    given: tuple[str | None, str | None, str | None], meant: tuple[datetime, datetime]
) -> None:
    assert period(NOW, *given) == meant


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((None, None, None), "say how long: either --for 2h or --to"),
        (("2h", None, "2026-03-01T15:00Z"), "say how long: either --for 2h or --to"),
        (("2 hours", None, None), "--for must be a length such as 2h, 30m or 1h30m, not '2 hours'"),
        (("0h", None, None), "before it begins"),
        (("367d", None, None), "longer than 366 days"),
        (("999999d" * 3, None, None), "after the end of all calendars"),
        ((None, None, "tomorrow"), "--to must be a time such as 2026-01-31T18:00Z, not 'tomorrow'"),
        ((None, None, "2026-03-01T15:00"), "has no time zone: write 2026-03-01T15:00Z for UTC"),
        ((None, None, "2026-03-01T11:00Z"), "before it begins"),
        (("1h", "2026-03-01T10:00Z", None), "which is past; now is 2026-03-01T12:00:00Z"),
        ((None, None, "9999-12-31T23:59-23:00"), "out of the range of times"),
    ],
)
def test_it_says_what_to_type(given: tuple[str | None, str | None, str | None], said: str) -> None:
    with pytest.raises(typer.BadParameter) as caught:
        period(NOW, *given)
    assert said in caught.value.message


def test_a_wrong_time_is_one_line_and_exit_2(program: Program) -> None:
    done = program("maintenance", "add", "all", "--for", "2 hours")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--for must be a length such as 2h, 30m or 1h30m, not '2 hours'" in done.stderr
