"""OpenAI's chat completions.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openmodels.fake.styles.style import Frame, Problem, Stage, before
from openmodels.fake.turn import Asked, Turn, last_text, wanted_model, whole_number

# https://platform.openai.com/docs/guides/error-codes
_TYPES: Mapping[int, tuple[str, str | None]] = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    402: ("insufficient_quota", "insufficient_quota"),
    403: ("invalid_request_error", "unsupported_country_region_territory"),
    404: ("invalid_request_error", None),
    429: ("requests", "rate_limit_exceeded"),
}


def openai_error(problem: Problem) -> tuple[int, Any]:
    """Status and body of an error, as all of OpenAI's APIs have it."""
    status = problem.status
    kind, code = _TYPES.get(status, ("server_error", None))
    if problem.kind == "model_missing":
        code = "model_not_found"
    elif problem.kind == "key_invalid":
        status, (kind, code) = 401, _TYPES[401]
    elif problem.kind == "quota":
        status, (kind, code) = 429, _TYPES[402]
    return status, {"error": {"message": problem.message, "type": kind, "param": problem.field, "code": code}}


def openai_models(names: Sequence[str]) -> Any:
    """The list of models, as all of OpenAI's APIs have it."""
    data = [{"id": name, "object": "model", "created": 1735689600, "owned_by": "fake"} for name in names]
    return {"object": "list", "data": data}


class OpenAIChat:
    """Chat completions."""

    name = "openai-chat"
    route = "POST {base}/chat/completions"
    base = "/v1"
    key_headers = ("authorization", "api-key")
    content_type = "text/event-stream; charset=utf-8"
    request_id = "x-request-id"

    def read(self, body: Mapping[str, Any], model: str, headers: Mapping[str, str]) -> Asked:
        """What is asked. Raises ``Refused``."""
        del model, headers
        options = body.get("stream_options")
        limit = body.get("max_completion_tokens", body.get("max_tokens"))
        streamed = body.get("stream") is True
        asked_to_count = isinstance(options, Mapping) and options.get("include_usage") is True
        return Asked(
            model=wanted_model(body),
            text=last_text(body.get("messages")),
            stream=streamed,
            limit=whole_number(limit),
            count_usage=asked_to_count or not streamed,
        )

    def frames(self, turn: Turn) -> Iterator[Frame]:
        """The answer as a stream."""

        def chunk(stage: Stage, delta: dict[str, Any], finish: str | None = None) -> Frame:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
            return Frame(stage, None, self._chunk(turn, [choice]))

        yield chunk(Stage.OPEN, {"role": "assistant", "content": ""})
        empty: dict[str, Any] = {"content": ""}
        null: dict[str, Any] = {"content": None}
        if turn.reasoning:
            empty, null = empty | {turn.reasoning_field: ""}, null | {turn.reasoning_field: None}
        yield from before(turn, chunk(Stage.WAIT, empty), chunk(Stage.WAIT, null))
        for token in turn.reasoning:
            yield chunk(Stage.THOUGHT, {"content": None, turn.reasoning_field: token})
        for token in turn.content:
            yield chunk(Stage.CONTENT, {"content": token})
        yield chunk(Stage.CLOSE, {}, _finish(turn))
        if turn.usage:
            yield Frame(Stage.CLOSE, None, self._chunk(turn, []) | {"usage": _usage(turn)})
        yield Frame(Stage.CLOSE, None, "[DONE]")

    def whole(self, turn: Turn) -> Any:
        """The answer in one piece."""
        message = {"role": "assistant", "content": turn.text, "refusal": None}
        if turn.reasoning:
            message[turn.reasoning_field] = turn.thoughts
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(turn)}
        answer = self._chunk(turn, [choice]) | {"object": "chat.completion"}
        answer.pop("usage", None)
        return answer | ({"usage": _usage(turn)} if turn.usage else {})

    def error(self, problem: Problem) -> tuple[int, Any]:
        """Status and body of an error."""
        return openai_error(problem)

    def failed(self, turn: Turn, number: int) -> Iterator[Frame]:
        """An error in the middle of a stream."""
        del turn, number
        yield Frame(Stage.CLOSE, None, openai_error(Problem(status=500))[1])

    def models(self, names: Sequence[str]) -> Any:
        """The list of models."""
        return openai_models(names)

    def _chunk(self, turn: Turn, choices: list[Any]) -> dict[str, Any]:
        fields = {
            "id": f"chatcmpl-{turn.id}",
            "object": "chat.completion.chunk",
            "created": turn.created,
            "model": turn.model,
            "system_fingerprint": "fp_fake",
            "choices": choices,
        }
        # Whoever asks for usage gets it with every chunk: null, until the last one.
        return fields | ({"usage": None} if turn.usage else {})


def _finish(turn: Turn) -> str:
    return "length" if turn.cut else "stop"


def _usage(turn: Turn) -> dict[str, Any]:
    return {
        "prompt_tokens": turn.input_tokens,
        "completion_tokens": turn.output_tokens,
        "total_tokens": turn.input_tokens + turn.output_tokens,
        "completion_tokens_details": {"reasoning_tokens": len(turn.reasoning)},
    }
