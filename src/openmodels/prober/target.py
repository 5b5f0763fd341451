"""What a probe is aimed at, and what it brings back."""

from typing import Generic, TypeVar

from msgspec import Struct

from openmodels.domain.telemetry import Check, Measurement
from openmodels.domain.vocabulary import AuthType

R = TypeVar("R", Check, Measurement)


class Key:
    """A provider's key: only ``reveal`` gives it, so that no log line, error or traceback shows it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The key itself, for a request's header."""
        return self._text

    def __repr__(self) -> str:
        return "Key(***)"

    __str__ = __repr__


class Target(Struct, frozen=True, kw_only=True):
    """A provider as a probe needs it."""

    provider_id: str
    """The provider."""
    base_url: str
    """What paths are appended to, without a trailing slash."""
    style: str | None
    """The name of the API style, None for an API of its own kind: only its health can be probed."""
    auth_type: AuthType
    """How a request is authenticated."""
    timeout: float
    """Seconds that one probe may take, from the look-up of the name to the end of the answer."""
    health_path: str | None = None
    """What a health check asks for; None for the style's list of models."""
    key: Key | None = None
    """The key; a health check sends none."""
    own_endpoint: bool = False
    """Whether the operator named the address in the settings, so that plain HTTP may carry a key to it."""


class Completion(Struct, frozen=True, kw_only=True):
    """What a latency probe asks for."""

    model_id: str
    """The canonical id, under which it is recorded."""
    model_name: str
    """What the provider calls it."""
    reasoning: bool = False
    """Whether it thinks before it answers, and so needs a larger allowance."""


class Probed(Struct, Generic[R], frozen=True, kw_only=True):
    """The result of one probe."""

    record: R
    """What is kept."""
    detail: str = ""
    """What happened, in a few words for people; nothing of a key, nothing that a provider wrote unasked."""
