"""The rate limit of several processes, over counts in memory."""

import asyncio
from collections.abc import Collection, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from fixtures.service import NOW
from openmodels.clock import SettableClock
from openmodels.edge.limits import WINDOW_SECONDS, Bucket, MemoryLimiter
from openmodels.edge.shared_limits import MOST_TOGETHER, SharedLimiter
from openmodels.store.tally import Added, MemoryTally

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Noted(MemoryTally):
    """Counts in memory that notes what it is asked."""

    def __init__(self, clock: SettableClock) -> None:
        super().__init__(clock, seconds=WINDOW_SECONDS)
        self.added: list[dict[str, int]] = []
        self.timed: list[str] = []
        self.asked: list[list[str]] = []

    async def add(self, amounts: Mapping[str, int], timed: Collection[str] = ()) -> Added:
        self.added.append(dict(amounts))
        self.timed.extend(timed)
        return await super().add(amounts, timed)

    async def ends_in(self, names: Collection[str]) -> Mapping[str, float]:
        self.asked.append(list(names))
        return await super().ends_in(names)


class Group:
    """Limiters over one tally."""

    def __init__(self, count: int = 2, limit: int = 3) -> None:
        self.clock = SettableClock(NOW)
        self.tally = Noted(self.clock)
        self.limiters = [SharedLimiter(self.tally, limit, self.clock) for _ in range(count)]

    async def take(self, place: int, client: str = "a") -> Bucket:
        taken = self.limiters[place].take(client, self.clock.unix())
        return taken if isinstance(taken, Bucket) else await taken

    async def left(self, place: int, client: str = "a") -> int:
        return max(-1, (await self.take(place, client)).left)

    def at_once(self, place: int, client: str = "a") -> int:
        """The same, by a limiter that must not ask."""
        taken = self.limiters[place].take(client, self.clock.unix())
        assert isinstance(taken, Bucket)
        return max(-1, taken.left)


async def test_it_counts_together() -> None:
    group = Group()
    assert [await group.left(place) for place in (0, 1, 0, 1, 0)] == [2, 1, 0, -1, -1]


async def test_it_counts_clients_apart() -> None:
    group = Group(limit=1)
    assert [await group.left(0, client) for client in "aba"] == [0, 0, -1]


async def test_it_asks_once_for_all_who_wait() -> None:
    group = Group(limit=5)
    taken = await asyncio.gather(*(group.left(0, client) for client in "aabacabaaa"))
    assert group.tally.added == [{"a": 7, "b": 2, "c": 1}]
    assert taken == [4, 3, 4, 2, 4, 1, 3, 0, -1, -1]


async def test_it_asks_in_parts_for_very_many() -> None:
    group = Group()
    clients = [f"c{n}" for n in range(MOST_TOGETHER * 2 + 1)]
    assert set(await asyncio.gather(*(group.left(0, client) for client in clients))) == {2}
    assert [len(amounts) for amounts in group.tally.added] == [MOST_TOGETHER, MOST_TOGETHER, 1]


async def test_it_asks_for_the_end_of_a_window_once_when_another_began_it() -> None:
    group = Group(limit=9)
    await group.take(0)
    group.clock.advance(seconds=20)
    ends = {(await group.take(1)).resets_at for _ in range(5)} | {(await group.take(0)).resets_at}
    assert ends == {NOW.timestamp() + 60}
    # With the count itself: each would wait for two questions else.
    assert (group.tally.timed, group.tally.asked) == (["a", "a"], [])


async def test_it_refuses_without_asking_who_has_nothing_left() -> None:
    group = Group(limit=2)
    assert [await group.left(0) for _ in range(2)] == [1, 0]
    group.clock.advance(seconds=59)
    assert [group.at_once(0) for _ in range(100)] == [-1] * 100
    assert len(group.tally.added) == 2
    assert group.limiters[0].shared == 102
    group.clock.advance(seconds=1)
    assert await group.left(0) == 1


async def test_it_begins_anew_when_the_counts_are_forgotten() -> None:
    group = Group(limit=5)
    assert [await group.left(place) for place in (0, 1, 0)] == [4, 3, 2]
    group.clock.advance(seconds=30)
    group.tally._counts.clear()
    first, second = await group.take(1), await group.take(0)
    assert [first.left, second.left] == [4, 3]
    assert first.resets_at == second.resets_at == NOW.timestamp() + 90


async def test_it_goes_on_alone_from_the_last_count_that_it_knows() -> None:
    group = Group(limit=5)
    assert [await group.left(place) for place in (0, 0, 1)] == [4, 3, 2]
    group.tally.up = False
    # Each by itself, and at once.
    assert [group.at_once(0) for _ in range(4)] == [2, 1, 0, -1]
    assert [group.at_once(1) for _ in range(3)] == [1, 0, -1]
    assert group.at_once(1, "b") == 4
    assert group.limiters[1].local == 4


async def test_it_counts_together_again_when_the_counts_are_back() -> None:
    group = Group(limit=5)
    assert [await group.left(place) for place in (0, 1)] == [4, 3]
    group.tally.up = False
    assert [group.at_once(place) for place in (0, 1)] == [3, 2]
    group.tally.up = True
    assert [await group.left(place) for place in (0, 1, 0)] == [2, 1, 0]
    assert {(await group.take(place)).resets_at for place in (0, 1)} == {NOW.timestamp() + 60}


