"""Requests that no honest client sends, to the real server: each is answered or refused, none does harm.

What reaches the application gets the error envelope. What the HTTP server refuses by itself is a plain 4xx or
a close. Afterwards the server answers as before, and its log holds no traceback.
"""

from collections.abc import Iterator

import pytest

from fixtures.server import RunningServer
from fixtures.wire import answers_in, ask, exchange, read_all, request

FINE = request(b"/api/models?limit=1")


@pytest.fixture(autouse=True)
def unharmed(server: RunningServer) -> Iterator[None]:
    """Afterwards the server answers, in the same process, and has logged nothing."""
    before = server.errors
    yield
    assert ask(server, FINE).status == 200
    assert server.process.poll() is None
    assert server.errors == before


@pytest.mark.parametrize(
    ("target", "status", "kind"),
    [
        (b"/nothing", 404, "NOT_FOUND"),
        (b"/api/nothing", 404, "NOT_FOUND"),
        (b"/api/../etc/passwd", 404, "NOT_FOUND"),
        (b"/api/models/..%2f..%2fetc%2fpasswd", 404, "NOT_FOUND"),
        (b"/api/%zz", 400, "BAD_REQUEST"),
        (b"/api/models/%", 400, "BAD_REQUEST"),
        (b"/api/models/%4", 400, "BAD_REQUEST"),
        (b"/api/models?search=%zz", 400, "BAD_REQUEST"),
        (b"/api/models?search=100%", 400, "BAD_REQUEST"),
        (b"/api/models?%zz=1", 400, "BAD_REQUEST"),
        (b"/api/models/a%00b", 400, "BAD_REQUEST"),
        (b"/api/models?search=a%00b", 400, "BAD_REQUEST"),
        (b"/api/models/%ff", 400, "BAD_REQUEST"),
        (b"/api/models/%C3%28", 400, "BAD_REQUEST"),
        (b"/api/models/%ed%a0%80", 400, "BAD_REQUEST"),
        (b"/api/models?search=%ff", 400, "BAD_REQUEST"),
        (b"/api/models?search=" + b"a" * 20_000, 414, "URI_TOO_LONG"),
        (b"/api/models/" + b"a" * 20_000, 414, "URI_TOO_LONG"),
        (b"/" + b"/" * 20_000, 414, "URI_TOO_LONG"),
        (b"/api/models?" + b"vendor=a&" * 2_300, 414, "URI_TOO_LONG"),
        (b"/api/models?page=1e9", 400, "BAD_REQUEST"),
        (b"/api/models?limit=-1", 400, "BAD_REQUEST"),
        (b"/api/models?limit=10.0", 400, "BAD_REQUEST"),
        (b"/api/models?page=%D9%A1", 400, "BAD_REQUEST"),
        ("/api/models?page=١".encode(), 400, "BAD_REQUEST"),
        (b"/api/models?page=1&page=2", 400, "BAD_REQUEST"),
        (b"/api/models?sort=name&sort=name", 400, "BAD_REQUEST"),
        ("/api/models/é".encode(), 404, "NOT_FOUND"),
        ("/é".encode(), 404, "NOT_FOUND"),
        (b"/api/models/%3Cscript%3Ealert(1)%3C%2Fscript%3E", 404, "NOT_FOUND"),
        (b"/api/models/'%20OR%201=1;--", 404, "NOT_FOUND"),
        (b"/api/models/" + b"%F0%9F%90%99" * 600, 404, "NOT_FOUND"),
    ],
)
def test_it_explains_what_it_cannot_answer(
    server: RunningServer, target: bytes, status: int, kind: str
) -> None:
    answer = ask(server, request(target))
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert (answer.error["status"], answer.error["type"]) == (status, kind)
    assert answer.error["request_id"] == answer.headers["x-request-id"]
    assert len(answer.body) < 4_000


def test_it_names_the_value_that_it_does_not_take(server: RunningServer) -> None:
    for target in (b"/api/models?page=%D9%A1", "/api/models?page=١".encode()):
        assert ask(server, request(target)).error["details"] == [
            {"parameter": "page", "value": "١", "range": [1, 9007199254740991]}
        ]


@pytest.mark.parametrize("target", ["/api/models?search=é".encode(), b"/api/models?search=%C3%A9"])
def test_it_reads_utf_8_whether_it_is_percent_encoded_or_not(server: RunningServer, target: bytes) -> None:
    plain = ask(server, request(b"/api/models?search=e"))
    assert (plain.status, ask(server, request(target)).body) == (200, plain.body)


@pytest.mark.parametrize(
    "target",
    [
        b"/api/models/a\0b",
        b"/api/models?search=\0",
        b"/api/models/\xff",
        b"/api/models?search=\xff",
        b"/a b c",
    ],
)
def test_it_refuses_bytes_that_no_url_may_hold(server: RunningServer, target: bytes) -> None:
    (answer,) = answers_in(exchange(server, request(target)))
    assert (answer.status, answer.body) == (400, b"")


@pytest.mark.parametrize(
    "method", [b"TRACE", b"CONNECT", b"POST", b"DELETE", b"PROPFIND", b"get", b"X" * 300]
)
def test_it_allows_no_other_method(server: RunningServer, method: bytes) -> None:
    answer = ask(server, request(b"/api/models", method=method))
    assert (answer.status, answer.error["type"]) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "get, head, options"
    assert len(answer.body) < 400


