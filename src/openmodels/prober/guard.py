"""Which addresses a probe may connect to.

A registry's files are written by many; a name in one of them may lead into the house of whoever runs the
prober. So a name is looked up once, every address that it gives is judged, and the connection goes to exactly
the addresses that were judged: a name that gives another address to a second look-up gains nothing.

IPv4 is refused by the IANA special-purpose registry (RFC 6890 and its successors). IPv6 is admitted only
inside global unicast, 2000::/3, less its special parts: so everything that wraps an IPv4 address is refused -
mapped (::ffff:0:0/96), compatible (::/96), NAT64 (64:ff9b::/96), 6to4 (2002::/16) and Teredo (2001::/32).
"""

import ipaddress
import itertools
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence

from openmodels.prober.names import Names
from openmodels.prober.outcomes import Exhausted, ProbeFailed, is_exhaustion

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str], Awaitable[Sequence[str]]]

MAX_ADDRESSES = 4
"""How many of a name's addresses are tried."""


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


METADATA: tuple[Network, ...] = _networks(
    "169.254.0.0/16",  # link-local: AWS, Google, Azure, OpenStack, DigitalOcean, Hetzner, Tencent, ...
    "fe80::/10",
    "100.100.100.200/32",  # Alibaba
    "168.63.129.16/32",  # Azure's wire server
    "192.0.0.192/32",  # Oracle
    "100.96.0.96/32",  # Volcengine
    "fd00:ec2::/32",  # AWS, by IPv6
    "fd20:ce::254/128",  # Google, by IPv6
    "fd00:c1::a9fe:a9fe/128",  # Oracle, by IPv6
    "fd00:42::42/128",  # Scaleway, by IPv6
)
"""Where clouds hand credentials to whoever asks from inside. Never admitted."""

PRIVATE: tuple[Network, ...] = _networks(
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "::1/128",
    "fc00::/7",
)
"""Private, shared (CGNAT), loopback and unique-local addresses: where servers in the house are."""

SPECIAL: tuple[Network, ...] = _networks(
    "0.0.0.0/8",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
)
"""Addresses that no server on the internet has, or that wrap another one."""

GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


def refusal(address: Address, *, allow_private: bool) -> str | None:
    """Why no connection may be made to ``address``, in words; None when one may."""
    if _within(address, METADATA):
        return "a link-local or cloud metadata address"
    if _within(address, PRIVATE):
        return None if allow_private else "a private address"
    special = _within(address, SPECIAL)
    if special or (isinstance(address, ipaddress.IPv6Address) and address not in GLOBAL_UNICAST):
        return "not an address of a server on the internet"
    return None


class Guard:
    """Looks names up and judges what they give.

    ``allow_private`` admits private, loopback, CGNAT and unique-local addresses, for servers in the house;
    cloud metadata never. ``resolve`` gives a name's addresses, as text, or raises ``OSError``.
    """

    def __init__(self, *, allow_private: bool, resolve: Resolve | None = None) -> None:
        self._allow_private = allow_private
        self._resolve = resolve or Names()

    async def addresses(self, host: str) -> list[str]:
        """The addresses to which a connection for ``host`` may be made, in the order to try them.

        A name of which one address is cloud metadata is refused whole: nobody has such a name by mistake.
        Else the addresses that may not be reached are left out, and none left means refused.

        Raises ``ProbeFailed``: ``blocked`` for what is refused, ``network`` for a name that gives nothing.
        Raises ``Exhausted``.
        """
        literal = _literal(host)
        found = [literal] if literal else await self._look_up(host)
        admitted: list[Address] = []
        reason = ""
        for address in found:
            if _within(address, METADATA):
                raise ProbeFailed("blocked", "its host is a link-local or cloud metadata address")
            refused = refusal(address, allow_private=self._allow_private)
            if refused is None:
                admitted.append(address)
            reason = reason or refused or ""
        if not admitted:
            hint = "; OPENMODELS_ALLOW_PRIVATE=on admits it" if reason == "a private address" else ""
            raise ProbeFailed("blocked", f"its host is {reason}{hint}")
        return [str(address) for address in _families_in_turn(admitted)[:MAX_ADDRESSES]]

    async def _look_up(self, host: str) -> list[Address]:
        if not re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?", host) or ".." in host:
            raise ProbeFailed(
                "blocked", "its host is no name that can be looked up; write it in ASCII, as xn--..."
            )
        try:
            texts = await self._resolve(host)
        except TimeoutError:
            raise
        except (OSError, UnicodeError) as error:
            if isinstance(error, OSError) and is_exhaustion(error):
                raise Exhausted from None
            raise ProbeFailed("network", "its name could not be looked up") from None
        addresses = list(dict.fromkeys(ipaddress.ip_address(text) for text in texts))
        if not addresses:
            raise ProbeFailed("network", "its name has no address")
        return addresses


def _literal(host: str) -> Address | None:
    """The address that ``host`` is, or None for a name.

    A host whose last label is a number is an IPv4 address to every parser there is (WHATWG URL, "ends in a
    number"), but parsers disagree on which: 2130706433, 0177.0.0.1, 0x7f.1 and 127.1 are therefore refused.
    """
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rpartition(".")[2]):
        raise ProbeFailed("blocked", "its host is a number; write an IPv4 address as four decimal numbers")
    return None


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _families_in_turn(addresses: Sequence[Address]) -> list[Address]:
    """The same addresses, families by turns, so that a family that leads nowhere costs one attempt."""
    first = [a for a in addresses if a.version == addresses[0].version]
    other = [a for a in addresses if a.version != addresses[0].version]
    pairs = itertools.zip_longest(first, other)
    return [address for pair in pairs for address in pair if address is not None]
