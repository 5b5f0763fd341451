"""The dispatcher: from what changed to who was told."""

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from fixtures.dispatching import HOUR, Scene
from fixtures.news import NOON, REFUSED, Inbox
from openmodels.domain.alerts import BACK_OFF, DELIVER_WITHIN, NEWS_FOR, Delivery
from openmodels.errors import StoreError
from openmodels.jobs.alerts import CLAIM, STEP
from openmodels.jobs.senders import Answer
from openmodels.store.alert_ports import Settlement
from openmodels.store.memory_alerts import MemoryAlertStore

pytestmark = pytest.mark.anyio


async def test_it_tells_each_transition_once_with_all_there_is_to_say() -> None:
    scene = Scene()
    scene.news.becomes("p", "down", NOON)
    await scene.after()
    await scene.after(STEP)
    (alert,) = scene.inbox.taken
    assert (alert.provider_name, alert.region, alert.url) == ("P", "eu", "http://om.example/api/providers/p")
    assert (alert.status, alert.previous_status, alert.reason) == ("down", "unknown", "down: seen")
    assert (alert.at, alert.incident_started_at) == (NOON, NOON - timedelta(minutes=10))
    assert await scene.log() == [("provider.down", "sent")]


async def test_it_tells_every_destination() -> None:
    one, other = Inbox(), Inbox()
    scene = Scene(one=one, other=other)
    scene.news.becomes("p", "down", NOON)
    await scene.after()
    assert one.told() == other.told() == [("p", "provider.down")]
    assert one.ids != other.ids


async def test_it_goes_on_after_a_restart_where_it_was() -> None:
    scene = Scene()
    scene.news.becomes("p", "down", NOON)
    await scene.after()
    scene.news.becomes("p", "up", NOON)
    scene.dispatcher = scene.another()
    await scene.after()
    assert scene.inbox.told() == [("p", "provider.down"), ("p", "provider.up")]


async def test_it_does_not_send_old_news() -> None:
    scene = Scene()
    scene.news.becomes("p", "down", NOON - NEWS_FOR - timedelta(seconds=1))
    scene.news.becomes("q", "down", NOON - NEWS_FOR)
    await scene.after()
    assert scene.inbox.told() == [("q", "provider.down")]
    assert await scene.log() == [("provider.down", "expired"), ("provider.down", "sent")]


async def test_it_takes_up_more_news_than_one_batch_holds() -> None:
    scene = Scene()
    for number in range(450):
        scene.news.becomes(f"p{number}", "down", NOON)
    await scene.after()
    assert await scene.alerts.cursor() == 450


async def test_without_a_destination_it_leaves_the_news_to_processes_that_have_one() -> None:
    scene = Scene()
    scene.news.becomes("p", "down", NOON)
    scene.senders = {}
    await scene.another().run_once()
    await scene.another().run()
    assert await scene.alerts.cursor() == 0


async def test_it_tries_again_later_each_time_with_the_same_id_then_gives_up() -> None:
    scene = Scene()
    scene.inbox.answers = [REFUSED] * 20
    scene.news.becomes("p", "down", NOON)
    await scene.after()
    for tries, wait in enumerate(BACK_OFF, 1):
        assert len(scene.inbox.ids) == tries
        await scene.after(0.79 * wait.total_seconds())
        assert len(scene.inbox.ids) == tries
        await scene.after(0.42 * wait.total_seconds())
    assert len(scene.inbox.ids) == len(BACK_OFF) + 1
    assert len(set(scene.inbox.ids)) == 1
    await scene.after(HOUR)
    assert await scene.log() == [("provider.down", "failed")]
    (one,) = await scene.alerts.deliveries(limit=1)
    assert (one.attempts, one.detail) == (6, "answered 500")


async def test_it_stops_at_once_when_the_receiver_wants_no_more() -> None:
    scene = Scene()
    scene.inbox.answers = [Answer(ok=False, final=True, detail="answered 410")]
    scene.news.becomes("p", "down", NOON)
    await scene.after()
    await scene.after(HOUR)
    assert await scene.log() == [("provider.down", "failed")]
    assert len(scene.inbox.ids) == 1


async def test_it_waits_as_long_as_the_receiver_asks() -> None:
    scene = Scene()
    scene.inbox.answers = [Answer(ok=False, detail="answered 429", retry_after=timedelta(seconds=300))]
    scene.news.becomes("p", "down", NOON)
    await scene.after()
    await scene.after(299)
    assert scene.inbox.told() == []
    await scene.after(1)
    assert scene.inbox.told() == [("p", "provider.down")]


async def test_it_delivers_the_news_of_one_provider_in_order() -> None:
    scene = Scene()
    scene.inbox.answers = [REFUSED]
    scene.news.becomes("p", "down", NOON)
    await scene.after()
    scene.news.becomes("p", "up", scene.clock.now())
    scene.news.becomes("q", "down", scene.clock.now())
    await scene.after(STEP)
    assert scene.inbox.told() == [("q", "provider.down")]
    await scene.after(15)
    await scene.after(STEP)
    assert scene.inbox.told()[1:] == [("p", "provider.down"), ("p", "provider.up")]


