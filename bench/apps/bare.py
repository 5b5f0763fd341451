"""The floor of Python behind Granian: an ASGI application with ready answers that does nothing else.

``granian bench.apps.bare:app`` runs it as Granian's command line does; ``python -m bench.apps.bare PORT``
embedded in one process, with the settings that openmodels has. The bodies are files in ``BENCH_BODIES``.
Its headers are the type and the length, and those in the file ``BENCH_HEADERS``, if there is one.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from openmodels.listening import BACKLOG
from openmodels.server import HEADER_SECONDS, MAX_HEAD_BYTES

Message = dict[str, Any]


def _more_headers() -> list[tuple[bytes, bytes]]:
    file = os.environ.get("BENCH_HEADERS")
    pairs = json.loads(Path(file).read_text()) if file else []
    return [(name.encode(), value.encode()) for name, value in pairs]


def _answers(folder: Path) -> dict[str, tuple[Message, Message]]:
    answers = {}
    for file in folder.glob("*.json"):
        body = file.read_bytes()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        headers += _more_headers()
        answers[f"/{file.name}"] = (
            {"type": "http.response.start", "status": 200, "headers": headers},
            {"type": "http.response.body", "body": body},
        )
    return answers


ANSWERS = _answers(Path(os.environ["BENCH_BODIES"]))


async def app(
    scope: Message, _receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Send the body that the path names."""
    start, body = ANSWERS[scope["path"]]
    await send(start)
    await send(body)


def serve_embedded(port: int) -> None:
    """Serve until killed, as ``openmodels.server`` does."""
    server = Server(
        app,
        port=port,
        interface=Interfaces.ASGINL,
        backlog=BACKLOG,
        websockets=False,
        log_enabled=False,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=MAX_HEAD_BYTES
        ),
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.serve())


if __name__ == "__main__":
    serve_embedded(int(sys.argv[1]))
