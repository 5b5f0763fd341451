import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openmodels.edge.limits import WINDOW_SECONDS, Bucket, MemoryLimiter, counted_as

NOW = 1_750_000_000.25


def test_it_allows_exactly_the_limit_in_a_window() -> None:
    limiter = MemoryLimiter(3)
    assert [limiter.take("a", NOW + n).left for n in range(5)] == [2, 1, 0, -1, -2]


def test_it_starts_anew_when_the_window_from_the_first_request_has_passed() -> None:
    limiter = MemoryLimiter(2)
    for second in (0, 59, 59.9):
        limiter.take("a", NOW + second)
    assert limiter.take("a", NOW + 59.99).left == -2
    assert limiter.take("a", NOW + WINDOW_SECONDS).left == 1


def test_it_ends_a_window_when_the_clock_is_set_back() -> None:
    limiter = MemoryLimiter(1)
    limiter.take("a", NOW)
    assert limiter.take("a", NOW + 1).left == -1
    hour_ago = limiter.take("a", NOW - 3600)
    assert hour_ago.left == 0
    assert hour_ago.resets_in(NOW - 3600) == 60


def test_it_counts_clients_apart() -> None:
    limiter = MemoryLimiter(1)
    assert limiter.take("a", NOW).left == 0
    assert limiter.take("b", NOW).left == 0
    assert limiter.take("a", NOW).left == -1


def test_it_says_when_the_window_ends_in_whole_seconds_rounded_up() -> None:
    bucket = MemoryLimiter(1).take("a", NOW)
    assert bucket.reset_header == (b"x-ratelimit-reset", b"%d" % math.ceil(NOW + WINDOW_SECONDS))
    assert bucket.resets_in(NOW) == 60
    assert bucket.resets_in(NOW + 58.5) == 2
    assert bucket.resets_in(NOW + 59.999) == 1
    assert Bucket(0, NOW).resets_in(NOW + 99) == 1


def test_it_peeks_without_counting() -> None:
    limiter = MemoryLimiter(5)
    assert limiter.peek("a", NOW).left == 5
    limiter.take("a", NOW)
    for _ in range(10):
        assert limiter.peek("a", NOW + 1).left == 4
    assert limiter.peek("a", NOW + WINDOW_SECONDS).left == 5
    assert limiter.take("a", NOW + 2).left == 3


def test_it_peeks_at_a_bucket_of_the_generation_before() -> None:
    limiter = MemoryLimiter(5)
    limiter.take("first", NOW)
    limiter.take("a", NOW + 50)
    limiter.take("other", NOW + 61)  # a turn: "a" grows old, its window is not over
    assert limiter.peek("a", NOW + 62).left == 4
    assert limiter.take("a", NOW + 62).left == 3


def test_it_forgets_clients_of_past_windows() -> None:
    limiter = MemoryLimiter(100)
    for window in range(20):
        for client in range(500):
            limiter.take(f"{window}-{client}", NOW + 60 * window + client / 10)
        assert len(limiter._young) + len(limiter._old) <= 1500
    for turn in (1, 2, 3):
        limiter.take("last", NOW + 60 * (20 + turn))
    assert set(limiter._young) | set(limiter._old) == {"last"}


class NaiveLimiter:
    """One window per client, never forgotten."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.windows: dict[str, tuple[float, int]] = {}

    def take(self, client: str, now: float) -> int:
        start, count = self.windows.get(client, (-math.inf, 0))
        if now >= start + WINDOW_SECONDS:
            start, count = now, 0
        self.windows[client] = (start, count + 1)
        return self.limit - count - 1


STEPS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from([0, 0.5, 1, 7, 29.5, 59, 60, 61, 200]), st.booleans()),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(STEPS, st.integers(1, 5))
def test_it_counts_as_a_naive_limiter_does(steps: list[tuple[str, float, bool]], limit: int) -> None:
    limiter, naive, now = MemoryLimiter(limit), NaiveLimiter(limit), NOW
    for client, pause, peeks in steps:
        now += pause
        if peeks:
            start, count = naive.windows.get(client, (-math.inf, 0))
            left = limit if now >= start + WINDOW_SECONDS else limit - count
            assert limiter.peek(client, now).left == max(0, left)
        else:
            bucket = limiter.take(client, now)
            assert bucket.left == naive.take(client, now)
            assert bucket.resets_at == naive.windows[client][0] + WINDOW_SECONDS


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::FFFF:cb00:7107", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("unix:", "unix:"),
        ("not an address", "not an address"),
        ("1.2.3.4.5", "1.2.3.4.5"),
    ],
)
def test_it_counts_by_address_and_by_64(address: str, name: str) -> None:
    assert counted_as(address) == name


@given(st.ip_addresses(v=6))
def test_it_counts_a_whole_64_as_one_client(address: object) -> None:
    head = ":".join(str(address.exploded).split(":")[:4])  # type: ignore[attr-defined]
    if head != "0000:0000:0000:0000":  # where the mapped addresses are, which are IPv4 clients
        assert counted_as(str(address)) == counted_as(head + "::1")


@given(st.text(max_size=60))
def test_it_takes_any_text_for_a_client(text: str) -> None:
    assert isinstance(counted_as(text), str)
