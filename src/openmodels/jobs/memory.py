"""Gives memory that is free inside the process back to the system.

Every probe makes and drops a TLS connection, whose buffers are large; what stays between them keeps glibc
from giving whole pages back. Nothing leaks, but resident memory grows for hours: by about 600 bytes a probe,
until a trim takes it back to where it was (``python -m bench.probes`` shows it flat).
"""

import asyncio
import ctypes
from collections.abc import Callable

from openmodels.clock import Clock

ROUND_SECONDS = 60.0
"""How often memory is given back; a trim takes some milliseconds, in which nobody waits for it."""


class MemoryKeeper:
    """Gives memory back every minute. ``trim`` is None where the system's library cannot do so."""

    def __init__(self, clock: Clock, trim: Callable[[], object] | None) -> None:
        self._clock = clock
        self._trim = trim

    async def run(self) -> None:
        """Give memory back until cancelled; end at once where that cannot be done."""
        while self._trim is not None:
            await self._clock.sleep(ROUND_SECONDS)
            await asyncio.to_thread(self._trim)


def system_trim() -> Callable[[], object] | None:
    """glibc's ``malloc_trim``, or None with another library, which has none or needs none."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None
    trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    return lambda: trim(0)
