"""What requests notice of it when Valkey hangs or dies, and how soon the limit is shared again."""

import asyncio
import itertools
import signal
import time
from statistics import median

from msgspec import Struct

from bench.cluster_ground import Ground, percentile, say
from bench.cluster_results import Failover
from bench.contestants import ONE
from bench.process import Server
from bench.servers import Valkey, commands_processed

CLIENTS = 16
PAUSE_SECONDS = 0.005
"""Between two requests of one client: the node is not to be busy."""
BEFORE_SECONDS, AWAY_SECONDS, BACK_SECONDS = 2.0, 3.0, 15.0
DELAYED_MS = 50.0
"""A request that takes longer is counted as delayed: many times what any takes otherwise."""
MANY_COMMANDS = 20
"""So many in a twentieth of a second are those of requests; trials are one or two."""


class _Answer(Struct, frozen=True):
    begun: float
    ended: float
    status: int


def measure_failover(ground: Ground) -> tuple[Failover, ...]:
    """Valkey hangs, then dies, under a steady load of a node that counts in it."""
    url = ground.database()
    with ground.node("fails-over", url, redis_url=ground.valkey.url) as node:
        return tuple(
            asyncio.run(_measure(ground.valkey, node, event, number))
            for number, event in enumerate(("hangs (SIGSTOP)", "is killed (SIGKILL)"))
        )


async def _measure(valkey: Valkey, node: Server, event: str, number: int) -> Failover:
    say(f"failover: Valkey {event}")
    answers: list[_Answer] = []
    stop = asyncio.Event()
    # An address of its own for each event: what one has counted must not be seen in the other.
    clients = [
        asyncio.create_task(_ask(node.port, f"10.99.{number}.1", answers, stop)) for _ in range(CLIENTS)
    ]
    try:
        await asyncio.sleep(BEFORE_SECONDS)
        away = time.perf_counter()
        _end(valkey, event)
        await asyncio.sleep(AWAY_SECONDS)
        revived = time.perf_counter()
        await asyncio.to_thread(_revive, valkey, event)
        shared = await asyncio.to_thread(_shared_again, valkey, revived)
        await asyncio.sleep(0.5)
    finally:
        stop.set()
        await asyncio.gather(*clients, return_exceptions=True)
    # Nobody but the process itself can have counted what was begun after Valkey was gone.
    local = min((answer.ended for answer in answers if answer.begun > away), default=None)
    during = [answer for answer in answers if away <= answer.ended]
    usual = [1000 * (answer.ended - answer.begun) for answer in answers if answer.ended < away]
    slow = [1000 * (answer.ended - answer.begun) for answer in during]
    late = [answer.ended for answer, ms in zip(during, slow, strict=True) if ms > DELAYED_MS]
    return Failover(
        event=event,
        requests=len(answers),
        usual_p50_ms=round(median(usual), 2),
        usual_p99_ms=round(percentile(usual, 0.99), 2),
        local_after_ms=None if local is None else round(1000 * (local - away), 1),
        delayed=len(late),
        last_delayed_ms=round(1000 * (max(late, default=away) - away), 1),
        longest_ms=round(max(slow), 1),
        failed=sum(answer.status != 200 for answer in answers),
        shared_after_ms=None if shared is None else round(1000 * (shared - revived), 1),
    )


def _end(valkey: Valkey, event: str) -> None:
    valkey.server.stop(signal.SIGSTOP if "hangs" in event else signal.SIGKILL)


def _revive(valkey: Valkey, event: str) -> None:
    if "hangs" in event:
        valkey.server.stop(signal.SIGCONT)
    else:
        valkey.server.start()


def _shared_again(valkey: Valkey, since: float) -> float | None:
    """When requests were counted in Valkey again; None when that took too long."""
    before = commands_processed(valkey)
    while time.perf_counter() - since < BACK_SECONDS:
        time.sleep(0.05)
        now = commands_processed(valkey)
        if now - before > MANY_COMMANDS:
            return time.perf_counter()
        before = now
    return None


async def _ask(port: int, client: str, answers: list[_Answer], stop: asyncio.Event) -> None:
    """One client, which asks for one thing, one request after the other."""
    request = f"GET {ONE} HTTP/1.1\r\nHost: bench\r\nX-Forwarded-For: {client}\r\n\r\n".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for _ in itertools.count():
            if stop.is_set():
                break
            begun = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            headers = dict(
                line.lower().split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:] if line
            )
            await reader.readexactly(int(headers["content-length"]))
            answers.append(
                _Answer(
                    begun=begun,
                    ended=time.perf_counter(),
                    status=int(head.split(b" ", 2)[1]),
                )
            )
            await asyncio.sleep(PAUSE_SECONDS)
    finally:
        writer.close()
