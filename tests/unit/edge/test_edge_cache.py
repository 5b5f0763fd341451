import asyncio
import gzip
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openmodels.edge.cache import ENTRY_OVERHEAD, Entry, Key, ResponseCache
from openmodels.edge.encoding import MIN_SIZE
from openmodels.errors import StoreError

FOREVER = float("inf")


def entry(size: int = 100, *, expires: float = FOREVER, epoch: int | None = None, **fields: Any) -> Entry:
    return Entry(b"x" * size, fields.get("headers", []), modified=0, expires=expires, epoch=epoch)


def key(name: object) -> Key:
    return b"/api/models", str(name).encode()


def held(cache: ResponseCache) -> int:
    return sum(e.weight + len(path) + len(query) for (path, query), e in cache._entries.items())


def room_for(entries: int, size: int = 100) -> int:
    """A budget in which so many entries fit, and not one more."""
    return entries * (entry(size).weight + len(b"/api/models") + 4)


def test_it_keeps_what_is_put() -> None:
    cache, kept = ResponseCache(10**6), entry()
    cache.put(key(1), kept)
    assert cache.get(key(1), 0.0, 0) is kept
    assert cache.get(key(2), 0.0, 0) is None
    assert len(cache) == 1


def test_it_forgets_telemetry_when_something_is_recorded() -> None:
    cache = ResponseCache(10**6)
    cache.put(key("t"), entry(epoch=7))
    cache.put(key("r"), entry(epoch=None))
    assert cache.get(key("t"), 0.0, 7) is not None
    assert cache.get(key("t"), 0.0, 8) is None
    assert cache.get(key("t"), 0.0, 7) is None
    assert cache.get(key("r"), 0.0, 8) is not None


def test_it_forgets_telemetry_when_its_time_is_over() -> None:
    cache = ResponseCache(10**6)
    cache.put(key("t"), entry(epoch=7, expires=10.0))
    assert cache.get(key("t"), 9.999, 7) is not None
    assert cache.get(key("t"), 10.0, 7) is None
    assert len(cache) == held(cache) == cache._bytes == 0


def test_it_clears() -> None:
    cache = ResponseCache(10**6)
    cache.put(key(1), entry())
    cache.clear()
    assert cache.get(key(1), 0.0, 0) is None
    assert cache._bytes == len(cache) == 0


def test_it_does_not_keep_what_is_larger_than_an_eighth_of_the_budget() -> None:
    cache = ResponseCache(80_000)
    cache.put(key("small"), entry(100))
    cache.put(key("large"), entry(5000))
    assert cache.get(key("large"), 0.0, 0) is None
    assert cache.get(key("small"), 0.0, 0) is not None


def test_it_does_not_go_on_answering_with_the_old_where_the_new_is_too_large() -> None:
    cache = ResponseCache(80_000)
    cache.put(key(1), entry(100))
    cache.put(key(1), entry(5000))
    assert cache.get(key(1), 0.0, 0) is None
    assert cache._bytes == 0


def test_it_weighs_long_urls_and_long_headers() -> None:
    cache = ResponseCache(100_000)
    long = b"x" * 8000
    for number in range(100):
        cache.put((b"/", long + b"%d" % number), entry(1, headers=[(b"link", b"y" * 1000)]))
    assert 5 <= len(cache) <= 10
    cache.put((b"/", b"big"), entry(1, headers=[(b"link", b"y" * 32_000)]))
    assert cache.get((b"/", b"big"), 0.0, 0) is None


def test_it_keeps_what_is_asked_for_often_under_a_flood() -> None:
    cache = ResponseCache(room_for(50))
    hot = [key(f"h{n}") for n in range(5)]
    for one in hot:
        cache.put(one, entry())
    for number in range(1000):
        if number % 10 == 0:
            assert all(cache.get(one, 0.0, 0) for one in hot)
        cache.put(key(f"f{number % 1000:03}"), entry())
    assert all(cache.get(one, 0.0, 0) for one in hot)
    assert len(cache) >= 49


def test_it_drops_first_what_came_first_and_was_not_asked_for() -> None:
    cache = ResponseCache(room_for(9))
    for number in range(9):
        cache.put(key(f"{number:04}"), entry())
    cache.get(key("0000"), 0.0, 0)
    cache.put(key("0009"), entry())
    assert cache.get(key("0001"), 0.0, 0) is None
    assert cache.get(key("0000"), 0.0, 0) is not None


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "get", "clear"]),
        st.integers(0, 12),
        st.sampled_from([0, 1, 500, 2000, 9000]),
        st.integers(0, 2),
        st.floats(0, 20),
    ),
    max_size=80,
)


@settings(max_examples=200, deadline=None)
@given(OPERATIONS, st.sampled_from([0, 1, 20_000, 60_000, 10**6]))
def test_it_holds_its_budget_and_answers_only_what_is_true(operations: list[Any], budget: int) -> None:
    cache = ResponseCache(budget)
    newest: dict[Key, Entry] = {}
    now = 0.0
    for operation, number, size, epoch, pause in operations:
        now += pause
        if operation == "put":
            made = entry(size, expires=now + 30, epoch=epoch or None)
            newest[key(number)] = made
            cache.put(key(number), made)
        elif operation == "get":
            found = cache.get(key(number), now, epoch)
            assert found is None or found is newest[key(number)]
            assert found is None or (now < found.expires and found.epoch in {None, epoch})
        else:
            cache.clear()
        assert cache._bytes == held(cache) <= budget


def test_it_proves_that_it_keeps_something() -> None:
    cache = ResponseCache(2**20)
    asyncio.run(cache.ping())
    asyncio.run(cache.ping())
    assert len(cache) == 1
    with pytest.raises(StoreError):
        asyncio.run(ResponseCache(100).ping())


def test_it_makes_each_coding_once_with_an_etag_of_its_own() -> None:
    made = entry(5000, headers=[(b"content-type", b"application/json")])
    plain, packed = made.variant("identity"), made.variant("gzip")
    assert made.variant("gzip") is packed
    assert gzip.decompress(packed.body) == plain.body == b"x" * 5000
    assert plain.etag.startswith(b'"')
    assert len({made.variant(coding).etag for coding in ("identity", "gzip", "br", "zstd")}) == 4
    headers = dict(packed.headers)
    assert headers[b"content-encoding"] == b"gzip"
    assert headers[b"content-length"] == b"%d" % len(packed.body)
    assert (headers[b"vary"], headers[b"etag"]) == (b"Accept-Encoding", packed.etag)
    assert b"content-encoding" not in dict(plain.headers)


def test_it_says_in_a_304_what_a_200_would_say_of_the_same_answer() -> None:
    made = Entry(
        b"{}",
        [(b"content-type", b"application/json"), (b"link", b"l"), (b"cache-control", b"c")],
        modified=1_752_157_800,
        expires=FOREVER,
        epoch=None,
    )
    headers = dict(made.variant("gzip").headers_304)
    assert headers.keys() == {b"link", b"cache-control", b"last-modified", b"vary", b"etag"}
    assert headers[b"last-modified"] == b"Thu, 10 Jul 2025 14:30:00 GMT"


def test_it_tags_by_content() -> None:
    assert entry(5).variant("identity").etag == entry(5, epoch=3).variant("identity").etag
    assert entry(5).variant("identity").etag != entry(6).variant("identity").etag


def test_it_compresses_only_what_is_worth_it() -> None:
    assert not entry(MIN_SIZE).compressible
    assert entry(MIN_SIZE + 1).compressible
    assert entry(1000).weight >= 2000 + ENTRY_OVERHEAD
