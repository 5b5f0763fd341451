"""Cohere's chat, version 2.

https://docs.cohere.com/v2/docs/streaming
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openmodels.fake.styles.style import Frame, Problem, Stage, before
from openmodels.fake.turn import Asked, Turn, last_text, wanted_model, whole_number


class Cohere:
    """Chat."""

    name = "cohere"
    route = "POST {base}/chat"
    base = "/v2"
    key_headers = ("authorization",)
    content_type = "text/event-stream"
    request_id = "x-request-id"

    def read(self, body: Mapping[str, Any], model: str, headers: Mapping[str, str]) -> Asked:
        """What is asked. Raises ``Refused``."""
        del model, headers
        return Asked(
            model=wanted_model(body),
            text=last_text(body.get("messages")),
            stream=body.get("stream") is True,
            limit=whole_number(body.get("max_tokens")),
        )

    def frames(self, turn: Turn) -> Iterator[Frame]:
        """The answer as a stream."""
        message = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        yield Frame(
            Stage.OPEN,
            "message-start",
            {"id": turn.id, "type": "message-start", "delta": {"message": message}},
        )
        index = 0
        if turn.reasoning:
            yield from self._block(turn, 0, "thinking", turn.reasoning)
            index = 1
        if turn.content or not turn.cut:
            yield from self._block(turn, index, "text", turn.content)
        delta: dict[str, Any] = {"finish_reason": _finish(turn)}
        if turn.usage:
            delta["usage"] = _usage(turn)
        yield Frame(Stage.CLOSE, "message-end", {"id": turn.id, "type": "message-end", "delta": delta})

    def whole(self, turn: Turn) -> Any:
        """The answer in one piece."""
        content = [{"type": "text", "text": turn.text}]
        if turn.reasoning:
            content.insert(0, {"type": "thinking", "thinking": turn.thoughts})
        message = {"role": "assistant", "content": content}
        answer = {"id": turn.id, "finish_reason": _finish(turn), "message": message}
        return answer | ({"usage": _usage(turn)} if turn.usage else {})

    def error(self, problem: Problem) -> tuple[int, Any]:
        """Status and body of an error."""
        status = {"key_invalid": 401, "quota": 402}.get(problem.kind, problem.status)
        return status, {"id": "fake", "message": problem.message}

    def failed(self, turn: Turn, number: int) -> Iterator[Frame]:
        """An error in the middle of a stream."""
        del number
        delta = {"finish_reason": "ERROR", "error": Problem(status=500).message}
        yield Frame(Stage.CLOSE, "message-end", {"id": turn.id, "type": "message-end", "delta": delta})

    def models(self, names: Sequence[str]) -> Any:
        """The list of models."""
        models = [{"name": name, "endpoints": ["chat"], "context_length": 128000} for name in names]
        return {"models": models, "next_page_token": None}

    def _block(self, turn: Turn, index: int, kind: str, tokens: Sequence[str]) -> Iterator[Frame]:
        first = index == 0
        token_stage = Stage.THOUGHT if kind == "thinking" else Stage.CONTENT
        yield _content(Stage.OPEN if first else Stage.MARK, "content-start", index, {"type": kind, kind: ""})
        if first:
            empty = _content(Stage.WAIT, "content-delta", index, {kind: ""})
            null = _content(Stage.WAIT, "content-delta", index, {kind: None})
            yield from before(turn, empty, null)
        for token in tokens:
            yield _content(token_stage, "content-delta", index, {kind: token})
        last = Stage.MARK if kind == "thinking" else Stage.CLOSE
        yield Frame(last, "content-end", {"type": "content-end", "index": index})


def _content(stage: Stage, kind: str, index: int, content: dict[str, Any]) -> Frame:
    delta = {"message": {"content": content}}
    return Frame(stage, kind, {"type": kind, "index": index, "delta": delta})


def _finish(turn: Turn) -> str:
    return "MAX_TOKENS" if turn.cut else "COMPLETE"


def _usage(turn: Turn) -> dict[str, Any]:
    return {
        # What is billed leaves out the tokens of the chat's template.
        "billed_units": {"input_tokens": max(1, turn.input_tokens - 1), "output_tokens": turn.output_tokens},
        "tokens": {"input_tokens": turn.input_tokens, "output_tokens": turn.output_tokens},
    }
