"""Reading requests, and where their paths lead."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels.fake.request import MAX_BODY, MAX_HEAD, BadRequest, RequestReader, route

POST = (
    b"POST /groq/v1/chat/completions?a=1&b HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n"
    b"Content-Length: 5\r\n\r\nhello"
)


@given(st.lists(st.integers(0, len(POST)), max_size=12))
def test_it_reads_a_request_in_any_pieces(cuts: list[int]) -> None:
    reader = RequestReader()
    places = [0, *sorted(cuts), len(POST)]
    pieces = [POST[start:stop] for start, stop in itertools.pairwise(places) if stop > start]
    found = [reader.feed(piece) for piece in pieces]
    assert found[:-1] == [None] * (len(pieces) - 1)
    request = found[-1]
    assert request is not None
    assert (request.method, request.path, request.body) == ("POST", "/groq/v1/chat/completions", b"hello")
    assert request.query == {"a": ["1"], "b": [""]}
    assert request.headers["authorization"] == "Bearer k"
    assert request.keep_alive
    assert reader.rest == b""


def test_it_reads_a_chunked_body_and_keeps_what_follows() -> None:
    reader = RequestReader()
    request = reader.feed(
        b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nGET /b"
    )
    assert request is not None
    assert request.body == b"hi"
    assert reader.rest == b"GET /b"


@pytest.mark.parametrize(
    "head", [b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"]
)
def test_it_knows_who_sends_no_second_request(head: bytes) -> None:
    request = RequestReader().feed(head)
    assert request is not None
    assert not request.keep_alive


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x00\x01\x00\r\n\r\n", 400),
        (b"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET //[ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * MAX_HEAD, 431),
    ],
)
def test_it_refuses_what_is_no_request(sent: bytes, status: int) -> None:
    with pytest.raises(BadRequest) as caught:
        RequestReader().feed(sent)
    assert caught.value.status == status


def test_it_refuses_a_body_that_is_too_large() -> None:
    reader = RequestReader()
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1)
    assert reader.feed(head) is None
    with pytest.raises(BadRequest) as caught:
        reader.feed(b"x" * (MAX_BODY + 1))
    assert caught.value.status == 413


@pytest.mark.parametrize(
    ("path", "persona", "kind", "style", "model"),
    [
        ("/groq/v1/chat/completions", "groq", "completion", "openai-chat", ""),
        ("/x/chat/completions", "x", "completion", "openai-chat", ""),
        ("/x/a/b/c/responses", "x", "completion", "openai-responses", ""),
        ("/x/v1/messages", "x", "completion", "anthropic", ""),
        ("/x/v2/chat", "x", "completion", "cohere", ""),
        ("/x/v1beta/models/gemini-2:streamGenerateContent", "x", "completion", "google", "gemini-2"),
        ("/x/models/a%2Fb/c:generateContent", "x", "completion", "google", "a/b/c"),
        ("/x/v1/models", "x", "models", None, ""),
        ("/x/models", "x", "models", None, ""),
        ("/caf%C3%A9/models", "café", "models", None, ""),
        ("/chat/completions", "chat", "unknown", None, ""),
        ("/models", "models", "unknown", None, ""),
        ("/", "", "unknown", None, ""),
        ("", "", "unknown", None, ""),
        ("/x/v1/models/a:countTokens", "x", "unknown", None, ""),
    ],
)
def test_it_finds_the_persona_and_what_is_asked_for(
    path: str, persona: str, kind: str, style: str | None, model: str
) -> None:
    found = route(path)
    assert (found.persona, found.kind, found.model) == (persona, kind, model)
    assert (found.style.name if found.style else None) == style


@given(st.text())
def test_it_finds_a_way_for_any_path(path: str) -> None:
    assert route(f"/{path}").kind in {"models", "completion", "unknown"}
