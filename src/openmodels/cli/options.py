"""Settings as flags: every command that reads settings takes them by the same names."""

import inspect
import os
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from openmodels.settings import TABLE, Settings, read_settings

Command = Callable[..., None]


def with_settings(*names: str) -> Callable[[Command], Command]:
    """Give a command a flag for each named setting (all of them when none is named).

    The command takes ``settings``, read from its flags, the environment and the defaults, in that order.
    Raises ``SettingsError`` for a value that cannot be used.
    """
    rows = [row for row in TABLE if not names or row.name in names]

    def decorate(command: Command) -> Command:
        def wrapped(**arguments: Any) -> None:
            flags: Mapping[str, str | None] = {row.name: arguments.pop(row.name) for row in rows}
            settings: Settings = read_settings(os.environ, flags)
            command(settings=settings, **arguments)

        own = [p for p in inspect.signature(command).parameters.values() if p.name != "settings"]
        flags = [
            inspect.Parameter(
                row.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=None,
                annotation=Annotated[
                    str | None,
                    typer.Option(
                        "--" + row.name.replace("_", "-"),
                        help=f"{row.help} Default: {row.default or 'none'}.",
                        metavar="TEXT",
                    ),
                ],
            )
            for row in rows
        ]
        wrapped.__name__ = command.__name__
        wrapped.__doc__ = command.__doc__
        wrapped.__signature__ = inspect.Signature([*own, *flags])  # type: ignore[attr-defined]
        wrapped.__annotations__ = {p.name: p.annotation for p in [*own, *flags]}
        return wrapped

    return decorate
