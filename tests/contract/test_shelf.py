"""What every shelf promises."""

from collections.abc import AsyncIterator

import pytest

from fixtures.real_servers import ValkeyServer
from fixtures.redis_links import linked
from fixtures.service import NOW
from openmodels.clock import SettableClock
from openmodels.store.redis_shelf import RedisShelf
from openmodels.store.shelf import MemoryShelf, Shelf

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["memory", "valkey"])
async def shelf(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncIterator[Shelf]:
    if request.param == "memory":
        yield MemoryShelf(SettableClock(NOW))
        return
    server: ValkeyServer = request.getfixturevalue("valkey")
    async with linked(server.url) as one:
        yield RedisShelf(one.link)


async def test_it_has_nothing_at_first(shelf: Shelf) -> None:
    assert shelf.up
    assert await shelf.get("a") is None


@pytest.mark.parametrize("value", [b"", b"text", bytes(range(256)), b"x" * 1_000_000])
async def test_it_gives_back_what_was_left(shelf: Shelf, value: bytes) -> None:
    await shelf.put("a", value, seconds=10)
    found = await shelf.get("a")
    assert found is not None
    assert found.value == value
    assert 0 < found.seconds <= 10
    assert await shelf.get("b") is None


async def test_it_keeps_what_was_left_last(shelf: Shelf) -> None:
    await shelf.put("a", b"old", seconds=10)
    await shelf.put("a", b"new", seconds=5)
    found = await shelf.get("a")
    assert found is not None
    assert found.value == b"new"
    assert found.seconds <= 5


async def test_memory_lets_go_of_what_is_over() -> None:
    clock = SettableClock(NOW)
    shelf = MemoryShelf(clock)
    await shelf.put("a", b"value", seconds=10)
    clock.advance(seconds=9)
    assert await shelf.get("a") == (b"value", 1)
    clock.advance(seconds=1)
    assert await shelf.get("a") is None
    await shelf.put("b", b"value", seconds=10)
    assert list(shelf._values) == ["b"]
