"""What every tally promises."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from fixtures.real_servers import ValkeyServer
from fixtures.redis_links import linked
from fixtures.service import NOW
from openmodels.clock import SettableClock
from openmodels.store.redis_tally import RedisTally
from openmodels.store.tally import MemoryTally, Tally

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["memory", "valkey"])
async def tally(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncIterator[Tally]:
    if request.param == "memory":
        yield MemoryTally(SettableClock(NOW), seconds=60)
        return
    server: ValkeyServer = request.getfixturevalue("valkey")
    async with linked(server.url) as one:
        yield RedisTally(one.link, limit=100, seconds=60)


async def test_it_is_up(tally: Tally) -> None:
    assert tally.up


async def test_it_adds_to_each_count(tally: Tally) -> None:
    assert (await tally.add({"a": 1, "b": 5})).counts == {"a": 1, "b": 5}
    assert (await tally.add({"b": 2, "c": 1})).counts == {"b": 7, "c": 1}
    assert (await tally.add({"a": 1})).counts == {"a": 2}


async def test_it_begins_a_window_with_the_first_count_and_no_other(tally: Tally) -> None:
    await tally.add({"a": 1})
    first = (await tally.ends_in(["a"]))["a"]
    await tally.add({"a": 1})
    then = (await tally.ends_in(["a"]))["a"]
    assert 0 < then <= first <= 60


async def test_it_tells_when_windows_end_with_the_counts(tally: Tally) -> None:
    await tally.add({"a": 1})
    added = await tally.add({"a": 1, "b": 1, "c": 1}, ["b", "a"])
    assert added.counts == {"a": 2, "b": 1, "c": 1}
    assert list(added.ends_in) == ["b", "a"]
    assert 0 < added.ends_in["a"] <= added.ends_in["b"] <= 60


async def test_it_says_0_of_a_window_that_is_over(tally: Tally) -> None:
    await tally.add({"a": 1})
    assert (await tally.ends_in(["never", "a"]))["never"] == 0


async def test_it_loses_none_of_many_at_a_time(tally: Tally) -> None:
    added = await asyncio.gather(*(tally.add({"a": 1, f"b{n}": n + 1}) for n in range(50)))
    counts = [one.counts for one in added]
    assert sorted(count["a"] for count in counts) == list(range(1, 51))
    assert [count[f"b{n}"] for n, count in enumerate(counts)] == list(range(1, 51))


async def test_it_takes_names_of_any_kind(tally: Tally) -> None:
    names = ["2001:db8:1:2::/64", "a b", "", "ü", "*"]
    assert (await tally.add(dict.fromkeys(names, 1))).counts == dict.fromkeys(names, 1)
