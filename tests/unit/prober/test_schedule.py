"""When probes are due: evenly spread, never in a burst, never two of a kind."""

from collections import Counter
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from openmodels.prober.schedule import HASTE, SMALLEST_RATE, Job, Schedule, Turn, phase

START = 1_772_366_400.0  # 2026-03-01T12:00:00Z
intervals = st.integers(10, 86_400)
names = st.from_regex(r"[a-z0-9]{1,12}(-[a-z0-9]{1,8})?", fullmatch=True)
times = st.floats(0, 4e9, allow_nan=False)


def schedule_of(number: int, interval: int = 300, now: float = START) -> Schedule:
    schedule = Schedule()
    schedule.plan({Job(f"provider-{n}", "health"): interval for n in range(number)}, now)
    return schedule


def taken(schedule: Schedule, now: float, *, finish: bool = True) -> list[Turn]:
    turns = []
    while (turn := schedule.take(now)) is not None:
        turns.append(turn)
        if finish:
            schedule.finished(turn.job)
    return turns


def played(schedule: Schedule, moments: Iterable[float]) -> list[tuple[float, Turn]]:
    return [(now, turn) for now in moments for turn in taken(schedule, now)]


def moments(start: float, seconds: int, step: float = 0.25) -> list[float]:
    return [start + n * step for n in range(int(seconds / step) + 1)]


@given(names, st.sampled_from(["health", "latency"]), intervals)
@settings(deadline=None)
def test_a_phase_lies_in_the_interval_and_never_changes(name: str, kind: str, interval: int) -> None:
    job = Job(name, "health" if kind == "health" else "latency")
    assert 0 <= phase(job, interval) == phase(job, interval) < interval
    assert phase(job, interval, "eu") != phase(job, interval, "us")


def test_a_phase_is_the_same_on_every_machine() -> None:
    # Fixed for ever: with another hash, every prober's turns would move at the next release.
    assert round(phase(Job("groq", "health"), 300), 3) == 251.244
    assert round(phase(Job("groq", "latency"), 300), 3) == 86.23


@given(names, intervals, times)
@settings(deadline=None)
def test_the_first_turn_comes_within_one_interval(name: str, interval: int, now: float) -> None:
    schedule = Schedule()
    job = Job(name, "latency")
    schedule.plan({job: interval}, now)
    due = schedule.next_at(now)
    assert due is not None
    assert now < due <= now + interval + 1e-3
    turn = schedule.take(due)
    assert turn is not None
    assert turn.job == job
    assert abs(phase(job, interval) + turn.slot * interval - due) < 1e-3


@given(names, intervals, st.integers(1, 50))
@settings(deadline=None)
def test_turns_follow_each_other_by_one_interval_and_one_slot(name: str, interval: int, count: int) -> None:
    schedule = Schedule()
    schedule.plan({Job(name, "health"): interval}, START)
    turns = []
    for _ in range(count):
        now = schedule.next_at(START)
        assert now is not None
        turns += taken(schedule, now)
    assert [turn.slot - turns[0].slot for turn in turns] == list(range(count))
    assert all(abs(turn.at - turns[0].at - n * interval) < 1e-3 for n, turn in enumerate(turns))
    assert schedule.skipped == 0


def test_a_restart_changes_nobodys_turn() -> None:
    running = schedule_of(50)
    before = played(running, moments(START, 1000))
    restarted = schedule_of(50, now=START + 400.1)
    assert played(restarted, moments(START + 400.25, 599)) == [
        (now, turn) for now, turn in before if 400.25 <= now - START <= 999.25 and turn.at > START + 400.1
    ]


