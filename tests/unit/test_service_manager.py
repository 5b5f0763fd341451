"""What a service manager hands over and hears, by its protocols."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from openmodels.errors import SettingsError
from openmodels.service_manager import (
    activated_socket,
    notify,
    notify_ready,
    notify_reloading,
    notify_stopping,
)

# Descriptor 3 of the tests' own process is not theirs to take.
ASK = """
import os, sys
from openmodels.errors import SettingsError
from openmodels.service_manager import activated_socket
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
try:
    given = activated_socket(os.environ, os.getpid())
    print(given.getsockname()[1], os.get_inheritable(3))
except SettingsError as error:
    print(error)
"""


def handed_over(descriptor: int) -> str:
    """What becomes of this descriptor when it is handed over to another process."""
    return subprocess.run(
        [sys.executable, "-c", ASK, str(descriptor)],
        pass_fds=[descriptor],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    ).stdout.strip()


def test_it_takes_the_socket_that_is_meant_for_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as given:
        assert handed_over(given.fileno()) == f"{given.getsockname()[1]} False"


def test_it_refuses_what_is_no_socket_for_tcp(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        assert "what is not a socket" in handed_over(file.fileno())
    with socket.socket(socket.AF_UNIX) as unix:
        assert "ListenStream= with a port" in handed_over(unix.fileno())
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        assert "ListenStream= with a port" in handed_over(datagrams.fileno())


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LISTEN_FDS": "1"},
        {"LISTEN_PID": "4711"},
        {"LISTEN_PID": "4711", "LISTEN_FDS": "0"},
        {"LISTEN_PID": "4711", "LISTEN_FDS": "x"},
        {"LISTEN_PID": "4712", "LISTEN_FDS": "1"},
    ],
)
def test_it_takes_nothing_that_is_not_meant_for_it(environ: dict[str, str]) -> None:
    assert activated_socket(environ, 4711) is None


def test_it_refuses_more_than_one_socket() -> None:
    with pytest.raises(SettingsError, match="hands over 2 sockets"):
        activated_socket({"LISTEN_PID": "4711", "LISTEN_FDS": "2"}, 4711)


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A service manager's socket and how its address is written."""
    abstract = f"openmodels-{os.getpid()}"
    if request.param == "abstract" and sys.platform != "linux":
        pytest.skip("only Linux has abstract addresses")
    path = str(tmp_path / "notify")
    bound, written = (path, path) if request.param == "path" else ("\0" + abstract, "@" + abstract)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hearing:
        hearing.bind(bound)
        hearing.settimeout(5)
        yield hearing, written


def test_it_tells_how_far_it_is(manager: tuple[socket.socket, str]) -> None:
    hearing, address = manager
    environ = {"NOTIFY_SOCKET": address}
    notify_ready(environ)
    assert hearing.recv(4096).decode() == f"READY=1\nMAINPID={os.getpid()}"
    notify_reloading(environ)
    first, second = hearing.recv(4096).decode().split("\n")
    assert first == "RELOADING=1"
    assert second.removeprefix("MONOTONIC_USEC=").isdecimal()
    notify_stopping(environ)
    assert hearing.recv(4096) == b"STOPPING=1"


@pytest.mark.parametrize("address", ["", "relative", "/no/such/socket", "/" + "a" * 300, "@none"])
def test_it_goes_on_when_nobody_hears(address: str) -> None:
    notify({"NOTIFY_SOCKET": address} if address else {}, "READY=1")
