"""What the page of a model may be asked, and the address of the same page asked otherwise."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from openmodels.api.cost import WORKLOAD
from openmodels.api.params import PERIOD, REGIONS
from openmodels.api.wire import Param, Unusable, choice, text
from openmodels.domain.vocabulary import COMPARISON_SORTS
from openmodels.web.words import with_query

SORTS = ("rank", *COMPARISON_SORTS)
"""The orders of the offerings: by rank, and those that the API compares offerings by."""
OFFERINGS = ("region", "period", "sort")
"""The parameters of the offerings."""
QUANTITIES = tuple(param.name for param in WORKLOAD)
"""The parameters of the calculator."""
CODE = ("provider", "language")
"""The parameters of the code to copy."""
SHOWN = 40
"""Characters of an unusable value that are shown again."""


class Wrong(Struct, frozen=True, kw_only=True):
    """What was given for a parameter that cannot take it."""

    text: str
    expected: str
    """What it can take, to follow "must be"."""


def lenient(param: Param) -> Param:
    """The same parameter, whose value is a ``Wrong`` where it cannot be used: said beside its field."""

    def read(values: list[str]) -> Any:
        try:
            return param.read(values)
        except Unusable as wrong:
            return Wrong(text=values[0][:SHOWN], expected=wrong.expected)

    return replace(param, read=read)


PARAMS: tuple[Param, ...] = (
    choice("sort", "The order of the offerings.", SORTS, default="rank"),
    REGIONS,
    PERIOD,
    *map(lenient, WORKLOAD),
    text("provider", "Whose code to show: a provider's id."),
    text("language", "Which language to show it in."),
)


class State(Struct, frozen=True, kw_only=True):
    """How the page was asked for."""

    path: str
    """The page's own path, under the model's canonical id."""
    values: Mapping[str, str]
    """Every parameter as it stands in the address; empty where it is not given, or is the default."""

    def to(self, part: str = "", **changes: str) -> str:
        """The address of this page with these parameters instead, and where on it."""
        return with_query(self.path, **{**self.values, **changes}) + (f"#{part}" if part else "")

    @property
    def plain(self) -> bool:
        """Whether nothing was asked: this is the page that others link to."""
        return not any(self.values.values())


def state_of(path: str, params: Mapping[str, Any]) -> State:
    """How the page at ``path`` was asked for."""
    defaults = {param.name: param.default for param in PARAMS}
    return State(
        path=path,
        values={name: _written(value) if value != defaults[name] else "" for name, value in params.items()},
    )


def _written(value: Any) -> str:
    if isinstance(value, Wrong):
        return value.text
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
