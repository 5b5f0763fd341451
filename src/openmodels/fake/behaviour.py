"""How a fake provider behaves: every field can be set by flag, over HTTP and from code."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Fault = Literal[
    "status_400",
    "status_401",
    "status_402",
    "status_403",
    "status_404",
    "status_429",
    "status_500",
    "status_502",
    "status_503",
    "status_529",
    "key_invalid",
    "quota",
    "redirect",
    "error_event",
    "reset",
    "cut",
    "unfinished",
    "hang_up",
    "wrong_nonce",
    "empty",
    "not_streamed",
    "garbage",
    "garbage_in_stream",
    "stall_before_headers",
    "stall_after_headers",
    "stall_mid_stream",
    "drip",
    "endless",
    "huge_line",
]
"""What can go wrong with an answer; ``docs/fake-provider.md`` says what each does."""
Scope = Literal["all", "health", "completions"]
Writes = Literal["frame", "split", "joined"]
StyleName = Literal["any", "openai-chat", "openai-responses", "anthropic", "google", "cohere"]

Milliseconds = Annotated[float, Meta(ge=0, le=3_600_000)]
Share = Annotated[float, Meta(ge=0, le=1)]
Few = Annotated[int, Meta(ge=0, le=1000)]
Tokens = Annotated[int, Meta(ge=0, le=100_000)]

HIDDEN = "***"
"""What stands for a key wherever a behaviour is shown."""


class Behaviour(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one persona answers. Times are in milliseconds from the arrival of the request's last byte."""

    style: StyleName = "any"
    """The API style that is served; ``any`` serves all and guesses whose list of models is wanted."""
    headers_ms: Milliseconds = 20
    """When the head of the answer is sent."""
    ttft_ms: Milliseconds = 100
    """When the first token is sent, reasoning or content; not before the head."""
    tokens_per_second: Annotated[float, Meta(ge=0.001, le=1_000_000)] = 100
    """The rate of tokens. The answer ends when the token after the last one would be due, so that output
    tokens ÷ (end − first token) is this rate."""
    output_tokens: Tokens = 12
    """Tokens of the visible answer, one per frame."""
    reasoning_tokens: Tokens = 0
    """Tokens of reasoning before the answer, in the style's own way."""
    reasoning_field: Literal["reasoning_content", "reasoning"] = "reasoning_content"
    """What chat completions call a delta of reasoning."""
    jitter: Share = 0
    """By which share, at most, each delay is longer or shorter; seeded."""
    empty_frames: Few = 0
    """Frames with an empty text between the head and the first token."""
    null_frames: Few = 0
    """Frames that carry no text at all between the head and the first token: null content, pings."""
    keepalive_ms: Milliseconds = 0
    """Every how many milliseconds a comment keeps the stream alive, also while it stalls; 0 for never."""
    usage: bool = True
    """Whether the tokens are counted; chat completions count only when they are asked to."""
    honour_limit: bool = False
    """Whether the answer stops at the limit of tokens that the request sets."""
    multibyte: bool = False
    """Whether the words around the nonce have characters of several bytes."""
    newline: Literal["lf", "crlf"] = "lf"
    """What ends the lines of the stream."""
    writes: Writes = "frame"
    """One write per frame; each frame split at awkward places, inside a character too; or frames joined."""
    split_gap_ms: Milliseconds = 1
    """How far apart the writes of a split frame are; a token counts as sent with the last one."""
    key: str = ""
    """The key that requests must carry in the style's own header; empty for none."""
    open_models: bool = False
    """Whether the list of models needs no key."""
    models: tuple[str, ...] = ()
    """The models there are, others are not found; empty for whichever is asked for."""
    refuse_fields: tuple[str, ...] = ()
    """Fields of the request's body, such as ``max_tokens``, that are answered 400."""
    faults: tuple[Fault, ...] = ()
    """What goes wrong: one of these per failing request."""
    failure_rate: Share = 1
    """The share of requests that fail with one of ``faults``; seeded."""
    fails: Scope = "all"
    """Which requests ``faults`` are for: all, the list of models (health), or completions."""
    fault_after: Tokens = 3
    """How many tokens are sent before a stream is cut, stalls, or gets its garbage or error."""
    retry_after: Annotated[int, Meta(ge=0, le=86_400)] = 30
    """The seconds in Retry-After, with 429 and 503; 0 for no such header."""
    redirect_to: str = "http://redirected.invalid"
    """The origin that ``redirect`` points to; the path stays."""
    drip_ms: Milliseconds = 5
    """How far apart the bytes of a dripping answer are."""
    huge_bytes: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 64 * 1024 * 1024
    """The length of a huge line."""

    def __repr__(self) -> str:
        shown = (
            f"{name}={HIDDEN if name == 'key' else repr(getattr(self, name))}"
            for name, default in zip(self.__struct_fields__, self.__struct_defaults__, strict=True)
            if getattr(self, name) != default
        )
        return f"Behaviour({', '.join(shown)})"
