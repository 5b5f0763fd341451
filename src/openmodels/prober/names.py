"""Looking names up without letting one slow name hold up the others."""

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Callable

Found = tuple[str, ...] | OSError


class Names:
    """The system's resolver (or ``look_up``, which may block), in threads of its own.

    The system's look-up cannot be cancelled: a thread in which it hangs is lost until the system gives up
    (half a minute with common settings). So the loop's default threads are not used, at most ``at_most``
    names are looked up at a time, and a name whose look-up is still under way is not started again but waited
    for: a name that hangs holds one thread, however often it is probed. The threads are daemons, so that none
    of them holds up the end of the program.
    """

    def __init__(self, *, at_most: int = 64, look_up: Callable[[str], tuple[str, ...]] | None = None) -> None:
        self._look_up = look_up or _system_look_up
        self._room = asyncio.Semaphore(at_most)
        self._under_way: dict[str, asyncio.Future[Found]] = {}

    async def __call__(self, host: str) -> tuple[str, ...]:
        """The addresses of ``host``, as text. Raises ``OSError`` when there are none."""
        looking = self._under_way.get(host)
        if looking is None:
            await self._room.acquire()
            looking = self._under_way.get(host)
            if looking is not None:  # somebody else came first while this waited for room
                self._room.release()
            else:
                looking = self._start(host)
        found = await asyncio.shield(looking)
        if isinstance(found, OSError):
            raise found
        return found

    def _start(self, host: str) -> asyncio.Future[Found]:
        loop = asyncio.get_running_loop()
        result: asyncio.Future[Found] = loop.create_future()

        def finish(found: Found) -> None:
            del self._under_way[host]
            self._room.release()
            # The error is handed over as a value: nobody may be waiting for it any more, which is no fault.
            result.set_result(found)

        def run() -> None:
            try:
                found: Found = self._look_up(host)
            except OSError as error:
                found = error
            except Exception as error:  # noqa: BLE001 - without this, all who ask for this name would wait for ever
                found = OSError(f"the look-up failed: {type(error).__name__}")
            with contextlib.suppress(RuntimeError):  # the loop has closed meanwhile
                loop.call_soon_threadsafe(finish, found)

        self._under_way[host] = result
        try:
            threading.Thread(target=run, name="openmodels-look-up", daemon=True).start()
        except RuntimeError:  # no thread to be had
            finish(OSError(errno.ENOMEM, "no thread for a look-up"))
        return result


def _system_look_up(host: str) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError:  # a label that is empty or too long
        raise OSError("no name that can be looked up") from None
    return tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
