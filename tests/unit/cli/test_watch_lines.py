"""Events as lines."""

import json

from fixtures import told
from openmodels.cli.watching.lines import json_of, line_of
from openmodels_client.types import Gap

GAP = Gap(after="1-2", until="3-4", missed=2000)


def test_it_has_the_same_fields_between_tabs_for_each_kind() -> None:
    assert line_of(told.recorded_check("cirrus", 0)) == (
        "2026-03-01T12:00:00.000Z\tcheck\tcirrus\tlocal\tok\tresponse 100 ms"
    )
    assert line_of(told.recorded_check("cirrus", 0, None)).endswith("timeout\tresponse unknown")
    assert line_of(told.recorded_measurement("cirrus", 0)) == (
        "2026-03-01T12:00:00.000Z\tmeasurement\tcirrus\tlocal\tok\talpha-1\tttft 200 ms\ttotal 1.00 s\t"
        "80.0 tokens/s"
    )
    assert line_of(told.recorded_measurement("cirrus", 0, None)).endswith(
        "ttft unknown\ttotal unknown\tspeed unknown"
    )
    assert line_of(GAP) == "-\tgap\t2,000 events were missed"


def test_it_is_json_with_the_fields_of_the_api() -> None:
    check = json.loads(json_of(told.recorded_check("cirrus", 0)))
    assert check == {
        "event": "check",
        "provider_id": "cirrus",
        "status": "up",
        "outcome": "ok",
        "checked_at": "2026-03-01T12:00:00.000Z",
        "response_time_ms": 100.0,
        "region": "local",
    }
    assert json.loads(json_of(told.recorded_measurement("cirrus", 0)))["event"] == "measurement"
    assert json.loads(json_of(GAP)) == {"event": "gap", "after": "1-2", "until": "3-4", "missed": 2000}


def test_it_lets_no_text_steer_the_terminal() -> None:
    event = told.recorded_measurement(told.HOSTILE, 0, outcome=told.HOSTILE, model_id=told.HOSTILE)
    assert line_of(event).replace("\t", "").isprintable()
    assert json_of(event).isprintable()
    assert json.loads(json_of(event))["provider_id"] == told.HOSTILE
