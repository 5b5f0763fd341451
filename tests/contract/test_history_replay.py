"""What every ``HistoryStore`` promises of older revisions that are put before what it kept."""

import asyncio

import pytest

from contract.builders import AT, minutes, model, registry
from contract.kept import NEXT, SMALL, Kept, filled, replay_two
from openmodels.domain.records import revision_of
from openmodels.errors import PublishConflict
from openmodels.store.history_ports import ChangeQuery, Replay, Replayed
from openmodels.store.ports import Head

pytestmark = pytest.mark.anyio


async def test_a_replay_puts_older_revisions_before_the_beginning(kept: Kept) -> None:
    first = await kept.publish(registry(model("a"), model("b")), AT)
    await kept.publish(registry(model("b")), AT)
    added = await replay_two(kept)
    assert added == Replay(revisions=2, changes=3)
    beginning = await kept.history.beginning()
    assert beginning == Head(
        revision=revision_of(registry(model("b", context_window=1))), published_at=AT - minutes(20)
    )
    assert await kept.fields() == [
        ("a", None),
        ("b", "context_window"),
        ("a", None),
        ("b", "context_window"),
    ]
    found = await kept.history.changes(ChangeQuery(model_id="b"), limit=9)
    assert [(c.at, c.old, c.new) for _, c in found] == [(AT, 2, 8192), (AT - minutes(10), 1, 2)]
    assert found[0].change.revision == first.revision, "the step to what was the beginning"
    assert await kept.history.registry_at(AT - minutes(21)) is None
    at_ten = await kept.history.registry_at(AT - minutes(10))
    assert at_ten is not None
    assert at_ten[1] == registry(model("b", context_window=2))
    current = await kept.registry.load()
    assert current is not None
    assert current == await kept.history.registry_at(AT)


async def test_a_second_replay_adds_nothing(kept: Kept) -> None:
    await filled(kept)
    assert (await replay_two(kept)).revisions == 2
    before = await kept.history.changes(ChangeQuery(), limit=99)
    assert await replay_two(kept) == Replay(revisions=0, changes=0)
    assert await kept.history.changes(ChangeQuery(), limit=99) == before


async def test_of_replays_at_once_one_is_kept(kept: Kept) -> None:
    await filled(kept)
    done = await asyncio.gather(*(replay_two(kept) for _ in range(3)), return_exceptions=True)
    assert sum(each.revisions for each in done if isinstance(each, Replay)) == 2
    assert all(isinstance(each, Replay | PublishConflict) for each in done)
    assert await replay_two(kept) == Replay(revisions=0, changes=0)


async def test_a_replay_and_a_publish_at_once_are_both_kept(kept: Kept) -> None:
    await kept.publish(SMALL, AT)
    await asyncio.gather(replay_two(kept), kept.publish(NEXT, AT + minutes(1)))
    head = await kept.history.head_at(AT - minutes(10))
    assert head is not None
    assert head.published_at == AT - minutes(10)
    assert await kept.history.registry_at(AT) == (Head(revision=revision_of(SMALL), published_at=AT), SMALL)
    newest = await kept.history.registry_at(AT + minutes(1))
    assert newest is not None
    assert newest[1] == NEXT


async def test_a_replay_leaves_out_what_is_not_older_and_what_changes_nothing(kept: Kept) -> None:
    await kept.publish(SMALL, AT)
    added = await kept.history.replay(
        [
            Replayed(at=AT - minutes(3), registry=NEXT),
            Replayed(at=AT - minutes(2), registry=NEXT),
            # As it is in a log, later and with an earlier time.
            Replayed(at=AT - minutes(9), registry=SMALL),
            Replayed(at=AT, registry=NEXT),
            Replayed(at=AT + minutes(1), registry=NEXT),
        ]
    )
    assert added == Replay(revisions=2, changes=5)
    head = await kept.history.head_at(AT - minutes(3))
    assert head == Head(revision=revision_of(SMALL), published_at=AT - minutes(3))
    assert {numbered.place.at for numbered in await kept.history.changes(ChangeQuery(), limit=99)} == {
        AT - minutes(3)
    }


async def test_what_is_published_goes_on_after_a_replay(kept: Kept) -> None:
    await kept.publish(SMALL, AT)
    await replay_two(kept)
    await kept.publish(NEXT, AT + minutes(1))
    newest = await kept.history.changes(ChangeQuery(), limit=5)
    assert {numbered.change.at for numbered in newest} == {AT + minutes(1)}
    assert await kept.history.registry_at(AT) == (
        Head(revision=revision_of(SMALL), published_at=AT),
        SMALL,
    )
