import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels.edge.forwarded import Proxies

PROXIES = Proxies([ipaddress.ip_network(n) for n in ("10.0.0.0/8", "2001:db8:aaaa::/48", "::1/128")])
PEER = "10.0.0.1"


def client_of(*lines: bytes, peer: str = PEER, proxies: Proxies = PROXIES) -> str:
    headers = [(b"host", b"x"), *((b"x-forwarded-for", line) for line in lines)]
    return proxies.client_of(peer, headers)


@pytest.mark.parametrize(
    ("line", "client"),
    [
        (b"203.0.113.7", "203.0.113.7"),
        (b"  203.0.113.7 ", "203.0.113.7"),
        (b"198.51.100.1, 203.0.113.7", "203.0.113.7"),
        (b"198.51.100.1, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
        (b"198.51.100.1,203.0.113.7,10.1.2.3,10.9.9.9", "203.0.113.7"),
        (b"203.0.113.7:5555", "203.0.113.7"),
        (b"[2001:db8::9]:5555", "2001:db8::9"),
        (b"[2001:db8::9]", "2001:db8::9"),
        (b'"[2001:db8::9]:80"', "2001:db8::9"),
        (b"2001:DB8:0:0::9", "2001:db8::9"),
        (b"fe80::9%eth0", "fe80::9"),
        (b"::ffff:203.0.113.7", "203.0.113.7"),
        (b"203.0.113.7, ::ffff:10.0.0.9", "203.0.113.7"),
        (b"203.0.113.7, 2001:db8:aaaa::5", "203.0.113.7"),
    ],
)
def test_it_takes_the_rightmost_address_that_is_no_proxy(line: bytes, client: str) -> None:
    assert client_of(line) == client


@pytest.mark.parametrize(
    "line",
    [b"", b" ", b",", b"unknown", b"_hidden", b"1.2.3", b"999.1.1.1", b"\xff\xfe", b"[", b"[]:80", b"::g"],
)
def test_it_takes_the_peer_when_the_header_makes_no_sense(line: bytes) -> None:
    assert client_of(line) == PEER
    assert client_of(b"203.0.113.7, " + line) == PEER


def test_it_stops_at_garbage_on_the_left() -> None:
    assert client_of(b"203.0.113.7, garbage, 10.2.2.2") == "10.2.2.2"


def test_it_takes_the_peer_without_a_header() -> None:
    assert client_of() == PEER


def test_it_takes_the_leftmost_when_all_are_proxies() -> None:
    assert client_of(b"10.5.5.5, 10.6.6.6") == "10.5.5.5"


def test_it_reads_several_header_lines_as_one() -> None:
    assert client_of(b"198.51.100.1", b"203.0.113.7, 10.2.2.2") == "203.0.113.7"
    assert client_of(b"203.0.113.7", b"10.2.2.2") == "203.0.113.7"


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("10.255.255.255", True),
        ("11.0.0.1", False),
        ("::ffff:10.0.0.1", True),
        ("2001:db8:aaaa::1", True),
        ("2001:db8:aaab::1", False),
        ("::1", True),
        ("", False),
        ("proxy.local", False),
    ],
)
def test_it_trusts_the_configured_networks_only(address: str, trusted: bool) -> None:
    assert PROXIES.trusts(address) is trusted


def test_it_trusts_nobody_when_no_network_is_configured() -> None:
    assert not Proxies([])
    assert not Proxies([]).trusts("10.0.0.1")
    assert PROXIES


@given(st.binary(max_size=200), st.ip_addresses(v=4).map(str))
def test_a_client_cannot_choose_its_address(forged: bytes, real: str) -> None:
    if not PROXIES.trusts(real):
        assert client_of(forged + b"," + real.encode()) == real
        assert client_of(forged, real.encode() + b", 10.3.3.3") == real


@given(st.lists(st.binary(max_size=50), max_size=4))
def test_it_always_names_an_address(lines: list[bytes]) -> None:
    assert ipaddress.ip_address(client_of(*lines))
