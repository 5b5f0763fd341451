"""What each thing that happens makes of a dashboard's state."""

from datetime import timedelta

from fixtures import told
from fixtures.service import NOW
from openmodels.cli.watching.state import (
    KEPT_CHECKS,
    State,
    Watched,
    connected,
    disconnected,
    happened,
    refreshed,
    unread,
    watching,
)
from openmodels_client import Event
from openmodels_client.types import Gap

NAMED = watching([told.provider("cirrus"), told.provider("nimbus", status="down")], everyone=False)


def after(*events: Event, state: State = NAMED) -> State:
    for event in events:
        state = happened(state, event, NOW)
    return state


def cirrus(state: State) -> Watched:
    found = state.provider("cirrus")
    assert found is not None
    return found


def test_it_begins_with_what_the_list_of_providers_says() -> None:
    assert [(one.id, one.status, one.uptime, one.last_check) for one in NAMED.providers] == [
        ("cirrus", "up", None, None),
        ("nimbus", "down", None, None),
    ]
    assert NAMED.link == "connecting"


def test_it_takes_in_checks_and_counts_them() -> None:
    state = after(told.recorded_check("cirrus", 2), told.recorded_check("cirrus", 1, None))
    known = cirrus(state)
    assert known.uptime == 50
    assert known.last_check is not None
    assert known.last_check.outcome == "timeout"
    assert (state.events, state.last_event_at) == (2, NOW)


def test_it_counts_no_check_twice() -> None:
    once = after(told.recorded_check("cirrus", 2))
    assert cirrus(after(told.recorded_check("cirrus", 2), state=once)).total == 1
    elsewhere = after(told.recorded_check("cirrus", 2, region="eu-west-1"), state=once)
    assert cirrus(elsewhere).total == 2


def test_it_puts_a_check_that_comes_late_where_it_belongs() -> None:
    state = after(told.recorded_check("cirrus", 1, 50), told.recorded_check("cirrus", 3, 70))
    assert [check.response_time_ms for check in cirrus(state).checks] == [70, 50]


def test_it_keeps_no_more_checks_than_are_drawn() -> None:
    state = after(*(told.recorded_check("cirrus", 1000 - number) for number in range(KEPT_CHECKS + 5)))
    assert len(cirrus(state).checks) == KEPT_CHECKS
    assert cirrus(state).total == KEPT_CHECKS + 5


def test_it_shows_the_newest_measurement_that_had_a_first_token() -> None:
    state = after(
        told.recorded_measurement("cirrus", 5, 300),
        told.recorded_measurement("cirrus", 9, 900),
        told.recorded_measurement("cirrus", 1, None),
    )
    assert cirrus(state).ttft_ms == 300


def test_it_takes_in_others_only_where_nobody_was_named() -> None:
    assert after(told.recorded_check("stratus", 1)).provider("stratus") is None
    everyone = after(told.recorded_check("stratus", 1), state=watching([], everyone=True))
    found = everyone.provider("stratus")
    assert found is not None
    assert (found.name, found.known, found.total) == ("stratus", False, 1)


def test_it_takes_what_the_server_says_of_a_provider() -> None:
    incidents = (told.incident(500), told.incident(90))
    read = told.health(
        "cirrus",
        told.check(1, 80),
        told.check(2, None),
        status="degraded",
        uptime_percentage=97.5,
        checks_total=200,
        incidents=incidents,
    )
    state = refreshed(NAMED, read, told.latency("cirrus", told.measurement(4, 250)), "cirrus")
    known = cirrus(state)
    assert (known.status, known.uptime, known.total, known.known) == ("degraded", 97.5, 200, True)
    assert [check.response_time_ms for check in known.checks] == [None, 80]
    assert (known.ttft_ms, known.tokens_per_second) == (250, 80)
    assert known.incident == incidents[1]


def test_it_keeps_what_came_after_an_answer_that_was_kept_ready() -> None:
    heard = after(told.recorded_check("cirrus", 3), told.recorded_check("cirrus", 1, None))
    read = told.health("cirrus", told.check(3), told.check(8), uptime_percentage=100.0, checks_total=9)
    known = cirrus(refreshed(heard, read, None, "cirrus"))
    assert (known.up, known.total) == (9, 10)
    assert [check.status for check in known.checks] == ["up", "up", "down"]
    again = cirrus(after(told.recorded_check("cirrus", 3), state=refreshed(heard, read, None, "cirrus")))
    assert again.total == 10


def test_it_keeps_a_newer_measurement_than_the_server_has() -> None:
    heard = after(told.recorded_measurement("cirrus", 1, 120))
    read = told.latency("cirrus", told.measurement(9, 700))
    assert cirrus(refreshed(heard, told.health("cirrus"), read, "cirrus")).ttft_ms == 120


def test_it_knows_when_a_check_contradicts_the_status() -> None:
    assert not cirrus(NAMED).contradicted
    assert cirrus(after(told.recorded_check("cirrus", 1, None))).contradicted
    assert not cirrus(after(told.recorded_check("cirrus", 1))).contradicted
    nimbus = after(told.recorded_check("nimbus", 1)).provider("nimbus")
    assert nimbus is not None
    assert nimbus.contradicted


def test_it_says_how_the_connection_is() -> None:
    state = connected(NAMED, NOW)
    assert (state.link, state.retry_seconds) == ("connected", None)
    state = disconnected(state, NOW + timedelta(seconds=5), 3.0)
    assert (state.link, state.link_since, state.retry_seconds) == (
        "reconnecting",
        NOW + timedelta(seconds=5),
        3.0,
    )
    assert connected(state, NOW).link == "connected"


def test_it_counts_a_gap_as_an_event_and_changes_nothing_else() -> None:
    state = after(Gap(after="0-0", until="9-9", missed=2000))
    assert state.events == 1
    assert state.providers == NAMED.providers


def test_it_forgets_a_problem_once_figures_are_read_again() -> None:
    state = unread(NAMED, "cannot be reached")
    assert state.problem == "cannot be reached"
    assert refreshed(state, told.health("cirrus"), None, "cirrus").problem == ""
