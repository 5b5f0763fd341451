"""Alerts on their whole way: from a transition through the database to a real receiver."""

import asyncio
import base64
import hashlib
import hmac
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from contract.builders import settings_in
from fixtures.news import NOON, News
from fixtures.receivers import BROKEN, OK, SILENCE, Receiver, answer, mail_server, receiver
from fixtures.server import free_port
from openmodels.clock import SettableClock
from openmodels.jobs.alerts import CLAIM, STEP, Dispatcher, Origin
from openmodels.jobs.notify import senders_from
from openmodels.jobs.senders import Sender
from openmodels.logs import set_up_logs
from openmodels.settings import read_settings
from openmodels.store.alerts import SqlAlertStore
from openmodels.store.engine import FILE_NAME, create_engine
from openmodels.store.migrate import migrate

pytestmark = pytest.mark.anyio

KEY = b"a key of many bytes"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
ORIGIN = Origin(names=str.title, base_url="http://om.example", region="eu")


@pytest.fixture
async def engine(tmp_path: Path, anyio_backend: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(settings_in(tmp_path))
    await migrate(engine)
    yield engine
    await engine.dispose()


@pytest.fixture
def our_log() -> Iterator[io.StringIO]:
    """All that the program logs, at the most talkative level."""
    before = structlog.get_config()
    stream = io.StringIO()
    set_up_logs(form="json", level="debug", stream=stream)
    yield stream
    structlog.configure(**before)


class Scene:
    """News, a database, a clock, and the destinations of some settings."""

    def __init__(self, engine: AsyncEngine, **environ: str) -> None:
        self.news = News()
        self.clock = SettableClock(NOON)
        self.engine = engine
        self.alerts = SqlAlertStore(engine)
        self.settings = read_settings({f"OPENMODELS_{name}": value for name, value in environ.items()})

    def senders(self) -> Mapping[str, Sender]:
        return senders_from(self.settings)

    def dispatcher(self, senders: Mapping[str, Sender]) -> Dispatcher:
        """One process's dispatcher."""
        return Dispatcher(
            self.news,
            SqlAlertStore(self.engine),
            senders,
            self.clock,
            reminder=timedelta(hours=1),
            origin=ORIGIN,
        )

    async def log(self) -> list[tuple[str, str, int, str]]:
        found = await self.alerts.deliveries(limit=999)
        return [(one.destination, one.status, one.attempts, one.detail) for one in found[::-1]]


def webhook(hook: Receiver) -> dict[str, str]:
    return {"WEBHOOK_URL": hook.url, "WEBHOOK_SECRET": SECRET}


def written_files(folder: Path) -> bytes:
    """All that the database wrote."""
    return b"".join(file.read_bytes() for file in folder.glob(f"{FILE_NAME}*"))


async def closed(senders: Mapping[str, Sender]) -> None:
    for sender in senders.values():
        await sender.close()


async def test_a_webhook_that_fails_twice_gets_it_once_more_with_the_same_id_and_a_valid_signature(
    engine: AsyncEngine,
) -> None:
    async with receiver(BROKEN, answer("503 Service Unavailable", "retry-after: 90"), OK) as hook:
        scene = Scene(engine, **webhook(hook))
        senders = scene.senders()
        dispatcher = scene.dispatcher(senders)
        scene.news.becomes("p", "down", NOON)
        await dispatcher.run_once()
        scene.clock.advance(seconds=15)
        await dispatcher.run_once()
        scene.clock.advance(seconds=80)
        await dispatcher.run_once()
        assert len(hook.posts) == 2
        for _ in range(3):
            scene.clock.advance(seconds=10)
            await dispatcher.run_once()
        await closed(senders)
    assert len(hook.posts) == 3
    assert len({post.headers["webhook-id"] for post in hook.posts}) == 1
    for post in hook.posts:
        signed = f"{post.headers['webhook-id']}.{post.headers['webhook-timestamp']}.".encode() + post.body
        signature = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        assert post.headers["webhook-signature"] == f"v1,{signature}"
        assert json.loads(post.body)["type"] == "provider.down"
    assert [int(post.headers["webhook-timestamp"]) - int(NOON.timestamp()) for post in hook.posts] == [
        0,
        15,
        105,
    ]
    assert await scene.log() == [("webhook", "sent", 3, "answered 204")]


async def test_an_attempt_cut_by_a_crash_is_made_again_with_the_same_id(engine: AsyncEngine) -> None:
    async with receiver(SILENCE, OK) as hook:
        scene = Scene(engine, **webhook(hook))
        first, second = scene.senders(), scene.senders()
        scene.news.becomes("p", "down", NOON)
        crashing = asyncio.create_task(scene.dispatcher(first).run_once())
        await hook.silent.wait()
        crashing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await crashing
        dispatcher = scene.dispatcher(second)
        scene.clock.advance(seconds=CLAIM.total_seconds() - 1)
        await dispatcher.run_once()
        assert len(hook.posts) == 1
        scene.clock.advance(seconds=1)
        await dispatcher.run_once()
        await closed(first)
        await closed(second)
    assert len(hook.posts) == 2
    assert len({post.headers["webhook-id"] for post in hook.posts}) == 1
    assert await scene.log() == [("webhook", "sent", 2, "answered 204")]


async def test_several_dispatchers_over_one_database_send_each_delivery_once(engine: AsyncEngine) -> None:
    async with receiver() as hook:
        scene = Scene(engine, **webhook(hook))
        senders = [scene.senders() for _ in range(3)]
        dispatchers = [scene.dispatcher(one) for one in senders]
        for number in range(12):
            scene.news.becomes(f"p{number}", "down", NOON)
        for _ in range(4):
            await asyncio.gather(*(dispatcher.run_once() for dispatcher in dispatchers))
            scene.clock.advance(seconds=STEP)
        for one in senders:
            await closed(one)
    assert sorted(json.loads(post.body)["provider_id"] for post in hook.posts) == sorted(
        f"p{number}" for number in range(12)
    )
    assert {status for _, status, _, _ in await scene.log()} == {"sent"}


async def test_a_mail_server_gets_the_alert(engine: AsyncEngine) -> None:
    with mail_server() as (mailbox, url):
        scene = Scene(engine, ALERT_URLS=url)
        scene.news.becomes("p", "down", NOON)
        await scene.dispatcher(scene.senders()).run_once()
    (mail,) = mailbox.mails
    assert mail["subject"] == "P is down"
    assert "ops@example.com" in mail["to"]
    body = mail.get_body(("plain", "html"))
    assert body is not None
    for line in ("down: seen", "Since 2026-03-01 11:50 UTC.", "Seen from eu."):
        assert line in body.get_content()
    assert await scene.log() == [("mailto#1", "sent", 1, "accepted")]


async def test_a_mail_server_that_refuses_is_asked_again(engine: AsyncEngine) -> None:
    with mail_server("451 try later") as (mailbox, url):
        scene = Scene(engine, ALERT_URLS=url)
        scene.news.becomes("p", "down", NOON)
        await scene.dispatcher(scene.senders()).run_once()
        ((_, status, attempts, _),) = await scene.log()
        assert (status, attempts) == ("waiting", 1)
        mailbox.refuse = ""
        scene.clock.advance(seconds=15)
        # By another process: the library lets some real seconds pass between two messages of one.
        await scene.dispatcher(scene.senders()).run_once()
    assert len(mailbox.mails) == 1


async def test_no_secret_reaches_the_log_or_the_database(
    engine: AsyncEngine,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    our_log: io.StringIO,
) -> None:
    caplog.set_level(logging.DEBUG)
    dead = free_port()
    async with receiver(BROKEN, path="/t0psecret-path") as hook:
        scene = Scene(
            engine,
            WEBHOOK_URL=f"{hook.url}?token=t0psecret",
            WEBHOOK_SECRET="t0psecret-key",
            ALERT_URLS=(
                f"mailto://user:t0psecret@127.0.0.1:{dead}/?from=a@example.com"
                "&to=t0psecret@example.com&mode=insecure "
                f"json://user:t0psecret@{hook.url.removeprefix('http://')} "
                f"json://user:t0psecret@127.0.0.1:{dead}/t0psecret"
            ),
        )
        senders = scene.senders()
        scene.news.becomes("p", "down", NOON)
        await scene.dispatcher(senders).run_once()
        await closed(senders)
    log = await scene.log()
    assert [(label, status) for label, status, _, _ in log] == [
        ("webhook", "waiting"),
        ("mailto#1", "waiting"),
        ("json#2", "waiting"),
        ("json#3", "waiting"),
    ]
    assert [log[0][3], log[2][3]] == ["answered 500", "answered 500"]
    written = our_log.getvalue() + "".join(capfd.readouterr())
    assert "alert not sent" in written
    await engine.dispose()
    files = written_files(tmp_path)
    assert "t0psecret" not in written + caplog.text + repr(senders) + repr(log)
    assert b"t0psecret" not in files