def test_ten_thousand_targets_never_start_together() -> None:
    schedule = schedule_of(10_000)
    starts = Counter(int(now) for now, _ in played(schedule, moments(START, 600, 0.5)))
    average = 10_000 / 300
    assert sum(starts.values()) >= 19_000
    assert max(starts.values()) < 2.2 * average
    # No silence either: each ten seconds have their share.
    tens = Counter((second - int(START)) // 10 for second in starts.elements())
    assert all(0.7 * average * 10 < tens[n] < 1.3 * average * 10 for n in range(60))


@given(
    number=st.integers(1, 400),
    interval=st.integers(10, 600),
    pauses=st.lists(st.floats(0.05, 2000, allow_nan=False), min_size=1, max_size=30),
)
@settings(deadline=None, max_examples=60)
def test_however_it_is_asked_it_keeps_its_promises(number: int, interval: int, pauses: list[float]) -> None:
    schedule = schedule_of(number, interval)
    now = START
    started: Counter[int] = Counter()
    seen: dict[Job, int] = {}
    for pause in pauses:
        now += pause
        for turn in taken(schedule, now):
            started[int(now)] += 1
            # In order, each slot once, never early, and never late by more than the interval.
            assert turn.slot > seen.get(turn.job, 0)
            assert 0 <= now - turn.at <= interval
            seen[turn.job] = turn.slot
    assert abs(schedule.rate - max(SMALLEST_RATE, HASTE * number / interval)) <= 1
    assert max(started.values(), default=0) <= schedule.rate


def test_a_long_sleep_ends_in_no_burst() -> None:
    schedule = schedule_of(10_000)
    awake = START + 8 * 3600
    later = played(schedule, moments(awake, 300, 0.5))
    starts = Counter(int(now) for now, _ in later)
    assert max(starts.values()) <= schedule.rate <= 101
    # What was missed is given up; every target has its next turn within the interval.
    assert len({turn.job for _, turn in later}) == 10_000
    assert schedule.skipped > 9_000


def test_a_short_pause_is_made_up_without_a_burst() -> None:
    schedule = schedule_of(10_000)
    later = played(schedule, moments(START + 120, 60, 0.5))
    starts = Counter(int(now) for now, _ in later)
    assert max(starts.values()) <= schedule.rate
    assert len(later) > 5_500  # those of the pause and those of the minute after it
    assert schedule.skipped == 0


def test_it_never_has_two_of_a_job_at_a_time() -> None:
    schedule = schedule_of(1, interval=10)
    first = taken(schedule, START + 10, finish=False)
    assert len(first) == 1
    assert taken(schedule, START + 20) == []
    assert taken(schedule, START + 30) == []
    assert schedule.skipped == 2
    schedule.finished(first[0].job)
    assert [turn.slot for turn in taken(schedule, START + 40)] == [first[0].slot + 3]


def test_the_two_kinds_of_a_provider_do_not_wait_for_each_other() -> None:
    schedule = Schedule()
    schedule.plan({Job("p", "health"): 10, Job("p", "latency"): 10}, START)
    assert {turn.job.kind for turn in taken(schedule, START + 10, finish=False)} == {"health", "latency"}


def test_a_new_plan_keeps_the_turns_of_who_is_in_it_already() -> None:
    schedule = schedule_of(100)
    known = {Job(f"provider-{n}", "health"): 300 for n in range(100)}
    due = schedule.next_at(START)
    # Planned anew, late, with one more, one with another interval, one gone.
    changed = known | {Job("new", "health"): 300, Job("provider-1", "health"): 600}
    del changed[Job("provider-2", "health")]
    schedule.plan(changed, START + 30)
    late = taken(schedule, START + 30)
    assert late
    assert late[0].at == due
    assert all(turn.at <= START + 30 for turn in late)
    turns = played(schedule, moments(START + 30, 300))
    jobs = Counter(turn.job for turn in late) + Counter(turn.job for _, turn in turns)
    assert jobs[Job("new", "health")] == 1
    assert jobs[Job("provider-2", "health")] == 0
    assert all(jobs[job] in {1, 2} for job in known if job.provider_id not in {"provider-1", "provider-2"})


def test_a_new_plan_does_not_start_a_running_job_again() -> None:
    schedule = schedule_of(1, interval=10)
    job = Job("provider-0", "health")
    assert taken(schedule, START + 10, finish=False)
    schedule.plan({}, START + 10)
    assert schedule.next_at(START + 10) is None
    schedule.plan({job: 20}, START + 10)
    assert taken(schedule, START + 30) == []
    assert schedule.skipped == 1


def test_it_goes_on_when_the_clock_was_set_back() -> None:
    schedule = schedule_of(10)
    earlier = START - 86_400
    schedule.rejoin(earlier)
    due = schedule.next_at(earlier)
    assert due is not None
    assert earlier < due <= earlier + 300
    assert len(played(schedule, moments(earlier, 300))) >= 10


def test_it_says_when_to_come_again_after_a_full_second() -> None:
    schedule = schedule_of(100, interval=100)
    now = START + 60.25
    assert len(taken(schedule, now)) == schedule.rate == SMALLEST_RATE
    assert schedule.next_at(now) == START + 61


def test_it_waits_for_nothing_when_there_is_nothing() -> None:
    schedule = Schedule()
    assert schedule.take(START) is None
    assert schedule.next_at(START) is None
    assert len(schedule) == 0
