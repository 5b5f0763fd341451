"""Which server is asked, how the answer is written, what becomes of errors: the same for every command."""

import json
import os
import socket
from pathlib import Path

import pytest

from fixtures.asking import Asker, scripted_in_a_thread
from fixtures.faulty_server import OneAfterAnother, as_json, error, said
from fixtures.scripted_server import Step

COMMANDS = (
    ("models", "list"),
    ("models", "info", "alpha-1"),
    ("providers", "list"),
    ("search", "x"),
    ("health",),
)


def unused() -> str:
    """An address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_it_asks_the_server_of_the_flag_before_all_others(ask: Asker) -> None:
    ask.save(json.dumps({"api_url": unused()}))
    done = ask("models", "list", "--api-url", ask.url, OPENMODELS_API_URL=unused())
    assert done.returncode == 0


def test_it_asks_the_server_of_the_environment_before_the_file(ask: Asker) -> None:
    ask.save(json.dumps({"api_url": unused()}))
    assert ask("models", "list").returncode == 0


def test_it_asks_the_server_of_the_file_before_the_default(ask: Asker) -> None:
    ask.save(json.dumps({"api_url": ask.url, "api_key": "another program's"}))
    assert ask("models", "list", OPENMODELS_API_URL="").returncode == 0


def test_it_reads_the_environment_from_a_file_in_the_folder(ask: Asker) -> None:
    Path(".env").write_text(f"OPENMODELS_API_URL={ask.url}\n", encoding="utf-8")
    try:
        assert ask.program("models", "list", HOME=str(ask.home)).returncode == 0
    finally:
        os.environ.pop("OPENMODELS_API_URL", None)


def test_it_writes_in_the_format_of_the_flag_then_of_the_file(ask: Asker) -> None:
    ask.save('{"format": "json"}')
    assert ask("models", "list").stdout == ask.api("/api/models") + "\n"
    assert ask("models", "list", "--format", "csv").stdout.startswith("id,name,")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is no JSON such as"),
        ("", "is no JSON such as"),
        ("[]", "Expected `object`, got `array`"),
        ('{"api_url": 5}', "Expected `str | null`, got `int` - at `$.api_url`"),
        ('{"format": "xml"}', "Invalid enum value 'xml' - at `$.format`"),
        ('{"no_color": "yes"}', "- at `$.no_color`"),
        ('{"api_url": "ftp://x"}', ".openmodelsrc: api_url: an address such as"),
        ('{"format": "\x1b[31m"}', "is no JSON"),
    ],
)
def test_it_says_what_is_wrong_with_the_file(ask: Asker, text: str, told: str) -> None:
    path = ask.save(text)
    done = ask("models", "list", OPENMODELS_API_URL="")
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert str(path) in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "\x1b" not in done.stderr


def test_it_says_that_the_file_cannot_be_read(ask: Asker) -> None:
    (ask.home / ".openmodelsrc").mkdir()
    done = ask("models", "list")
    assert done.returncode == 2
    assert "cannot be read: Is a directory" in done.stderr


@pytest.mark.parametrize("address", ["", "example.com", "ftp://x", "http://", "http://u:p@x", "http://x?y=z"])
def test_it_takes_no_address_that_is_none(ask: Asker, address: str) -> None:
    done = ask("models", "list", "--api-url", address)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("openmodels: --api-url: an address ")
    assert len(done.stderr.splitlines()) == 1


def test_it_names_the_variable_whose_address_is_none(ask: Asker) -> None:
    done = ask("models", "list", OPENMODELS_API_URL="nonsense")
    assert done.returncode == 2
    assert done.stderr.startswith("openmodels: OPENMODELS_API_URL: ")


def test_it_suggests_a_format(ask: Asker) -> None:
    done = ask("models", "list", "--format", "jsn")
    assert done.returncode == 2
    assert done.stderr == (
        "openmodels: --format must be one of table, json, yaml, csv (did you mean json?), not 'jsn'\n"
    )


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_it_says_in_one_line_that_nobody_answers(ask: Asker, command: tuple[str, ...]) -> None:
    with scripted_in_a_thread([Step.RESET]) as server:
        done = ask(*command, OPENMODELS_API_URL=server.url)
        assert server.connections == 3
    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1
    assert server.url in done.stderr
    for advice in ("openmodels serve --publish", "--api-url", "--local"):
        assert advice in done.stderr


def test_it_says_that_nobody_listens(ask: Asker) -> None:
    done = ask("models", "list", "--api-url", unused())
    assert done.returncode == 3
    assert "openmodels serve --publish" in done.stderr


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (said("<html>", content_type="text/html"), "is it an OpenModels server?"),
        (said("{"), "is it an OpenModels server?"),
        (as_json([1]), "is it an OpenModels server?"),
        (said("", 302, location="https://example.com/login"), "is it an OpenModels server?"),
        (said("not here", 404, content_type="text/plain"), "is it an OpenModels server?"),
        (error(500, "Something went wrong", "INTERNAL_ERROR"), "the server failed"),
        (error(503, "Not now", "SERVICE_UNAVAILABLE", retry_after="0"), "Not now"),
        (error(429, "Rate limit exceeded. Try again in 3000 seconds.", retry_after="3000"), "Rate limit"),
        (error(403, "Not for you", "FORBIDDEN"), "Not for you"),
    ],
)
def test_it_exits_3_for_a_server_that_gives_no_answer(ask: Asker, answer: bytes, told: str) -> None:
    with scripted_in_a_thread([answer]) as server:
        done = ask("models", "list", OPENMODELS_API_URL=server.url)
    assert (done.returncode, done.stdout) == (3, "")
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_it_says_that_an_answer_takes_too_long(ask: Asker) -> None:
    with scripted_in_a_thread([Step.HANG]) as server:
        done = ask("models", "list", "--timeout", "0.1", OPENMODELS_API_URL=server.url)
    assert done.returncode == 3
    assert "0.1 s" in done.stderr
    assert "--timeout" in done.stderr


def test_it_takes_no_timeout_that_is_none(ask: Asker) -> None:
    for seconds in ("nan", "0", "-1", "inf", "soon"):
        done = ask("models", "list", "--timeout", seconds)
        assert done.returncode == 2
        assert "--timeout" in done.stderr


def test_it_tells_of_each_request_and_why_it_asks_again(ask: Asker) -> None:
    play = OneAfterAnother(
        [Step.RESET], error(429, retry_after="0"), as_json({"models": [], "providers": [], "total": 0})
    )
    with scripted_in_a_thread(play) as server:
        done = ask("search", "x", "--verbose", "--format", "json", OPENMODELS_API_URL=server.url)
    assert done.returncode == 0
    lines = done.stderr.splitlines()
    assert lines[0] == "openmodels: GET /api/search?q=x no answer"
    assert lines[1].startswith("openmodels: trying again in 0.")
    assert lines[2].startswith("openmodels: GET /api/search?q=x 429 ")
    assert lines[3].startswith("openmodels: trying again in 0.")
    assert lines[4].startswith("openmodels: GET /api/search?q=x 200 ")
    assert len(lines) == 5


def test_it_says_nothing_of_requests_unless_it_should(ask: Asker) -> None:
    assert ask("models", "info", "alpha-1").stderr == ""


def test_it_lets_no_answer_steer_the_terminal(ask: Asker) -> None:
    evil = "\x1b]0;owned\x07\x9b2J\u202enruter\r\n"
    with scripted_in_a_thread([error(404, evil, "NOT_FOUND")]) as server:
        done = ask("models", "info", "x", OPENMODELS_API_URL=server.url)
    assert done.returncode == 1
    assert done.stderr.rstrip("\n").isprintable()
    assert "owned" in done.stderr