async def test_a_destination_that_fails_is_left_alone_for_the_moment() -> None:
    dead, alive = Inbox(*[REFUSED] * 3), Inbox()
    scene = Scene(dead=dead, alive=alive)
    for name in "abc":
        scene.news.becomes(name, "down", NOON)
    await scene.after()
    assert (len(dead.ids), len(alive.ids)) == (1, 3)


async def test_a_sender_that_breaks_its_promise_loses_nothing() -> None:
    class Broken(Inbox):
        async def reply(self) -> Answer:
            raise RuntimeError("https://user:secret@example.com")

    scene = Scene(broken=Broken())
    scene.news.becomes("p", "down", NOON)
    await scene.after()
    (one,) = await scene.alerts.deliveries(limit=1)
    assert (one.status, one.detail) == ("waiting", "failed: RuntimeError")


async def test_an_attempt_that_never_ended_is_made_again_with_the_same_id() -> None:
    class Hanging(Inbox):
        def __init__(self) -> None:
            super().__init__()
            self.began = asyncio.Event()

        async def reply(self) -> Answer:
            self.began.set()
            await asyncio.Event().wait()
            raise AssertionError

    hanging = Hanging()
    scene = Scene(inbox=hanging)
    scene.news.becomes("p", "down", NOON)
    crashing = asyncio.create_task(scene.dispatcher.run_once())
    await hanging.began.wait()
    crashing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await crashing

    scene.senders = {"inbox": scene.inbox}
    scene.dispatcher = scene.another()
    await scene.after(CLAIM.total_seconds() - 1)
    assert scene.inbox.ids == []
    await scene.after(1)
    assert scene.inbox.ids == hanging.ids
    assert await scene.log() == [("provider.down", "sent")]


async def test_what_nobody_sent_for_hours_is_not_sent_any_more() -> None:
    scene = Scene()
    scene.inbox.answers = [REFUSED]
    scene.news.becomes("p", "down", NOON)
    await scene.after()
    scene.dispatcher = scene.another()
    await scene.after(DELIVER_WITHIN.total_seconds() + 1)
    assert await scene.log() == [("provider.down", "expired")]
    assert scene.inbox.told() == []


async def test_two_at_once_send_each_delivery_once() -> None:
    scene = Scene()
    others = [scene.another() for _ in range(4)]
    for number in range(40):
        scene.news.becomes(f"p{number}", "down", NOON)
    for _ in range(5):
        await asyncio.gather(*(one.run_once() for one in others))
    assert len(scene.inbox.ids) == len(set(scene.inbox.ids)) == 40


async def test_a_look_raises_what_the_database_raises_once_every_destination_had_its_turn() -> None:
    class Failing(MemoryAlertStore):
        async def settle(self, claimed: Delivery, settlement: Settlement) -> bool:
            if claimed.destination == "one":
                raise StoreError("the database is away")
            return await super().settle(claimed, settlement)

    one, other = Inbox(), Inbox()
    scene = Scene(one=one, other=other)
    scene.alerts = Failing()
    scene.news.becomes("p", "down", NOON)
    with pytest.raises(StoreError, match="the database is away"):
        await scene.another().run_once()
    assert other.told() == [("p", "provider.down")]


async def test_a_fault_that_nobody_foresaw_is_told_once_and_ends_nothing() -> None:
    class Broken(MemoryAlertStore):
        asked = 0

        async def cursor(self) -> int:
            self.asked += 1
            if self.asked < 10:
                raise ZeroDivisionError
            return await super().cursor()

    scene = Scene()
    scene.alerts = broken = Broken()
    scene.news.becomes("p", "down", NOON)
    with capture_logs() as logs:
        running = asyncio.create_task(scene.another().run())
        while not scene.inbox.taken:
            await asyncio.sleep(0)
            scene.clock.advance(seconds=STEP)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert broken.asked >= 10
    assert [line["event"] for line in logs].count("alerts failed") == 1


async def test_it_forgets_and_reminds_also_when_the_clock_was_set_back() -> None:
    scene = Scene(reminder=timedelta(hours=1))
    await scene.after(30 * 24 * HOUR)
    scene.clock.advance(seconds=-29 * 24 * HOUR)
    scene.news.becomes("p", "down", scene.clock.now())
    await scene.after()
    scene.news.checked("p", scene.clock.now() + timedelta(minutes=30))
    await scene.after(HOUR)
    assert scene.inbox.told() == [("p", "provider.down"), ("p", "provider.reminder")]


async def test_it_forgets_old_deliveries() -> None:
    scene = Scene()
    scene.news.becomes("p", "down", NOON)
    await scene.after()
    await scene.after(91 * 24 * HOUR)
    assert await scene.log() == []


async def test_it_runs_until_it_is_cancelled_and_survives_a_database_that_fails() -> None:
    class Failing(MemoryAlertStore):
        broken = True

        async def cursor(self) -> int:
            if self.broken:
                raise StoreError("the database is away")
            return await super().cursor()

    scene = Scene()
    scene.alerts = failing = Failing()
    scene.news.becomes("p", "down", NOON)
    running = asyncio.create_task(scene.another().run())
    for _ in range(20):
        await asyncio.sleep(0)
        scene.clock.advance(seconds=STEP)
    assert scene.inbox.told() == []
    failing.broken = False

    for _ in range(200):
        await asyncio.sleep(0)
        scene.clock.advance(seconds=STEP)
    assert scene.inbox.told() == [("p", "provider.down")]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
