"""What commands ask a server with: its address and the other settings, and what errors become."""

import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from msgspec import Struct

from openmodels.cli.output import Format, Output
from openmodels.cli.preferences import FORMATS, Preferences, read_preferences
from openmodels.domain.faults import visible
from openmodels.settings import TABLE, read_settings

if TYPE_CHECKING:
    from openmodels_client import OpenModels, OpenModelsError

Command = Callable[..., None]

NOT_FOUND = UNWELL = 1
USAGE = 2
UNREACHABLE = 3
WHAT_TO_DO = (
    "start a server with `openmodels serve --publish`, name another with --api-url, "
    "or read the registry's files with --local"
)
_LOCAL_FLAGS = ("registry", "overlay")
_PANEL = "Which server, and how the answer is written"


class Asked(Struct, frozen=True, kw_only=True):
    """What a command works with."""

    client: "OpenModels"
    output: Output
    local: bool = False
    """Whether a registry's files are asked, which have no telemetry."""
    timeout: float = 10.0
    """The longest that one answer may take, in seconds."""


class _Given(Struct, frozen=True, kw_only=True):
    """The flags of ``with_server``."""

    api_url: str | None
    local: bool
    registry: str | None
    overlay: str | None
    form: str | None
    no_color: bool
    verbose: bool
    timeout: float


def with_server(command: Command) -> Command:
    """Give a command the flags that say which server is asked and how the answer is written.

    The command takes ``asked``. Errors of the client end the program with one line and an exit code:
    1 for what there is not, 2 for a parameter that cannot be used, 3 for a server that does not answer.
    """
    own = [p for p in inspect.signature(command).parameters.values() if p.name != "asked"]
    flags = _flags_of(own)

    def wrapped(**arguments: Any) -> None:
        given = _Given(**{name: arguments.pop(name) for name in _Given.__struct_fields__})
        with _explained(flags), ExitStack() as stack:
            asked = stack.enter_context(_asked(given))
            command(asked=asked, **arguments)

    first = [p for p in own if p.kind is not inspect.Parameter.KEYWORD_ONLY]
    parameters = [*first, *(p for p in own if p not in first), *_parameters()]
    wrapped.__name__ = command.__name__
    wrapped.__doc__ = command.__doc__
    wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {p.name: p.annotation for p in parameters}
    return wrapped


def refuse_local(asked: Asked, why: str = "files hold no telemetry, which a server measures") -> None:
    """End with a usage error where a registry's files are asked for what only a server has."""
    if asked.local:
        raise typer.BadParameter(f"{why}: name a server with --api-url", param_hint="--local")


def require_one_source(*, api_url: str | None, local: bool, folders: Mapping[str, str | None]) -> None:
    """End with a usage error where a server and files are named at once, or files without --local."""
    if local and api_url is not None:
        raise typer.BadParameter("--local asks no server: leave out --api-url", param_hint="--local")
    for name, folder in folders.items():
        if folder is not None and not local:
            raise typer.BadParameter("goes with --local only", param_hint=f"--{name}")


def fail(message: str, code: int) -> NoReturn:
    """End the program with one line."""
    typer.echo(f"openmodels: {visible(message)}", err=True)
    raise typer.Exit(code)


def _parameters() -> Iterator[inspect.Parameter]:
    """The flags, as the command line's library reads them."""
    help_of = {row.name: row.help for row in TABLE}

    def flag(name: str, kind: Any, default: Any, declared: str, help_: str, **more: Any) -> inspect.Parameter:
        option = typer.Option(declared, help=help_, rich_help_panel=_PANEL, **more)
        return inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option]
        )

    yield flag("api_url", str | None, None, "--api-url", "The server to ask.", metavar="URL")
    yield flag("local", bool, False, "--local", "Ask no server: read the registry's files.")
    for name in _LOCAL_FLAGS:
        yield flag(name, str | None, None, f"--{name}", f"With --local: {help_of[name]}", metavar="PATH")
    yield flag(
        "form",
        str | None,
        None,
        "--format",
        "table for people; json, yaml or csv for programs.",
        metavar="|".join(FORMATS),
        autocompletion=lambda: list(FORMATS),
    )
    yield flag("no_color", bool, False, "--no-color", "No colours, as with NO_COLOR.")
    yield flag("verbose", bool, False, "--verbose", "Tell of each request on standard error.")
    yield flag(
        "timeout",
        float,
        10.0,
        "--timeout",
        "The longest that one answer may take, in seconds.",
        metavar="SECONDS",
        min=0.1,
        max=3600.0,
    )


