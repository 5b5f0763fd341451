"""Anthropic's messages.

https://docs.anthropic.com/en/docs/build-with-claude/streaming
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openmodels.fake.styles.style import Frame, Problem, Stage, before
from openmodels.fake.turn import Asked, Refused, Turn, last_text, wanted_model, whole_number

# https://docs.anthropic.com/en/api/errors
_TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    529: "overloaded_error",
}
NO_CREDIT = "Your credit balance is too low to access the Anthropic API."


class Anthropic:
    """Messages."""

    name = "anthropic"
    route = "POST {base}/messages"
    base = "/v1"
    key_headers = ("x-api-key",)
    content_type = "text/event-stream; charset=utf-8"
    request_id = "request-id"

    def read(self, body: Mapping[str, Any], model: str, headers: Mapping[str, str]) -> Asked:
        """What is asked. Raises ``Refused``."""
        del model
        if "anthropic-version" not in headers:
            raise Refused("anthropic-version: header is required", "anthropic-version")
        limit = whole_number(body.get("max_tokens"))
        if not limit:
            raise Refused("max_tokens: Field required", "max_tokens")
        return Asked(
            model=wanted_model(body),
            text=last_text(body.get("messages")),
            stream=body.get("stream") is True,
            limit=limit,
        )

    def frames(self, turn: Turn) -> Iterator[Frame]:
        """The answer as a stream."""
        message = self._message(turn, [], None)
        if turn.usage:
            message["usage"] = _input_usage(turn) | {"output_tokens": 1}
        yield _event(Stage.OPEN, "message_start", {"message": message})
        index = 0
        if turn.reasoning:
            yield from self._thinking(turn)
            index = 1
        if turn.content or not turn.cut:
            first = Stage.MARK if turn.reasoning else Stage.OPEN
            yield _event(
                first,
                "content_block_start",
                {"index": index, "content_block": {"type": "text", "text": ""}},
            )
            if not turn.reasoning:
                yield from _waiting(turn, {"type": "text_delta", "text": ""})
            for token in turn.content:
                yield _delta(Stage.CONTENT, index, {"type": "text_delta", "text": token})
            yield _event(Stage.CLOSE, "content_block_stop", {"index": index})
        ended: dict[str, Any] = {"delta": {"stop_reason": _stop(turn), "stop_sequence": None}}
        if turn.usage:
            ended["usage"] = _input_usage(turn) | {"output_tokens": turn.output_tokens}
        yield _event(Stage.CLOSE, "message_delta", ended)
        yield _event(Stage.CLOSE, "message_stop", {})

    def whole(self, turn: Turn) -> Any:
        """The answer in one piece."""
        content: list[Any] = [{"type": "text", "text": turn.text}]
        if turn.reasoning:
            content.insert(0, {"type": "thinking", "thinking": turn.thoughts, "signature": turn.id})
        message = self._message(turn, content, _stop(turn))
        if turn.usage:
            message["usage"] = _input_usage(turn) | {"output_tokens": turn.output_tokens}
        return message

    def error(self, problem: Problem) -> tuple[int, Any]:
        """Status and body of an error."""
        status, message = problem.status, problem.message
        if problem.kind == "key_invalid":
            status, message = 401, "invalid x-api-key"
        elif problem.kind == "quota":
            status, message = 400, NO_CREDIT
        error = {"type": _TYPES.get(status, "api_error"), "message": message}
        return status, {"type": "error", "error": error, "request_id": "req_fake"}

    def failed(self, turn: Turn, number: int) -> Iterator[Frame]:
        """An error in the middle of a stream."""
        del turn, number
        error = {"type": "overloaded_error", "message": "Overloaded"}
        yield _event(Stage.CLOSE, "error", {"error": error})

    def models(self, names: Sequence[str]) -> Any:
        """The list of models."""
        made = "2026-01-01T00:00:00Z"
        data = [{"type": "model", "id": name, "display_name": name, "created_at": made} for name in names]
        return {"data": data, "has_more": False, "first_id": names[0], "last_id": names[-1]}

    def _thinking(self, turn: Turn) -> Iterator[Frame]:
        block = {"type": "thinking", "thinking": "", "signature": ""}
        yield _event(Stage.OPEN, "content_block_start", {"index": 0, "content_block": block})
        yield from _waiting(turn, {"type": "thinking_delta", "thinking": ""})
        for token in turn.reasoning:
            yield _delta(Stage.THOUGHT, 0, {"type": "thinking_delta", "thinking": token})
        yield _delta(Stage.MARK, 0, {"type": "signature_delta", "signature": turn.id})
        yield _event(Stage.MARK, "content_block_stop", {"index": 0})

    def _message(self, turn: Turn, content: list[Any], stop: str | None) -> dict[str, Any]:
        return {
            "id": f"msg_{turn.id}",
            "type": "message",
            "role": "assistant",
            "model": turn.model,
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
        }


def _event(stage: Stage, kind: str, fields: dict[str, Any]) -> Frame:
    return Frame(stage, kind, {"type": kind} | fields)


def _delta(stage: Stage, index: int, delta: dict[str, Any]) -> Frame:
    return _event(stage, "content_block_delta", {"index": index, "delta": delta})


def _waiting(turn: Turn, empty: dict[str, Any]) -> Iterator[Frame]:
    return before(turn, _delta(Stage.WAIT, 0, empty), _event(Stage.WAIT, "ping", {}))


def _stop(turn: Turn) -> str:
    return "max_tokens" if turn.cut else "end_turn"


def _input_usage(turn: Turn) -> dict[str, Any]:
    return {
        "input_tokens": turn.input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
    }
