"""What people are told, and when."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.news import NOON, transition
from openmodels.domain.alerts import (
    BACK_OFF,
    DELIVER_WITHIN,
    JITTER,
    MAX_WAIT,
    NEWS_FOR,
    Alert,
    AlertState,
    DeliveryStatus,
    Window,
    fate_of,
    known_down,
    moved,
    released,
    reminded,
    reminder_overdue,
    text,
    title,
    wait_after,
)
from openmodels.domain.standing import KeptStatus, Standing

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
NEW = AlertState(provider_id="p")
DOWN = AlertState(provider_id="p", status="down", told="down", alerted_at=NOON)


def test_it_sends_news_and_logs_what_is_none_any_more() -> None:
    change = transition("p", "up", "down")
    assert fate_of(change, NOON + NEWS_FOR, silent=False) == "waiting"
    assert fate_of(change, NOON + NEWS_FOR + timedelta(microseconds=1), silent=False) == "expired"
    assert fate_of(change, NOON + 2 * NEWS_FOR, silent=True) == "silenced"


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("unknown", "down", "provider.down"),
        ("up", "down", "provider.down"),
        ("degraded", "down", "provider.down"),
        ("up", "degraded", "provider.degraded"),
        ("down", "up", "provider.up"),
        ("degraded", "up", "provider.up"),
    ],
)
def test_it_tells_every_transition(before: KeptStatus, after: KeptStatus, kind: str) -> None:
    state, alert = moved(NEW, transition("p", before, after), None, "waiting", NOON)
    assert (alert.type, alert.status, alert.previous_status) == (kind, after, before)
    assert (state.status, state.told) == (after, after)


def test_it_says_when_the_incident_began() -> None:
    began = NOON - 10 * MINUTE
    standing = Standing(status="down", incident_started_at=began)
    state, alert = moved(NEW, transition("p", "up", "down"), standing, "waiting", NOON)
    assert alert.incident_started_at == began
    _, over = moved(state, transition("p", "down", "up", NOON + HOUR), None, "waiting", NOON + HOUR)
    assert over.incident_started_at == began


def test_it_takes_the_transition_for_the_beginning_when_the_provider_has_moved_on() -> None:
    standing = Standing(status="up")
    _, alert = moved(NEW, transition("p", "up", "down"), standing, "waiting", NOON + MINUTE)
    assert alert.incident_started_at == NOON


def test_reminders_count_from_when_the_news_was_seen_even_if_it_was_not_sent() -> None:
    fates: tuple[DeliveryStatus, ...] = ("waiting", "expired")
    for fate in fates:
        state, _ = moved(NEW, transition("p", "up", "down"), None, fate, NOON + HOUR)
        assert state.alerted_at == NOON + HOUR


def test_what_was_held_back_stays_so_until_something_is_sent() -> None:
    held, _ = moved(NEW, transition("p", "up", "degraded"), None, "silenced", NOON)
    old, _ = moved(held, transition("p", "degraded", "down"), None, "expired", NOON + 2 * HOUR)
    assert old.held
    fresh, _ = moved(held, transition("p", "degraded", "down"), None, "waiting", NOON)
    assert not fresh.held


def test_it_tells_after_maintenance_what_is_still_wrong() -> None:
    state, _ = moved(NEW, transition("p", "up", "down"), None, "silenced", NOON)
    assert state.held
    after, alert = released(state, NOON + HOUR)
    assert alert is not None
    assert (alert.type, alert.at, alert.previous_status) == ("provider.down", NOON + HOUR, "unknown")
    assert (after.held, after.told, after.alerted_at) == (False, "down", NOON + HOUR)


def test_it_tells_after_maintenance_that_it_is_over_only_to_those_who_knew() -> None:
    ended = transition("p", "down", "up", NOON + MINUTE)
    began, _ = moved(NEW, transition("p", "up", "down"), None, "silenced", NOON)
    unheard, _ = moved(began, ended, None, "silenced", NOON + MINUTE)
    assert released(unheard, NOON + HOUR)[1] is None
    heard, _ = moved(DOWN, ended, None, "silenced", NOON + MINUTE)
    told, alert = released(heard, NOON + HOUR)
    assert alert is not None
    assert (alert.type, alert.previous_status, told.told) == ("provider.up", "down", "up")


def test_it_reminds_after_the_time_and_only_of_what_is_known_to_be_down() -> None:
    assert not reminder_overdue(DOWN, NOON + HOUR - timedelta(microseconds=1), HOUR)
    assert reminder_overdue(DOWN, NOON + HOUR, HOUR)
    assert not reminder_overdue(AlertState(provider_id="p", status="degraded"), NOON + HOUR, HOUR)
    assert known_down(DOWN, Standing(status="down", last_checked_at=NOON + MINUTE))
    assert not known_down(DOWN, Standing(status="down", last_checked_at=NOON))
    assert not known_down(DOWN, Standing(status="up", last_checked_at=NOON + MINUTE))
    after, alert = reminded(DOWN, NOON + HOUR)
    assert (alert.type, after.alerted_at) == ("provider.reminder", NOON + HOUR)


@given(attempt=st.integers(1, len(BACK_OFF)), name=st.text(max_size=40), asked=st.none() | st.timedeltas())
def test_it_waits_longer_after_each_attempt_and_never_too_long(
    attempt: int, name: str, asked: timedelta | None
) -> None:
    wait = wait_after(attempt, name, asked)
    assert wait == wait_after(attempt, name, asked)
    assert wait is not None
    plain = BACK_OFF[attempt - 1]
    assert (1 - JITTER) * plain <= wait <= max((1 + JITTER) * plain, MAX_WAIT)
    if asked is not None:
        assert wait >= min(asked, MAX_WAIT)


def test_it_gives_up_after_the_last_wait_and_before_the_delivery_expires() -> None:
    assert wait_after(len(BACK_OFF) + 1, "x") is None
    assert wait_after(len(BACK_OFF) + 1, "x", HOUR) is None
    longest = sum((max(MAX_WAIT, (1 + JITTER) * wait) for wait in BACK_OFF), timedelta())
    assert longest <= DELIVER_WITHIN


def test_it_spreads_deliveries_that_failed_at_once() -> None:
    waits = {wait_after(1, f"msg_{number}") for number in range(100)}
    assert len(waits) == 100


def test_a_window_covers_its_provider_until_it_ends() -> None:
    window = Window(provider_id="p", starts_at=NOON, ends_at=NOON + HOUR)
    assert window.covers("p", NOON)
    assert window.covers("p", NOON + HOUR - timedelta(microseconds=1))
    assert not window.covers("p", NOON + HOUR)
    assert not window.covers("p", NOON - timedelta(microseconds=1))
    assert not window.covers("q", NOON)
    assert Window(starts_at=NOON, ends_at=NOON + HOUR).covers("q", NOON)


def test_it_speaks_to_people() -> None:
    alert = Alert(
        type="provider.up",
        provider_id="p",
        provider_name="P\nInc.",
        status="up",
        reason="up: 2 checks in a row were answered",
        at=NOON,
        incident_started_at=NOON - 25 * HOUR - 3 * MINUTE,
        region="eu",
        url="http://om.example/api/providers/p",
    )
    assert title(alert) == "P Inc. is up again"
    assert text(alert).splitlines() == [
        "up: 2 checks in a row were answered",
        "It began at 2026-02-28 10:57 UTC and lasted 1 d 1 h 3 min.",
        "Seen from eu.",
        "http://om.example/api/providers/p",
    ]
    down = Alert(type="provider.down", provider_id="p", status="down", at=NOON, incident_started_at=NOON)
    assert (title(down), text(down)) == ("p is down", "Since 2026-03-01 12:00 UTC.")
    assert title(reminded(DOWN, NOON)[1]) == "p is still down"
    assert title(Alert(type="test", at=NOON)) == "OpenModels: test alert"
