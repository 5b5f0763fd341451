import asyncio
import ipaddress
import socket
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels.prober.guard import GLOBAL_UNICAST, METADATA, Guard, refusal
from openmodels.prober.names import Names
from openmodels.prober.outcomes import ProbeFailed

pytestmark = pytest.mark.anyio


def guard(*addresses: str, allow_private: bool = False) -> Guard:
    async def resolve(host: str) -> Sequence[str]:
        return addresses

    return Guard(allow_private=allow_private, resolve=resolve)


async def refused(guarded: Guard, host: str) -> ProbeFailed:
    with pytest.raises(ProbeFailed) as failure:
        await guarded.addresses(host)
    return failure.value


PUBLIC = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::5"]
HOME = [
    "10.0.0.5",
    "172.16.0.1",
    "192.168.1.1",
    "127.0.0.1",
    "127.8.8.8",
    "100.64.0.1",
    "::1",
    "fc00::1",
    "fd12::7",
]
METADATA_ADDRESSES = [
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "100.96.0.96",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::a9fe:a9fe",
    "fe80::1%1",
]
NOWHERE = [
    "0.0.0.0",
    "0.1.2.3",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
    "3fff::1",
    "fec0::1",
    "64:ff9b:1::1",
    "5f00::1",
]


@pytest.mark.parametrize("address", PUBLIC)
async def test_it_admits_a_public_address(address: str) -> None:
    assert await guard().addresses(address) == [address]
    assert await guard(address).addresses("api.example.com") == [address]


@pytest.mark.parametrize("address", [*HOME, *METADATA_ADDRESSES, *NOWHERE])
async def test_it_refuses_an_address_that_is_not_public(address: str) -> None:
    assert (await refused(guard(), address)).outcome == "blocked"
    assert (await refused(guard(address), "api.example.com")).outcome == "blocked"


@pytest.mark.parametrize("address", HOME)
async def test_it_admits_the_house_when_told_to(address: str) -> None:
    assert await guard(allow_private=True).addresses(address) == [address]


@pytest.mark.parametrize("address", [*METADATA_ADDRESSES, *NOWHERE])
async def test_it_never_admits_metadata_nor_what_is_no_servers_address(address: str) -> None:
    assert (await refused(guard(allow_private=True), address)).outcome == "blocked"
    assert (await refused(guard(address, allow_private=True), "api.example.com")).outcome == "blocked"


def wrapped(inner: ipaddress.IPv4Address) -> list[ipaddress.IPv6Address]:
    number = int(inner)
    return [
        ipaddress.IPv6Address(0xFFFF << 32 | number),  # mapped
        ipaddress.IPv6Address(number),  # compatible
        ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) | number),  # NAT64
        ipaddress.IPv6Address(int(ipaddress.IPv6Address("2002::")) | number << 80),  # 6to4
        ipaddress.IPv6Address(int(ipaddress.IPv6Address("2001::")) | (number ^ 0xFFFFFFFF)),  # Teredo
        ipaddress.IPv6Address(int(ipaddress.IPv6Address("fe80::5efe:0:0")) | number),  # ISATAP
    ]


@given(st.ip_addresses(v=4), st.booleans())
def test_it_refuses_every_ipv6_address_that_wraps_an_ipv4_address(
    inner: ipaddress.IPv4Address, allow_private: bool
) -> None:
    for address in wrapped(inner):
        loopback = address == ipaddress.IPv6Address("::1")
        assert (refusal(address, allow_private=allow_private) is None) is (loopback and allow_private)


@given(st.ip_addresses())
def test_it_admits_nothing_that_python_knows_to_be_not_global(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if refusal(address, allow_private=False) is None:
        assert address.is_global
        assert not address.is_multicast
        assert address.version == 4 or address in GLOBAL_UNICAST


@given(st.sampled_from(METADATA).flatmap(lambda network: st.ip_addresses(network=network)), st.booleans())
def test_it_refuses_all_of_every_metadata_network(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, allow_private: bool
) -> None:
    assert refusal(address, allow_private=allow_private) is not None


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "127.1",
        "0x7f000001",
        "127.0.0.0x1",
        "1.2.3.4.5",
        "010.0.0.1",
        "0x",
    ],
)
async def test_it_refuses_an_ipv4_address_in_an_unusual_form(host: str) -> None:
    failure = await refused(guard("8.8.8.8", allow_private=True), host)
    assert failure.outcome == "blocked"
    assert "four decimal numbers" in failure.detail


