"""OpenAI's responses.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openmodels.fake.styles.openai_chat import openai_error, openai_models
from openmodels.fake.styles.style import Frame, Problem, Stage, before
from openmodels.fake.turn import Asked, Refused, Turn, last_text, wanted_model, whole_number


class OpenAIResponses:
    """Responses."""

    name = "openai-responses"
    route = "POST {base}/responses"
    base = "/v1"
    key_headers = ("authorization", "api-key")
    content_type = "text/event-stream; charset=utf-8"
    request_id = "x-request-id"

    def read(self, body: Mapping[str, Any], model: str, headers: Mapping[str, str]) -> Asked:
        """What is asked. Raises ``Refused``."""
        del model, headers
        given = body.get("input")
        if not given:
            raise Refused("Missing required parameter: 'input'.", "input")
        limit = whole_number(body.get("max_output_tokens"))
        if limit is not None and limit < 16:
            raise Refused("Invalid 'max_output_tokens': expected a value >= 16.", "max_output_tokens")
        return Asked(
            model=wanted_model(body),
            text=given if isinstance(given, str) else last_text(given),
            stream=body.get("stream") is True,
            limit=limit,
        )

    def frames(self, turn: Turn) -> Iterator[Frame]:
        """The answer as a stream; every event has its number."""
        for number, (stage, kind, fields) in enumerate(self._events(turn)):
            yield _event(stage, kind, number, fields)

    def whole(self, turn: Turn) -> Any:
        """The answer in one piece."""
        return _response(turn, "incomplete" if turn.cut else "completed")

    def error(self, problem: Problem) -> tuple[int, Any]:
        """Status and body of an error."""
        return openai_error(problem)

    def failed(self, turn: Turn, number: int) -> Iterator[Frame]:
        """An error in the middle of a stream."""
        message = Problem(status=500).message
        fields = {"code": "server_error", "message": message, "param": None}
        yield _event(Stage.CLOSE, "error", number, fields)
        response = _response(turn, "failed") | {"error": {"code": "server_error", "message": message}}
        yield _event(Stage.CLOSE, "response.failed", number + 1, {"response": response})

    def models(self, names: Sequence[str]) -> Any:
        """The list of models."""
        return openai_models(names)

    def _events(self, turn: Turn) -> Iterator[tuple[Stage, str, dict[str, Any]]]:
        started = {"response": _response(turn, "in_progress")}
        yield Stage.OPEN, "response.created", started
        yield Stage.OPEN, "response.in_progress", started
        items = itertools.count()
        first = Stage.OPEN
        if turn.reasoning:
            yield from self._reasoning(turn, next(items))
            first = Stage.MARK
        if turn.content or not turn.cut:
            yield from self._message(turn, next(items), first)
        end = "incomplete" if turn.cut else "completed"
        yield Stage.CLOSE, f"response.{end}", {"response": _response(turn, end)}

    def _reasoning(self, turn: Turn, index: int) -> Iterator[tuple[Stage, str, dict[str, Any]]]:
        item = _thoughts(turn)
        place = {"item_id": item["id"], "output_index": index}
        part = place | {"summary_index": 0}
        name = "response.reasoning_summary"
        yield (
            Stage.OPEN,
            "response.output_item.added",
            {
                "output_index": index,
                "item": item | {"summary": []},
            },
        )
        yield Stage.OPEN, f"{name}_part.added", part | {"part": {"type": "summary_text", "text": ""}}
        yield from _waiting(turn, f"{name}_text.delta", part)
        for token in turn.reasoning:
            yield Stage.THOUGHT, f"{name}_text.delta", part | {"delta": token}
        yield Stage.MARK, f"{name}_text.done", part | {"text": turn.thoughts}
        yield Stage.MARK, f"{name}_part.done", part | {"part": item["summary"][0]}
        yield Stage.MARK, "response.output_item.done", {"output_index": index, "item": item}

    def _message(self, turn: Turn, index: int, first: Stage) -> Iterator[tuple[Stage, str, dict[str, Any]]]:
        item = _message(turn)
        part = {"item_id": item["id"], "output_index": index, "content_index": 0}
        yield (
            first,
            "response.output_item.added",
            {
                "output_index": index,
                "item": item | {"status": "in_progress", "content": []},
            },
        )
        yield first, "response.content_part.added", part | {"part": _text("")}
        if not turn.reasoning:
            yield from _waiting(turn, "response.output_text.delta", part)
        for token in turn.content:
            yield Stage.CONTENT, "response.output_text.delta", part | {"delta": token, "logprobs": []}
        yield Stage.CLOSE, "response.output_text.done", part | {"text": turn.text, "logprobs": []}
        yield Stage.CLOSE, "response.content_part.done", part | {"part": _text(turn.text)}
        yield Stage.CLOSE, "response.output_item.done", {"output_index": index, "item": item}


def _event(stage: Stage, kind: str, number: int, fields: dict[str, Any]) -> Frame:
    return Frame(stage, kind, {"type": kind, "sequence_number": number} | fields)


def _waiting(turn: Turn, kind: str, place: dict[str, Any]) -> Iterator[tuple[Stage, str, dict[str, Any]]]:
    empty = Frame(Stage.WAIT, kind, place | {"delta": ""})
    null = Frame(Stage.WAIT, "response.in_progress", {"response": _response(turn, "in_progress")})
    for stage, event, fields in before(turn, empty, null):
        yield stage, str(event), fields


def _text(text: str) -> dict[str, Any]:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _thoughts(turn: Turn) -> dict[str, Any]:
    summary = [{"type": "summary_text", "text": turn.thoughts}]
    return {"id": f"rs_{turn.id}", "type": "reasoning", "summary": summary}


def _message(turn: Turn) -> dict[str, Any]:
    return {
        "id": f"msg_{turn.id}",
        "type": "message",
        "status": "incomplete" if turn.cut else "completed",
        "role": "assistant",
        "content": [_text(turn.text)],
    }


def _response(turn: Turn, status: str) -> dict[str, Any]:
    ended = status in {"completed", "incomplete"}
    output = [_thoughts(turn)] if turn.reasoning else []
    if turn.content or not turn.cut:
        output.append(_message(turn))
    usage = {
        "input_tokens": turn.input_tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": turn.output_tokens,
        "output_tokens_details": {"reasoning_tokens": len(turn.reasoning)},
        "total_tokens": turn.input_tokens + turn.output_tokens,
    }
    return {
        "id": f"resp_{turn.id}",
        "object": "response",
        "created_at": turn.created,
        "status": status,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "instructions": None,
        "metadata": {},
        "model": turn.model,
        "output": output if ended else [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage if ended and turn.usage else None,
    }
