"""``openmodels fake-provider``: a provider that answers as it is told to, for tests and demonstrations."""

import asyncio
import errno
import inspect
import ipaddress
import ssl
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from openmodels.certificate import server_context
from openmodels.clock import SystemClock
from openmodels.errors import SettingsError
from openmodels.fake.behaviour import Behaviour
from openmodels.fake.control import ENDPOINTS
from openmodels.fake.demo import demo_personality
from openmodels.fake.fields import behaviour_fields, behaviour_from
from openmodels.fake.server import FakeProvider
from openmodels.fake.styles.table import STYLES
from openmodels.signals import stop_signal


def register(app: typer.Typer) -> None:
    """Add the command, with a flag for each field of a behaviour."""

    own_flags = _own_flags()

    def command(**arguments: Any) -> None:
        own = {flag.name: arguments.pop(flag.name) for flag in own_flags}
        given = {name: value for name, value in arguments.items() if value is not None}
        behaviour = behaviour_from(given, Behaviour(), called=lambda name: f"--{name.replace('_', '-')}")
        asyncio.run(_serve(behaviour, **own))

    parameters = [*own_flags, *_field_flags()]
    command.__doc__ = "Serve a provider that answers as it is told to, in every API style, until Ctrl-C."
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    app.command("fake-provider")(command)


def _flag(name: str, default: Any, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _own_flags() -> list[inspect.Parameter]:
    """The flags that are not a behaviour's."""
    port = typer.Option(help="Its port; 0 for any free one.", min=0, max=65535)
    exact = typer.Option("--exact", help="Spend CPU to be exact to 50 microseconds.")
    return [
        _flag("host", "127.0.0.1", Annotated[str, typer.Option(help="Where it listens.")]),
        _flag("port", 9000, Annotated[int, port]),
        _flag("seed", 0, Annotated[int, typer.Option(help="The same seed gives the same answers.")]),
        _flag("demo", False, Annotated[bool, typer.Option("--demo", help="Every persona gets a character.")]),
        _flag("exact", False, Annotated[bool, exact]),
        _flag("tls_cert", None, Annotated[Path | None, typer.Option(help="Certificate chain, PEM.")]),
        _flag("tls_key", None, Annotated[Path | None, typer.Option(help="Its unencrypted key, PEM.")]),
    ]


def _field_flags() -> list[inspect.Parameter]:
    return [
        _flag(
            field.name,
            None,
            Annotated[
                str | None,
                typer.Option(field.flag, help=f"{field.help} {field.allowed.capitalize()}.", metavar="VALUE"),
            ],
        )
        for field in behaviour_fields()
    ]


async def _serve(
    behaviour: Behaviour,
    *,
    host: str,
    port: int,
    seed: int,
    demo: bool,
    exact: bool,
    tls_cert: Path | None,
    tls_key: Path | None,
) -> None:
    context = _tls(tls_cert, tls_key)
    personality = demo_personality(seed, SystemClock()) if demo else None
    fake = FakeProvider(
        behaviour,
        host=host,
        port=port,
        ssl_context=context,
        seed=seed,
        personality=personality,
        exact=exact,
    )
    stopping = stop_signal()
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(fake)
        except OSError as error:
            raise SettingsError(_why_not(error, host, port)) from None
        _announce(fake, host)
        await stopping


def _why_not(error: OSError, host: str, port: int) -> str:
    reasons = {
        errno.EADDRINUSE: f"port {port} is taken: stop what uses it, or give another with --port (0: any)",
        errno.EACCES: f"port {port} needs root: give one above 1023 with --port",
    }
    other = f"cannot listen on {host}:{port}: give an address of this machine with --host"
    return reasons.get(error.errno or 0, other)


def _tls(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """The context for the certificate, None without one. Raises ``SettingsError``."""
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise SettingsError("--tls-cert and --tls-key go together: give both or neither")
    return server_context(cert, key, called=(f"--tls-cert {cert}", f"--tls-key {key}"))


def _announce(fake: FakeProvider, host: str) -> None:
    lines = [f"fake provider on {fake.origin}; base URLs, with any persona's name for PERSONA:"]
    for style in STYLES.values():
        base = fake.url("PERSONA") + style.base
        lines.append(f"  {style.name:<17} {base:<44} {style.route.format(base='')}")
    lines.append(f"  control           {'; '.join(ENDPOINTS)}")
    if not _is_loopback(host):
        lines.append(f"Whoever reaches {host} can change how it behaves: use 127.0.0.1 unless you mean that.")
    lines.append("Ctrl-C stops it.")
    typer.echo("\n".join(lines))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
