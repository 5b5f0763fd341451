"""What an API style is, as data, and where the styles are found.

Each style is one file in ``styles/`` with a ``STYLE``. The folder is listed when the prober starts: a file
put there is a style, and nothing else names it.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
from msgspec import Struct

from openmodels.domain.vocabulary import AuthType, Compatibility

PACKAGE = "openmodels.prober.styles"

MODEL = "{model}"
"""In a body or a path: the model's name at the provider."""
PROMPT = "{prompt}"
"""In a body: what the model is asked."""
BEARER = ("Authorization", "Bearer {key}")
"""The header that most APIs read a key from."""

PLAIN_TOKENS = 32
"""The allowance of the plain profile: three times what the answer needs."""
REASONING_TOKENS = 1024
"""The allowance of the reasoning profile: thinking at the lowest effort, and then the answer."""

_MOST_ITEMS = 16


class Each:
    """In a path: every item of a list (the first few, should there be very many)."""


class Where(NamedTuple):
    """In a path: only an object whose ``key`` is one of ``values``, or, with ``holds`` false, is none."""

    key: str
    values: tuple[Any, ...]
    holds: bool = True


EACH = Each()
Path = tuple[str | Each | Where, ...]


class Style(Struct, frozen=True, kw_only=True):
    """How requests of one kind of API are written and how its streams are read."""

    name: str
    """What provider files call it."""
    compatibility: Compatibility | None = None
    """The ``compatibility`` of providers that it is the default for."""
    health_path: str
    """What a health check asks for, after the base address."""
    path: str
    """Where completions are asked for, after the base address."""
    keys: Mapping[AuthType, tuple[str, str]]
    """The header that carries the key, and its value around ``{key}``, by how requests are authenticated."""
    headers: Mapping[str, str] = {}
    """Headers that every request of this API needs."""
    body: Mapping[str, Any]
    """The body of a completion, without what the profiles add."""
    plain: tuple[Mapping[str, Any], ...]
    """What the plain profile adds. Of several, the next is tried when one is refused with 400 or 422."""
    reasoning: tuple[Mapping[str, Any], ...]
    """What the profile for reasoning models adds; several as in ``plain``."""
    thought: tuple[Path, ...] = ()
    """Where an event has text of the model's reasoning."""
    content: tuple[Path, ...]
    """Where an event has text that a user sees."""
    tool: tuple[Path, ...] = ()
    """Where an event has a part of a tool call's text: its name, its arguments."""
    finish: tuple[Path, ...]
    """Where an event says that the answer is complete."""
    failure: tuple[Path, ...]
    """Where an event says that something went wrong."""
    last_data: bytes = b""
    """The data of the event that ends the stream, where it is no JSON."""
    last: tuple[Path, ...] = ()
    """Where an event says that it is the last of the stream."""
    input_tokens: tuple[Path, ...]
    """Where usage has the tokens of the prompt; the first that an event has counts."""
    output_tokens: tuple[Path, ...]
    """Where usage has the tokens of the answer; the first that an event has counts."""
    thought_tokens: tuple[Path, ...] = ()
    """Where usage has the tokens of the reasoning, should they not be among those of the answer."""
    total_tokens: tuple[Path, ...] = ()
    """Where usage has all together. xAI leaves reasoning out of the answer's tokens, but not out of these."""

    def body_for(self, model_name: str, prompt: str, profile: Mapping[str, Any]) -> bytes:
        """The JSON of a completion's request."""
        return msgspec.json.encode(_filled({**self.body, **profile}, {MODEL: model_name, PROMPT: prompt}))

    def path_for(self, model_name: str) -> str:
        """The path of a completion's request."""
        return self.path.replace(MODEL, quote(model_name, safe=""))


class Styles:
    """The styles that there are. Raises ``ValueError`` when two claim the same name or compatibility."""

    def __init__(self, styles: Iterable[Style]) -> None:
        self._named: dict[str, Style] = {}
        self._defaults: dict[str, Style] = {}
        for style in styles:
            if style.name in self._named:
                raise ValueError(f"two API styles are named {style.name}")
            self._named[style.name] = style
            if style.compatibility is not None:
                other = self._defaults.setdefault(style.compatibility, style)
                if other is not style:
                    both = f"{other.name} and {style.name}"
                    raise ValueError(f"{both} both claim compatibility {style.compatibility}")

    @property
    def names(self) -> Sequence[str]:
        """The names, sorted."""
        return sorted(self._named)

    def named(self, name: str | None) -> Style | None:
        """The style with this name, or None."""
        return self._named.get(name) if name is not None else None

    def default_for(self, compatibility: Compatibility) -> Style | None:
        """The style of providers of this compatibility that name no other, or None."""
        return self._defaults.get(compatibility)


def load_styles() -> Styles:
    """Every style in the ``styles`` folder."""
    package = importlib.import_module(PACKAGE)
    found = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return Styles(importlib.import_module(f"{PACKAGE}.{name}").STYLE for name in found)


def find(event: Any, path: Path) -> list[Any]:
    """Every value that ``path`` leads to in a decoded event; what has another shape leads nowhere."""
    found = [event]
    for step in path:
        if isinstance(step, str):
            found = [value[step] for value in found if isinstance(value, dict) and step in value]
        elif isinstance(step, Where):
            found = [value for value in found if isinstance(value, dict) and _holds(value, step)]
        else:
            found = [item for value in found if isinstance(value, list) for item in value[:_MOST_ITEMS]]
        if not found:
            break
    return found


def first(event: Any, paths: Iterable[Path]) -> Any:
    """The first value under one of ``paths`` that is not null, empty, zero or false; else None."""
    for path in paths:
        for value in find(event, path):
            if value:
                return value
    return None


def text(event: Any, paths: Iterable[Path]) -> str:
    """All text under ``paths``, joined."""
    return "".join(value for path in paths for value in find(event, path) if isinstance(value, str))


def _holds(value: dict[str, Any], step: Where) -> bool:
    return (value.get(step.key) in step.values) is step.holds


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return words.get(value, value)
    if isinstance(value, Mapping):
        return {key: _filled(item, words) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(item, words) for item in value]
    return value
