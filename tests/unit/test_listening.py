"""Sockets that are opened here, and what is said about those that cannot be."""

import errno
import socket
from collections.abc import Iterator

import pytest

from openmodels.errors import SettingsError
from openmodels.listening import Listener, open_socket


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        yield holder.getsockname()[1]


def test_it_refuses_clients_until_it_listens() -> None:
    with open_socket("127.0.0.1", 0) as opened:
        listener = Listener(opened)
        with socket.socket() as client:
            assert client.connect_ex(listener.address) == errno.ECONNREFUSED
        listener.listen()
        with socket.create_connection(listener.address, timeout=5):
            pass


def test_it_gives_connections_that_send_at_once() -> None:
    with open_socket("127.0.0.1", 0) as opened:
        listener = Listener(opened)
        listener.listen()
        with socket.create_connection(listener.address, timeout=5):
            opened.setblocking(True)
            accepted, _ = opened.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_it_takes_an_address_of_version_6() -> None:
    try:
        opened = open_socket("::1", 0)
    except SettingsError:
        pytest.skip("this machine has no loopback address of version 6")
    with opened:
        assert Listener(opened).address[0] == "::1"


@pytest.mark.parametrize(
    ("prefix", "setting"), [("", "PORT"), ("OPENMODELS_METRICS_", "OPENMODELS_METRICS_PORT")]
)
def test_it_says_which_setting_to_change_when_a_port_is_taken(taken: int, prefix: str, setting: str) -> None:
    with pytest.raises(SettingsError) as caught:
        open_socket("127.0.0.1", taken, prefix=prefix)
    assert str(caught.value) == f"port {taken} is taken: stop what uses it, or set {setting} to another"


def test_it_says_that_a_port_was_taken_between_opening_and_listening() -> None:
    with open_socket("127.0.0.1", 0) as one:
        port = one.getsockname()[1]
        with open_socket("127.0.0.1", port) as other:
            Listener(one).listen()
            with pytest.raises(SettingsError) as caught:
                Listener(other).listen()
    assert str(caught.value) == f"port {port} is taken: stop what uses it, or set PORT to another"


def test_it_says_which_setting_names_no_address_of_this_machine() -> None:
    with pytest.raises(
        SettingsError, match=r"cannot listen on 192\.0\.2\.1:80: set HOST to an address of this"
    ):
        open_socket("192.0.2.1", 80)
    with pytest.raises(
        SettingsError, match=r"OPENMODELS_METRICS_HOST=.* is not known: set OPENMODELS_METRICS_H"
    ):
        open_socket("a" * 70, 80, prefix="OPENMODELS_METRICS_")
