"""Who the client is when a reverse proxy stands in between."""

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache

from openmodels.settings import Network


class Proxies:
    """The reverse proxies whose forwarding headers are believed; nobody else's are."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = tuple(networks)
        self.trusts = lru_cache(maxsize=16_384)(self._trusts)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def _trusts(self, address: str) -> bool:
        parsed = _address(address)
        return parsed is not None and any(
            parsed.version == network.version and parsed in network for network in self._networks
        )

    def client_of(self, peer: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """The rightmost address of ``X-Forwarded-For`` that is not a trusted proxy; the peer without one.

        What stands further left was written by the client itself and may be anything.
        """
        hops = ",".join(value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for")
        client = peer
        for hop in reversed(hops.split(",")):
            address = _address(hop)
            if address is None:
                break
            client = str(address)
            if not self.trusts(client):
                break
        return client


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address in one element of ``X-Forwarded-For``, which some proxies write with a port."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