@contextmanager
def _asked(given: _Given) -> Iterator[Asked]:
    """What the flags, the environment and the user's file come to. Raises ``SettingsError``."""
    preferences = read_preferences(os.environ, api_url=given.api_url, form=given.form)
    output = output_of(preferences, no_color=given.no_color)
    if not isfinite(given.timeout):
        raise typer.BadParameter("a number of seconds is needed, such as 10", param_hint="--timeout")
    folders = {name: getattr(given, name) for name in _LOCAL_FLAGS}
    require_one_source(api_url=given.api_url, local=given.local, folders=folders)
    if given.local:
        yield from _asked_locally(given, output)
        return
    # Here, as --help and completions need no HTTP.
    from openmodels.cli.telling import telling_client  # noqa: PLC0415

    if not preferences.api_url:
        fail("--api-url: an address such as http://127.0.0.1:8000 is needed, not nothing", USAGE)
    with ExitStack() as stack:
        try:
            client = stack.enter_context(
                telling_client(preferences.api_url, timeout=given.timeout, verbose=given.verbose)
            )
        except ValueError as error:
            fail(f"{preferences.api_url_from}: {error}", USAGE)
        yield Asked(client=client, output=output)


def _asked_locally(given: _Given, output: Output) -> Iterator[Asked]:
    # Here, as only --local needs the server's modules.
    from openmodels.cli.local import local_client  # noqa: PLC0415

    settings = read_settings(os.environ, {name: getattr(given, name) for name in _LOCAL_FLAGS})
    with local_client(settings, verbose=given.verbose) as client:
        yield Asked(client=client, output=output, local=True)


def output_of(preferences: Preferences, *, no_color: bool) -> Output:
    """How answers are written: in colour only on a terminal, and if nobody says otherwise."""
    colour = (
        sys.stdout.isatty() and not no_color and not preferences.no_color and not os.environ.get("NO_COLOR")
    )
    return Output(format=Format(preferences.format), colour=colour)


@contextmanager
def _explained(flags: Mapping[str, str]) -> Iterator[None]:
    """Makes errors of the client and of writing one line and an exit code; a closed pipe is none."""
    try:
        yield
    except OSError as error:
        # Without this, the end of the program would try to write the rest, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # Whoever reads a pipe may have seen enough, as `head` has.
        if not isinstance(error, BrokenPipeError):
            fail(f"cannot write to standard output: {error.strerror or error}", USAGE)
    except Exception as error:
        # Here, as --help and completions need no HTTP.
        from openmodels_client import OpenModelsError  # noqa: PLC0415

        if not isinstance(error, OpenModelsError):
            raise
        fail(*explanation(error, flags))


def explanation(error: "OpenModelsError", flags: Mapping[str, str]) -> tuple[str, int]:
    """The line and the exit code that an error of the client becomes.

    ``flags`` says what the command calls the API's parameters.
    """
    from openmodels_client import errors  # noqa: PLC0415 - as above

    message = str(error)
    if isinstance(error, errors.BadRequest):
        return _in_flags(error, flags), USAGE
    if isinstance(error, errors.NotFound):
        return message, NOT_FOUND
    for kind, advice in (
        (errors.ServerError, "the server failed: try again, or name another with --api-url"),
        (errors.ConnectionFailed, WHAT_TO_DO),
        (errors.TimedOut, "--timeout gives it more time, --api-url names another server"),
        (errors.InvalidResponse, "is it an OpenModels server? --api-url names another"),
    ):
        if isinstance(error, kind):
            return f"{message}; {advice}", UNREACHABLE
    return message, UNREACHABLE


def _in_flags(error: Any, flags: Mapping[str, str]) -> str:
    """The server's words, with our flags for the API's parameters."""
    message = str(error)
    for detail in error.details:
        name = detail.get("parameter")
        if isinstance(name, str) and name in flags:
            message = re.sub(rf"(^|; |\b){re.escape(name)}\b", rf"\g<1>{flags[name]}", message, count=1)
    return message


def _flags_of(parameters: list[inspect.Parameter]) -> dict[str, str]:
    """What the command calls the API's parameters: ``--min-context``, or ``WORDS`` for an argument."""
    named = {}
    for parameter in parameters:
        for info in getattr(parameter.annotation, "__metadata__", ()):
            if not isinstance(info, typer.models.OptionInfo):
                named[parameter.name] = (info.metavar or parameter.name.upper()).rstrip(".")
                continue
            # In an annotation, the first name stands where the default would.
            declared = [str(n) for n in (info.default, *(info.param_decls or ())) if str(n).startswith("--")]
            flag = (declared or ["--" + parameter.name.replace("_", "-")])[0].partition("/")[0]
            # What a flag is called is nearer to the API than what the function calls it.
            named[flag.removeprefix("--").replace("-", "_")] = flag
    return named | ({"q": named["words"]} if "words" in named else {})