def test_it_answers_options_for_the_whole_server(server: RunningServer) -> None:
    assert ask(server, request(b"*", method=b"OPTIONS")).status == 204


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /api/models?limit=1 HTTP/1.0\r\n\r\n",
        b"GET http://elsewhere.example/api/models?limit=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/models?limit=1 HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"\r\n" + FINE,
        request(b"/api/models?limit=1#fragment"),
        request(b"/api/models?limit=1", headers=b"Accept-Encoding: \xff\xfe\r\nIf-None-Match: \xff\r\n"),
        request(b"/api/models?limit=1", headers=b"If-Modified-Since: \xff\r\nX-Forwarded-For: \xff, ,\r\n"),
        request(b"/api/models?limit=1", headers=b"Range: bytes=0-10\r\n"),
        request(b"/api/models?limit=1", headers=b"Expect: 100-continue\r\n"),
        request(b"/api/models?limit=1", headers=b"Upgrade: websocket\r\n"),
    ],
)
def test_it_answers_what_is_odd_but_clear(server: RunningServer, sent: bytes) -> None:
    answer = answers_in(exchange(server, sent))[-1]
    assert (answer.status, answer.body) == (200, ask(server, FINE).body)


@pytest.mark.parametrize(
    "sent",
    [
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /api/models\r\n\r\n",
        b"GET /api/models HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET api/models HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(100)) + b"\r\n\r\n",
        b"GET /api/models HTTP/1.1\r\nHost: x\r\nno colon here\r\n\r\n",
        b"GET /api/models HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
        b"GET /api/models HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ],
)
def test_it_refuses_what_is_no_request(server: RunningServer, sent: bytes) -> None:
    received = exchange(server, sent)
    assert not received or [answer.status for answer in answers_in(received)] == [400]


@pytest.mark.parametrize(
    "headers",
    [
        b"X-Long: " + b"a" * 100_000 + b"\r\n",
        b"".join(b"X-%d: a\r\n" % number for number in range(10_000)),
        b"X" * 100_000 + b": a\r\n",
    ],
)
def test_it_refuses_a_head_that_is_too_large(server: RunningServer, headers: bytes) -> None:
    received = exchange(server, request(b"/api/models", headers=headers))
    assert not received or [answer.status for answer in answers_in(received)] in ([431], [400])


def test_it_refuses_a_url_that_fills_the_head(server: RunningServer) -> None:
    received = exchange(server, request(b"/api/models?search=" + b"a" * 200_000))
    assert not received or [answer.status for answer in answers_in(received)] in ([431], [414], [400])


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (b"Content-Length: 5\r\n", b"hello"),
        (b"Content-Length: 300000\r\n", b"x" * 300_000),
        (b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
    ],
)
def test_it_ignores_the_body_of_a_get_and_answers_the_next_request(
    server: RunningServer, headers: bytes, body: bytes
) -> None:
    first = request(b"/api/models?limit=1", headers=headers, close=False) + body
    answers = answers_in(exchange(server, first + FINE))
    # A server may close rather than read a large body that nobody wants; it must not take it for a request.
    assert [answer.status for answer in answers] in ([200, 200], [200])
    if len(body) < 1000:
        assert len(answers) == 2


def test_it_does_not_read_a_request_smuggled_in_a_body(server: RunningServer) -> None:
    smuggled = request(b"/api/smuggled")
    sent = request(
        b"/api/models?limit=1",
        method=b"POST",
        headers=b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n" % (len(smuggled) + 5),
        close=False,
    )
    answers = answers_in(exchange(server, sent + b"0\r\n\r\n" + FINE))
    assert [answer.status for answer in answers] in ([405, 200], [405], [400])
    assert all(b"smuggled" not in answer.body for answer in answers)


def test_it_answers_pipelined_requests_in_order(server: RunningServer) -> None:
    targets = [b"/api/models?limit=%d" % (number % 7 + 1) for number in range(60)]
    sent = b"".join(request(target, close=False) for target in targets)
    methods = "".join("G" for _ in targets)
    answers = answers_in(exchange(server, sent + request(b"/api/nothing")), methods=methods)
    assert [answer.status for answer in answers] == [200] * 60 + [404]
    sizes = [answer.body.count(b'"vendor_name"') for answer in answers[:-1]]
    assert sizes == [number % 7 + 1 for number in range(60)]


def test_it_answers_head_and_get_in_one_connection(server: RunningServer) -> None:
    sent = request(b"/api/models?limit=1", method=b"HEAD", close=False) + FINE
    head, got = answers_in(exchange(server, sent), methods="HG")
    assert (head.status, head.body, got.status) == (200, b"", 200)
    assert head.headers["content-length"] == str(len(got.body))


def test_it_bears_clients_that_go_away(server: RunningServer) -> None:
    for sent in (b"", b"GET /api/mod", b"GET /api/models HTTP/1.1\r\nHost: x\r\n", FINE, FINE * 50):
        for _ in range(20):
            with server.connect() as connection:
                connection.sendall(sent)


def test_it_answers_others_while_connections_stand_half_open(server: RunningServer) -> None:
    halves = [server.connect() for _ in range(200)]
    try:
        for half in halves:
            half.sendall(b"GET /api/models HTTP/1.1\r\nHost: ")
        assert ask(server, FINE).status == 200
        halves[0].sendall(b"x\r\nConnection: close\r\n\r\n")
        assert answers_in(read_all(halves[0]))[0].status == 200
    finally:
        for half in halves:
            half.close()
