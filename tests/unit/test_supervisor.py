"""The supervisor over small programs in place of the real one: what it starts, when, and what then."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from fixtures.service import NOW
from openmodels.clock import SettableClock
from openmodels.errors import ServerStopped
from openmodels.listening import HandedOver
from openmodels.supervisor import Supervisor

pytestmark = pytest.mark.anyio

SECONDS = 20.0
"""A bound for what must happen, for machines that are busy."""
# It keeps a journal, and does what the files in its folder say; a name may end with a worker's number.
PROGRAM = """
import json, os, signal, sys, time
given = json.loads(os.environ["_OPENMODELS_WORKER"])
number, folder = given["number"], sys.argv[1]

def told(what):
    return any(os.path.exists(f"{folder}/{what}{end}") for end in ("", number))

def note(what):
    with open(f"{folder}/journal", "a") as file:
        file.write(json.dumps([what, number, os.getpid(), given["first"]]) + "\\n")

def stop(*_):
    note("stopped")
    os._exit(0)

signal.signal(signal.SIGTERM, signal.SIG_IGN if told("deaf") else stop)
note("started")
if told("fail"):
    sys.exit(3)
if told("crash"):
    os.kill(os.getpid(), signal.SIGKILL)
if told("leave"):
    sys.exit()
if told("hang"):
    time.sleep(60)
note("ready")
os.write(given["ready"], b"worker %d speaks" % number)
os.close(given["ready"])
if told("die"):
    os._exit(7)
os.read(given["alive"], 1)
note("alone")
"""


class Running:
    """A supervisor that runs, its clock and what its workers noted."""

    def __init__(self, folder: Path, workers: int, **options: Any) -> None:
        self.folder = folder
        self.clock = SettableClock(NOW)
        self.announced: list[str] = []
        self._sockets = [HandedOver(socket.socket()) for _ in range(workers)]
        self.program = folder / "python"
        self.program.symlink_to(sys.executable)
        command = [str(self.program), "-I", "-S", "-c", PROGRAM, str(folder)]
        self.supervisor = Supervisor(command, {}, self._sockets, clock=self.clock, **options)
        self.done = asyncio.ensure_future(self.supervisor.run(self.announced.append, told={}))

    def tell(self, what: str) -> None:
        (self.folder / what).touch()

    def no_longer(self, what: str) -> None:
        (self.folder / what).unlink()

    def noted(self, *kinds: str) -> list[tuple[str, int]]:
        """What was noted, in order: what, and the worker's number."""
        return [(kind, number) for kind, number, _, _ in self.journal if not kinds or kind in kinds]

    @property
    def journal(self) -> list[tuple[str, int, int, bool]]:
        """What was noted, in order: what, the worker's number, its process, whether it is the first."""
        path = self.folder / "journal"
        lines = path.read_text().splitlines() if path.exists() else []
        return [tuple(json.loads(line)) for line in lines]

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(SECONDS):
            while not condition():  # noqa: ASYNC110 - what is waited for happens in other processes
                await asyncio.sleep(0.005)

    async def serves(self) -> None:
        await self.until(lambda: self.announced)

    async def pausing(self) -> None:
        await self.until(lambda: self.clock.sleepers)

    @asynccontextmanager
    async def another_ready(self) -> AsyncIterator[None]:
        """Wait in the end until one more worker than before has been ready."""
        before = len(self.noted("ready"))
        yield
        await self.until(lambda: len(self.noted("ready")) > before)

    def runs(self, number: int) -> int:
        """The newest process of a worker, which must be ready."""
        return [pid for kind, n, pid, _ in self.journal if (kind, n) == ("ready", number)][-1]


@asynccontextmanager
async def running(folder: Path, workers: int, *told: str, **options: Any) -> AsyncIterator[Running]:
    """A supervisor; when this ends it was stopped, and no worker is left."""
    for what in told:
        (folder / what).touch()
    supervised = Running(folder, workers, **options)
    try:
        yield supervised
    finally:
        supervised.supervisor.stop()
        await asyncio.wait({supervised.done}, timeout=SECONDS)
        assert supervised.done.done()
        for _, _, pid, _ in supervised.journal:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)


