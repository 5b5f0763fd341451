"""Google's generateContent and streamGenerateContent.

https://ai.google.dev/api/generate-content
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openmodels.fake.styles.style import Frame, Problem, Stage, before
from openmodels.fake.turn import Asked, Refused, Turn, texts_of, whole_number

# https://cloud.google.com/apis/design/errors#handling_errors
_STATUSES: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class Google:
    """Content of Gemini."""

    name = "google"
    route = "POST {base}/models/MODEL:streamGenerateContent?alt=sse"
    base = "/v1beta"
    key_headers = ("x-goog-api-key",)
    content_type = "text/event-stream"
    request_id = "x-request-id"

    def read(self, body: Mapping[str, Any], model: str, headers: Mapping[str, str]) -> Asked:
        """What is asked; whether it is streamed stands in the path. Raises ``Refused``."""
        del headers
        contents = body.get("contents")
        if not isinstance(contents, list) or not contents:
            raise Refused("* GenerateContentRequest.contents: contents is not specified", "contents")
        config = body.get("generationConfig")
        limit = config.get("maxOutputTokens") if isinstance(config, Mapping) else None
        users = [one for one in contents if isinstance(one, Mapping) and one.get("role", "user") == "user"]
        return Asked(
            model=model,
            text=texts_of(users[-1].get("parts")) if users else "",
            stream=True,
            limit=whole_number(limit),
        )

    def frames(self, turn: Turn) -> Iterator[Frame]:
        """The answer as a stream; the counts of tokens grow from frame to frame."""
        thoughts = 0

        def chunk(stage: Stage, parts: list[Any] | None, candidates: int) -> Frame:
            return Frame(stage, None, _answer(turn, parts, thoughts, candidates))

        yield from before(
            turn,
            chunk(Stage.WAIT, [{"text": ""} | ({"thought": True} if turn.reasoning else {})], 0),
            chunk(Stage.WAIT, None, 0),
        )
        for token in turn.reasoning:
            thoughts += 1
            yield chunk(Stage.THOUGHT, [{"text": token, "thought": True}], 0)
        for number, token in enumerate(turn.content, 1):
            yield chunk(Stage.CONTENT, [{"text": token}], number)
        last = _answer(turn, [{"text": ""}], len(turn.reasoning), len(turn.content))
        last["candidates"][0]["finishReason"] = _finish(turn)
        yield Frame(Stage.CLOSE, None, last)

    def whole(self, turn: Turn) -> Any:
        """The answer in one piece."""
        parts: list[Any] = [{"text": turn.text}]
        if turn.reasoning:
            parts.insert(0, {"text": turn.thoughts, "thought": True})
        answer = _answer(turn, parts, len(turn.reasoning), len(turn.content))
        answer["candidates"][0]["finishReason"] = _finish(turn)
        return answer

    def error(self, problem: Problem) -> tuple[int, Any]:
        """Status and body of an error."""
        status, message = problem.status, problem.message
        details: dict[str, Any] = {}
        if problem.kind == "key_invalid":
            status, message = 400, "API key not valid. Please pass a valid API key."
            kind = "type.googleapis.com/google.rpc.ErrorInfo"
            info = {"@type": kind, "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
            details = {"details": [info]}
        elif problem.kind == "quota":
            status, message = 429, "You exceeded your current quota, please check your plan and billing."
        word = _STATUSES.get(status, "UNKNOWN")
        return status, {"error": {"code": status, "message": message, "status": word} | details}

    def failed(self, turn: Turn, number: int) -> Iterator[Frame]:
        """An error in the middle of a stream."""
        del turn, number
        yield Frame(Stage.CLOSE, None, self.error(Problem(status=503))[1])

    def models(self, names: Sequence[str]) -> Any:
        """The list of models."""
        methods = ["generateContent", "countTokens"]
        return {
            "models": [
                {
                    "name": f"models/{name}",
                    "version": "001",
                    "displayName": name,
                    "inputTokenLimit": 1048576,
                    "outputTokenLimit": 65536,
                    "supportedGenerationMethods": methods,
                }
                for name in names
            ]
        }


def _answer(turn: Turn, parts: list[Any] | None, thoughts: int, candidates: int) -> dict[str, Any]:
    content = {"role": "model"} if parts is None else {"parts": parts, "role": "model"}
    answer: dict[str, Any] = {"candidates": [{"content": content, "index": 0}]}
    if turn.usage:
        usage = {
            "promptTokenCount": turn.input_tokens,
            "candidatesTokenCount": candidates,
            "totalTokenCount": turn.input_tokens + candidates + thoughts,
        }
        answer["usageMetadata"] = usage | ({"thoughtsTokenCount": thoughts} if thoughts else {})
    return answer | {"modelVersion": turn.model, "responseId": turn.id}


def _finish(turn: Turn) -> str:
    return "MAX_TOKENS" if turn.cut else "STOP"
