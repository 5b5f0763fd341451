"""Many providers that change at once: what people and programs are sent of it."""

from datetime import timedelta

import pytest

from fixtures.dispatching import Scene
from fixtures.news import NOON, REFUSED, Crowd, Inbox
from openmodels.domain.alerts import MAX_LINES, Alert, joint_text, joint_title
from openmodels.jobs.alerts import JOIN_FROM, PER_MINUTE, STEP

pytestmark = pytest.mark.anyio


def alert(number: int) -> Alert:
    return Alert(type="provider.down", provider_id=f"p{number}", status="down", reason="timeout", at=NOON)


def all_down(scene: Scene, number: int) -> set[tuple[str | None, str]]:
    for one in range(number):
        scene.news.becomes(f"p{one}", "down", scene.clock.now())
    return {(f"p{one}", "provider.down") for one in range(number)}


async def test_it_tells_people_in_one_message_what_many_providers_share_and_programs_each_by_itself() -> None:
    people, program = Crowd(), Inbox()
    scene = Scene(people=people, program=program)
    expected = all_down(scene, 50)
    for _ in range(3):
        await scene.after(STEP)
    assert set(people.told()) == set(program.told()) == expected
    assert (people.joined, people.ids) == ([50], [])
    assert len(set(program.ids)) == 50


async def test_a_few_changes_are_told_one_by_one() -> None:
    people = Crowd()
    scene = Scene(people=people)
    all_down(scene, JOIN_FROM - 1)
    await scene.after()
    assert (people.joined, len(people.ids)) == ([], JOIN_FROM - 1)


async def test_an_outage_that_is_noticed_little_by_little_makes_few_messages() -> None:
    people = Crowd()
    scene = Scene(people=people)
    for number in range(300):
        scene.news.becomes(f"p{number}", "down", scene.clock.now())
        await scene.after(1)
        assert scene.clock.now() - NOON < timedelta(minutes=6)
    await scene.after(60)
    assert len(people.taken) == 300
    assert len(people.ids) + len(people.joined) <= 7 * PER_MINUTE


async def test_news_of_one_provider_keep_their_order_in_a_storm() -> None:
    people = Crowd()
    scene = Scene(people=people)
    all_down(scene, 20)
    for number in range(20):
        scene.news.becomes(f"p{number}", "up", NOON)
    for _ in range(3):
        await scene.after(STEP)
    for number in range(20):
        told = [kind for name, kind in people.told() if name == f"p{number}"]
        assert told == ["provider.down", "provider.up"]


async def test_a_message_of_many_that_is_refused_is_tried_again_for_each() -> None:
    people = Crowd(REFUSED)
    scene = Scene(people=people)
    expected = all_down(scene, 10)
    await scene.after()
    assert people.taken == []
    for _ in range(10):
        await scene.after(60)
    assert len(people.taken) == 10
    assert set(people.told()) == expected


def test_it_says_in_one_line_what_many_alerts_are_about() -> None:
    up = Alert(type="provider.up", provider_id="q", status="up", at=NOON)
    assert joint_title([alert(1), up, alert(2)]) == "3 providers: 2 down, 1 up"
    assert joint_text([alert(1), up]) == "p1 is down (timeout)\nq is up again"


def test_it_names_no_more_than_fits_into_a_message() -> None:
    lines = joint_text([alert(number) for number in range(MAX_LINES + 7)]).splitlines()
    assert len(lines) == MAX_LINES + 1
    assert lines[-1] == "and 7 more"
