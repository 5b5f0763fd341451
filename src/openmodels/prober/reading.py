"""What a stream tells: when its first token came, what it said, in how many tokens, and how it ended."""

from typing import Any

import msgspec

from openmodels.prober.outcomes import ProbeFailed
from openmodels.prober.sse import ServerEvent
from openmodels.prober.style import Path, Style, find, first, text

MOST_TOKENS = 1_000_000_000
"""A count above this is none."""
MAX_EVENTS = 20_000
"""The most events of a stream: ten times what any probe asks for. Bounds the work that tiny events make."""
_LEAST_SECONDS = 0.001
"""Under this, the time from the first token to the end is how the network cut the answer, no rate."""
_NOTHING = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
"""Characters without width, which Python does not count as blanks."""


class Reading:
    """Reads one stream, event by event. Times are in seconds of ``time.perf_counter``."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._said: list[str] = []
        self._events = 0
        self._deltas = 0
        self._finished = False
        self._ended = False
        self._output_tokens: int | None = None
        self.input_tokens: int | None = None
        """Tokens of the prompt, if usage came."""
        self.first_token_at: float | None = None
        """When the first reasoning, content or tool delta came that was not blank."""
        self.first_content_at: float | None = None
        """When the first text came that a user sees."""
        self.end_at: float | None = None
        """When the event came that ended the stream; without one, the last event."""

    @property
    def counted_tokens(self) -> int | None:
        """Output tokens by the provider's own count, reasoning included; None without usage."""
        return self._output_tokens

    @property
    def output_tokens(self) -> int | None:
        """Output tokens: the provider's count, else how many deltas came."""
        return self._output_tokens if self._output_tokens is not None else self._deltas or None

    @property
    def estimated(self) -> bool:
        """Whether ``output_tokens`` is a count of deltas, for want of usage."""
        return self._output_tokens is None and self._deltas > 0

    @property
    def tokens_per_second(self) -> float | None:
        """Output tokens over the time from the first token to the end; None when that time is no time."""
        tokens = self.output_tokens
        if tokens is None or tokens < 2 or self.end_at is None or self.first_token_at is None:
            return None
        seconds = self.end_at - self.first_token_at
        return round(tokens / seconds, 3) if seconds >= _LEAST_SECONDS else None

    def take(self, event: ServerEvent, at: float) -> bool:
        """Read one event that arrived at ``at``; whether it ends the stream.

        Raises ``ProbeFailed`` (``bad_stream``) for an event that is malformed or reports an error.
        """
        style = self._style
        self._events += 1
        if self._events > MAX_EVENTS:
            raise ProbeFailed("bad_stream", "its stream has too many events")
        if not event.data:
            return False
        if event.data == style.last_data:
            self._ended, self.end_at = True, at
            return True
        if event.name == "error":
            raise ProbeFailed("bad_stream", "an error came inside the stream")
        try:
            told = msgspec.json.decode(event.data)
        except (msgspec.DecodeError, RecursionError):
            raise ProbeFailed("bad_stream", "an event of its stream is no JSON") from None
        if first(told, style.failure) is not None:
            raise ProbeFailed("bad_stream", "an error came inside the stream")
        self.end_at = at
        self._take_delta(told, at)
        self._take_usage(told)
        self._finished = self._finished or first(told, style.finish) is not None
        self._ended = bool(style.last) and first(told, style.last) is not None
        return self._ended

    def require(self, nonce: str) -> None:
        """Raise ``ProbeFailed`` (``bad_stream``) unless the stream ended well and said ``nonce``.

        It ended well with the event that its style ends with; or, where a server leaves that out, after
        saying that the answer is complete.
        """
        if self.end_at is None:
            raise ProbeFailed("bad_stream", "its answer holds no event of a stream")
        if not (self._ended or self._finished):
            raise ProbeFailed("bad_stream", "the stream was cut")
        if self.first_token_at is None:
            raise ProbeFailed("bad_stream", "the answer is empty")
        said = "".join(self._said)
        if nonce.lower() not in said.lower():
            why = "is not what was asked for" if said else "has no text that a user sees"
            raise ProbeFailed("bad_stream", f"the answer {why}")

    def _take_delta(self, told: Any, at: float) -> None:
        style = self._style
        content = text(told, style.content)
        if content:
            self._said.append(content)
        delta = content + text(told, style.thought) + text(told, style.tool)
        if not delta:
            return
        self._deltas += 1
        # A blank says nothing yet: a server could send one at once, long before its model has begun.
        if content and self.first_content_at is None and not _is_blank(content):
            self.first_content_at = at
        if self.first_token_at is None and not _is_blank(delta):
            self.first_token_at = at

    def _take_usage(self, told: Any) -> None:
        style = self._style
        asked = _count(told, style.input_tokens)
        if asked is not None:
            self.input_tokens = asked
        counts = [_count(told, paths) for paths in (style.output_tokens, style.thought_tokens)]
        answered = sum(count for count in counts if count is not None)
        if not answered:
            return
        total = _count(told, style.total_tokens)
        if total is not None and asked is not None:
            answered = max(answered, total - asked)
        self._output_tokens = answered


def _is_blank(said: str) -> bool:
    return not said.translate(_NOTHING).strip()


def _count(told: Any, paths: tuple[Path, ...]) -> int | None:
    """The first number of tokens under ``paths``; Cohere writes them as 12.0.

    Nothing asks or answers with no token: 0 is what servers send that do not count.
    """
    for path in paths:
        for value in find(told, path):
            if isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value <= MOST_TOKENS:
                return int(value)
    return None
