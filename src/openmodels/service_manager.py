"""What a service manager (systemd) says to a program and is told by it: sockets, and how far it is.

Protocols: sd_listen_fds(3) and sd_notify(3) of systemd, which are stable and small enough to be written out.
"""

import contextlib
import os
import socket
import time
from collections.abc import Mapping

from openmodels.errors import SettingsError

FIRST_DESCRIPTOR = 3
"""Where the sockets that are handed over begin (SD_LISTEN_FDS_START)."""
VARIABLES = frozenset(
    {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}
)
"""What is meant for one process, and not for those that it starts."""


def activated_socket(environ: Mapping[str, str], pid: int) -> socket.socket | None:
    """The socket that the service manager opened for process ``pid``; None where there is none.

    Raises ``SettingsError`` for more than one, or one that is not for TCP connections.
    """
    count = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") != str(pid) or not count.isdecimal() or count == "0":
        return None
    if count != "1":
        raise SettingsError(
            f"the service manager hands over {count} sockets, and one is served: give the socket unit one "
            "ListenStream="
        )
    try:
        given = socket.socket(fileno=FIRST_DESCRIPTOR)
    except OSError:
        raise SettingsError("the service manager hands over what is not a socket") from None
    if given.type != socket.SOCK_STREAM or given.family not in {socket.AF_INET, socket.AF_INET6}:
        raise SettingsError(
            "the service manager hands over a socket that is not for TCP: give the socket unit a "
            "ListenStream= with a port, such as 8000 or 127.0.0.1:8000"
        )
    given.set_inheritable(False)
    return given


def notify(environ: Mapping[str, str], *lines: str) -> None:
    """Tell the service manager, if there is one, such as ``READY=1``. It never waits and never fails."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
        to.setblocking(False)
        # An @ stands for the null byte of an address in the abstract namespace (unix(7)).
        to.connect("\0" + address[1:] if address.startswith("@") else address)
        to.sendall("\n".join(lines).encode())


def notify_ready(environ: Mapping[str, str]) -> None:
    """Tell that requests are answered."""
    notify(environ, "READY=1", f"MAINPID={os.getpid()}")


def notify_stopping(environ: Mapping[str, str]) -> None:
    """Tell that it ends."""
    notify(environ, "STOPPING=1")


def notify_reloading(environ: Mapping[str, str]) -> None:
    """Tell that workers are being replaced; ``notify_ready`` tells that it is over."""
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    notify(environ, "RELOADING=1", f"MONOTONIC_USEC={now}")
