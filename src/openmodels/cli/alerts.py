"""``openmodels alerts`` and ``openmodels maintenance``: what was told to whom, and when to keep silent."""

import asyncio
import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from openmodels.cli.options import with_settings
from openmodels.cli.terminal import print_table
from openmodels.clock import Clock, SystemClock
from openmodels.domain.alerts import Alert, Delivery, Window
from openmodels.domain.vocabulary import suggest
from openmodels.errors import SettingsError
from openmodels.jobs.alerts import Origin, new_id
from openmodels.jobs.notify import address_of, senders_from
from openmodels.jobs.senders import Answer, Sender
from openmodels.opening import Stores, open_stores
from openmodels.settings import Settings

ALL = "all"
"""The word for every provider."""
LONGEST = timedelta(days=366)
"""The longest maintenance window; a longer one is a slip of the keyboard."""
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_SPAN = re.compile(r"(?:\d{1,6}[dhms])+")
_LIMIT = typer.Option("--limit", min=1, max=10_000, help="How many, newest first.")
_JSON = typer.Option("--json", help="JSON, for programs.")


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(_alerts(), name="alerts")
    app.add_typer(_maintenance(), name="maintenance")


def _alerts() -> typer.Typer:
    group = typer.Typer(rich_markup_mode=None)

    @group.callback(invoke_without_command=True)
    @with_settings("data_dir", "database_url")
    def _list(
        context: typer.Context,
        limit: Annotated[int, _LIMIT] = 50,
        as_json: Annotated[bool, _JSON] = False,
        *,
        settings: Settings,
    ) -> None:
        """List the newest deliveries of alerts: what was sent where, and what came of it."""
        if context.invoked_subcommand is None:
            deliveries = asyncio.run(_deliveries(settings, limit))
            if as_json:
                _print_json(map(_delivery_fields, deliveries))
            else:
                _print_deliveries(deliveries)

    @group.command("test")
    @with_settings("alert_urls", "webhook_url", "webhook_secret", "region")
    def _test(*, settings: Settings) -> None:
        """Send a test alert to each destination now; exit 1 when one did not take it."""
        answers = asyncio.run(_send_tests(settings, SystemClock()))
        for label, answer in answers:
            typer.echo(f"{label}: {'sent' if answer.ok else 'NOT sent'} ({answer.detail})")
        if not all(answer.ok for _, answer in answers):
            raise typer.Exit(1)

    return group


