"""What is asked, and what is said: the words of an answer, before any API style."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from openmodels.fake.behaviour import Behaviour

PLAIN = ("and", "then", "the", "river", "runs", "slowly", "past", "green", "hills", "at", "noon")
MULTIBYTE = ("naïve", "über", "日本語", "и", "שלום", "😀", "Ελλάδα", "façade", "한국", "→", "नमस्ते")
PIECE = 4
"""About how many characters of the nonce make a token, as with the common tokenizers."""


class Refused(Exception):
    """A request that the API would answer 400; ``field`` names what is wrong with it."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Asked(Struct, frozen=True, kw_only=True):
    """A completion that somebody asks for."""

    model: str
    """The model, as the request names it."""
    text: str
    """The text of the last message of the user."""
    stream: bool = False
    """Whether the answer is to be streamed."""
    limit: int | None = None
    """The most tokens that the answer may have."""
    count_usage: bool = True
    """Whether the tokens are to be counted."""


class Turn(Struct, frozen=True, kw_only=True):
    """An answer, token by token."""

    id: str
    """Letters and digits that name it."""
    created: int
    """When it was made, in seconds since 1970."""
    model: str
    """The model that answers."""
    reasoning: tuple[str, ...]
    """Tokens of reasoning."""
    content: tuple[str, ...]
    """Tokens of the visible answer."""
    input_tokens: int
    """Tokens of the prompt."""
    usage: bool
    """Whether the answer says how many tokens it took."""
    cut: bool
    """Whether it ends because the limit was reached."""
    empty_frames: int
    """Frames with an empty text before the first token."""
    null_frames: int
    """Frames without any text before the first token."""
    reasoning_field: str
    """What chat completions call a delta of reasoning."""

    @property
    def output_tokens(self) -> int:
        """All tokens that were made, reasoning too."""
        return len(self.reasoning) + len(self.content)

    @property
    def text(self) -> str:
        """The visible answer."""
        return "".join(self.content)

    @property
    def thoughts(self) -> str:
        """The reasoning."""
        return "".join(self.reasoning)


def make_turn(
    asked: Asked, behaviour: Behaviour, dice: random.Random, *, created: int, fault: str | None
) -> Turn:
    """The answer to what is asked: it has the last word of the prompt in it, unless the fault is that not."""
    words = MULTIBYTE if behaviour.multibyte else PLAIN
    reasoning = _padding(words, behaviour.reasoning_tokens, dice)
    content: tuple[str, ...] = ()
    nonce = asked.text.split()[-1] if asked.text.split() else "ok"
    if fault == "empty":
        reasoning = ()
    elif fault == "wrong_nonce":
        content = _padding(words, max(behaviour.output_tokens, 1), dice)
    else:
        content = answer_tokens(nonce, behaviour.output_tokens, words, dice)
    cut = False
    if behaviour.honour_limit and asked.limit is not None:
        cut = len(reasoning) + len(content) > asked.limit
        reasoning = reasoning[: asked.limit]
        content = content[: asked.limit - len(reasoning)]
    return Turn(
        id=f"{dice.getrandbits(96):024x}",
        created=created,
        model=asked.model,
        reasoning=reasoning,
        content=content,
        input_tokens=max(1, len(asked.text) // PIECE),
        usage=behaviour.usage and asked.count_usage,
        cut=cut,
        empty_frames=behaviour.empty_frames,
        null_frames=behaviour.null_frames,
        reasoning_field=behaviour.reasoning_field,
    )


def answer_tokens(nonce: str, count: int, words: Sequence[str], dice: random.Random) -> tuple[str, ...]:
    """``count`` tokens, at least one, that together have the nonce in one piece, then words."""
    count = max(count, 1)
    pieces = min(count, max(1, -(-len(nonce) // PIECE)))
    cuts = [len(nonce) * place // pieces for place in range(pieces + 1)]
    split = [nonce[cuts[place] : cuts[place + 1]] for place in range(pieces)]
    return (*split, *_padding(words, count - pieces, dice))


def _padding(words: Sequence[str], count: int, dice: random.Random) -> tuple[str, ...]:
    start = dice.randrange(len(words))
    return tuple(f" {words[(start + place) % len(words)]}" for place in range(count))


def last_text(messages: object) -> str:
    """The text of the last message that is the user's, of a list as most styles have it.

    Raises ``Refused`` when there is none.
    """
    if not isinstance(messages, list) or not messages:
        raise Refused("messages: a list with at least one message is required", "messages")
    for message in reversed(messages):
        if isinstance(message, Mapping) and message.get("role") == "user":
            return " ".join(_texts(message.get("content")))
    raise Refused("messages: at least one message with role user is required", "messages")


def _texts(content: object) -> Iterator[str]:
    """Every text of a message: a string, or a list of parts with one each."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, Mapping) and isinstance(part.get("text"), str):
                yield part["text"]


def texts_of(content: object) -> str:
    """All text of a message's content."""
    return " ".join(_texts(content))


def wanted_model(body: Mapping[str, Any]) -> str:
    """The model that the body names. Raises ``Refused`` when there is none."""
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise Refused("you must provide a model parameter", "model")
    return model


def whole_number(value: object) -> int | None:
    """The value if it is a whole number of 0 or more."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