@pytest.mark.parametrize(
    "host", ["", ".", "a..b", "-a", "a b", "ünï.example", "a" * 254, "a\0b", "a/b", "%31"]
)
async def test_it_refuses_what_is_no_name(host: str) -> None:
    assert (await refused(guard("8.8.8.8"), host)).outcome == "blocked"


async def test_it_leaves_private_addresses_of_a_name_out() -> None:
    assert await guard("10.0.0.1", "8.8.8.8", "::1").addresses("api.example.com") == ["8.8.8.8"]


async def test_it_refuses_a_name_whole_of_which_one_address_is_metadata() -> None:
    for allow_private in (False, True):
        failure = await refused(guard("8.8.8.8", "169.254.169.254", allow_private=allow_private), "a.example")
        assert failure.outcome == "blocked"


async def test_it_says_how_to_admit_a_private_address() -> None:
    assert "OPENMODELS_ALLOW_PRIVATE=on" in (await refused(guard(), "10.0.0.1")).detail
    assert "ALLOW_PRIVATE" not in (await refused(guard(), "169.254.169.254")).detail


async def test_it_tries_families_by_turns_and_not_too_many() -> None:
    addresses = ["2606:4700::1", "2606:4700::2", "2606:4700::3", "2606:4700::1", "8.8.8.8", "8.8.4.4"]
    assert await guard(*addresses).addresses("a.example") == [
        "2606:4700::1",
        "8.8.8.8",
        "2606:4700::2",
        "8.8.4.4",
    ]


async def test_it_calls_a_name_without_addresses_a_fault_of_the_network() -> None:
    async def resolve(host: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    assert (await refused(Guard(allow_private=True, resolve=resolve), "a.example")).outcome == "network"
    assert (await refused(guard(), "a.example")).outcome == "network"


async def test_it_looks_names_up_as_the_system_does() -> None:
    assert "127.0.0.1" in await Names()("localhost")
    with pytest.raises(OSError, match=r".+"):
        await Names()("a..b")
    assert "127.0.0.1" in await Guard(allow_private=True).addresses("localhost")


async def test_it_looks_up_one_name_once_at_a_time_for_all_who_ask() -> None:
    names = Names(at_most=1)
    found = await asyncio.gather(*(names("localhost") for _ in range(50)))
    assert len(set(found)) == 1
    assert await names("localhost") == found[0]


async def test_it_looks_other_names_up_while_one_hangs() -> None:
    asked: list[str] = []
    release = threading.Event()

    def look_up(host: str) -> tuple[str, ...]:
        asked.append(host)
        if host == "hangs.example":
            release.wait()
        return ("8.8.8.8",)

    names = Names(at_most=2, look_up=look_up)
    hanging = [asyncio.create_task(names("hangs.example")) for _ in range(5)]
    for number in range(5):
        assert await names(f"{number}.example") == ("8.8.8.8",)
    assert asked.count("hangs.example") == 1
    for task in hanging[:-1]:
        task.cancel()
    release.set()
    assert await hanging[-1] == ("8.8.8.8",)


async def test_it_waits_for_room_when_too_many_names_hang() -> None:
    release = threading.Event()

    def look_up(host: str) -> tuple[str, ...]:
        release.wait()
        return (host,)

    names = Names(at_most=2, look_up=look_up)
    asking = [asyncio.create_task(names(host)) for host in ("a", "b", "c", "c", "d")]
    done, _ = await asyncio.wait(asking, timeout=0)
    assert not done
    release.set()
    assert await asyncio.gather(*asking) == [("a",), ("b",), ("c",), ("c",), ("d",)]


async def test_it_goes_on_looking_up_when_one_who_asked_has_gone() -> None:
    names = Names(at_most=1)
    asking = [asyncio.create_task(names("localhost")) for _ in range(3)]
    await asyncio.sleep(0)
    asking[0].cancel()
    assert "127.0.0.1" in await asking[1]
    assert "127.0.0.1" in await asking[2]
    assert asking[0].cancelled()
