import io
import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from openmodels.logs import set_up_logs


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def logger(stream: io.StringIO, *, form: str = "json", level: str = "info") -> Any:
    set_up_logs(form=form, level=level, stream=stream)
    return structlog.get_logger("openmodels.test")


def fail(log: Any) -> None:
    client_address = "203.0.113." + "77"
    try:
        raise ValueError(f"{len(client_address)} characters")
    except ValueError:
        log.exception("request failed", request_id="abc")


def test_it_writes_one_json_object_a_line() -> None:
    out = io.StringIO()
    log = logger(out)
    log.info("started\nand running", port=8000, path="/é", strange=object())
    log.warning("second")
    first, second = map(json.loads, out.getvalue().splitlines())
    assert (first["event"], first["level"], first["port"], first["path"]) == (
        "started\nand running",
        "info",
        8000,
        "/é",
    )
    assert first["timestamp"].endswith("Z")
    assert (second["event"], second["level"]) == ("second", "warning")


def test_it_writes_an_exception_as_structure() -> None:
    out = io.StringIO()
    fail(logger(out))
    (line,) = out.getvalue().splitlines()
    record = json.loads(line)
    (exception,) = record["exception"]
    assert (exception["exc_type"], exception["exc_value"]) == ("ValueError", "12 characters")
    assert exception["frames"][-1]["name"] == "fail"
    assert record["request_id"] == "abc"


@pytest.mark.parametrize("form", ["json", "console"])
def test_it_shows_no_local_variables_of_what_failed(form: str) -> None:
    out = io.StringIO()
    fail(logger(out, form=form))
    assert "ValueError" in out.getvalue()
    assert "203.0.113.77" not in out.getvalue()


def test_it_writes_for_people_on_the_console() -> None:
    out = io.StringIO()
    logger(out, form="console").info("started", port=8000)
    assert "started" in out.getvalue()
    assert "port=8000" in out.getvalue()
    assert "\x1b[" not in out.getvalue()


def test_it_uses_colours_on_a_terminal_only() -> None:
    out = Terminal()
    logger(out, form="console").info("started")
    assert "\x1b[" in out.getvalue()


@pytest.mark.parametrize(("stream", "is_json"), [(io.StringIO(), True), (Terminal(), False)])
def test_it_chooses_by_itself(stream: io.StringIO, is_json: bool) -> None:
    logger(stream, form="auto").info("started")
    assert stream.getvalue().startswith("{") is is_json


def test_it_writes_json_on_a_terminal_when_told_so() -> None:
    out = Terminal()
    logger(out, form="json").info("started")
    assert json.loads(out.getvalue())["event"] == "started"


@pytest.mark.parametrize(
    ("level", "events"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_it_leaves_out_what_is_less_severe(level: str, events: list[str]) -> None:
    out = io.StringIO()
    log = logger(out, level=level)
    for name in ("debug", "info", "warning", "error"):
        getattr(log, name)(name)
    assert [json.loads(line)["event"] for line in out.getvalue().splitlines()] == events


def test_it_writes_to_standard_error_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form="json", level="info", stream=None)
    structlog.get_logger().info("started")
    written = capsys.readouterr()
    assert written.out == ""
    assert json.loads(written.err)["event"] == "started"
    assert sys.stderr is not None
