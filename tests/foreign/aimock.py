"""aimock, a mock server of five API styles: which models it serves, and how to reach it.

https://github.com/CopilotKit/aimock
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2

from foreign.process import HERE, Process, plain_environment, require_node, start_process

KEY = "sk-foreign-test"
"""The key that the guarded server accepts."""
TOKEN = 8
"""The length of a token, in characters: aimock sends one of them per chunk."""
TTFT = 200.0
"""Milliseconds until ``steady`` sends its first event."""
SPEED = 50.0
"""Events per second of ``steady`` and ``thinking`` after that: one token each, with some that hold none."""
RETRY_AFTER = 7
"""Seconds that ``busy`` asks to be left alone for."""
START_SECONDS = 30.0

MORE = " and so on and so forth" * 4
STEADY = {"chunkSize": TOKEN, "streamingProfile": {"ttft": TTFT, "tps": SPEED}}
FAST = {"chunkSize": TOKEN}


def _error(status: int, message: str, kind: str, code: str = "", **more: Any) -> dict[str, Any]:
    error = {"message": message, "type": kind} | ({"code": code} if code else {})
    return {"response": {"error": error, "status": status, **more}, "fixture": FAST}


MODELS: Mapping[str, Mapping[str, Any]] = {
    "fast": {"echo": {}, "fixture": FAST},
    "steady": {"echo": {"more": MORE}, "fixture": STEADY},
    "thinking": {"echo": {"reasoning": "Let me think about it. " * 2}, "fixture": STEADY},
    "wrong": {"response": {"content": "Something else altogether."}, "fixture": FAST},
    "empty": {"response": {"content": ""}, "fixture": FAST},
    # The pauses between chunks make it send what it has before it is cut.
    "cut": {"echo": {"more": MORE}, "fixture": FAST | {"latency": 10, "truncateAfterChunks": 8}},
    "gone": {"echo": {"more": MORE}, "fixture": FAST | {"latency": 20, "disconnectAfterMs": 250}},
    # The first event comes at once, the second an hour later.
    "stalling": {
        "echo": {},
        "fixture": {"chunkSize": TOKEN, "streamingProfile": {"ttft": 0, "tps": 1 / 3600}},
    },
    "busy": _error(429, "Slow down.", "rate_limit_error", retryAfter=RETRY_AFTER),
    "broke": _error(429, "You exceeded your current quota.", "insufficient_quota", "insufficient_quota"),
    "unpaid": _error(402, "Payment is due.", "billing_error"),
    "refusing": _error(400, "This field is not known.", "invalid_request_error"),
    "forbidden": _error(403, "Not for you.", "permission_error"),
    "broken": _error(500, "Something broke.", "server_error"),
    "overloaded": _error(503, "Too much to do.", "overloaded_error"),
}
"""What each model does. One that is not here is answered 404."""


class Aimock:
    """A running aimock: one address that asks for no key, and one that does."""

    def __init__(self, process: Process, addresses: Mapping[str, str]) -> None:
        self.process = process
        # Without authorities to trust, which nothing here needs, it is made in no time.
        self._http = httpx2.Client(base_url=addresses["open"], trust_env=False, verify=False)
        self.open = addresses["open"]
        self.guarded = addresses["guarded"]

    def set_faults(self, **faults: float) -> None:
        """Let the open server misbehave from now on; rates from 0 to 1, ``latencyMs`` in milliseconds."""
        self._control("POST", "chaos", faults)

    def clear_faults(self) -> None:
        """Let it behave."""
        self._control("DELETE", "chaos")

    def forget(self) -> None:
        """Empty the open server's journal."""
        self._control("POST", "reset/journal")

    def journal(self) -> list[dict[str, Any]]:
        """The requests that the open server had since, the oldest first."""
        found: list[dict[str, Any]] = self._control("GET", "journal").json()
        return found

    def close(self) -> None:
        """Drop the connection to it."""
        self._http.close()

    def _control(self, method: str, what: str, body: Any = None) -> httpx2.Response:
        return self._http.request(method, f"/__aimock/{what}", json=body).raise_for_status()


@contextmanager
def start_aimock(folder: Path) -> Iterator[Aimock]:
    """An aimock that answers, until the block ends."""
    servers = {"open": {}, "guarded": {"auth": {"apiKeys": [KEY]}}}
    plan = json.dumps({"servers": servers, "models": MODELS})
    node = require_node("@copilotkit/aimock")

    def addresses(process: Process) -> dict[str, str] | None:
        lines = process.output.splitlines(keepends=True)
        return json.loads(lines[0]) if lines and lines[0].endswith("\n") else None

    command: list[str | Path] = [node, HERE / "aimock.mjs", plan]
    starting = start_process(
        command, folder=folder, env=plain_environment(), ready=addresses, seconds=START_SECONDS
    )
    with starting as (process, found):
        assert found is not None
        with closing(Aimock(process, found)) as running:
            yield running
