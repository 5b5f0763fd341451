"""When a provider counts as down, up or degraded, and what of it is kept."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.builders import AT, check, minutes
from openmodels.domain.standing import MAX_REASONS, Standing, Transition, advance, judge, status_at
from openmodels.domain.telemetry import CHECK_INTERVAL, Check, Incident, ProviderState

LETTERS = {"u": "up", "d": "down"}


def checks(letters: Iterable[str], **fields: Any) -> list[Check]:
    """Every five minutes from ``AT`` on, the oldest first: ``u`` for up and ``d`` for down."""
    return [check("p", AT + minutes(5 * n), LETTERS[letter], **fields) for n, letter in enumerate(letters)]


NEW = Standing()


def folded(given_checks: Sequence[Check], standing: Standing = NEW) -> tuple[Standing, list[Transition]]:
    transitions = []
    for one in given_checks:
        standing, transition = advance(standing, one)
        if transition is not None:
            transitions.append(transition)
    return standing, transitions


def changes(transitions: Sequence[Transition]) -> list[str]:
    return [f"{transition.before}>{transition.after}" for transition in transitions]


@pytest.mark.parametrize(
    ("letters", "shown", "kept"),
    [
        ("u", "up", "unknown"),
        ("d", "down", "unknown"),
        ("uu", "up", "up"),
        ("dd", "down", "unknown"),
        ("ddd", "down", "down"),
        ("uudd", "up", "up"),
        ("uuddd", "down", "down"),
        ("dddu", "down", "down"),
        ("ddduu", "up", "up"),
        ("uuddudd", "up", "up"),
        ("dddudu", "down", "down"),
        ("udu", "up", "unknown"),
        ("udud", "down", "unknown"),
    ],
)
def test_it_needs_three_failures_to_go_down_and_two_good_checks_to_come_up(
    letters: str, shown: str, kept: str
) -> None:
    standing, _ = folded(checks(letters))
    assert standing.status == kept
    now = AT + minutes(5 * len(letters))
    assert status_at(standing, now, CHECK_INTERVAL).status == shown


@given(st.text("ud", max_size=60))
def test_it_says_what_a_machine_would_that_remembers_every_check(letters: str) -> None:
    standing, transitions = folded(checks(letters))
    wanted, expected = "unknown", []
    for end in range(1, len(letters) + 1):
        if letters[:end].endswith("ddd") and wanted != "down":
            expected.append(f"{wanted}>down")
            wanted = "down"
        elif letters[:end].endswith("uu") and wanted in {"down", "unknown"}:
            if wanted == "down":
                expected.append("down>up")
            wanted = "up"
    assert standing.status == wanted
    assert changes(transitions) == expected


def test_it_opens_an_incident_at_the_first_failure_and_closes_it_at_the_first_good_check() -> None:
    seen = checks("uuddduu")
    _, (down, up) = folded(seen)
    reason = "down: 3 checks in a row failed (timeout)"
    assert down == Transition(
        provider_id="p",
        at=seen[4].checked_at,
        before="up",
        after="down",
        reason=reason,
        opens=Incident(provider_id="p", started_at=seen[2].checked_at, reason=reason),
    )
    assert (up.at, up.before, up.after) == (seen[6].checked_at, "down", "up")
    assert up.closes == Incident(provider_id="p", started_at=seen[2].checked_at, ended_at=seen[5].checked_at)
    assert (up.opens, down.closes) == (None, None)


def test_it_makes_no_news_of_a_new_provider_that_is_up() -> None:
    assert folded(checks("uuuu"))[1] == []
    assert changes(folded(checks("ddd"))[1]) == ["unknown>down"]


def test_it_names_what_the_failed_checks_saw() -> None:
    outcomes = ["timeout", "network", "timeout"]
    seen = [
        msgspec.structs.replace(one, outcome=outcome)
        for one, outcome in zip(checks("ddd"), outcomes, strict=True)
    ]
    assert folded(seen)[1][0].reason == "down: 3 checks in a row failed (timeout, network)"


def test_it_remembers_a_few_outcomes_of_a_run() -> None:
    seen = [check("p", AT + minutes(n), "down", outcome=f"outcome-{n}") for n in range(20)]
    standing, _ = folded(seen)
    assert standing.run_outcomes == tuple(f"outcome-{n}" for n in range(MAX_REASONS))
    assert standing.run == 20


def test_it_leaves_a_check_that_comes_late_out() -> None:
    standing, _ = folded(checks("uu"))
    late = check("p", AT - minutes(1), "down")
    assert folded([late] * 3, standing) == (standing, [])


DAY = timedelta(days=1)


def every(interval: timedelta, letters: str, start: datetime) -> list[Check]:
    """Checks at that interval, the first of them then."""
    return [check("p", start + n * interval, LETTERS[letter]) for n, letter in enumerate(letters)]


def test_failures_before_a_long_silence_are_no_part_of_a_run_after_it() -> None:
    standing, _ = folded(checks("uudd"))
    back = AT + 7 * DAY
    standing, transitions = folded(every(CHECK_INTERVAL, "dd", back), standing)
    assert (standing.status, standing.run, transitions) == ("up", 2, [])
    _, (down,) = folded([check("p", back + minutes(10), "down")], standing)
    assert down.opens is not None
    assert down.opens.started_at == back


def test_one_good_check_before_a_long_silence_and_one_after_it_are_not_two_in_a_row() -> None:
    standing, _ = folded(checks("dddu"))
    after, transitions = folded([check("p", AT + 7 * DAY, "up")], standing)
    assert (after.status, transitions) == ("down", [])


@given(
    st.timedeltas(min_value=timedelta(seconds=10), max_value=DAY),
    st.text("ud", max_size=30),
    st.integers(1, 3),
)
def test_a_steady_pace_is_no_silence_whatever_the_interval_and_however_many_regions_check(
    interval: timedelta, letters: str, regions: int
) -> None:
    seen = [one for one in every(interval, letters, AT) for _ in range(regions)]
    expected = folded(checks("".join(letter * regions for letter in letters)))[1]
    assert changes(folded(seen)[1]) == changes(expected)


@given(st.timedeltas(min_value=timedelta(seconds=10), max_value=DAY), st.integers(0, 20))
def test_a_turn_that_was_skipped_is_no_silence(interval: timedelta, before: int) -> None:
    seen = every(interval, "u" * (2 + before) + "ddud", AT)
    del seen[-2]
    assert folded(seen)[0].status == "down"


def test_one_silence_does_not_make_the_next_a_part_of_the_pace() -> None:
    seen = [*checks("uu"), *every(CHECK_INTERVAL, "dd", AT + DAY), check("p", AT + 2 * DAY, "down")]
    standing, transitions = folded(seen)
    assert (standing.run, transitions) == (1, [])


def test_it_learns_an_interval_that_was_made_longer() -> None:
    hourly = every(timedelta(hours=1), "dddd", AT + timedelta(hours=1))
    assert changes(folded([*checks("uuu"), *hourly])[1]) == ["up>down"]


def test_it_goes_on_when_the_clock_that_made_the_newest_check_ran_far_ahead() -> None:
    ahead, _ = folded(every(CHECK_INTERVAL, "uu", AT + 400 * DAY))
    standing, (down,) = folded(checks("ddd"), ahead)
    assert (down.after, standing.last_checked_at) == ("down", AT + minutes(10))


def test_it_degrades_a_provider_that_is_up_and_closes_that_when_it_is_better() -> None:
    standing, _ = folded(checks("uu"))
    at = AT + minutes(6)
    worse, transition = judge(standing, "p", "slow", at)
    assert worse.status == "degraded"
    assert transition is not None
    assert transition.opens == Incident(provider_id="p", started_at=at, reason="degraded: slow")
    assert judge(worse, "p", "slow", at + minutes(1)) == (worse, None)
    better, transition = judge(worse, "p", "", at + minutes(9))
    assert better.status == "up"
    assert transition is not None
    assert transition.closes == Incident(provider_id="p", started_at=at, ended_at=at + minutes(9))


@pytest.mark.parametrize("letters", ["", "u", "ddd"])
def test_it_degrades_nothing_that_is_not_up(letters: str) -> None:
    standing, _ = folded(checks(letters))
    assert judge(standing, "p", "slow", AT + minutes(60)) == (standing, None)


def test_it_closes_a_degradation_where_the_outage_began() -> None:
    standing, _ = folded(checks("uu"))
    standing, _ = judge(standing, "p", "slow", AT + minutes(6))
    _, (down,) = folded(checks("uuddd")[2:], standing)
    assert (down.before, down.after) == ("degraded", "down")
    first_failure = AT + minutes(10)
    assert down.closes == Incident(provider_id="p", started_at=AT + minutes(6), ended_at=first_failure)
    assert down.opens is not None
    assert down.opens.started_at == first_failure


def test_good_checks_do_not_end_a_degradation() -> None:
    standing, _ = folded(checks("uu"))
    standing, _ = judge(standing, "p", "slow", AT + minutes(6))
    after, transitions = folded(checks("uuuuuu")[2:], standing)
    assert (after.status, transitions) == ("degraded", [])


Steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from("ud"), st.integers(0, 3)),
        st.tuples(st.sampled_from(["", "slow"]), st.integers(0, 3)),
    ),
    max_size=60,
)


@given(Steps)
def test_no_two_incidents_of_a_provider_begin_together_and_one_at_most_is_open(
    steps: list[tuple[str, int]],
) -> None:
    # Steps of no time at all are among them: checks of several regions may bear the same time.
    standing, now = Standing(), AT
    begun: list[Incident] = []
    is_open: Incident | None = None
    for what, later in steps:
        now += timedelta(microseconds=later)
        if what in LETTERS:
            standing, transition = advance(standing, check("p", now, LETTERS[what]))
        else:
            standing, transition = judge(standing, "p", what, now)
        if transition is None:
            continue
        if is_open is not None:
            closed = transition.closes
            assert closed is not None
            assert closed.started_at == is_open.started_at
            assert closed.ended_at is not None
            assert closed.ended_at >= closed.started_at
        else:
            assert transition.closes is None
        is_open = transition.opens
        if is_open is not None:
            begun.append(is_open)
        assert standing.incident_started_at == (is_open.started_at if is_open else None)
    assert len({incident.started_at for incident in begun}) == len(begun)


@given(st.text("ud", max_size=40), st.integers(0, 40))
def test_it_does_not_matter_where_a_series_of_checks_is_cut(letters: str, cut: int) -> None:
    whole = folded(checks(letters))
    standing, first = folded(checks(letters)[:cut])
    # What is kept goes through JSON.
    standing = msgspec.json.decode(msgspec.json.encode(standing), type=Standing)
    standing, second = folded(checks(letters)[cut:], standing)
    assert (standing, [*first, *second]) == whole


@given(st.text("ud", max_size=40))
def test_its_transitions_follow_one_another(letters: str) -> None:
    _, transitions = folded(checks(letters))
    assert all(before.after == after.before for before, after in pairwise(transitions))
    assert all(transition.before != transition.after for transition in transitions)


def test_it_does_not_know_after_three_intervals_of_silence() -> None:
    standing, _ = folded(checks("uu"))
    newest = AT + minutes(5)
    edge = newest + 3 * CHECK_INTERVAL
    assert status_at(standing, edge, CHECK_INTERVAL) == ProviderState(status="up", last_checked_at=newest)
    late = status_at(standing, edge + timedelta(microseconds=1), CHECK_INTERVAL)
    assert late == ProviderState(status="unknown", last_checked_at=newest)
    assert status_at(Standing(), AT, CHECK_INTERVAL) == ProviderState()


def test_it_takes_a_check_from_a_clock_that_runs_ahead() -> None:
    standing, _ = folded(checks("u"))
    assert status_at(standing, AT - minutes(60), CHECK_INTERVAL).status == "up"
