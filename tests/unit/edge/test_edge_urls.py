from contextlib import suppress
from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels.edge.errors import envelope
from openmodels.edge.urls import MAX_URL, check_url
from openmodels.errors import BadRequest, MethodNotAllowed, NotFound, RateLimited, RequestError, UriTooLong

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (b"/", b""),
        (b"/api/models/gpt-4o", b"page=2&limit=5"),
        (b"/api/models/%E6%A8%A1", b"search=caf%C3%A9+x&&=&a"),
        ("/api/models/é".encode(), "search=é".encode()),
        (b"/api/%2e%2e/x", b"a=%0d%0aSet-Cookie:%20x"),
        (b"/" + b"x" * (MAX_URL - 1), b""),
        (b"/" + b"x" * 4095, b"y" * 4096),
    ],
)
def test_it_lets_a_well_formed_url_pass(path: bytes, query: bytes) -> None:
    check_url(path, query)


@pytest.mark.parametrize(
    ("path", "query"), [(b"/" * (MAX_URL + 1), b""), (b"/" * 4096, b"x" * 4097), (b"/%zz" * 5000, b"%")]
)
def test_it_refuses_a_url_that_is_too_long(path: bytes, query: bytes) -> None:
    with pytest.raises(UriTooLong, match=r"^The URL is longer than 8192 bytes$"):
        check_url(path, query)


@pytest.mark.parametrize("part", ["path", "query"])
@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"%", "has a % that is not followed by two hexadecimal digits"),
        (b"%2", "has a % that is not followed by two hexadecimal digits"),
        (b"%zz", "has a % that is not followed by two hexadecimal digits"),
        (b"100%25%", "has a % that is not followed by two hexadecimal digits"),
        (b"%00", "has a NUL character"),
        (b"a\0b", "has a NUL character"),
        (b"%ff", "is not valid UTF-8"),
        (b"\xff", "is not valid UTF-8"),
        (b"%c3", "is not valid UTF-8"),
        (b"%C0%AF", "is not valid UTF-8"),
        (b"%ED%A0%80", "is not valid UTF-8"),
    ],
)
def test_it_refuses_a_malformed_url_and_says_why(part: str, raw: bytes, message: str) -> None:
    with pytest.raises(BadRequest, match=f"^The {part} {message}$"):
        check_url(raw if part == "path" else b"/", raw if part == "query" else b"")


@given(TEXT, st.lists(st.tuples(TEXT, TEXT), max_size=4))
def test_it_lets_everything_pass_that_is_quoted(path: str, pairs: list[tuple[str, str]]) -> None:
    check_url(b"/" + quote(path).encode(), urlencode(pairs).encode())


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_it_fails_in_no_other_way(path: bytes, query: bytes) -> None:
    with suppress(BadRequest):
        check_url(path, query)


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (BadRequest("m"), 400, "BAD_REQUEST"),
        (NotFound("m"), 404, "NOT_FOUND"),
        (MethodNotAllowed("m"), 405, "METHOD_NOT_ALLOWED"),
        (UriTooLong("m"), 414, "URI_TOO_LONG"),
        (RequestError("m"), 500, "INTERNAL_ERROR"),
    ],
)
def test_it_wraps_an_error_in_the_envelope(error: RequestError, status: int, kind: str) -> None:
    body = msgspec.json.decode(envelope(error, "abc"))
    assert body == {"error": {"status": status, "message": "m", "type": kind, "request_id": "abc"}}


@pytest.mark.parametrize(("seconds", "words"), [(1, "1 second."), (45, "45 seconds.")])
def test_it_says_when_to_try_again(seconds: int, words: str) -> None:
    error = msgspec.json.decode(envelope(RateLimited(seconds), "abc"))["error"]
    assert error["message"] == f"Rate limit exceeded. Try again in {words}"
    assert (error["status"], error["type"]) == (429, "RATE_LIMITED")


def test_it_adds_details_where_there_are_any() -> None:
    details = [{"parameter": "limit", "value": "0", "range": [1, 100]}]
    assert msgspec.json.decode(envelope(BadRequest("m", details), "abc"))["error"]["details"] == details


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_it_writes_any_message_as_json(message: str) -> None:
    assert msgspec.json.decode(envelope(BadRequest(message), "abc"))["error"]["message"] == message
