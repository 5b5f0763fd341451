"""mock-llm, a mock server of OpenAI's chat: what it is set up to answer, and how to reach it.

https://github.com/dwmkerr/mock-llm

It echoes, gives no usage, and reports errors as events inside a 200.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from fixtures.server import free_port
from foreign.process import MODULES, Process, plain_environment, require_node, start_process

PACKAGE = "@dwmkerr/mock-llm"
KEY = "sk-foreign-mock-llm"
"""The key that the model ``guarded`` wants."""
INTERVAL = 40.0
"""Milliseconds before each event."""
TOKEN = 8
"""The length of what one event says, in characters."""
START_SECONDS = 30.0


def _completion(content: str) -> str:
    choice = {"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    return json.dumps({"id": "chatcmpl-{{timestamp}}", "object": "chat.completion", "choices": [choice]})


def _rule(match: str, status: int, content: str) -> Mapping[str, Any]:
    answer = {"status": status, "content": content}
    return {"path": "^/v1/chat/completions$", "method": "POST", "match": match, "response": answer}


def _error(message: str, kind: str) -> str:
    return json.dumps({"error": {"message": message, "type": kind}})


ECHO = _completion("{{jmes request body.messages[-1].content}}")
NOT_OURS = f"body.model == 'guarded' && headers.authorization != 'Bearer {KEY}'"
# The last rule that matches counts.
CONFIG = {
    "streaming": {"chunkSize": TOKEN, "chunkIntervalMs": INTERVAL},
    "rules": [
        _rule("@", 200, ECHO),
        _rule("body.model == 'empty'", 200, _completion("")),
        _rule("body.model == 'wrong'", 200, _completion("Something else altogether.")),
        _rule("body.model == 'broken'", 500, _error("Something broke.", "server_error")),
        _rule(NOT_OURS, 401, _error("Incorrect API key provided.", "invalid_request_error")),
        {"path": "^/v1/models$", "method": "GET", "response": {"status": 200, "content": '{"data": []}'}},
        {"path": "^/busy/models$", "response": {"status": 429, "content": _error("Slow down.", "requests")}},
        {"path": "^/ill/models$", "response": {"status": 503, "content": _error("Not now.", "overloaded")}},
    ],
}


class MockLlm:
    """A running mock-llm."""

    def __init__(self, process: Process, address: str) -> None:
        self.process = process
        self.address = address


@contextmanager
def start_mock_llm(folder: Path) -> Iterator[MockLlm]:
    """A mock-llm that answers, until the block ends."""
    node = require_node(PACKAGE)
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.yaml"
    config.write_text(json.dumps(CONFIG), encoding="utf-8")  # JSON is YAML
    port = free_port()
    address = f"http://127.0.0.1:{port}"

    def answers(_process: Process) -> bool:
        try:
            return httpx2.get(f"{address}/ready", trust_env=False, verify=False).status_code == 200
        except httpx2.TransportError:
            return False

    starting = start_process(
        [node, MODULES / PACKAGE / "dist" / "main.js", "--config", config],
        folder=folder,
        env=plain_environment(HOST="127.0.0.1", PORT=str(port)),
        ready=answers,
        seconds=START_SECONDS,
    )
    with starting as (process, _):
        yield MockLlm(process, address)
