"""The server terminates TLS by itself when it has a certificate."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import trustme

from fixtures.server import RunningServer, free_port, run_program, start_server
from fixtures.wire import answers_in, read_all, request


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def folder(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two certificates with their keys, and the root that signed them."""
    folder = tmp_path_factory.mktemp("tls")
    authority.cert_pem.write_to_path(str(folder / "root.pem"))
    for name in ("server", "other"):
        issued = authority.issue_cert("localhost", "127.0.0.1")
        issued.private_key_pem.write_to_path(str(folder / f"{name}.key"))
        for part in issued.cert_chain_pems:
            part.write_to_path(str(folder / f"{name}.pem"), append=True)
    (folder / "nonsense.pem").write_text("this is no certificate\n")
    return folder


@pytest.fixture(scope="module")
def secure(folder: Path, excerpt: Path) -> Iterator[RunningServer]:
    with start_server(
        folder / "run",
        registry=excerpt,
        TLS_CERT=str(folder / "server.pem"),
        TLS_KEY=str(folder / "server.key"),
        HTTPS_ONLY="on",
    ) as running:
        yield running
        assert running.errors == ""


def trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "root.pem"))


def handshake(secure: RunningServer, context: ssl.SSLContext) -> str | None:
    """The version of TLS that was agreed on."""
    with (
        secure.connect() as plain,
        context.wrap_socket(plain, server_hostname="localhost") as encrypted,
    ):
        return encrypted.version()


def test_it_answers_https_with_hsts(secure: RunningServer, folder: Path) -> None:
    with httpx2.Client(verify=trusting(folder), base_url=f"https://localhost:{secure.port}") as client:
        for target, status in (("/api/models?limit=1", 200), ("/api/nothing", 404), ("/api/health", 200)):
            response = client.get(target)
            assert response.status_code == status
            assert response.headers["strict-transport-security"] == "max-age=31536000"


def test_it_announces_itself_with_https(secure: RunningServer) -> None:
    assert f"https://127.0.0.1:{secure.port}/api/models" in secure.output


def test_it_speaks_tls_1_3(secure: RunningServer, folder: Path) -> None:
    assert handshake(secure, trusting(folder)) == "TLSv1.3"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the old version is what this test is about
def test_it_speaks_no_tls_before_1_2(secure: RunningServer, folder: Path) -> None:
    context = trusting(folder)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(secure, context)


def test_it_bears_plain_http_on_its_port(secure: RunningServer, folder: Path) -> None:
    with secure.connect() as connection:
        connection.sendall(request(b"/api/models"))
        received = read_all(connection)
    assert not received.startswith(b"HTTP/1.1 200")
    assert handshake(secure, trusting(folder))


def test_it_bears_a_handshake_that_never_ends(secure: RunningServer, folder: Path) -> None:
    with socket.create_connection(("127.0.0.1", secure.port)) as half:
        half.sendall(b"\x16\x03\x01")
        with (
            secure.connect() as plain,
            trusting(folder).wrap_socket(plain, server_hostname="localhost") as encrypted,
        ):
            encrypted.sendall(request(b"/api/models?limit=1"))
            assert answers_in(read_all(encrypted))[0].status == 200


@pytest.mark.parametrize(
    ("cert", "key", "expected"),
    [
        ("missing.pem", "server.key", "OPENMODELS_TLS_CERT names"),
        ("server.pem", "", "OPENMODELS_TLS_CERT and OPENMODELS_TLS_KEY go together: set both or neither"),
        ("nonsense.pem", "nonsense.pem", "cannot be used"),
        ("server.pem", "other.key", "cannot be used"),
    ],
)
def test_it_says_in_one_line_what_is_wrong_with_a_certificate(
    folder: Path, excerpt: Path, tmp_path: Path, cert: str, key: str, expected: str
) -> None:
    result = run_program(
        tmp_path,
        "serve",
        "--publish",
        PORT=str(free_port()),
        REGISTRY=str(excerpt),
        TLS_CERT=str(folder / cert) if cert else "",
        TLS_KEY=str(folder / key) if key else "",
    )
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("openmodels: ")
    assert expected in line
    assert result.stdout == ""
