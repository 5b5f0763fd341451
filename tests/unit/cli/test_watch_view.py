"""The dashboard as it is drawn."""

import io
from datetime import timedelta

import pytest
from rich.cells import cell_len
from rich.console import Console

from fixtures import told
from fixtures.service import NOW
from openmodels.cli.watching.state import State, connected, disconnected, happened, refreshed, watching
from openmodels.cli.watching.view import View, dashboard, fitting, link_words, response_line, since


def drawn(state: State, width: int = 160, height: int = 24, *, blocks: bool = True) -> list[str]:
    stream = io.StringIO()
    console = Console(file=stream, width=width, height=height, force_terminal=False, markup=False)
    console.print(dashboard(state, NOW, View(width=width, height=height, blocks=blocks)))
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def full() -> State:
    state = watching([told.provider("cirrus"), told.provider("nimbus")], everyone=False)
    read = told.health(
        "cirrus",
        *(told.check(2 + number, None if number == 3 else 100.0 + 10 * number) for number in range(8)),
        uptime_percentage=99.5,
        checks_total=200,
        incidents=(told.incident(90, 600),),
    )
    state = refreshed(state, read, told.latency("cirrus", told.measurement(4, 250)), "cirrus")
    return connected(state, NOW)


def test_it_shows_each_providers_figures() -> None:
    lines = drawn(full())
    assert lines[0] == "● connected, no event yet   q ends"
    assert lines[2].split() == [
        *("provider", "status", "last", "check", "response", "ttft", "tokens/s", "up", "24", "h"),
        *("response", "times", "newest", "incident"),
    ]
    assert lines[3].split("  ")[0] == "cirrus"
    for said in ("up", "2 min ago", "100 ms", "250 ms", "80.0", "99.5 %", "×", "100-170 ms"):
        assert said in lines[3]
    assert "1 h ago, lasted 10 min: down: 3 checks in a row" in lines[3]
    assert lines[4].split() == ["nimbus", "up", "–", "–", "–", "–", "…"]


def test_it_draws_the_newest_check_at_the_right_and_marks_those_that_failed() -> None:
    state = full()
    line, scale = response_line(state.providers[0], View(width=23, height=5))
    assert (line, scale) == ("  █▇▆▅×▃▂▁", "100-170 ms")
    state = happened(state, told.recorded_check("cirrus", 0, 170), NOW)
    assert response_line(state.providers[0], View(width=23, height=5))[0] == " █▇▆▅×▃▂▁█"
    line, _ = response_line(state.providers[0], View(width=23, height=5, blocks=False))
    assert line == " @#*+x-:.@"


def test_it_says_of_a_provider_that_only_failed_no_scale() -> None:
    state = watching([told.provider("cirrus")], everyone=False)
    state = happened(state, told.recorded_check("cirrus", 1, None), NOW)
    assert response_line(state.providers[0], View(width=23, height=5)) == ("         ×", "")


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 120, 160, 250])
def test_it_fits_the_terminal(width: int) -> None:
    lines = drawn(full(), width)
    assert max(cell_len(line) for line in lines) <= width
    assert len(lines) == 5


def test_it_drops_columns_on_a_narrow_terminal_and_never_who_and_how() -> None:
    heads = {width: [column.head for column, _ in fitting(width, longest=10)] for width in (10, 40, 80, 200)}
    assert heads[10] == ["provider", "status"]
    assert heads[40] == ["provider", "status", "response"]
    assert heads[80] == ["provider", "status", "response", "ttft", "up 24 h", "response times"]
    assert len(heads[200]) == 9


def test_it_gives_long_names_room_where_there_is_some() -> None:
    assert {column.head: width for column, width in fitting(120, longest=25)}["provider"] >= 16
    assert {column.head: width for column, width in fitting(200, longest=25)}["provider"] == 25


def test_it_says_how_many_there_is_no_line_for_and_shows_those_in_trouble_first() -> None:
    named = [told.provider(f"p{number:02}") for number in range(30)]
    bad = told.provider("zulu", status="down")
    lines = drawn(watching([*named, bad], everyone=True), height=10)
    assert len(lines) <= 10
    assert lines[3].startswith("zulu")
    assert lines[-1] == "and 25 more: a higher terminal shows them, or name providers"
    assert drawn(watching([*named, bad], everyone=False))[3].startswith("p00")


def test_it_says_when_nothing_was_measured_yet() -> None:
    assert drawn(watching([], everyone=True))[2] == (
        "Nothing was measured yet; providers appear as they are checked."
    )


def test_it_lets_no_text_of_a_server_steer_the_terminal() -> None:
    state = watching([told.provider(told.HOSTILE, status=told.HOSTILE)], everyone=True)
    read = told.health(
        told.HOSTILE,
        told.check(1, None, outcome=told.HOSTILE, region=told.HOSTILE),
        status=told.HOSTILE,
        incidents=(told.incident(9, ended_at=None, reason=told.HOSTILE),),
    )
    state = refreshed(state, read, None, told.HOSTILE)
    text = "\n".join(drawn(state, 250))
    assert all(character.isprintable() or character == "\n" for character in text)
    assert "evil" in text


def test_it_needs_no_more_than_ascii_where_a_terminal_has_no_more() -> None:
    text = "\n".join(drawn(full(), 200, blocks=False))
    text.encode("ascii")


def test_it_says_how_the_connection_is_and_when_the_last_event_came() -> None:
    state = watching([], everyone=True)
    assert link_words(state, NOW) == "connecting, no event yet"
    state = happened(connected(state, NOW), told.recorded_check("a", 0), NOW)
    assert link_words(state, NOW + timedelta(seconds=7)) == "connected, last event 7 s ago (1 event)"
    state = disconnected(state, NOW, 3.0)
    assert link_words(state, NOW).startswith("reconnecting in 3 s, last event 0 s ago")
    assert link_words(state, NOW + timedelta(seconds=4)).startswith("reconnecting, last event 4 s ago")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (3600, "1 h ago"),
        (172_799, "47 h ago"),
        (200_000, "2 d ago"),
    ],
)
def test_it_says_how_long_ago(seconds: float, said: str) -> None:
    assert since(NOW - timedelta(seconds=seconds), NOW) == said
