"""When the SDK asks again, and what it remembers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels_client import (
    ApiError,
    ConnectionFailed,
    InvalidResponse,
    NotFound,
    OpenModelsError,
    RateLimited,
    Retry,
    ServerError,
    TimedOut,
)
from openmodels_client.answers import Response
from openmodels_client.calls import Call
from openmodels_client.remembering import Memory

AWAY = ConnectionFailed("away")
SHARES = st.floats(0, 1, exclude_max=True)
SECONDS = st.floats(0, 1e6)


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (ServerError("", status=500), False),
        (ServerError("", status=501), False),
        (ServerError("", status=502), True),
        (ServerError("", status=503), True),
        (ServerError("", status=504), True),
        (RateLimited("", status=429), True),
        (AWAY, True),
        (ConnectionFailed("", permanent=True), False),
        (TimedOut(""), False),
        (InvalidResponse(""), False),
        (NotFound("", status=404), False),
        (ApiError("", status=405), False),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_it_asks_again_only_where_that_may_help(error: OpenModelsError, again: bool) -> None:
    assert (Retry().wait(error, 0) is not None) == again


@given(st.integers(0, 10_000), st.integers(0, 10_000), SECONDS, SECONDS, SHARES)
def test_it_waits_at_random_and_longer_each_time(
    times: int, done: int, first: float, longest: float, share: float
) -> None:
    retry = Retry(times=times, first_wait=first, longest_wait=longest)
    wait = retry.wait(AWAY, done, jitter=lambda: share)
    assert (wait is None) == (done >= times)
    if wait is not None:
        assert 0 <= wait <= min(longest, first * 2.0 ** min(done, 60))
        assert wait == share * min(longest, first * 2.0 ** min(done, 30))


@given(st.floats(0, 1e9), SECONDS, SECONDS, SHARES)
def test_it_waits_at_least_as_long_as_it_is_told_or_gives_up(
    told: float, first: float, longest: float, share: float
) -> None:
    retry = Retry(first_wait=first, longest_wait=longest)
    for error in (
        RateLimited("", status=429, retry_after=told),
        ServerError("", status=503, retry_after=told),
    ):
        wait = retry.wait(error, 0, jitter=lambda: share)
        assert (wait is None) == (told > longest)
        assert wait is None or told <= wait <= told + first


@given(st.integers(0, 10_000), st.floats(0.5, 60), SHARES, st.none() | st.floats(0, 100))
def test_it_waits_as_long_as_a_stream_says_before_it_comes_back(
    done: int, seconds: float, share: float, told: float | None
) -> None:
    error = None if told is None else ServerError("", status=503, retry_after=told)
    wait = Retry().wait_again(error, done, seconds=seconds, jitter=lambda: share)
    if told is not None and told > 60:
        assert wait is None
    else:
        assert wait is not None
        assert max(seconds, told or 0) <= wait <= 60 + 30


@pytest.mark.parametrize("error", [None, AWAY, TimedOut(""), ServerError("", status=502)])
def test_it_comes_back_to_a_stream_however_often(error: OpenModelsError | None) -> None:
    assert Retry(times=0).wait_again(error, 10_000, seconds=3) is not None


@pytest.mark.parametrize(
    "error", [NotFound("", status=404), InvalidResponse(""), ServerError("", status=500)]
)
def test_it_does_not_come_back_to_a_stream_that_is_refused(error: OpenModelsError) -> None:
    assert Retry().wait_again(error, 0, seconds=3) is None


@pytest.mark.parametrize("wrong", [{"times": -1}, {"first_wait": -0.1}, {"longest_wait": float("nan")}])
def test_it_refuses_numbers_below_zero(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        Retry(**wrong)


# --- Memory -------------------------------------------------------------------------------------------------


def asked(name: str) -> Call[str]:
    return Call(path=f"/api/{name}", answer=str)


def tagged(etag: str = '"1"', size: int = 10, status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers={"etag": etag} | named, body=b"x" * size, url="")


def kept(memory: Memory, name: str) -> str | None:
    found = memory.get(asked(name))
    return found.answer if found else None


@pytest.mark.parametrize("etag", ['"1"', 'W/"1"', '""', '"5f2b8c-gzip"'])
def test_it_keeps_an_answer_with_its_tag(etag: str) -> None:
    memory = Memory(2)
    memory.keep(asked("a"), tagged(etag), "A")
    found = memory.get(asked("a"))
    assert found is not None
    assert (found.etag, found.answer) == (etag, "A")


@pytest.mark.parametrize(
    "response",
    [
        tagged(""),
        tagged("bare"),
        tagged('"a"b"'),
        tagged('"a\r\nx: y"'),
        tagged('"ü"'),
        tagged('"' + "x" * 300 + '"'),
        tagged(cache_control="no-store"),
        tagged(cache_control="private, No-Store"),
        tagged(status=503),
        tagged(size=101),
    ],
)
def test_it_forgets_what_it_may_not_or_cannot_keep(response: Response) -> None:
    memory = Memory(2, most_bytes=100)
    memory.keep(asked("a"), tagged(), "old")
    memory.keep(asked("a"), response, "new")
    assert kept(memory, "a") is None


def test_it_forgets_what_was_not_asked_for_longest() -> None:
    memory = Memory(2)
    for name in "ab":
        memory.keep(asked(name), tagged(), name.upper())
    assert kept(memory, "a") == "A"
    memory.keep(asked("c"), tagged(), "C")
    assert [kept(memory, name) for name in "abc"] == ["A", None, "C"]


def test_it_keeps_no_more_bytes_than_it_may() -> None:
    memory = Memory(100, most_bytes=25)
    for name in "abc":
        memory.keep(asked(name), tagged(), name)
    assert [kept(memory, name) for name in "abc"] == [None, "b", "c"]
    memory.keep(asked("b"), tagged(size=5), "b again")
    memory.keep(asked("d"), tagged(), "d")
    assert [kept(memory, name) for name in "bcd"] == ["b again", "c", "d"]


def test_it_keeps_nothing_when_it_is_told_so() -> None:
    memory = Memory(0)
    memory.keep(asked("a"), tagged(), "A")
    assert kept(memory, "a") is None


def test_it_tells_answers_of_different_types_apart() -> None:
    memory = Memory(2)
    memory.keep(asked("a"), tagged(), "A")
    assert memory.get(Call(path="/api/a", answer=dict)) is None
