"""How the SDK reads what comes back."""

import copy
import json
import pickle
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.faulty_server import STATS
from openmodels_client import (
    ApiError,
    BadRequest,
    ConnectionFailed,
    InvalidResponse,
    NotFound,
    OpenModelsError,
    RateLimited,
    ServerError,
    TimedOut,
)
from openmodels_client.answers import Response, error_of, read_answer, retry_after, shown
from openmodels_client.calls import Call
from openmodels_client.types import Change, ProviderPage, Stats

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "http://api.example.com/api/stats"
ASKED = Call(path="/api/stats", answer=Stats)
ESCAPES = "\x1b[31mred\x07\r\n\u202etxet\x00"


def answered(body: bytes | Any = b"", status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(
        status=status, headers={"content-type": "application/json"} | named, body=content, url=URL
    )


def test_it_reads_an_answer_whatever_fields_are_new() -> None:
    stats = read_answer(ASKED, answered(STATS | {"new": {"deep": [1, None]}}))
    assert (stats.models, stats.last_sync_at.tzinfo, stats.checks_24h) == (3, UTC, None)


def test_it_takes_optional_fields_that_are_missing_for_unknown() -> None:
    assert read_answer(ASKED, answered({k: v for k, v in STATS.items() if k != "checks_24h"})).demo is False


def test_it_names_a_required_field_that_is_missing() -> None:
    with pytest.raises(InvalidResponse, match="required field `revision`") as caught:
        read_answer(ASKED, answered({k: v for k, v in STATS.items() if k != "revision"}))
    assert caught.value.url == URL
    page = {"data": [{}], "pagination": {"page": 1, "limit": 20, "total": 1}}
    with pytest.raises(InvalidResponse, match=r"`\$\.data\[0\]`"):
        read_answer(Call(path="/api/providers", answer=ProviderPage), answered(page))


def test_it_keeps_numbers_exact_where_no_type_says_what_they_are() -> None:
    body = b"""{"at": "2026-03-01T12:00:00.000Z", "revision": "1", "kind": "offering", "id": "a/b",
        "action": "changed", "topic": "price", "old": 0.10, "new": 12345678901234567890.123456789}"""
    change = read_answer(Call(path="/", answer=Change), answered(body))
    assert (str(change.old), str(change.new)) == ("0.10", "12345678901234567890.123456789")
    assert isinstance(change.new, Decimal)


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "Application/JSON ;x=y"]
)
def test_it_reads_json_whatever_else_the_content_type_says(kind: str) -> None:
    assert read_answer(ASKED, answered(STATS, content_type=kind)).models == 3


@pytest.mark.parametrize("kind", ["text/html", "text/html; charset=utf-8", "application/jsonp", ""])
def test_it_refuses_another_content_type(kind: str) -> None:
    with pytest.raises(InvalidResponse, match="not application/json") as caught:
        read_answer(ASKED, answered(STATS, content_type=kind))
    assert (kind.partition(";")[0] or "without a content type") in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"models": "\xff"}',
        b"[" * 200_000,
        b'{"models": ' + b"9" * 10_000 + b"}",
        b'{"models": 1e999999999999999999999}',
        b'{"new": ' + b"[" * 200_000,
        b'{"old": ' + b"[" * 200_000,
        b'{"old": 1e999999999999999999999}',
    ],
    ids=lambda body: repr(body[:12]),
)
def test_it_refuses_a_body_that_is_not_as_it_should_be(body: bytes) -> None:
    with pytest.raises(InvalidResponse, match="cannot be read"):
        read_answer(ASKED, answered(body))
    with pytest.raises(InvalidResponse, match="cannot be read"):
        read_answer(Call(path="/", answer=Change), answered(body))


@given(
    st.binary() | st.recursive(st.none() | st.text() | st.floats(), st.lists).map(json.dumps).map(str.encode)
)
def test_it_reads_anything_or_says_that_it_cannot(body: bytes) -> None:
    for status in (200, 400, 404, 429, 500):
        with pytest.raises(OpenModelsError):
            read_answer(ASKED, answered(body, status))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (404, NotFound),
        (405, ApiError),
        (414, ApiError),
        (429, RateLimited),
        (500, ServerError),
        (503, ServerError),
    ],
)
def test_it_gives_the_error_that_the_server_gave(status: int, kind: type[ApiError]) -> None:
    details = [{"parameter": "limit", "value": "200", "range": [1, 100]}]
    body = {"status": status, "message": "limit is wrong", "type": "WRONG", "request_id": "9f86", "new": 1}
    error = error_of(answered({"error": body | {"details": details}}, status))
    assert type(error) is kind
    assert (str(error), error.status, error.type, error.request_id) == (
        "limit is wrong",
        status,
        "WRONG",
        "9f86",
    )
    assert error.details == tuple(details)
    assert error.url == URL