@pytest.fixture
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    with capture_logs() as captured:
        yield captured


async def test_it_announces_once_what_the_first_says_when_all_are_ready(tmp_path: Path) -> None:
    async with running(tmp_path, 3) as supervised:
        await supervised.serves()
        assert supervised.announced == ["worker 1 speaks"]
        assert sorted(supervised.noted("ready")) == [("ready", 1), ("ready", 2), ("ready", 3)]
    assert supervised.announced == ["worker 1 speaks"]


async def test_it_starts_the_first_alone_and_tells_only_that_one_that_it_is(tmp_path: Path) -> None:
    async with running(tmp_path, 3) as supervised:
        await supervised.serves()
        assert supervised.noted()[:2] == [("started", 1), ("ready", 1)]
        os.kill(supervised.runs(1), signal.SIGKILL)
        await supervised.pausing()
        supervised.clock.advance(seconds=0.5)
        await supervised.until(lambda: supervised.noted("ready").count(("ready", 1)) == 2)
        assert [first for _, number, _, first in supervised.journal if number == 1] == [
            True,
            True,
            False,
            False,
        ]
        assert not any(first for _, number, _, first in supervised.journal if number != 1)


async def test_it_ends_well_when_it_is_stopped_however_often(tmp_path: Path) -> None:
    async with running(tmp_path, 2) as supervised:
        await supervised.serves()
        supervised.supervisor.stop()
        await asyncio.sleep(0)
        supervised.supervisor.stop()
        assert await supervised.done == 0
        assert len(supervised.noted("stopped")) == 2


@pytest.mark.parametrize("which", ["fail1", "fail2"])
async def test_it_ends_with_the_code_of_a_worker_that_cannot_start_at_first(
    tmp_path: Path, which: str
) -> None:
    async with running(tmp_path, 3, which) as supervised:
        assert await supervised.done == 3
        assert supervised.announced == []
        if which == "fail1":
            assert supervised.noted() == [("started", 1)]


async def test_it_says_that_a_worker_was_killed_before_it_could_say_anything(tmp_path: Path) -> None:
    async with running(tmp_path, 2, "crash1") as supervised:
        with pytest.raises(ServerStopped, match="worker 1 was ended by SIGKILL before it served"):
            await supervised.done


async def test_it_does_not_end_well_when_a_worker_leaves_without_having_served(tmp_path: Path) -> None:
    async with running(tmp_path, 2, "leave2") as supervised:
        assert await supervised.done == 1


async def test_it_can_be_stopped_while_a_worker_starts(tmp_path: Path) -> None:
    async with running(tmp_path, 2, "hang2") as supervised:
        await supervised.until(lambda: ("started", 2) in supervised.noted())
        supervised.supervisor.stop()
        assert await supervised.done == 0
        assert supervised.announced == []