def _maintenance() -> typer.Typer:
    group = typer.Typer(
        help="Maintenance windows: times in which alerts are not sent.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    _register_add(group)
    _register_list(group)
    _register_end(group)
    return group


def _register_add(group: typer.Typer) -> None:
    @group.command("add")
    @with_settings("data_dir", "database_url")
    def _add(
        provider: Annotated[str, typer.Argument(help="A provider's id, or all.")],
        span: Annotated[
            str | None, typer.Option("--for", help="How long, such as 2h, 30m or 1h30m.", metavar="TIME")
        ] = None,
        start: Annotated[
            str | None,
            typer.Option("--from", help="When it begins, ISO 8601; now by default.", metavar="TIME"),
        ] = None,
        end: Annotated[
            str | None, typer.Option("--to", help="When it ends, ISO 8601.", metavar="TIME")
        ] = None,
        reason: Annotated[str, typer.Option("--reason", help="Why, for people.")] = "",
        *,
        settings: Settings,
    ) -> None:
        """Keep silent about a provider for a time; what is still wrong after it is told then."""
        now = SystemClock().now()
        starts_at, ends_at = period(now, span, start, end)
        window = Window(
            provider_id=None if provider == ALL else provider,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=" ".join(reason.split())[:200],
        )
        kept = asyncio.run(_add_window(settings, window))
        typer.echo(f"maintenance {kept.number}: {provider}, from {_time(starts_at)} to {_time(ends_at)}")


def _register_list(group: typer.Typer) -> None:
    @group.command("list")
    @with_settings("data_dir", "database_url")
    def _list(
        over: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
        limit: Annotated[int, _LIMIT] = 50,
        as_json: Annotated[bool, _JSON] = False,
        *,
        settings: Settings,
    ) -> None:
        """List the maintenance windows that are going on or to come."""
        now = SystemClock().now()
        windows = asyncio.run(_windows(settings, None if over else now, limit))
        if as_json:
            _print_json(_window_fields(window, now) for window in windows)
        else:
            _print_windows(windows, now)


def _register_end(group: typer.Typer) -> None:
    @group.command("end")
    @with_settings("data_dir", "database_url")
    def _end(
        number: Annotated[int, typer.Argument(help="The window's number, from the list.", min=1)],
        *,
        settings: Settings,
    ) -> None:
        """End a maintenance window now, or call off one to come; exit 1 when there is none of that number."""
        now = SystemClock().now()
        window = asyncio.run(_end_window(settings, number, now))
        if window is None:
            typer.echo(
                f"openmodels: there is no maintenance {number}: see `openmodels maintenance list`", err=True
            )
            raise typer.Exit(1)
        what = "called off" if window.ends_at == window.starts_at else f"over since {_time(window.ends_at)}"
        typer.echo(f"maintenance {number}: {what}")


def period(now: datetime, span: str | None, start: str | None, end: str | None) -> tuple[datetime, datetime]:
    """When a window begins and ends. Raises ``typer.BadParameter``, which says what to type."""
    if (span is None) == (end is None):
        raise typer.BadParameter("say how long: either --for 2h or --to 2026-01-31T18:00Z")
    starts_at = now if start is None else _moment(start, "--from")
    try:
        ends_at = starts_at + _length(span) if span is not None else _moment(end or "", "--to")
    except OverflowError:
        raise typer.BadParameter(f"--for {span} ends after the end of all calendars") from None
    if ends_at <= starts_at:
        raise typer.BadParameter(f"it ends at {_time(ends_at)}, before it begins at {_time(starts_at)}")
    if ends_at <= now:
        raise typer.BadParameter(f"it ends at {_time(ends_at)}, which is past; now is {_time(now)}")
    if ends_at - starts_at > LONGEST:
        raise typer.BadParameter(f"it is longer than {LONGEST.days} days")
    return starts_at, ends_at


def _length(text: str) -> timedelta:
    if not _SPAN.fullmatch(text):
        raise typer.BadParameter(f"--for must be a length such as 2h, 30m or 1h30m, not {text[:50]!r}")
    length = timedelta()
    for figure, unit in re.findall(r"(\d+)([dhms])", text):
        length += timedelta(**{_UNITS[unit]: int(figure)})
    return length


def _moment(text: str, option: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{option} must be a time such as 2026-01-31T18:00Z, not {text[:50]!r}"
        ) from None
    if at.tzinfo is None:
        raise typer.BadParameter(f"{option} {text} has no time zone: write {text}Z for UTC, or {text}+02:00")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise typer.BadParameter(f"{option} {text} is out of the range of times") from None


async def _deliveries(settings: Settings, limit: int) -> Sequence[Delivery]:
    async with open_stores(settings) as stores:
        return await stores.alerts.deliveries(limit=limit)


async def _windows(settings: Settings, ending_after: datetime | None, limit: int) -> Sequence[Window]:
    async with open_stores(settings) as stores:
        return await stores.alerts.windows(ending_after=ending_after, limit=limit)


async def _end_window(settings: Settings, number: int, at: datetime) -> Window | None:
    async with open_stores(settings) as stores:
        return await stores.alerts.end_window(number, at)


async def _add_window(settings: Settings, window: Window) -> Window:
    async with open_stores(settings) as stores:
        if window.provider_id is not None:
            await _require_provider(stores, window.provider_id)
        return await stores.alerts.add_window(window)


async def _require_provider(stores: Stores, provider_id: str) -> None:
    published = await stores.registry.load()
    known = [provider.id for provider in published[1].providers] if published else []
    if provider_id in known or provider_id in await stores.telemetry.standings():
        return
    near = suggest(provider_id, known)
    hint = f"did you mean {near}?" if near else f"write a provider's id, or {ALL}"
    typer.echo(f"openmodels: there is no provider {provider_id[:100]!r}; {hint}", err=True)
    raise typer.Exit(1)


async def _send_tests(settings: Settings, clock: Clock) -> Sequence[tuple[str, Answer]]:
    senders = senders_from(settings)
    if not senders:
        raise SettingsError(
            "alerts go nowhere: set OPENMODELS_ALERT_URLS, such as mailtos://user:password@example.com, or "
            "OPENMODELS_WEBHOOK_URL and OPENMODELS_WEBHOOK_SECRET"
        )
    origin = Origin(names=str, base_url=address_of(settings), region=settings.region)
    alert = origin.sign(
        Alert(type="test", reason="This is a test: alerts from OpenModels reach you here.", at=clock.now())
    )

    async def send(label: str, sender: Sender) -> tuple[str, Answer]:
        try:
            return label, await sender.send(alert, delivery_id=new_id(), now=clock.now())
        finally:
            await sender.close()

    return await asyncio.gather(*(send(label, sender) for label, sender in senders.items()))


def _print_deliveries(deliveries: Sequence[Delivery]) -> None:
    if not deliveries:
        typer.echo("no alerts yet")
        return
    rows = [
        (
            _time(one.created_at),
            one.alert.provider_id or "",
            one.alert.type,
            one.destination,
            one.status,
            str(one.attempts),
            one.detail if one.status != "waiting" else f"{one.detail} next {_time(one.next_at)}".strip(),
        )
        for one in deliveries
    ]
    print_table(("made", "provider", "alert", "destination", "status", "attempts", "detail"), rows)


def _print_windows(windows: Sequence[Window], now: datetime) -> None:
    if not windows:
        typer.echo("no maintenance")
        return
    rows = [
        (
            str(one.number),
            one.provider_id or ALL,
            _time(one.starts_at),
            _time(one.ends_at),
            _phase(one, now),
            one.reason,
        )
        for one in windows
    ]
    print_table(("number", "provider", "from", "to", "now", "reason"), rows)


def _print_json(items: Iterable[dict[str, Any]]) -> None:
    typer.echo(json.dumps(list(items), indent=2))


def _delivery_fields(one: Delivery) -> dict[str, Any]:
    return {
        "number": one.number,
        "id": one.id,
        "destination": one.destination,
        "type": one.alert.type,
        "provider_id": one.alert.provider_id,
        "status": one.status,
        "attempts": one.attempts,
        "detail": one.detail,
        "reason": one.alert.reason,
        "created_at": _time(one.created_at),
        "next_at": _time(one.next_at) if one.status == "waiting" else None,
        "settled_at": None if one.settled_at is None else _time(one.settled_at),
    }


def _window_fields(one: Window, now: datetime) -> dict[str, Any]:
    return {
        "number": one.number,
        "provider_id": one.provider_id,
        "starts_at": _time(one.starts_at),
        "ends_at": _time(one.ends_at),
        "now": _phase(one, now),
        "reason": one.reason,
    }


def _phase(window: Window, now: datetime) -> str:
    if window.ends_at <= now or window.ends_at <= window.starts_at:
        return "over"
    return "going on" if window.starts_at <= now else "to come"


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
