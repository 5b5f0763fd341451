"""When the dispatcher is silent, and when it reminds."""

from datetime import timedelta

import pytest

from fixtures.dispatching import HOUR, Scene
from fixtures.news import NOON, REFUSED, Inbox

pytestmark = pytest.mark.anyio


async def test_it_is_silent_in_maintenance_and_tells_afterwards_what_is_still_wrong() -> None:
    scene = Scene(reminder=timedelta(minutes=10))
    await scene.maintenance(0, 1800)
    scene.news.becomes("p", "down", NOON)
    scene.news.becomes("q", "down", NOON)
    for _ in range(29):
        await scene.after(60)
        scene.news.checked("p", scene.clock.now())
    assert {name for name, _ in scene.inbox.told()} == {"q"}
    await scene.after(60)
    assert scene.inbox.taken[-1].type == "provider.down"
    assert scene.inbox.taken[-1].reason == "after maintenance: down: seen"
    assert (await scene.log())[0] == ("provider.down", "silenced")
    scene.news.checked("p", scene.clock.now())
    await scene.after(9.9 * 60)
    assert scene.inbox.told()[-1] == ("p", "provider.down")
    scene.news.checked("p", scene.clock.now())
    await scene.after(15)
    assert scene.inbox.told()[-1] == ("p", "provider.reminder")


async def test_it_says_nothing_after_maintenance_when_all_is_well_again() -> None:
    scene = Scene()
    await scene.maintenance(0, 1800, provider_id=None)
    scene.news.becomes("p", "down", NOON)
    await scene.after(60)
    scene.news.becomes("p", "up", scene.clock.now())
    await scene.after(60)
    await scene.after(HOUR)
    assert scene.inbox.told() == []
    assert await scene.log() == [("provider.down", "silenced"), ("provider.up", "silenced")]


async def test_it_tells_after_maintenance_that_a_provider_known_to_be_down_is_up() -> None:
    scene = Scene()
    scene.news.becomes("p", "down", NOON)
    await scene.after()
    await scene.maintenance(0, 1800)
    scene.news.becomes("p", "up", NOON)
    await scene.after(60)
    assert scene.inbox.told() == [("p", "provider.down")]
    await scene.after(HOUR)
    assert scene.inbox.told() == [("p", "provider.down"), ("p", "provider.up")]


async def test_it_tells_again_after_maintenance_what_was_wrong_before_and_is_still() -> None:
    scene = Scene()
    scene.news.becomes("p", "degraded", NOON)
    await scene.after()
    await scene.maintenance(0, 1800)
    await scene.after(60)
    scene.dispatcher = scene.another()
    await scene.after(HOUR)
    await scene.after(60)
    assert scene.inbox.told() == [("p", "provider.degraded")] * 2


async def test_news_of_a_maintenance_seen_only_after_it_are_silent_too() -> None:
    scene = Scene()
    await scene.maintenance(0, 600)
    scene.news.becomes("p", "down", NOON)
    scene.news.becomes("p", "up", NOON + timedelta(seconds=300))
    await scene.after(900)
    assert scene.inbox.told() == []


async def test_it_speaks_again_when_maintenance_is_ended_early() -> None:
    scene = Scene()
    await scene.maintenance(0, HOUR)
    scene.news.becomes("p", "down", NOON)
    await scene.after(60)
    await scene.alerts.end_window(1, scene.clock.now())
    await scene.after(1)
    assert scene.inbox.told() == [("p", "provider.down")]


async def test_it_reminds_while_a_provider_is_down_and_never_after() -> None:
    scene = Scene(reminder=timedelta(hours=1))
    scene.news.becomes("p", "down", NOON)
    await scene.after()
    for expected in (1, 2, 3):
        await scene.after(HOUR - 1)
        assert len(scene.inbox.taken) == expected
        scene.news.checked("p", scene.clock.now())
        # A restart must not make a difference.
        scene.dispatcher = scene.another()
        await scene.after(1)
        assert scene.inbox.told()[-1] == ("p", "provider.reminder")
    scene.news.becomes("p", "up", scene.clock.now())
    await scene.after(1)
    for _ in range(3):
        scene.news.checked("p", scene.clock.now())
        await scene.after(2 * HOUR)
    assert scene.inbox.told()[-1] == ("p", "provider.up")
    assert len(scene.inbox.taken) == 5


async def test_it_does_not_remind_of_a_recovery_it_has_not_read_yet() -> None:
    scene = Scene(reminder=timedelta(hours=1))
    scene.news.becomes("p", "down", NOON)
    await scene.after()
    scene.news.becomes("p", "up", NOON + timedelta(minutes=59))
    await scene.after(HOUR + 1)
    assert scene.inbox.told() == [("p", "provider.down"), ("p", "provider.up")]


async def test_it_does_not_remind_of_a_provider_that_nobody_checks_any_more() -> None:
    scene = Scene(reminder=timedelta(hours=1))
    scene.news.becomes("p", "down", NOON)
    await scene.after()
    await scene.after(5 * HOUR)
    assert scene.inbox.told() == [("p", "provider.down")]


async def test_it_reminds_nobody_who_has_not_heard_the_news() -> None:
    deaf, alive = Inbox(*[REFUSED] * 9), Inbox()
    scene = Scene(deaf=deaf, alive=alive, reminder=timedelta(minutes=30))
    scene.news.becomes("p", "down", NOON)
    await scene.after()
    scene.news.checked("p", NOON + timedelta(minutes=30))
    await scene.after(1800)
    assert alive.told() == [("p", "provider.down"), ("p", "provider.reminder")]
    assert len(set(deaf.ids)) == 1
    made = [(one.destination, one.alert.type) for one in await scene.alerts.deliveries(limit=9)]
    assert ("deaf", "provider.reminder") not in made


async def test_without_reminders_it_does_not_remind() -> None:
    scene = Scene()
    scene.news.becomes("p", "down", NOON)
    await scene.after()
    scene.news.checked("p", NOON + timedelta(hours=1))
    await scene.after(2 * HOUR)
    assert len(scene.inbox.taken) == 1
