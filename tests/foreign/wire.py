"""Requests in five API styles, written by hand: what the servers do is known without the prober."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import httpx2


class Wire(NamedTuple):
    """One API style, as the servers here serve it."""

    root: str
    """Where it starts, after the server's address."""
    path: str
    """Where completions are asked for, after that; ``{model}`` is the model."""
    key: str
    """The header of the key; ``Authorization`` for a bearer token."""
    body: Callable[[str], Mapping[str, Any]]
    """The request for a prompt, without model and ``stream``."""
    leading: int
    """How many events aimock sends before one that has text."""
    marks_thought: bool = True
    """Whether aimock marks reasoning as such, as the real API does."""


def _messages(prompt: str) -> Mapping[str, Any]:
    return {"messages": [{"role": "user", "content": prompt}]}


def _usage_too(prompt: str) -> Mapping[str, Any]:
    return {**_messages(prompt), "stream_options": {"include_usage": True}}


def _limited(prompt: str) -> Mapping[str, Any]:
    return {**_messages(prompt), "max_tokens": 100}


def _input(prompt: str) -> Mapping[str, Any]:
    return {"input": prompt}


def _contents(prompt: str) -> Mapping[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": prompt}]}]}


STREAM = "/models/{model}:streamGenerateContent?alt=sse"
WIRES: Mapping[str, Wire] = {
    "openai-chat": Wire("/v1", "/chat/completions", "Authorization", _usage_too, leading=1),
    "openai-responses": Wire("/v1", "/responses", "Authorization", _input, leading=4),
    "anthropic": Wire("/v1", "/messages", "x-api-key", _limited, leading=2),
    "google": Wire("/v1beta", STREAM, "x-goog-api-key", _contents, leading=0),
    "cohere": Wire("/v2", "/chat", "Authorization", _messages, 2, marks_thought=False),
}
"""The styles, by the names that provider files use."""


def ask(address: str, style: str, model: str, prompt: str, *, key: str | None = None) -> httpx2.Response:
    """The whole answer of the server at ``address`` to a streaming completion."""
    wire = WIRES[style]
    url = address + wire.root + wire.path.format(model=model)
    body = dict(wire.body(prompt))
    if style != "google":
        body |= {"model": model, "stream": True}
    value = f"Bearer {key}" if wire.key == "Authorization" else key
    headers = {wire.key: value} if value is not None and key is not None else {}
    return httpx2.post(url, json=body, headers=headers, trust_env=False, verify=False)
