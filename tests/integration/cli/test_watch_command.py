"""``openmodels watch`` as it is run: on terminals and in pipes, against a server that records."""

import json
import os
import select
import signal
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from contract.builders import check, measurement
from fixtures.asking import Asker
from fixtures.commands import Program
from fixtures.service import NOW, Service, start_service
from fixtures.site import Site, running_site
from fixtures.terminal import PROGRAM, environment
from fixtures.watching import SECONDS, terminal

SHOWN, HIDDEN = "\x1b[?25h", "\x1b[?25l"
OTHER_SCREEN, FIRST_SCREEN = "\x1b[?1049h", "\x1b[?1049l"


async def _start() -> Service:
    service = await start_service()
    await service.record([check("cirrus", NOW - timedelta(minutes=9)), check("nimbus", NOW)])
    return service


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A server of two measured providers, which the tests record more of."""
    with running_site(_start) as running:
        yield running


@pytest.fixture
def ask(program: Program, tmp_path: Path, site: Site) -> Asker:
    return Asker(program, tmp_path, site.url)


def test_it_shows_what_is_recorded_as_it_is_until_q(site: Site, tmp_path: Path) -> None:
    with terminal("watch", "--api-url", site.url, cwd=tmp_path, HOME=str(tmp_path)) as shown:
        first = shown.until("connected")
        assert OTHER_SCREEN in first
        assert HIDDEN in first
        site.record(check("cirrus", NOW, response_time_ms=1234.0))
        shown.until("1.23 s")
        site.record(measurements=[measurement("cirrus", "alpha-1", NOW, time_to_first_token_ms=777.0)])
        shown.until("777 ms")
        shown.resize(44, 24)
        narrow = shown.until("nimbus").split("provider")[-1]
        assert "incident" not in narrow
        shown.type(b"q")
        assert shown.end() == 0
        assert shown.written.rindex(FIRST_SCREEN) > shown.written.rindex(OTHER_SCREEN)
        assert shown.written.rindex(SHOWN) > shown.written.rindex(HIDDEN)
        assert shown.as_before


@pytest.mark.parametrize("how", ["typed", "terminated"])
def test_it_leaves_the_terminal_as_it_was_when_it_is_told_to_end(
    site: Site, tmp_path: Path, how: str
) -> None:
    with terminal("watch", "cirrus", "--api-url", site.url, cwd=tmp_path, HOME=str(tmp_path)) as shown:
        shown.until("connected")
        if how == "typed":
            shown.type(b"\x03")
        else:
            shown.process.send_signal(signal.SIGTERM)
        assert shown.end() == 0
        assert shown.written.endswith(FIRST_SCREEN)
        assert SHOWN in shown.written
        assert "Traceback" not in shown.written
        assert shown.as_before


def _piped(site: Site, home: Path, *flags: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*PROGRAM, "watch", "cirrus", "--api-url", site.url, *flags],
        cwd=home,
        env=environment(HOME=str(home)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _first_line(site: Site, process: subprocess.Popen[bytes]) -> str:
    """The first line, of checks that are recorded until the program follows them."""
    assert process.stdout is not None
    for number in range(int(SECONDS / 0.1)):
        site.record(check("cirrus", NOW + timedelta(seconds=number)))
        if select.select([process.stdout], [], [], 0.1)[0]:
            return process.stdout.readline().decode()
    raise AssertionError("no line was written")


@pytest.mark.parametrize("flags", [(), ("--format", "json")])
def test_it_writes_a_line_for_each_event_into_a_pipe_until_nobody_reads(
    site: Site, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    with _piped(site, tmp_path, *flags) as process:
        line = _first_line(site, process)
        if flags:
            assert json.loads(line)["provider_id"] == "cirrus"
        else:
            assert line.split("\t")[1:3] == ["check", "cirrus"]
        assert process.stdout is not None
        assert process.stderr is not None
        # No further event comes to notice it by.
        process.stdout.close()
        assert process.wait(SECONDS) == 0
        assert process.stderr.read() == b""


def test_it_ends_well_in_a_pipe_when_it_is_interrupted(site: Site, tmp_path: Path) -> None:
    with _piped(site, tmp_path) as process:
        _first_line(site, process)
        os.kill(process.pid, signal.SIGINT)
        _, told = process.communicate(timeout=SECONDS)
        assert (process.returncode, told) == (0, b"")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("cirus",), 1, "cirrus"),
        (("cirrus", "--format", "csv"), 2, "watch writes table or json, not csv"),
        (("cirrus", "--local"), 2, "files hold no telemetry"),
        (("cirrus", "--api-url", "http://127.0.0.1:9"), 3, "--api-url"),
    ],
)
def test_it_says_why_it_does_not_begin(ask: Asker, arguments: tuple[str, ...], code: int, told: str) -> None:
    done = ask("watch", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert told in " ".join(done.stderr.split())
