"""``openmodels alerts``, run as people run it."""

import asyncio
import json
from pathlib import Path

import pytest

from contract.builders import settings_in
from fixtures.news import NOON, REFUSED, Inbox, News
from fixtures.program import Program, program_in
from fixtures.receivers import BROKEN, mail_server, receiver
from openmodels.clock import SettableClock
from openmodels.jobs.alerts import Dispatcher, Origin
from openmodels.opening import open_stores
from openmodels.store.alerts import SqlAlertStore


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    return program_in(tmp_path, monkeypatch, capsys)


async def told(folder: Path) -> None:
    """Deliveries in the folder's database: one that was sent, and one that waits."""
    news, clock = News(), SettableClock(NOON)
    news.becomes("groq", "down", NOON)
    async with open_stores(settings_in(folder / "data")) as stores:
        dispatcher = Dispatcher(
            news,
            SqlAlertStore(stores.engine),
            {"webhook": Inbox(), "mailto#1": Inbox(REFUSED)},
            clock,
            reminder=None,
            origin=Origin(names=str, base_url="http://om.example", region="eu"),
        )
        await dispatcher.run_once()


def test_it_says_so_when_there_are_none(program: Program) -> None:
    done = program("alerts")
    assert (done.returncode, done.stdout, done.stderr) == (0, "no alerts yet\n", "")
    assert program("alerts", "--json").stdout == "[]\n"


def test_it_lists_deliveries_newest_first(program: Program, tmp_path: Path) -> None:
    asyncio.run(told(tmp_path))
    lines = [line.split("\t") for line in program("alerts").stdout.splitlines()]
    assert lines[0] == ["made", "provider", "alert", "destination", "status", "attempts", "detail"]
    common = ["2026-03-01T12:00:00Z", "groq", "provider.down"]
    assert lines[1][:6] == [*common, "mailto#1", "waiting", "1"]
    assert lines[1][6].startswith("answered 500 next 2026-03-01T12:00:")
    assert lines[2] == [*common, "webhook", "sent", "1", "taken"]
    assert len(program("alerts", "--limit", "1").stdout.splitlines()) == 2


def test_it_lists_deliveries_for_programs(program: Program, tmp_path: Path) -> None:
    asyncio.run(told(tmp_path))
    waiting, sent = json.loads(program("alerts", "--json").stdout)
    assert sent | {"id": ""} == {
        "number": 1,
        "id": "",
        "destination": "webhook",
        "type": "provider.down",
        "provider_id": "groq",
        "status": "sent",
        "attempts": 1,
        "detail": "taken",
        "reason": "down: seen",
        "created_at": "2026-03-01T12:00:00Z",
        "next_at": None,
        "settled_at": "2026-03-01T12:00:00Z",
    }
    assert (waiting["settled_at"], waiting["next_at"] is None) == (None, False)


@pytest.mark.anyio
async def test_a_test_goes_to_every_destination_at_once(program: Program, tmp_path: Path) -> None:
    with mail_server() as (mailbox, url):
        async with receiver() as hook:
            done = await asyncio.to_thread(
                program,
                "alerts",
                "test",
                ALERT_URLS=url,
                WEBHOOK_URL=hook.url,
                WEBHOOK_SECRET="s",
                REGION="eu-west-1",
            )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "webhook: sent (answered 204)\nmailto#1: sent (accepted)\n"
    (post,) = hook.posts
    body = json.loads(post.body)
    assert (body["type"], body["provider_id"], body["region"]) == ("test", None, "eu-west-1")
    assert mailbox.mails[0]["subject"] == "OpenModels: test alert"
    assert not (tmp_path / "data").exists()


@pytest.mark.anyio
async def test_a_test_that_fails_says_where_and_shows_no_secret(program: Program) -> None:
    async with receiver(BROKEN, path="/t0psecret") as hook:
        done = await asyncio.to_thread(
            program,
            "alerts",
            "test",
            ALERT_URLS=f"json://user:t0psecret@{hook.url.removeprefix('http://')}",
            WEBHOOK_URL=hook.url,
            WEBHOOK_SECRET="t0psecret",
        )
    assert done.returncode == 1
    assert done.stdout == "webhook: NOT sent (answered 500)\njson#1: NOT sent (answered 500)\n"
    assert "t0psecret" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "alerts go nowhere: set OPENMODELS_ALERT_URLS"),
        ({"ALERT_URLS": "slak://t0psecret"}, "URL number 1 (slak://...) is of no service"),
        ({"WEBHOOK_URL": "http://x.example", "WEBHOOK_SECRET": "whsec_t0psecret!"}, "not base64"),
    ],
)
def test_a_test_says_what_to_set(program: Program, environ: dict[str, str], said: str) -> None:
    done = program("alerts", "test", **environ)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "t0psecret" not in done.stderr
