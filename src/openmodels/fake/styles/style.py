"""What an API style is: how it asks, how it streams, how it fails."""

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

from msgspec import Struct

from openmodels.fake.turn import Asked, Turn


class Stage(IntEnum):
    """When a frame is sent."""

    OPEN = 0  # with the head
    WAIT = 1  # between the head and the first token
    THOUGHT = 2  # a token of reasoning, at its turn
    CONTENT = 3  # a token of the visible answer, at its turn
    MARK = 4  # with the token after it, or the end
    CLOSE = 5  # at the end


class Frame(NamedTuple):
    """One server-sent event."""

    stage: Stage
    event: str | None
    payload: Any  # what becomes JSON, or the text itself


class Problem(Struct, frozen=True, kw_only=True):
    """Why a request is answered with an error."""

    status: int
    """The HTTP status that is meant; a style may use another for it."""
    kind: str = ""
    """``key_invalid``, ``quota`` or ``model_missing`` where the status does not say it all."""
    message: str = "the fake provider was told to fail"
    """What the answer says."""
    field: str | None = None
    """Which part of the request is wrong."""


class Style(Protocol):
    """One API style. All methods are pure."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def route(self) -> str:
        """What people append to the base URL, for the list that the program prints."""
        ...

    @property
    def base(self) -> str:
        """The path that base URLs of this style usually end in."""
        ...

    @property
    def key_headers(self) -> Sequence[str]:
        """The headers that may carry the key, in lower case; ``authorization`` has it after ``Bearer``."""
        ...

    @property
    def content_type(self) -> str:
        """Of its streams."""
        ...

    @property
    def request_id(self) -> str:
        """The header that names the answer."""
        ...

    def read(self, body: Mapping[str, Any], model: str, headers: Mapping[str, str]) -> Asked:
        """What is asked. ``model`` is from the path. Raises ``Refused``."""
        ...

    def frames(self, turn: Turn) -> Iterator[Frame]:
        """The answer as a stream."""
        ...

    def whole(self, turn: Turn) -> Any:
        """The answer in one piece."""
        ...

    def error(self, problem: Problem) -> tuple[int, Any]:
        """Status and body of an error."""
        ...

    def failed(self, turn: Turn, number: int) -> Iterator[Frame]:
        """An error in the middle of a stream, after ``number`` frames."""
        ...

    def models(self, names: Sequence[str]) -> Any:
        """The list of models."""
        ...


def before(turn: Turn, empty: Frame, null: Frame) -> Iterator[Frame]:
    """The frames that come before the first token and say nothing."""
    for _ in range(turn.empty_frames):
        yield empty
    for _ in range(turn.null_frames):
        yield null