async def test_it_counts_alone_those_who_wait_when_the_counts_go_away() -> None:
    group = Group(limit=5)
    waiting = [asyncio.ensure_future(group.take(0)) for _ in range(3)]
    await asyncio.sleep(0)
    group.tally.up = False
    assert [bucket.left for bucket in await asyncio.gather(*waiting)] == [4, 3, 2]
    assert group.limiters[0].local == 3


async def test_it_leaves_nobody_waiting_when_something_fails_that_nobody_foresaw() -> None:
    class Broken(Noted):
        async def add(self, amounts: Mapping[str, int], timed: Collection[str] = ()) -> Added:
            raise KeyError(*amounts, *timed)

    group = Group()
    limiter = SharedLimiter(Broken(group.clock), 3, group.clock)
    with capture_logs() as logs:
        taken = limiter.take("a", group.clock.unix())
        assert not isinstance(taken, Bucket)
        assert (await taken).left == 2
    assert logs[0]["log_level"] == "error"


async def test_nobody_waits_for_the_question_before_and_then_for_its_own() -> None:
    class Slow(Noted):
        async def add(self, amounts: Mapping[str, int], timed: Collection[str] = ()) -> Added:
            added = await super().add(amounts, timed)
            await answering.wait()
            return added

    answering = asyncio.Event()
    group = Group()
    tally = Slow(group.clock)
    limiter = SharedLimiter(tally, 9, group.clock)
    taken = []
    for client in "aab":
        taken.append(limiter.take(client, group.clock.unix()))
        await asyncio.sleep(0)
    # The answer to the first does not come before all have been counted.
    async with asyncio.timeout(30):
        buckets = [one if isinstance(one, Bucket) else await one for one in taken]
    assert [bucket.left for bucket in buckets] == [8, 7, 8]
    assert (limiter.local, limiter.shared, tally.added) == (3, 0, [{"a": 1}])
    answering.set()
    later = limiter.take("c", group.clock.unix())
    assert not isinstance(later, Bucket)
    assert (await later).left == 8
    # Who was counted alone while waiting is not counted once more.
    assert tally.added == [{"a": 1}, {"c": 1}]


async def test_it_counts_for_the_others_when_one_hangs_up() -> None:
    group = Group(limit=5)
    waiting = [asyncio.ensure_future(group.take(0)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert [bucket.left for bucket in found if isinstance(bucket, Bucket)] == [4, 2]


async def test_it_peeks_at_what_it_knows_without_counting_or_asking() -> None:
    group = Group(limit=3)
    await group.take(0)
    now = group.clock.unix()
    assert [group.limiters[0].peek("a", now).left for _ in range(3)] == [2, 2, 2]
    assert group.limiters[1].peek("a", now).left == 3
    assert len(group.tally.added) == 1


async def test_it_never_tells_anybody_to_wait_for_less_than_a_second_or_more_than_a_window() -> None:
    group = Group(limit=1)
    began = group.clock.unix()
    taking = asyncio.ensure_future(group.take(0))
    taken = await taking
    assert Bucket(-1, taken.began_at + 0.25).resets_in(began) == 60
    assert taken.resets_in(began + 61) == 1


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(0, 2), st.sampled_from("ab"), st.integers(1, 4)),
        st.tuples(st.just("wait"), st.sampled_from([0.5, 20, 59.9, 60, 61])),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_it_counts_as_one_process_would(steps: list[tuple[object, ...]]) -> None:
    """Whichever of three processes are asked, in whatever order, and how many at a time."""

    async def run() -> None:
        group, model = Group(count=3, limit=5), MemoryLimiter(5)
        for step in steps:
            if step[0] == "wait":
                assert isinstance(step[1], float | int)
                group.clock.advance(seconds=step[1])
                continue
            _, place, client, number = step
            assert isinstance(place, int)
            assert isinstance(client, str)
            assert isinstance(number, int)
            now = group.clock.unix()
            found = await asyncio.gather(*(group.take((place + n) % 3, client) for n in range(number)))
            lefts = [max(-1, model.take(client, now).left) for _ in range(number)]
            assert sorted((max(-1, bucket.left) for bucket in found), reverse=True) == lefts
            resets_at = model.peek(client, now).resets_at
            assert all(abs(bucket.resets_at - resets_at) < 1e-6 for bucket in found)

    asyncio.run(run())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.sampled_from(["take", "away", "back", "lost"])), max_size=60))
def test_it_never_lets_more_through_than_the_limit_for_each_process(steps: list[tuple[int, str]]) -> None:
    """Whatever happens to the counts: together never more than each alone would, and never fewer than one."""

    async def run() -> None:
        group, passed, lost = Group(limit=5), [0, 0], 0
        for place, step in steps:
            if step == "take":
                passed[place] += (await group.take(place)).left >= 0
            elif step == "lost":
                group.tally._counts.clear()
                lost += 1
            else:
                group.tally.up = step == "back"
        assert all(count <= 5 * (1 + lost) for count in passed)
        assert sum(passed) >= min(5, sum(step == "take" for _, step in steps))

    asyncio.run(run())
