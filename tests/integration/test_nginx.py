"""The nginx configuration of deploy/, really running in front of real nodes."""

import asyncio
import json
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path

import pytest

from contract.builders import check
from fixtures.nginx import NAME, Nginx, Node, nginx_before, nodes
from fixtures.server import eventually
from fixtures.service import NOW
from openmodels.opening import open_stores
from openmodels.settings import read_settings

HOT = "/api/models/gpt-4o"
OWN = {"date", "server", "connection", "keep-alive", "x-request-id", "strict-transport-security"}
"""Headers that are each hop's own, or of one request."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nginx")


@pytest.fixture(scope="module")
def node(folder: Path, excerpt: Path) -> Iterator[Node]:
    with nodes(folder / "node", excerpt, 1, RATE_LIMIT="20", POLL_INTERVAL="0.05") as (one,):
        yield one


@pytest.fixture(scope="module")
def nginx(folder: Path, node: Node) -> Iterator[Nginx]:
    with nginx_before(folder / "nginx", [node.port]) as running:
        yield running


class Answer:
    """An answer, read to its end."""

    def __init__(self, response: HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()


def through(
    nginx: Nginx, target: str, *, method: str = "GET", source: str = "127.0.0.1", **headers: str
) -> Answer:
    with closing(nginx.connect(source)) as connection:
        return sent(connection, target, method, headers)


def direct(
    node: Node, target: str, *, method: str = "GET", client: str = "127.0.0.1", **headers: str
) -> Answer:
    """The answer of the node itself to a request that comes as nginx sends it for this client."""
    forwarded = {"x_forwarded_for": client, "x_forwarded_proto": "https"}
    with closing(HTTPConnection("127.0.0.1", node.port, timeout=20)) as connection:
        return sent(connection, target, method, forwarded | headers)


def sent(connection: HTTPConnection, target: str, method: str, headers: dict[str, str]) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = named.pop("body", None)
    connection.request(method, target, body=body, headers={"Host": NAME} | named)
    return Answer(connection.getresponse())


def test_it_speaks_tls_and_offers_http2(nginx: Nginx) -> None:
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cadata=None)
        context.load_verify_locations(nginx.root)
        context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols(["h2", "http/1.1"])
        with (
            socket.create_connection(("127.0.0.1", nginx.secure), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=NAME) as encrypted,
        ):
            assert encrypted.selected_alpn_protocol() == "h2"
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(nginx.root)
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.options &= ~ssl.OP_NO_TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", nginx.secure), timeout=10) as plain,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        old.wrap_socket(plain, server_hostname=NAME)


@pytest.mark.skipif(
    shutil.which("curl") is None, reason="Python's own clients speak no HTTP/2, and curl is missing"
)
def test_it_answers_over_http2(nginx: Nginx) -> None:
    done = subprocess.run(
        [
            *("curl", "--silent", "--http2", "--cacert", str(nginx.root), "--output", "/dev/null"),
            *("--write-out", "%{http_version} %{http_code}", f"https://localhost:{nginx.secure}/api/health"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "2 200", done.stderr


def test_it_leads_plain_http_to_https(nginx: Nginx) -> None:
    with closing(HTTPConnection("127.0.0.1", nginx.plain, timeout=10)) as connection:
        answer = sent(connection, "/api/models?limit=1", "GET", {})
    assert (answer.status, answer.headers["location"]) == (308, f"https://{NAME}/api/models?limit=1")
    assert "/" not in answer.headers["server"], "no version"


@pytest.mark.parametrize("coding", ["identity", "gzip", "br", "zstd"])
def test_it_passes_answers_on_unchanged(nginx: Nginx, node: Node, coding: str) -> None:
    target = "/api/models?limit=50"
    client = f"127.0.2.{['identity', 'gzip', 'br', 'zstd'].index(coding) + 1}"
    own = direct(node, target, client=client, accept_encoding=coding)
    passed = through(nginx, target, source=client, accept_encoding=coding)
    assert own.status == passed.status == 200
    assert own.headers.get("content-encoding", "identity") == coding
    assert passed.body == own.body
    own_left, left = (int(answer.headers.pop("x-ratelimit-remaining")) for answer in (own, passed))
    assert left == own_left - 1, "counted in one bucket, and passed on"
    kept = {name: value for name, value in own.headers.items() if name not in OWN}
    assert {name: value for name, value in passed.headers.items() if name not in OWN} == kept
    assert {"etag", "last-modified", "vary", "x-ratelimit-limit", "x-ratelimit-reset"} <= kept.keys()
    again = through(nginx, target, source=client, accept_encoding=coding, if_none_match=own.headers["etag"])
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", own.headers["etag"])


def test_it_tells_that_the_connection_is_secure(nginx: Nginx) -> None:
    answer = through(nginx, "/api/health")
    assert (answer.status, answer.headers["strict-transport-security"]) == (200, "max-age=31536000")


def test_the_real_client_is_counted_and_a_forged_one_is_not_believed(nginx: Nginx) -> None:
    left = [
        int(through(nginx, HOT, source=source, **forged).headers["x-ratelimit-remaining"])
        for source, forged in (
            ("127.0.3.1", {}),
            ("127.0.3.2", {}),
            ("127.0.3.1", {"x_forwarded_for": "127.0.3.9"}),
            ("127.0.3.1", {"forwarded": "for=127.0.3.9", "x_real_ip": "127.0.3.9"}),
            ("127.0.3.9", {}),
        )
    ]
    assert left == [19, 19, 18, 17, 19]


def test_too_many_requests_are_refused_as_the_node_says(nginx: Nginx) -> None:
    answers = [through(nginx, HOT, source="127.0.4.1") for _ in range(21)]
    assert [answer.status for answer in answers] == [200] * 20 + [429]
    refused = answers[-1]
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert json.loads(refused.body)["error"]["type"] == "RATE_LIMITED"


@pytest.mark.parametrize(
    ("method", "target", "headers", "status"),
    [
        ("DELETE", HOT, {}, 405),
        ("POST", HOT, {"body": "{}"}, 405),
        ("GET", "/api/models?search=" + "a" * 9000, {}, 414),
        ("GET", "/api/models/none", {}, 404),
        ("GET", "/api/models?limit=none", {}, 400),
    ],
)
def test_refusals_are_the_nodes_own(
    nginx: Nginx, node: Node, method: str, target: str, headers: dict[str, str], status: int
) -> None:
    own = direct(node, target, method=method, client="127.0.5.1", **headers)
    passed = through(nginx, target, method=method, source="127.0.5.2", **headers)
    assert own.status == passed.status == status
    errors = [json.loads(answer.body)["error"] for answer in (own, passed)]
    for error in errors:
        del error["request_id"]
    assert errors[0] == errors[1]


def test_a_head_that_is_too_large_is_refused(nginx: Nginx) -> None:
    headers = {f"x_{number}": "a" for number in range(300)}
    assert through(nginx, HOT, source="127.0.6.1", **headers).status == 431


def test_a_request_with_a_large_body_is_refused(nginx: Nginx) -> None:
    assert through(nginx, HOT, source="127.0.6.2", method="POST", body="a" * 2000).status == 413


def test_metrics_are_not_shown(nginx: Nginx) -> None:
    assert through(nginx, "/metrics").status == 404


def test_events_arrive_as_they_happen(nginx: Nginx, folder: Path) -> None:
    async def record() -> None:
        settings = read_settings({"OPENMODELS_DATA_DIR": str(folder / "node" / "data")})
        async with open_stores(settings) as stores:
            await stores.telemetry.record([check("openai", NOW, "down")])

    with closing(nginx.connect("127.0.7.1")) as connection:
        connection.request("GET", "/api/telemetry/stream", headers={"Host": NAME})
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("content-type")) == (200, "text/event-stream")
        assert answer.readline() == b"retry: 3000\n", "before anything has happened"
        asyncio.run(record())
        lines = iter(answer.readline, b"")
        assert any(b'"provider_id":"openai"' in line for line in lines)


@pytest.mark.parametrize(
    ("address", "path"), [("127.0.8.1", "/api/telemetry/stream"), ("127.0.8.2", "/api//telemetry/stream/")]
)
def test_one_address_follows_ten_streams(nginx: Nginx, address: str, path: str) -> None:
    opened = [nginx.connect(address) for _ in range(11)]
    try:
        statuses = []
        for connection in opened:
            connection.request("GET", path, headers={"Host": NAME})
            statuses.append(connection.getresponse().status)
        assert statuses == [200] * 10 + [429]
    finally:
        for connection in opened:
            connection.close()


def test_nobody_answers_in_words_of_the_contract(tmp_path: Path, node: Node) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        with nginx_before(tmp_path, [holder.getsockname()[1]]) as nginx:
            answer = through(nginx, HOT)
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["status"], error["type"]) == (503, 503, "SERVICE_UNAVAILABLE")
    assert re.fullmatch("[0-9a-f]{32}", error["request_id"])
    assert (answer.headers["retry-after"], answer.headers["cache-control"]) == ("5", "no-store")


class Load:
    """Clients that ask over connections that they keep, until they are told to stop."""

    def __init__(self, nginx: Nginx, clients: int = 6) -> None:
        self.failed: list[str] = []
        self.done = [0] * clients
        self._nginx = nginx
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        self.more()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def more(self, count: int = 40) -> None:
        """Return once every client has had so many more answers, or one has failed."""
        wanted = [done + count for done in self.done]
        eventually(
            lambda: self.failed or all(done >= want for done, want in zip(self.done, wanted, strict=True)),
            seconds=60,
            what="the clients get answers",
        )
        assert self.failed == []

    def _run(self, number: int) -> None:
        with closing(self._nginx.connect()) as connection:
            # They pause, so that a node that is just starting gets a share of this machine.
            while not self._stop.wait(0.005):
                try:
                    connection.request(
                        "GET", f"{HOT}?n={number}" if number % 2 else HOT, headers={"Host": NAME}
                    )
                    answer = connection.getresponse()
                    answer.read()
                    # An unknown parameter is refused, which the node has to be there for as well.
                    if answer.status not in {200, 400}:
                        self.failed.append(f"status {answer.status}")
                        return
                except (OSError, HTTPException) as error:
                    self.failed.append(repr(error))
                    return
                self.done[number] += 1


@pytest.fixture(scope="module")
def pair(folder: Path, excerpt: Path) -> Iterator[tuple[Nginx, Sequence[Node]]]:
    """Two nodes, which each test leaves running."""
    with (
        nodes(folder / "pair", excerpt, 2) as two,
        nginx_before(folder / "before-pair", [node.port for node in two]) as one,
    ):
        yield one, two


def back(node: Node) -> None:
    """Start it again, and return once nginx sends requests to it."""
    node.start()
    eventually(lambda: node.answered() > 20, seconds=30, what="nginx asks the node again")


def test_a_killed_node_fails_no_request(pair: tuple[Nginx, Sequence[Node]]) -> None:
    nginx, (node, _other) = pair
    with Load(nginx) as load:
        node.stop(signal.SIGKILL)
        load.more()
        back(node)
        load.more()
    assert load.failed == []


def test_restarting_one_node_after_the_other_fails_no_request(pair: tuple[Nginx, Sequence[Node]]) -> None:
    nginx, both = pair
    with Load(nginx) as load:
        for node in both:
            assert node.stop() == 0
            load.more()
            back(node)
    assert load.failed == []
