from datetime import UTC, datetime, timedelta

from openmodels.clock import SettableClock, SystemClock

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_it_tells_the_time_in_utc_twice_the_same() -> None:
    clock = SystemClock()
    before = clock.unix()
    now = clock.now()
    assert now.utcoffset() == timedelta(0)
    assert before - 0.001 <= now.timestamp() <= clock.unix() + 0.001


def test_it_stands_still_until_it_is_told_to_move() -> None:
    clock = SettableClock(START)
    assert clock.now() == clock.now() == START
    assert clock.unix() == START.timestamp()
    clock.advance(seconds=90.5)
    assert clock.now() == START + timedelta(seconds=90.5)
    assert clock.unix() == START.timestamp() + 90.5


def test_it_can_be_set_back() -> None:
    clock = SettableClock(START)
    clock.advance(seconds=-3600)
    assert clock.now() == START - timedelta(hours=1)
