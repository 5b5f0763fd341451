"""What may be shared by several workers, and what a worker is told."""

import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels.assignment import VARIABLE, Assignment, report_ready, require_shareable, take_assignment
from openmodels.errors import SettingsError
from openmodels.settings import Settings, read_settings, unknown_variables

REDIS = "redis://:secret@localhost:6379/0"


def settings(**values: Any) -> Settings:
    return read_settings({f"OPENMODELS_{name}": str(value) for name, value in values.items()})


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"WORKERS": 1},
        {"WORKERS": 2, "RATE_LIMIT": 0},
        {"WORKERS": 2, "REDIS_URL": REDIS},
        {"WORKERS": 1, "METRICS_PORT": 65535},
        {"WORKERS": 256, "METRICS_PORT": 65280, "RATE_LIMIT": 0},
        {"DEMO": "on"},
    ],
)
def test_it_lets_workers_serve_that_share_what_they_must(values: dict[str, Any]) -> None:
    require_shareable(settings(**values))


def test_it_says_what_several_workers_need_to_share_a_limit() -> None:
    with pytest.raises(SettingsError) as caught:
        require_shareable(settings(WORKERS=2))
    assert str(caught.value) == (
        "2 workers need one rate limit between them: set OPENMODELS_REDIS_URL, such as "
        "redis://localhost:6379/0, or OPENMODELS_RATE_LIMIT=0, or serve with one worker"
    )


def test_it_says_which_port_for_metrics_leaves_room_for_all_workers() -> None:
    with pytest.raises(SettingsError, match="would be 65536: set OPENMODELS_METRICS_PORT to at most 65533"):
        require_shareable(settings(WORKERS=3, RATE_LIMIT=0, METRICS_PORT=65534))


def test_it_says_that_a_demo_is_one_process() -> None:
    with pytest.raises(SettingsError, match="leave out OPENMODELS_WORKERS, or OPENMODELS_DEMO"):
        require_shareable(settings(WORKERS=1, DEMO="on"))


@given(workers=st.integers(1, 256), port=st.integers(1, 65535))
def test_it_takes_a_port_for_metrics_if_and_only_if_the_last_worker_has_one(workers: int, port: int) -> None:
    asked = settings(WORKERS=workers, RATE_LIMIT=0, METRICS_PORT=port)
    if all(port + n <= 65535 for n in range(workers)):
        require_shareable(asked)
    else:
        with pytest.raises(SettingsError):
            require_shareable(asked)


def assignment(ready: int) -> Assignment:
    return Assignment(number=2, first=False, requests=5, metrics=None, ready=ready, alive=7)


def test_it_takes_its_assignment_out_of_the_environment() -> None:
    text = '{"number":2,"first":false,"requests":5,"metrics":null,"ready":6,"alive":7}'
    environ = {VARIABLE: text, "PORT": "8000"}
    assert unknown_variables(environ) == []
    assert take_assignment(environ) == assignment(6)
    assert environ == {"PORT": "8000"}
    assert take_assignment(environ) is None


def test_it_reports_once_and_then_closes() -> None:
    reading, writing = os.pipe()
    report_ready(assignment(writing), "it serves: 1 × a")
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read().decode() == "it serves: 1 × a"


def test_it_goes_on_when_nobody_hears_its_report() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    report_ready(assignment(writing), "it serves")