async def test_it_starts_a_worker_again_that_ended_and_waits_longer_each_time(
    tmp_path: Path, logs: list[Any]
) -> None:
    pauses = [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    async with running(tmp_path, 2, "die2") as supervised:
        for pause in pauses:
            await supervised.pausing()
            supervised.clock.advance(seconds=pause - 0.01)
            assert supervised.clock.sleepers == 1
            async with supervised.another_ready():
                supervised.clock.advance(seconds=0.01)
        assert supervised.noted("ready").count(("ready", 1)) == 1
    ended = [line for line in logs if line["event"] == "worker ended by itself"]
    assert [line["starts_again_in"] for line in ended][: len(pauses)] == pauses
    assert {(line["worker"], line["code"]) for line in ended} == {(2, 7)}


async def test_it_waits_no_longer_for_a_worker_that_lasted(tmp_path: Path, logs: list[Any]) -> None:
    async with running(tmp_path, 1) as supervised:
        await supervised.serves()
        for life in (1.0, 1.0, 60.0, 1.0):
            supervised.clock.advance(seconds=life)
            async with supervised.another_ready():
                os.kill(supervised.runs(1), signal.SIGKILL)
                await supervised.pausing()
                supervised.clock.advance(seconds=10)
    assert [line["starts_again_in"] for line in logs if "starts_again_in" in line] == [0.5, 1.0, 0.5, 1.0]


async def test_it_goes_on_trying_when_a_worker_cannot_be_started_again(tmp_path: Path) -> None:
    async with running(tmp_path, 1) as supervised:
        await supervised.serves()
        supervised.tell("fail")
        os.kill(supervised.runs(1), signal.SIGKILL)
        for _ in range(3):
            await supervised.pausing()
            supervised.clock.advance(seconds=10)
        await supervised.pausing()
        assert len(supervised.noted("started")) == 1 + 3
        supervised.no_longer("fail")
        async with supervised.another_ready():
            supervised.clock.advance(seconds=10)


async def test_it_replaces_one_after_another_each_old_one_when_the_new_one_is_ready(tmp_path: Path) -> None:
    async with running(tmp_path, 2) as supervised:
        await supervised.serves()
        before = len(supervised.noted())
        supervised.supervisor.replace_all()
        await supervised.until(lambda: len(supervised.noted("stopped")) == 2)
        assert supervised.noted()[before:] == [
            (what, number) for number in (1, 2) for what in ("started", "ready", "stopped")
        ]
        assert supervised.announced == ["worker 1 speaks"]
        assert supervised.clock.sleepers == 0


async def test_it_replaces_again_when_it_is_told_to_meanwhile(tmp_path: Path) -> None:
    async with running(tmp_path, 1) as supervised:
        supervised.supervisor.replace_all()
        await supervised.until(lambda: ("stopped", 1) in supervised.noted())
        supervised.supervisor.replace_all()
        supervised.supervisor.replace_all()
        await supervised.until(lambda: len(supervised.noted("stopped")) == 2)
        assert len(supervised.noted("ready")) == 3


@pytest.mark.parametrize("way", ["fail1", "hang1"])
async def test_it_keeps_the_old_ones_when_a_new_one_does_not_get_ready(
    tmp_path: Path, logs: list[Any], way: str
) -> None:
    async with running(tmp_path, 2, ready_seconds=1.0) as supervised:
        await supervised.serves()
        supervised.tell(way)
        supervised.supervisor.replace_all()
        await supervised.until(
            lambda: [line for line in logs if line["event"] == "worker was not replaced, the old ones go on"]
        )
        assert supervised.noted("stopped") == []
        assert supervised.noted("started") == [("started", 1), ("started", 2), ("started", 1)]
        supervised.no_longer(way)
        supervised.supervisor.replace_all()
        await supervised.until(lambda: len(supervised.noted("stopped")) == 2)


async def test_it_replaces_a_worker_that_has_ended_without_waiting(tmp_path: Path) -> None:
    async with running(tmp_path, 1) as supervised:
        await supervised.serves()
        os.kill(supervised.runs(1), signal.SIGKILL)
        await supervised.pausing()
        supervised.supervisor.replace_all()
        await supervised.until(lambda: len(supervised.noted("ready")) == 2)
        supervised.clock.advance(seconds=10)
        os.kill(supervised.runs(1), signal.SIGKILL)
        await supervised.pausing()
        assert len(supervised.noted("started")) == 2


async def test_it_kills_a_worker_that_does_not_stop(tmp_path: Path, logs: list[Any]) -> None:
    async with running(tmp_path, 1, "deaf", stop_seconds=0.1) as supervised:
        await supervised.serves()
        supervised.supervisor.stop()
        assert await supervised.done == 0
    assert [line["event"] for line in logs] == ["worker does not stop"]


async def test_it_outlives_a_moment_in_which_there_can_be_no_process(tmp_path: Path, logs: list[Any]) -> None:
    async with running(tmp_path, 1) as supervised:
        await supervised.serves()
        supervised.program.unlink()
        supervised.supervisor.replace_all()
        await supervised.until(lambda: [line for line in logs if line["event"] == "worker cannot be started"])
        os.kill(supervised.runs(1), signal.SIGKILL)
        await supervised.pausing()
        supervised.clock.advance(seconds=0.5)
        await supervised.pausing()
        supervised.program.symlink_to(sys.executable)
        async with supervised.another_ready():
            supervised.clock.advance(seconds=1)
