"""The sockets that requests come in by: opened here, or handed over by who keeps them open.

While a process ends, connections that come to a socket which another process keeps wait in its queue for the
next one to take them, instead of being refused. So it can be served without a gap.
"""

import errno
import socket
from typing import NamedTuple

from openmodels.errors import SettingsError

BACKLOG = 4096
"""Connections that may wait to be taken: what Linux allows by default (net.core.somaxconn)."""


class Listener(NamedTuple):
    """Where requests come in."""

    socket: socket.socket
    """A stream socket that has an address."""
    kept: bool = False
    """Whether another process keeps it open too, so that it outlives this one."""

    @property
    def address(self) -> tuple[str, int]:
        """The IP address and the port."""
        host, port = self.socket.getsockname()[:2]
        return host, port

    def listen(self) -> None:
        """Let connections wait from here on. Raises ``SettingsError`` where another process listens."""
        try:
            self.socket.listen(BACKLOG)
        except OSError as error:
            raise _refused(*self.address, error, "") from None
        # An event loop must not wait in accept.
        self.socket.setblocking(False)
        # Connections inherit it; without it, small answers would wait for the acknowledgement of others.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class HandedOver(NamedTuple):
    """Sockets that another process opened for this one, and keeps."""

    requests: socket.socket
    metrics: socket.socket | None = None


def open_socket(host: str, port: int, *, prefix: str = "") -> socket.socket:
    """A socket that has this address. It does not listen yet: clients are refused until somebody serves.

    ``prefix`` is what the names of this address's settings begin with. Raises ``SettingsError``, which says
    what to type instead.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise SettingsError(
            f"{prefix}HOST={host} is not known: set {prefix}HOST to an address of this machine"
        ) from None
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
    except OSError as error:
        opened.close()
        raise _refused(host, port, error, prefix) from None
    return opened


def _refused(host: str, port: int, error: OSError, prefix: str) -> SettingsError:
    reasons = {
        errno.EADDRINUSE: f"port {port} is taken: stop what uses it, or set {prefix}PORT to another",
        errno.EACCES: f"port {port} needs root: set {prefix}PORT to one above 1023",
    }
    other = f"cannot listen on {host}:{port}: set {prefix}HOST to an address of this machine"
    return SettingsError(reasons.get(error.errno or 0, other))