@pytest.mark.parametrize(
    "body", [b"", b"<html>Bad gateway</html>", b"[]", b'{"error": "no"}', b'{"error": {}}']
)
def test_it_knows_a_proxys_error_by_its_status(body: bytes) -> None:
    error = error_of(answered(body, 502, x_request_id="77"))
    assert isinstance(error, ServerError)
    assert (error.message, error.type, error.request_id) == (f"{URL} answered 502", "", "77")
    assert isinstance(error_of(answered(body, 403)), InvalidResponse)


def test_it_takes_of_an_error_what_is_as_it_should_be() -> None:
    body = {"message": "no", "type": "NOT_FOUND", "details": "many", "request_id": 7}
    error = error_of(answered({"error": body}, 404))
    assert isinstance(error, NotFound)
    assert (error.message, error.details, error.request_id) == ("no", (), None)


@pytest.mark.parametrize("status", [204, 301, 302, 304, 307, 308])
def test_it_refuses_a_redirect_and_says_where_to(status: int) -> None:
    error = error_of(answered(b"", status, location="https://other.example.com/" + "x" * 1000))
    assert isinstance(error, InvalidResponse)
    assert f"answered {status}, a redirect to https://other.example.com/" in error.message
    assert len(error.message) < 400


def test_it_hands_on_no_control_characters_in_messages() -> None:
    hostile = [
        error_of(answered({"error": {"message": ESCAPES, "type": ESCAPES, "request_id": ESCAPES}}, 404)),
        error_of(answered(b"", 302, location=ESCAPES)),
        error_of(answered(b"", 500, x_request_id=ESCAPES)),
    ]
    for body, kind in ((b"", ESCAPES), (json.dumps({"models": ESCAPES}).encode(), "application/json")):
        with pytest.raises(InvalidResponse) as caught:
            read_answer(ASKED, answered(body, content_type=kind))
        hostile.append(caught.value)
    for error in hostile:
        told = [str(error), *(value for value in vars(error).values() if isinstance(value, str))]
        assert all(one.isprintable() for one in told), told
    assert len(shown("x" * 10_000)) < 300
    long = error_of(answered({"error": {"message": "x" * 10**6, "type": "NO"}}, 400))
    assert len(str(long)) < 3000


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("45", 45.0),
        (" 0 ", 0.0),
        ("9" * 30, 999_999_999.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Sun, 01 Mar 2026 12:00:30 -0000", 30.0),
        ("Sun, 01 Mar 99999 12:00:30 GMT", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
    ],
)
def test_it_reads_when_to_come_back(written: str, seconds: float | None) -> None:
    assert retry_after(answered(retry_after=written), NOW) == seconds


def test_it_holds_a_date_to_come_back_at_against_the_servers_clock() -> None:
    at, sent = "Sun, 01 Mar 2026 15:00:30 GMT", "Sun, 01 Mar 2026 15:00:00 GMT"
    assert retry_after(answered(retry_after=at, date=sent), NOW) == 30.0


@pytest.mark.parametrize(
    "error",
    [
        NotFound("no", status=404, type="NOT_FOUND", details=({"a": 1},), request_id="7", url=URL),
        RateLimited("slow", status=429, retry_after=3.5),
        ServerError("down", status=503, retry_after=None),
        ConnectionFailed("nobody", permanent=True, url=URL),
        TimedOut("late", url=URL),
        InvalidResponse("what"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("protocol", [0, 2, pickle.HIGHEST_PROTOCOL])
def test_its_errors_go_through_pickle_and_copy(error: OpenModelsError, protocol: int) -> None:
    for other in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error), copy.deepcopy(error)):
        assert type(other) is type(error)
        assert (str(other), repr(other), vars(other)) == (str(error), repr(error), vars(error))


def test_its_errors_show_all_they_know() -> None:
    assert repr(RateLimited("slow", status=429, retry_after=3.5)) == (
        "RateLimited('slow', url='', status=429, type='', details=(), request_id=None, retry_after=3.5)"
    )
