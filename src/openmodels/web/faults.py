"""What is wrong with a request, as its page tells it. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from openmodels.errors import NotFound, RequestError


class Detail(Struct, frozen=True, kw_only=True):
    """One parameter that cannot be read."""

    parameter: str
    value: str
    """What was given."""
    allowed: tuple[str, ...] = ()
    """What may be given: each value, or the range in words; empty where that is not so easily said."""


def message_of(error: RequestError) -> str:
    """What went wrong; without what was probably meant where the page has a link to it."""
    if isinstance(error, NotFound) and error.meant:
        said, hint, _ = error.message.rpartition(". Did you mean ")
        return f"{said}." if hint else error.message
    return error.message


def details_of(error: RequestError) -> Sequence[Detail]:
    """The parameters that an error names."""
    return [
        Detail(parameter=str(item["parameter"]), value=str(item.get("value", "")), allowed=_allowed(item))
        for item in error.details
        if "parameter" in item
    ]


def _allowed(item: dict[str, object]) -> tuple[str, ...]:
    allowed, range_ = item.get("allowed"), item.get("range")
    if isinstance(allowed, list | tuple):
        return tuple(str(value) for value in allowed)
    if isinstance(range_, list | tuple) and len(range_) == 2:
        least, most = range_
        if least is None or most is None:
            return (f"at least {least}",) if most is None else (f"at most {most}",)
        return (f"{least} to {most}",)
    return ()
